"""What did each cycle move, by the cycler's counters and by our own integral, and do they agree?

The adopted number is the counter's, step by step; where there is none, or it falls inside a step,
the difference of ``Capacity [A.h]``, and then the integral: the rule by which the service makes
steps and cycles. Both numbers and their ratio are given, for thinned rows make integrals wrong
many times over, and a counter that restarts makes itself wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.analysis.cycle_rows import WHO, answer, in_order, said, short
from cellframe.analysis.efficiency import COULOMBIC, ENERGY, VOLTAGE_OVER, efficiencies
from cellframe.analysis.reading import (
    DEFINITION,
    FINDING,
    IDENTITIES,
    back,
    by_test,
    first_of,
    given,
    keys_of,
    require,
)
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
from cellframe.frames.other_units import labelled
from cellframe.series.arrays import run_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cellframe.frames.backend import AnyFrame

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]
    Runs = NDArray[np.uint32]
    """Of each row, in which step it is; counted as they follow each other."""

AGREE = 0.01
"""Counter and integral that differ by more than this share are told."""
MEAN_DISCHARGE, MEAN_CHARGE = "Mean discharge voltage [V]", "Mean charge voltage [V]"
GAP = "Voltage gap [V]"
_HALVES_PER_HOUR = 2 * 3600
_FALL = 1e-6
"""A counter falls when it loses more than this share of its largest value: cyclers print rounded
numbers, and the last digit wavers."""
_LEAST = 1e-3
"""Of what a cycle moves: what is less is no counter's or integral's to be compared."""
_INSIDE = pl.col(STEP) == pl.col(STEP).shift(1)
_CYCLE = "\x00cycle"
_PAIRS = {
    CAPACITY_SOURCE: (DISCHARGE_CAPACITY, CHARGE_CAPACITY),
    ENERGY_SOURCE: (DISCHARGE_ENERGY, CHARGE_ENERGY),
}


def counted(label: str) -> str:
    """Return the label of what the counter says: ``Counted discharge capacity [A.h]``."""
    return f"Counted {label[0].lower()}{label[1:]}"


def integrated(label: str) -> str:
    """Return the label of what the integral says: ``Integrated discharge capacity [A.h]``."""
    return f"Integrated {label[0].lower()}{label[1:]}"


def ratio(label: str) -> str:
    """Return the label of their ratio: ``Discharge capacity, counted to integrated``."""
    return f"{label.split(' [', maxsplit=1)[0]}, counted to integrated"


FELL = "\x00fell {}"
"""In how many steps a counter falls: no column of an answer."""


def _fell(label: str) -> str:
    return FELL.format(label)


def _split(label: str) -> str:
    return f"\x00split {label}"


def cycle_summary(frame: AnyFrame) -> Any:
    """Return what each cycle moved, its mean voltages and its efficiencies.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many: ``Step count`` and, as far as they are there, ``Time
        [s]``, ``Current [A]`` (positive on discharge), ``Voltage [V]``, ``Capacity [A.h]``, ``Cycle
        count`` and the counters. Or the table of steps, or of cycles: then a number is the
        counter's or the integral's as ``Capacity source`` says. A LazyFrame is read test by test.

    Returns
    -------
    DataFrame, shape (n_cycles, n_columns)
        Keys, ``Cycle count``; capacities in A.h and energies in W.h, none negative; ``Capacity
        source`` and ``Energy source``; of each of the four what was counted, what was integrated,
        and their ratio over the steps that have both; ``Mean discharge voltage [V]``, ``Mean charge
        voltage [V]``, ``Voltage gap [V]``; efficiencies as `efficiencies` gives them; ``Finding``,
        ``Definition``. What is not known is null.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers.

    Notes
    -----
    A step's capacity is its counter's last minus first, or the trapezoid of max(I, 0) or max(-I, 0)
    inside the step, so that what flows between two steps counts for neither; a cycle is the sum of
    its steps (ionworks). BEEP takes a counter's maximum, cellpy its last value; PyProBE the span of
    the net capacity, which loses charge where a cycle has several discharges. Mean voltage is
    energy over capacity (Aurora); the gap is that of charge minus that of discharge.
    """
    made = _with_voltages(summed(frame))
    made = _with_efficiencies(made.with_columns(_finding(), _definition()))
    return back(answer(made, _columns(), made), frame)


def summed(frame: AnyFrame) -> pl.DataFrame:
    """Return what each cycle moved in every way in which that is known, and which counters fell."""
    lazy = labelled(given(frame), (*COUNTERS, CURRENT))
    there = lazy.collect_schema()
    if CURRENT in there or (STEP in there and CAPACITY_SOURCE not in there):
        # A frame that is here is cut into its tests once; a lazy one is read test by test.
        return _by_cycle(_from_series(frame if isinstance(frame, pl.LazyFrame) else lazy.collect()))
    return _by_cycle(_from_table(lazy, STEP in there))


def _columns() -> list[str]:
    both = [make(label) for label in COUNTERS for make in (counted, integrated, ratio)]
    voltages = (MEAN_DISCHARGE, MEAN_CHARGE, GAP)
    return [
        *(CYCLE, *COUNTERS, *_PAIRS),
        *both,
        *voltages,
        *(COULOMBIC, ENERGY, VOLTAGE_OVER),
    ]


def _from_series(frame: pl.LazyFrame | pl.DataFrame) -> pl.DataFrame:
    """Return what each step moved, in each of the ways in which that is known."""
    floats = [
        *(make(label) for label in COUNTERS for make in (counted, integrated, _split)),
    ]
    types: dict[str, Any] = {
        _CYCLE: pl.Int64(),
        **dict.fromkeys(floats, pl.Float64()),
        **{_fell(label): pl.Boolean() for label in COUNTERS},
    }
    used = (STEP, TIME, CURRENT, VOLTAGE, CYCLE, CYCLE_FROM_CYCLER, CAPACITY, *COUNTERS)
    flows: pl.DataFrame = by_test(
        frame, _steps_of, needed=(STEP,), used=used, schema=types, as_they_came=True
    )
    return _adopted(_with_who(flows))


def _with_who(rows: pl.DataFrame) -> pl.DataFrame:
    identity = first_of(IDENTITIES, rows.columns)
    who = pl.lit(0) if identity is None else pl.col(identity)
    return rows.with_columns(who.alias(WHO))


def _steps_of(test: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield what the steps of one test moved."""
    # As the service does: steps in order, and within a step the rows as they came.
    rows = test if test[STEP].is_sorted() else test.sort(STEP, maintain_order=True)
    run = rows[STEP].rle_id().to_numpy()
    starts = run_starts(run)
    steps = len(starts)
    made = {STEP: rows[STEP].gather(starts), **_nothing(steps)}
    for label in COUNTERS:
        if label in rows:
            made |= _counted(rows[label], run, steps)
    made |= _integrals(rows, run, steps)
    made[_CYCLE] = _cycles(rows, run, steps)
    found = pl.DataFrame(made)
    split = _splits(rows)
    if split is not None:
        there = found.drop(split.columns[1:])
        found = there.join(split, on=STEP, how="left", maintain_order="left", nulls_equal=True)
    yield found


