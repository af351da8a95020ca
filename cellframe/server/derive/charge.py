"""How much flowed in each step?

The cycler's own counters come first: they know of pulses between the stored rows, which an
integral over thinned rows gets wrong many times over. A counter that is missing, or falls inside
a step, counts nothing there; then the difference of ``Capacity [A.h]``, split by the sign of the
current, and then our own integral.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import (
    CAPACITY,
    CAPACITY_SOURCE,
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    COUNTED,
    COUNTERS,
    CURRENT,
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

if TYPE_CHECKING:
    from polars.dataframe.group_by import GroupBy

_HALVES_PER_HOUR = 2 * 3600
"""Seconds in an hour, twice: a trapezoid is half the sum of its two sides."""
_FALL = 1e-6
"""A counter falls when it loses more than this share of its largest value: cyclers print rounded
numbers, and the last digit wavers."""
_INSIDE = pl.col(STEP) == pl.col(STEP).shift(1)
"""A row and the one before it are of one step: what flows between two steps counts for neither."""
_PAIRS = {
    CAPACITY_SOURCE: (DISCHARGE_CAPACITY, CHARGE_CAPACITY),
    ENERGY_SOURCE: (DISCHARGE_ENERGY, CHARGE_ENERGY),
}


def charge_of(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what flowed in each step, and how it is known.

    Parameters
    ----------
    rows : DataFrame
        As `cellframe.server.derive.rows.read` yields.

    Returns
    -------
    DataFrame, shape (n_steps, 7)
        ``Step count``, the four counters in A.h and W.h, and their two sources, in the order of
        steps.
    """
    counted = _counted(rows)
    unknown = counted.filter(pl.any_horizontal(pl.col(COUNTERS).is_null()))
    if unknown.is_empty():
        return _best({COUNTED: counted})
    if unknown.height < counted.height:
        rows = rows.filter(pl.col(STEP).is_in(unknown[STEP].implode()))
    wanted = [name for name in COUNTERS if unknown[name].null_count()]
    return _best({COUNTED: counted, SPLIT: _split(rows), INTEGRATED: _integrated(rows, wanted)})


def _counted(rows: pl.DataFrame) -> pl.DataFrame:
    """Last minus first of each counter; null in steps where it does not count."""
    counters = [name for name in COUNTERS if name in rows.columns]
    steps = _by_step(rows).agg(_gained(pl.col(name)) for name in counters)
    for name in _falling(rows, counters):
        steps = steps.with_columns(pl.when(pl.Series(~_falls(rows, name))).then(name).alias(name))
    return steps.with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in COUNTERS if name not in counters
    )


def _gained(counter: pl.Expr) -> pl.Expr:
    gained = counter.last(ignore_nulls=True) - counter.first(ignore_nulls=True)
    return gained.clip(lower_bound=0.0)


def _falling(rows: pl.DataFrame, counters: list[str]) -> list[str]:
    """Return the counters that fall inside a step, be it by a last digit."""
    falls = rows.lazy().select(
        ((pl.col(name) < pl.col(name).shift(1)) & _INSIDE).any().alias(name) for name in counters
    )
    (found,) = falls.collect().rows(named=True) if counters else [{}]
    return [name for name, fell in found.items() if fell]


def _falls(rows: pl.DataFrame, name: str) -> pl.Series:
    """Say of each step whether a counter falls in it by more than a last digit."""
    counter = pl.col(name)
    lost = rows.select(STEP, name, lost=pl.when(_INSIDE).then(counter.shift(1) - counter))
    return _by_step(lost).agg(
        fell=(pl.col("lost").max() > _FALL * counter.abs().max()).fill_null(value=False)
    )["fell"]


def _split(rows: pl.DataFrame) -> pl.DataFrame:
    """Split the changes of ``Capacity [A.h]`` by the sign of the current."""
    if not {CAPACITY, CURRENT} <= set(rows.columns):
        return pl.DataFrame(schema={STEP: pl.Int64})
    known = rows.lazy().select(STEP, CAPACITY, CURRENT).drop_nulls()
    current = pl.col(CURRENT) + pl.col(CURRENT).shift(1)
    moved = known.select(
        STEP,
        moved=pl.when(_INSIDE).then(pl.col(CAPACITY).diff().abs()).otherwise(0.0),
        current=current,
    )
    out, back = pl.col("current") > 0, pl.col("current") < 0
    return _sums(
        moved,
        {
            DISCHARGE_CAPACITY: pl.when(out).then("moved"),
            CHARGE_CAPACITY: pl.when(back).then("moved"),
        },
    )


def _integrated(rows: pl.DataFrame, wanted: list[str]) -> pl.DataFrame:
    """Integrate current and power over time by trapezoids, each direction by itself.

    A row without time or current is passed over, and time that runs back adds nothing; a voltage
    that is missing alone is read off the line between its neighbours.
    """
    if not {TIME, CURRENT} <= set(rows.columns):
        return pl.DataFrame(schema={STEP: pl.Int64})
    known = rows.lazy().select(STEP, TIME, CURRENT, VOLTAGE).drop_nulls([TIME, CURRENT])
    current, power = pl.col(CURRENT), pl.col(CURRENT) * pl.col(VOLTAGE).interpolate()
    flows = {
        DISCHARGE_CAPACITY: current.clip(lower_bound=0.0),
        CHARGE_CAPACITY: (-current).clip(lower_bound=0.0),
        DISCHARGE_ENERGY: power.clip(lower_bound=0.0),
        CHARGE_ENERGY: (-power).clip(lower_bound=0.0),
    }
    half = pl.col(TIME).diff().clip(lower_bound=0.0) * _INSIDE.cast(pl.Float64) / _HALVES_PER_HOUR
    flowing = known.select(STEP, half=half, **{name: flows[name] for name in wanted})
    return _sums(
        flowing,
        {name: (pl.col(name) + pl.col(name).shift(1)) * pl.col("half") for name in wanted},
    )


def _sums(rows: pl.LazyFrame, parts: dict[str, pl.Expr]) -> pl.DataFrame:
    """Sum by step what each row adds to the one before."""
    added = rows.select(STEP, **parts).collect()
    return _by_step(added).agg(pl.col(list(parts)).sum())


def _by_step(rows: pl.DataFrame) -> GroupBy:
    return rows.group_by(STEP, maintain_order=True)


def _best(found: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Take each number from the first source that knows it."""
    steps = found[COUNTED]
    for source, table in found.items():
        if source != COUNTED:
            steps = steps.join(table, on=STEP, how="left", suffix=source, maintain_order="left")
    chosen: list[pl.Expr] = []
    for label, pair in _PAIRS.items():
        picks = [_pick(name, steps.columns) for name in pair]
        chosen += [value.alias(name) for name, (value, _) in zip(pair, picks, strict=True)]
        chosen.append(_one_source(*(source for _, source in picks)).alias(label))
    return steps.select(STEP, *chosen).select(STEP, *COUNTERS, *_PAIRS)


def _pick(name: str, columns: list[str]) -> tuple[pl.Expr, pl.Expr]:
    places = {source: f"{name}{source}" for source in (SPLIT, INTEGRATED)}
    places = {COUNTED: name, **{s: at for s, at in places.items() if at in columns}}
    value = pl.coalesce(places.values())
    source = pl.coalesce(
        pl.when(pl.col(at).is_not_null()).then(pl.lit(source)) for source, at in places.items()
    )
    return value, source


def _one_source(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Return the source that two numbers share, or say that they have different ones."""
    return pl.when(one != other).then(pl.lit(MIXED)).otherwise(pl.coalesce(one, other))
