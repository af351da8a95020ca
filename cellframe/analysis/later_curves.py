"""How does the discharge of a later cycle differ from that of an early one, voltage by voltage?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl

from cellframe.analysis.halves import NEEDED, USED, halves
from cellframe.analysis.reading import (
    DEFINITION,
    FINDING,
    TOLD,
    back,
    by_test,
    given,
    keys_of,
    require,
)
from cellframe.contract.series import CURRENT, CYCLE, DIRECTIONS, DISCHARGE_CAPACITY, VOLTAGE
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from cellframe.frames.backend import AnyFrame

    Floats: TypeAlias = NDArray[np.float64]

EARLIER, LATER, DELTA = "Earlier capacity [A.h]", "Later capacity [A.h]", "Delta Q [A.h]"
LOG_VARIANCE, LOG_LEAST, LOG_MEAN = (
    "log10 variance of delta Q",
    "log10 abs minimum of delta Q",
    "log10 abs mean of delta Q",
)
SKEWNESS, KURTOSIS = "Skewness of delta Q", "Kurtosis of delta Q"
VARIANCE, LEAST, MEAN, LAST = (
    "Variance of delta Q [A.h**2]",
    "Minimum of delta Q [A.h]",
    "Mean of delta Q [A.h]",
    "Delta Q at the lowest voltage [A.h]",
)
FEATURES = (VARIANCE, LOG_VARIANCE, LEAST, LOG_LEAST, MEAN, LOG_MEAN, SKEWNESS, KURTOSIS, LAST)
_CURVE = (VOLTAGE, CYCLE, DISCHARGE_CAPACITY)
_RESULTS = (VOLTAGE, EARLIER, LATER, DELTA)
_OUTSIDE = 0.05
"""A window that a discharge does not reach by more than this share of it is told."""


def delta_q(
    frame: AnyFrame,
    *,
    cycles: tuple[int, int] = (10, 100),
    window: tuple[float, float] = (2.0, 3.6),
    points: int = 1000,
) -> Any:
    """Return by how much the charge at each voltage differs between two cycles.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many, with ``Cycle count``; or curves without a current, as
        published data often are: ``Voltage [V]``, ``Discharge capacity [A.h]``, ``Cycle count``.
    cycles : (int, int)
        The earlier and the later one, as in ``Cycle count``.
    window : (float, float)
        Of voltages, in V.
    points : int
        Even voltages in the window, its ends included.

    Returns
    -------
    DataFrame, shape (n_tests * points, n_columns)
        Keys, ``Voltage [V]`` (falling), ``Earlier capacity [A.h]``, ``Later capacity [A.h]``,
        ``Delta Q [A.h]`` (later minus earlier), ``Finding``, ``Definition``. A test that lacks a
        cycle has one row that says so.

    Raises
    ------
    FrameError
        The frame is neither a series with cycles nor curves.
    ConfigError
        Cycles, window or points mean nothing.

    Notes
    -----
    Q(V) is the charge since the begin of the discharge at constant current, linear between points;
    beyond its ends it stays what it was there. Source: Severson et al. 2019
    (10.1038/s41560-019-0356-8), who take cycles 100 and 10 of LFP cells at 1000 voltages from 3.6
    to 2.0 V.
    """
    if len(cycles) != 2 or cycles[0] == cycles[1]:  # noqa: PLR2004 - a difference is of two
        raise ConfigError(f"cycles={cycles} are two that differ, the earlier one first.")
    if not window[0] < window[1]:
        raise ConfigError(f"window={window} holds no voltage: the lower one comes first.")
    if points < 2:  # noqa: PLR2004
        raise ConfigError(f"points={points}: a curve has two at least.")
    columns = given(frame).collect_schema().names()
    has_current = any(label.startswith(CURRENT.partition(" ")[0]) for label in columns)
    grid = np.linspace(window[1], window[0], points)
    make = partial(_of_test, cycles=cycles, grid=grid, is_series=has_current)
    needed, used = ((*NEEDED, CYCLE), USED) if has_current else (_CURVE, _CURVE)
    schema = {**dict.fromkeys(_RESULTS, pl.Float64()), **TOLD}
    return by_test(frame, make, needed=needed, used=used, schema=schema)


def _of_test(
    test: pl.DataFrame, *, cycles: tuple[int, int], grid: Floats, is_series: bool
) -> Iterator[pl.DataFrame]:
    found = test.filter(pl.col(CYCLE).is_in(cycles))
    curves: dict[int, tuple[Floats, Floats]] = {}
    doubts: dict[str, None] = {}
    for cycle, curve, doubt in _discharges(found) if is_series else _given(found):
        curves[cycle] = curve
        doubts |= {doubt: None} if doubt else {}
    definition = (
        f"Q(V) of cycle {cycles[1]} minus that of cycle {cycles[0]}, discharge at constant current, "
        f"{len(grid)} voltages from {grid[0]:g} to {grid[-1]:g} V (Severson et al. 2019)"
    )
    missing = [cycle for cycle in cycles if cycle not in curves]
    if missing:
        told = " and ".join(f"{cycle}" for cycle in missing)
        columns = {label: np.full(1, np.nan) for label in _RESULTS}
        finding: str | None = f"no discharge in cycle {told}"
    else:
        earlier, later = (np.interp(-grid, -v, q) for v, q in (curves[c] for c in cycles))
        columns = dict(zip(_RESULTS, (grid, earlier, later, later - earlier), strict=True))
        outside = _outside({cycle: curves[cycle][0] for cycle in cycles}, grid)
        finding = "; ".join(filter(None, (*doubts, outside))) or None
    yield pl.DataFrame(columns, nan_to_null=True).with_columns(
        pl.lit(finding, TOLD[FINDING]).alias(FINDING),
        pl.lit(definition, TOLD[DEFINITION]).alias(DEFINITION),
    )


def _outside(voltages: dict[int, Floats], grid: Floats) -> str | None:
    margin = _OUTSIDE * (grid[0] - grid[-1])
    short = [
        f"cycle {cycle} goes from {v[0]:.3f} to {v[-1]:.3f} V"
        for cycle, v in voltages.items()
        if v[0] < grid[0] - margin or v[-1] > grid[-1] + margin
    ]
    return f"the window is wider than what was measured: {'; '.join(short)}" if short else None


def _discharges(test: pl.DataFrame) -> Iterator[tuple[int, tuple[Floats, Floats], str | None]]:
    """Yield cycle, falling voltage and charge of each discharge, and why not to trust it."""
    for half in halves(test):
        if half.direction == DIRECTIONS[0]:
            voltage, charge = half.voltage[: half.held], half.charge[: half.held]
            falls = np.diff(np.minimum.accumulate(voltage), prepend=np.inf) < 0
            yield half.cycle, (voltage[falls], charge[falls]), half.doubt


def _given(test: pl.DataFrame) -> Iterator[tuple[int, tuple[Floats, Floats], None]]:
    """Yield the same of curves that came as such."""
    for (cycle,), rows in test.drop_nulls(list(_CURVE)).group_by(CYCLE):
        falling = rows.sort(VOLTAGE, descending=True)
        values = falling.select(pl.col(VOLTAGE, DISCHARGE_CAPACITY).cast(pl.Float64))
        curve = (values[VOLTAGE].to_numpy(), values[DISCHARGE_CAPACITY].to_numpy())
        yield int(cycle), curve, None  # type: ignore[arg-type] - a group is named by an object


def delta_q_features(frame: AnyFrame) -> Any:
    """Return what a delta Q says in a few numbers, a row for each cell.

    Parameters
    ----------
    frame : polars or pandas DataFrame
        What `delta_q` returned.

    Returns
    -------
    DataFrame, shape (n_tests, n_columns)
        Keys, variance, minimum, mean, skewness and kurtosis over the voltages, log10 of the first
        three without their sign, and the value at the lowest voltage; ``Finding``,
        ``Definition``. In A.h.

    Raises
    ------
    FrameError
        The frame is no delta Q.

    Notes
    -----
    Source: Severson et al. 2019, whose best single feature for the life of a cell is log10 of the
    variance. Variance, skewness and kurtosis are those of the population; a normal distribution
    has the kurtosis 3.
    """
    curves = given(frame).collect()
    require(curves.schema, (VOLTAGE, LATER, DELTA), "what delta_q returns")
    keys = keys_of(curves.columns)
    told = [name for name in TOLD if name in curves.columns]
    grouped = curves.group_by(keys or [pl.lit(0).alias(_ONE)], maintain_order=True)
    made = grouped.agg(*_features(), *(pl.col(name).first() for name in told))
    definition = pl.format(
        "population moments over the voltages of: {}",
        pl.col(DEFINITION).cast(pl.String) if DEFINITION in told else pl.lit("delta Q"),
    )
    known = pl.col(FINDING) if FINDING in told else pl.lit(None, TOLD[FINDING])
    same = pl.when(_SAME).then(pl.lit("the two cycles are the same"))
    finding = pl.coalesce(known, same).cast(TOLD[FINDING]).alias(FINDING)
    results = [*keys, *FEATURES, finding, definition.cast(TOLD[DEFINITION]).alias(DEFINITION)]
    return back(made.select(results), frame)


_ONE, _SAME = "\x00one", "\x00same"
_NOTHING = 1e-12
"""A difference below this share of the capacity is of rounding, and has no shape."""


def _features() -> Iterator[pl.Expr]:
    delta, later = (pl.col(label).cast(pl.Float64) for label in (DELTA, LATER))
    same = delta.abs().max() <= _NOTHING * later.abs().max()
    variance, least, mean = delta.var(ddof=0), delta.min(), delta.mean()
    yield same.alias(_SAME)
    yield variance.alias(VARIANCE)
    yield least.alias(LEAST)
    yield mean.alias(MEAN)
    for value, label in ((variance, LOG_VARIANCE), (least, LOG_LEAST), (mean, LOG_MEAN)):
        yield pl.when(~same & (value != 0)).then(value.abs().log10()).alias(label)
    yield pl.when(~same).then(delta.skew()).fill_nan(None).alias(SKEWNESS)
    yield pl.when(~same).then(delta.kurtosis(fisher=False)).fill_nan(None).alias(KURTOSIS)
    yield delta.get(pl.col(VOLTAGE).arg_min()).alias(LAST)
