"""Where do a cycler's counters start again, and how do they count from 0 in each step?

Cyclers count capacity and energy over a step, a cycle or the whole test. What is counted between
the last row of a step and the first of the next belongs to neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    COUNTERS,
    CURRENT,
    CYCLE,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    STEP,
)
from cellframe.intake.cycler.mapping import ONE_FOR_BOTH, STEP_CAPACITY, STEP_ENERGY
from cellframe.series.rows import COUNTER_TOLERANCE

if TYPE_CHECKING:
    from cellframe.intake.cycler.mapping import Counters

_PARTS = {
    STEP_CAPACITY: (DISCHARGE_CAPACITY, CHARGE_CAPACITY),
    STEP_ENERGY: (DISCHARGE_ENERGY, CHARGE_ENERGY),
}
_MOSTLY = 0.9
"""Of all restarts: a test that was interrupted has a few elsewhere."""
_NET = 0.2
"""Of all its movement: a counter of one direction that falls this much counts the other too."""
_RESTART = 1e-2
"""Of the value before: what is left of a counter that starts again."""


def restart_with_steps(frame: pl.DataFrame, counters: Counters) -> pl.DataFrame:
    """Let every counter start at 0 in each step, and split those that count both directions.

    Parameters
    ----------
    frame : DataFrame
        With ``Step count`` and the signed current.
    counters : str
        ``none`` leaves them out.
    """
    there = [label for label in (*COUNTERS, *ONE_FOR_BOTH) if label in frame.columns]
    if counters == "none" or STEP not in frame.columns:
        return frame.drop(there)
    counted = frame.with_columns(_gained(label) for label in there)
    return split(counted).drop(ONE_FOR_BOTH, strict=False)


def _gained(label: str) -> pl.Expr:
    first = pl.col(label).drop_nulls().first().over(STEP)
    return pl.col(label) - first


def split(frame: pl.DataFrame) -> pl.DataFrame:
    """Give what one counter counts to the direction in which each step goes."""
    if CURRENT not in frame.columns:
        return frame
    way = pl.col(CURRENT).sum().over(STEP).sign()
    made = [
        pl.when(way == sign).then(pl.col(label)).otherwise(0.0).alias(part)
        for label, parts in _PARTS.items()
        if label in frame.columns
        for part, sign in zip(parts, (1, -1), strict=True)
        if part not in frame.columns
    ]
    return frame.with_columns(made)


class Falls(NamedTuple):
    """Where one counter falls: numbers of rows.

    Attributes
    ----------
    at_steps, at_cycles : int
        Where a step begins; where a cycle begins too.
    within : int
        Inside a step.
    restarts : int
        Inside a step, nearly to 0.
    steps : int
        Beginnings of steps at which the counter stood above 0.
    up, down : float
        How far it rises and falls inside steps, altogether.
    """

    at_steps: int
    at_cycles: int
    within: int
    restarts: int
    steps: int
    up: float
    down: float

    @property
    def kind(self) -> Counters:
        """With what the counter starts again."""
        if not self.at_steps:
            return "test"
        return "cycle" if self.at_cycles >= _MOSTLY * self.at_steps else "step"

    @property
    def is_net(self) -> bool:
        """Whether it goes down as well as up, along with the current."""
        return self.within > self.restarts and self.down > _NET * (self.up + self.down)


def falls_of(frame: pl.DataFrame, label: str) -> Falls:
    """Find where a counter falls.

    Parameters
    ----------
    frame : DataFrame
        With ``Step count``, and ``Cycle count`` where cycles are known.
    label : str
        The counter's label.
    """
    value, before = pl.col(label), pl.col(label).shift(1)
    step = pl.col(STEP) != pl.col(STEP).shift(1)
    cycle = (
        pl.col(CYCLE) != pl.col(CYCLE).shift(1) if CYCLE in frame.columns else pl.lit(value=False)
    )
    fell, inside = before - value > COUNTER_TOLERANCE, ~step
    change = pl.when(inside & ~_restarts(value, before)).then(value - before)
    counts = frame.lazy().select(
        at_steps=(fell & step).sum(),
        at_cycles=(fell & cycle).sum(),
        within=(fell & inside).sum(),
        restarts=(fell & inside & _restarts(value, before)).sum(),
        steps=((before > COUNTER_TOLERANCE) & step).sum(),
        up=change.clip(0).sum(),
        down=(-change).clip(0).sum(),
    )
    return Falls(**counts.collect().row(0, named=True))


def _restarts(value: pl.Expr, before: pl.Expr) -> pl.Expr:
    return (before > COUNTER_TOLERANCE) & (value.abs() <= _RESTART * before)
