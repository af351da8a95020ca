"""How much does the voltage give way when a current sets in, or is cut off?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import polars as pl

from cellframe.analysis.halves import WHICH, arrays_of, rest_limit, slices_of
from cellframe.analysis.reading import DEFINITION, DIRECTION, FINDING, TOLD, by_test
from cellframe.contract.series import CURRENT, CYCLE, DIRECTIONS, SOC, STEP, TIME, VOLTAGE
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cellframe.frames.backend import AnyFrame

    Floats: TypeAlias = NDArray[np.float64]

Point: TypeAlias = "float | Literal['first', 'end']"
Origin: TypeAlias = Literal["rest", "step", "load"]
EVENT, POINT, AFTER = "Event", "Point", "After [s]"
APPLICATION = "application"
_COUNTED = "counted steps"
_DOUBT = (
    "steps told by the current: where the voltage drops before the current is written, the "
    "resistance is too small; count the steps in 'Step count'"
)
OCV, RESISTANCE = "Open-circuit voltage [V]", "Resistance [ohm]"
PULSE_TIME = "Pulse duration [s]"
LOADED = 0.99
"""A row is under load from this share of the pulse's median current on. Source: PyProBE."""
STILL = 0.1
"""A voltage that has come back by less than this share of the way it went is still the pulse's."""
_SECONDS = 3600.0
_NEEDED = (TIME, VOLTAGE, CURRENT)
_RESULTS = (TIME, PULSE_TIME, AFTER, OCV, VOLTAGE, CURRENT, SOC, RESISTANCE)
_SCHEMA: dict[str, pl.DataType] = {
    **WHICH,
    EVENT: pl.String(),
    POINT: pl.String(),
    **dict.fromkeys(_RESULTS, pl.Float64()),
    **TOLD,
}
_ORIGINS = {
    "rest": "the last sample before the change",
    "step": "the first sample of the step",
    "load": "the first sample after the change",
}


