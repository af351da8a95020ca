"""Rows that stand for records: compared with what was read and with what the service has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import RecordKind, Type, opaque_version
from cellframe.frames.columns import Column, Leaf, parse
from cellframe.frames.decode import unit_of, value_of
from cellframe.frames.rows import decode_records
from cellframe.frames.tags import merged
from cellframe.writeback.diff import Class, diff, edited_cells, is_same
from cellframe.writeback.objections import held_against, invalid, step_of, without_loss
from cellframe.writeback.steps import Action, Change, Step
from cellframe.writeback.unit_edits import relabelled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cellframe.store.journals import Written
    from cellframe.writeback.bases import Bases
    from cellframe.writeback.inputs import Edited, Present, Record

_DELETED = "It was deleted on the service after you read it. Drop the row, or clear its id to make the record anew."


def touched(edited: Edited, bases: Bases, read: pl.DataFrame) -> list[str]:
    """Ids of the rows that are not as they were read: what the service is asked about.

    Parameters
    ----------
    read : DataFrame, shape (n_rows, n_columns)
        What was read, as `Bases.columns` gives it; null where that is not known.
    """
    rows = [row for row in edited.old_rows if edited.ids[row] in bases]
    cells = edited_cells(_compared(edited), _of(read, rows), _of(edited.typed.frame, rows))
    mask = (
        cells.select(pl.any_horizontal(pl.all())).to_series()
        if cells.width
        else pl.Series([False] * len(rows))
    )
    broken = {fault.row for fault in edited.typed.faults}
    return [
        str(edited.ids[row])
        for row, is_edited in zip(rows, mask, strict=True)
        if is_edited or row in broken
    ]


def _compared(edited: Edited) -> dict[str, Column]:
    """Return the columns that are compared.

    Not the id and the version, which only find the base, nor what the service works out.
    """
    return {
        label: column
        for label, column in edited.columns.items()
        if column.leaf is not Leaf.VERSION
        and not (
            column.field
            and (column.field.name == "id" or (column.field.derived and not column.field.instead))
        )
    }


def _of(frame: pl.DataFrame, rows: Sequence[int]) -> pl.DataFrame:
    """Return some rows of a frame, in ascending order; all of them are the frame."""
    return frame if len(rows) == frame.height else frame[list(rows)]


def _decoded(
    kind: RecordKind,
    columns: Sequence[Column],
    records: Sequence[Record],
    parents: Mapping[str, str],
) -> tuple[pl.DataFrame, dict[tuple[int, str], str]]:
    if not columns:
        return pl.DataFrame(), {}
    frame, faults = decode_records(kind, records, columns, parents)
    return frame, {(fault.row or 0, str(fault.column)): fault.rule for fault in faults}


def updates(
    edited: Edited, bases: Bases, present: Present, asked: AbstractSet[str]
) -> Iterator[Step]:
    """Yield a step for every row that stands for a record and is not as it was read."""
    open_rows = [row for row in edited.old_rows if edited.ids[row] in asked]
    rows = [
        row for row in open_rows if edited.ids[row] in bases or edited.ids[row] in present.records
    ]
    for row in set(open_rows).difference(rows):
        message = (
            f"Row {edited.numbers[row]}: no {edited.kind.noun} has the id {edited.ids[row]!r}. "
            "Clear it where the row is a new one."
        )
        yield step_of(edited, row, Action.INVALID, message=message)
    if not rows:
        return
    compared = _Compared(edited, rows, bases, present)
    found = compared.changes()
    disputed = {
        row for row, changes in found.items() if any(c.what is Class.CONFLICT for c in changes)
    }
    own = present.own({str(edited.ids[row]) for row in disputed}) if disputed else {}
    for row, changes in found.items():
        id_ = str(edited.ids[row])
        settled = [_unless_own(edited.kind, change, own.get(id_, ())) for change in changes]
        yield _classed(edited, row, settled, present.records.get(id_), present)


class _Compared:
    """Rows of records, aligned: as they were read, as they are in the frame, as the service has them."""

    def __init__(self, edited: Edited, rows: Sequence[int], bases: Bases, present: Present) -> None:
        self.edited = edited
        self.present = present
        self.rows = rows
        self.bases = bases
        self.known = pl.Series([edited.ids[row] in bases for row in rows], dtype=pl.Boolean)
        # Without a known base the service's own values stand in: a two-way comparison.
        stand_in = bases.standing_in(present.records)
        columns, ids = list(edited.columns.values()), [str(edited.ids[row]) for row in rows]
        self.base, self.clashes = stand_in.columns(columns, ids)
        self.mine = _of(edited.typed.frame, rows)
        now = [present.records.get(id_, {}) for id_ in ids]
        self.theirs, _ = _decoded(edited.kind, columns, now, bases.parents)

    def changes(self) -> dict[int, list[Change]]:
        """Return the edited cells, by row of the frame; a value that could not be read is one."""
        found: dict[int, list[Change]] = {}
        places = {row: place for place, row in enumerate(self.rows)}
        broken = {at: f for at, f in self.edited.typed.broken.items() if at[0] in places}
        cells = diff(_compared(self.edited), self.base, self.mine, self.theirs, self.known)
        for place, label, what in cells.iter_rows():
            row = self.rows[place]
            if (row, label) not in broken and (change := self._change(place, label, Class(what))):
                found.setdefault(row, []).append(change)
        for (row, label), fault in broken.items():
            column, read = self.edited.columns[label], self.base[label][places[row]]
            change = Change(label, column, Class.INVALID, read, fault.value, None, fault.message)
            found.setdefault(row, []).append(change)
        return found

    def _change(self, place: int, label: str, what: Class) -> Change | None:
        row, column = self.rows[place], self.edited.columns[label]
        is_known = str(self.edited.ids[row]) in self.bases
        read, have = self.base[label][place], self.mine[label][place]
        if column.leaf is Leaf.PARENT_NAME and (not is_known or read is None):
            return None
        change = _joined(Change(label, column, what, read, have, self.theirs[label][place]))
        clash = self.clashes.get((place, label), "")
        shown = self._shown(row, column)
        if not clash and relabelled(column, read, have, shown):
            if self.edited.unit_edit == "convert":
                return None
            shown = [] if self.edited.unit_edit == "relabel" else shown
        return held_against(self.edited, row, change, clash=clash, shown=shown)

    def _shown(self, row: int, column: Column) -> list[str]:
        """Return the units in which this quantity may have been read."""
        id_ = str(self.edited.ids[row])
        base = self.bases.get(id_)
        record = base.record if base is not None else self.present.records.get(id_, {})
        name = ".".join(parse(column.label)[0])
        known = base.units.get(name) if base is not None else None
        own = unit_of(column, record)
        return [unit for unit in (known, own) if unit is not None]


def _joined(change: Change) -> Change:
    """Return tags that both sides edited as one edit: what one adds is none of the other's."""
    if change.column.type is not Type.TAGS or change.what is not Class.CONFLICT:
        return change
    read, have, now = change.you_read, change.you_have, change.server_now
    both = merged(*(None if text is None else str(text) for text in (read, have, now)))
    if is_same(change.column, both, now):
        return replace(change, what=Class.ALREADY_THERE)
    what = Class.CLEAR if both is None else Class.CHANGE
    return replace(change, what=what, you_have=both)


