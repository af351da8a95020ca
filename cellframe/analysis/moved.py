"""What did each step of a series move, in each of the ways in which that is known?

The counter's last minus first, the changes of ``Capacity [A.h]`` by the sign of the current, and
our own trapezoids. Arrays, and not expressions: a fleet has many short tests, and small frames
cost more than their rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl

from cellframe.analysis.cycle_rows import WHO
from cellframe.analysis.reading import IDENTITIES, by_test, first_of
from cellframe.contract.series import (
    CAPACITY,
    CAPACITY_SOURCE,
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    COUNTED,
    COUNTERS,
    CURRENT,
    CYCLE,
    CYCLE_FROM_CYCLER,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    ENERGY_SOURCE,
    INTEGRATED,
    MIXED,
    SPLIT,
    STEP,
    TIME,
    VOLTAGE,
)
from cellframe.series.arrays import run_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

OF_CYCLE, BACK = "\x00cycle", "\x00back"
PAIRS = {
    CAPACITY_SOURCE: (DISCHARGE_CAPACITY, CHARGE_CAPACITY),
    ENERGY_SOURCE: (DISCHARGE_ENERGY, CHARGE_ENERGY),
}

_HALVES_PER_HOUR = 2 * 3600
_FALL = 1e-6
"""A counter falls when it loses more than this share of its largest value: cyclers print rounded
numbers, and the last digit wavers."""
_INSIDE = pl.col(STEP) == pl.col(STEP).shift(1)


def counted(label: str) -> str:
    """Return the label of what the counter says: ``Counted discharge capacity [A.h]``."""
    return f"Counted {label[0].lower()}{label[1:]}"


def integrated(label: str) -> str:
    """Return the label of what the integral says: ``Integrated discharge capacity [A.h]``."""
    return f"Integrated {label[0].lower()}{label[1:]}"


def fell(label: str) -> str:
    """Return the label of whether a counter falls within a step: no column of an answer."""
    return f"\x00fell {label}"


def split(label: str) -> str:
    """Return the label of what ``Capacity [A.h]`` says: no column of an answer."""
    return f"\x00split {label}"


def moved_by_steps(frame: pl.LazyFrame | pl.DataFrame) -> pl.DataFrame:
    """Return what each step moved, in each of the ways in which that is known."""
    floats = [
        *(make(label) for label in COUNTERS for make in (counted, integrated, split)),
    ]
    types: dict[str, Any] = {
        OF_CYCLE: pl.Int64(),
        **dict.fromkeys(floats, pl.Float64()),
        **{fell(label): pl.Boolean() for label in COUNTERS},
        BACK: pl.Int64(),
    }
    used = (STEP, TIME, CURRENT, VOLTAGE, CYCLE, CYCLE_FROM_CYCLER, CAPACITY, *COUNTERS)
    flows: pl.DataFrame = by_test(
        frame, _steps_of, needed=(STEP,), used=used, schema=types, as_they_came=True
    )
    return _adopted(with_who(flows))


def with_who(rows: pl.DataFrame) -> pl.DataFrame:
    """Put beside each row what tells its cell or test apart."""
    identity = first_of(IDENTITIES, rows.columns)
    who = pl.lit(0) if identity is None else pl.col(identity)
    return rows.with_columns(who.alias(WHO))


class _Steps(NamedTuple):
    """Which rows of a test are looked at, and in which step each is."""

    of_row: NDArray[np.uint32]
    """Steps counted as they follow each other, also those without a row here."""
    starts: Rows
    """First row of each step that has one."""
    total: int

    @property
    def there(self) -> NDArray[np.uint32]:
        """Which steps have a row here."""
        return self.of_row[self.starts]

    def kept(self, known: pl.Series) -> _Steps:
        """Return the steps of the rows that are known."""
        of_row = self.of_row[known.to_numpy()]
        return _Steps(of_row, run_starts(of_row), self.total)

    def column(self, values: Floats) -> pl.Series:
        """Return numbers of the steps that are there as a column of all; null of the others."""
        if len(values) == self.total:
            return pl.Series(values, nan_to_null=True)
        whole = np.full(self.total, np.nan)
        whole[self.there] = values
        return pl.Series(whole, nan_to_null=True)


def _steps_of(test: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield what the steps of one test moved."""
    # As the service does: steps in order, and within a step the rows as they came, for a clock may
    # start again. Rows whose steps are not in order were shuffled, and their times are what is left.
    order = [label for label in (STEP, TIME) if label in test]
    rows = test if test[STEP].is_sorted() else test.sort(order, maintain_order=True)
    of_row = rows[STEP].rle_id().to_numpy()
    starts = run_starts(of_row)
    steps = _Steps(of_row, starts, len(starts))
    made = {STEP: rows[STEP].gather(starts), **_nothing(steps.total)}
    for label in COUNTERS:
        if label in rows:
            made |= _counted(rows[label], steps)
    made |= _integrals(rows, steps)
    made[OF_CYCLE] = _cycles(rows, steps)
    found = pl.DataFrame(made)
    changes = _splits(rows)
    if changes is not None:
        there = found.drop(changes.columns[1:])
        found = there.join(changes, on=STEP, how="left", maintain_order="left", nulls_equal=True)
    yield found


