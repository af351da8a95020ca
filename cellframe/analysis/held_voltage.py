"""How much of a charge goes in at constant current, and how much while the voltage is held?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.analysis.halves import FALLEN_TO, HELD_WITHIN, NEEDED, USED, halves
from cellframe.analysis.reading import DEFINITION, DIRECTION, FINDING, TOLD, by_test
from cellframe.contract.series import CYCLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.analysis.halves import Half
    from cellframe.frames.backend import AnyFrame

CC, CV = "CC capacity [A.h]", "CV capacity [A.h]"
CC_TIME, CV_TIME = "CC duration [s]", "CV duration [s]"
CC_SHARE, CC_TIME_SHARE = "CC share of capacity", "CC share of duration"
_SCHEMA: dict[str, pl.DataType] = {
    CYCLE: pl.Int64(),
    DIRECTION: pl.String(),
    **dict.fromkeys((CC, CV, CC_SHARE, CC_TIME, CV_TIME, CC_TIME_SHARE), pl.Float64()),
    **TOLD,
}


def cccv(frame: AnyFrame) -> Any:
    """Return charge and time at constant current and at held voltage, by cycle and direction.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many: ``Voltage [V]``, ``Current [A]`` (positive on
        discharge), ``Step count``, and ``Time [s]`` or counters.

    Returns
    -------
    DataFrame, shape (n_cycles * n_directions, n_columns)
        Keys, ``Cycle count``, ``Direction``, ``CC capacity [A.h]``, ``CV capacity [A.h]``,
        ``CC share of capacity``, ``CC duration [s]``, ``CV duration [s]``, ``CC share of
        duration``, ``Finding``, ``Definition``. Shares are ratios; durations are null without
        times.

    Raises
    ------
    FrameError
        The frame lacks a column.

    Notes
    -----
    All steps of a cycle in one direction are added up. The voltage is held while it is within
    5 mV of what the step ends at and the current has fallen below 98 % of what it was, whether the
    cycler counts that as a step of its own or not; everything else is constant current, at
    whatever rates.
    """
    return by_test(frame, _of_test, needed=NEEDED, used=USED, schema=_SCHEMA)


def _of_test(test: pl.DataFrame) -> Iterator[pl.DataFrame]:
    parts: dict[tuple[int, str], list[Half]] = {}
    for half in halves(test, every=True, held=True):
        parts.setdefault((half.cycle, half.direction), []).append(half)
    rows = [_row(cycle, direction, steps) for (cycle, direction), steps in parts.items()]
    yield pl.DataFrame(rows, schema=_SCHEMA)


def _row(cycle: int, direction: str, steps: list[Half]) -> dict[str, Any]:
    flowing = sum(half.capacity for half in steps)
    holding = sum(half.all_charge - half.capacity for half in steps)
    lasted = _durations(steps)
    return {
        CYCLE: cycle,
        DIRECTION: direction,
        CC: flowing,
        CV: holding,
        CC_SHARE: flowing / (flowing + holding),
        CC_TIME: lasted[0] if lasted else None,
        CV_TIME: lasted[1] if lasted else None,
        CC_TIME_SHARE: lasted[0] / sum(lasted) if lasted and sum(lasted) else None,
        FINDING: _finding(steps, has_times=lasted is not None),
        DEFINITION: _definition(steps),
    }


def _finding(steps: list[Half], *, has_times: bool) -> str | None:
    told = dict.fromkeys(half.doubt for half in steps if half.doubt)
    return "; ".join([*told, *([] if has_times else ["no times"])]) or None


def _durations(steps: list[Half]) -> tuple[float, float] | None:
    """Return the seconds at constant current and at held voltage."""
    flowing = holding = 0.0
    for half in steps:
        if half.time is None:
            return None
        turn = half.time[max(half.held - 1, 0)]
        flowing += float(turn - half.time[0])
        holding += float(half.time[-1] - turn)
    return flowing, holding


def _definition(steps: list[Half]) -> str:
    sources = " and ".join(sorted({half.source for half in steps}))
    return (
        f"held: within {HELD_WITHIN * 1e3:g} mV of the step's last voltage and below "
        f"{FALLEN_TO:.0%} of the current before; all steps of the direction, charge by {sources}"
    )
