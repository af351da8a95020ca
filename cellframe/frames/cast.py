"""The columns of an edited frame, with the types of the table.

Frames come back with other types than they had: a join turns whole numbers into floats, a CSV
makes text of everything, pandas makes objects. What can be said exactly in the declared type is
taken; the rest is a fault that names row, column and value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.frames.decode import dtype_of
from cellframe.frames.faults import Fault, cell_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cellframe.frames.columns import Column

_YEAR = re.compile(r"(?!0000)\d{4}-")
_EXACT = 2**53
"""Whole numbers up to here are exact as floats."""


@dataclass(frozen=True)
class Typed:
    """An edited frame with the declared types.

    Attributes
    ----------
    frame : DataFrame
        Column names as in the edited frame; comments are left out.
    faults : list of Fault
        Values that their column cannot hold; null stands in their place.
    numbers : dict of str to Series of bool
        By label of a text column: rows whose value came as a number.
    """

    frame: pl.DataFrame
    faults: list[Fault]
    numbers: dict[str, pl.Series]

    @cached_property
    def broken(self) -> dict[tuple[int, str], Fault]:
        """The faults by row and label."""
        return {(int(f.row or 0), str(f.column)): f for f in self.faults}


def cast(
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    names: Sequence[str | None],
    numbers: Mapping[str, Sequence[int]],
) -> Typed:
    """Give every column its declared type.

    Parameters
    ----------
    frame : DataFrame
        The edited frame.
    columns : mapping of str to Column
        By label.
    names : sequence of str
        What to call each row in a fault.
    numbers : mapping of str to sequence of int
        Rows of a mixed column whose value was a number.
    """
    series: list[pl.Series] = []
    faults: list[Fault] = []
    coerced: dict[str, pl.Series] = {}
    for label, column in columns.items():
        given = _simple(frame[label], dtype_of(column))
        made, rule, advice = _CASTS[dtype_of(column)](given)
        lost = given.is_not_null() & made.is_null()
        for row in lost.arg_true():
            value = _as_python(given, row)
            if not (isinstance(value, float) and value != value):  # noqa: PLR0124
                faults.append(cell_fault(row, names[row], label, value, rule, advice))
        if dtype_of(column) == pl.String:
            made = made.replace("", None)
            coerced[label] = _came_as_number(given, numbers.get(label, ()))
        series.append(made.alias(label))
    return Typed(pl.DataFrame(series), faults, coerced)


def _as_python(values: pl.Series, row: int) -> Any:
    """Return one value; as text where Python has no such date."""
    return values.cast(pl.String)[row] if values.dtype.is_temporal() else values[row]


def _simple(values: pl.Series, wanted: pl.DataType) -> pl.Series:
    """Return a column as text, number or date; a blank text where no text belongs is a gap."""
    if isinstance(values.dtype, pl.Categorical | pl.Enum):
        values = values.cast(pl.String)
    if values.dtype == pl.Float32 and wanted == pl.Float64:
        # By its decimals: 68.1 as 32 bits is 68.0999984741211, which nobody typed.
        return values.cast(pl.String).cast(pl.Float64)
    if isinstance(values.dtype, pl.Decimal):
        return values.cast(pl.Float64)
    if values.dtype == pl.String and wanted != pl.String:
        return values.str.strip_chars().replace("", None)
    return values


def _came_as_number(values: pl.Series, mixed: Sequence[int]) -> pl.Series:
    if values.dtype.is_numeric():
        return values.is_not_null()
    rows = set(mixed)
    return pl.Series([number in rows for number in range(len(values))], dtype=pl.Boolean)


def _to_number(values: pl.Series) -> tuple[pl.Series, str, str]:
    rule, advice = "is no number", "Clear the cell or give a number with a decimal point."
    if values.dtype.is_float():
        made = values.cast(pl.Float64)
        return pl.select(pl.when(made.is_finite()).then(made)).to_series(), "is not finite", ""
    if values.dtype.is_integer():
        made = values.cast(pl.Float64)
        whole = pl.select(pl.when(values.cast(pl.Int128).abs() <= _EXACT).then(made)).to_series()
        return whole, "is too large to be held exactly as a number", ""
    if values.dtype == pl.String:
        made = values.cast(pl.Float64, strict=False)
        # Whole numbers of that many digits are not exact as floats, in text no more than as numbers.
        exact = (made.abs() < _EXACT) | ~values.str.contains(r"^[+-]?\d+$")
        return pl.select(pl.when(made.is_finite() & exact).then(made)).to_series(), rule, advice
    return pl.Series(values.name, [None] * len(values), dtype=pl.Float64), rule, advice


def _to_text(values: pl.Series) -> tuple[pl.Series, str, str]:
    rule, advice = "is no text", "Make the column text before you plan."
    if values.dtype == pl.String:
        return values, rule, advice
    if values.dtype.is_float():
        # A join made floats of whole numbers: 7.0 was 7.
        whole = (values == values.round(0)) & (values.abs() <= _EXACT)
        made = pl.select(
            pl.when(whole)
            .then(values.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(values.cast(pl.String))
        ).to_series()
        return pl.select(pl.when(values.is_not_nan()).then(made)).to_series(), rule, advice
    if values.dtype.is_integer() or values.dtype == pl.Null:
        return values.cast(pl.String), rule, advice
    return pl.Series(values.name, [None] * len(values), dtype=pl.String), rule, advice


def _to_date(values: pl.Series) -> tuple[pl.Series, str, str]:
    rule, advice = "is no date", "Write dates as 2025-11-03."
    if values.dtype == pl.Date:
        # Python's dates, and so JSON's, end here; polars' do not.
        within = values.is_between(date(1, 1, 1), date(9999, 12, 31))
        return pl.select(pl.when(within).then(values)).to_series(), rule, advice
    if isinstance(values.dtype, pl.Datetime):
        moments = values.dt.convert_time_zone("UTC") if values.dtype.time_zone else values
        is_day = moments.dt.time() == pl.time(0)
        made = pl.select(pl.when(is_day).then(moments.dt.date())).to_series()
        return made, "has a time of day, which a date does not", advice
    if values.dtype == pl.String:
        # A year of two digits is no year: polars reads 25-11-03 as the year 25.
        values = values.replace(
            {text: None for text in values.drop_nulls() if not _YEAR.match(text)}
        )
        days = values.str.to_date("%Y-%m-%d", strict=False)
        midnight = values.str.replace(r"[T ]00:00:00(\.0+)?(Z|\+00:00)?$", "").str.to_date(
            "%Y-%m-%d", strict=False
        )
        return pl.select(pl.coalesce(days, midnight)).to_series(), rule, advice
    return pl.Series(values.name, [None] * len(values), dtype=pl.Date), rule, advice


def _to_moment(values: pl.Series) -> tuple[pl.Series, str, str]:
    rule, advice = "is no time", "Write times as 2025-11-03T14:30:00, in UTC."
    if isinstance(values.dtype, pl.Datetime):
        moments = (
            values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            if values.dtype.time_zone
            else values
        )
        return moments.cast(pl.Datetime("us")), rule, advice
    if values.dtype == pl.Date:
        return values.cast(pl.Datetime("us")), rule, advice
    if values.dtype == pl.String:
        text = values.str.replace(" ", "T").str.replace(r"(Z|\+00:00)$", "")
        return (
            text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False),
            rule,
            advice,
        )
    return pl.Series(values.name, [None] * len(values), dtype=pl.Datetime("us")), rule, advice


def _to_integer(values: pl.Series) -> tuple[pl.Series, str, str]:
    made = values.cast(pl.Int64, strict=False)
    if values.dtype.is_float():
        made = pl.select(pl.when(values == values.round(0)).then(made)).to_series()
    return made, "is no whole number", ""


def _to_truth(values: pl.Series) -> tuple[pl.Series, str, str]:
    rule, advice = "is neither true nor false", "Write true or false."
    if isinstance(values.dtype, pl.Boolean | pl.Null):
        return values.cast(pl.Boolean), rule, advice
    if values.dtype != pl.String:
        return pl.Series(values.name, [None] * len(values), dtype=pl.Boolean), rule, advice
    words = values.str.to_lowercase()
    known = (
        pl.when(words == "true").then(statement=True).when(words == "false").then(statement=False)
    )
    return pl.select(known.alias(values.name)).to_series(), rule, advice


_CASTS: dict[pl.DataType, Callable[[pl.Series], tuple[pl.Series, str, str]]] = {
    pl.Float64(): _to_number,
    pl.String(): _to_text,
    pl.Date(): _to_date,
    pl.Datetime("us"): _to_moment,
    pl.Int64(): _to_integer,
    pl.Boolean(): _to_truth,
}