def _nothing(steps: int) -> dict[str, pl.Series]:
    """Return what is not known at all."""
    null = pl.Series([None], dtype=pl.Float64).new_from_index(0, steps)
    false = pl.Series([False]).new_from_index(0, steps)
    unknown = {make(label): null for label in COUNTERS for make in (counted, integrated, _split)}
    return {**unknown, **{_fell(label): false for label in COUNTERS}}


def _known(values: pl.Series, run: Runs) -> tuple[Floats, Runs]:
    """Return the values that are known, and of which step each is."""
    if values.null_count():
        is_known = values.is_not_null().to_numpy()
        values, run = values.drop_nulls(), run[is_known]
    return values.cast(pl.Float64).to_numpy(), run


def _of_steps(values: Floats, which: Runs, steps: int) -> pl.Series:
    """Return a number of some steps as a column of all; null of the others."""
    if len(values) == steps:
        return pl.Series(values, nan_to_null=True)
    whole = np.full(steps, np.nan)
    whole[which] = values
    return pl.Series(whole, nan_to_null=True)


def _first_known(values: pl.Series, run: Runs, steps: int) -> pl.Series:
    """Return the first value of each step that is known."""
    places = np.flatnonzero(values.is_not_null().to_numpy()) if values.null_count() else None
    known = run if places is None else run[places]
    starts = run_starts(known)
    rows = starts if places is None else places[starts]
    if len(rows) == steps:
        return values.gather(rows)
    whole = pl.Series([None], dtype=values.dtype).new_from_index(0, steps)
    return whole.scatter(known[starts], values.gather(rows))


