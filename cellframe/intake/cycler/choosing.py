"""Which column of a file is what, by its header and by its values?

A name that fits is not enough: a cycle count of 6.28 counts nothing, a state has words for charge
and discharge, and of all times the one of the whole test is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from cellframe.contract.series import (
    CAPACITY,
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CURRENT,
    CYCLE,
    CYCLE_FROM_CYCLER,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    STEP,
    STEP_FROM_CYCLER,
    TIME,
    VOLTAGE,
)
from cellframe.intake.cycler.building import build, count_steps, measure
from cellframe.intake.cycler.counters import falls_of
from cellframe.intake.cycler.mapping import (
    LEFT_OUT,
    STATE,
    STEP_CAPACITY,
    STEP_ENERGY,
    SeriesMap,
    target,
    told,
    unit_of,
)
from cellframe.intake.cycler.names import UNITLESS, Known, best, direction_of, is_spelled
from cellframe.intake.cycler.numbers import numbers, order_of, orders_of
from cellframe.intake.cycler.text import PLACE
from cellframe.series.labels import misnamed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.intake.cycler.text import Rows

_MOST_STATES = 200
_MOST_VOLTS = 100
_OWN = {STEP_FROM_CYCLER: STEP, CYCLE_FROM_CYCLER: CYCLE}
_ONE_OF = {
    STEP_CAPACITY: (DISCHARGE_CAPACITY, CHARGE_CAPACITY),
    STEP_ENERGY: (DISCHARGE_ENERGY, CHARGE_ENERGY),
}


class Notes(NamedTuple):
    """What is found on the way: sentences."""

    evidence: list[str]
    doubts: list[str]


def choose(known: Sequence[Known], rows: Rows, notes: Notes) -> dict[str, Known]:
    """Take the column that is each label, if its values agree.

    Parameters
    ----------
    known : sequence of Known
        Headers that are understood.
    rows : Rows
        What stands below them.
    notes : Notes
        Is told of a column whose values speak against it.
    """
    found: list[Known] = []
    for one in known:
        values = rows.frame[one.header]
        if values.null_count() == len(values):
            continue
        if one.label in _OWN:
            found += _count(one, numbers(values), notes)
        elif one.label != STATE or _is_state(values):
            found.append(one)
    chosen = best(found)
    for label, parts in _ONE_OF.items():
        if any(part in chosen for part in parts):
            chosen.pop(label, None)
    for one in found:
        if one.label in (VOLTAGE, CURRENT) and chosen[one.label] is not one:
            taken = chosen[one.label].header
            notes.doubts.append(
                f"{taken!r} and {one.header!r} are both known for {one.label!r}; {taken!r} is taken."
            )
    return chosen


def _is_state(values: pl.Series) -> bool:
    if values.dtype != pl.String:
        return False
    words = values.drop_nulls().unique()
    ways = {direction_of(word) for word in words.head(_MOST_STATES)}
    return len(words) <= _MOST_STATES and bool(ways & {"charge", "discharge"})


def _count(one: Known, values: pl.Series, notes: Notes) -> list[Known]:
    """Say whether a column counts, and whether it does so as the contract does."""
    given = values.drop_nulls()
    if given.is_empty():
        return []
    if not (given == given.round()).all():
        what = f"{one.header!r} is no count: it is {given[0]:g} in the first row. It is left out."
        notes.doubts.append(what)
        return []
    own = _OWN[one.label]
    if (
        is_spelled(one.header, own)
        and given[0] == 0
        and given.diff().drop_nulls().is_between(0, 1).all()
    ):
        return [Known(one.header, own, None, 0)]
    return [one]


def in_units(chosen: dict[str, Known], rows: Rows, notes: Notes) -> dict[str, str]:
    """Say of each column what it is, in which unit; a unit that is not told is a doubt."""
    columns: dict[str, str] = {}
    unsaid: list[str] = []
    for label, one in chosen.items():
        unit = _of_time(one, rows, notes) if label == TIME else one.unit
        own = unit_of(label)
        if unit is None and own is not None and label not in UNITLESS:
            unit = _likely(label, own, rows.frame[one.header])
            unsaid.append(f"{one.header!r} in {unit}")
        columns[one.header] = told(label, unit)
    if unsaid:
        what = f"No unit is told for these columns; they are taken as {', '.join(unsaid)}."
        notes.doubts.append(f"{what} Write the unit that is right where it is another.")
    order = rows.frame.columns
    return dict(sorted(columns.items(), key=lambda column: order.index(column[0])))


def _likely(label: str, unit: str, values: pl.Series) -> str:
    """Return the unit that is meant where none is told: no cell has a voltage of 100 V."""
    most = numbers(values).abs().max() if label == VOLTAGE else None
    return "mV" if isinstance(most, float) and most > _MOST_VOLTS else unit


def _of_time(one: Known, rows: Rows, notes: Notes) -> str | None:
    values = rows.frame[one.header]
    if numbers(values, ",").null_count() == values.null_count() and not values.dtype.is_temporal():
        return one.unit
    found = order_of(values)
    if found is None:
        return one.unit
    form, is_sure = found
    if not is_sure:
        others = " or ".join(
            repr(told(TIME, other)) for other in orders_of(values) if other != form
        )
        what = f"{one.header!r} may have day and month either way round; it is read as {form}."
        notes.doubts.append(
            f"{what} Keep {told(TIME, form)!r} if that is right, else write {others}."
        )
    return form


def settle_net(series: SeriesMap, rows: Rows, notes: Notes) -> dict[str, str]:
    """Find out whether a counter without direction is net: it falls as well as rises.

    Returns
    -------
    dict of str to str
        The columns. A net capacity becomes the contract's own, of which the service takes the
        differences; a net energy means nothing here.
    """
    columns = dict(series.columns)
    frame = count_steps(measure(rows, series).frame)
    for label in _ONE_OF:
        header = series.header_of(label)
        if header is None or not falls_of(frame, label).is_net:
            continue
        unit = target(columns.pop(header)).unit
        what = f"{header!r} goes up and down with the current: it is a net counter"
        if label == STEP_CAPACITY:
            columns[header] = told(CAPACITY, unit)
            notes.evidence.append(f"{what}, and its differences are the capacities of the steps.")
        else:
            notes.evidence.append(f"{what}. Energies are integrated.")
    return columns


def without_strangers(series: SeriesMap, rows: Rows) -> dict[str, str]:
    """Give a name of its own to a column that is called like one of the contract's, and is none."""
    mapped = rows.frame.select(PLACE, *series.columns)
    few = rows._replace(frame=mapped.head(1))
    made = [name for name in build(few, series).frame.columns if name != PLACE]
    others = [
        column.name
        for column in rows.frame
        if column.name not in (PLACE, *series.columns) and column.null_count() < len(column)
    ]
    columns = dict(series.columns)
    for name in others:
        if name in made:
            columns[name] = f"{name} of the file"
    for finding in misnamed([*made, *(name for name in others if name not in made)], None):
        if finding.column is not None:
            columns[finding.column] = f"{LEFT_OUT}{finding.column}"
    return columns
