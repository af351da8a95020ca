"""An edited frame, what was read and what the service has become a plan. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from cellframe.contract.records import CELL_BATCH, RecordKind, opaque_version
from cellframe.frames.columns import Column, Leaf
from cellframe.frames.decode import decode, dtype_of
from cellframe.frames.faults import cell_fault
from cellframe.writeback.diff import Class, diff, edited_cells, same
from cellframe.writeback.objections import objection
from cellframe.writeback.plan import Action, Change, Plan, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cellframe.frames.cast import Typed

Record: TypeAlias = "Mapping[str, Any]"

_DELETED = "It was deleted on the service after you read it."
_ALIKE = 0.6
"""How alike two lot names are before the plan points at it."""


@dataclass(frozen=True, slots=True)
class Base:
    """One record as the editor read it.

    Attributes
    ----------
    record : mapping
        The record.
    parents : mapping of str to str
        Names of parents by id, as they were shown.
    units : mapping of str to str
        Units in which its quantities were shown, by label without unit.
    """

    record: Record
    parents: Mapping[str, str]
    units: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Edited:
    """An edited frame, read.

    Attributes
    ----------
    kind : RecordKind
        What the rows are.
    frame : DataFrame
        As it was given, in polars.
    columns : mapping of str to Column
        By label; comments are left out.
    typed : Typed
        The columns with their declared types.
    ids, names, parent_ids : sequences, shape (n_rows,)
        Of each row; None where the cell is empty.
    """

    kind: RecordKind
    frame: pl.DataFrame
    columns: Mapping[str, Column]
    typed: Typed
    ids: Sequence[str | None]
    names: Sequence[str | None]
    parent_ids: Sequence[str | None]

    @property
    def old_rows(self) -> list[int]:
        """Rows that stand for a record."""
        return [row for row, id_ in enumerate(self.ids) if id_ is not None]

    @property
    def new_rows(self) -> list[int]:
        """Rows that stand for a record to create."""
        return [row for row, id_ in enumerate(self.ids) if id_ is None]


@dataclass(slots=True)
class Present:
    """What the service has now, as far as the plan needs it.

    Attributes
    ----------
    records : dict of str to mapping
        By id: every record that is edited, or whose base is not known.
    namesakes : dict of (str or None, str) to mapping
        Records that have a new row's name already, by parent and name.
    lots : dict of str to dict
        By parent, the lots' names without case and their (name, id); absent where the service
        keeps lots as text.
    own : mapping of str to sequence of mapping
        By id, the record after each write that was made from here.
    """

    records: dict[str, Record] = field(default_factory=dict)
    namesakes: dict[tuple[str | None, str], Record] = field(default_factory=dict)
    lots: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    own: Mapping[str, Sequence[Record]] = field(default_factory=dict)


def fold(name: str) -> str:
    """Return a lot's name as it is compared."""
    return unicodedata.normalize("NFC", name).casefold()


def touched(edited: Edited, bases: Mapping[str, Base]) -> list[str]:
    """Ids of the rows that are not as they were read: what the service is asked about."""
    rows = [row for row in edited.old_rows if edited.ids[row] in bases]
    frame = _take(edited, rows)
    base, _ = _aligned(edited, rows, bases)
    cells = edited_cells(_compared(edited), base, frame)
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


def assemble(
    edited: Edited, bases: Mapping[str, Base], present: Present, asked: AbstractSet[str], plan: Plan
) -> Plan:
    """Return the plan of an edited frame.

    Parameters
    ----------
    edited : Edited
        The frame.
    bases : mapping of str to Base
        What was read, by id, as far as it is known.
    present : Present
        What the service has.
    asked : set of str
        Ids that the service was asked about: the rows that are not as they were read, and those
        whose base is not known. The others are unchanged.
    plan : Plan
        An empty plan: whose it is and what its limits are part of.
    """
    steps = {
        step.row: step
        for step in [*_updates(edited, bases, present, asked), *_creates(edited, present)]
    }
    rows = [steps[row] for row in sorted(steps, key=lambda row: -1 if row is None else row)]
    lots, known = _lots(rows, present)
    return replace(plan, steps=(*lots, *rows), lots=known)


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


def _take(edited: Edited, rows: Sequence[int]) -> pl.DataFrame:
    return edited.typed.frame[list(rows)]


def _aligned(
    edited: Edited, rows: Sequence[int], bases: Mapping[str, Base]
) -> tuple[pl.DataFrame, dict[tuple[int, str], str]]:
    """Return what was read of some rows, in their order, and the cells whose unit does not convert."""
    found = [bases[str(edited.ids[row])] for row in rows]
    parents = {id_: name for base in found for id_, name in base.parents.items()}
    return _decoded(edited, [base.record for base in found], parents)


