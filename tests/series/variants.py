"""Made series with one thing changed each: what a lab's files get wrong, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CURRENT,
    CYCLE,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    EIS,
    STEP,
    TIME,
    VOLTAGE,
)
from tests.series.made import CAPACITY, made_spectrum, made_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[pl.DataFrame], pl.DataFrame]

ROW = pl.int_range(pl.len())


def shifted(label: str, by: float) -> Change:
    return lambda frame: frame.with_columns(pl.col(label) + by)


def scaled(label: str, by: float) -> Change:
    return lambda frame: frame.with_columns(pl.col(label) * by)


def at(label: str, row: int, value: Any) -> Change:
    """One cell changed; a row below 0 counts from the end."""

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        there = pl.when(row % frame.height == ROW)
        dtype = frame.schema[label]
        return frame.with_columns(there.then(pl.lit(value, dtype)).otherwise(label).alias(label))

    return change


def bumped(label: str, row: int, by: float) -> Change:
    """One cell a little higher or lower."""
    return lambda frame: at(label, row, frame[label][row] + by)(frame)


def swapped(frame: pl.DataFrame, one: str, other: str) -> pl.DataFrame:
    return frame.rename({one: other, other: one})


def with_sweep(frame: pl.DataFrame) -> pl.DataFrame:
    """The test ends with a sweep of frequencies, whose rows have no time."""
    step = frame[STEP].max() + 1
    sweep = made_spectrum().with_columns(
        pl.lit(step, pl.Int64).alias(STEP), pl.lit(frame[CYCLE].max(), pl.Int64).alias(CYCLE)
    )
    return pl.concat([frame, sweep], how="diagonal")


def only_sign_of(odd: int) -> Change:
    """The current is negated in every second or third step."""
    flip = pl.when(pl.col(STEP) % odd == 0).then(-1.0).otherwise(1.0)
    return lambda frame: frame.with_columns(pl.col(CURRENT) * flip)


def first_row_of(frame: pl.DataFrame, step: int) -> int:
    return frame[STEP].to_list().index(step)


CHANGES: dict[str, Change] = {
    "as it is": lambda frame: frame,
    "current reversed": scaled(CURRENT, -1),
    "current without sign": lambda frame: frame.with_columns(pl.col(CURRENT).abs()),
    "sign of every second step": only_sign_of(2),
    "sign of every third step": only_sign_of(3),
    "a thousandth of the current": scaled(CURRENT, 1e-3),
    "a millionth of it, reversed": scaled(CURRENT, -1e-6),
    "reversed, no step count": lambda f: f.drop(STEP).with_columns(-pl.col(CURRENT)),
    "constant voltage": lambda frame: frame.with_columns(pl.lit(3.7).alias(VOLTAGE)),
    "no current": lambda frame: frame.drop(CURRENT),
    "rest only": scaled(CURRENT, 0),
    "time from 0.9 us": shifted(TIME, 0.9e-6),
    "time from 1.1 us": shifted(TIME, 1.1e-6),
    "time from 100 s": shifted(TIME, 100),
    "time repeated": lambda f: at(TIME, 50, f[TIME][49])(f),
    "time back within tolerance": lambda f: bumped(TIME, 1, -f[TIME][1] - 5e-13)(f),
    "time back": lambda f: at(TIME, 50, f[TIME][48])(f),
    "time missing": at(TIME, 50, None),
    "time missing at first": at(TIME, 0, None),
    "no time": lambda frame: frame.drop(TIME),
    "sweep at the end": with_sweep,
    "sweep, reversed": lambda f: with_sweep(f.with_columns(-pl.col(CURRENT))),
    "gap of 5 h": lambda f: f.with_columns(
        pl.col(TIME) + pl.when(ROW >= 50).then(17000).otherwise(0)
    ),
    "gap over 5 h": lambda f: f.with_columns(
        pl.col(TIME) + pl.when(ROW >= 50).then(18100).otherwise(0)
    ),
    "steps from 1": shifted(STEP, 1),
    "steps by 2": scaled(STEP, 2),
    "steps back": lambda f: f.with_columns(pl.col(STEP) % 3),
    "steps as floats": lambda f: f.with_columns(pl.col(STEP).cast(pl.Float64)),
    "half steps": lambda f: f.with_columns(pl.col(STEP) / 2),
    "no step count": lambda f: f.drop(STEP),
    "one row in the last step": lambda f: f.filter(
        (pl.col(STEP) < pl.col(STEP).max()) | (pl.col(STEP) != pl.col(STEP).shift())
    ),
    "cycle inside a step": at(CYCLE, 7, 9),
    "cycle from cycler inside a step": lambda f: f.drop(CYCLE).with_columns(
        (ROW // 50).alias("Cycle from cycler")
    ),
    "counter from 0.9e-6": shifted(CHARGE_CAPACITY, 0.9e-6),
    "counter from 1.1e-6": shifted(CHARGE_CAPACITY, 1.1e-6),
    "counter over all": lambda f: f.with_columns(pl.col(DISCHARGE_ENERGY).cum_sum()),
    "counter falls within tolerance": bumped(DISCHARGE_CAPACITY, 3, 0.9e-6),
    "counter falls": bumped(DISCHARGE_CAPACITY, 3, 0.01),
    "discharge capacity 8 % off": scaled(DISCHARGE_CAPACITY, 1.08),
    "discharge capacity 13 % off": scaled(DISCHARGE_CAPACITY, 1.13),
    "charge capacity 13 % off": scaled(CHARGE_CAPACITY, 0.86),
    "energies in J": lambda f: f.with_columns(pl.col(DISCHARGE_ENERGY, CHARGE_ENERGY) * 3600),
    "own power": lambda f: f.with_columns((pl.col(VOLTAGE) * pl.col(CURRENT)).alias("Power [W]")),
    "own power off": lambda f: f.with_columns(
        (pl.col(VOLTAGE) * pl.col(CURRENT) * 1.5).alias("Power [W]")
    ),
    "counters swapped": lambda f: swapped(f, DISCHARGE_CAPACITY, CHARGE_CAPACITY),
    "rows shuffled": lambda f: f.with_columns(pl.col(VOLTAGE).shuffle(3)),
    "voltage jumps": lambda f: f.with_columns(pl.col(VOLTAGE) + 0.9 * (ROW % 3 == 0)),
}
"""By name: a change to a whole test."""


def options(seed: int, name: str) -> dict[str, dict[str, Any]]:
    """Return ways to ask for a check, by name; `steps` are sent along."""
    window = {"window": {"strict": True, "voltage_window": (3.0, 4.0)}}
    given: dict[str, dict[str, Any]] = {
        "default": {},
        "steps": {"strict": True, "rated_capacity": 0.01 * (seed + 1) * CAPACITY, "steps": True},
    }
    return given | (window if name in ("as it is", "rows shuffled", "voltage jumps") else {})


STEP_CHANGES: dict[str, Change] = {
    "as they are": lambda steps: steps,
    "capacities swapped": lambda s: swapped(s, DISCHARGE_CAPACITY, CHARGE_CAPACITY),
    "energies swapped": lambda s: swapped(s, DISCHARGE_ENERGY, CHARGE_ENERGY),
    "no types": lambda s: s.drop("Step type"),
    "short": lambda s: s.with_columns(pl.lit(59.0).alias("Duration [s]")),
    "no spread": lambda s: s.drop("Std current [A]", "Min current [A]"),
    "one way": lambda s: s.filter(pl.col("Mean current [A]") >= 0),
}
"""By name: a change to the steps that are sent along."""

SPECTRA: dict[str, Change] = {
    "as it is": lambda frame: frame,
    "negated": scaled(EIS[2], -1),
    "turned round": lambda frame: frame.reverse(),
    "in mOhm": lambda f: f.with_columns(pl.col(EIS[1], EIS[2]) * 1e3),
    "in kOhm": lambda f: f.with_columns(pl.col(EIS[1], EIS[2]) * 1e-3),
    "two points": lambda frame: frame.head(2),
    "no frequency": lambda frame: frame.drop(EIS[0]),
    "negative resistance": shifted(EIS[1], -1.0),
}
"""By name: a change to a spectrum."""

OCP: dict[str, pl.DataFrame] = {
    "whole": pl.DataFrame({"SOC": [0.0, 1.0], VOLTAGE: [3.0, 4.0], STEP: [0, 0]}),
    "no voltage": pl.DataFrame({"Stoichiometry": [0.0, 1.0], STEP: [0, 0]}),
    "no axis": pl.DataFrame({VOLTAGE: [3.0, 4.0], STEP: [0, 0]}),
    "no steps": pl.DataFrame({"Capacity [A.h]": [0.0, 1.0], VOLTAGE: [3.0, 4.0]}),
    "steps from 1": pl.DataFrame({"SOC": [0.0, 1.0], VOLTAGE: [3.0, 4.0], STEP: [1, 3]}),
}
"""By name: open-circuit data."""


def steps_of(frame: pl.DataFrame, change: Change) -> pl.DataFrame:
    return change(made_steps(frame))
