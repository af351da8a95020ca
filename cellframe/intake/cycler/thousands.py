"""Does the point of ``3.799`` set off decimals or thousands?

Both are written, and by cyclers of one and the same country. One value that can be but decimal
settles it for the whole file: ``0.799``, ``12.5``, or 3.799 V, since no cell has thousands of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import TEMPERATURE, VOLTAGE
from cellframe.intake.cycler.mapping import TIMES, target, unit_of
from cellframe.intake.cycler.numbers import measured

if TYPE_CHECKING:
    from cellframe.intake.cycler.mapping import SeriesMap
    from cellframe.intake.cycler.text import Rows

_NUMBER = r"^\s*[-+]?[\d.,]*\d(?:[eE][-+]?\d+)?\s*$"
_THOUSANDS = r"^\s*[-+]?[1-9]\d{0,2}[.,]\d{3}\s*$"
_BELOW_THOUSAND = r"^\s*[-+]?\d{0,3}\s*$"
_SEPARATED = r"\d[.,]\d"
_FEW = 1000
_NO_CELL = {VOLTAGE: 1000.0, TEMPERATURE: 1000.0}
"""V, degC: what is read as more is read wrongly."""


def unsettled(series: SeriesMap, rows: Rows) -> list[str]:
    """Return a doubt for every column of numbers that can be read either way.

    Parameters
    ----------
    series : SeriesMap
        What is what, in which unit.
    rows : Rows
        As they stand in the file.
    """
    there = {
        header: target(written)
        for header, written in series.columns.items()
        if rows.frame[header].dtype == pl.String and target(written).unit not in TIMES
    }
    columns = [rows.frame[header] for header in there]
    few = (column.head(_FEW) for column in columns)
    if any(map(_is_decimal, few)) or any(map(_is_decimal, columns)):
        return []
    either = [column for column in columns if column.str.contains(_SEPARATED).any()]
    if any(_is_beyond(column, there[column.name].label, series) for column in either):
        return []
    return [_doubt(column, series.decimal) for column in either]


def _is_decimal(values: pl.Series) -> bool:
    """Whether numbers have a point or comma, and one of them could not have it for thousands."""
    either = values.str.contains(_THOUSANDS) | values.str.contains(_BELOW_THOUSAND)
    is_decimal = values.str.contains(_NUMBER) & ~either
    return bool(is_decimal.any()) and bool(values.str.contains(_SEPARATED).any())


def _is_beyond(values: pl.Series, label: str, series: SeriesMap) -> bool:
    """Whether a column, read as thousands, is more than any cell has."""
    if label not in _NO_CELL:
        return False
    unit = target(series.columns[values.name]).unit
    found = measured(values.str.replace(r"[.,]", ""), unit, unit_of(label), ".").abs().max()
    return isinstance(found, float) and found > _NO_CELL[label]


def _doubt(values: pl.Series, decimal: str) -> str:
    example = values.filter(values.str.contains(_SEPARATED).fill_null(value=False))[0].strip()
    many = example.replace(".", "").replace(",", "")
    return (
        f"{values.name!r} is {example!r}, which is less than a thousand or {many}: nothing in the "
        f"file tells. It is read with decimal = {decimal!r}. Keep that if it is right; else export "
        "the file again, without thousands set off."
    )