def _nothing(count: int) -> dict[str, pl.Series]:
    """Return what is not known at all."""
    null = pl.Series([None], dtype=pl.Float64).new_from_index(0, count)
    false = pl.Series([False]).new_from_index(0, count)
    unknown = {make(label): null for label in COUNTERS for make in (counted, integrated, split)}
    back = pl.Series([0], dtype=pl.Int64).new_from_index(0, count)
    return {**unknown, **{fell(label): false for label in COUNTERS}, BACK: back}


def _counted(counter: pl.Series, steps: _Steps) -> dict[str, pl.Series]:
    """Return how much a counter rose in each step, and whether it fell on the way."""
    if counter.null_count():
        known = counter.is_not_null()
        counter, steps = counter.filter(known), steps.kept(known)
    if not len(counter):
        return {}
    values: Floats = counter.cast(pl.Float64).to_numpy()
    last = np.append(steps.starts[1:], len(values)) - 1
    gained = np.maximum(values[last] - values[steps.starts], 0.0)
    is_lost = np.zeros(steps.total, dtype=bool)
    falls = np.flatnonzero(values[1:] < values[:-1]) + 1
    inside = falls[steps.of_row[falls] == steps.of_row[falls - 1]]
    if len(inside):
        high = np.maximum.reduceat(np.abs(values), steps.starts)
        lost = np.zeros(len(values))
        lost[inside] = values[inside - 1] - values[inside]
        is_lost[steps.there] = np.maximum.reduceat(lost, steps.starts) > _FALL * high
    return {
        counted(counter.name): steps.column(gained),
        fell(counter.name): pl.Series(is_lost),
    }


def _integrals(rows: pl.DataFrame, steps: _Steps) -> dict[str, pl.Series]:
    """Integrate current and power by trapezoids inside each step, each direction by itself.

    A row without time or current is passed over, and time that runs back adds nothing.
    """
    if not {TIME, CURRENT} <= set(rows.columns):
        return {}
    time, current = rows[TIME].cast(pl.Float64), rows[CURRENT].cast(pl.Float64)
    voltage = rows[VOLTAGE].cast(pl.Float64) if VOLTAGE in rows.columns else None
    if time.null_count() or current.null_count():
        known = time.is_not_null() & current.is_not_null()
        time, current, steps = time.filter(known), current.filter(known), steps.kept(known)
        voltage = None if voltage is None else voltage.filter(known)
    if not len(time):
        return {}
    moved = _time_around(time.to_numpy(), steps) * current.to_numpy()
    made = _added(moved, steps, (DISCHARGE_CAPACITY, CHARGE_CAPACITY))
    made |= _times_back(time.to_numpy(), steps)
    if voltage is None:
        return made
    energies = (DISCHARGE_ENERGY, CHARGE_ENERGY)
    if not voltage.null_count():
        moved *= voltage.to_numpy()
        return made | _added(moved, steps, energies)
    # A voltage that is missing is read off the line between its neighbours; none is made up before
    # the first or after the last.
    voltage = voltage.interpolate()
    known = voltage.is_not_null()
    if not known.any():
        return made
    unknown = steps.of_row[~known.to_numpy() & (moved != 0)]
    time, current, left = time.filter(known), current.filter(known), steps.kept(known)
    power = current.to_numpy() * voltage.filter(known).to_numpy()
    found = _added(_time_around(time.to_numpy(), left) * power, left, energies)
    # Of a step whose voltage is known in part, nobody knows the energy.
    whole = pl.Series(~np.isin(np.arange(steps.total), unknown))
    return made | {
        label: pl.select(pl.when(whole).then(part)).to_series() for label, part in found.items()
    }


