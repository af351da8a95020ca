"""Edits that were not sent are carried onto a newer reading of the same records.

A row in conflict keeps the version that its editor read, so that the conflict is still one when
the carried frame is planned. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.quantities import convert
from cellframe.frames.headers import ACTION, is_comment
from cellframe.writeback.bases import as_read
from cellframe.writeback.choices import CHOICE, ERROR, SERVER_NOW
from cellframe.writeback.inputs import Base
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.frames.columns import Column
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.steps import Change, Step


@dataclass(frozen=True, slots=True)
class Carried:
    """A newer reading with somebody's edits.

    Attributes
    ----------
    frame : DataFrame
        The reading, the edits in it, rows that are new, and the editor's own comment columns.
    edits : int
        Rows that carry an edit.
    held : mapping of str to Base
        What was read of the rows that are in conflict, by id: their versions are the older ones.
    """

    frame: pl.DataFrame
    edits: int
    held: Mapping[str, Base]


def strays(plan: Plan, fresh: pl.DataFrame) -> list[str]:
    """Return the names of rows with an edit or a remark, of records that a reading does not have.

    Parameters
    ----------
    plan : Plan
        Of the frame as it was edited.
    fresh : DataFrame
        The newer reading.
    """
    key = plan.kind.key
    if key not in plan.edited.columns:
        return []
    there = set(fresh[key])
    edited = {step.row for step in plan.rows if step.action is Action.UPDATE}
    remarks = comments(plan.edited)
    return [
        str(row.get(plan.kind.noun) or row[key])
        for at, row in enumerate(plan.edited.iter_rows(named=True))
        if row[key]
        and row[key] not in there
        and (at in edited or any(row[label] for label in remarks))
    ]


def carry(plan: Plan, fresh: pl.DataFrame, columns: Mapping[str, Column]) -> Carried:
    """Return a newer reading with the edits of a plan.

    Parameters
    ----------
    plan : Plan
        Of the frame as it was edited; without invalid rows and strays.
    fresh : DataFrame
        The newer reading.
    columns : mapping of str to Column
        Its columns, by label.
    """
    key = plan.kind.key
    steps = [step for step in plan.rows if step.action in _CARRIED]
    remarks = comments(plan.edited)
    schema = {**fresh.schema, **{label: plan.edited.schema[label] for label in remarks}}
    rows: dict[object, dict[str, Any]] = {row[key]: row for row in fresh.to_dicts()}
    held: dict[str, Base] = {}
    for step in steps:
        at = step.row if step.action in _NEW else step.id
        if step.action is Action.CONFLICT and step.id is not None:
            held[step.id] = plan.part.bases.get(step.id) or Base(step.record, {}, {})
            rows[at] = _as_it_was(plan, step, held[step.id], columns)
        elif step.action in _NEW:
            rows[at] = _parent(plan, step, fresh)
        rows[at] |= _edits(step, columns, schema)
    said = {step.row: step.row for step in steps if step.action in _NEW}
    for number, old in enumerate(plan.edited.iter_rows(named=True)):
        at = said.get(number, old.get(key))
        if at in rows:
            rows[at] |= {label: old[label] for label in remarks}
    frame = pl.DataFrame(list(rows.values()), schema=schema)
    return Carried(frame, len(steps), held)


_NEW = (Action.CREATE, Action.EXISTS)
_CARRIED = (*_NEW, Action.UPDATE, Action.CONFLICT)


def _as_it_was(plan: Plan, step: Step, base: Base, columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return a row in conflict as its editor read it, with the version of then."""
    old = plan.edited.row(int(step.row or 0), named=True)
    keys = {label: old[label] for label in (plan.kind.key, plan.kind.version) if label in old}
    return {**as_read(plan.kind, list(columns.values()), base), **keys}


def _parent(plan: Plan, step: Step, fresh: pl.DataFrame) -> dict[str, Any]:
    """Return an empty row of a new record, with what it says of its parent."""
    kind, old = step.kind, plan.edited.row(int(step.row or 0), named=True)
    row: dict[str, Any] = dict.fromkeys(fresh.columns)
    if kind.parent:
        told = {
            kind.field(kind.parent_field).column: step.parent_id,
            kind.parent_noun: old.get(kind.parent_noun),
        }
        row |= {label: value for label, value in told.items() if label in row}
    return row


def _edits(
    step: Step, columns: Mapping[str, Column], schema: dict[str, pl.DataType]
) -> dict[str, Any]:
    """Return the edited cells of one row, in the labels and units of the newer reading."""
    found: dict[str, Any] = {}
    for change in step.changes:
        same = (
            c
            for c in columns.values()
            if (c.place, c.leaf) == (change.column.place, change.column.leaf)
        )
        column = next(same, None)
        if column is None:
            schema.setdefault(change.label, _dtype(change))
            found[change.label] = change.you_have
        else:
            found[column.label] = _in_unit(change, column)
    return found


def _in_unit(change: Change, column: Column) -> Any:
    units = change.column.unit, column.unit
    if None in units or units[0] == units[1] or not isinstance(change.you_have, int | float):
        return change.you_have
    return convert(change.you_have, str(units[0]), str(units[1]))


def _dtype(change: Change) -> pl.DataType:
    return pl.Float64() if change.column.is_number else pl.String()


def comments(frame: pl.DataFrame) -> list[str]:
    """Return the columns that hold remarks of an editor's own; reserved ones are none."""
    reserved = (ACTION, CHOICE, ERROR, SERVER_NOW)
    return [label for label in frame.columns if is_comment(label) and label not in reserved]
