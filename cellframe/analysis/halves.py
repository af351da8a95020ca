"""Which rows are one half cycle, and how much charge has passed at each?

A half cycle is a step here, one charge or discharge: of a cycle the one that moves most, unless all
are asked for. Charge is the cycler's counter where it has one that never falls in the step, else
the difference of ``Capacity [A.h]``, else our own integral of the current, as everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

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
    from collections.abc import Iterator, Mapping, Sequence

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
RUNS_BACK = "the time runs back where the step begins: its integral means nothing"
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
    doubt : str or None
        Why the charge is not to be trusted.
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
    doubt: str | None

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
    found = [half for half in _steps(test) if held or half.held >= _FEWEST]
    most: dict[tuple[int, str], Half] = {}
    for half in found:
        best = most.get((half.cycle, half.direction))
        if best is None or half.capacity > best.capacity:
            most[half.cycle, half.direction] = half
    chosen = {(half.cycle, half.step) for half in most.values()}
    yield from (half for half in found if every or (half.cycle, half.step) in chosen)


def arrays_of(test: pl.DataFrame, needed: Sequence[str], used: Sequence[str]) -> dict[str, Floats]:
    """Return columns as arrays without the rows in which the time or one that is needed has a gap.

    Parameters
    ----------
    test : DataFrame
        Rows of one test.
    needed, used : sequence of str
        Labels that are there, and that are read where they are; a gap in the latter is NaN.
    """
    # What is measured without a time, as a sweep of impedance, is of no half cycle.
    timed = [TIME] if TIME in test.columns and test[TIME].null_count() < test.height else []
    known = test.drop_nulls([*needed, *timed])
    there = [label for label in (*needed, *used) if label in known.columns]
    return {label: known[label].cast(pl.Float64).to_numpy() for label in there}


def slices_of(step: Floats) -> list[slice]:
    """Return the rows of each step, of steps in one piece."""
    starts = np.flatnonzero(np.diff(step, prepend=np.nan) != 0)
    ends = [*starts[1:].tolist(), len(step)]
    return [slice(begin, end) for begin, end in zip(starts.tolist(), ends, strict=True)]


def _steps(test: pl.DataFrame) -> Iterator[Half]:
    columns = arrays_of(test, NEEDED, USED)
    if not len(columns[STEP]):
        return
    limit = rest_limit(None, float(np.abs(columns[CURRENT]).max()))
    time = columns.get(TIME)
    for rows in slices_of(columns[STEP]):
        step = {label: values[rows] for label, values in columns.items()}
        current = step[CURRENT]
        mean = float(current.mean())
        if len(current) < _FEWEST or abs(mean) < limit:
            continue
        direction, rising = (DIRECTIONS[0], -1) if mean > 0 else (DIRECTIONS[1], 1)
        charge, source = passed(step, direction)
        if charge is None or not charge[-1] > 0:
            continue
        size, voltage = np.abs(current), step[VOLTAGE]
        cycle = step[CYCLE][0] if CYCLE in step else 0.0
        begin = rows.start
        runs_back = time is not None and begin > 0 and bool(time[begin] < time[begin - 1])
        yield Half(
            0 if np.isnan(cycle) else int(cycle),
            int(step[STEP][0]),
            direction,
            _whole(step, TIME),
            voltage,
            size,
            charge,
            source,
            held_from(rising * voltage, size),
            RUNS_BACK if runs_back and source == INTEGRATED else None,
        )


def passed(step: Mapping[str, Floats], direction: str) -> tuple[Floats | None, str]:
    """Return the charge that has passed at each row of a step, and how it is known.

    Parameters
    ----------
    step : mapping of str to array, each of shape (n_rows,)
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
    counted = _whole(step, counter)
    if counted is not None and _counts(counted):
        return counted - counted[0], COUNTED
    net = _whole(step, CAPACITY)
    if net is not None and _counts(moved := np.abs(net - net[0])):
        return moved, SPLIT
    time = _whole(step, TIME)
    if time is None:
        return None, INTEGRATED
    sign = 1.0 if direction == DIRECTIONS[0] else -1.0
    flow = (sign * step[CURRENT]).clip(0.0)
    between = (flow[1:] + flow[:-1]) / 2 * np.diff(time).clip(0.0) / _SECONDS
    return np.concatenate([[0.0], np.cumsum(between)]), INTEGRATED


def _whole(step: Mapping[str, Floats], label: str) -> Floats | None:
    """Return a column, None where it is not there or has a gap."""
    values = step.get(label)
    return None if values is None or np.isnan(values).any() else values


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
    ending: list[float] = sorted(rising[-3:].tolist())
    near = np.abs(rising - ending[len(ending) // 2]) <= HELD_WITHIN
    # At constant power the current falls too, but not while the voltage stays.
    usual = float(current[near].max())
    is_held_throughout = bool(near[1:].all())
    if not is_held_throughout:
        usual = min(usual, float(np.median(current[~near])))
    is_held = near & (current < FALLEN_TO * usual)
    if is_held_throughout:
        return 0 if is_held[-1] else count
    moving = np.flatnonzero(~is_held)
    begin = int(moving[-1]) + 1 if len(moving) else 0
    return begin if count - begin >= _FEWEST else count


class Told(NamedTuple):
    """What is known of one half cycle: results by label, arrays of one length, and two texts."""

    half: Half
    columns: Mapping[str, Floats]
    definition: str
    finding: str | None


def rows_out_of(found: Sequence[Told]) -> Iterator[pl.DataFrame]:
    """Yield what is known of the half cycles of a test as rows of an answer; NaN are gaps."""
    if not found:
        return
    lengths = [len(next(iter(told.columns.values()))) for told in found]
    which = pl.DataFrame(
        {
            CYCLE: [told.half.cycle for told in found],
            STEP: [told.half.step for told in found],
            DIRECTION: [told.half.direction for told in found],
            FINDING: [
                "; ".join(filter(None, (told.half.doubt, told.finding))) or None for told in found
            ],
            DEFINITION: [told.definition for told in found],
        },
        schema={**WHICH, **TOLD},
    )
    labels = list(found[0].columns)
    values = {label: np.concatenate([told.columns[label] for told in found]) for label in labels}
    repeated = which[np.repeat(np.arange(len(found)), lengths)]
    yield repeated.hstack(pl.DataFrame(values, nan_to_null=True))
