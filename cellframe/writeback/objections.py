"""Which rule an edited cell breaks, and what to do about it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cellframe.contract.quantities import convert, spell
from cellframe.contract.records import NAME_LENGTH, RecordKind, Type
from cellframe.frames.columns import Column, Leaf, parse
from cellframe.writeback.diff import CLOSE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.writeback.plan import Value


def objection(  # noqa: PLR0911 - one return per rule
    kind: RecordKind,
    column: Column,
    you_read: Value,
    you_have: Value,
    *,
    was_number: bool = False,
    clash: str = "",
    units: Mapping[str, str] | None = None,
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
    units : mapping of str to str, optional
        Units in which quantities were shown, by label without unit.
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
    if column.type is Type.NAME:
        return _name(str(you_have))
    if clash:
        return f"is in another unit than the record's own: {clash}", "Use the label that you read."
    shown = (units or {}).get(_bare(column.label))
    if shown is not None and _is_relabelled(column, you_read, you_have, shown):
        return (
            f"is the number you read in {shown}, now labelled {column.unit}",
            f"Give the values in {column.unit}, or name the column '{_bare(column.label)} [{shown}]' again.",
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
    if len(name) > NAME_LENGTH:
        return f"is longer than {NAME_LENGTH} characters", "Shorten it."
    return None


def _bare(label: str) -> str:
    return ".".join(parse(label)[0])


def _is_relabelled(column: Column, you_read: Value, you_have: Value, shown: str) -> bool:
    """Whether only the unit in the header changed: the number is the one that was read."""
    if (
        column.leaf is not Leaf.QUANTITY
        or column.unit is None
        or spell(shown) == spell(column.unit)
    ):
        return False
    if not isinstance(you_read, int | float) or not isinstance(you_have, int | float):
        return False
    # There and back rounds in the last digit: compared exactly, one number in ten would pass.
    return math.isclose(convert(you_read, column.unit, shown), you_have, rel_tol=CLOSE)
