"""How much does a cell give at each rate?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from cellframe.analysis.choosing import MEAN_CURRENT
from cellframe.analysis.cycle_rows import RATED
from cellframe.analysis.reading import (
    CELLS,
    DEFINITION,
    FINDING,
    TOLD,
    back,
    first_of,
    given,
    keys_of,
    require,
)
from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CYCLE,
    DIRECTIONS,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    HELD_CONSTANT,
    STEP,
    STEP_TYPE,
)
from cellframe.errors import ConfigError
from cellframe.frames.other_units import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.frames.backend import AnyFrame

C_RATE, RATIO, DURATION = "C-rate", "Ratio to slowest", "Duration [s]"
SAME_RATE = 1.1
"""Rates up to this much above the slowest one count as the slowest."""
MORE = 1.001
"""A capacity that exceeds that of a slower rate by this factor is told."""
_WHO, _REFERENCE, _AT = "\x00who", "\x00reference", "\x00at"


def rate_capability(
    frame: AnyFrame,
    *,
    capacity: float | None = None,
    direction: Literal["discharge", "charge"] = "discharge",
    least: float = 0.5,
) -> Any:
    """Return the capacity of each step at constant current, beside its rate.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A table of steps, of one cell or many: ``Step type``, ``Mean current [A]`` (positive on
        discharge) and the capacity of the direction. Tests of one cell are compared with one
        another.
    capacity : float, optional
        Of the cell in A.h, for the C-rate; else a column ``Rated capacity [A.h]``, else what the
        cell gave at the slowest rate.
    direction : {"discharge", "charge"}
        Of the steps.
    least : float
        A step that moves less than this part of the cell's largest one is no whole discharge.

    Returns
    -------
    DataFrame, shape (n_steps, n_columns)
        Keys, ``Cycle count``, ``Step count``, ``Mean current [A]``, ``C-rate``, ``Discharge
        capacity [A.h]`` and ``Discharge energy [W.h]`` (or those of charge), ``Duration [s]``,
        ``Ratio to slowest``, ``Finding``, ``Definition``; cell by cell, slow rates first, and
        of one rate (in two digits) the earlier cycle first.

    Raises
    ------
    FrameError
        The frame is no table of steps.
    ConfigError
        A number or a word means nothing here.

    Notes
    -----
    The rate is abs(mean current) / capacity, and the capacity that of the step at constant
    current alone. ``Ratio to slowest`` is to the median of the steps whose rate is within 10 % of
    the slowest. The ratio need not fall with the rate: cells that heat themselves give more at 2 C
    than at 1 C, and ``Finding`` tells where a faster step gave more than a slower one.
    """
    if direction not in DIRECTIONS:
        raise ConfigError(f"direction={direction!r} is neither 'discharge' nor 'charge'.")
    if not 0 <= least <= 1 or (capacity is not None and not capacity > 0):
        message = (
            f"least={least} is a part, from 0 to 1, and capacity={capacity} in A.h and above 0."
        )
        raise ConfigError(message)
    moved, energy = _moved(direction)
    lazy = labelled(given(frame), (MEAN_CURRENT, moved, energy, DURATION, RATED))
    there = lazy.collect_schema()
    require(there, (STEP_TYPE, MEAN_CURRENT, moved), "a table of steps")
    keys, cell = keys_of(there), first_of(CELLS, there)
    counts = [label for label in (CYCLE, STEP) if label in there]
    optional = [label for label in (energy, DURATION, RATED) if label in there]
    missing = [
        pl.lit(None, pl.Float64).alias(label)
        for label in (energy, DURATION, RATED)
        if label not in there
    ]
    steps = lazy.filter(pl.col(STEP_TYPE) == f"{HELD_CONSTANT[0]} {direction}").select(
        (pl.lit(0) if cell is None else pl.col(cell)).alias(_WHO),
        *keys,
        *counts,
        *(pl.col(label).cast(pl.Float64) for label in (MEAN_CURRENT, moved, *optional)),
        *missing,
    )
    whole = (pl.col(moved) > 0) & (pl.col(moved) >= least * pl.col(moved).max().over(_WHO))
    # Steps at one rate differ in its last digits, and stay in the order of their cycles.
    order = (_AT, pl.col(C_RATE).round_sig_figs(2), *counts)
    rated = _rated(steps.filter(whole), moved, capacity)
    rates = rated.sort(order, maintain_order=True).collect()
    rates = _compared(rates, moved)
    results = (MEAN_CURRENT, C_RATE, moved, energy, DURATION, RATIO)
    return back(rates.select(*keys, *counts, *results, FINDING, DEFINITION), frame)


def _moved(direction: str) -> tuple[str, str]:
    if direction == DIRECTIONS[0]:
        return DISCHARGE_CAPACITY, DISCHARGE_ENERGY
    return CHARGE_CAPACITY, CHARGE_ENERGY


def _rated(steps: pl.LazyFrame, moved: str, capacity: float | None) -> pl.LazyFrame:
    """Add the rate, the ratio, and what made them; order by cell and rate."""
    current = pl.col(MEAN_CURRENT).abs()
    is_slowest = current <= SAME_RATE * current.min().over(_WHO)
    reference = pl.when(is_slowest).then(moved).median().over(_WHO)
    given_as = pl.lit(capacity, pl.Float64) if capacity is not None else pl.col(RATED)
    words = "given" if capacity is not None else "rated"
    return steps.with_columns(
        reference.alias(_REFERENCE), pl.int_range(pl.len()).min().over(_WHO).alias(_AT)
    ).with_columns(
        (current / pl.coalesce(given_as, _REFERENCE)).alias(C_RATE),
        (pl.col(moved) / pl.col(_REFERENCE)).alias(RATIO),
        pl.format(
            "abs(mean current) / {} A.h ({}); step at constant current, ratio to {} A.h, the "
            "median at the slowest rate",
            pl.coalesce(given_as, _REFERENCE).round_sig_figs(5),
            pl.when(given_as.is_not_null())
            .then(pl.lit(words))
            .otherwise(pl.lit("measured at the slowest rate")),
            pl.col(_REFERENCE).round_sig_figs(5),
        )
        .cast(TOLD[DEFINITION])
        .alias(DEFINITION),
    )


def _compared(rates: pl.DataFrame, moved: str) -> pl.DataFrame:
    """Say where a faster step gave more than a slower one."""
    told = [
        text
        for cell in rates.partition_by(_WHO, maintain_order=True)
        for text in _more_than_slower(cell[C_RATE].to_list(), cell[moved].to_list())
    ]
    return rates.with_columns(pl.Series(FINDING, told, dtype=pl.String).cast(TOLD[FINDING]))


def _more_than_slower(rates: list[float], capacities: list[float]) -> Iterator[str | None]:
    for rate, capacity in zip(rates, capacities, strict=True):
        slower = [
            (other, one)
            for one, other in zip(rates, capacities, strict=True)
            if rate > SAME_RATE * one and capacity > MORE * other
        ]
        yield f"more than at {min(slower)[1]:.3g} C, which is slower" if slower else None
