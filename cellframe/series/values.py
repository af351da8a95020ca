"""Does every cell of a known column hold a number that can be one?"""

from __future__ import annotations

import math

import polars as pl

from cellframe.contract.series import CURRENT, FREQUENCY, SERIES, STEP, VOLTAGE
from cellframe.series.findings import Finding, of_rows

_MEASURED = (VOLTAGE, CURRENT)


def check_values(frame: pl.DataFrame) -> list[Finding]:
    """Say which known columns hold no numbers, numbers that are none, or gaps.

    A gap in voltage or current is a warning: rows of another logger may stand between. In a row
    of a frequency sweep it is none.

    Parameters
    ----------
    frame : DataFrame
        As `read_series` returns it.
    """
    findings: list[Finding] = []
    for label in frame.columns:
        if label not in SERIES:
            continue
        column = frame[label]
        if not (column.dtype.is_numeric() or column.dtype == pl.Null):
            findings.append(_no_numbers(column))
            continue
        if column.dtype.is_float():
            findings += _not_finite(column)
            findings += _not_whole(column) if SERIES[label] == "int" else []
        if label in _MEASURED and column.null_count():
            findings += _gaps(frame, label)
    return findings


def _not_finite(column: pl.Series) -> list[Finding]:
    # A sum is finite if every value is, unless the values themselves are beyond reason.
    if math.isfinite(column.sum()):
        return []
    rows = (~column.is_finite()).fill_null(value=False).arg_true().to_list()
    if not rows:
        return []
    what = (
        f"{column.name!r} is not a finite number in {{rows}}. Drop these rows, write the value "
        "that was measured, or None (null) where nothing was."
    )
    return [of_rows("value_not_finite", what, column.name, rows, column)]


def _not_whole(column: pl.Series) -> list[Finding]:
    """Say where a count is no whole number; that of steps has a check of its own."""
    rows = (column.is_finite() & (column != column.round())).arg_true().to_list()
    if not rows or column.name == STEP:
        return []
    what = f"{column.name!r} is no whole number in {{rows}}: {column[rows[0]]!r}. {_OTHERWISE}"
    return [of_rows("count_not_whole", what, column.name, rows, column)]


def _gaps(frame: pl.DataFrame, label: str) -> list[Finding]:
    column = frame[label]
    missing = column.is_null()
    if FREQUENCY in frame.columns:
        missing &= frame[FREQUENCY].is_null()
    rows = missing.arg_true().to_list()
    if not rows:
        return []
    if column.null_count() == len(column):
        what = f"{label!r} is empty in every row. Fill it in, or leave the column out."
        return [Finding("value_missing", what, column=label)]
    what = f"{label!r} is empty in {{rows}}. It is kept as a gap; drop a row that was cut off."
    return [of_rows("value_missing", what, label, rows, column, severity="warning")]


_OTHERWISE = (
    "Give numbers, or name the column otherwise: a column of another name is kept as it is."
)


def _no_numbers(column: pl.Series) -> Finding:
    label, dtype = column.name, column.dtype
    code = "value_not_a_number"
    if dtype == pl.String:
        numbers = column.str.strip_chars().cast(pl.Float64, strict=False)
        rows = (numbers.is_null() & column.is_not_null()).arg_true().to_list()
        if rows:
            what = f"{label!r} holds text that is no number in {{rows}}: {column[rows[0]]!r}."
            return of_rows(code, f"{what} {_OTHERWISE}", label, rows, column)
        kind = "whole numbers" if SERIES[label] == "int" else "floats"
        what = f"{label!r} holds numbers written as text. Cast the column to {kind}."
        return Finding(code, what, column=label)
    if dtype == pl.Duration:
        advice = "Give seconds as a number: `.dt.total_microseconds() / 1e6`."
    elif dtype.is_temporal():
        advice = "Give the seconds since the first row, as a number."
    else:
        advice = _OTHERWISE
    return Finding(code, f"{label!r} holds {dtype}, not numbers. {advice}", column=label)
