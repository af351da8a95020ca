"""Somebody else edits: in other cells both edits stand, in one cell it is a conflict."""

from __future__ import annotations

import pytest
from writeback_tools import MASS, Once, classes, edit, mass

from cellframe.contract.wire import Reply
from cellframe.errors import NotFoundError, RefusedError, TransportError

DECIDED = {"skip": (44.0, "conflict"), "mine": (50.0, "ok"), "theirs": (44.0, "unchanged")}


def stored(client, name="c-003"):
    return client.cell_instance.get(name).measured_properties["cell"]["mass"]["value"]


@pytest.fixture
def disputed(client, colleague, cells):
    """A plan with a mass that a colleague changed too, and a note of our own."""
    colleague.cell_instance.update("c-003", mass(44.0))
    return client.cell_instance.plan(edit(edit(cells, "c-003", mass=50.0), "c-004", notes="x"))


@pytest.mark.rule("W9")
def test_a_cell_that_both_edited_is_a_conflict(disputed):
    assert ("c-003", MASS, "conflict") in classes(disputed)
    change = disputed.rows[0].changes[0]
    assert (change.you_read, change.you_have, change.server_now) == (41.3, 50.0, 44.0)


@pytest.mark.rule("W10")
def test_a_conflict_keeps_everything_back(client, disputed):
    receipt = client.apply(disputed)
    assert receipt.counts == {"unchanged": 10, "conflict": 1, "not_attempted": 1}
    assert all(word in receipt.refused for word in ("on_conflict='skip'", "'mine'", "'theirs'"))
    assert client.cell_instance.get("c-004").notes is None
    with pytest.raises(RefusedError):
        receipt.raise_for_failures()


@pytest.mark.rule("W10")
@pytest.mark.parametrize("choice", DECIDED)
def test_a_conflict_is_decided_by_the_caller(client, disputed, choice):
    value, outcome = DECIDED[choice]
    receipt = client.apply(disputed, on_conflict=choice)
    assert [result.outcome.value for result in receipt.results] == [outcome, "ok"]
    assert stored(client) == value
    assert client.cell_instance.get("c-004").notes == "x"


@pytest.mark.rule("W10")
def test_mine_keeps_what_the_colleague_wrote_elsewhere(client, colleague, cells):
    colleague.cell_instance.update("c-003", {**mass(44.0), "notes": "theirs"})
    client.apply(client.cell_instance.plan(edit(cells, "c-003", mass=50.0)), on_conflict="mine")
    assert (stored(client), client.cell_instance.get("c-003").notes) == (50.0, "theirs")


@pytest.mark.rule("W9")
def test_edits_of_other_cells_of_one_record_are_no_conflict(client, colleague, cells):
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    plan = client.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    assert client.apply(plan).counts == {"ok": 1, "unchanged": 11}
    assert client.cell_instance.get("c-003").notes == "theirs"


@pytest.mark.rule("W9")
def test_a_change_and_change_back_is_no_conflict(client, colleague, cells):
    before = client.cell_instance.get("c-003").measured_properties
    colleague.cell_instance.update("c-003", mass(44.0))
    colleague.cell_instance.update("c-003", {"measured_properties": before})
    assert client.apply(client.cell_instance.plan(edit(cells, "c-003", mass=50.0)))


@pytest.mark.rule("W18")
def test_the_same_quantity_in_another_unit_is_no_conflict(client, colleague, cells):
    colleague.cell_instance.update("c-003", mass(0.0413, "kg"))
    assert client.apply(client.cell_instance.plan(edit(cells, "c-003", mass=50.0)))
    assert client.cell_instance.get("c-003").measured_properties["cell"]["mass"] == {
        "value": 0.05,
        "unit": "kg",
    }


@pytest.mark.rule("W11")
@pytest.mark.parametrize("choice", ["fail", "skip", "mine", "theirs"])
def test_a_deleted_record_that_was_edited_is_a_conflict_whatever_is_chosen(
    client, colleague, cells, choice
):
    colleague.cell_instance.delete("c-003")
    plan = client.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    assert "deleted on the service" in plan.rows[0].message
    assert client.apply(plan, on_conflict=choice).counts == {"unchanged": 11, "conflict": 1}


@pytest.mark.rule("W11")
def test_a_deleted_record_that_nobody_edited_is_nothing(client, colleague, cells):
    colleague.cell_instance.delete("c-003")
    assert client.apply(client.cell_instance.plan(edit(cells, "c-004", mass=50.0)))
    with pytest.raises(NotFoundError):
        client.cell_instance.get("c-003")


@pytest.mark.rule("W11")
def test_a_record_deleted_between_plan_and_apply_is_a_conflict(client, colleague, cells):
    plan = client.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    colleague.cell_instance.delete("c-003")
    assert client.apply(plan).counts == {"unchanged": 11, "conflict": 1}


@pytest.mark.rule("W35")
@pytest.mark.law("A4")
def test_the_version_that_was_compared_is_sent_as_if_match(tapped, wire, colleague, cells):
    colleague.cell_instance.update("c-003", {"notes": "theirs"})
    tapped.apply(tapped.cell_instance.plan(edit(cells, "c-003", mass=50.0)))
    assert [request.headers["if-match"] for request in wire.methods("PATCH")] == ['"2"']
    assert tapped.last_receipt.results[0].guard == "if_match"


