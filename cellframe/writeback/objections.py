"""Which rule an edited cell breaks, and what to do about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cellframe.contract.names import is_misread
from cellframe.contract.quantities import UnitError, is_unit
from cellframe.contract.records import NAME_LENGTH, RecordKind, Type
from cellframe.frames.columns import Column, Leaf, parse
from cellframe.frames.encode import displaced, has_quantity
from cellframe.frames.faults import cell_fault
from cellframe.writeback.diff import Class
from cellframe.writeback.steps import Action, Change, Step
from cellframe.writeback.unit_edits import relabelled, with_its_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.writeback.diff import Value
    from cellframe.writeback.inputs import Edited, Record


def step_of(edited: Edited, row: int, action: Action, **more: Any) -> Step:
    """Return the step of one row of the edited frame."""
    about = (edited.ids[row], edited.names[row], edited.parent_ids[row])
    new_parent = edited.new_parents.get(row)
    return Step(action, edited.kind, row, *about, new_parent=new_parent, **more)


def held_against(edited: Edited, row: int, change: Change, **more: Any) -> Change:
    """Return a cell as it is, or as invalid where it breaks a rule.

    Parameters
    ----------
    edited : Edited
        The frame.
    row : int
        The cell's row.
    change : Change
        The cell.
    **more
        See `objection`.
    """
    numbers = edited.typed.numbers.get(change.label)
    was_number = numbers is not None and bool(numbers[row])
    broken = objection(
        edited.kind, change.column, change.you_read, change.you_have, was_number=was_number, **more
    ) or _half(edited, row, change)
    return change if broken is None else invalid(edited, row, change, broken)


def without_loss(
    edited: Edited, row: int, changes: Sequence[Change], record: Record
) -> list[Change]:
    """Return the cells of one row, invalid where one would push out what the plan does not show.

    A text beside quantities, a quantity and a group of properties may stand at one place in
    different records. Writing one over another is an edit of both.
    """
    cleared = {change.column.place for change in changes if change.you_have is None}
    filled = [c for c in changes if c.what is Class.CHANGE and c.column.leaf is not Leaf.PLAIN]
    broken: dict[str, tuple[str, str]] = {}
    meant: dict[str, list[Change]] = {}
    for change in filled:
        there = displaced(change.column, record)
        if there is not None and change.column.place not in cleared:
            rule = f"would take the place of {there} that this record has there"
            broken[change.label] = (rule, "Clear that in the same edit, or choose another name.")
        elif change.column.leaf is Leaf.UNIT and _keeps_its_number(change, filled, record):
            meant[change.label] = _as_meant(edited, row, change, record)
        rival = next((other for other in filled if _is_rival(change.column, other.column)), None)
        if rival is not None:
            broken[change.label] = (
                f"cannot stand beside {rival.label!r} in one record",
                "Keep one.",
            )
    whole = [one for change in changes for one in meant.get(change.label, [change])]
    return [
        invalid(edited, row, change, broken[change.label]) if change.label in broken else change
        for change in whole
    ]


def _as_meant(edited: Edited, row: int, change: Change, record: Record) -> list[Change]:
    """Return a new unit for a number that was not edited: with it, or invalid where nobody says."""
    if edited.unit_edit is None:
        number = change.label.removesuffix(".unit")
        rule = "is a new unit for a number that was not edited"
        advice = f"Edit {number!r} too, or restore the unit; unit_edit='relabel' or 'convert' says which was meant."
        return [invalid(edited, row, change, (rule, advice))]
    try:
        return with_its_number(edited, row, change, record)
    except UnitError as fault:
        return [
            invalid(edited, row, change, (f"does not convert: {fault}", "Edit the number too."))
        ]


def _keeps_its_number(change: Change, filled: Sequence[Change], record: Record) -> bool:
    place = change.column.place
    edited = any(
        other.column.leaf is Leaf.VALUE and other.column.place == place for other in filled
    )
    return not edited and has_quantity(change.column, record)


def _is_rival(column: Column, other: Column) -> bool:
    """Whether two filled columns are one place, or one is inside the other."""
    (field, path), (its_field, its_path) = column.place, other.place
    if column is other or field != its_field:
        return False
    if path == its_path:
        return (column.leaf is Leaf.TEXT) != (other.leaf is Leaf.TEXT)
    shared = min(len(path), len(its_path))
    return path[:shared] == its_path[:shared]


def invalid(edited: Edited, row: int, change: Change, broken: tuple[str, str]) -> Change:
    """Return a cell as invalid, for the rule it breaks and with what to do."""
    message = cell_fault(
        row,
        edited.names[row],
        change.label,
        change.you_have,
        *broken,
        number=edited.numbers[row],
    ).message
    return replace(change, what=Class.INVALID, message=message)


def _half(edited: Edited, row: int, change: Change) -> tuple[str, str] | None:
    """Return what is wrong with a value or a unit that stands in a column of its own."""
    frame, label = edited.typed.frame, change.label
    if change.column.leaf is Leaf.VALUE:
        lacks = change.you_have is not None and frame[f"{label}.unit"][row] is None
        return (
            ("has no unit", f"Fill in '{label}.unit', with 1 for a pure number.") if lacks else None
        )
    if change.column.leaf is not Leaf.UNIT:
        return None
    number = frame.get_column(label.removesuffix(".unit"), default=None)
    has_number = number is not None and number[row] is not None
    if change.you_have is None:
        return ("cannot be empty beside a number", "") if has_number else None
    if not has_number:
        return "is a unit without a number", f"Fill in {label.removesuffix('.unit')!r}."
    return None if is_unit(str(change.you_have)) else ("is not a unit that is known here", "")


def objection(  # noqa: PLR0911 - one return per rule
    kind: RecordKind,
    column: Column,
    you_read: Value,
    you_have: Value,
    *,
    was_number: bool = False,
    clash: str = "",
    shown: Sequence[str] = (),
) -> tuple[str, str] | None:
    """Return the rule that an edited cell breaks and what to do; None where it breaks none.

    Parameters
    ----------
    kind : RecordKind
        What the row is.
    column : Column
        Of the cell.
    you_read, you_have : text, number, date or None
        Its value then and now, in the unit of the label.
    was_number : bool
        Whether the text came as a number.
    clash : str
        Why the record's own unit does not convert to the label's; empty where it does.
    shown : sequence of str
        Units in which the quantity may have been read.
    """
    if not column.is_editable:
        return _read_only(kind, column, you_read)
    if was_number:
        return (
            "is a number where text belongs, and may have lost zeros or digits",
            "Write it as text.",
        )
    if you_have is None:
        needed = column.field is not None and column.field.required and column.leaf is Leaf.PLAIN
        return ("cannot be empty", f"A {kind.noun} always has one.") if needed else None
    if column.type is Type.NAME or (column.field is not None and column.field.refers_to):
        return _name(str(you_have))
    if clash:
        return f"is in another unit than the record's own: {clash}", "Use the label that you read."
    unit = relabelled(column, you_read, you_have, shown)
    if unit is not None:
        return (
            f"is the number you read in {unit}, now labelled {column.unit}",
            f"Give the values in {column.unit}, or name the column '{_bare(column.label)} [{unit}]' again; unit_edit='relabel' or 'convert' says which was meant.",
        )
    return None


def _read_only(kind: RecordKind, column: Column, you_read: Value) -> tuple[str, str]:
    if column.leaf is Leaf.PARENT_NAME or column.type is Type.ID:
        instead = column.field.instead if column.field else ""
        if instead:
            return "is set by the service", f"Edit {instead!r} instead."
        return f"does not change: a {kind.noun} stays where it is", f"Restore {you_read!r}."
    return "is not edited here", "Restore it or drop the column."


def _name(name: str) -> tuple[str, str] | None:
    if name != name.strip():
        return "starts or ends with a blank", "Remove it."
    if is_misread(name):
        return "holds a control character", "Remove it."
    if len(name) > NAME_LENGTH:
        return f"is longer than {NAME_LENGTH} characters", "Shorten it."
    return None


def _bare(label: str) -> str:
    return ".".join(parse(label)[0])
