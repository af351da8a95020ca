"""A column of quantities in one unit, every value as `cellframe.contract.quantities` converts it.

Exact in the decimals that a value is written in: 4.1 mA.h is 0.0041 A.h, which a division by
1000 misses by the last bit. A factor of ten moves the point of the written number.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.quantities import UnitError, conversion, convert
from cellframe.frames.plain import DoubtError

if TYPE_CHECKING:
    from cellframe.contract.quantities import Conversion

_EXACT = 2**53
"""Whole numbers from here on are not all exact as floats, and are converted as they were written."""


def converted(values: pl.Series, units: pl.Series, wanted: str) -> pl.Series:
    """Return quantities in one unit.

    Parameters
    ----------
    values : Series of Float64
        In `units`.
    units : Series of String
        Null where there is no quantity.
    wanted : str
        The unit.

    Raises
    ------
    DoubtError
        A unit does not convert, or a number may have been a whole one with more digits than a
        float has.
    """
    for unit in units.drop_nulls().unique():
        try:
            line = conversion(unit, wanted)
        except UnitError:
            raise DoubtError from None
        if line is not None:
            both = pl.DataFrame([values.alias("value"), units.alias("unit")])
            mine = both.select(pl.when(pl.col("unit") == unit).then("value")).to_series()
            made = _in_unit(mine, line, unit, wanted).alias("made")
            values = both.with_columns(made).select(
                pl.when(pl.col("unit") == unit).then("made").otherwise("value").alias("value")
            )["value"]
    return values


def _in_unit(values: pl.Series, line: Conversion, unit: str, wanted: str) -> pl.Series:
    if (values.abs() >= _EXACT).any():
        raise DoubtError
    power = _power_of_ten(line)
    if power is not None:
        moved = (values.cast(pl.String) + f"e{power}").cast(pl.Float64, strict=False)
        if moved.null_count() == values.null_count():
            return moved
    each = values.drop_nulls().unique().to_list()
    made = pl.Series([convert(value, unit, wanted) for value in each], dtype=pl.Float64)
    return values.replace_strict(each, made, default=None)


def _power_of_ten(line: Conversion) -> int | None:
    scale = line.scale.normalize()
    is_one = scale.as_tuple().digits == (1,) and scale > 0 and line.offset == Decimal(0)
    exponent = scale.as_tuple().exponent
    return exponent if is_one and isinstance(exponent, int) else None
