"""Why is a mapping proposed? What the rows of a file tell, and what they leave open.

Whatever would change a number and is not certain is a doubt, with the line that settles it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cellframe.contract.series import (
    COUNTERS,
    CURRENT,
    CYCLE,
    CYCLE_FROM_CYCLER,
    STEP,
    STEP_FROM_CYCLER,
    TIME,
    VOLTAGE,
)
from cellframe.intake.cycler.agreement import agreement_of
from cellframe.intake.cycler.building import build, count_steps, measure
from cellframe.intake.cycler.choosing import Notes, choose, in_units, settle_net, without_strangers
from cellframe.intake.cycler.counters import falls_of
from cellframe.intake.cycler.current import is_one_sided, witnesses
from cellframe.intake.cycler.faults import fit
from cellframe.intake.cycler.mapping import ONE_FOR_BOTH, STATE, Proposal, SeriesMap, target
from cellframe.intake.cycler.names import UNITLESS, Known, direction_of
from cellframe.intake.cycler.numbers import has_decimal_commas
from cellframe.intake.cycler.repairs import (
    LOST_ROWS,
    NEW_STEPS,
    NO_FALLS,
    STEP_CLOCK,
    repair_clock,
    restarts_of,
)
from cellframe.intake.cycler.thousands import unsettled

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from cellframe.intake.cycler.mapping import Counters, Current
    from cellframe.intake.cycler.text import Layout, Rows


NEEDED = (TIME, VOLTAGE, CURRENT)
"""Without them there is no time series."""


def propose_for(rows: Rows, layout: Layout) -> Proposal | None:
    """Read a mapping off a file that has time, voltage and current.

    Parameters
    ----------
    rows : Rows
        Every row is looked at.
    layout : Layout
        Where the header stands, and what is known of it.

    Returns
    -------
    Proposal or None
        For every doubt its mapping has the best guess. None where no row has time, voltage and
        current.
    """
    notes = Notes([], [])
    known = choose(layout.known, rows, notes)
    if not {*NEEDED} <= {*known}:
        return None
    series = replace(plain_map(layout), columns=in_units(known, rows, notes))
    series = _with_words(series, known, rows, notes)
    notes.doubts.extend(unsettled(series, rows))
    series = replace(series, columns=settle_net(series, rows, notes))
    notes.evidence.extend(_of_steps(known))
    series = _with_clock(series, known[TIME], rows, notes)
    series = _with_counters(series, rows, notes)
    series = _with_sign(series, rows, notes)
    series = replace(series, columns=without_strangers(series, rows))
    _try(series, rows, notes)
    listed = (_line(header, written) for header, written in series.columns.items())
    return Proposal(series, (*listed, *notes.evidence), tuple(notes.doubts))


def _line(header: str, written: str) -> str:
    if target(written).is_left_out:
        return f"{header!r} is left out."
    return f"{header!r} is {written!r}."


def plain_map(layout: Layout) -> SeriesMap:
    """Return a mapping that knows where the rows stand, and nothing of the columns."""
    return SeriesMap(
        {}, skip=layout.skip, delimiter=layout.delimiter, units_below=layout.units_below
    )


def _with_words(series: SeriesMap, known: dict[str, Known], rows: Rows, notes: Notes) -> SeriesMap:
    """Find decimal commas, and the words of the state."""
    columns = [rows.frame[one.header] for one in known.values() if one.label not in UNITLESS]
    if series.delimiter != "," and any(has_decimal_commas(column) for column in columns):
        notes.evidence.append("Numbers are written with decimal commas.")
        series = replace(series, decimal=",")
    if STATE not in known:
        return series
    header = known[STATE].header
    words = rows.frame[header].drop_nulls().str.strip_chars().unique().sort().to_list()
    charging = tuple(word for word in words if direction_of(word) == "charge")
    discharging = tuple(word for word in words if direction_of(word) == "discharge")
    rest = [word for word in words if word not in (*charging, *discharging)]
    parts = {"charge": charging, "discharge": discharging, "rest": rest}
    said = (f"{way} with {', '.join(map(repr, told))}" for way, told in parts.items() if told)
    notes.evidence.append(f"{header!r} says {'; '.join(said)}.")
    return replace(series, charging=charging, discharging=discharging)


def _of_steps(known: dict[str, Known]) -> Iterator[str]:
    """Say where a step ends and how many cycles there are, where the cycler does not."""
    if not {STEP, STEP_FROM_CYCLER} & {*known}:
        ends = "the state changes" if STATE in known else "charge, discharge or rest begins"
        yield f"No column counts steps: one ends wherever {ends}."
    if not {CYCLE, CYCLE_FROM_CYCLER} & {*known}:
        yield "No column counts cycles: the test is one cycle."


def _with_clock(series: SeriesMap, time: Known, rows: Rows, notes: Notes) -> SeriesMap:
    frame = measure(rows, series).frame
    back, at_steps = restarts_of(frame)
    if not back:
        return series
    where = f"{time.header!r} starts again in {back} row{'s' if back > 1 else ''}"
    if not time.is_of_step and _goes_on_as_before(frame[TIME]):
        what = f"{where}, and the next row goes on as before: rows that say 0 again are dropped."
        notes.doubts.append(f"{what} Keep repairs = [{LOST_ROWS!r}] if that is right.")
        return replace(series, repairs=(LOST_ROWS,))
    if back != at_steps:
        return series
    what = f"{where}, each where a step begins: the time of the steps before is added."
    if time.is_of_step:
        notes.evidence.append(what)
    else:
        notes.doubts.append(f"{what} Keep repairs = [{STEP_CLOCK!r}] if that is right.")
    return replace(series, repairs=(STEP_CLOCK,))


def _goes_on_as_before(time: pl.Series) -> bool:
    """Whether time, wherever it goes back, is 0 and in the next row beyond the row before."""
    back = (time.diff() < 0).arg_true()
    inner = back.filter(back < len(time) - 1)
    goes_on = (time.gather(inner + 1) >= time.gather(inner - 1)).all()
    return len(inner) > 0 and bool(goes_on) and bool((time.gather(back) == 0).all())


def _with_counters(series: SeriesMap, rows: Rows, notes: Notes) -> SeriesMap:
    """Find where counters start again, and whether they run backwards."""
    frame = count_steps(repair_clock(measure(rows, series).frame, series.repairs))
    there = [label for label in (*COUNTERS, *ONE_FOR_BOTH) if label in frame.columns]
    if not there:
        return replace(series, counters="none")
    falls = {label: falls_of(frame, label) for label in there}
    kinds: list[Counters] = []
    for label, found in falls.items():
        if found.up:
            kinds.append(found.kind)
            notes.evidence.append(f"{series.header_of(label)!r} {_STARTS[found.kind]}.")
    kind: Counters = max(("cycle", "step", "test"), key=kinds.count) if kinds else "test"
    inside = [found for found in falls.values() if found.within]
    if not inside:
        return replace(series, counters=kind)
    is_restart = all(found.within == found.restarts for found in inside)
    repair = NEW_STEPS if is_restart else NO_FALLS
    headers = " and ".join(repr(series.header_of(label)) for label in there if falls[label].within)
    what = f"{headers} {_INSIDE[is_restart]} Keep repairs = [{repair!r}] if that is right."
    notes.doubts.append(what)
    return replace(series, counters=kind, repairs=(*series.repairs, repair))


_STARTS = {
    "step": "starts again with each step",
    "cycle": "starts again with each cycle",
    "test": "never starts again",
}
_INSIDE = {
    True: "start again inside a step, as after an interruption: a new step is counted there.",
    False: "fall inside a step: there they are left out, and the service integrates the current.",
}


def _with_sign(series: SeriesMap, rows: Rows, notes: Notes) -> SeriesMap:
    frame = count_steps(repair_clock(measure(rows, series).frame, series.repairs))
    heard = witnesses(frame, series)
    saying = [one for one in heard if one.says is not None]
    if not saying:
        notes.doubts.append(
            f"Nothing tells which way the current flows: {'; '.join(one.because for one in heard)}. "
            "Write current = 'charge positive' or current = 'discharge positive'."
        )
        return replace(series, current="charge positive")
    first = saying[0]
    sign: Current = first.says or "charge positive"
    notes.evidence.append(f"{_sentence(first.because)}: {_RESULT[sign]}.")
    against = [one for one in saying if one.says != sign and "unsigned" not in (one.says, sign)]
    if against:
        notes.doubts.append(
            f"{_sentence(first.because)}, but {against[0].because}. Correct current, or exchange what "
            "is charge and what is discharge: a half cell's cycler may call them the other way round."
        )
    # A file with the contract's own labels keeps to its sign.
    if sign != "unsigned" and CYCLE not in series.columns and is_one_sided(frame):
        notes.doubts.append(
            "The current is never negative: it may have no sign. Write current = 'unsigned' if so, "
            f"else keep current = {sign!r}."
        )
    return replace(series, current=sign)


_RESULT = {
    "charge positive": "positive current is charge, and is turned round",
    "discharge positive": "positive current is discharge, as it is here",
    "unsigned": "the current has no sign, and is given one",
}


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _try(series: SeriesMap, rows: Rows, notes: Notes) -> None:
    """Read the file as proposed; what stands against it is a doubt."""
    built = build(rows, series)
    _, found = fit(built.frame, series, rows.word)
    notes.doubts.extend(fault.message for fault in (*built.faults, *found))
    if not built.faults and not found:
        agreement = agreement_of(built.frame)
        (notes.evidence if agreement.is_right else notes.doubts).extend(agreement.said)
