"""What was held in a step: the current, the voltage, the power, nothing?

The tolerances are those of ionworksdata 0.20.2. The absolute ones call every step of a coin cell
a rest, so they are scaled by the rated capacity, or by the largest current of the series where
that is not known, and never exceed the absolute ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import polars as pl

from cellframe.contract.series import (
    DIRECTIONS,
    EIS_STEP,
    HELD_CONSTANT,
    REST,
    STEP_TYPE,
    UNKNOWN_STEP,
)

SOME_FREQUENCY = 1e-8
REST_CURRENT, STEADY_CURRENT = 1e-3, 1e-2
STEADY_VOLTAGE, STEADY_POWER = 1e-2, 1e-2
REST_RATE, STEADY_RATE = 1 / 1000, 1 / 200
OF_LARGEST = 0.01


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What counts as no current and as a steady one, in A; as a steady power, in W."""

    rest: float
    current: float
    power: float


def tolerances(
    largest_current: float | None, largest_power: float | None, rated_capacity: float | None
) -> Tolerances:
    """Return the tolerances for one series.

    Parameters
    ----------
    largest_current, largest_power : float or None
        Of the series, without sign, in A and W.
    rated_capacity : float or None
        In A.h.
    """
    part = OF_LARGEST * (largest_current or 0.0)
    rest = current = part
    if rated_capacity is not None and isfinite(rated_capacity) and rated_capacity > 0:
        rest, current = rated_capacity * REST_RATE, rated_capacity * STEADY_RATE
    # A series that never carries a current has nothing to scale by.
    return Tolerances(
        rest=min(REST_CURRENT, rest or REST_CURRENT),
        current=min(STEADY_CURRENT, current or STEADY_CURRENT),
        power=min(STEADY_POWER, OF_LARGEST * (largest_power or 0.0) or STEADY_POWER),
    )


def step_type(within: Tolerances) -> pl.Expr:
    """Return the type of a step as an expression over the table of steps; the first that fits.

    A step without times in a series that has them is a sweep of impedance: such rows have
    frequencies instead.
    """
    current = pl.col("Mean current [A]")
    discharge, charge = DIRECTIONS
    direction = pl.when(current > 0).then(pl.lit(discharge)).otherwise(pl.lit(charge))
    steady = (
        pl.col("Std current [A]") < within.current,
        pl.col("Std voltage [V]") < STEADY_VOLTAGE,
        pl.col("Std power [W]") < within.power,
    )
    untimed = pl.col("Start time [s]").is_null() & pl.col("Start time [s]").is_not_null().any()
    named = pl.when((pl.col("Mean frequency [Hz]") > SOME_FREQUENCY) | untimed).then(
        pl.lit(EIS_STEP)
    )
    named = named.when(current.abs() < within.rest).then(pl.lit(REST))
    for held, is_steady in zip(HELD_CONSTANT, steady, strict=True):
        named = named.when(is_steady & current.is_not_null()).then(
            pl.format("{} {}", pl.lit(held), direction)
        )
    return named.otherwise(pl.lit(UNKNOWN_STEP)).alias(STEP_TYPE)
