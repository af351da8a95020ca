"""Undo: the plan that takes an apply back, with everything that plans are held to."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from writeback_tools import LOADING, MASS, POLICY, edit

from cellframe.errors import StalePlanError, StoreError
from cellframe.transport.replies import ask

OF_EACH_WRITE = ("version", "updated_at")


def raw(client, spec) -> list[dict]:
    """Every cell as the service has it, but for what each write moves on."""
    path = f"/cell_specifications/{spec.id}/cell_instances"
    cells = ask(client._wire, "GET", path)["items"]
    return [{k: v for k, v in cell.items() if k not in OF_EACH_WRITE} for cell in cells]


def apply(client, frame, **terms):
    receipt = client.apply(client.cell_instance.plan(frame), **terms)
    assert receipt, receipt
    return receipt


@pytest.mark.rule("W43")
def test_an_undo_is_a_plan_and_nothing_is_sent(tapped, wire, cells):
    apply(tapped, edit(cells, "c-000", notes="x", mass=40.0))
    wire.sent.clear()
    plan = tapped.undo()
    assert {request.method for request in wire.sent} == {"GET"}
    table = plan.to_frame()
    assert table.select("name", "column", "class", "you_have", "server_now").rows() == [
        ("c-000", MASS, "change", "41", "40"),
        ("c-000", "notes", "clear", None, "x"),
    ]
    assert "This takes back the apply of 20" in plan.notices[0]


EDITS = {"notes": st.sampled_from([None, "x", "=1+1", "ü"])}
EDITS |= {
    MASS: st.sampled_from([None, 41.0, 0.1 + 0.2, 1e-7]),
    POLICY: st.sampled_from([None, "C"]),
}
EDITS |= {LOADING: st.sampled_from([None, 12.25]), "batch": st.sampled_from(["L1", "L2"])}
ROW = st.fixed_dictionaries({}, optional=EDITS)


@pytest.mark.rule("W43")
@pytest.mark.law("D2")
@settings(max_examples=25)
@given(rows=st.lists(ROW, min_size=1, max_size=4))
def test_apply_and_undo_leave_the_records_as_they_were(client, cells, spec, rows):
    before = raw(client, spec)
    frame = client.cell_instance.to_frame(spec)
    for number, row in enumerate(rows):
        frame = edit(frame, f"c-{number:03}", **row)
    plan = client.cell_instance.plan(frame)
    if not plan:
        return
    assert client.apply(plan)
    receipt = client.apply(client.undo())
    assert receipt, receipt
    assert raw(client, spec) == before


@pytest.mark.rule("W43")
def test_units_and_extra_keys_come_back_as_they_were(client, cells, spec):
    cell = client.cell_instance.get("c-000")
    mass = {"value": 41.5, "unit": "mg", "method": "scale"}
    properties = {**cell.measured_properties, "cell": {"mass": mass}}
    client.cell_instance.update(cell, {"measured_properties": properties})
    before = raw(client, spec)
    frame = client.cell_instance.to_frame(spec)
    apply(client, edit(edit(frame, "c-000", mass=0.05), "c-001", mass=39.0))
    apply_undo(client)
    assert raw(client, spec) == before


@pytest.mark.rule("W43")
@pytest.mark.parametrize("unit", ["kg", "lb"])
def test_a_unit_that_was_edited_comes_back(client, cells, spec, unit):
    before = raw(client, spec)
    edited = cells.rename({MASS: f"cell.mass [{unit}]"})
    plan = client.cell_instance.plan(edited.head(3), unit_edit="relabel")
    assert client.apply(plan), plan
    assert raw(client, spec) != before
    apply_undo(client)
    assert raw(client, spec) == before


@pytest.mark.rule("W43")
def test_a_lot_that_was_made_stays_and_is_told(client, cells):
    apply(client, edit(cells, "c-000", batch="L9"))
    plan = client.undo()
    assert "1 lot that it made would stay: 'L9'." in plan.notices
    assert client.apply(plan)
    assert client.cell_instance.to_frame().filter(pl.col("cell") == "c-000")["batch"].item() == "L1"


def apply_undo(client, *which, **terms):
    receipt = client.apply(client.undo(*which), **terms)
    assert receipt, receipt
    return receipt


@pytest.mark.rule("W43")
def test_what_somebody_edited_since_is_a_conflict(client, colleague, cells, spec):
    apply(client, edit(edit(cells, "c-000", notes="mine"), "c-001", notes="mine"))
    theirs = colleague.cell_instance.to_frame(spec)
    apply(colleague, edit(theirs, "c-000", notes="theirs"))
    plan = client.undo()
    assert plan.summary["conflict"] == 1
    (step,) = [step for step in plan if step.name == "c-000"]
    (cell,) = step.changes
    assert (cell.you_read, cell.you_have, cell.server_now) == ("mine", None, "theirs")
    assert client.apply(plan).refused


@pytest.mark.rule("W43")
def test_what_somebody_edited_beside_it_stays(client, colleague, cells, spec):
    apply(client, edit(cells, "c-000", notes="mine"))
    apply(colleague, edit(colleague.cell_instance.to_frame(spec), "c-000", mass=39.0))
    apply_undo(client)
    cell = client.cell_instance.get("c-000")
    assert cell.notes is None
    assert cell.measured_properties["cell"]["mass"]["value"] == 39.0


@pytest.mark.rule("W43")
def test_a_row_whose_answer_was_lost_is_taken_back_in_what_was_sent_alone(
    tapped, wire, colleague, cells, spec
):
    apply(colleague, edit(colleague.cell_instance.to_frame(spec), "c-000", mass=39.0))
    plan = tapped.cell_instance.plan(edit(edit(cells, "c-000", notes="x"), "c-001", mass=38.0))

    def lose(request, reply):
        if request.method == "PATCH":
            raise KeyboardInterrupt
        return reply

    wire.after = lose
    with pytest.raises(KeyboardInterrupt):
        tapped.apply(plan, workers=1)
    wire.after = lambda _request, reply: reply
    assert tapped.resume()
    apply_undo(tapped)
    cells = [tapped.cell_instance.get(cell) for cell in ("c-000", "c-001")]
    assert [cell.notes for cell in cells] == [None, None]
    masses = [cell.measured_properties["cell"]["mass"]["value"] for cell in cells]
    assert masses == [39.0, 41.1]


@pytest.mark.rule("W43")
def test_an_undo_is_undone(client, cells, spec):
    apply(client, edit(cells, "c-000", notes="x"))
    after = raw(client, spec)
    apply_undo(client)
    assert client.cell_instance.get("c-000").notes is None
    apply_undo(client)
    assert raw(client, spec) == after


@pytest.mark.rule("W43")
def test_any_apply_of_history_is_undone_by_its_receipt_or_its_name(client, cells, spec):
    first = apply(client, edit(cells, "c-000", notes="x"))
    apply(client, edit(client.cell_instance.to_frame(spec), "c-001", notes="y"))
    assert [step.name for step in client.undo(first)] == ["c-000"]
    newest, oldest = client.history()["journal"]
    assert [step.name for step in client.undo(oldest)] == ["c-000"]
    assert [step.name for step in client.undo(newest)] == ["c-001"]


@pytest.mark.rule("W43")
def test_what_is_back_already_is_nothing_to_do(client, cells):
    apply(client, edit(cells, "c-000", notes="x"))
    client.cell_instance.update("c-000", {"notes": None})
    assert not client.undo()


@pytest.mark.rule("W34")
def test_the_limits_of_the_apply_hold_for_its_undo(client, cells):
    apply(client, cells.with_columns(notes=pl.lit("x")), max_updates=12)
    plan = client.undo()
    assert "max_updates=12" in client.apply(plan).refused
    assert client.apply(plan, max_updates=12, max_clears=12)


def test_nothing_written_is_nothing_to_undo(client, colleague, cells, spec):
    with pytest.raises(StoreError, match="Nothing was written from here yet"):
        client.undo()
    apply(colleague, edit(colleague.cell_instance.to_frame(spec), "c-000", notes="theirs"))
    refused = client.apply(client.cell_instance.plan(edit(cells, "c-000", notes="mine")))
    with pytest.raises(StoreError, match="Nothing was sent by this apply"):
        client.undo(refused)


def test_an_apply_to_another_lab_is_not_undone_here(client, cells, tmp_path):
    import cellframe as cf

    receipt = apply(client, edit(cells, "c-000", notes="x"))
    with (
        cf.open_local(tmp_path / "other") as other,
        pytest.raises(StalePlanError, match="tells of"),
    ):
        other.undo(receipt)


def without_id(frame: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Rows of a frame as new cells of other names."""
    none = pl.lit(None, dtype=pl.String)
    new = frame.head(len(names)).with_columns(instance_id=none, instance_version=none)
    return new.with_columns(cell=pl.Series(names))