def _times_back(time: Floats, steps: _Steps) -> dict[str, pl.Series]:
    """Return how often the time runs back within each step."""
    falls = np.flatnonzero(time[1:] < time[:-1]) + 1
    inside = falls[steps.of_row[falls] == steps.of_row[falls - 1]]
    if not len(inside):
        return {}
    return {
        BACK: pl.Series(np.bincount(steps.of_row[inside], minlength=steps.total)).cast(pl.Int64)
    }


def _added(moved: Floats, steps: _Steps, labels: tuple[str, str]) -> dict[str, pl.Series]:
    """Add up what each row moved over each step, what is positive and what is negative."""
    both = np.add.reduceat(moved, steps.starts)
    out = np.add.reduceat(np.maximum(moved, 0.0), steps.starts)
    into = np.maximum(out - both, 0.0)
    named = zip(labels, (out, into), strict=True)
    return {integrated(label): steps.column(part) for label, part in named}


def _time_around(time: Floats, steps: _Steps) -> Floats:
    """Return half of the time on either side of each row, within its step: a trapezoid's weights."""
    weight = np.empty(len(time))
    weight[0] = 0.0
    np.subtract(time[1:], time[:-1], out=weight[1:])
    weight[steps.starts] = 0.0
    np.maximum(weight, 0.0, out=weight)
    weight[:-1] += weight[1:]
    weight /= _HALVES_PER_HOUR
    return weight


def _splits(rows: pl.DataFrame) -> pl.DataFrame | None:
    """Split the changes of ``Capacity [A.h]`` by the sign of the current."""
    if not {CAPACITY, CURRENT} <= set(rows.columns):
        return None
    known = rows.select(STEP, pl.col(CAPACITY, CURRENT).cast(pl.Float64)).drop_nulls(
        [CAPACITY, CURRENT]
    )
    moved = pl.when(_INSIDE).then(pl.col(CAPACITY).diff().abs()).otherwise(0.0)
    current = pl.col(CURRENT) + pl.col(CURRENT).shift(1)
    added = known.select(
        STEP,
        pl.when(current > 0).then(moved).alias(split(DISCHARGE_CAPACITY)),
        pl.when(current < 0).then(moved).alias(split(CHARGE_CAPACITY)),
    )
    return added.group_by(STEP, maintain_order=True).sum()


def _cycles(rows: pl.DataFrame, steps: _Steps) -> pl.Series:
    """Say which cycle each step belongs to, by the first of three that is known."""
    if CYCLE in rows and rows[CYCLE].null_count() < rows.height:
        own = _first_known(rows[CYCLE], steps).cast(pl.Int64)
        return own.forward_fill().fill_null(0) if own.null_count() else own
    if CYCLE_FROM_CYCLER in rows and rows[CYCLE_FROM_CYCLER].count():
        told = _first_known(rows[CYCLE_FROM_CYCLER], steps)
        return told.forward_fill().backward_fill().rle_id().cast(pl.Int64)
    return pl.Series([0], dtype=pl.Int64).new_from_index(0, steps.total)


def _first_known(values: pl.Series, steps: _Steps) -> pl.Series:
    """Return the first value of each step that is known."""
    if values.null_count():
        known = values.is_not_null()
        values, steps = values.filter(known), steps.kept(known)
    firsts = values.gather(steps.starts)
    if len(firsts) == steps.total:
        return firsts
    whole = pl.Series([None], dtype=values.dtype).new_from_index(0, steps.total)
    return whole.scatter(steps.there, firsts)


def _adopted(steps: pl.DataFrame) -> pl.DataFrame:
    """Take each number from the first source that knows it."""
    values: list[pl.Expr] = []
    for column, pair in PAIRS.items():
        sources: list[pl.Expr] = []
        for label in pair:
            ways = {
                COUNTED: pl.when(~pl.col(fell(label))).then(pl.col(counted(label))),
                SPLIT: pl.col(split(label)),
                INTEGRATED: pl.col(integrated(label)),
            }
            values.append(pl.coalesce(*ways.values()).alias(label))
            sources.append(
                pl.coalesce(
                    *(pl.when(way.is_not_null()).then(pl.lit(name)) for name, way in ways.items())
                )
            )
        one, other = sources
        both = pl.when(one != other).then(pl.lit(MIXED)).otherwise(pl.coalesce(one, other))
        values.append(both.alias(column))
    return steps.with_columns(values)
