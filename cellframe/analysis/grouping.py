"""Which values stand beside each other, and which of them are odd among their group?

Odd is what lies far from the median of its group, by the spread that the middle half has: one
glitch moves a mean and a standard deviation, and would hide behind them.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

import polars as pl

from cellframe.analysis.cycle_rows import short
from cellframe.analysis.reading import CELLS, first_of, given, keys_of, require
from cellframe.contract.series import CYCLE
from cellframe.errors import ConfigError
from cellframe.frames.columns import parse
from cellframe.frames.other_units import labelled

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from cellframe.frames.backend import AnyFrame

LIMIT = 3.5
"""Robust spreads from the median, beyond which a value is odd (Iglewicz and Hoaglin 1993)."""
FEWEST = 5
"""Values of a group below which none is called odd."""
VALUE, ODD, MIDDLE, SPREAD, AWAY, CELL, NAME = (
    *("\x00value", "\x00odd", "\x00middle", "\x00spread", "\x00away", "\x00cell", "\x00name"),
)
_MAD, _MEAN_DEVIATION = 1.4826, 1.2533
"""What makes a median, or a mean, of deviations the standard deviation of a normal spread."""
_ROUNDING = 1e-9


def listed(by: str | Sequence[str] | None) -> list[str]:
    """Return the columns that make groups."""
    return [by] if isinstance(by, str) else list(by or ())


def grouped_values(
    frame: AnyFrame,
    value: str,
    by: Sequence[str],
    at: int | Collection[int] | None,
    limit: float = LIMIT,
) -> pl.DataFrame:
    """Return one column of a frame, with its groups, and what is odd in them.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        Cells, or cycles of cells, with the columns that make groups.
    value : str
        The column that is compared.
    by : sequence of str
        Columns whose values make groups; none is one group.
    at : int or collection of int, optional
        Only these values of ``Cycle count``.
    limit : float
        Robust spreads from which a value is odd.

    Returns
    -------
    DataFrame
        Keys, `by`, ``Cycle count`` where there is one, `VALUE` (null where not known), `MIDDLE`
        and `SPREAD` of the group at that cycle, `AWAY` (spreads from the middle), `ODD`, `CELL`
        (what tells cells apart), `NAME` (what people call them).

    Raises
    ------
    FrameError
        A column is missing, or holds no numbers.
    ConfigError
        A cycle is asked for that no row has, or of a frame without cycles.
    """
    lazy = labelled(given(frame), [value])
    there = lazy.collect_schema()
    # What makes groups may end like a unit, and hold texts.
    groups = {label: pl.Null() for label in by if label in there}
    require({**there, **groups}, [*by, value], "a table to compare")
    _require_number(there[value], value)
    keys = [key for key in keys_of(there) if key not in by]
    cell = first_of(CELLS, there)
    cycle = [CYCLE] if CYCLE in there and CYCLE not in by and value != CYCLE else []
    if at is not None and not cycle:
        raise ConfigError(f"at={at!r} asks for cycles, and the frame has no {CYCLE!r}.")
    who = pl.int_range(pl.len()).cast(pl.String) if cell is None else pl.col(cell).cast(pl.String)
    called = pl.col("cell").cast(pl.String) if "cell" in there else who
    rows = lazy.select(
        *(*keys, *by, *cycle),
        pl.col(value).cast(pl.Float64).alias(VALUE),
        who.alias(CELL),
        called.fill_null(who).alias(NAME),
    )
    made = rows.collect()
    if at is not None:
        made = _at(made, [int(at)] if isinstance(at, int | Integral) else [int(one) for one in at])
    return _with_oddness(made, [*by, *cycle], limit)


def _require_number(dtype: pl.DataType, value: str) -> None:
    if not (dtype.is_numeric() or dtype == pl.Null):
        raise ConfigError(f"{value!r} holds {dtype}: only numbers have a mean and a spread.")


def _at(rows: pl.DataFrame, cycles: list[int]) -> pl.DataFrame:
    kept = rows.filter(pl.col(CYCLE).is_in(cycles))
    missing = [cycle for cycle in cycles if cycle not in kept[CYCLE]]
    if missing and rows.height:
        low, high = rows[CYCLE].min(), rows[CYCLE].max()
        message = f"No cell has the cycle {', '.join(map(str, missing))}: {CYCLE!r} goes from {low} to {high}."
        raise ConfigError(message)
    return kept


def _with_oddness(rows: pl.DataFrame, groups: list[str], limit: float) -> pl.DataFrame:
    value, middle = pl.col(VALUE), pl.col(MIDDLE)
    over = groups or [pl.lit(0)]
    apart = rows.with_columns(value.median().over(over).alias(MIDDLE)).with_columns(
        (value - middle).abs().alias(AWAY)
    )
    # Where more than half are equal the median of the deviations is 0, and says nothing.
    usual = _MAD * pl.col(AWAY).median().over(over)
    second = _MEAN_DEVIATION * pl.col(AWAY).mean().over(over)
    least = _ROUNDING * middle.abs()
    spreads = apart.with_columns(
        usual.alias(SPREAD), pl.when(usual > least).then(usual).otherwise(second).alias("\x00by")
    )
    away = pl.when(pl.col("\x00by") > least).then(pl.col(AWAY) / pl.col("\x00by"))
    enough = value.count().over(over) >= FEWEST
    return (
        spreads.with_columns(away.alias(AWAY))
        .with_columns(((pl.col(AWAY) > limit) & enough).fill_null(value=False).alias(ODD))
        .drop("\x00by")
    )


def rule_of(limit: float) -> str:
    """Say what is called odd."""
    return (
        f"odd: more than {limit:g} robust spreads (1.4826 MAD) from the group's median, of at least "
        f"{FEWEST} values"
    )


def with_unit(word: str, value: str) -> str:
    """Return a label with the unit that another one has."""
    unit = parse(value)[1]
    return f"{word} [{unit}]" if unit else word


def in_words(value: str) -> pl.Expr:
    """Write a value with its unit, in a few digits."""
    unit = parse(value)[1]
    return pl.format(f"{{}} {unit}" if unit not in (None, "1") else "{}", short(pl.col(VALUE)))


def named(group: Sequence[str]) -> pl.Expr:
    """Return the name of a group in words."""
    parts = [pl.col(column).cast(pl.String).fill_null("(none)") for column in group]
    return pl.concat_str(parts, separator=", ") if parts else pl.lit("all")
