"""Which column of a cycler's file is what, and how are its numbers meant?

The words of a mapping are plain, because a person reads and confirms them in a text file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from cellframe.contract.quantities import UnitError, conversion, spell
from cellframe.contract.series import CAPACITY, COUNTERS, OCP_AXES, SERIES, TIME
from cellframe.frames.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Current: TypeAlias = Literal["discharge positive", "charge positive", "unsigned"]
Counters: TypeAlias = Literal["step", "cycle", "test", "none"]
Repair: TypeAlias = Literal[
    "add up time that restarts with each step",
    "drop rows where time restarts",
    "new step where a counter restarts",
    "leave out counters that fall",
]

STATE = "State"
STEP_CAPACITY, STEP_ENERGY = "Step capacity [A.h]", "Step energy [W.h]"
"""One counter for both directions: it counts charge in a charge step, discharge in a discharge."""
ONE_FOR_BOTH = (STEP_CAPACITY, STEP_ENERGY)
CLOCK, DATE, DAY_FIRST, MONTH_FIRST = "h:min:s", "date", "day.month.year", "month/day/year"
TIMES = (CLOCK, DATE, DAY_FIRST, MONTH_FIRST)
"""What `Time` may have instead of a unit: text that is no number."""
LEFT_OUT = "_"
"""A label that starts so leaves its column out."""

_LABEL = re.compile(r"(?P<name>.*?)\s*\[(?P<unit>[^\[\]]*)\]\s*")


@dataclass(frozen=True, slots=True)
class SeriesMap:
    """How the files of one cycler become time series.

    Attributes
    ----------
    columns : mapping of str to str
        Header in the file → what it is, in the unit that the file has: ``"I/mA"`` is
        ``"Current [mA]"``. ``State`` is a column of words that say charge, discharge or rest;
        ``Step capacity [A.h]`` one counter for both directions; a label that starts with ``_``
        leaves the column out. Whatever is listed must be there; a column that is not listed is
        kept under its own name.
    current : str
        ``discharge positive``; ``charge positive``: turned round on reading; ``unsigned``: given
        its sign by the state, else by the counter that rises.
    counters : str
        Where the file's counters start again at 0: with each ``step``, each ``cycle``, never
        (``test``). They are read so that they restart with each step. ``none``: left out.
    skip : int
        Lines before the header.
    delimiter : str
        Between cells of a text file.
    decimal : str
        ``.`` or ``,``.
    units_below : bool
        Whether the line under the header holds units.
    charging, discharging : tuple of str
        Words of the state; every other word is rest.
    repairs : tuple of str
        What is done about known faults of a file, of `Repair`; none unless a person wrote it.
    """

    columns: Mapping[str, str]
    current: Current = "discharge positive"
    counters: Counters = "none"
    skip: int = 0
    delimiter: str = ","
    decimal: str = "."
    units_below: bool = False
    charging: tuple[str, ...] = ()
    discharging: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()

    def header_of(self, label: str) -> str | None:
        """Return the header that is mapped to a label of the contract."""
        found = (header for header, told in self.columns.items() if target(told).label == label)
        return next(found, None)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping that was read off a file, for a person to confirm.

    Attributes
    ----------
    map : SeriesMap
        The proposal.
    evidence : tuple of str
        Why it is so, a sentence each.
    doubts : tuple of str
        What is not certain, a sentence each, with the line that settles it.
    """

    map: SeriesMap
    evidence: tuple[str, ...] = field(default=())
    doubts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Target:
    """What a column becomes.

    Attributes
    ----------
    label : str
        The contract's label, else one's own.
    unit : str or None
        Of the file's numbers; None for what has no unit.
    """

    label: str
    unit: str | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether the column is not read."""
        return self.label.startswith(LEFT_OUT)

    @property
    def is_known(self) -> bool:
        """Whether it means something here, and is not only kept."""
        return self.label in _KNOWN.values()


def _parted(label: str) -> tuple[str, str | None]:
    found = _LABEL.fullmatch(label)
    return (label.strip(), None) if found is None else (found["name"], found["unit"].strip())


_LABELS = (*(label for label in SERIES if label not in OCP_AXES), CAPACITY, *ONE_FOR_BOTH, STATE)
_KNOWN = {_parted(label)[0]: label for label in _LABELS}
"""The contract's labels, and ours, by their name without the unit."""


