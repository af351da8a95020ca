"""What a plan says of each row, and that it adds up."""

from __future__ import annotations

import copy

import polars as pl
import pytest
from writeback_tools import LOADING, MASS, classes, edit, mass, new_rows

import cellframe as cf
from cellframe.errors import PlanError, StalePlanError


@pytest.mark.rule("W9")
def test_an_edited_cell_is_one_update_of_one_cell(client, cells):
    plan = client.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    assert plan.summary == {"create": 0, "update": 1, "unchanged": 11}
    assert classes(plan) == {("c-003", MASS, "change")}


@pytest.mark.rule("W30")
def test_a_plan_sends_nothing_but_reads(tapped, wire, cells):
    tapped.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    assert {request.method for request in wire.sent} == {"GET"}


def test_an_untouched_frame_asks_about_no_record(tapped, wire, cells):
    assert not tapped.cell_instance.plan(cells)
    assert [r.path for r in wire.sent if r.path != "/discovery/capabilities"] == []


def test_only_edited_rows_are_asked_about(tapped, wire, cells):
    tapped.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    asked = [r.path for r in wire.sent if r.path.startswith("/cell_instances/")]
    assert asked == [f"/cell_instances/{cells['instance_id'][3]}"]


@pytest.mark.rule("W35")
def test_many_edited_rows_are_read_as_one_list(tapped, wire, client, spec):
    for number in range(25):
        client.cell_instance.create(spec, {"name": f"n-{number}"})
    frame = client.cell_instance.to_frame(spec)
    tapped.cell_instance.plan(frame.with_columns(notes=pl.lit("x")))
    assert not [r for r in wire.sent if r.path.startswith("/cell_instances/")]
    assert len([r for r in wire.sent if r.path.endswith("/cell_instances")]) == 1


@pytest.mark.rule("W6")
def test_a_blank_id_is_a_create(client, spec):
    edited = new_rows(cell=["n"], **{MASS: [40.0], "batch": ["L9"]})
    plan = client.cell_instance.plan(edited, spec=spec)
    assert plan.summary == {"create": 1, "update": 0, "unchanged": 0, "lots_created": 1}
    assert client.apply(plan)
    made = client.cell_instance.get("n")
    assert made.measured_properties == {"cell": {"mass": {"value": 40.0, "unit": "g"}}}
    assert made.batch_name == "L9"


@pytest.mark.rule("W6")
def test_a_new_row_may_name_its_spec(client, spec, cells):
    client.apply(client.cell_instance.plan(new_rows(cell=["n"], spec=["LFP 18650"])))
    assert client.cell_instance.get("n").cell_specification_id == spec.id


@pytest.mark.rule("W6")
def test_a_new_row_without_a_spec_is_invalid(client, spec):
    plan = client.cell_instance.plan(new_rows(cell=["n"]))
    assert "which spec is it of?" in plan.rows[0].message


@pytest.mark.rule("W6")
def test_a_new_row_without_a_name_is_invalid(client, spec):
    plan = client.cell_instance.plan(new_rows(cell=[None], notes=["x"]), spec=spec)
    assert plan.summary["invalid"] == 1


@pytest.mark.rule("W6")
def test_a_new_row_that_exists_with_other_values_exists(client, cells, spec):
    plan = client.cell_instance.plan(new_rows(cell=["c-000"], **{MASS: [99.0]}), spec=spec)
    assert plan.summary["exists"] == 1
    receipt = client.apply(plan)
    assert not receipt
    assert "taken" in receipt.refused
    assert client.cell_instance.get("c-000").measured_properties["cell"]["mass"]["value"] == 41.0


@pytest.mark.rule("W6")
def test_a_new_row_that_exists_with_the_same_values_is_there_already(client, cells, spec):
    plan = client.cell_instance.plan(new_rows(cell=["c-000"], **{MASS: [41.0]}), spec=spec)
    assert plan.summary["already_there"] == 1
    assert not plan


