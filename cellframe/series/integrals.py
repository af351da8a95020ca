"""Do the counters agree with the current? The integral over each step is set beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    CURRENT,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    POWER,
    STEP,
    TIME,
    VOLTAGE,
)
from cellframe.series.arrays import PIECE, Columns, run_starts
from cellframe.series.findings import Finding

if TYPE_CHECKING:
    from cellframe.series.arrays import Floats, Rows

TOLERANCE = 0.10
"""Largest difference, of the largest value of counter and integral."""


class _Counter(NamedTuple):
    label: str
    sign: float
    is_energy: bool
    code: str


_COUNTERS = (
    _Counter(DISCHARGE_CAPACITY, 1, False, "discharge_capacity_integral_mismatch"),  # noqa: FBT003
    _Counter(CHARGE_CAPACITY, -1, False, "charge_capacity_integral_mismatch"),  # noqa: FBT003
    _Counter(DISCHARGE_ENERGY, 1, True, "discharge_energy_integral_mismatch"),  # noqa: FBT003
    _Counter(CHARGE_ENERGY, -1, True, "charge_energy_integral_mismatch"),  # noqa: FBT003
)


class _Worst(NamedTuple):
    difference: float = 0.0
    row: int = 0
    counted: float = 0.0
    integrated: float = 0.0
    largest: float = 0.0


def check_integrals(columns: Columns) -> list[Finding]:
    """Say which counters differ from the running integral of current or power.

    Current is positive on discharge: the discharge capacity is the integral of max(I, 0).

    Parameters
    ----------
    columns : Columns
        A series.
    """
    if not columns.has(TIME, STEP) or columns.height < 2:  # noqa: PLR2004
        return []
    found = (_check(columns, counter) for counter in _COUNTERS if counter.label in columns)
    return [finding for finding in found if finding is not None]


def _check(columns: Columns, counter: _Counter) -> Finding | None:
    factors = (CURRENT,)
    if counter.is_energy:
        factors = (POWER,) if POWER in columns else (VOLTAGE, CURRENT)
    if not columns.has(*factors):
        return None
    timed = columns.timed
    arrays = [columns[label] for label in (TIME, counter.label, *factors)]
    if timed is not None:
        arrays = [array[timed] for array in arrays]
    starts = columns.starts if timed is None else run_starts(columns[STEP][timed])
    worst = _worst_row(arrays[0], arrays[1], arrays[2:], counter.sign, starts)
    if worst.largest <= 0 or worst.difference <= TOLERANCE * worst.largest:
        return None
    row = worst.row if timed is None else int(timed[worst.row])
    return _finding(counter, " times ".join(map(repr, factors)), worst, row)


def _finding(counter: _Counter, source: str, worst: _Worst, row: int) -> Finding:
    unit = "W.h" if counter.is_energy else "A.h"
    share = worst.difference / worst.largest
    what = (
        f"{counter.label!r} does not follow {source}: in row {row} it is {worst.counted:.4g} "
        f"{unit}, and {worst.integrated:.4g} {unit} were {'dis' if counter.sign > 0 else ''}"
        f"charged since the step began ({share:.0%} apart, at most {TOLERANCE:.0%} expected). "
        "Check the units of both, and that the counter restarts with each step."
    )
    return Finding(
        counter.code,
        what,
        column=counter.label,
        rows=(row,),
        values=(worst.counted,),
        payload={"integrated": worst.integrated, "share": share, "tolerance": TOLERANCE},
    )


def _worst_row(
    time: Floats, counted: Floats, factors: list[Floats], sign: float, starts: Rows
) -> _Worst:
    """Compare row by row, a piece at a time; `starts` are the first rows of steps."""
    worst, charged, largest = _Worst(), 0.0, 0.0
    for begin in range(0, len(time), PIECE):
        rows = slice(begin, min(len(time), begin + PIECE))
        running = _integral(time, factors, sign, starts, rows, charged)
        charged = float(running[-1])
        reported = counted[rows]
        apart = np.nan_to_num(np.abs(reported - running))
        largest = max(largest, float(np.nan_to_num(np.abs(reported)).max()), float(running.max()))
        at = int(apart.argmax())
        if apart[at] > worst.difference:
            there = begin + at
            worst = _Worst(float(apart[at]), there, float(reported[at]), float(running[at]))
    return worst._replace(largest=largest)


def _integral(
    time: Floats, factors: list[Floats], sign: float, starts: Rows, rows: slice, charged: float
) -> Floats:
    """Integrate by trapezoids, per hour, from each step's start; `charged` is that of the row before."""
    begin, end = rows.start, rows.stop
    before = slice(max(begin - 1, 0), end)
    flow = sign * factors[0][before]
    for factor in factors[1:]:
        flow = flow * factor[before]
    flow = np.nan_to_num(np.maximum(flow, 0.0))
    moved = 0.5 * (flow[1:] + flow[:-1]) * np.diff(time[before]) / 3600
    if not begin:
        moved = np.concatenate([[0.0], moved])
    inside = starts[np.searchsorted(starts, begin) : np.searchsorted(starts, end)] - begin
    running = np.cumsum(moved) + charged
    if not len(inside):
        return running
    lengths = np.diff(inside, append=end - begin)
    running[inside[0] :] -= np.repeat(running[inside], lengths)
    return running
