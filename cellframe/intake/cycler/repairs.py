"""What is done about a known fault of a cycler's file, once a person asks for it?

None of them changes a measured number, and none is done unless the mapping says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import (
    COUNTERS,
    CYCLE,
    CYCLE_FROM_CYCLER,
    STEP,
    STEP_FROM_CYCLER,
    TIME,
)
from cellframe.intake.cycler.mapping import ONE_FOR_BOTH
from cellframe.series.rows import COUNTER_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.intake.cycler.mapping import Repair, SeriesMap

STEP_CLOCK: Repair = "add up time that restarts with each step"
LOST_ROWS: Repair = "drop rows where time restarts"
NEW_STEPS: Repair = "new step where a counter restarts"
_KEYS = (CYCLE_FROM_CYCLER, STEP_FROM_CYCLER, CYCLE, STEP)
NO_FALLS: Repair = "leave out counters that fall"


def repair_clock(frame: pl.DataFrame, repairs: Sequence[Repair]) -> pl.DataFrame:
    """Make time run on.

    Parameters
    ----------
    frame : DataFrame
        With ``Time [s]`` from 0.
    repairs : sequence of str
        `STEP_CLOCK` adds the time of the steps before, `LOST_ROWS` drops rows whose time is 0
        again although the next row goes on as before.
    """
    if TIME not in frame.columns:
        return frame
    if LOST_ROWS in repairs:
        again = (pl.col(TIME) == 0) & (pl.col(TIME).shift(1) > 0)
        frame = frame.filter(~again.fill_null(value=False))
    if STEP_CLOCK in repairs:
        # A step may begin later on its clock than a short one before it ended.
        begins = (pl.col(TIME).diff() < 0) | _begins(frame)
        before = pl.when(begins).then(pl.col(TIME).shift(1)).otherwise(0.0).cum_sum()
        frame = frame.with_columns(pl.col(TIME) + before)
    return frame


def _begins(frame: pl.DataFrame) -> pl.Expr:
    """Whether step or cycle of the cycler is another than in the row before."""
    keys = [key for key in _KEYS if key in frame.columns]
    changes = (pl.col(key).ne_missing(pl.col(key).shift(1)) for key in keys)
    return pl.any_horizontal(pl.lit(value=False), *changes) & (pl.int_range(pl.len()) > 0)


def repair_counters(frame: pl.DataFrame, series: SeriesMap) -> pl.DataFrame:
    """Make counters count upwards in each step.

    Parameters
    ----------
    frame : DataFrame
        With ``Step count``.
    series : SeriesMap
        `NEW_STEPS` begins a step where a counter falls inside one, `NO_FALLS` blanks a counter
        in the steps in which it falls: the service integrates the current there.
    """
    there = [label for label in (*COUNTERS, *ONE_FOR_BOTH) if label in frame.columns]
    if not there:
        return frame
    if NEW_STEPS in series.repairs:
        falls = pl.any_horizontal(_fell(label) for label in there).fill_null(value=False)
        parts = pl.struct(STEP, falls.cum_sum().alias("part")).rle_id().cast(pl.Int64)
        frame = frame.with_columns(parts.alias(STEP))
    if NO_FALLS in series.repairs:
        whole = {label: ~_fell(label).any().over(STEP) for label in there}
        frame = frame.with_columns(
            pl.when(up).then(label).alias(label) for label, up in whole.items()
        )
    return frame


def _fell(label: str) -> pl.Expr:
    inside = pl.col(STEP) == pl.col(STEP).shift(1)
    return (pl.col(label).diff() < -COUNTER_TOLERANCE) & inside


def restarts_of(frame: pl.DataFrame) -> tuple[int, int]:
    """Count rows in which time goes back, and of these the ones where a step begins too."""
    back = pl.col(TIME).diff() < 0
    return frame.select(back.sum(), (back & _begins(frame)).sum().alias("at")).row(0)
