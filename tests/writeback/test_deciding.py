"""Conflicts are decided cell by cell, for the value that was seen; a plan is made anew on what came since."""

from __future__ import annotations

import polars as pl
import pytest
from writeback_tools import MASS, POLICY, classes, edit, mass, new_rows

from cellframe.errors import PlanError


@pytest.fixture
def plan(client, colleague, cells):
    """A plan with a mass and a policy in conflict, a note beside them, and a row of its own."""
    body = {"cell": {"mass": {"value": 44.0, "unit": "g"}, "policy": "theirs"}}
    colleague.cell_instance.update("c-003", {"measured_properties": body})
    frame = edit(edit(cells, "c-003", mass=50.0, policy="mine"), "c-003", notes="x")
    return client.cell_instance.plan(edit(frame, "c-004", mass=60.0))


def decided(plan, **choices):
    """The conflicts of a plan with a choice by column; one word is for all."""
    word = choices.get("all", "")
    column = pl.col("column").replace_strict(
        {MASS: choices.get("mass", word), POLICY: choices.get("policy", word)}, default=word
    )
    return plan.conflicts().with_columns(choice=column)


def stored(client):
    record = client.cell_instance.get("c-003")
    cell = record.measured_properties["cell"]
    return cell["mass"]["value"], cell["policy"], record.notes


@pytest.mark.rule("W33")
def test_the_conflicts_of_a_plan_wait_for_a_choice(plan):
    frame = plan.conflicts()
    assert frame["column"].to_list() == [MASS, POLICY]
    assert frame["choice"].to_list() == [None, None]
    assert frame["server_now"].to_list() == ["44", "theirs"]


@pytest.mark.rule("W33")
@pytest.mark.parametrize(
    ("choices", "kept"),
    [
        ({"all": "mine"}, (50.0, "mine", "x")),
        ({"all": "theirs"}, (44.0, "theirs", "x")),
        ({"mass": "mine", "policy": "theirs"}, (50.0, "theirs", "x")),
        ({"mass": " Theirs", "policy": "keep mine"}, (44.0, "mine", "x")),
    ],
)
def test_each_cell_is_as_it_was_decided(client, plan, choices, kept):
    resolved = plan.resolve(decided(plan, **choices))
    assert resolved.summary == {"create": 0, "update": 2, "unchanged": 10}
    assert client.apply(resolved).counts["ok"] == 2
    assert stored(client) == kept


@pytest.mark.rule("W33")
@pytest.mark.parametrize("choices", [{"all": "mine"}, {"mass": "mine", "policy": "theirs"}])
def test_a_decided_plan_is_saved_with_its_decisions(client, plan, tmp_path, choices):
    path = tmp_path / "plan.json"
    path.write_text(plan.resolve(decided(plan, **choices)).to_json())
    assert client.apply(client.load_plan(path)).counts == {"ok": 2}
    assert stored(client)[0] == 50.0


@pytest.mark.law("A4")
@pytest.mark.parametrize("choices", [{"all": "mine"}, {"mass": "mine", "policy": "theirs"}])
def test_a_decision_is_about_the_value_that_was_seen(colleague, plan, choices):
    resolved = plan.resolve(decided(plan, **choices))
    colleague.cell_instance.update("c-003", mass(45.0))
    again = resolved.rebase()
    assert again.summary["conflict"] == 1
    assert "Decide again" in " ".join(repr(again).split())


@pytest.mark.law("A4")
def test_a_decision_that_was_made_for_an_older_plan_decides_nothing(colleague, plan):
    old = decided(plan, mass="mine", policy="theirs")
    colleague.cell_instance.update("c-003", mass(45.0))
    assert plan.rebase().resolve(old).summary["conflict"] == 1


def test_a_decision_comes_back_by_pandas_and_under_its_other_name(plan):
    frame = decided(plan, all="mine").rename({"choice": "_choice"}).to_pandas()
    assert plan.resolve(frame).summary["update"] == 2


def test_nothing_decided_is_the_same_plan(plan):
    assert plan.resolve(plan.conflicts()).digest == plan.digest


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda frame: frame.with_columns(choice=pl.lit("mien")), "'mien' is no choice"),
        (lambda frame: frame[:1].with_columns(choice=pl.lit("mine")), "decided in part: 'cell.pol"),
        (lambda frame: frame.drop("choice"), "no column 'choice'"),
        (lambda frame: frame.drop("server_now"), "no column 'server_now'"),
        (
            lambda frame: frame.with_columns(choice=pl.lit("mine"), row=pl.lit(7)),
            "nothing of this cell is in conflict",
        ),
    ],
)
def test_a_decision_that_fits_nothing_is_refused_with_its_place(plan, change, said):
    with pytest.raises(PlanError, match=said):
        plan.resolve(change(plan.conflicts()))


def test_a_name_that_is_taken_can_be_left_to_them(client, colleague, spec):
    colleague.cell_instance.create(spec, {"name": "c-1", **mass(39.0)})
    rows = new_rows(cell=["c-1"]).with_columns(pl.lit(41.5).alias(MASS))
    plan = client.cell_instance.plan(rows, spec=spec)
    assert not plan.resolve(decided(plan, all="theirs"))


def test_a_deleted_record_can_be_left_to_them(client, colleague, cells):
    colleague.cell_instance.delete("c-003")
    plan = client.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    assert plan.summary["conflict"] == 1
    assert not plan.resolve(decided(plan, all="theirs"))
    assert plan.resolve(decided(plan, all="mine")).summary["conflict"] == 1


@pytest.mark.rule("W32")
@pytest.mark.law("D10")
def test_a_rebased_plan_merges_what_others_did_elsewhere_and_reports_the_rest(
    client, colleague, cells
):
    frame = edit(edit(cells, "c-003", mass=50.0), "c-004", notes="x")
    plan = client.cell_instance.plan(frame)
    colleague.cell_instance.update("c-003", mass(44.0))
    colleague.cell_instance.update("c-004", mass(49.0))
    rebased = plan.rebase()
    assert classes(rebased) == {("c-003", MASS, "conflict"), ("c-004", "notes", "change")}
    assert client.apply(rebased, on_conflict="skip").counts == {"conflict": 1, "ok": 1}
    assert client.cell_instance.get("c-004").measured_properties["cell"]["mass"]["value"] == 49.0


@pytest.mark.rule("W32")
@pytest.mark.law("D10")
def test_to_rebase_sends_reads_alone(tapped, wire, cells):
    plan = tapped.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    wire.sent.clear()
    assert plan.rebase().digest
    assert {request.method for request in wire.sent} == {"GET"}


@pytest.mark.law("D10")
def test_a_plan_that_nobody_moved_is_rebased_to_itself(client, cells):
    rows = new_rows(cell=["n-1"], batch=["B7"])
    for plan in (
        client.cell_instance.plan(edit(cells, "c-003", mass=50.0)),
        client.cell_instance.plan(rows, spec="LFP 18650"),
    ):
        seen = ["action", "name", "column", "class", "you_read", "you_have", "server_now"]
        assert plan.rebase().to_frame().select(seen).equals(plan.to_frame().select(seen))