def target(told: str) -> Target:
    """Read the right side of a line: ``Current [mA]`` is the contract's current, in mA."""
    name, unit = _parted(told)
    known = _KNOWN.get(name)
    return Target(told.strip()) if known is None else Target(known, unit)


def unit_of(label: str) -> str | None:
    """Return the unit of one of the contract's labels."""
    return _parted(label)[1]


def told(label: str, unit: str | None) -> str:
    """Return the right side of a line for a column of a known label."""
    name, own = _parted(label)
    return label if own is None or unit is None else f"{name} [{unit}]"


def check_map(series: SeriesMap) -> list[Fault]:
    """Say everything that a mapping cannot mean.

    Parameters
    ----------
    series : SeriesMap
        As somebody wrote it.

    Returns
    -------
    list of Fault
        Empty for a mapping that can be used.
    """
    return [*_columns(series), *_twice(series), *_words(series), *_needs(series)]


def _columns(series: SeriesMap) -> Iterator[Fault]:
    for header, written in series.columns.items():
        found = target(written)
        own = unit_of(found.label) if found.is_known else None
        if own is None or (found.label == TIME and found.unit in TIMES):
            continue
        if found.unit is None:
            what = f"{header!r} = {written!r} says no unit. Write the one of the file, such as {found.label!r}."
            yield Fault(what, column=header, value=written, rule="unit")
            continue
        try:
            conversion(spell(found.unit), own)
        except UnitError as fault:
            what = f"{header!r} = {written!r}: {fault}."
            yield Fault(what, column=header, value=written, rule="unit")


def _twice(series: SeriesMap) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for header, written in series.columns.items():
        label = target(written).label
        other = first.setdefault(label, header)
        if other != header and not label.startswith(LEFT_OUT):
            what = f"{other!r} and {header!r} are both {label!r}. Keep one; leave the other out with {LEFT_OUT!r}."
            yield Fault(what, column=header, value=written, rule="unique")


def _words(series: SeriesMap) -> Iterator[Fault]:
    choices = {
        "current": ((series.current,), get_args(Current)),
        "counters": ((series.counters,), get_args(Counters)),
        "decimal": ((series.decimal,), (".", ",")),
        "repairs": (series.repairs, get_args(Repair)),
    }
    for name, (given, allowed) in choices.items():
        for word in given:
            if word not in allowed:
                close = get_close_matches(str(word), allowed, n=1)
                listed = ", ".join(map(repr, allowed))
                meant = f"Did you mean {close[0]!r}?" if close else f"It is one of {listed}."
                yield Fault(f"{name} = {word!r} is not known. {meant}", value=str(word), rule=name)
    if len(series.delimiter) != 1 or series.delimiter == series.decimal:
        what = f"delimiter = {series.delimiter!r} and decimal = {series.decimal!r}: give two different characters."
        yield Fault(what, value=series.delimiter, rule="delimiter")


def _needs(series: SeriesMap) -> Iterator[Fault]:
    labels = {target(written).label for written in series.columns.values()}
    for label in (TIME, "Voltage [V]", "Current [A]"):
        if label not in labels:
            yield Fault(f"No column is {label!r}. Say which one is.", column=label, rule="needed")
    by_counter = set(COUNTERS[:2]) <= labels
    if series.current == "unsigned" and STATE not in labels and not by_counter:
        what = (
            f"current = 'unsigned' needs a column that is {STATE!r}, or one counter of charge and "
            "one of discharge, to know the direction."
        )
        yield Fault(what, rule="current")


FIELDS = tuple(one.name for one in fields(SeriesMap))
"""Names of what a mapping holds, as they are written in a file."""
