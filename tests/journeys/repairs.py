"""Which repairs do real series need before the checks let them up?

Each is what a person would do who read the finding; none changes a measured number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tests.real_series import COUNTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = "Step count"
FALL = -1e-6
"""A.h, W.h: as far as a counter may fall by its last digit."""


def without_falling_counters(series: pl.DataFrame) -> pl.DataFrame:
    """Blank each counter in the steps in which it runs backwards: the service integrates there."""
    falls = {name: (pl.col(name).diff() < FALL).any().over(STEP) for name in COUNTERS}
    return series.with_columns(
        pl.when(~fell).then(name).alias(name) for name, fell in falls.items()
    )


def split_where_counters_restart(series: pl.DataFrame) -> pl.DataFrame:
    """Begin a new step in each row in which a counter of the cycler restarts inside one."""
    restarts = pl.any_horizontal(_restarts()).fill_null(value=False)
    parts = pl.struct(STEP, restarts.cum_sum().alias("part")).rle_id().cast(pl.Int64)
    return series.with_columns(parts.alias(STEP))


def _restarts() -> Iterator[pl.Expr]:
    inside = pl.col(STEP) == pl.col(STEP).shift(1)
    for name in COUNTERS:
        yield (pl.col(name).diff() < FALL) & inside
