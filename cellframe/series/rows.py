"""Do time, steps and counters run as a test runs?

Time starts at 0 and never goes back. Steps are counted from 0, one by one. Capacity and energy
start at 0 in each step and never fall inside one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cellframe.contract.series import COUNTERS, CYCLE, CYCLE_FROM_CYCLER, FREQUENCY, STEP, TIME
from cellframe.series.arrays import Columns, find_pairs, find_rows
from cellframe.series.findings import Finding, of_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

START_TOLERANCE = 1e-6
"""s: how far from 0 the first time may be."""
TIME_TOLERANCE = 1e-12
"""s: how far back time may go."""
COUNTER_TOLERANCE = 1e-6
"""A.h or W.h: how far from 0 a step may start, how far a counter may fall."""


def check_time(columns: Columns, *, starts_at_zero: bool = True) -> list[Finding]:
    """Say where time is missing, starts elsewhere than at 0, or goes back.

    Parameters
    ----------
    columns : Columns
        A series, of which rows with a frequency need no time.
    starts_at_zero : bool
        False where the rows continue an earlier series.
    """
    if TIME not in columns or not columns.height:
        return []
    time, timed = columns[TIME], columns.timed
    findings = [] if timed is None else _untimed(columns)
    if timed is not None:
        time = time[timed]
    if not len(time):
        return findings
    if starts_at_zero and abs(time[0]) > START_TOLERANCE:
        first = 0 if timed is None else int(timed[0])
        findings.append(_late_start(float(time[0]), first))
    back = find_pairs(time, lambda step: step < -TIME_TOLERANCE)
    if len(back):
        rows = back if timed is None else timed[back]
        what = (
            f"{TIME!r} goes back in {{rows}}, first from {time[back[0] - 1]:g} to "
            f"{time[back[0]]:g} s. Put the rows in the order they were measured; where the clock "
            "restarted, add the time before."
        )
        findings.append(of_rows("time_not_monotonic", what, TIME, rows, columns[TIME]))
    return findings


def _untimed(columns: Columns) -> list[Finding]:
    missing = np.isnan(columns[TIME])
    if FREQUENCY in columns:
        missing &= np.isnan(columns[FREQUENCY])
    rows = np.flatnonzero(missing)
    if not len(rows):
        return []
    what = (
        f"{TIME!r} is empty in {{rows}}. Only a row of a frequency sweep, with {FREQUENCY!r} "
        "set, has no time: fill it in or drop the row."
    )
    return [of_rows("time_missing_on_non_eis_row", what, TIME, rows, columns[TIME])]


def _late_start(first: float, row: int) -> Finding:
    what = f"{TIME!r} starts at {first!r} s in row {row}, not at 0. Subtract {first!r}."
    return Finding(
        "time_does_not_start_at_zero",
        what,
        column=TIME,
        rows=(row,),
        values=(first,),
        payload={"tolerance": START_TOLERANCE},
    )


def check_step_count(columns: Columns, labels: Sequence[str]) -> list[Finding]:
    """Say whether ``Step count`` is missing, or is no count from 0, one by one.

    Parameters
    ----------
    columns : Columns
        A series.
    labels : sequence of str
        Its columns, those that hold no numbers too.
    """
    if STEP not in columns:
        return [] if STEP in labels else [_no_steps(labels)]
    if not columns.height:
        return []
    steps, findings = columns[STEP], _uncounted(columns)
    advice = "Number the steps from 0, one more whenever the step of the cycler changes."
    if steps[0] != 0:
        first = "with an empty row" if np.isnan(steps[0]) else f"at {steps[0]:g}"
        what = f"{STEP!r} starts {first}, not at 0. {advice}"
        code = "step_count_does_not_start_at_zero"
        findings.append(of_rows(code, what, STEP, [0], steps))
    # Beside a gap the difference is NaN, which is neither.
    odd = find_pairs(steps, lambda step: (step != 0) & (step != 1) & ~np.isnan(step))
    if len(odd):
        what = (
            f"{STEP!r} neither stays nor rises by 1 in {{rows}}, first from "
            f"{steps[odd[0] - 1]:g} to {steps[odd[0]]:g}. {advice}"
        )
        findings.append(of_rows("step_count_non_sequential", what, STEP, odd, steps))
    return findings


def _uncounted(columns: Columns) -> list[Finding]:
    # Whole numbers without a gap are no floats.
    rows = find_rows(columns[STEP], np.isnan) if columns[STEP].dtype.kind == "f" else ()
    if not len(rows):
        return []
    what = f"{STEP!r} is empty in {{rows}}. Give every row the number of its step."
    return [of_rows("step_count_non_sequential", what, STEP, rows, columns[STEP])]


def check_cycle_count(columns: Columns) -> list[Finding]:
    """Warn where cycles begin late, or one is skipped or comes back.

    Rows may be missing or out of order.
    """
    findings = _late_cycle(columns)
    for label in (CYCLE, CYCLE_FROM_CYCLER):
        if label not in columns or not columns.height:
            continue
        cycles = columns[label]
        odd = find_pairs(cycles, lambda step: (step < 0) | (step > 1))
        if len(odd):
            what = (
                f"{label!r} goes from {cycles[odd[0] - 1]:g} to {cycles[odd[0]]:g} in {{rows}}. "
                "Are all cycles there, in the order they ran?"
            )
            code = "cycle_count_non_sequential"
            findings.append(of_rows(code, what, label, odd, cycles, severity="warning"))
    return findings


def _late_cycle(columns: Columns) -> list[Finding]:
    first = float(columns[CYCLE][0]) if CYCLE in columns and columns.height else 0.0
    if not first or not first.is_integer():
        return []
    what = (
        f"{CYCLE!r} starts at {first:g}, not at 0. It is kept as it is: cycles will be counted "
        f"from {first:g}."
    )
    code = "cycle_count_does_not_start_at_zero"
    return [of_rows(code, what, CYCLE, [0], columns[CYCLE], severity="warning")]


def _no_steps(labels: Sequence[str]) -> Finding:
    listed = ", ".join(repr(label) for label in labels[:20])
    what = (
        f"There is no column {STEP!r}; there are {listed}. Number the steps from 0, in the order "
        "they ran, over all cycles: a new number whenever the step or cycle of the cycler changes."
    )
    return Finding("step_count_missing", what, column=STEP, payload={"columns": list(labels)})


def check_counters(columns: Columns) -> list[Finding]:
    """Say where a capacity or energy does not restart with its step, or falls inside it."""
    if not columns.height or STEP not in columns:
        return []
    present = [label for label in COUNTERS if label in columns]
    return [finding for label in present for finding in _counter(columns, label)]


def _counter(columns: Columns, label: str) -> list[Finding]:
    values, starts, findings = columns[label], columns.starts, list[Finding]()
    carried = starts[np.abs(values[starts]) > COUNTER_TOLERANCE]
    if len(carried):
        what = (
            f"{label!r} does not restart with the step: it is {values[carried[0]]:g} in the first "
            f"row of step {columns[STEP][carried[0]]:g} ({{rows}}). Subtract its first value from "
            "each step."
        )
        code = "cumulative_value_not_reset"
        findings.append(of_rows(code, what, label, carried, values, tolerance=COUNTER_TOLERANCE))
    falls = find_pairs(values, lambda step: step < -COUNTER_TOLERANCE)
    falls = falls[~np.isin(falls, starts)]
    if len(falls):
        what = (
            f"{label!r} falls inside a step in {{rows}}, first from {values[falls[0] - 1]:g} to "
            f"{values[falls[0]]:g}. Charge and discharge are counted apart, each only upwards."
        )
        code = "cumulative_value_decreased"
        findings.append(of_rows(code, what, label, falls, values, tolerance=COUNTER_TOLERANCE))
    return findings
