"""What does it say of a value that it stood in a cell of another kind?

A workbook knows more of a cell than its text: that it is an error, a formula, a date. An error is
no value, and a number where a date belongs is probably a date that lost its format: such cells are
refused, and never taken for empty ones. A number where a text belongs is taken, and told.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.sheets.judging import Verdict
from cellframe.sheets.numerals import is_cut

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FORMULA = 8
"""Is added to the kind of a value that a formula gave."""


class Kind(IntEnum):
    """What kind of cell a value stood in."""

    EMPTY = 0
    TEXT = 1
    NUMBER = 2
    DATE = 3
    TRUTH = 4
    ERROR = 5
    UNSAID = 6
    """A formula that nobody calculated."""


_NO_VALUES = {
    Kind.ERROR: ("is an error, and no value", "Correct the formula behind it, or write the value."),
    Kind.UNSAID: (
        "is a formula that was never calculated",
        "Open the workbook in a spreadsheet and save it there, or write the value.",
    ),
}
"""What is refused wherever it stands, and what to do then."""
_NAMES = {Kind.NUMBER: "number", Kind.DATE: "date", Kind.TRUTH: "truth"}
_EPOCHS = (datetime(1899, 12, 30), datetime(1904, 1, 1))  # noqa: DTZ001 - a time in UTC without zone
"""Day 0 of Excel, and of Excel on old Macs."""
_DAY = 86_400
_MILLISECOND = 0.001


def judged(
    kind: int, text: str | None, dtype: pl.DataType, base: Any, exact: str | None
) -> Verdict | None:
    """Judge a cell that is not as it was read by its kind alone; None where its text tells.

    Parameters
    ----------
    kind : int
        See `Kind`, with `FORMULA` or without.
    text : str or None
        As it came.
    dtype : DataType
        Of the column.
    base, exact
        What was read there, and the text that reads back as it.
    """
    bare = kind & ~FORMULA
    if (kind & FORMULA or bare == Kind.UNSAID) and str(base).startswith("="):
        return Verdict(exact, is_rewritten=True)  # As pandas writes a text that looks like one.
    if bare in _NO_VALUES:
        rule, advice = _NO_VALUES[Kind(bare)]
        return Verdict(None, rule=rule, advice=advice)
    if bare == Kind.NUMBER and text is not None:
        return _judged_number(float(text), text, dtype, base, exact)
    if bare == Kind.DATE and _is_year(text, dtype):
        return Verdict(
            None,
            rule=_YEAR.format(_year_of(str(text))),
            advice="Write the whole date, as 2026-01-05.",
        )
    if bare == Kind.DATE and dtype.is_numeric():
        advice = "Give the cell the format General in the spreadsheet, and write the number again."
        return Verdict(None, rule="is a date, and no number", advice=advice)
    return None


_YEAR = "is what a spreadsheet makes of the year {} alone"


def _is_year(text: str | None, dtype: pl.DataType) -> bool:
    """Whether a date is a year that somebody typed: the day of that number, in 1905."""
    if text is None or not (dtype == pl.Date or isinstance(dtype, pl.Datetime)):
        return False
    try:
        return _year_of(text) in _YEARS and len(text) <= len("1905-07-18T00:00:00")
    except ValueError:
        return False


_YEARS = range(1950, 2101)


def _year_of(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCHS[0]).days


def _judged_number(
    value: float, text: str, dtype: pl.DataType, base: Any, exact: str | None
) -> Verdict | None:
    """Judge a number; None where its text tells."""
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        if base is not None and _is_serial_of(value, base):
            return Verdict(exact, is_rewritten=True)
        advice = "Give the cell a date format in the spreadsheet, or write the date as 2026-01-05."
        return Verdict(None, rule="is a number, and no date", advice=advice)
    if not dtype.is_float():
        return None
    # No program misreads the point of a number, as it may that of a text.
    if base is not None and (value == base or is_cut(value, base)):
        return Verdict(exact, is_rewritten=value != base)
    return Verdict(text)


def _is_serial_of(value: float, base: date | datetime) -> bool:
    """Whether a number is how a workbook counts a date whose format was lost."""
    moment = base if isinstance(base, datetime) else datetime(base.year, base.month, base.day)  # noqa: DTZ001
    seconds = value * _DAY
    return any(abs((moment - day).total_seconds() - seconds) <= _MILLISECOND for day in _EPOCHS)


def coerced_notice(
    label: str, cells: Sequence[tuple[int, str, int]], place: Callable[[int, str], str]
) -> str | None:
    """Say which cells of a column of texts are taken as text although they are something else.

    Parameters
    ----------
    cells : sequence of (int, str, int)
        Rows, texts and kinds.
    """
    if not cells:
        return None
    row, text, kind = cells[0]
    count = len(cells)
    name = _NAMES[Kind(kind & ~FORMULA)]
    if count == 1:
        return f"{label!r}: 1 cell holds a {name}, and is taken as the text {text!r} ({place(row, label)})."
    return f"{label!r}: {count:,} cells hold no text, and are taken as text, such as the {name} {text!r} ({place(row, label)})."


def formula_notice(label: str, rows: Sequence[int], place: Callable[[int, str], str]) -> str | None:
    """Say which cells of a column are formulas, whose values count."""
    if not rows:
        return None
    at, count = place(rows[0], label), len(rows)
    if count == 1:
        return f"{label!r}: {at} is a formula, and counts as the value that it showed."
    return f"{label!r}: {count:,} cells are formulas, {at} first, and count as the values that they showed."
