"""What a strict reader asks of rows: points, cycles, gaps, and an order that voltage confirms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cellframe.contract.series import CYCLE, CYCLE_FROM_CYCLER, STEP, TIME, VOLTAGE
from cellframe.series.arrays import Columns, find_pairs
from cellframe.series.findings import Finding, of_rows

if TYPE_CHECKING:
    from cellframe.series.arrays import Rows

FEWEST_POINTS = 2
LONGEST_GAP = 5 * 3600.0
"""s."""
LARGEST_JUMP, MOST_JUMPS = 0.8, 0.05
"""Of the voltage window; of the pairs of rows."""
_CYCLES = (CYCLE, "Cycle number", CYCLE_FROM_CYCLER)


def check_points(columns: Columns) -> list[Finding]:
    """Say which steps have one row only."""
    if STEP not in columns or not columns.height:
        return []
    lengths = np.diff(columns.starts, append=columns.height)
    rows = columns.starts[lengths < FEWEST_POINTS]
    if not len(rows):
        return []
    what = (
        f"{len(rows)} steps have one row only ({{rows}}). Keep the step's first and last sample, "
        "or join it to the step it belongs to."
    )
    return [of_rows("step_too_few_points", what, STEP, rows, columns[STEP])]


def check_cycles(columns: Columns) -> list[Finding]:
    """Say where the cycle changes inside a step."""
    label = next((label for label in _CYCLES if label in columns), None)
    if label is None or STEP not in columns or not columns.height:
        return []
    changes = find_pairs(columns[label], lambda step: np.abs(step) > 0)
    rows = changes[~np.isin(changes, columns.starts)]
    if not len(rows):
        return []
    what = f"{label!r} changes inside a step in {{rows}}. Begin a new step where a cycle begins."
    return [of_rows("cycle_changes_within_step", what, label, rows, columns[label])]


def check_gaps(columns: Columns) -> list[Finding]:
    """Say where more than five hours lie between two rows."""
    if TIME not in columns or not columns.height:
        return []
    time, timed = columns[TIME], columns.timed
    time = time if timed is None else time[timed]
    gaps = find_pairs(time, lambda step: step > LONGEST_GAP)
    if not len(gaps):
        return []
    rows: Rows = gaps if timed is None else timed[gaps]
    longest = float((time[gaps] - time[gaps - 1]).max()) / 3600
    what = (
        f"Nothing was recorded for up to {longest:.1f} h before {{rows}}; at most "
        f"{LONGEST_GAP / 3600:g} h are expected. Add the missing rows, or split the test."
    )
    return [of_rows("time_gap_too_large", what, TIME, rows, columns[TIME], tolerance=LONGEST_GAP)]


def check_continuity(columns: Columns, window: tuple[float, float] | None) -> list[Finding]:
    """Say whether the voltage jumps as it does where rows are not in order.

    Parameters
    ----------
    columns : Columns
        A series.
    window : (float, float) or None
        Least and largest voltage of the cell, in V; None leaves the check out.
    """
    height = columns.height
    if window is None or window[1] <= window[0] or VOLTAGE not in columns or height < FEWEST_POINTS:
        return []
    limit = LARGEST_JUMP * (window[1] - window[0])
    rows = find_pairs(columns[VOLTAGE], lambda step: np.abs(step) > limit)
    share = len(rows) / (height - 1)
    if share <= MOST_JUMPS:
        return []
    what = (
        f"{VOLTAGE!r} jumps by more than {limit:.3g} V in {len(rows)} of {height - 1} pairs of "
        f"rows ({share:.0%}; {{rows}}). Are the rows in the order they were measured?"
    )
    return [of_rows("voltage_continuity", what, VOLTAGE, rows, columns[VOLTAGE], share=share)]