def _counted(counter: pl.Series, run: Runs, steps: int) -> dict[str, pl.Series]:
    """Return how much a counter rose in each step, and whether it fell on the way."""
    label = counter.name
    values, run = _known(counter, run)
    if not len(values):
        return {}
    starts = run_starts(run)
    last = np.append(starts[1:], len(run)) - 1
    gained = np.maximum(values[last] - values[starts], 0.0)
    fell = np.zeros(steps, dtype=bool)
    falls = np.flatnonzero(values[1:] < values[:-1]) + 1
    inside = falls[run[falls] == run[falls - 1]]
    if len(inside):
        high = np.maximum.reduceat(np.abs(values), starts)
        lost = np.zeros(len(values))
        lost[inside] = values[inside - 1] - values[inside]
        fell[run[starts]] = np.maximum.reduceat(lost, starts) > _FALL * high
    return {
        counted(label): _of_steps(gained, run[starts], steps),
        _fell(label): pl.Series(fell),
    }


def _integrals(rows: pl.DataFrame, run: Runs, steps: int) -> dict[str, pl.Series]:
    """Integrate current and power by trapezoids inside each step, each direction by itself.

    A row without time or current is passed over, and time that runs back adds nothing.
    """
    if not {TIME, CURRENT} <= set(rows.columns):
        return {}
    time, current = rows[TIME].cast(pl.Float64), rows[CURRENT].cast(pl.Float64)
    voltage = rows[VOLTAGE].cast(pl.Float64) if VOLTAGE in rows.columns else None
    if time.null_count() or current.null_count():
        known = time.is_not_null() & current.is_not_null()
        time, current, run = time.filter(known), current.filter(known), run[known.to_numpy()]
        voltage = None if voltage is None else voltage.filter(known)
    if not len(run):
        return {}
    starts = run_starts(run)
    weight = _time_around(time.to_numpy(), starts)
    moved = weight * current.to_numpy()
    made = _added(moved, run, starts, (DISCHARGE_CAPACITY, CHARGE_CAPACITY), steps)
    if voltage is None:
        return made
    energies = (DISCHARGE_ENERGY, CHARGE_ENERGY)
    if not voltage.null_count():
        moved *= voltage.to_numpy()
        return made | _added(moved, run, starts, energies, steps)
    # A voltage that is missing is read off the line between its neighbours; none is made up before
    # the first or after the last.
    voltage = voltage.interpolate()
    known = voltage.is_not_null()
    if not known.any():
        return made
    time, current, run = time.filter(known), current.filter(known), run[known.to_numpy()]
    starts = run_starts(run)
    power = current.to_numpy() * voltage.filter(known).to_numpy()
    moved = _time_around(time.to_numpy(), starts) * power
    return made | _added(moved, run, starts, energies, steps)


