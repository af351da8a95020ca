"""How does a mapped file become a series of the contract?

In this order: numbers in the contract's units, the clock, steps and cycles, the sign of the
current, counters that restart with each step. Columns that mean nothing here come last, as they
were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from cellframe.contract.series import (
    CURRENT,
    CYCLE,
    CYCLE_FROM_CYCLER,
    SERIES,
    STEP,
    STEP_FROM_CYCLER,
    TIME,
)
from cellframe.frames.faults import Fault
from cellframe.intake.cycler.counters import restart_with_steps
from cellframe.intake.cycler.current import signed
from cellframe.intake.cycler.mapping import ONE_FOR_BOTH, STATE, target, unit_of
from cellframe.intake.cycler.names import recognise
from cellframe.intake.cycler.numbers import kept, measured, unread
from cellframe.intake.cycler.repairs import repair_clock, repair_counters
from cellframe.intake.cycler.text import PLACE
from cellframe.series.sign import rest_current

if TYPE_CHECKING:
    from cellframe.intake.cycler.mapping import SeriesMap
    from cellframe.intake.cycler.text import Rows


INDEX = "Unnamed: 0"
STEPS_BY = (CYCLE_FROM_CYCLER, STEP_FROM_CYCLER)
MISSING = "column is missing"
"""Rule of a fault after which nothing else can be said."""


class Built(NamedTuple):
    """A series, and what stands against it.

    Attributes
    ----------
    frame : DataFrame
        With the contract's labels, and `PLACE`.
    faults : list of Fault
        Columns that are missing, values that are no numbers.
    told : DataFrame or None
        Steps, counters and current before the current is given its sign.
    """

    frame: pl.DataFrame
    faults: list[Fault]
    told: pl.DataFrame | None = None


def build(rows: Rows, series: SeriesMap) -> Built:
    """Make a series of a file's rows.

    Parameters
    ----------
    rows : Rows
        As they stand in the file.
    series : SeriesMap
        What is what; it has no faults of its own.

    Returns
    -------
    Built
        Current in A, positive on discharge. Where a column is missing, what depends on it is too.
    """
    plain = measure(rows, series)
    frame = count_steps(_from_zero(repair_clock(plain.frame, series.repairs)))
    steps = repair_counters(frame, series)
    current = signed(steps, series, rows.word)
    frame = restart_with_steps(current.frame, series.counters)
    others = rows.frame
    if others.height != frame.height:
        others = others.join(frame.select(PLACE), on=PLACE, how="semi", maintain_order="left")
    faults = [*plain.faults, *current.faults, *_met_twice(others.columns, frame.columns, series)]
    strangers = [
        kept(others[name], series.decimal)
        for name in others.columns
        if name not in series.columns and name not in frame.columns
    ]
    told = [column for column in strangers if not _says_nothing(column)]
    return Built(_ordered(frame.with_columns(told)), faults, steps)


def _says_nothing(column: pl.Series) -> bool:
    """Whether a column is empty, or pandas' row numbers."""
    is_index = column.name == INDEX and column.dtype.is_integer()
    return is_index or column.null_count() == len(column)


def measure(rows: Rows, series: SeriesMap) -> Built:
    """Read the mapped columns as numbers of the contract's units."""
    made, faults = [rows.frame[PLACE]], [*_missing(rows.frame.columns, series)]
    for header, written in series.columns.items():
        found = target(written)
        if header not in rows.frame.columns or found.is_left_out:
            continue
        given = rows.frame[header]
        if found.label not in (*SERIES, *ONE_FOR_BOTH):
            made.append(kept(given, series.decimal).alias(found.label))
            continue
        values = measured(given, found.unit, unit_of(found.label), series.decimal)
        faults += unread(given, values, made[0], rows.word, series.decimal)
        made.append(values.alias(found.label))
    return Built(pl.DataFrame(made), faults)


def _from_zero(frame: pl.DataFrame) -> pl.DataFrame:
    if TIME not in frame.columns:
        return frame
    return frame.with_columns(pl.col(TIME) - pl.col(TIME).drop_nulls().first())


def _missing(headers: list[str], series: SeriesMap) -> list[Fault]:
    faults: list[Fault] = []
    for header, written in series.columns.items():
        label = target(written).label
        if header in headers or target(written).is_left_out:
            continue
        near = [name for name in headers if name not in series.columns and _is(name, label)]
        meant = f" Did you mean {near[0]!r}?" if near else ""
        what = f"There is no column {header!r}, which the mapping takes for {label!r}.{meant}"
        faults.append(Fault(what, column=header, rule=MISSING))
    return faults


def _is(header: str, label: str) -> bool:
    known = recognise(header)
    return known is not None and known.label == label


def _met_twice(headers: list[str], made: list[str], series: SeriesMap) -> list[Fault]:
    """Name columns that are not mapped, but called what another one becomes."""
    taken = [name for name in headers if name in made and name != PLACE]
    return [
        Fault(
            f"The column {name!r} is not mapped, and another one becomes {name!r}. Map it to a name "
            "of its own, or leave it out with '_'.",
            column=name,
            rule="unique",
        )
        for name in taken
        if name not in series.columns
    ]


def count_steps(frame: pl.DataFrame) -> pl.DataFrame:
    """Count steps from 0, one more whenever step or cycle of the cycler changes, and cycles alike.

    Where the cycler tells no steps, one ends where its state changes, or else where the current
    changes between charge, discharge and rest.
    """
    made: list[pl.Expr | pl.Series] = []
    if CYCLE_FROM_CYCLER in frame.columns and CYCLE not in frame.columns:
        cycles = pl.col(CYCLE_FROM_CYCLER).forward_fill().rle_id()
        made.append(cycles.cast(pl.Int64).alias(CYCLE))
    if STEP not in frame.columns:
        # A row of another instrument, such as a sweep of frequencies, may tell neither.
        changing = [frame[name].forward_fill() for name in STEPS_BY if name in frame.columns]
        if STEP_FROM_CYCLER not in frame.columns:
            changing.append(_phase(frame))
        steps = pl.DataFrame(changing).to_struct(STEP).rle_id().cast(pl.Int64)
        made.append(steps)
    return frame.with_columns(made)


def _phase(frame: pl.DataFrame) -> pl.Series:
    """Return what changes where a step ends, in a file without steps."""
    if STATE in frame.columns:
        return frame[STATE]
    if CURRENT not in frame.columns or frame.is_empty():
        return pl.repeat(0, frame.height, eager=True).alias(STATE)
    current = frame[CURRENT].fill_null(0.0).fill_nan(0.0)
    least = rest_current(current.to_numpy())
    return (current.sign() * (current.abs() > least)).alias(STATE)


def _ordered(frame: pl.DataFrame) -> pl.DataFrame:
    known = [label for label in SERIES if label in frame.columns]
    own = [name for name in frame.columns if name not in known]
    return frame.select(known + own)
