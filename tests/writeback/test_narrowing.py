"""A plan becomes another: some of its cells, one row per record; the rest stays as it was read."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from writeback_tools import LOADING, MASS, POLICY, classes, edit, mass, new_rows

from cellframe.errors import ConfigError


@pytest.fixture
def edited(cells):
    """Three masses, a note beside one of them, and a cleared policy."""
    frame = edit(edit(edit(cells, "c-001", mass=50.0), "c-002", mass=51.0), "c-003", mass=52.0)
    return edit(edit(frame, "c-003", notes="x"), "c-003", policy=None)


@pytest.mark.rule("W33")
def test_a_plan_is_filtered_by_an_expression_over_its_frame(client, edited):
    plan = client.cell_instance.plan(edited)
    kept = plan.filter((pl.col("column") == MASS) & (pl.col("name") != "c-001"))
    assert classes(kept) == {("c-002", MASS, "change"), ("c-003", MASS, "change")}
    assert client.apply(kept).counts["ok"] == 2
    assert client.cell_instance.get("c-003").notes is None


@pytest.mark.rule("W31")
@pytest.mark.rule("W33")
def test_the_counts_of_a_filtered_plan_add_up(client, edited):
    plan = client.cell_instance.plan(edited).filter(pl.col("class") == "clear")
    assert plan.summary == {"create": 0, "update": 1, "unchanged": 11, "cells_cleared": 1}
    assert "2 rows were left out" in plan.notices[-1]


@pytest.mark.rule("W33")
@pytest.mark.parametrize("kind", [list, tuple, pl.Series, "pandas"])
def test_a_mask_of_its_rows_does_as_well(client, edited, kind):
    import pandas as pd

    plan = client.cell_instance.plan(edited)
    mask = [name == "c-001" for name in plan.to_frame()["name"]]
    given_ = pd.Series(mask) if kind == "pandas" else kind(mask)
    assert classes(plan.filter(given_)) == {("c-001", MASS, "change")}


@pytest.mark.parametrize("which", [pl.col("nmae") == "x", [True], pl.col("name"), 3])
def test_what_is_no_condition_is_refused_in_plain_words(client, edited, which):
    with pytest.raises(ConfigError, match="filter"):
        client.cell_instance.plan(edited).filter(which)


@pytest.mark.rule("W33")
def test_a_filtered_plan_that_is_saved_does_not_bring_the_rest_back(client, edited, tmp_path):
    kept = client.cell_instance.plan(edited).filter(pl.col("column") == "notes")
    path = tmp_path / "plan.json"
    path.write_text(kept.to_json())
    assert client.apply(client.load_plan(path)).counts == {"ok": 1}
    cell = client.cell_instance.get("c-003")
    assert (cell.notes, cell.measured_properties["cell"]["mass"]["value"]) == ("x", 41.3)


@given(data=st.data())
def test_any_part_of_a_plan_and_its_rest_are_the_plan(lab_plan, data):
    mask = data.draw(st.lists(st.booleans(), min_size=8, max_size=8))
    part, rest = lab_plan.filter(mask), lab_plan.filter([not one for one in mask])
    assert classes(part) | classes(rest) == classes(lab_plan)
    for one in (part, rest):
        assert sum(one.counts.values()) == lab_plan.edited.height


@pytest.fixture(scope="module")
def lab_plan(tmp_path_factory):
    """A plan of eight lines: a mass and a cleared note of four cells."""
    import cellframe as cf

    with cf.open_local(tmp_path_factory.mktemp("narrow")) as local:
        spec = local.cell_spec.create({"name": "S"})
        for number in range(4):
            fields = {"name": f"c-{number}", "notes": "a"}
            local.cell_instance.create(spec, fields | mass(41.0))
        frame = local.cell_instance.to_frame(spec)
        new = frame.with_columns(pl.lit(50.0).alias(MASS), notes=None)
        return local.cell_instance.plan(new)


def test_a_new_record_is_kept_or_left_out_whole(client, spec):
    rows = new_rows(cell=["n-1", "n-2"], batch=["B7", "B8"]).with_columns(pl.lit(4.0).alias(MASS))
    plan = client.cell_instance.plan(rows, spec=spec)
    kept = plan.filter((pl.col("name") == "n-1") & (pl.col("column") == MASS))
    assert [step.name for step in kept] == ["B7", "n-1"]
    assert client.apply(kept).counts == {"ok": 1, "unchanged": 1}
    assert client.cell_instance.get("n-1").name == "n-1"


def test_without_its_conflict_a_row_is_an_update(client, colleague, edited):
    colleague.cell_instance.update("c-003", mass(44.0))
    plan = client.cell_instance.plan(edited)
    assert plan.summary["conflict"] == 1
    assert plan.filter(pl.col("class") != "conflict").summary["update"] == 3


def test_value_and_unit_of_a_quantity_stay_together(client):
    spec = client.cell_spec.create({"name": "clash"})
    for name, unit in (("a", "ohm"), ("b", "V")):
        properties = {"cell": {"dcr": {"value": 1.0, "unit": unit}}}
        client.cell_instance.create(spec, {"name": name, "measured_properties": properties})
    with pytest.warns(UserWarning, match="two columns"):
        frame = client.cell_instance.to_frame(spec)
    plan = client.cell_instance.plan(edit(frame, "a", **{"cell.dcr": 5.0, "cell.dcr.unit": "mohm"}))
    kept = plan.filter(pl.col("column") == "cell.dcr.unit")
    assert {label for _, label, _ in classes(kept)} == {"cell.dcr", "cell.dcr.unit"}


@pytest.mark.rule("W30")
def test_a_wide_plan_has_a_row_per_record_and_old_to_new_per_column(client, edited):
    wide = client.cell_instance.plan(edited).wide()
    assert wide.columns == ["row", "action", "record", "id", "name", MASS, POLICY, "notes"]
    row = wide.filter(name="c-003").row(0, named=True)
    assert (row[MASS], row["notes"]) == ("41.3 -> 52", "(empty) -> x")
    assert row[POLICY].endswith(" -> (would be cleared)")
    assert wide.filter(name="c-001")["notes"].to_list() == [None]


@pytest.mark.rule("W30")
def test_a_wide_plan_shows_all_three_values_of_a_conflict(client, colleague, edited):
    colleague.cell_instance.update("c-001", mass(44.0))
    wide = client.cell_instance.plan(edited).wide()
    assert wide.filter(name="c-001")[MASS][0] == "41.1 -> 50 (server now: 44)"


def test_an_empty_plan_is_wide_too(client, cells):
    assert client.cell_instance.plan(cells).wide().height == 0


def test_a_wide_plan_is_of_the_library_that_the_frame_came_in(client, cells):
    import pandas as pd

    edited = edit(cells, "c-001", loading=9.0).to_pandas()
    wide = client.cell_instance.plan(edited).wide()
    assert isinstance(wide, pd.DataFrame)
    assert list(wide.columns)[5:] == [LOADING]


def frames_of_new_records():
    """A new spec with a lot and a cell of it, and another spec."""
    specs = new_rows(spec=["A", "B"]).rename({"instance_id": "spec_id"})
    lots = new_rows(lot=["L-1"], spec=["A"]).rename({"instance_id": "batch_id"})
    return {"specs": specs, "lots": lots, "cells": new_rows(cell=["a"], spec=["A"], batch=["L-1"])}


@pytest.mark.rule("W33")
def test_a_new_record_goes_with_the_new_parent_that_it_names(client):
    plan = client.plan(**frames_of_new_records())
    kept = plan.filter(pl.col("name") != "A")
    assert [step.name for step in kept] == ["B"]
    assert sum(kept.counts.values()) == 4
    assert client.apply(kept).counts == {"ok": 1, "unchanged": 3}


@pytest.mark.rule("W33")
def test_a_lot_that_a_kept_row_names_is_made(client):
    plan = client.plan(**frames_of_new_records())
    kept = plan.filter(pl.col("name") != "L-1")
    assert kept.digest == plan.digest