def resistance(
    frame: AnyFrame,
    *,
    at: Sequence[Point] = ("first", 1.0, 10.0, "end"),
    origin: Origin = "rest",
    longest: float = 120.0,
    after: Literal["rest", "any"] = "rest",
    capacity: float | None = None,
    initial_soc: float | None = None,
) -> Any:
    """Return the direct-current resistance of every pulse, on application and on release.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many: ``Time [s]``, ``Voltage [V]``, ``Current [A]``
        (positive on discharge), ``Step count``. Where steps are not counted they are told by the
        current, and ``Definition`` says so.
    at : sequence of float or str
        Times in s at which the resistance is wanted, interpolated; ``"first"`` is the first
        sample after the change, ``"end"`` the last one of the pulse (of the rest, on release).
    origin : {"rest", "step", "load"}
        Where the time is 0: at the last sample before the change, the first of the step, or the
        first after the change.
    longest : float
        A step of current that lasts longer is no pulse [s].
    after : {"rest", "any"}
        ``"any"`` takes every change of current from step to step, also where no rest is between.
    capacity : float, optional
        Of the cell in A.h, for the SOC where the frame has no such column.
    initial_soc : float, optional
        SOC at the first row of each test, from 0 to 1; needs `capacity`.

    Returns
    -------
    DataFrame, shape (n_pulses * 2 * n_times, n_columns)
        Keys, ``Cycle count``, ``Step count`` of the pulse, ``Direction`` of its current, ``Event``
        (``application`` or ``release``), ``Point`` asked for, ``Time [s]`` of the origin, ``Pulse
        duration [s]``, ``After [s]`` the origin, ``Open-circuit voltage [V]`` before the pulse,
        ``Voltage [V]`` then, ``Current [A]`` that changed, ``SOC``, ``Resistance [ohm]``,
        ``Finding``, ``Definition``. What is not reached is null, never extrapolated.

    Raises
    ------
    FrameError
        The frame lacks a column.
    ConfigError
        A word or a number means nothing here.

    Notes
    -----
    R(t) = abs(V(t) - V0) / abs(I - I0). V0 and I0 are the last sample of the step before, so on
    application V0 is the open-circuit voltage of the rest, as BEEP takes it. To take the last
    sample without current instead (PyProBE) is wrong where a cycler writes the first row of a
    pulse with the current still 0 and the voltage already dropped. I is that of the first sample
    under load, which has 99 % of the pulse's median current (PyProBE), and at the end that of the
    last one. On release V0 and I0 are
    the pulse's last sample under load.

    Resistances at 30 ms, 1 s and 10 s are different quantities. Severson et al. 2019 report
    about 30 ms, BEEP 1 ms, 3 s and the end, fast-formation 1, 3 and 10 s.
    """
    _check(at, origin, after, capacity, initial_soc)
    settings = _Asked(tuple(at), origin, longest, after, capacity, initial_soc)
    used = (*_NEEDED, STEP, CYCLE, SOC)
    return by_test(
        frame, partial(_of_test, asked=settings), needed=_NEEDED, used=used, schema=_SCHEMA
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    at: tuple[Point, ...]
    origin: Origin
    longest: float
    after: str
    capacity: float | None
    initial_soc: float | None


def _check(
    at: Sequence[Point], origin: str, after: str, capacity: float | None, initial_soc: float | None
) -> None:
    if (
        isinstance(at, str | float | int | Real)
        or not len(at)
        or any(isinstance(p, str) and p not in {"first", "end"} for p in at)
    ):
        raise ConfigError(f"at={at!r} is a list of times in s, 'first' and 'end'.")
    if any(not isinstance(p, str) and not p >= 0 for p in at):
        raise ConfigError(f"at={at!r} holds a time before the change.")
    if origin not in get_args(Origin):
        raise ConfigError(f"origin={origin!r} is none of 'rest', 'step', 'load'.")
    if after not in {"rest", "any"}:
        raise ConfigError(f"after={after!r} is neither 'rest' nor 'any'.")
    if (initial_soc is None) != (capacity is None):
        raise ConfigError(
            "For the SOC of a pulse give both capacity= and initial_soc=, or neither."
        )
    if capacity is not None and not capacity > 0:
        raise ConfigError(f"capacity={capacity} is in A.h and above 0.")


@dataclass(frozen=True, slots=True)
class _Step:
    """Rows of one step: time [s], voltage [V], current [A], positive on discharge, SOC."""

    number: int
    cycle: int
    time: Floats
    voltage: Floats
    current: Floats
    soc: Floats | None
    typical: float
    """The median of the current."""


@dataclass(frozen=True, slots=True)
class _Change:
    """From the last sample of one step to the rows of the next that are after the change."""

    before: tuple[float, float, float]
    """Time, voltage and current."""
    begin: float
    """Time of the step's first row."""
    time: Floats
    voltage: Floats
    current: tuple[float, float]
    """Of the first sample after the change, and of the last."""


def _of_test(test: pl.DataFrame, *, asked: _Asked) -> Iterator[pl.DataFrame]:
    counted = [STEP] if STEP in test.columns and test[STEP].count() else []
    columns = arrays_of(test, (*_NEEDED, *counted), (CYCLE, SOC))
    if not len(columns[CURRENT]):
        return
    limit = rest_limit(asked.capacity, float(np.abs(columns[CURRENT]).max()))
    told = _COUNTED
    if STEP not in columns:
        flow = np.where(np.abs(columns[CURRENT]) >= limit, np.sign(columns[CURRENT]), 0.0)
        columns[STEP] = np.cumsum(np.diff(flow, prepend=flow[0]) != 0).astype(np.float64)
        told = "steps told by the current"
    soc = "SOC as in the series" if SOC in columns else "SOC not known"
    if asked.capacity is not None and asked.initial_soc is not None and SOC not in columns:
        soc = f"SOC counted from {asked.initial_soc:g} with {asked.capacity:g} A.h"
        columns[SOC] = _state(columns, asked.capacity, asked.initial_soc)
    steps = [_step(columns, rows) for rows in slices_of(columns[STEP])]
    definition = (
        f"abs(V - V0) / abs(I - I0), V0 and I0 the last sample of the step before ({told}), time "
        f"from {_ORIGINS[asked.origin]}, linear in between; on release V0 and I0 the last sample "
        f"under load; {soc}"
    )
    found: list[dict[str, Any]] = []
    for (before, pulse), then in zip(pairwise(steps), [*steps[2:], None], strict=False):
        flows = abs(pulse.typical) >= limit
        lasted = float(pulse.time[-1] - pulse.time[0])
        is_rest = abs(before.typical) < limit
        changes = abs(pulse.typical - float(before.current[-1])) >= limit
        if not (flows and changes) or lasted > asked.longest:
            continue
        if is_rest or asked.after == "any":
            found += _rows(before, pulse, then, limit, asked)
    made = pl.DataFrame(found, schema={**_SCHEMA, DEFINITION: pl.String()})
    if told != _COUNTED:
        doubt = pl.coalesce(pl.format("{}; {}", FINDING, pl.lit(_DOUBT)), pl.lit(_DOUBT))
        made = made.with_columns(doubt.alias(FINDING))
    yield made.with_columns(pl.lit(definition, TOLD[DEFINITION]).alias(DEFINITION))


def _state(columns: Mapping[str, Floats], capacity: float, initial: float) -> Floats:
    """Count the SOC from the current by trapezoids, within steps only."""
    current = columns[CURRENT]
    inside = np.diff(columns[STEP]) == 0
    lasts = np.diff(columns[TIME]).clip(0.0) * inside
    moved = np.cumsum((current[1:] + current[:-1]) / 2 * lasts)
    return initial - np.concatenate([[0.0], moved]) / _SECONDS / capacity


def _step(columns: Mapping[str, Floats], rows: slice) -> _Step:
    time, voltage, current = (columns[label][rows] for label in _NEEDED)
    cycle = columns[CYCLE][rows][0] if CYCLE in columns else 0.0
    soc = columns[SOC][rows] if SOC in columns else None
    number = int(columns[STEP][rows][0])
    typical = float(np.median(current))
    return _Step(number, 0 if np.isnan(cycle) else int(cycle), time, voltage, current, soc, typical)


def _rows(
    before: _Step, pulse: _Step, then: _Step | None, limit: float, asked: _Asked
) -> Iterator[dict[str, Any]]:
    """Yield what is known of one pulse, a row for each event and point."""
    share = pulse.current / pulse.typical
    loaded = np.flatnonzero(share >= LOADED)
    first, last = int(loaded[0]), int(loaded[-1])
    rest = (float(before.time[-1]), float(before.voltage[-1]), float(before.current[-1]))
    under = slice(first, last + 1)
    flowing = (float(pulse.current[first]), float(pulse.current[last]))
    applied = _Change(rest, float(pulse.time[0]), pulse.time[under], pulse.voltage[under], flowing)
    events = {APPLICATION: applied}
    if then is not None and abs(then.typical) < limit:
        end = (float(pulse.time[last]), float(pulse.voltage[last]), float(pulse.current[last]))
        way = abs(end[1] - applied.voltage[0]) + abs(applied.voltage[0] - rest[1])
        # Some cyclers write the first row of a rest with the voltage of the pulse.
        back = np.abs(then.voltage - end[1]) >= STILL * way
        come = slice(int(np.argmax(back)) if back.any() else len(back), None)
        still = (then.typical, then.typical)
        events["release"] = _Change(
            end, float(then.time[0]), then.time[come], then.voltage[come], still
        )
    soc = None if before.soc is None or np.isnan(before.soc[-1]) else float(before.soc[-1])
    whole = {
        CYCLE: pulse.cycle,
        STEP: pulse.number,
        DIRECTION: DIRECTIONS[0] if pulse.typical > 0 else DIRECTIONS[1],
        PULSE_TIME: float(pulse.time[-1] - pulse.time[0]),
        OCV: rest[1],
        SOC: soc,
    }
    for event, change in events.items():
        for point in asked.at:
            named = point if isinstance(point, str) else f"{point:g} s"
            yield {**whole, EVENT: event, POINT: named, **_at(change, point, asked.origin)}


def _at(change: _Change, point: Point, origin: Origin) -> dict[str, Any]:
    """Return what is known of one point of a change."""
    time, voltage, current = change.before
    zero = {"rest": time, "step": change.begin}.get(
        origin, float(change.time[0]) if len(change.time) else time
    )
    nothing = {TIME: zero, AFTER: None, VOLTAGE: None, CURRENT: None, RESISTANCE: None}
    if not len(change.time):
        return {**nothing, FINDING: "no sample after the change"}
    first, end = float(change.time[0]), float(change.time[-1])
    wanted = {"first": first, "end": end}[point] if isinstance(point, str) else zero + point
    if wanted > end:
        return {**nothing, FINDING: f"not reached: the last sample is {end - zero:.4g} s after"}
    if wanted < first:
        return {
            **nothing,
            FINDING: f"the first sample after the change is {first - zero:.4g} s after",
        }
    then = float(np.interp(wanted, change.time, change.voltage))
    if isinstance(point, str):
        then = float(change.voltage[0 if point == "first" else -1])
    changed = change.current[point == "end"] - current
    if not changed:
        return {**nothing, FINDING: "the current did not change"}
    return {
        TIME: zero,
        AFTER: wanted - zero,
        VOLTAGE: then,
        CURRENT: changed,
        RESISTANCE: abs(then - voltage) / abs(changed),
        FINDING: None,
    }
