"""Which rows are one half cycle, and how much charge has passed at each?

A half cycle is a step here, one charge or discharge: of a cycle the one that moves most, unless all
are asked for. Charge is the cycler's counter where it has one that never falls in the step, else
the difference of ``Capacity [A.h]``, else our own integral of the current, as everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from cellframe.analysis.reading import DEFINITION, DIRECTION, FINDING, TOLD
from cellframe.contract.series import (
    CAPACITY,
    CHARGE_CAPACITY,
    COUNTED,
    CURRENT,
    CYCLE,
    DIRECTIONS,
    DISCHARGE_CAPACITY,
    INTEGRATED,
    SPLIT,
    STEP,
    TIME,
    VOLTAGE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

NEEDED = (VOLTAGE, CURRENT, STEP)
"""What a series must have to be cut into half cycles."""
USED = (*NEEDED, TIME, CYCLE, DISCHARGE_CAPACITY, CHARGE_CAPACITY, CAPACITY)
"""What is read of it."""
REST_CURRENT, REST_RATE, OF_LARGEST = 1e-3, 1 / 1000, 0.01
"""Below which current a step is a rest: 1 mA, and 1/1000 of the capacity, or 1 % of the largest
current of the test where no capacity is known, where that is less. Source: ionworksdata 0.20.2,
whose one limit of 1 mA calls every step of a coin cell a rest."""
HELD_WITHIN, FALLEN_TO = 0.005, 0.98
"""The voltage is held while it is within 5 mV of what the step ends at and the current has fallen
below 98 % of what it was before."""
WHICH: dict[str, pl.DataType] = {CYCLE: pl.Int64(), STEP: pl.Int64(), DIRECTION: pl.String()}
"""Columns that say which half cycle a row is of."""
_FALL = 1e-6
"""A counter falls when it loses more than this share of itself: cyclers print rounded numbers."""
_FEWEST = 2
_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Half:
    """One step in which charge moves.

    Attributes
    ----------
    cycle, step : int
        As counted in the series.
    direction : str
        ``"discharge"`` or ``"charge"``.
    time, voltage, current, charge : array, shape (n_rows,)
        In s (None where there is no time), V, A without sign, and A.h passed since the step's
        first row.
    source : str
        Where the charge comes from: ``"counter"``, ``"capacity column"``, ``"integral"``.
    held : int
        First row from which on the voltage is held; n_rows where it never is.
    """

    cycle: int
    step: int
    direction: str
    time: Floats | None
    voltage: Floats
    current: Floats
    charge: Floats
    source: str
    held: int

    @property
    def rising(self) -> int:
        """1 where the voltage rises, -1 where it falls."""
        return 1 if self.direction == "charge" else -1

    @property
    def capacity(self) -> float:
        """Charge that passed until the voltage was held, in A.h."""
        return float(self.charge[self.held - 1]) if self.held else 0.0

    @property
    def all_charge(self) -> float:
        """Charge that passed in the whole step, in A.h."""
        return float(self.charge[-1])


def rest_limit(capacity: float | None, largest: float | None) -> float:
    """Return the current below which a step is a rest, in A.

    Parameters
    ----------
    capacity : float or None
        Of the cell, in A.h.
    largest : float or None
        Largest current of the test, without sign, in A.
    """
    scaled = capacity * REST_RATE if capacity else OF_LARGEST * (largest or 0.0)
    return min(REST_CURRENT, scaled or REST_CURRENT)


def halves(test: pl.DataFrame, *, every: bool = False, held: bool = False) -> Iterator[Half]:
    """Yield the half cycles of one test, in the order of its steps.

    Parameters
    ----------
    test : DataFrame
        Rows of one test, in the order of time, with `NEEDED` and what there is of `USED`.
    every : bool
        Every step that moves charge, and not the one of each cycle and direction that moves most.
    held : bool
        Those whose voltage is held from their first row on, too.
    """
    known = test.drop_nulls(list(NEEDED))
    largest = known[CURRENT].abs().max()
    limit = rest_limit(None, float(largest) if isinstance(largest, int | float) else None)
    found = [half for half in _steps(known, limit) if held or half.held >= _FEWEST]
    most: dict[tuple[int, str], Half] = {}
    for half in found:
        best = most.get((half.cycle, half.direction))
        if best is None or half.capacity > best.capacity:
            most[half.cycle, half.direction] = half
    chosen = {(half.cycle, half.step) for half in most.values()}
    yield from (half for half in found if every or (half.cycle, half.step) in chosen)


def _steps(known: pl.DataFrame, limit: float) -> Iterator[Half]:
    for step in known.partition_by(STEP, maintain_order=True):
        mean = step[CURRENT].mean()
        if step.height < _FEWEST or not isinstance(mean, float) or abs(mean) < limit:
            continue
        direction = DIRECTIONS[0] if mean > 0 else DIRECTIONS[1]
        charge, source = passed(step, direction)
        if charge is None or not charge[-1] > 0:
            continue
        cycle = step[CYCLE][0] if CYCLE in step.columns else 0
        voltage = step[VOLTAGE].cast(pl.Float64).to_numpy()
        current = step[CURRENT].cast(pl.Float64).abs().to_numpy()
        time = _array(step, TIME)
        rising = 1 if mean < 0 else -1
        begin = held_from(rising * voltage, current)
        number = int(step[STEP][0])
        yield Half(
            int(cycle or 0), number, direction, time, voltage, current, charge, source, begin
        )


def passed(step: pl.DataFrame, direction: str) -> tuple[Floats | None, str]:
    """Return the charge that has passed at each row of a step, and how it is known.

    Parameters
    ----------
    step : DataFrame
        Rows of one step.
    direction : str
        Which way the charge moves.

    Returns
    -------
    array or None, shape (n_rows,)
        In A.h from 0; None where nothing tells it.
    source : str
        The contract's word.
    """
    counter = DISCHARGE_CAPACITY if direction == DIRECTIONS[0] else CHARGE_CAPACITY
    counted = _array(step, counter)
    if counted is not None and _counts(counted):
        return counted - counted[0], COUNTED
    net = _array(step, CAPACITY)
    if net is not None and _counts(moved := np.abs(net - net[0])):
        return moved, SPLIT
    time = _array(step, TIME)
    if time is None:
        return None, INTEGRATED
    sign = 1.0 if direction == DIRECTIONS[0] else -1.0
    flow = (sign * step[CURRENT].cast(pl.Float64).to_numpy()).clip(0.0)
    between = (flow[1:] + flow[:-1]) / 2 * np.diff(time).clip(0.0) / _SECONDS
    return np.concatenate([[0.0], np.cumsum(between)]), INTEGRATED


def _array(rows: pl.DataFrame, label: str) -> Floats | None:
    """Return a column, None where it is not there or has a gap."""
    if label not in rows.columns or rows[label].null_count():
        return None
    return rows[label].cast(pl.Float64).to_numpy()


def _counts(counter: Floats) -> bool:
    """Whether a counter counts: it rises in the end, and never falls by more than a last digit."""
    rises = counter[-1] > counter[0]
    return bool(rises and np.diff(counter).min() >= -_FALL * np.abs(counter).max())


def held_from(rising: Floats, current: Floats) -> int:
    """Return the first row from which on the voltage is held and the current falls.

    Parameters
    ----------
    rising : array, shape (n_rows,)
        The voltage, counted in the direction in which it moves [V].
    current : array, shape (n_rows,)
        Without sign [A].

    Returns
    -------
    int
        n_rows where that never happens.
    """
    count = len(rising)
    near = np.abs(rising - np.median(rising[-3:])) <= HELD_WITHIN
    before = current[~near]
    # A voltage that is held from the first row on begins with the largest current.
    is_held_throughout = bool(near[1:].all())
    usual = float(current.max()) if is_held_throughout else float(np.median(before))
    is_held = near & (current < FALLEN_TO * usual)
    if is_held_throughout:
        return 0 if is_held[-1] else count
    moving = np.flatnonzero(~is_held)
    begin = int(moving[-1]) + 1 if len(moving) else 0
    return begin if count - begin >= _FEWEST else count


def out_of(
    half: Half, columns: Mapping[str, Floats], definition: str, finding: str | None
) -> pl.DataFrame:
    """Return what is known of a half cycle as rows of an answer; NaN are gaps.

    Parameters
    ----------
    half : Half
        Which one.
    columns : mapping of str to array, each of shape (n_rows,)
        Results by label.
    definition, finding : str
        Of all rows.
    """
    which = (half.cycle, half.step, half.direction)
    return pl.DataFrame(dict(columns), nan_to_null=True).with_columns(
        *(
            pl.lit(value, held).alias(name)
            for value, (name, held) in zip(which, WHICH.items(), strict=True)
        ),
        *(
            pl.lit(text, TOLD[name]).alias(name)
            for name, text in ((FINDING, finding), (DEFINITION, definition))
        ),
    )