def _decoded(
    edited: Edited, records: Sequence[Record], parents: Mapping[str, str]
) -> tuple[pl.DataFrame, dict[tuple[int, str], str]]:
    columns = list(edited.columns.values())
    if not columns:
        return pl.DataFrame(), {}
    frame, faults = decode(edited.kind, records, columns, parents)
    return frame, {(fault.row or 0, str(fault.column)): fault.rule for fault in faults}


def _step(edited: Edited, row: int, action: Action, **more: Any) -> Step:
    return Step(
        action, edited.kind, row, edited.ids[row], edited.names[row], edited.parent_ids[row], **more
    )


def _updates(
    edited: Edited, bases: Mapping[str, Base], present: Present, asked: AbstractSet[str]
) -> Iterator[Step]:
    open_rows = [row for row in edited.old_rows if edited.ids[row] in asked]
    rows = [
        row for row in open_rows if edited.ids[row] in bases or edited.ids[row] in present.records
    ]
    for row in set(open_rows).difference(rows):
        message = (
            f"Row {row}: no {edited.kind.noun} has the id {edited.ids[row]!r}. "
            "Clear it where the row is a new one."
        )
        yield _step(edited, row, Action.INVALID, message=message)
    if not rows:
        return
    compared = _Compared(edited, rows, bases, present)
    for row, changes in compared.changes().items():
        now = present.records.get(str(edited.ids[row]))
        yield _classed(edited, row, changes, now, present)


class _Compared:
    """Rows of records, aligned: as they were read, as they are in the frame, as the service has them."""

    def __init__(
        self, edited: Edited, rows: Sequence[int], bases: Mapping[str, Base], present: Present
    ) -> None:
        self.edited = edited
        self.rows = rows
        self.bases = bases
        self.known = pl.Series([edited.ids[row] in bases for row in rows], dtype=pl.Boolean)
        # Without a known base the service's own values stand in: a two-way comparison.
        stand_in = {id_: Base(record, {}, {}) for id_, record in present.records.items()}
        self.base, self.clashes = _aligned(edited, rows, {**stand_in, **bases})
        self.mine = _take(edited, rows)
        parents = {id_: name for base in bases.values() for id_, name in base.parents.items()}
        now = [present.records.get(str(edited.ids[row]), {}) for row in rows]
        self.theirs, _ = _decoded(edited, now, parents)

    def changes(self) -> dict[int, list[Change]]:
        """Return the edited cells, by row of the frame; a value that could not be read is one."""
        found: dict[int, list[Change]] = {}
        places = {row: place for place, row in enumerate(self.rows)}
        faults = [f for f in self.edited.typed.faults if f.row is not None and f.row in places]
        broken = {(int(f.row or 0), str(f.column)): f for f in faults}
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
        base = self.bases.get(str(self.edited.ids[row]))
        read, have = self.base[label][place], self.mine[label][place]
        if column.leaf is Leaf.PARENT_NAME and (base is None or read is None):
            return None
        change = Change(label, column, what, read, have, self.theirs[label][place])
        clash = self.clashes.get((place, label), "")
        return _objected(self.edited, row, change, clash=clash, units=base.units if base else {})


def _objected(edited: Edited, row: int, change: Change, **more: Any) -> Change:
    """Return a cell as it is, or as invalid where it breaks a rule."""
    numbers = edited.typed.numbers.get(change.label)
    was_number = numbers is not None and bool(numbers[row])
    broken = objection(
        edited.kind, change.column, change.you_read, change.you_have, was_number=was_number, **more
    )
    if broken is None:
        return change
    message = cell_fault(row, edited.names[row], change.label, change.you_have, *broken).message
    return replace(change, what=Class.INVALID, message=message)


def _classed(
    edited: Edited, row: int, changes: list[Change], now: Record | None, present: Present
) -> Step:
    """One edited row: which of conflict, invalid, update or already there it is."""
    own = present.own.get(str(edited.ids[row]), ())
    changes = [_unless_own(edited.kind, change, own) for change in changes]
    found = {change.what for change in changes}
    more: dict[str, Any] = {
        "changes": tuple(changes),
        "record": now or {},
        "version": opaque_version(dict(now or {})),
    }
    if Class.INVALID in found:
        words = " ".join(change.message for change in changes if change.message)
        return _step(edited, row, Action.INVALID, **more, message=words)
    if now is None:
        changes = [replace(change, what=Class.CONFLICT) for change in changes]
        more["changes"] = tuple(changes)
        return _step(edited, row, Action.CONFLICT, **more, message=_DELETED)
    if Class.CONFLICT in found:
        return _step(edited, row, Action.CONFLICT, **more)
    if found == {Class.ALREADY_THERE}:
        return _step(edited, row, Action.ALREADY_THERE, **more)
    return _step(edited, row, Action.UPDATE, **more)