@pytest.mark.rule("W8")
def test_another_name_in_a_known_row_is_a_rename(client, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-000", cell="new name")))
    assert client.cell_instance.get(cells["instance_id"][0]).name == "new name"


@pytest.mark.rule("W8")
def test_a_rename_to_a_name_that_is_known_to_be_taken_is_invalid(client, cells):
    plan = client.cell_instance.plan(edit(cells, "c-000", cell="c-001"))
    assert plan.summary["invalid"] == 1
    assert f"whose id is {cells['instance_id'][1]}" in plan.to_frame()["message"][0]


@pytest.mark.rule("W8")
def test_a_rename_to_a_taken_name_is_a_conflict_of_that_row(client, cells):
    plan = client.cell_instance.plan(edit(cells, "c-000", cell="c-100"))
    client.cell_instance.update("c-001", {"name": "c-100"})
    receipt = client.apply(plan)
    (result,) = receipt.results
    assert (result.outcome.value, result.status, result.id) == (
        "conflict",
        409,
        cells["instance_id"][0],
    )


@pytest.mark.rule("W15")
def test_an_emptied_cell_is_a_clear(client, cells):
    plan = client.cell_instance.plan(edit(cells, "c-002", date_manufactured=None, mass=None))
    assert plan.summary["cells_cleared"] == 2
    assert client.apply(plan)
    now = client.cell_instance.get("c-002")
    assert now.date_manufactured is None
    assert "mass" not in now.measured_properties["cell"]


@pytest.mark.rule("W15")
def test_nan_is_a_clear_and_is_never_sent(client, cells):
    assert client.apply(client.cell_instance.plan(edit(cells, "c-002", mass=float("nan"))))
    assert "mass" not in client.cell_instance.get("c-002").measured_properties["cell"]


@pytest.mark.rule("W15")
@pytest.mark.rule("W16")
@pytest.mark.parametrize("empty", [None, ""])
def test_a_name_cannot_be_cleared(client, cells, empty):
    plan = client.cell_instance.plan(edit(cells, "c-002", cell=empty))
    assert plan.summary["invalid"] == 1
    assert "cannot be empty" in plan.rows[0].message


@pytest.mark.rule("W9")
def test_a_value_that_the_service_has_already_is_no_write(client, colleague, cells):
    colleague.cell_instance.update("c-004", {"notes": "same"})
    plan = client.cell_instance.plan(edit(cells, "c-004", notes="same"))
    assert plan.summary["already_there"] == 1
    assert not plan


@pytest.mark.rule("W20")
def test_a_colleagues_other_property_survives_an_edit(client, colleague, cells):
    fields = client.cell_instance.get("c-004").measured_properties
    colleague.cell_instance.update("c-004", {"measured_properties": fields | {"anode": {"p": "y"}}})
    assert client.apply(client.cell_instance.plan(edit(cells, "c-004", mass=50.0)))
    assert client.cell_instance.get("c-004").measured_properties["anode"] == {"p": "y"}


@pytest.mark.rule("W19")
def test_a_quantity_goes_back_in_the_unit_of_its_record(client, cells):
    assert client.apply(client.cell_instance.plan(edit(cells, "c-004", loading=12.25)))
    stored = client.cell_instance.get("c-004").measured_properties["cathode"]["loading"]
    assert stored == {"value": 12.25, "unit": "mg.cm-2"}


@pytest.mark.rule("W20")
def test_a_rating_is_sent_alone_and_the_others_stay(tapped, wire, client, spec):
    frame = client.cell_spec.to_frame()
    edited = frame.with_columns(pl.lit(1.2).alias("ratings.capacity [A.h]"))
    assert tapped.apply(tapped.cell_spec.plan(edited))
    assert b"voltage_max" not in wire.methods("PATCH")[0].body
    assert set(client.cell_spec.get(spec).ratings) == {"capacity", "voltage_max"}


def test_a_cleared_rating_is_gone_and_the_others_stay(client, spec):
    edited = client.cell_spec.to_frame().with_columns(
        pl.lit(None, dtype=pl.Float64).alias("ratings.voltage_max [V]")
    )
    assert client.apply(client.cell_spec.plan(edited))
    assert set(client.cell_spec.get(spec).ratings) == {"capacity"}


@pytest.mark.rule("W31")
def test_counts_add_up_to_the_rows(client, colleague, cells, spec):
    colleague.cell_instance.update("c-000", {"notes": "theirs"})
    colleague.cell_instance.update("c-001", {"notes": "same"})
    edited = edit(edit(edit(cells, "c-000", notes="mine"), "c-001", notes="same"), "c-002", cell="")
    edited = pl.concat([edited, new_rows(cell=["c-005", "n"], notes=["x", "x"])], how="diagonal")
    plan = client.cell_instance.plan(edited, spec=spec)
    counts = {action.value: count for action, count in plan.counts.items() if count}
    assert counts == {
        "create": 1,
        "unchanged": 9,
        "already_there": 1,
        "conflict": 1,
        "invalid": 1,
        "exists": 1,
    }
    assert sum(client.apply(plan).counts.values()) == edited.height


@pytest.mark.rule("W30")
def test_a_plan_is_false_when_there_is_nothing_to_do(client, cells):
    assert not client.cell_instance.plan(cells)
    assert client.cell_instance.plan(edit(cells, "c-000", mass=1.0))


def test_an_invalid_row_alone_is_something_to_decide(client, cells):
    assert client.cell_instance.plan(edit(cells, "c-000", cell=""))


def test_a_plan_does_not_send_itself(client, cells):
    plan = client.cell_instance.plan(cells)
    with pytest.raises(AttributeError, match=r"client\.apply\(plan\)"):
        plan.apply()


def test_a_plan_can_be_copied(client, cells):
    plan = client.cell_instance.plan(edit(cells, "c-000", mass=1.0))
    assert copy.copy(plan).digest == plan.digest


@pytest.mark.law("D10")
def test_a_plan_of_another_service_is_refused(client, cells, tmp_path):
    plan = client.cell_instance.plan(edit(cells, "c-000", mass=1.0))
    with (
        cf.open_local(tmp_path / "other") as other,
        pytest.raises(StalePlanError, match="made for"),
    ):
        other.apply(plan)
    assert client.cell_instance.get("c-000").measured_properties["cell"]["mass"]["value"] == 41.0


def test_applying_a_frame_says_to_plan_first(client, cells):
    with pytest.raises(PlanError, match="is no plan"):
        client.apply(cells)


@pytest.mark.rule("W30")
def test_the_plan_as_a_frame_has_a_row_per_changed_cell(client, colleague, cells):
    colleague.cell_instance.update("c-001", mass(44.0))
    edited = edit(edit(cells, "c-001", mass=45.0), "c-000", loading=12.0, notes="x")
    lines = client.cell_instance.plan(edited).to_frame()
    assert lines.filter(row=0)["column"].sort().to_list() == [LOADING, "notes"]
    assert lines.filter(row=1)["class", "you_read", "you_have", "server_now"].rows() == [
        ("conflict", "41.1", "45", "44")
    ]


@pytest.mark.rule("W21")
def test_every_unknown_column_is_listed_with_what_was_meant(client, cells):
    edited = cells.with_columns(ntes=pl.lit("x"), colour=pl.lit("red"), _mine=pl.lit(1))
    with pytest.raises(PlanError, match="Did you mean 'notes'") as refused:
        client.cell_instance.plan(edited)
    assert refused.value.failures["column"].to_list() == ["ntes", "colour"]


@pytest.mark.rule("W21")
@pytest.mark.parametrize("label", ["_note", "#note", "_error", "_server_now"])
def test_comment_columns_are_passed_over(client, cells, label):
    assert not client.cell_instance.plan(cells.with_columns(pl.lit("x").alias(label)))