def _classed(
    edited: Edited, row: int, changes: list[Change], now: Record | None, present: Present
) -> Step:
    """One edited row: which of conflict, invalid, update or already there it is."""
    changes = without_loss(edited, row, changes, now or {})
    changes = [_unless_taken(edited, row, change, present) for change in changes]
    found = {change.what for change in changes}
    more: dict[str, Any] = {
        "changes": tuple(changes),
        "record": now or {},
        "version": opaque_version(dict(now or {})),
    }
    if Class.INVALID in found:
        words = " ".join(change.message for change in changes if change.message)
        return step_of(edited, row, Action.INVALID, **more, message=words)
    if now is None:
        changes = [replace(change, what=Class.CONFLICT) for change in changes]
        more["changes"] = tuple(changes)
        return step_of(edited, row, Action.CONFLICT, **more, message=_DELETED)
    if Class.CONFLICT in found:
        return step_of(edited, row, Action.CONFLICT, **more)
    if found == {Class.ALREADY_THERE}:
        return step_of(edited, row, Action.ALREADY_THERE, **more)
    return step_of(edited, row, Action.UPDATE, **more)


def _unless_taken(edited: Edited, row: int, change: Change, present: Present) -> Change:
    """Return a new name as invalid where another record has it."""
    if change.column.type is not Type.NAME or change.what is not Class.CHANGE:
        return change
    other = present.namesakes.get(edited.name_key(row, str(change.you_have)))
    if other is None or other["id"] == edited.ids[row]:
        return change
    noun = edited.kind.noun
    rule = f"is the name of another {noun} already, whose id is {other['id']}"
    advice = "To swap two names, give one of them a third name first."
    return invalid(edited, row, change, (rule, advice))


def _unless_own(kind: RecordKind, change: Change, own: Sequence[Written]) -> Change:
    """Return a conflict with one's own newest write to this very cell as a change of it."""
    if change.what is not Class.CONFLICT:
        return change
    newest = next((written for written in own if change.column.place in written.places), None)
    if newest is None:
        return change
    wrote = value_of(kind, newest.record, change.column)
    if not is_same(change.column, wrote, change.server_now):
        return change
    what = Class.CHANGE if change.you_have is not None else Class.CLEAR
    return replace(change, what=what, you_read=change.server_now, is_own=True)
