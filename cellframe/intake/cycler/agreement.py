"""Do the counters count what flowed? If they are a thousand times off, a unit is another."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from cellframe.contract.series import CHARGE_CAPACITY, CURRENT, DISCHARGE_CAPACITY, STEP, TIME

_CLOSE = 0.1
_FACTORS = (60, 1000, 3600, 3600_000)
"""Between s and min, A and mA, s and h, and both of the last."""
_LEAST = 1e-9
"""A.h: what is less says nothing."""


class Agreement(NamedTuple):
    """What the comparison says: a sentence, or none where there is nothing to compare."""

    is_right: bool
    said: tuple[str, ...]


def agreement_of(frame: pl.DataFrame) -> Agreement:
    """Compare counters of charge and discharge with the integral of the current.

    Parameters
    ----------
    frame : DataFrame
        A series with the contract's labels and units; counters restart with each step.
    """
    labels = [label for label in (DISCHARGE_CAPACITY, CHARGE_CAPACITY) if label in frame.columns]
    whole = frame.select(TIME, CURRENT, STEP, *labels).drop_nulls()
    inside = pl.col(STEP) == pl.col(STEP).shift(1)
    mean = (pl.col(CURRENT) + pl.col(CURRENT).shift(1)).abs() / 2
    flowed = pl.when(inside).then(mean * pl.col(TIME).diff() / 3600)
    counted = [pl.when(inside).then(pl.col(label).diff()).sum() for label in labels]
    moved, *parts = whole.select(flowed.sum().alias("flowed"), *counted).row(0)
    total = sum(parts)
    if min(moved, total) <= _LEAST:
        return Agreement(is_right=True, said=())
    return _judged(total / moved)


def _judged(ratio: float) -> Agreement:
    apart = abs(ratio - 1)
    if apart <= _CLOSE:
        what = f"The counters are the integral of the current, {apart:.2%} apart: the units fit."
        return Agreement(is_right=True, said=(what,))
    larger, times = (
        ("counters are", ratio) if ratio > 1 else ("integral of the current is", 1 / ratio)
    )
    for factor in _FACTORS:
        if abs(times / factor - 1) <= _CLOSE:
            what = (
                f"The {larger} {factor} times larger than the "
                f"{'integral of the current' if ratio > 1 else 'counters'}: look at the units of "
                "time, current and capacity."
            )
            return Agreement(is_right=False, said=(what,))
    what = (
        f"The counters are {ratio:.3g} times the integral of the current over the rows there are; "
        "the counters are kept."
    )
    return Agreement(is_right=True, said=(what,))