@pytest.mark.rule("W43")
@pytest.mark.rule("W46")
def test_what_was_made_would_be_deleted_and_that_is_to_be_meant(client, cells, spec):
    before = raw(client, spec)
    apply(client, pl.concat([edit(cells, "c-000", notes="x"), without_id(cells, ["n-0", "n-1"])]))
    plan = client.undo()
    assert (plan.summary["delete"], plan.summary["update"]) == (2, 1)
    assert "max_deletes=2" in client.apply(plan).refused
    assert len(raw(client, spec)) == 14
    assert client.apply(plan, max_deletes=2)
    assert raw(client, spec) == before


@pytest.mark.rule("W43")
def test_what_somebody_edited_since_it_was_made_is_not_deleted(client, colleague, cells, spec):
    apply(client, without_id(cells, ["n-0", "n-1"]))
    apply(colleague, edit(colleague.cell_instance.to_frame(spec), "n-0", notes="theirs"))
    plan = client.undo()
    assert (plan.summary["delete"], plan.summary["conflict"]) == (1, 1)
    assert client.apply(plan, max_deletes=2).refused


@pytest.mark.rule("W43")
def test_what_was_deleted_is_made_anew_as_it_was(client, cells, spec):
    before = raw(client, spec)
    assert client.apply(client.cell_instance.plan_delete(cells.head(2), expect=2))
    assert len(raw(client, spec)) == 10
    plan = client.undo()
    assert plan.summary["create"] == 2
    assert "2 deleted records would be made anew, with a new id." in plan.notices
    assert client.apply(plan)
    assert sorted(map(bare, raw(client, spec)), key=str) == sorted(map(bare, before), key=str)