def _added(
    moved: Floats, run: Runs, starts: Rows, labels: tuple[str, str], steps: int
) -> dict[str, pl.Series]:
    """Add up what each row moved over each step, what is positive and what is negative."""
    both = np.add.reduceat(moved, starts)
    out = np.add.reduceat(np.maximum(moved, 0.0), starts)
    into = np.maximum(out - both, 0.0)
    return {
        integrated(label): _of_steps(part, run[starts], steps)
        for label, part in zip(labels, (out, into), strict=True)
    }


def _time_around(time: Floats, starts: Rows) -> Floats:
    """Return half of the time on either side of each row, within its step: a trapezoid's weights."""
    weight = np.empty(len(time))
    weight[0] = 0.0
    np.subtract(time[1:], time[:-1], out=weight[1:])
    weight[starts] = 0.0
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
        pl.when(current > 0).then(moved).alias(_split(DISCHARGE_CAPACITY)),
        pl.when(current < 0).then(moved).alias(_split(CHARGE_CAPACITY)),
    )
    return added.group_by(STEP, maintain_order=True).sum()


def _cycles(rows: pl.DataFrame, run: Runs, steps: int) -> pl.Series:
    """Say which cycle each step belongs to, by the first of three that is known."""
    if CYCLE in rows and rows[CYCLE].null_count() < rows.height:
        own = _first_known(rows[CYCLE], run, steps).cast(pl.Int64)
        return own.forward_fill().fill_null(0) if own.null_count() else own
    if CYCLE_FROM_CYCLER in rows and rows[CYCLE_FROM_CYCLER].count():
        told = _first_known(rows[CYCLE_FROM_CYCLER], run, steps)
        return told.forward_fill().backward_fill().rle_id().cast(pl.Int64)
    return pl.Series([0], dtype=pl.Int64).new_from_index(0, steps)


