"""What is wrong with a file, by the line and column in which a person finds it?

The checks of a series count rows from 0 and speak of its labels; here they are told as the file
has them, with what the mapping can do about them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cellframe.errors import IntakeError, MeasurementError
from cellframe.frames.faults import Fault, table
from cellframe.intake.cycler.numbers import name_places
from cellframe.intake.cycler.repairs import LOST_ROWS, NEW_STEPS, NO_FALLS, STEP_CLOCK
from cellframe.intake.cycler.text import PLACE
from cellframe.series.checked import check_series, read_series
from cellframe.series.findings import name_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from cellframe.intake.cycler.mapping import SeriesMap
    from cellframe.series.findings import Finding

_CLOCKS = (
    f"Where it starts again with each step write repairs = [{STEP_CLOCK!r}]; where single rows say 0 "
    f"again, repairs = [{LOST_ROWS!r}]."
)
_FALLS = (
    f"Where the test was interrupted write repairs = [{NEW_STEPS!r}]; to have the current integrated "
    f"in such steps, repairs = [{NO_FALLS!r}]."
)
_UNSIGNED = "Write current = 'unsigned', and map the column that is the 'State'."
_UNSIGNED_PARTLY = (
    "Where a column says charge and discharge, map it as the 'State' and write current = 'unsigned'; "
    "else leave the file out of this [[series]]."
)
_ADVICE = {
    "time_not_monotonic": ("Put the rows", _CLOCKS),
    "cumulative_value_decreased": ("Charge and discharge", _FALLS),
    "current_sign_reversed": ("Positive current is", "Write current = {other!r} in the mapping."),
    "current_sign_unsigned": ("Positive current is", _UNSIGNED),
    "current_sign_indeterminate": ("Positive current is", _UNSIGNED_PARTLY),
    "value_not_finite": ("Drop these", "Correct the value in the file, or leave the cell empty."),
}
"""Where the advice of a finding begins, and what a mapping can do instead."""
_OTHER = {"charge positive": "discharge positive"}


def fit(frame: pl.DataFrame, series: SeriesMap, word: str) -> tuple[pl.DataFrame, list[Fault]]:
    """Put every check of an upload to a series, and tell what is found as the file has it.

    Parameters
    ----------
    frame : DataFrame
        A series, and where its rows stand in the file.
    series : SeriesMap
        To name columns as the file does.
    word : str
        What a row is called.

    Returns
    -------
    DataFrame, list of Fault
        The series with the contract's types, and errors, of which there are none in one that
        can go up.
    """
    places = frame[PLACE]
    plain = frame.drop(PLACE)
    try:
        plain = read_series(plain)
        check_series(plain)
    except MeasurementError as fault:
        errors = [finding for finding in fault.findings if finding.severity == "error"]
        return plain, [_told(finding, series, places, word) for finding in errors]
    return plain, []


def _told(finding: Finding, series: SeriesMap, places: pl.Series, word: str) -> Fault:
    count = int(finding.payload.get("count", len(finding.rows)))
    where = [int(places[row]) for row in finding.rows[:5]]
    message = finding.message
    if where:
        message = message.replace(_rows_of(finding, count), name_places(word, where, count))
    header = series.header_of(finding.column) if finding.column else None
    if header is not None and header != finding.column:
        message = message.replace(repr(finding.column), f"{header!r} ({finding.column})", 1)
    begin, advice = _ADVICE.get(finding.code, ("", ""))
    if advice:
        other = _OTHER.get(series.current, "charge positive")
        message = message[: message.index(begin)] + advice.replace("{other!r}", repr(other))
    value = None if not finding.values or finding.values[0] is None else str(finding.values[0])
    row = where[0] if where else None
    return Fault(message, row, None, header or finding.column, value, finding.code)


def _rows_of(finding: Finding, count: int) -> str:
    """Return the words in which a finding names its rows."""
    return name_rows([*finding.rows, *range(count - len(finding.rows))])


def of_sheet(message: str) -> list[Fault]:
    """Return the faults of a file that is no table, a line each.

    Parameters
    ----------
    message : str
        Of the `SheetError`.
    """
    head, *lines = message.splitlines()
    found: list[Fault] = []
    row: int | None = None
    for line in lines or [head]:
        place = _LINE.match(line)
        row = int(place[1]) if place else row
        found.append(Fault(line.strip(), row, rule="table"))
    return found


_LINE = re.compile(r"\s*Line (\d+)\b")


def refusal(name: str, faults: Sequence[Fault]) -> IntakeError:
    """Return one error for all faults of a file."""
    many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    message = f"{name} cannot become a time series: {many}."
    return IntakeError(message, table(faults))
