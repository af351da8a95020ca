"""What a person decides about a row in conflict, in the columns of a left-over file."""

from __future__ import annotations

import polars as pl
import pytest
from writeback_tools import edit, mass, new_rows

from cellframe.errors import PlanError

SHOWN = "cell.mass [g]: 44"


@pytest.fixture
def disputed(colleague, cells):
    """The frame of a mass that a colleague changed too, and a note of our own."""
    colleague.cell_instance.update("c-003", mass(44.0))
    return edit(edit(cells, "c-003", mass=50.0), "c-003", notes="x").filter(
        pl.col("cell") == "c-003"
    )


def decided(frame, choice, shown=SHOWN):
    """The frame with a decision about its rows."""
    return frame.with_columns(_choice=pl.lit(choice), _server_now=pl.lit(shown))


def stored(client):
    record = client.cell_instance.get("c-003")
    return record.measured_properties["cell"]["mass"]["value"], record.notes


@pytest.mark.rule("W21")
def test_mine_is_sent(client, disputed):
    plan = client.cell_instance.plan(decided(disputed, "mine"))
    assert "cell.mass [g]: 44 -> 50" in repr(plan)
    assert client.apply(plan).counts == {"ok": 1}
    assert stored(client) == (50.0, "x")


@pytest.mark.law("A4")
def test_mine_overwrites_nothing_that_came_after_the_plan(client, colleague, disputed):
    plan = client.cell_instance.plan(decided(disputed, "mine"))
    colleague.cell_instance.update("c-003", mass(45.0))
    assert client.apply(plan).counts == {"conflict": 1}
    assert stored(client)[0] == 45.0


@pytest.mark.rule("W21")
def test_theirs_is_kept_and_the_other_edits_are_sent(client, disputed):
    assert client.apply(client.cell_instance.plan(decided(disputed, " Theirs "))).counts == {
        "ok": 1
    }
    assert stored(client) == (44.0, "x")


def test_without_a_choice_it_is_a_conflict(client, disputed):
    plan = client.cell_instance.plan(decided(disputed, None))
    assert plan.summary["conflict"] == 1


@pytest.mark.law("A4")
@pytest.mark.parametrize("choice", ["mine", "theirs"])
def test_a_choice_is_about_what_was_shown(client, colleague, disputed, choice):
    colleague.cell_instance.update("c-003", mass(45.0))
    plan = client.cell_instance.plan(decided(disputed, choice))
    assert plan.summary["conflict"] == 1
    assert "now, which is: cell.mass [g]: 45" in " ".join(repr(plan).split())


@pytest.mark.parametrize("shown", [None, ""])
def test_a_choice_without_what_was_shown_decides_nothing(client, disputed, shown):
    assert client.cell_instance.plan(decided(disputed, "mine", shown)).summary["conflict"] == 1


def test_a_word_that_is_no_choice_is_a_fault_with_its_row(client, disputed):
    with pytest.raises(PlanError, match=r"Row 0, '_choice': 'mien' is no choice"):
        client.cell_instance.plan(decided(disputed, "mien"))


def test_a_choice_for_a_row_without_conflict_says_nothing(client, cells):
    assert not client.cell_instance.plan(decided(cells, "mine"))


def test_theirs_lets_go_of_a_record_that_was_deleted(client, colleague, disputed):
    colleague.cell_instance.delete("c-003")
    held = client.cell_instance.plan(decided(disputed, "mine", "deleted"))
    assert held.summary["conflict"] == 1
    assert not client.cell_instance.plan(decided(disputed, "theirs", "deleted"))


def test_theirs_holds_where_what_was_to_be_kept_is_gone(client, colleague, disputed):
    colleague.cell_instance.update("c-003", mass(41.3))
    plan = client.cell_instance.plan(decided(disputed, "theirs"))
    assert plan.summary["conflict"] == 1
    assert "Decide again" in " ".join(repr(plan).split())


def test_a_kept_value_is_shown_as_it_is(client, disputed):
    plan = client.cell_instance.plan(decided(disputed.with_columns(notes=None), "theirs"))
    assert "cell.mass [g]: 44 (already there)" in repr(plan)


def test_mine_cannot_take_a_name_that_is_taken(client, colleague, spec):
    colleague.cell_instance.create(spec, {"name": "c-1", **mass(39.0)})
    rows = new_rows(cell=["c-1"]).with_columns(pl.lit(41.5).alias("cell.mass [g]"))
    plan = client.cell_instance.plan(decided(rows, "mine", "cell.mass [g]: 39"), spec=spec)
    assert plan.summary["exists"] == 1
    assert "'_choice' cannot give a name that is taken" in " ".join(repr(plan).split())


def test_theirs_lets_go_of_a_name_that_is_taken(client, colleague, spec):
    colleague.cell_instance.create(spec, {"name": "c-1", **mass(39.0)})
    rows = new_rows(cell=["c-1"]).with_columns(pl.lit(41.5).alias("cell.mass [g]"))
    assert client.cell_instance.plan(rows, spec=spec).summary["exists"] == 1
    chosen = decided(rows, "theirs", "cell.mass [g]: 39")
    assert not client.cell_instance.plan(chosen, spec=spec)
