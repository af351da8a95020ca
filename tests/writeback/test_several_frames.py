"""Frames of several kinds are one plan: parents first, by name; deletes last."""

from __future__ import annotations

import polars as pl
import pytest
from writeback_tools import MASS, edit

from cellframe.errors import ConfigError, PlanError


def with_id(key: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """A frame of new records."""
    return pl.DataFrame(rows).with_columns(pl.lit(None, dtype=pl.String).alias(key))


SPECS = with_id("spec_id", [{"spec": "New", "manufacturer": "us"}])
LOTS = with_id("batch_id", [{"lot": "L-1", "spec": "New"}])
CELLS = with_id("instance_id", [{"cell": name, "spec": "New", "batch": "L-1"} for name in "ab"])


def actions(plan) -> list[tuple[str, str]]:
    return [(step.kind.noun, step.action.value) for step in plan]


@pytest.mark.rule("W33")
def test_new_records_below_new_ones_are_one_plan(client):
    plan = client.plan(cells=CELLS, lots=LOTS, specs=SPECS)
    assert actions(plan) == [
        ("spec", "create"),
        ("lot", "create"),
        ("cell", "create"),
        ("cell", "create"),
    ]
    assert client.apply(plan).counts == {"ok": 4}
    cells = client.cell_instance.to_frame("New")
    assert cells.select("cell", "batch").rows() == [("a", "L-1"), ("b", "L-1")]
    assert [lot.name for lot in client.cell_batch.list("New")] == ["L-1"]


def test_the_same_name_below_two_new_parents_is_no_twin(client):
    specs = with_id("spec_id", [{"spec": "A"}, {"spec": "B"}])
    cells = with_id("instance_id", [{"cell": "1", "spec": "A"}, {"cell": "1", "spec": "B"}])
    assert client.apply(client.plan(specs=specs, cells=cells)).counts == {"ok": 4}


def test_the_same_name_twice_below_one_new_parent_is_refused(client):
    cells = with_id("instance_id", [{"cell": "1", "spec": "New"}, {"cell": "1", "spec": "New"}])
    with pytest.raises(PlanError, match="both new"):
        client.plan(specs=SPECS, cells=cells)


def test_a_parent_that_nobody_makes_is_an_invalid_row_and_names_its_column(client):
    cells = with_id("instance_id", [{"cell": "1", "spec": at} for at in ("Nowhere", "Neu", "New")])
    plan = client.plan(specs=SPECS, cells=cells)
    assert plan.summary["invalid"] == 2
    told = plan.to_frame().filter(action="invalid", column="spec")
    assert told["you_have"].to_list() == ["Nowhere", "Neu"]
    assert told["message"][0].startswith("Row 0, 'spec': ")


@pytest.mark.parametrize("count", [1, 21])
def test_a_parent_whose_id_no_record_has_is_an_invalid_row(client, spec, count):
    rows = [{"cell": f"{n}", "spec_id": "no-such-id"} for n in range(count)]
    plan = client.plan(cells=with_id("instance_id", rows))
    assert plan.summary["invalid"] == count
    assert "Row 0, 'spec_id': no spec has the id 'no-such-id'." in plan.rows[0].message


def test_one_name_below_two_parents_that_are_none_is_no_twin(client, spec):
    rows = [{"cell": "1", "spec": "Nowhere"}, {"cell": "1", "spec": "Neither"}]
    assert client.plan(cells=with_id("instance_id", rows)).summary["invalid"] == 2


def test_a_test_of_a_cell_that_is_none_is_an_invalid_row(client, cells):
    tests = with_id("measurement_id", [{"test": "t", "cell": "nowhere"}, {"test": "u"}])
    assert client.plan(tests=tests).summary["invalid"] == 2


@pytest.mark.rule("W7")
def test_the_faults_of_several_frames_are_told_at_once(client):
    with pytest.raises(PlanError) as told:
        client.plan(specs=SPECS.with_columns(x=1), lots=LOTS.drop("batch_id"), cells=CELLS)
    messages = told.value.failures["message"].to_list()
    assert [message.partition(":")[0] for message in messages] == ["specs", "lots"]
    assert all(message in str(told.value) for message in messages)


def test_counts_add_up_over_all_frames_and_each_row_says_what_it_is(client, cells, spec):
    edited = edit(cells, "c-003", mass=50.5)
    specs = client.cell_spec.to_frame().with_columns(notes=pl.lit("seen"))
    plan = client.plan(specs=specs, cells=edited)
    assert sum(plan.counts.values()) == 13
    assert plan.to_frame()["record"].to_list() == ["spec", "cell"]
    assert client.apply(plan).counts == {"ok": 2, "unchanged": 11}


def test_a_lot_that_a_row_makes_is_made_once(client, cells, spec):
    lots = with_id("batch_id", [{"lot": "L-9", "spec": client.cell_spec.get(spec).name}])
    plan = client.plan(lots=lots, cells=edit(cells, "c-003", batch="L-9"))
    assert actions(plan) == [("lot", "create"), ("cell", "update")]
    assert client.apply(plan)
    assert client.cell_instance.get("c-003").batch == "L-9"


def test_a_plan_of_several_frames_is_saved_and_made_again(client, tmp_path):
    path = tmp_path / "plan.json"
    path.write_text(client.plan(cells=CELLS, lots=LOTS, specs=SPECS).to_json())
    assert client.apply(client.load_plan(path)).counts == {"ok": 4}


@pytest.mark.rule("W33")
def test_children_are_deleted_before_their_parents(client, cells, spec):
    specs = client.cell_spec.to_frame().with_columns(_action=pl.lit("delete"))
    few = cells.head(2).with_columns(_action=pl.lit("delete"))
    plan = client.plan(specs=specs, cells=few)
    assert actions(plan) == [("cell", "delete"), ("cell", "delete"), ("spec", "delete")]


def test_tests_are_edited_beside_cells(client, cells):
    client.cell_measurement.create_properties(cells["instance_id"][3], "t", {})
    tests = client.cell_measurement.to_frame().with_columns(notes=pl.lit("seen"))
    plan = client.plan(cells=edit(cells, "c-003", **{MASS: 50.5}), tests=tests)
    assert client.apply(plan).counts == {"ok": 2, "unchanged": 11}


def test_a_lot_below_a_new_spec_stands_in_the_plan(client, tmp_path):
    plan = client.plan(cells=CELLS, specs=SPECS)
    made = [("spec", "create"), ("lot", "create"), ("cell", "create"), ("cell", "create")]
    assert actions(plan) == made
    assert plan.summary["lots_created"] == 1
    path = tmp_path / "plan.json"
    path.write_text(plan.to_json())
    assert client.apply(client.load_plan(path)).counts == {"ok": 3}
    assert [lot.name for lot in client.cell_batch.list("New")] == ["L-1"]
    assert client.cell_instance.to_frame("New")["batch"].to_list() == ["L-1", "L-1"]


def test_a_receipt_of_several_kinds_says_which_each_row_is(client):
    cells = with_id("instance_id", [{"cell": "b", "spec": "Nowhere"}])
    specs = with_id("spec_id", [{"spec": None, "notes": "unnamed"}])
    said = repr(client.apply(client.plan(specs=specs, cells=cells)))
    assert "invalid  spec row 0" in said
    assert "invalid  cell b" in said


def test_no_frame_at_all_is_a_slip(client):
    with pytest.raises(ConfigError, match="takes a frame"):
        client.plan()
