"""Does a file bear out the mapping that was confirmed for another one?

A mapping is read off one file, and used for every file like it, also those of next month. What
was asked of the first is asked of each: its line of units, its counters, its states. A file that
says otherwise is refused; which of the two is wrong only a person can know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.contract.quantities import UnitError, conversion, spell
from cellframe.contract.series import CURRENT
from cellframe.frames.faults import Fault
from cellframe.intake.cycler.agreement import agreement_of
from cellframe.intake.cycler.current import told_by_cycler
from cellframe.intake.cycler.mapping import TIMES, target, unit_of
from cellframe.intake.cycler.names import recognise
from cellframe.intake.headers import heading

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from cellframe.intake.cycler.building import Built
    from cellframe.intake.cycler.current import Witness
    from cellframe.intake.cycler.mapping import SeriesMap
    from cellframe.intake.cycler.text import Rows

_OF_ITS_OWN = "take the file out of this [[series]] and give it one of its own"


def check_units(rows: Rows, series: SeriesMap) -> list[Fault]:
    """Compare the line of units under the header with the mapping.

    Parameters
    ----------
    rows : Rows
        Of one file, with what that line says.
    series : SeriesMap
        As somebody confirmed it.

    Returns
    -------
    list of Fault
        A column whose unit is another; a line that holds no units but values.
    """
    line = series.skip + 2
    below = {name: text.strip() for name, text in rows.below.items() if name in series.columns}
    if not below:
        return []
    values = (text for name, text in below.items() if target(series.columns[name]).unit)
    if any(map(_is_number, values)) or not any(rows.below.values()):
        what = (
            f"Line {line} holds no units, and by the mapping it does. Write units_below = false for "
            f"a file without such a line: {_OF_ITS_OWN}."
        )
        return [Fault(what, line, rule="unit")]
    return [
        _other_unit(header, unit, series.columns[header], line)
        for header, text in below.items()
        for unit in [_told_below(header, text)]
        if unit is not None and not _fits(unit, series.columns[header])
    ]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _told_below(header: str, text: str) -> str | None:
    """Return the unit that stands under a header, as the proposal reads it."""
    if not text:
        return None
    known = recognise(header, text)
    return known.unit if known is not None else heading(f"x [{text.strip(' []()')}]").unit


def _fits(unit: str, written: str) -> bool:
    found = target(written)
    wanted = found.unit or unit_of(written)
    if wanted is None or wanted in TIMES or found.is_left_out:
        return True
    try:
        return conversion(spell(unit), spell(wanted)) is None
    except UnitError:
        return False


def _other_unit(header: str, unit: str, written: str, line: int) -> Fault:
    wanted = target(written).unit or unit_of(written)
    what = (
        f"{header!r} is in {unit} by line {line} of the file, and in {wanted} by the mapping, which "
        f"says {written!r}. Where the file is right, {_OF_ITS_OWN} that says {unit}; else correct "
        "the line in the file."
    )
    return Fault(what, line, None, header, unit, "unit")


def contradictions(built: Built, frame: pl.DataFrame, series: SeriesMap) -> list[Fault]:
    """Ask a file for what speaks against the mapping by which it was read.

    Parameters
    ----------
    built : Built
        With what the cycler told of steps, counters and current.
    frame : DataFrame
        The series that was made.
    series : SeriesMap
        As somebody confirmed it.

    Returns
    -------
    list of Fault
        Counters or states that contradict the sign; counters that are not the integral of the
        current, by the factor between two units.
    """
    agreement = agreement_of(frame)
    of_units = [] if agreement.is_right else [Fault(_of_units(agreement.said), rule="unit")]
    return [*_of_sign(built, series), *of_units]


def _of_units(said: tuple[str, ...]) -> str:
    return (
        f"{' '.join(said)} Where those of this file are others than the mapping says, {_OF_ITS_OWN}; "
        "where only the counters are wrong, write counters = 'none' there."
    )


def _of_sign(built: Built, series: SeriesMap) -> Iterator[Fault]:
    if built.told is None or series.current == "unsigned":
        return
    counters, states = told_by_cycler(built.told, series)
    ways = {
        "or exchange what is charge and what is discharge": counters,
        "or correct charging and discharging": states,
    }
    for otherwise, one in ways.items():
        is_asked = one is states or series.counters != "none"
        if is_asked and (one.is_torn or one.says not in (None, series.current)):
            header = series.header_of(CURRENT)
            what = _other_sign(one, series.current, otherwise)
            yield Fault(what, column=header, rule="current")


def _other_sign(witness: Witness, current: str, otherwise: str) -> str:
    begin = f"The mapping says current = {current!r}, but in this file {witness.because}."
    if witness.says is None:
        return (
            f"{begin} Write current = 'unsigned' where the sign means nothing, {otherwise}: "
            f"{_OF_ITS_OWN}."
        )
    return f"{begin} Write current = {witness.says!r} for it, {otherwise}: {_OF_ITS_OWN}."
