"""Records are deleted by a plan alone: named, counted, as they were read, with what lies below."""

from __future__ import annotations

import polars as pl
import pytest
from writeback_tools import edit

from cellframe.errors import PlanError


def marked(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    """The frame in which some rows ask for a delete."""
    word = pl.when(pl.col("cell").is_in(names)).then(pl.lit("delete"))
    return frame.with_columns(word.alias("_action"))


def names_of(client) -> set[str]:
    """The cells that the service has."""
    return {cell.name for cell in client.cell_instance.list()}


@pytest.mark.rule("W45")
def test_a_row_that_is_missing_deletes_nothing(client, cells):
    assert not client.cell_instance.plan(cells.head(3))


@pytest.mark.rule("W45")
@pytest.mark.rule("W46")
def test_a_delete_by_column_needs_its_count(client, cells):
    plan = client.cell_instance.plan(marked(cells, "c-003", "c-004"))
    assert plan.summary["delete"] == 2
    assert "max_deletes=2" in client.apply(plan).refused
    assert client.apply(plan, max_deletes=2).counts["ok"] == 2
    assert names_of(client) == set(cells["cell"]) - {"c-003", "c-004"}


@pytest.mark.rule("W46")
def test_a_choice_in_a_file_deletes_nothing_that_moved(client, colleague, cells):
    colleague.cell_instance.update(cells["instance_id"][3], {"notes": "still needed"})
    chosen = marked(cells, "c-003").with_columns(_choice=pl.lit("mine"), _server_now=pl.lit(""))
    plan = client.cell_instance.plan(chosen)
    assert (plan.summary["conflict"], "delete" in plan.summary) == (1, False)
    assert "Read it again before you delete it" in str(plan)


@pytest.mark.rule("W46")
def test_a_larger_count_than_is_there_is_no_blank_cheque(client, cells):
    plan = client.cell_instance.plan(marked(cells, "c-003", "c-004"))
    assert "more than the 1 that are meant" in client.apply(plan, max_deletes=1).refused
    assert len(names_of(client)) == 12


@pytest.mark.rule("W46")
def test_a_record_that_moved_since_it_was_read_is_a_conflict(client, colleague, cells):
    colleague.cell_instance.update(cells["instance_id"][3], {"notes": "still needed"})
    plan = client.cell_instance.plan(marked(cells, "c-003"))
    assert plan.summary["conflict"] == 1
    assert "Nothing was sent" in client.apply(plan, max_deletes=1).refused


@pytest.mark.rule("W46")
def test_a_row_without_its_version_is_not_deleted(client, cells):
    plan = client.cell_instance.plan(marked(cells, "c-003").drop("instance_version"))
    (step,) = plan
    assert step.action.value == "invalid"
    assert "instance_version" in step.message


@pytest.mark.rule("W46")
def test_a_delete_tells_what_lies_below(client, cells):
    for name in ("t1", "t2"):
        client.cell_measurement.create_properties(cells["instance_id"][3], name, {})
    (step,) = client.cell_instance.plan(marked(cells, "c-003"))
    assert "2 tests (" in step.message
    assert "t1" in step.message


def test_a_record_that_is_gone_already_is_there_already(client, cells):
    client.cell_instance.delete(cells["instance_id"][3])
    plan = client.cell_instance.plan(marked(cells, "c-003"))
    assert plan.summary["already_there"] == 1


def test_ones_own_write_since_is_no_conflict(client, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-003", notes="mine")))
    assert client.cell_instance.plan(marked(cells, "c-003")).summary["delete"] == 1


def test_a_new_row_cannot_be_deleted(client, cells):
    frame = marked(cells, "c-003").with_columns(
        instance_id=pl.when(pl.col("cell") != "c-003").then("instance_id")
    )
    assert "Drop the row" in client.cell_instance.plan(frame).rows[0].message


@pytest.mark.rule("W33")
def test_deletes_come_after_everything_else(client, cells):
    frame = marked(edit(cells, "c-009", notes="x"), "c-001")
    assert [s.action.value for s in client.cell_instance.plan(frame)] == ["update", "delete"]


@pytest.mark.rule("W46")
@pytest.mark.parametrize("which", ["ids", "frame"])
def test_plan_delete_takes_ids_or_a_frame_and_its_count(client, cells, which):
    few = cells.head(2)
    given = few["instance_id"].to_list() if which == "ids" else few
    plan = client.cell_instance.plan_delete(given, expect=2)
    assert client.apply(plan).counts == {"ok": 2}
    assert len(names_of(client)) == 10


@pytest.mark.rule("W46")
@pytest.mark.parametrize("rows", [0, 1, 3])
def test_plan_delete_refuses_another_count(client, cells, rows):
    with pytest.raises(PlanError, match="expect=2"):
        client.cell_instance.plan_delete(cells.head(rows), expect=2)


@pytest.mark.rule("W46")
def test_nothing_selected_is_never_everything(client, cells):
    with pytest.raises(PlanError, match="never means all"):
        client.cell_instance.plan_delete(cells.head(0), expect=0)


def test_delete_many_is_plan_delete_and_apply(client, cells):
    assert client.cell_instance.delete_many(cells.head(2), expect=2).counts == {"ok": 2}
    assert len(names_of(client)) == 10
