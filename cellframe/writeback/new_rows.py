"""Rows that stand for no record yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cellframe.frames.columns import Leaf
from cellframe.frames.decode import value_of
from cellframe.writeback.diff import Class, is_same
from cellframe.writeback.inputs import Orphan
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
        faults = [change.message for change in changes if change.message]
        faults += _faults_of_row(edited, row)
        lost = _orphan(edited, row, present)
        if lost is not None:
            faults.append(lost.message)
            changes += _named_by(edited, row, lost)
        if edited.kind.has_data:
            faults = [_HAS_DATA.format(number=edited.numbers[row])]
        step = step_of(edited, row, Action.CREATE, changes=tuple(changes))
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


def _faults_of_row(edited: Edited, row: int) -> list[str]:
    """Return what a new row lacks by itself."""
    noun = edited.kind.noun
    unnamed = f"Row {edited.numbers[row]}: a new {noun} needs a name in {noun!r}."
    return [unnamed] if edited.names[row] is None else []


def _orphan(edited: Edited, row: int, present: Present) -> Orphan | None:
    """Return why a new row has no parent; None where it has one."""
    kind, parent = edited.kind, edited.parent_ids[row]
    number, noun = edited.numbers[row], kind.parent_noun
    if not kind.parent or row in edited.orphans:
        return edited.orphans.get(row)
    if parent in present.gone:
        label = kind.field(kind.parent_field).column
        return Orphan(label, f"Row {number}, {label!r}: no {noun} has the id {parent!r}.")
    if edited.has_parent(row):
        return None
    asked = (
        f"Row {number}: which {noun} is it of? Pass {noun}=, or fill in {noun!r} or '{noun}_id'."
    )
    return Orphan(noun, asked)


def _named_by(edited: Edited, row: int, lost: Orphan) -> Iterator[Change]:
    """Yield the cell that names a parent which is none."""
    column = edited.columns.get(lost.label)
    have = None if column is None else edited.typed.frame[lost.label][row]
    if column is not None and have is not None:
        yield Change(lost.label, column, Class.INVALID, None, have, None, lost.message)


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
