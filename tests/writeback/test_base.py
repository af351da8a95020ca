"""What was read is found again: after joins, in a new process, in another client."""

from __future__ import annotations

import subprocess
import sys
import time

import pandas as pd
import polars as pl
import pytest
from writeback_tools import MASS, edit, mass

import cellframe as cf
from cellframe.client import Client
from cellframe.errors import PlanError


def forgotten(client, tmp_path) -> Client:
    """A client of the same service that has read nothing."""
    return Client.over(client._wire, tmp_path / "nothing")


RESHAPED = {
    "sort": lambda frame: frame.sort(MASS, descending=True),
    "filter": lambda frame: frame.filter(pl.col("batch") == "L1"),
    "concat": lambda frame: pl.concat([frame[6:], frame[:6]], rechunk=True),
    "join": lambda frame: frame.join(frame.select("instance_id", _k=1), on="instance_id"),
    "outer join": lambda frame: frame.join(
        frame[:3].select("instance_id", _k=pl.lit(2)), on="instance_id", how="left"
    ),
    "lazy": lambda frame: frame.lazy(),
    "dicts": lambda frame: frame.to_dicts(),
    "pandas merge": lambda frame: frame.to_pandas().merge(
        pd.DataFrame({"cell": ["c-000"], "_x": [1]}), on="cell", how="left"
    ),
    "pandas concat": lambda frame: pd.concat([frame.to_pandas()[6:], frame.to_pandas()[:6]]),
    "pandas records": lambda frame: frame.to_pandas().to_dict("records"),
    "columns back": lambda frame: frame[frame.columns[::-1]],
}


@pytest.mark.rule("W3")
def test_a_reading_is_kept_with_when_and_what_was_asked(client, cells, spec):
    before = time.time()
    client.cell_instance.to_frame(spec, name="c-003")
    some, every = client._connection.versions.pulls("cell_instance")
    assert (some.complete, some.query) == (False, {"name": "ilike.%c-003%"})
    assert (every.complete, every.query, every.rows) == (True, {}, 12)
    assert before <= some.fetched_at <= time.time()
    assert (some.client, some.labels, some.scope) == (cf.__version__, cells.columns, spec.id)


@pytest.mark.rule("W3")
@pytest.mark.rule("W46")
def test_rows_that_a_filter_left_out_are_neither_edits_nor_deletes(client, cells, spec):
    some = client.cell_instance.to_frame(spec, name="c-003")
    assert some.height == 1
    assert client.cell_instance.plan(some).summary == {"create": 0, "update": 0, "unchanged": 1}


@pytest.mark.rule("W1")
@pytest.mark.parametrize("how", RESHAPED)
def test_the_base_survives(client, cells, how):
    assert not client.cell_instance.plan(RESHAPED[how](cells))


@pytest.mark.rule("W1")
@pytest.mark.parametrize("how", ["sort", "join", "pandas merge", "pandas records"])
def test_a_clear_is_known_as_one_after(client, cells, how):
    plan = client.cell_instance.plan(RESHAPED[how](edit(cells, "c-003", mass=None)))
    assert plan.summary["cells_cleared"] == 1


@pytest.mark.rule("W1")
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_base_survives_a_new_process(client, cells, tmp_path, ending):
    file = tmp_path / f"frame.{ending}"
    edited = edit(cells, "c-003", mass=None, notes="x")
    edited.write_csv(file) if ending == "csv" else edited.write_parquet(file)
    code = (
        "import sys, polars as pl, cellframe as cf\n"
        "client = cf.open_local(sys.argv[1])\n"
        "read = pl.read_csv if sys.argv[2].endswith('csv') else pl.read_parquet\n"
        "print(client.cell_instance.plan(read(sys.argv[2])).summary)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "lab"), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = {"create": 0, "update": 1, "unchanged": 11, "cells_cleared": 1}
    assert done.stdout.strip() == str(expected)


@pytest.mark.rule("W4")
@pytest.mark.rule("W15")
@pytest.mark.law("D6")
def test_an_empty_cell_never_clears_without_a_base(client, colleague, cells, tmp_path):
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    edited = edit(edit(cells, "c-003", mass=None, batch=None), "c-004", mass=50.0)
    plan = forgotten(client, tmp_path).cell_instance.plan(edited)
    assert plan.summary == {"create": 0, "update": 1, "unchanged": 11}


@pytest.mark.rule("W1")
def test_a_version_that_the_service_still_has_is_the_base(client, cells, tmp_path):
    plan = forgotten(client, tmp_path).cell_instance.plan(edit(cells, "c-003", mass=None))
    assert plan.summary["cells_cleared"] == 1


@pytest.mark.rule("W4")
def test_without_a_base_every_row_is_compared_with_the_service(client, colleague, cells, tmp_path):
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    colleague.cell_instance.update("c-004", mass(44.0))
    plan = forgotten(client, tmp_path).cell_instance.plan(cells)
    assert [(s.name, s.action.value) for s in plan.rows] == [("c-004", "update")]


@pytest.mark.rule("W4")
@pytest.mark.parametrize("version", [None, "", "v99", "t2026", 7])
def test_a_version_that_is_not_known_is_no_base(client, cells, version):
    edited = edit(cells, "c-003", mass=None).with_columns(instance_version=pl.lit(version))
    assert not client.cell_instance.plan(edited)


def test_base_may_be_given(client, cells, tmp_path):
    other = forgotten(client, tmp_path)
    plan = other.cell_instance.plan(edit(cells, "c-003", mass=None), base=cells)
    assert plan.summary["cells_cleared"] == 1


def test_a_base_that_nobody_has_is_refused(client, colleague, cells, tmp_path):
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    with pytest.raises(PlanError, match="not kept here"):
        forgotten(client, tmp_path).cell_instance.plan(cells, base=cells)


@pytest.mark.rule("W2")
def test_each_row_is_compared_with_the_version_it_carries(client, colleague, cells, spec):
    colleague.cell_instance.update("c-003", mass(44.0))
    newer = client.cell_instance.to_frame(spec)
    mixed = pl.concat([cells[:3], newer[3:6], cells[6:]], how="diagonal_relaxed")
    assert not client.cell_instance.plan(mixed)
    assert not client.cell_instance.plan(cells)
    assert client.cell_instance.plan(edit(cells, "c-003", mass=50.0)).summary["conflict"] == 1


@pytest.mark.rule("W15")
def test_a_damaged_page_is_a_warning_and_never_a_clear(client, colleague, cells, tmp_path):
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    for page in (tmp_path / "lab" / ".cellframe").rglob("pages/*.json"):
        page.write_bytes(b"[]")
    with pytest.warns(UserWarning, match="is damaged"):
        assert not client.cell_instance.plan(edit(cells, "c-003", mass=None))


@pytest.mark.rule("W15")
def test_a_damaged_index_is_a_warning_and_never_a_clear(client, colleague, cells, tmp_path):
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    for index in (tmp_path / "lab" / ".cellframe").rglob("pulls/*.parquet"):
        index.write_bytes(index.read_bytes()[:40])
    with pytest.warns(UserWarning, match="is damaged"):
        assert not client.cell_instance.plan(edit(cells, "c-003", mass=None))


def test_reading_again_mends_a_damaged_page(client, cells, spec, tmp_path):
    for page in (tmp_path / "lab" / ".cellframe").rglob("pages/*.json"):
        page.write_bytes(page.read_bytes()[:-9])
    client.cell_instance.to_frame(spec)
    assert client.cell_instance.plan(edit(cells, "c-003", mass=None)).summary["cells_cleared"] == 1
