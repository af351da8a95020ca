"""A unit was edited and its number was not: which of the two was meant?

=============  =================================================  =========================
``unit_edit``  41 was read in g, and stands under kg now          what would be sent
=============  =================================================  =========================
not given      it cannot be told, and nobody guesses              nothing: it is invalid
``relabel``    41 kg: the number was right, its unit was wrong    41 kg
``convert``    41 g, which is 0.041 kg: the quantity as it was    nothing; where the unit is
                                                                  a column, 0.041 and kg
=============  =================================================  =========================
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from cellframe.contract.quantities import convert, spell
from cellframe.errors import ConfigError
from cellframe.frames.columns import Leaf
from cellframe.frames.decode import value_of
from cellframe.writeback.diff import CLOSE, Class, is_same
from cellframe.writeback.steps import Change

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cellframe.frames.columns import Column
    from cellframe.writeback.diff import Value
    from cellframe.writeback.inputs import Edited, Record

UnitEdit: TypeAlias = Literal["relabel", "convert"]
"""What an edited unit over an unedited number means."""


def checked(unit_edit: UnitEdit | None) -> UnitEdit | None:
    """Return what the caller said of edited units.

    Raises
    ------
    ConfigError
        It is none of the words.
    """
    if unit_edit is not None and unit_edit not in get_args(UnitEdit):
        raise ConfigError(
            f"unit_edit={unit_edit!r} is none of 'relabel' (the number was right, its unit wrong) "
            "and 'convert' (the quantity is as it was)."
        )
    return unit_edit


def relabelled(column: Column, read: Value, have: Value, shown: Iterable[str]) -> str | None:
    """Return the unit in which a number was read that stands under another one now.

    Parameters
    ----------
    column : Column
        Of the cell, with the unit of its label.
    read, have : text, number, date or None
        The value then and now, in that unit.
    shown : iterable of str
        Units in which the quantity may have been read.

    Returns
    -------
    str or None
        None where the number is another one, or the unit is the same.
    """
    unit = column.unit
    if column.leaf is not Leaf.QUANTITY or unit is None:
        return None
    if not isinstance(read, int | float) or not isinstance(have, int | float):
        return None
    # There and back rounds in the last digit: compared exactly, one number in ten would pass.
    found = (
        other
        for other in shown
        if spell(other) != spell(unit)
        and math.isclose(convert(read, unit, other), have, rel_tol=CLOSE)
    )
    return next(found, None)


def with_its_number(edited: Edited, row: int, change: Change, record: Record) -> list[Change]:
    """Return an edited unit, in a column of its own, as its editor says that it is meant.

    Parameters
    ----------
    change : Change
        The unit; the number beside it is the one that was read.
    record : mapping
        The record as the service has it. A number that moved there was not the one that the unit
        was edited for: a conflict.

    Raises
    ------
    UnitError
        The number is to be converted, and the units do not convert.
    """
    label = change.label.removesuffix(".unit")
    column, number = edited.columns[label], edited.typed.frame[label][row]
    now = value_of(edited.kind, record, column)
    moved = not is_same(column, now, number)
    unit = replace(change, what=Class.CONFLICT) if moved else change
    if edited.unit_edit == "relabel":
        return [unit]
    other = convert(number, str(change.you_read), str(change.you_have))
    return [Change(label, column, unit.what, number, other, now), unit]
