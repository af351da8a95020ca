"""How much does the voltage give way when a current sets in, or is cut off?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import polars as pl

from cellframe.analysis.halves import WHICH, rest_limit
from cellframe.analysis.reading import DEFINITION, DIRECTION, FINDING, TOLD, by_test
from cellframe.contract.series import CURRENT, CYCLE, DIRECTIONS, SOC, STEP, TIME, VOLTAGE
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cellframe.frames.backend import AnyFrame

    Floats: TypeAlias = NDArray[np.float64]

Point: TypeAlias = "float | Literal['first', 'end']"
Origin: TypeAlias = Literal["rest", "step", "load"]
EVENT, POINT, AFTER = "Event", "Point", "After [s]"
OCV, RESISTANCE = "Open-circuit voltage [V]", "Resistance [ohm]"
PULSE_TIME = "Pulse duration [s]"
LOADED = 0.99
"""A row is under load from this share of the pulse's median current on. Source: PyProBE."""
STILL = 0.1
"""A voltage that has come back by less than this share of the way it went is still the pulse's."""
_SECONDS = 3600.0
_NEEDED = (TIME, VOLTAGE, CURRENT)
_RESULTS = (TIME, PULSE_TIME, AFTER, OCV, VOLTAGE, CURRENT, SOC, RESISTANCE)
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
    schema = {
        **WHICH,
        EVENT: pl.String(),
        POINT: pl.String(),
        **dict.fromkeys(_RESULTS, pl.Float64()),
        **TOLD,
    }
    return by_test(
        frame, partial(_of_test, asked=settings), needed=_NEEDED, used=used, schema=schema
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
        isinstance(at, str)
        or not at
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

    @property
    def typical(self) -> float:
        return float(np.median(self.current))


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
    known = test.drop_nulls(list(_NEEDED)).with_columns(
        pl.col(VOLTAGE, CURRENT, TIME).cast(pl.Float64)
    )
    largest = known[CURRENT].abs().max()
    limit = rest_limit(asked.capacity, largest if isinstance(largest, float) else None)
    told = "counted steps"
    if STEP not in known.columns:
        flow = pl.when(pl.col(CURRENT).abs() >= limit).then(pl.col(CURRENT).sign()).otherwise(0.0)
        known = known.with_columns(flow.rle_id().cast(pl.Int64).alias(STEP))
        told = "steps told by the current"
    if asked.capacity is not None and asked.initial_soc is not None and SOC not in known.columns:
        known = known.with_columns(_state(known, asked.capacity, asked.initial_soc))
    steps = [_step(rows) for rows in known.partition_by(STEP, maintain_order=True)]
    following = [*steps[2:], None]
    for (before, pulse), then in zip(pairwise(steps), following, strict=True):
        flows = abs(pulse.typical) >= limit
        lasted = float(pulse.time[-1] - pulse.time[0])
        is_rest = abs(before.typical) < limit
        changes = abs(pulse.typical - float(before.current[-1])) >= limit
        if (
            not (flows and changes)
            or lasted > asked.longest
            or not (is_rest or asked.after == "any")
        ):
            continue
        yield _rows(before, pulse, then, limit, asked, told)


def _state(known: pl.DataFrame, capacity: float, initial: float) -> pl.Series:
    """Count the SOC from the current by trapezoids, within steps only."""
    inside = pl.col(STEP) == pl.col(STEP).shift(1)
    mean = (pl.col(CURRENT) + pl.col(CURRENT).shift(1)) / 2
    moved = pl.when(inside).then(mean * pl.col(TIME).diff().clip(0.0)).otherwise(0.0)
    return known.select((initial - moved.cum_sum() / _SECONDS / capacity).alias(SOC))[SOC]


def _step(rows: pl.DataFrame) -> _Step:
    soc = rows[SOC].cast(pl.Float64).to_numpy() if SOC in rows.columns else None
    cycle = rows[CYCLE][0] if CYCLE in rows.columns else 0
    time, voltage, current = (rows[label].to_numpy() for label in _NEEDED)
    return _Step(int(rows[STEP][0]), int(cycle or 0), time, voltage, current, soc)


def _rows(
    before: _Step, pulse: _Step, then: _Step | None, limit: float, asked: _Asked, told: str
) -> pl.DataFrame:
    loaded = np.abs(pulse.current) >= LOADED * abs(pulse.typical)
    first, last = int(np.argmax(loaded)), len(loaded) - 1 - int(np.argmax(loaded[::-1]))
    rest = (float(before.time[-1]), float(before.voltage[-1]), float(before.current[-1]))
    under = slice(first, last + 1)
    flowing = (float(pulse.current[first]), float(pulse.current[last]))
    applied = _Change(rest, float(pulse.time[0]), pulse.time[under], pulse.voltage[under], flowing)
    events = {"application": applied}
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
    soc = float(before.soc[-1]) if before.soc is not None else None
    direction = DIRECTIONS[0] if pulse.typical > 0 else DIRECTIONS[1]
    made = [
        {
            EVENT: event,
            POINT: point if isinstance(point, str) else f"{point:g} s",
            **_at(change, point, asked.origin),
        }
        for event, change in events.items()
        for point in asked.at
    ]
    definition = (
        f"abs(V - V0) / abs(I - I0), V0 and I0 the last sample of the step before "
        f"({told}), time from {_ORIGINS[asked.origin]}, linear in between; on release V0 and I0 the "
        f"last sample under load; {_of_soc(asked, pulse)}"
    )
    return pl.DataFrame(made, schema_overrides=dict.fromkeys(_RESULTS, pl.Float64)).with_columns(
        pl.lit(pulse.cycle, pl.Int64).alias(CYCLE),
        pl.lit(pulse.number, pl.Int64).alias(STEP),
        pl.lit(direction).alias(DIRECTION),
        pl.lit(float(pulse.time[-1] - pulse.time[0])).alias(PULSE_TIME),
        pl.lit(rest[1]).alias(OCV),
        pl.lit(soc, pl.Float64).alias(SOC),
        pl.col(FINDING).cast(pl.String),
        pl.lit(definition, pl.Categorical).alias(DEFINITION),
    )


def _of_soc(asked: _Asked, pulse: _Step) -> str:
    if asked.capacity is not None:
        return f"SOC counted from {asked.initial_soc:g} with {asked.capacity:g} A.h"
    return "SOC as in the series" if pulse.soc is not None else "SOC not known"


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
    return {
        TIME: zero,
        AFTER: wanted - zero,
        VOLTAGE: then,
        CURRENT: changed,
        RESISTANCE: abs(then - voltage) / abs(changed),
        FINDING: None,
    }
