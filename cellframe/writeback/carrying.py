"""Edits that were not sent are carried onto a newer reading of the same records.

A row in conflict keeps the version that its editor read, so that the conflict is still one when
the carried frame is planned. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.quantities import convert
from cellframe.writeback.plan import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.frames.columns import Column
    from cellframe.writeback.inputs import Base
    from cellframe.writeback.plan import Change, Plan, Step


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


def carry(plan: Plan, fresh: pl.DataFrame, columns: Mapping[str, Column]) -> Carried:
    """Return a newer reading with the edits of a plan.

    Parameters
    ----------
    plan : Plan
        Of the frame as it was edited; without invalid rows.
    fresh : DataFrame
        The newer reading.
    columns : mapping of str to Column
        Its columns, by label.
    """
    key = plan.kind.key
    steps = [step for step in plan.rows if step.action in _CARRIED]
    remarks = comments(plan.edited)
    schema = {**fresh.schema, **{label: plan.edited.schema[label] for label in remarks}}
    rows = [{**row, **dict.fromkeys(remarks)} for row in fresh.to_dicts()]
    places = {row[key]: row for row in rows}
    for old in plan.edited.iter_rows(named=True):
        if (row := places.get(old.get(key))) is not None:
            row |= {label: old[label] for label in remarks}
    held: dict[str, Base] = {}
    for step in steps:
        old = plan.edited.row(int(step.row or 0), named=True)
        row = None if step.action is Action.EXISTS else places.get(step.id)
        if row is None:
            row = {**dict.fromkeys(fresh.columns), **{label: old[label] for label in remarks}}
            row |= _parent(step, old, fresh)
            rows.append(row)
        row |= _edits(step, columns, schema)
        if step.action is Action.CONFLICT and step.id is not None and step.id in plan.bases:
            held[step.id] = plan.bases[step.id]
            row |= {label: old[label] for label in (key, plan.kind.version)}
    return Carried(pl.DataFrame(rows, schema=schema), len(steps), held)


def _parent(step: Step, old: Mapping[str, Any], fresh: pl.DataFrame) -> dict[str, Any]:
    """Return what a row that is not in the reading says of its parent."""
    kind = step.kind
    if not kind.parent:
        return {}
    said = {
        kind.field(kind.parent_field).column: step.parent_id,
        kind.parent_noun: old.get(kind.parent_noun),
    }
    return {label: value for label, value in said.items() if label in fresh.columns}


_CARRIED = (Action.UPDATE, Action.CREATE, Action.CONFLICT, Action.EXISTS)


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
    reserved = ("_action", "_choice", "_error", "_server_now")
    return [
        label for label in frame.columns if label.startswith(("_", "#")) and label not in reserved
    ]
