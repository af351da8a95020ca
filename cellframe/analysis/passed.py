"""How much has gone through a cell, and how many full cycles is that?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.analysis.cycle_rows import (
    RATED,
    WHO,
    answer,
    cycle_rows,
    glitch_told,
    is_glitch,
    said,
    source_of,
)
from cellframe.analysis.reading import DEFINITION, FINDING, back, by_test, given
from cellframe.contract.series import (
    CAPACITY_SOURCE,
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CURRENT,
    CYCLE,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    TIME,
    VOLTAGE,
)
from cellframe.frames.other_units import labelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.frames.backend import AnyFrame

THROUGHPUT, ENERGY_THROUGHPUT = "Capacity throughput [A.h]", "Energy throughput [W.h]"
FULL_CYCLES = "Equivalent full cycles"
_HALVES_PER_HOUR = 2 * 3600
_CYCLE, _MOVED, _WORK, _BACK, _RATED, _WAYS = (
    *("\x00cycle", "\x00moved", "\x00work", "\x00back", "\x00rated", "\x00ways"),
)
_ONE_WAY = "running sum of one way, the other is not known"


def throughput(frame: AnyFrame, *, capacity: float | None = None) -> Any:
    """Return what has flowed until the end of each cycle, both ways, and its equivalent full cycles.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Cycles of one cell or many, with discharge and charge capacity in A.h. Or their time series:
        ``Time [s]`` and ``Current [A]``, of which the integral of the current's magnitude is taken,
        over every row, steps or not.
    capacity : float, optional
        What a full cycle moves one way, in A.h; else the column ``Rated capacity [A.h]``.

    Returns
    -------
    DataFrame, shape (n_cycles, n_columns)
        Keys, ``Cycle count``, ``Capacity throughput [A.h]``, ``Energy throughput [W.h]`` (null
        where energies are not known), ``Equivalent full cycles``, ``Finding``, ``Definition``. Full
        cycles are null where no capacity is known: one that is made up gives numbers that look right.
        Of a cell that counted one way alone, throughputs are null, and its full cycles are those of
        that way; ``Definition`` says so.

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers.

    Notes
    -----
    Throughput is the running sum of Qd + Qc, and a full cycle is twice the capacity: as in cellpy
    and the battery-data-toolkit. Time that runs back adds nothing, and is told.
    """
    lazy = labelled(given(frame), (CURRENT,))
    if CURRENT in lazy.collect_schema():
        whole = frame if isinstance(frame, pl.LazyFrame) else lazy.collect()
        return back(_of_series(whole, capacity), frame)
    return _of_cycles(frame, capacity)


def _of_cycles(frame: AnyFrame, capacity: float | None) -> Any:
    both, energies = (DISCHARGE_CAPACITY, CHARGE_CAPACITY), (DISCHARGE_ENERGY, CHARGE_ENERGY)
    there = labelled(given(frame), both).collect_schema()
    needed = [label for label in both if label in there] or both
    rows = cycle_rows(frame, needed, (*energies, RATED, CAPACITY_SOURCE))
    absent = [pl.lit(None, pl.Float64).alias(label) for label in both if label not in rows.columns]
    rows = rows.with_columns(*absent)
    moved = pl.sum_horizontal(both).cum_sum().over(WHO)
    has_energy = all(label in rows.columns for label in energies)
    work = pl.sum_horizontal(energies).cum_sum().over(WHO) if has_energy else pl.lit(None)
    unknown = pl.all_horizontal(pl.col(both).is_null())
    half = ~unknown & pl.any_horizontal(
        pl.col(way).is_null() & pl.col(way).is_not_null().any().over(WHO) for way in both
    )
    glitches = pl.any_horizontal(is_glitch(way, rows) for way in both)
    before = glitches.cast(pl.Int32).cum_sum().over(WHO) - glitches.cast(pl.Int32)
    twice = pl.col(CYCLE).is_duplicated().over(WHO) if len(rows) else pl.lit(value=False)
    made = rows.with_columns(
        moved.cast(pl.Float64).alias(_MOVED),
        work.cast(pl.Float64).alias(ENERGY_THROUGHPUT),
        pl.sum_horizontal(pl.col(way).is_not_null().any().over(WHO) for way in both).alias(_WAYS),
        said(
            (is_glitch(DISCHARGE_CAPACITY, rows), glitch_told(DISCHARGE_CAPACITY)),
            (is_glitch(CHARGE_CAPACITY, rows), glitch_told(CHARGE_CAPACITY)),
            (unknown, "what this cycle moved is not known"),
            (half, "what this cycle moved is known one way alone"),
            (twice, "the cycle is there twice, and counts twice"),
            (before == 1, pl.lit("a glitch before counts, too")),
            (before > 1, pl.format("{} glitches before count, too", before)),
        ).alias(FINDING),
    )
    known = pl.when(pl.col(_WAYS) > 1)
    made = made.with_columns(
        known.then(_MOVED).alias(THROUGHPUT), known.then(ENERGY_THROUGHPUT).alias(ENERGY_THROUGHPUT)
    )
    return answer(_full_cycles(made, capacity, "running sum of Qd + Qc"), _COLUMNS, frame)


_COLUMNS = [CYCLE, THROUGHPUT, ENERGY_THROUGHPUT, FULL_CYCLES]


def _full_cycles(made: pl.DataFrame, capacity: float | None, rule: str) -> pl.DataFrame:
    rated = pl.lit(capacity, pl.Float64)
    if capacity is None and RATED in made.columns:
        rated = pl.col(RATED)
    per = pl.when(rated > 0).then(rated)
    ways = pl.when(pl.col(_WAYS) > 0).then(_WAYS)

    def told(rule: str, over: str) -> pl.Expr:
        known = pl.format(f"{rule}; full cycles over {over}{{}} A.h", per)
        return known.fill_null(f"{rule}; no full cycles, the capacity is not known")

    both_ways = pl.when(pl.col(_WAYS) > 1).then(told(rule, "2 x "))
    return made.with_columns(
        (pl.col(_MOVED) / (ways * per)).alias(FULL_CYCLES),
        (both_ways.otherwise(told(_ONE_WAY, "")) + source_of(made, CAPACITY_SOURCE)).alias(
            DEFINITION
        ),
    )


def _of_series(frame: pl.LazyFrame | pl.DataFrame, capacity: float | None) -> pl.DataFrame:
    types = {_CYCLE: pl.Int64(), _MOVED: pl.Float64(), _WORK: pl.Float64(), _BACK: pl.UInt32()}
    made: pl.DataFrame = by_test(
        frame,
        _by_cycle,
        needed=(TIME, CURRENT),
        used=(TIME, CURRENT, VOLTAGE, CYCLE, RATED),
        schema={**types, _RATED: pl.Float64()},
        as_they_came=True,
    )
    told = pl.format("time runs back {} times, which adds nothing", pl.col(_BACK))
    made = made.rename({_CYCLE: CYCLE, _MOVED: THROUGHPUT, _WORK: ENERGY_THROUGHPUT, _RATED: RATED})
    made = made.with_columns(
        said((pl.col(_BACK) > 0, told)).alias(FINDING),
        pl.col(THROUGHPUT).alias(_MOVED),
        pl.lit(2).alias(_WAYS),
    )
    rule = "integral of |I| by trapezoids over every row"
    return answer(_full_cycles(made, capacity, rule), _COLUMNS, made)


def _by_cycle(test: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the running integrals of one test, a row per cycle."""
    has_power, has_cycle = VOLTAGE in test.columns, CYCLE in test.columns
    known = test.filter(pl.col(TIME).is_not_null() & pl.col(CURRENT).is_not_null())
    current = pl.col(CURRENT).abs()
    power = current * pl.col(VOLTAGE).interpolate() if has_power else pl.lit(None, pl.Float64)
    cycle = pl.col(CYCLE).cast(pl.Int64).forward_fill().fill_null(0) if has_cycle else pl.lit(0)
    passed = pl.col(TIME).diff()
    half = passed.clip(lower_bound=0.0) / _HALVES_PER_HOUR
    rows = known.select(
        cycle.cast(pl.Int64).alias(_CYCLE),
        ((current + current.shift(1)) * half).alias(_MOVED),
        ((power + power.shift(1)) * half).alias(_WORK),
        (passed < 0).alias(_BACK),
        (pl.col(RATED) if RATED in test.columns else pl.lit(None, pl.Float64)).alias(_RATED),
    )
    summed = rows.group_by(_CYCLE).agg(pl.col(_MOVED, _WORK, _BACK).sum(), pl.col(_RATED).first())
    running = summed.sort(_CYCLE).with_columns(pl.col(_MOVED, _WORK).cum_sum())
    yield running if has_power else running.with_columns(pl.lit(None, pl.Float64).alias(_WORK))
