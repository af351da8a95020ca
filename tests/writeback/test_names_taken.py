"""A new row whose name is taken: told, an edit of that record, or left out, as its owner says."""

from __future__ import annotations

import polars as pl
import pytest
from writeback_tools import MASS, new_rows

from cellframe.errors import ConfigError

ROWS = new_rows(**{"cell": ["c-003", "n-1"], "notes": ["seen", "new"], MASS: [None, 40.0]})
"""One name that is taken, one that is not."""


@pytest.mark.rule("W6")
def test_a_taken_name_is_told_where_nobody_says_what_is_meant(client, cells, spec):
    plan = client.cell_instance.plan(ROWS, spec=spec)
    assert (plan.summary["exists"], plan.summary["create"]) == (1, 1)
    assert plan.rows[0].id == client.cell_instance.get("c-003").id


@pytest.mark.rule("W6")
def test_a_taken_name_is_an_edit_of_its_record_and_clears_nothing(client, cells, spec):
    plan = client.cell_instance.plan(ROWS, spec=spec, on_exists="update")
    before = client.cell_instance.get("c-003").measured_properties
    assert client.apply(plan).counts == {"ok": 2}
    now = client.cell_instance.get("c-003")
    assert (now.notes, now.measured_properties) == ("seen", before)


@pytest.mark.rule("W6")
def test_a_taken_name_is_left_out_where_it_is_to_be_skipped(client, cells, spec):
    plan = client.cell_instance.plan(ROWS, spec=spec, on_exists="skip")
    assert client.apply(plan).counts == {"ok": 1, "unchanged": 1}
    assert client.cell_instance.get("c-003").notes is None
    assert client.cell_instance.get("n-1").notes == "new"


@pytest.mark.rule("W32")
@pytest.mark.parametrize("on_exists", ["update", "skip"])
def test_what_becomes_of_a_taken_name_is_saved_with_the_plan(
    client, cells, spec, tmp_path, on_exists
):
    path = tmp_path / "plan.json"
    plan = client.cell_instance.plan(ROWS, spec=spec, on_exists=on_exists)
    path.write_text(plan.to_json())
    assert client.load_plan(path).counts == plan.counts


def test_a_frame_of_pandas_stays_one(client, cells, spec):
    plan = client.cell_instance.plan(ROWS.to_pandas(), spec=spec, on_exists="update")
    assert type(plan.to_frame()).__module__.startswith("pandas")
    assert plan.summary["update"] == 1


def test_specs_and_lots_know_it_too(client, spec):
    specs = pl.DataFrame({"spec_id": [None], "spec": [client.cell_spec.get(spec).name]})
    specs = specs.with_columns(notes=pl.lit("seen"))
    assert client.cell_spec.plan(specs, on_exists="update").summary["update"] == 1
    client.cell_batch.create(spec, {"name": "L-1"})
    lots = [{"lot": "L-1", "notes": "seen"}]
    assert client.cell_batch.create_many(lots, spec, on_exists="skip").counts == {"unchanged": 1}


def test_new_cells_below_a_spec_that_is_there_are_made(client, spec):
    name = client.cell_spec.get(spec).name
    specs = pl.DataFrame({"spec_id": [None], "spec": [name], "notes": ["seen"]})
    below = new_rows(cell=["n-1"], spec=[name])
    plan = client.plan(specs=specs, cells=below, on_exists="update")
    assert client.apply(plan).counts == {"ok": 2}


def test_another_word_is_refused(client, cells):
    with pytest.raises(ConfigError, match="none of 'error', 'update' and 'skip'"):
        client.cell_instance.plan(ROWS, on_exists="replace")
