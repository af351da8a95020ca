"""Which rows of a series do steps come from?

Known columns only, in the contract's types. What is no number in a finite sense (NaN, infinity)
is missing here; the stored file is left as it is.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import (
    CURRENT,
    EIS,
    POWER,
    SERIES,
    STEP,
    VOLTAGE,
    X_AXES,
    Z_IMAGINARY,
    Z_REAL,
)
from cellframe.server.derive.opening import columns_of, decode, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_UNUSED = (POWER, Z_REAL, Z_IMAGINARY)
"""Power is voltage times current, as the contract says; what a cycler calls power may be more."""
_WANTED = tuple(name for name in SERIES if name not in _UNUSED)


def read(path: Path) -> Iterator[pl.DataFrame]:
    """Read what steps are derived from, some whole steps at a time.

    Yields
    ------
    DataFrame, shape (n_rows, n_known)
        The known columns that the series has, Float64 or Int64, rows in the file's order;
        ``Step count`` without nulls and never falling.

    Raises
    ------
    Unreadable
        Columns are missing or hold what is no number, there are no rows, or ``Step count`` does
        not count. The whole file is read before, to tell of all columns at once.
    """
    present = columns_of(path)
    # A spectrum by itself; one among a cycler's rows is counted with its steps.
    swept = set(EIS) <= set(present) and CURRENT not in present
    refuse([] if swept else _missing(present))
    faults: dict[str, str] = {}
    rest, start = pl.DataFrame(), 0
    parts = decode(path, [name for name in _WANTED if name in present])
    for raw in map(_of_sweep, parts) if swept else parts:
        rows = pl.concat([rest, pl.DataFrame([_typed(column) for column in raw])], how="diagonal")
        found = {
            **_not_counting(raw, rows, start),
            **_not_numbers(raw, rows.tail(raw.height), start),
        }
        faults = {**found, **faults}
        start += raw.height
        if not faults:
            whole, rest = _cut(rows)
            if whole.height:
                yield whole
    refuse(faults.values())
    if rest.is_empty():
        refuse(["The series has no rows. Upload a series with data."])
    yield rest


def _of_sweep(rows: pl.DataFrame) -> pl.DataFrame:
    """Make one step of a spectrum whose rows name none: frequencies, and maybe nothing else."""
    bare = {STEP: pl.lit(0, pl.Int64), VOLTAGE: pl.lit(None, pl.Float64)}
    return rows.with_columns(
        value.alias(name) for name, value in bare.items() if name not in rows.columns
    )


def _cut(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Cut before the last step, which may go on."""
    # Known to rise and in one piece, steps are found as slices: ten times faster than by hashing.
    rows = rows.rechunk().with_columns(pl.col(STEP).set_sorted())
    at = rows[STEP].search_sorted(rows[STEP][-1], side="left") if rows.height else 0
    return rows[:at], rows[at:]


def _missing(present: list[str]) -> Iterator[str]:
    for name in (STEP, VOLTAGE):
        if name not in present:
            yield f"The series has no column '{name}'. Add it."
    if not any(axis in present for axis in X_AXES):
        axes = ", ".join(f"'{axis}'" for axis in X_AXES)
        yield f"The series has nothing to plot over: none of the columns {axes}. Add one."


def _typed(column: pl.Series) -> pl.Series:
    """Cast a column, with null for all that does not fit; `_not_numbers` tells of it."""
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)
    if not _may_be_numbers(column.dtype):
        return pl.repeat(None, column.len(), dtype=pl.Int64, eager=True).alias(column.name)
    if SERIES[column.name] == "float":
        return _finite(column.cast(pl.Float64, strict=False))
    if column.dtype == pl.String:
        column = column.cast(pl.Float64, strict=False)
    if column.dtype.is_float():
        column = _finite(column)
        column = column.set(column != column.round(), None)
    return column.cast(pl.Int64, strict=False)


def _may_be_numbers(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or isinstance(dtype, pl.Boolean | pl.String | pl.Null)


def _finite(column: pl.Series) -> pl.Series:
    # One value that is not finite makes the sum so; asking each takes five times as long.
    return column if isfinite(column.sum()) else column.set(~column.is_finite(), None)


def _not_numbers(raw: pl.DataFrame, rows: pl.DataFrame, start: int) -> dict[str, str]:
    """Tell by column of the first value that is no number of its kind."""
    faults: dict[str, str] = {}
    for before, after in zip(raw, rows, strict=True):
        if after.null_count() == before.null_count():
            continue
        wrong = before.is_not_null() & after.is_null()
        if before.dtype.is_float():
            wrong &= before.is_finite()
        if not wrong.any():
            continue
        at = wrong.to_list().index(True)
        kind = "a number" if SERIES[before.name] == "float" else "a whole number"
        faults[before.name] = (
            f"Column '{before.name}' holds {str(before[at])[:40]!r} in row {start + at}, which is "
            f"not {kind}. Correct the column or leave it out."
        )
    return faults


def _not_counting(raw: pl.DataFrame, rows: pl.DataFrame, start: int) -> dict[str, str]:
    """Tell where ``Step count`` is blank, or falls; the rows may begin before the raw ones."""
    before, counted = raw[STEP], rows[STEP]
    blank = before.is_null() | ~before.is_finite() if before.dtype.is_float() else before.is_null()
    if blank.any():
        at = start + blank.to_list().index(True)
        text = f"Column '{STEP}' is blank in row {at}. Give every row its step, counted from 0."
        return {STEP: text}
    falls = (counted < counted.shift(1)).fill_null(value=False)
    if not falls.any():
        return {}
    at = falls.to_list().index(True)
    row = start - (rows.height - raw.height) + at
    text = (
        f"Column '{STEP}' falls in row {row}, to {counted[at]}. It counts all steps of the test "
        "and never starts again."
    )
    return {STEP: text}