def _unless_own(kind: RecordKind, change: Change, own: Sequence[Record]) -> Change:
    """Return a conflict with a value that was written from here is none: it is a change of it."""
    if change.what is not Class.CONFLICT or not own:
        return change
    written, _ = decode(kind, own, [change.column], {})
    now = pl.Series([change.server_now] * len(own), dtype=dtype_of(change.column))
    if not same(change.column, written[change.label], now).any():
        return change
    return replace(change, what=Class.CHANGE if change.you_have is not None else Class.CLEAR)


def _creates(edited: Edited, present: Present) -> Iterator[Step]:
    for row in edited.new_rows:
        changes = [
            change
            for label, column in edited.columns.items()
            if (change := _filled(edited, row, label, column)) is not None
        ]
        step = _step(edited, row, Action.CREATE, changes=tuple(changes))
        faults = [change.message for change in changes if change.message]
        if edited.names[row] is None:
            faults.append(
                f"Row {row}: a new {edited.kind.noun} needs a name in {edited.kind.noun!r}."
            )
        if edited.kind.parent and edited.parent_ids[row] is None:
            noun = edited.kind.parent_noun
            faults.append(
                f"Row {row}: which {noun} is it of? Pass {noun}=, or fill in '{noun}_id'."
            )
        namesake = present.namesakes.get((edited.parent_ids[row], str(edited.names[row])))
        if faults:
            yield replace(step, action=Action.INVALID, message=" ".join(faults))
        elif namesake is not None:
            yield _exists(edited, step, namesake)
        else:
            yield step


def _filled(edited: Edited, row: int, label: str, column: Column) -> Change | None:
    """One filled cell of a new row; what the service sets by itself is passed over."""
    fault = next((f for f in edited.typed.faults if (f.row, f.column) == (row, label)), None)
    if fault is not None:
        return Change(label, column, Class.INVALID, None, fault.value, None, fault.message)
    have = edited.typed.frame[label][row]
    if have is None or column.field is None:
        return None
    if not column.is_editable:
        instead = edited.typed.frame.get_column(column.field.instead, default=None)
        if not column.field.instead or (instead is not None and instead[row] is not None):
            return None
    return _objected(edited, row, Change(label, column, Class.CHANGE, None, have, None))


def _exists(edited: Edited, step: Step, record: Record) -> Step:
    """Return a new row whose name is taken: there already where every value is the same."""
    columns = [change.column for change in step.changes]
    theirs, _ = decode(edited.kind, [record], columns, {})
    changes = tuple(
        replace(
            change,
            what=Class.ALREADY_THERE if is_same else Class.CONFLICT,
            server_now=theirs[change.label][0],
        )
        for change in step.changes
        for is_same in same(
            change.column,
            theirs[change.label],
            pl.Series([change.you_have], dtype=dtype_of(change.column)),
        )
    )
    there = replace(step, changes=changes, id=str(record["id"]), action=Action.ALREADY_THERE)
    if all(change.what is Class.ALREADY_THERE for change in changes):
        return there
    message = (
        f"Row {step.row}: a {edited.kind.noun} named {step.name!r} exists already with other values; "
        f"its id is {record['id']}. Choose another name, or read that {edited.kind.noun} and edit it."
    )
    return replace(there, action=Action.EXISTS, message=message)


def _lots(steps: Iterable[Step], present: Present) -> tuple[list[Step], dict[str, dict[str, str]]]:
    """Return the lots that the steps name and the service does not have yet, and those it has."""
    known = {
        parent: {key: id_ for key, (_, id_) in lots.items()}
        for parent, lots in present.lots.items()
    }
    new: dict[tuple[str, str], Step] = {}
    for step in steps:
        parent = str(step.parent_id)
        for change in step.changes:
            name, row = change.you_have, change.column.field
            sent = (
                step.action in (Action.CREATE, Action.UPDATE, Action.CONFLICT)
                and change.what is not Class.ALREADY_THERE
            )
            if (
                sent
                and row is not None
                and row.refers_to
                and isinstance(name, str)
                and parent in known
                and fold(name) not in known[parent]
            ):
                new.setdefault(
                    (parent, fold(name)), _new_lot(name, parent, present.lots[parent].values())
                )
    return list(new.values()), known


def _new_lot(name: str, parent: str, lots: Iterable[tuple[str, str]]) -> Step:
    names = [lot for lot, _ in lots]
    near = get_close_matches(name, names, n=1, cutoff=_ALIKE)
    others = "no existing lot is like it" if names else "this spec has no lots yet"
    message = f"nearest existing lot: {near[0]!r}" if near else others
    return Step(Action.CREATE, CELL_BATCH, None, None, name, parent, message=message)
