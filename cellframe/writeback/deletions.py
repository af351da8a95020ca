"""Which rows ask for their record to be deleted, and may they? Absence never does.

A delete needs what its asker saw: a record that moved since then is in conflict. What lies below
it is listed, since it goes along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.contract.records import KINDS, opaque_version
from cellframe.frames.faults import Fault
from cellframe.frames.headers import ACTION
from cellframe.writeback.objections import step_of
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.writeback.bases import Bases
    from cellframe.writeback.inputs import Edited, Present, Record
    from cellframe.writeback.steps import Step

DELETE = "delete"
"""What a row says in the reserved column; it is blank where the record stays."""
_MOST_NAMED = 5

_NEW = "Row {row}: a new {noun} cannot be deleted. Drop the row."
_NOWHERE = "Row {row}: no {noun} has the id {id!r}."
_UNKNOWN = (
    "Row {row}: what you read of this {noun} is not known here, and only what was read can be "
    "deleted. Keep the {version!r} column, or name it with plan_delete."
)
_MOVED = "It was changed on the service after you read it. Read it again before you delete it, or keep it."


def read_deletes(frame: pl.DataFrame, numbers: Sequence[int]) -> tuple[frozenset[int], list[Fault]]:
    """Return the rows that ask for a delete, and what in their column is no such word."""
    if ACTION not in frame.columns:
        return frozenset(), []
    rows: set[int] = set()
    faults: list[Fault] = []
    for row, given in enumerate(frame[ACTION].to_list()):
        said = str(given or "").strip()
        if said.casefold() == DELETE:
            rows.add(row)
        elif said:
            message = f"Row {numbers[row]}, {ACTION!r}: {said!r} is no action. Write 'delete', or leave it empty."
            faults.append(Fault(message, numbers[row], None, ACTION, said, "delete or empty"))
    return frozenset(rows), faults


def deletes(edited: Edited, bases: Bases, present: Present) -> Iterator[Step]:
    """Yield a step for every row that asks for a delete; its other cells do not count."""
    for row in sorted(edited.deletes):
        id_ = edited.ids[row]
        words = {"row": edited.numbers[row], "noun": edited.kind.noun}
        if id_ is None:
            yield step_of(edited, row, Action.INVALID, message=_NEW.format(**words))
        elif id_ not in bases and id_ not in present.records:
            message = _NOWHERE.format(**words, id=id_)
            yield step_of(edited, row, Action.INVALID, message=message)
        elif id_ not in bases:
            message = _UNKNOWN.format(**words, version=edited.kind.version)
            yield step_of(edited, row, Action.INVALID, message=message)
        elif id_ not in present.records:
            yield step_of(edited, row, Action.ALREADY_THERE, message="It is deleted already.")
        else:
            yield _one(edited, row, bases[id_].record, present)


def _one(edited: Edited, row: int, read: Record, present: Present) -> Step:
    id_ = str(edited.ids[row])
    now = present.records[id_]
    version = opaque_version(dict(now))
    seen = {opaque_version(dict(read))}
    if version not in seen:
        seen |= {opaque_version(dict(one.record)) for one in present.own({id_}).get(id_, ())}
    action = Action.DELETE if version in seen else Action.CONFLICT
    message = _along(edited.kind, present.below.get(id_, {})) if version in seen else _MOVED
    return step_of(edited, row, action, record=now, version=version, message=message)


def _along(kind: RecordKind, below: dict[str, list[str]]) -> str:
    """Say what lies below a record and goes with it."""
    told: list[str] = []
    for name, names in below.items():
        noun = KINDS[name].noun
        said = f"1 {noun}" if len(names) == 1 else f"{len(names)} {noun}s"
        more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        told.append(f"{said} ({', '.join(names[:_MOST_NAMED])}{more})")
    return f"With this {kind.noun} goes what lies below it: {' and '.join(told)}." if told else ""


def children_of(kind: RecordKind) -> list[RecordKind]:
    """Return the kinds of records that lie below one."""
    return [other for other in KINDS.values() if other.parent == kind.name]
