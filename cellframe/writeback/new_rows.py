"""Rows that stand for no record yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cellframe.frames.columns import Leaf
from cellframe.frames.decode import value_of
from cellframe.writeback.diff import Class, is_same
from cellframe.writeback.objections import held_against, invalid, step_of, without_loss
from cellframe.writeback.steps import Action, Change, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.frames.columns import Column
    from cellframe.writeback.inputs import Edited, Present, Record


def creates(edited: Edited, present: Present) -> Iterator[Step]:
    """Yield a step for every row without an id."""
    for row in edited.new_rows:
        changes = [
            change
            for label, column in edited.columns.items()
            if (change := _filled(edited, row, label, column)) is not None
        ]
        changes = without_loss(edited, row, changes, {})
        step = step_of(edited, row, Action.CREATE, changes=tuple(changes))
        faults = [change.message for change in changes if change.message]
        number = edited.numbers[row]
        if edited.kind.has_data:
            yield replace(step, action=Action.INVALID, message=_HAS_DATA.format(number=number))
            continue
        if edited.names[row] is None:
            faults.append(
                f"Row {number}: a new {edited.kind.noun} needs a name in {edited.kind.noun!r}."
            )
        if edited.kind.parent and not edited.has_parent(row):
            noun = edited.kind.parent_noun
            faults.append(
                f"Row {number}: which {noun} is it of? Pass {noun}=, or fill in {noun!r} or '{noun}_id'."
            )
        namesake = present.namesakes.get(edited.name_key(row, str(edited.names[row])))
        if faults:
            yield replace(step, action=Action.INVALID, message=" ".join(faults))
        elif namesake is not None:
            yield _exists(edited, row, step, namesake)
        else:
            yield step


_HAS_DATA = (
    "Row {number}: a test is made together with its data, with client.cell_measurement.create. "
    "Drop the row, or fill in the measurement_id of the test that it is."
)


def _filled(edited: Edited, row: int, label: str, column: Column) -> Change | None:
    """One filled cell of a new row; what the service sets by itself is passed over."""
    fault = edited.typed.broken.get((row, label))
    if fault is not None:
        return Change(label, column, Class.INVALID, None, fault.value, None, fault.message)
    have = edited.typed.frame[label][row]
    if have is None or column.field is None:
        return None
    change = Change(label, column, Class.CHANGE, None, have, None)
    if not column.is_editable and column.leaf is not Leaf.PLAIN:
        # What a copied row shows and the new record would lack is never dropped in silence.
        noun = edited.kind.noun
        advice = f"Clear the cell, or make the {noun} with client.{edited.kind.name.replace('specification', 'spec')}.create."
        return invalid(edited, row, change, (f"cannot be given to a new {noun} here", advice))
    if not column.is_editable:
        instead = edited.typed.frame.get_column(column.field.instead, default=None)
        if not column.field.instead or (instead is not None and instead[row] is not None):
            return None
    return held_against(edited, row, change)


def _exists(edited: Edited, row: int, step: Step, record: Record) -> Step:
    """Return a new row whose name is taken: there already where every value is the same."""
    theirs = [value_of(edited.kind, record, change.column) for change in step.changes]
    changes = tuple(
        replace(
            change,
            what=Class.ALREADY_THERE
            if is_same(change.column, now, change.you_have)
            else Class.CONFLICT,
            server_now=now,
        )
        for change, now in zip(step.changes, theirs, strict=True)
    )
    there = replace(step, changes=changes, id=str(record["id"]), action=Action.ALREADY_THERE)
    if all(change.what is Class.ALREADY_THERE for change in changes):
        return there
    message = (
        f"Row {edited.numbers[row]}: a {edited.kind.noun} named {step.name!r} exists already with other values; "
        f"its id is {record['id']}. Choose another name, or read that {edited.kind.noun} and edit it."
    )
    return replace(there, action=Action.EXISTS, message=message)