@pytest.mark.rule("W35")
def test_a_disjoint_edit_on_the_way_is_merged(tapped, wire, client, colleague, cells):
    plan = tapped.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    fields = client.cell_instance.get("c-003").measured_properties | {"anode": {"p": "y"}}
    theirs = {"measured_properties": fields, "notes": "theirs"}
    wire.before = Once("PATCH", lambda: colleague.cell_instance.update("c-003", theirs))
    (result,) = tapped.apply(plan).results
    assert (result.outcome.value, result.attempts) == ("ok", 2)
    now = client.cell_instance.get("c-003")
    assert (now.notes, now.measured_properties["anode"]) == ("theirs", {"p": "y"})


@pytest.mark.rule("W35")
@pytest.mark.parametrize(("choice", "value"), [("fail", 44.0), ("mine", 50.0), ("theirs", 44.0)])
def test_an_edit_of_the_same_cell_on_the_way(tapped, wire, colleague, cells, choice, value):
    plan = tapped.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    wire.before = Once("PATCH", lambda: colleague.cell_instance.update("c-003", mass(44.0)))
    receipt = tapped.apply(plan, on_conflict=choice)
    outcomes = {"fail": "conflict", "mine": "ok", "theirs": "unchanged"}
    assert receipt.results[0].outcome.value == outcomes[choice]
    assert stored(tapped) == value


@pytest.mark.rule("W35")
def test_the_same_edit_on_the_way_is_no_second_write(tapped, wire, colleague, cells):
    plan = tapped.cell_instance.plan(edit(cells, "c-003", notes="same"))
    wire.before = Once("PATCH", lambda: colleague.cell_instance.update("c-003", {"notes": "same"}))
    assert tapped.apply(plan).results[0].outcome.value == "unchanged"


@pytest.mark.rule("W35")
def test_a_record_that_never_rests_is_a_conflict_in_the_end(tapped, wire, colleague, cells):
    plan = tapped.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    count = iter(range(99))

    def move(request):
        if request.method == "PATCH":
            colleague.cell_instance.update("c-003", {"notes": f"{next(count)}"})

    wire.before = move
    assert "kept changing" in tapped.apply(plan).results[0].message


@pytest.fixture
def unguarded(wire, tapped):
    """The same service without capabilities: no versions are compared there."""
    missing = Reply(404, {}, b'{"error_code": "NOT_FOUND", "message": "no", "detail": null}')
    wire.before = lambda r: missing if r.path == "/discovery/capabilities" else None
    return tapped


@pytest.mark.rule("W35")
def test_without_if_match_the_record_is_read_just_before(unguarded, wire, cells, spec):
    frame = unguarded.cell_instance.to_frame(spec)
    plan = unguarded.cell_instance.plan(edit(frame, "c-003", mass=50.0))
    del wire.sent[:]
    assert unguarded.apply(plan).results[0].guard == "compare"
    assert [r.method for r in wire.sent if "/discovery" not in r.path] == ["GET", "PATCH"]
    assert "if-match" not in wire.methods("PATCH")[0].headers


@pytest.mark.rule("W35")
def test_without_if_match_a_late_edit_of_the_same_cell_is_a_conflict(
    unguarded, colleague, cells, spec
):
    frame = unguarded.cell_instance.to_frame(spec)
    plan = unguarded.cell_instance.plan(edit(frame, "c-003", mass=50.0))
    colleague.cell_instance.update("c-003", mass(44.0))
    assert unguarded.apply(plan).counts == {"unchanged": 11, "conflict": 1}
    assert stored(unguarded) == 44.0


def _lost(request, reply):
    if "discovery" in request.path:
        return reply
    raise TransportError("lost", request=str(request), sent=True)


@pytest.mark.rule("W37")
def test_a_write_that_nobody_answers_for_is_unknown(tapped, wire, cells, client):
    plan = tapped.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    wire.after = _lost
    (result,) = tapped.apply(plan).results
    assert (result.outcome.value, result.status) == ("unknown", None)
    assert "Nobody knows whether it was written: client.resume()" in result.message
    assert stored(client) == 50.0


@pytest.mark.rule("W9")
def test_ones_own_earlier_write_is_never_a_conflict(client, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-003", mass=44.0)))
    plan = client.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    assert plan.summary == {"create": 0, "update": 1, "unchanged": 11}
    assert client.apply(plan)
    assert stored(client) == 50.0


@pytest.mark.rule("W9")
def test_a_colleagues_write_after_ones_own_is_a_conflict(client, colleague, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-003", mass=44.0)))
    colleague.cell_instance.update("c-003", mass(45.0))
    plan = client.cell_instance.plan(edit(cells, "c-003", mass=50.0))
    assert plan.summary["conflict"] == 1


@pytest.mark.rule("W9")
def test_ones_own_write_may_be_cleared_from_an_older_frame(client, cells):
    client.apply(client.cell_instance.plan(edit(cells, "c-003", mass=44.0)))
    plan = client.cell_instance.plan(edit(cells, "c-003", mass=None))
    assert plan.summary["cells_cleared"] == 1
    assert client.apply(plan)