def bare(cell: dict) -> dict:
    """A cell without what the service gave it."""
    own = ("id", "created_at", "created_by", "updated_by")
    return {key: value for key, value in cell.items() if key not in own}


@pytest.mark.rule("W43")
@pytest.mark.rule("W33")
def test_parents_and_children_are_taken_back_together(client, cells, spec):
    before = raw(client, spec)
    none = pl.lit(None, dtype=pl.String)
    specs = pl.DataFrame({"spec": ["New"]}).with_columns(spec_id=none)
    made = pl.DataFrame({"cell": ["a", "b"], "spec": ["New", "New"]}).with_columns(instance_id=none)
    assert client.apply(client.plan(specs=specs, cells=made))
    apply_undo(client, max_deletes=3)
    assert client.cell_spec.to_frame()["spec"].to_list() == [spec.name]
    assert raw(client, spec) == before


@pytest.mark.rule("W43")
def test_children_that_were_deleted_are_made_anew_and_updates_of_parents_put_back(
    client, cells, spec
):
    none = pl.lit("delete").alias("_action")
    gone = cells.head(2).with_columns(none)
    specs = client.cell_spec.to_frame().with_columns(notes=pl.lit("seen"))
    assert client.apply(client.plan(specs=specs, cells=gone), max_deletes=2)
    plan = client.undo()
    assert [(step.kind.noun, step.action.value) for step in plan] == [
        ("spec", "update"),
        ("cell", "create"),
        ("cell", "create"),
    ]
    assert client.apply(plan)
    assert client.cell_spec.get(spec.id).notes is None


def test_history_says_what_an_undo_takes_back_unless_its_caller_notes_why(client, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-003", notes="z")), note="weighed")
    client.apply(client.undo())
    client.apply(client.undo(), note="after all")
    newest, before = client.history()["note"][:2]
    assert newest == "after all"
    assert before.startswith("takes back the apply of 20")
    assert before.endswith("UTC ('weighed')")
