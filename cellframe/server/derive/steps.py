"""What does one row per step look like?

A step is a run of rows with equal ``Step count``. Definitions: the contract's description of the
table, after ionworksdata 0.20.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import (
    COUNTERS,
    CURRENT,
    CYCLE,
    CYCLE_FROM_CYCLER,
    FREQUENCY,
    SERIES,
    STEP,
    STEP_FROM_CYCLER,
    STEPS,
    TEMPERATURE,
    TIME,
    VOLTAGE,
)
from cellframe.server.derive.charge import charge_of
from cellframe.server.derive.kinds import step_type, tolerances

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.contract.series import Held

POLARS: dict[Held, type[pl.DataType]] = {"float": pl.Float64, "int": pl.Int64, "text": pl.String}
"""How the contract's words for what a column holds are spelled in polars."""
WARMTH = ("_sum of temperature", "_rows with temperature")
"""What the cycles' mean temperature needs, at the end of a table of steps."""

_INNER = {"voltage [V]": "_voltage", "current [A]": "_current", "power [W]": "_power"}
_POWER = "_voltage times current"


def steps_of(rows: pl.DataFrame, rated_capacity: float | None) -> pl.DataFrame:
    """Return the steps of a series.

    Parameters
    ----------
    rows : DataFrame
        As `cellframe.server.derive.rows.read` returns.
    rated_capacity : float or None
        In A.h.

    Returns
    -------
    DataFrame, shape (n_steps, n_columns)
        Columns as in `cellframe.contract.series.STEPS`, the sums of cycles still null, and
        `WARMTH` at the end.
    """
    rows = rows.with_columns(
        pl.lit(None, POLARS[SERIES[name]]).alias(name)
        for name in (
            TIME,
            CURRENT,
            FREQUENCY,
            TEMPERATURE,
            CYCLE,
            STEP_FROM_CYCLER,
            CYCLE_FROM_CYCLER,
        )
        if name not in rows.columns
    )
    steps = _with_spread(rows).group_by(STEP, maintain_order=True).agg(_row_of_step())
    steps = steps.hstack(charge_of(rows).drop(STEP)).with_columns(_cycle_of(steps))
    largest = (_largest(steps, "current [A]"), _largest(steps, "power [W]"))
    steps = steps.with_columns(
        *_indices(), step_type(tolerances(*largest, rated_capacity)), _duration()
    )
    return in_order(steps, WARMTH)


def in_order(steps: pl.DataFrame, more: tuple[str, ...] = ()) -> pl.DataFrame:
    """Return the contract's columns in its order, null where missing, and then some more."""
    return steps.select(
        *(
            (pl.col(name) if name in steps.columns else pl.lit(None, POLARS[held]).alias(name))
            for name, held in STEPS.items()
        ),
        *more,
    )


def with_cycle_sums(steps: pl.DataFrame, cycles: pl.DataFrame) -> pl.DataFrame:
    """Repeat what each cycle sums up to on every step of it, where the steps do not say so."""
    sums = {name: f"Cycle {name[0].lower()}{name[1:]}" for name in COUNTERS}
    known = cycles.select(pl.col(CYCLE).alias("_cycle"), pl.col(COUNTERS).name.prefix("_sum of "))
    joined = steps.with_columns(pl.col(CYCLE).fill_null(0).alias("_cycle")).join(
        known, on="_cycle", how="left", maintain_order="left"
    )
    return joined.with_columns(
        pl.coalesce(label, f"_sum of {name}").alias(label) for name, label in sums.items()
    ).select(name for name in steps.columns if name not in WARMTH)


def _with_spread(rows: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that the spread is taken of: without the ends of longer steps.

    The first row still belongs to the step before, and the last one may be the limit that was
    hit.
    """
    step = rows[STEP]
    first = (step != step.shift(1)).fill_null(value=True) & (step == step.shift(-2))
    last = (step != step.shift(-1)).fill_null(value=True) & (step == step.shift(3))
    inner = ~(first.fill_null(value=False) | last.fill_null(value=False))
    power = (pl.col(VOLTAGE) * pl.col(CURRENT)).alias(_POWER)
    rows = rows.with_columns(
        power, pl.col(FREQUENCY).fill_null(0.0) if _has(rows, FREQUENCY) else []
    )
    spread = zip(_INNER.values(), (VOLTAGE, CURRENT, _POWER), strict=True)
    return rows.with_columns(pl.when(inner).then(of).alias(name) for name, of in spread)


def _has(rows: pl.DataFrame, name: str) -> bool:
    return rows[name].null_count() < rows.height


def _row_of_step() -> Iterator[pl.Expr]:
    yield pl.len().alias("_rows")
    for name in (STEP_FROM_CYCLER, CYCLE_FROM_CYCLER, CYCLE):
        yield pl.col(name).first(ignore_nulls=True)
    for name, label in ((TIME, "time [s]"), (VOLTAGE, "voltage [V]")):
        yield pl.col(name).first(ignore_nulls=True).alias(f"Start {label}")
        yield pl.col(name).last(ignore_nulls=True).alias(f"End {label}")
    of = {"voltage [V]": VOLTAGE, "current [A]": CURRENT, "power [W]": _POWER}
    for label, name in {**of, "frequency [Hz]": FREQUENCY}.items():
        yield pl.col(name).min().alias(f"Min {label}")
        yield pl.col(name).max().alias(f"Max {label}")
        yield pl.col(name).mean().alias(f"Mean {label}")
        yield pl.col(_INNER.get(label, name)).std().alias(f"Std {label}")
    yield pl.col(TEMPERATURE).sum().alias(WARMTH[0])
    yield pl.col(TEMPERATURE).count().alias(WARMTH[1])


def _cycle_of(steps: pl.DataFrame) -> pl.Expr:
    """Say which cycle each step belongs to, by the first of three that is known."""
    if _has(steps, CYCLE):
        return pl.col(CYCLE).forward_fill().fill_null(0)
    if _has(steps, CYCLE_FROM_CYCLER):
        told = pl.col(CYCLE_FROM_CYCLER).forward_fill().backward_fill()
        return told.rle_id().cast(pl.Int64).alias(CYCLE)
    return pl.lit(0, pl.Int64).alias(CYCLE)


def _indices() -> Iterator[pl.Expr]:
    after = pl.col("_rows").cum_sum().cast(pl.Int64)
    yield (after - pl.col("_rows")).cast(pl.Int64).alias("Start index")
    yield (after - 1).alias("End index")


def _duration() -> pl.Expr:
    return (pl.col("End time [s]") - pl.col("Start time [s]")).alias("Duration [s]")


def _largest(steps: pl.DataFrame, label: str) -> float | None:
    return steps.select(
        pl.max_horizontal(pl.col(f"Min {label}", f"Max {label}").abs().max())
    ).item()
