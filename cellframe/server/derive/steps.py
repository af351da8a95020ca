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
    from collections.abc import Iterable, Iterator

    from cellframe.contract.series import Held

POLARS: dict[Held, type[pl.DataType]] = {"float": pl.Float64, "int": pl.Int64, "text": pl.String}
"""How the contract's words for what a column holds are spelled in polars."""
WARMTH = ("_sum of temperature", "_rows with temperature")
"""What the cycles' mean temperature needs, at the end of a table of steps."""

_OPTIONAL = (TIME, CURRENT, FREQUENCY, TEMPERATURE, CYCLE, STEP_FROM_CYCLER, CYCLE_FROM_CYCLER)
_POWER = "_voltage times current"
_HELD = {"voltage [V]": VOLTAGE, "current [A]": CURRENT, "power [W]": _POWER}
"""What a step may hold constant."""


def measured(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what some whole steps of a series say for themselves.

    Parameters
    ----------
    rows : DataFrame
        As `cellframe.server.derive.rows.read` yields.

    Returns
    -------
    DataFrame, shape (n_steps, n_columns)
        What `joined` takes.
    """
    missing = {name: POLARS[SERIES[name]] for name in _OPTIONAL if name not in rows.columns}
    rows = rows.with_columns(pl.lit(None, held).alias(name) for name, held in missing.items())
    rows = rows.with_columns(
        (pl.col(VOLTAGE) * pl.col(CURRENT)).alias(_POWER), pl.col(FREQUENCY).fill_null(0.0)
    )
    steps = rows.group_by(STEP, maintain_order=True).agg(_row_of_step())
    return steps.hstack(charge_of(rows).drop(STEP))


def joined(parts: Iterable[pl.DataFrame], rated_capacity: float | None) -> pl.DataFrame:
    """Return the steps of a series: what each says, and what only all of them tell.

    Parameters
    ----------
    parts : iterable of DataFrame
        From `measured`, in order.
    rated_capacity : float or None
        In A.h.

    Returns
    -------
    DataFrame, shape (n_steps, n_columns)
        Columns as in `cellframe.contract.series.STEPS`, the sums of cycles still null, and
        `WARMTH` at the end.
    """
    steps = pl.concat(parts)
    largest = (_largest(steps, "current [A]"), _largest(steps, "power [W]"))
    steps = steps.with_columns(
        _cycle_of(steps),
        *_indices(),
        step_type(tolerances(*largest, rated_capacity)),
        (pl.col("End time [s]") - pl.col("Start time [s]")).alias("Duration [s]"),
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
    # Beside the steps, whose other columns may have any name.
    sums = steps.select(pl.col(CYCLE).fill_null(0)).join(
        cycles.select(CYCLE, *COUNTERS), on=CYCLE, how="left", maintain_order="left"
    )
    labels = {name: f"Cycle {name[0].lower()}{name[1:]}" for name in COUNTERS}
    filled = (steps[label].fill_null(sums[name]) for name, label in labels.items())
    return steps.with_columns(filled).drop(WARMTH)


def _has(steps: pl.DataFrame, name: str) -> bool:
    return steps[name].null_count() < steps.height


def _row_of_step() -> Iterator[pl.Expr]:
    yield pl.len().alias("_rows")
    for name in (STEP_FROM_CYCLER, CYCLE_FROM_CYCLER, CYCLE):
        yield pl.col(name).first(ignore_nulls=True)
    for name, label in ((TIME, "time [s]"), (VOLTAGE, "voltage [V]")):
        yield pl.col(name).first(ignore_nulls=True).alias(f"Start {label}")
        yield pl.col(name).last(ignore_nulls=True).alias(f"End {label}")
    for label, name in (*_HELD.items(), ("frequency [Hz]", FREQUENCY)):
        yield pl.col(name).min().alias(f"Min {label}")
        yield pl.col(name).max().alias(f"Max {label}")
        yield pl.col(name).mean().alias(f"Mean {label}")
        spread = _inner(pl.col(name)) if label in _HELD else pl.col(name)
        yield spread.std().alias(f"Std {label}")
    yield pl.col(TEMPERATURE).sum().alias(WARMTH[0])
    yield pl.col(TEMPERATURE).count().alias(WARMTH[1])


def _inner(values: pl.Expr) -> pl.Expr:
    """Leave the ends of longer steps out of a spread.

    The first row still belongs to the step before, and the last one may be the limit that was
    hit.
    """
    rows = pl.len().cast(pl.Int64)
    first, last = (rows > 2).cast(pl.Int64), (rows > 3).cast(pl.Int64)  # noqa: PLR2004
    return values.slice(first, rows - first - last)


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


def _largest(steps: pl.DataFrame, label: str) -> float | None:
    return steps.select(
        pl.max_horizontal(pl.col(f"Min {label}", f"Max {label}").abs().max())
    ).item()
