"""What do the steps of a cycle add up to?

Ratios are of discharge to charge of the same cycle, never percent and never clipped: values above
1 are real. Retention is relative to the discharge of the first cycle in the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import (
    CAPACITY_SOURCE,
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    COUNTERS,
    CYCLE,
    CYCLES,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    EIS_STEP,
    ENERGY_SOURCE,
    MIXED,
    REST,
    STEP_TYPE,
)
from cellframe.server.derive.steps import POLARS, WARMTH

if TYPE_CHECKING:
    from collections.abc import Iterator

_CURRENT, _DURATION = pl.col("Mean current [A]"), pl.col("Duration [s]")


def cycles_of(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the cycles that a table of steps adds up to.

    Parameters
    ----------
    steps : DataFrame
        As `cellframe.server.derive.steps.joined` returns, `WARMTH` included.

    Returns
    -------
    DataFrame, shape (n_cycles, n_columns)
        Columns as in `cellframe.contract.series.CYCLES`, by rising ``Cycle count``. Currents in
        A, negative on charge.
    """
    steps = steps.with_columns(pl.col(CYCLE).fill_null(0))
    summed = steps.group_by(CYCLE).agg(_row_of_cycle()).sort(CYCLE)
    related = summed.with_columns(_ratios())
    return related.with_columns(_fades()).select(
        pl.col(name).cast(POLARS[held]) for name, held in CYCLES.items()
    )


def _row_of_cycle() -> Iterator[pl.Expr]:
    for name in COUNTERS:
        yield _sum(pl.col(name)).alias(name)
    for name in (CAPACITY_SOURCE, ENERGY_SOURCE):
        yield _one_or_mixed(pl.col(name).drop_nulls()).alias(name)
    yield pl.col("Min voltage [V]").min()
    yield pl.col("Max voltage [V]").max()
    yield pl.col("Start time [s]").min()
    yield (pl.col("End time [s]").max() - pl.col("Start time [s]").min()).alias(
        "Cycle duration [s]"
    )
    flowing = pl.col(STEP_TYPE).is_in([REST, EIS_STEP]).fill_null(value=False).not_()
    yield from _flow("discharge", flowing & (_CURRENT > 0))
    yield from _flow("charge", flowing & (_CURRENT < 0))
    warmth, counted = (pl.col(name).sum() for name in WARMTH)
    yield _over(warmth, counted).alias("Mean temperature [degC]")


def _flow(direction: str, where: pl.Expr) -> Iterator[pl.Expr]:
    """Yield how long a current flowed, and its mean weighted by the steps' durations."""
    lasted = _DURATION.filter(where)
    yield _sum(_DURATION * where.cast(pl.Float64)).alias(f"{direction.capitalize()} duration [s]")
    mean = _over((_CURRENT * _DURATION).filter(where).sum(), lasted.sum())
    yield mean.alias(f"Mean {direction} current [A]")


def _ratios() -> Iterator[pl.Expr]:
    discharge, charge = pl.col(DISCHARGE_CAPACITY), pl.col(CHARGE_CAPACITY)
    out, back = pl.col(DISCHARGE_ENERGY), pl.col(CHARGE_ENERGY)
    yield _over(discharge, charge).alias("Coulombic efficiency")
    yield _over(out, back).alias("Energy efficiency")
    yield _over(discharge, discharge.first()).alias("Capacity retention")
    yield _over(out, out.first()).alias("Energy retention")
    yield _running(discharge, charge).alias("Capacity throughput [A.h]")
    yield _running(out, back).alias("Energy throughput [W.h]")


def _fades() -> Iterator[pl.Expr]:
    for of in ("Capacity", "Energy"):
        yield (1 - pl.col(f"{of} retention")).alias(f"{of} fade")


def _sum(values: pl.Expr) -> pl.Expr:
    """Sum what is known; null, and not 0, where nothing is."""
    return pl.when(values.count() > 0).then(values.sum())


def _over(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole != 0).then(part / whole)


def _running(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    known = one.is_not_null() | other.is_not_null()
    return pl.when(known).then((one.fill_null(0.0) + other.fill_null(0.0)).cum_sum())


def _one_or_mixed(sources: pl.Expr) -> pl.Expr:
    return pl.when(sources.n_unique() > 1).then(pl.lit(MIXED)).otherwise(sources.first())
