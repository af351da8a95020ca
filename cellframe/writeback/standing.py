"""What stands of a row: decided by the caller, compared again with the service, or not sent at all? Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from cellframe.contract.records import opaque_version
from cellframe.frames.decode import value_of
from cellframe.frames.encode import displaced
from cellframe.writeback.diff import Class, is_same
from cellframe.writeback.receipt import Outcome, Result
from cellframe.writeback.steps import STOPS, WRITES, Action, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.writeback.diff import Value
    from cellframe.writeback.steps import Change

OnConflict = Literal["fail", "skip", "mine", "theirs"]


def recheck(step: Step, current: Mapping[str, Any], on_conflict: OnConflict) -> Step:
    """Return a step compared again with the record as it is now.

    Returns
    -------
    Step
        With the version of `current`. A conflict where an edited cell moved to a third value,
        unless the caller decided whose value stands.
    """
    changes: list[Change] = []
    for change in step.changes:
        value = value_of(step.kind, current, change.column)
        stood = displaced(change.column, current) == displaced(change.column, step.record)
        if is_same(change.column, value, change.you_have):
            what = Class.ALREADY_THERE
        else:
            moved_on = not stood or not is_same(change.column, value, change.server_now)
            what = Class.CONFLICT if moved_on else change.what
        changes.append(replace(change, what=what, server_now=value))
    found = {change.what for change in changes}
    moved = replace(
        step, changes=tuple(changes), record=current, version=opaque_version(dict(current))
    )
    if Class.CONFLICT in found:
        return decided(replace(moved, action=Action.CONFLICT), on_conflict)
    done = found <= {Class.ALREADY_THERE}
    return replace(moved, action=Action.ALREADY_THERE if done else Action.UPDATE)


def is_moved(step: Step, current: Mapping[str, Any]) -> bool:
    """Whether a record is no longer the one that a step was compared with."""
    return opaque_version(dict(current)) != step.version


def conflict_words(step: Step) -> str:
    """Say which cells are in conflict, with all three values."""
    cells = [
        f"{c.label!r}: you read {words(c.you_read)}, you have {words(c.you_have)}, server now {words(c.server_now)}"
        for c in step.changes
        if c.what is Class.CONFLICT
    ]
    return "; ".join(cells) or "The record moved on the service."


def words(value: Value) -> str:
    """Return a value as it is spoken of."""
    return "nothing" if value is None else repr(value) if isinstance(value, str) else str(value)


def decided(step: Step, on_conflict: OnConflict) -> Step:
    """Return a row in conflict as the caller decided it; a deleted record has nothing to decide."""
    if step.action is not Action.CONFLICT or not step.record:
        return step
    if on_conflict == "mine":
        return step.settled(Class.CHANGE)
    return step.settled(Class.ALREADY_THERE) if on_conflict == "theirs" else step


def standing(step: Step) -> Result | None:
    """Return the result of a step that has nothing to send; None where it has."""
    if step.action in WRITES:
        return None
    if step.action not in STOPS:
        return unsent(step, Outcome.UNCHANGED)
    outcome = Outcome.INVALID if step.action is Action.INVALID else Outcome.CONFLICT
    return unsent(step, outcome, step.message or conflict_words(step))


def unsent(step: Step, outcome: Outcome, message: str = "") -> Result:
    """Return the result of a step for which no request was made."""
    return Result(
        step.row, step.kind.noun, step.name, step.id, step.action.value, outcome, message=message
    )