def _adopted(steps: pl.DataFrame) -> pl.DataFrame:
    """Take each number from the first source that knows it."""
    values: list[pl.Expr] = []
    for column, pair in _PAIRS.items():
        sources: list[pl.Expr] = []
        for label in pair:
            ways = {
                COUNTED: pl.when(~pl.col(_fell(label))).then(pl.col(counted(label))),
                SPLIT: pl.col(_split(label)),
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


def _complete(steps: pl.DataFrame) -> pl.DataFrame:
    """Add what is not known at all."""
    return steps.with_columns(
        *(
            pl.lit(None, pl.Float64).alias(make(label))
            for label in COUNTERS
            for make in (counted, integrated, _split)
            if make(label) not in steps.columns
        ),
        *(
            pl.lit(value=False).alias(_fell(label))
            for label in COUNTERS
            if _fell(label) not in steps.columns
        ),
    )


def _from_table(lazy: pl.LazyFrame, is_steps: bool) -> pl.DataFrame:  # noqa: FBT001
    """Return the steps or cycles that somebody made, as `_from_series` would."""
    what = "a table of steps" if is_steps else "a table of cycles"
    there = lazy.collect_schema()
    require(there, (CYCLE, DISCHARGE_CAPACITY, CHARGE_CAPACITY), what)
    require(there, [label for label in COUNTERS if label in there], what)
    rows = lazy.select(
        *keys_of(there),
        pl.col(CYCLE).cast(pl.Int64).fill_null(0).alias(_CYCLE),
        *(
            (pl.col(label) if label in there else pl.lit(None)).cast(pl.Float64).alias(label)
            for label in COUNTERS
        ),
        *(
            (pl.col(label) if label in there else pl.lit(None)).cast(pl.String).alias(label)
            for label in _PAIRS
        ),
    ).collect()
    known = [
        pl.when(pl.col(source) == word).then(pl.col(label)).alias(make(label))
        for source, pair in _PAIRS.items()
        for label in pair
        for word, make in ((COUNTED, counted), (INTEGRATED, integrated))
    ]
    return _with_who(_complete(rows.with_columns(known)))


def _by_cycle(steps: pl.DataFrame) -> pl.DataFrame:
    """Add up the steps of each cycle."""
    keys = keys_of(steps.columns)
    sums: list[pl.Expr] = []
    for label in COUNTERS:
        one, other = pl.col(counted(label)), pl.col(integrated(label))
        both = one.is_not_null() & other.is_not_null()
        sums += [_sum(label), _sum(counted(label)), _sum(integrated(label))]
        sums.append(one.filter(both).sum().alias(f"\x00one {label}"))
        sums.append(other.filter(both).sum().alias(f"\x00other {label}"))
        sums.append(pl.col(_fell(label)).sum())
    sources = [_one_or_mixed(label) for label in _PAIRS]
    cycles = steps.group_by(WHO, _CYCLE, maintain_order=True).agg(
        *(pl.col(key).first() for key in keys), *sums, *sources
    )
    ordered = in_order(cycles, _CYCLE).rename({_CYCLE: CYCLE})
    return ordered.with_columns(_ratio(label).alias(ratio(label)) for label in COUNTERS)


def _ratio(label: str) -> pl.Expr:
    one, other = pl.col(f"\x00one {label}"), pl.col(f"\x00other {label}")
    pair = next(pair for pair in _PAIRS.values() if label in pair)
    least = _LEAST * pl.max_horizontal(*(pl.col(f"\x00other {each}") for each in pair))
    return pl.when((other > 0) & (other >= least)).then(one / other)


def _sum(label: str) -> pl.Expr:
    """Sum what is known; null, and not 0, where nothing is."""
    values = pl.col(label)
    return pl.when(values.count() > 0).then(values.sum()).alias(label)


def _one_or_mixed(label: str) -> pl.Expr:
    found = pl.col(label).drop_nulls()
    return pl.when(found.n_unique() > 1).then(pl.lit(MIXED)).otherwise(found.first()).alias(label)


def _with_voltages(cycles: pl.DataFrame) -> pl.DataFrame:
    means = [
        pl.when(pl.col(capacity) > 0).then(pl.col(energy) / pl.col(capacity)).alias(label)
        for label, energy, capacity in (
            (MEAN_DISCHARGE, DISCHARGE_ENERGY, DISCHARGE_CAPACITY),
            (MEAN_CHARGE, CHARGE_ENERGY, CHARGE_CAPACITY),
        )
    ]
    return cycles.with_columns(means).with_columns(
        (pl.col(MEAN_CHARGE) - pl.col(MEAN_DISCHARGE)).alias(GAP)
    )


def _with_efficiencies(cycles: pl.DataFrame) -> pl.DataFrame:
    found: pl.DataFrame = efficiencies(cycles.select(*keys_of(cycles.columns), CYCLE, *COUNTERS))
    cycles = cycles.hstack(found.select(COULOMBIC, ENERGY, VOLTAGE_OVER))
    text = pl.concat_str(
        pl.col(FINDING), found[FINDING].cast(pl.String), separator="; ", ignore_nulls=True
    )
    return cycles.with_columns(pl.when(text != "").then(text).alias(FINDING))


def _finding() -> pl.Expr:
    told: list[tuple[pl.Expr, str | pl.Expr]] = []
    for label in COUNTERS:
        name, fell = label.split(" [")[0].lower(), pl.col(_fell(label))
        text = f"the counter of {name} falls within a step ({{}} of them), whose integral counts"
        told.append((fell > 0, pl.format(text, fell)))
    for label in COUNTERS:
        apart = (pl.col(ratio(label)) - 1).abs() > AGREE
        text = f"{label.split(' [')[0].lower()}: counted is {{}} of integrated"
        told.append((apart, pl.format(text, short(pl.col(ratio(label))))))
    return said(*told).alias(FINDING)


def _definition() -> pl.Expr:
    text = "sum over steps, counter's last - first, else trapezoid inside the step"
    sources = pl.format("; capacity from {}, energy from {}", CAPACITY_SOURCE, ENERGY_SOURCE)
    return (pl.lit(text) + sources.fill_null("")).alias(DEFINITION)
