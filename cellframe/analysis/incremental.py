"""Where over the voltage does the charge go in, and how fast does the voltage move with it?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.analysis.halves import NEEDED, USED, WHICH, Told, halves, rows_out_of
from cellframe.analysis.reading import TOLD, by_test
from cellframe.analysis.slopes import slope_by_charge, slope_by_level
from cellframe.contract.series import VOLTAGE
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.analysis.halves import Half
    from cellframe.analysis.slopes import Slope
    from cellframe.frames.backend import AnyFrame

CHARGE = "Charge passed [A.h]"
DQDV, DVDQ = "dQ/dV [A.h/V]", "dV/dQ [V/A.h]"
NORMALISED = "Normalised dQ/dV [1/V]"
FINEST = 1e-5
"""V. No cycler tells finer steps apart, and there would be a hundred thousand cells."""
MOST_APART = 0.01
"""An integral that differs by more than this share from what it is to return is told."""


def incremental_capacity(
    frame: AnyFrame,
    *,
    window: tuple[float, float] | None = None,
    spacing: float = 0.002,
    smoothing: float = 0.01,
    every_step: bool = False,
    normalise: bool = False,
) -> Any:
    """Return dQ/dV over the voltage, for each cycle and direction.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many: ``Voltage [V]``, ``Current [A]`` (positive on
        discharge), ``Step count``, and ``Time [s]`` or counters.
    window : (float, float), optional
        Voltages to keep, in V.
    spacing : float
        How far points are apart at least before anything is differentiated, and the size of the
        cells, in V.
    smoothing : float
        Full width at half maximum of a Gaussian, in V; 0 smooths nothing.
    every_step : bool
        Each step in which charge moves, and not only the one of a cycle and direction that moves most.
    normalise : bool
        Add ``Normalised dQ/dV [1/V]``: divided by the charge that the curve is of.

    Returns
    -------
    DataFrame, shape (n_voltages, n_columns)
        Keys, ``Cycle count``, ``Step count``, ``Direction``, ``Voltage [V]`` (rising), ``Charge
        passed [A.h]`` at that voltage since the half cycle began, ``dQ/dV [A.h/V]``, ``Finding``,
        ``Definition``. The voltages are odd multiples of half the spacing for every cell and
        cycle, so that curves can be subtracted and averaged.

    Raises
    ------
    FrameError
        The frame lacks a column.
    ConfigError
        A width is too small, or the window is empty.

    Notes
    -----
    dQ/dV is of the part at constant current, with the charge counted up from the half cycle's
    begin in both directions: it is not negative, and ``Direction`` says which it is. Its integral
    over the voltage returns the charge of that part; ``Finding`` says where it is more than 1 %
    off, which is where the voltage turned back.

    Points at least 2 mV apart: Dubarry and Anseán 2022 (10.3389/fenrg.2022.1023555), also a wish of
    PyProBE's users. A Gaussian of 10 mV: cellpy, which normalises by area unless asked not to.
    PyProBE counts points per level (Feng et al. 2020), navani and Aurora smooth V(Q) first.
    """
    if not spacing >= FINEST or not smoothing >= 0:
        message = (
            f"spacing={spacing} is at least {FINEST} V, and smoothing={smoothing} not below 0."
        )
        raise ConfigError(message)
    if window is not None and not window[0] < window[1]:
        raise ConfigError(f"window={window} holds no voltage: the lower one comes first.")
    make = partial(
        _by_voltage,
        window=window,
        widths=(spacing, smoothing),
        every_step=every_step,
        normalise=normalise,
    )
    results = (VOLTAGE, CHARGE, DQDV, *([NORMALISED] if normalise else []))
    return by_test(frame, make, needed=NEEDED, used=USED, schema=_schema(results))


def differential_voltage(
    frame: AnyFrame, *, points: int = 1000, smoothing: float = 0.01, every_step: bool = False
) -> Any:
    """Return dV/dQ over the charge, for each cycle and direction.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        As of `incremental_capacity`.
    points : int
        Cells over the whole charge.
    smoothing : float
        Full width at half maximum of a Gaussian, as a part of the whole charge; 0 smooths nothing.
    every_step : bool
        As of `incremental_capacity`.

    Returns
    -------
    DataFrame, shape (n_half_cycles * points, n_columns)
        Keys, ``Cycle count``, ``Step count``, ``Direction``, ``Charge passed [A.h]`` (rising),
        ``Voltage [V]``, ``dV/dQ [V/A.h]``, ``Finding``, ``Definition``.

    Raises
    ------
    FrameError
        The frame lacks a column.
    ConfigError
        There are fewer than 3 points, or a width is negative.

    Notes
    -----
    dV/dQ is positive where the voltage moves as the half cycle does: up on charge, down on
    discharge. It is of the part at constant current and never normalised; its integral over the
    charge is the voltage's whole way, and ``Finding`` says where it is more than 1 % off.

    A Gaussian of 1 % of the span: cellpy.
    """
    if points < 3 or smoothing < 0:  # noqa: PLR2004 - a slope needs as many
        message = f"points={points} is at least 3, and smoothing={smoothing} not below 0."
        raise ConfigError(message)
    make = partial(_by_charge, points=points, smoothing=smoothing, every_step=every_step)
    results = (CHARGE, VOLTAGE, DVDQ)
    return by_test(frame, make, needed=NEEDED, used=USED, schema=_schema(results))


def _schema(results: tuple[str, ...]) -> dict[str, pl.DataType]:
    return {**WHICH, **dict.fromkeys(results, pl.Float64()), **TOLD}


def _by_voltage(
    test: pl.DataFrame,
    *,
    window: tuple[float, float] | None,
    widths: tuple[float, float],
    every_step: bool,
    normalise: bool,
) -> Iterator[pl.DataFrame]:
    spacing, width = widths
    low, high = window or (-np.inf, np.inf)
    within = "" if window is None else f", kept from {low:g} to {high:g} V"
    found: list[Told] = []
    for half in halves(test, every=every_step):
        voltage, charge = half.voltage[: half.held], half.charge[: half.held]
        curve = slope_by_level(voltage, charge, half.rising, spacing, width)
        made = _columns(curve, (VOLTAGE, CHARGE, DQDV))
        if normalise:
            made[NORMALISED] = made[DQDV] / half.capacity
        keep = (made[VOLTAGE] >= low) & (made[VOLTAGE] <= high)
        definition = (
            f"|dQ/dV| at constant current, {_of(half, every=every_step)}, points at least "
            f"{spacing * 1e3:g} mV apart (Dubarry and Anseán 2022), Gaussian of {width * 1e3:g} mV"
            f"{within}"
        )
        finding = _of_integral(curve, half.capacity, "A.h") or _coarse(curve, spacing, width)
        if curve is not None and keep.any():
            made = {label: values[keep] for label, values in made.items()}
        elif curve is not None:
            ends = f"{voltage.min():.3f} to {voltage.max():.3f} V"
            finding = f"nothing in the window: the voltage goes from {ends}"
            made = {label: np.full(1, np.nan) for label in made}
        found.append(Told(half, made, definition, finding))
    yield from rows_out_of(found)


def _by_charge(
    test: pl.DataFrame, *, points: int, smoothing: float, every_step: bool
) -> Iterator[pl.DataFrame]:
    found: list[Told] = []
    for half in halves(test, every=every_step):
        voltage, charge = half.voltage[: half.held], half.charge[: half.held]
        curve = slope_by_charge(voltage, charge, half.rising, points, smoothing)
        definition = (
            f"dV/dQ at constant current, {_of(half, every=every_step)}, {points} even steps of "
            f"charge, Gaussian of {smoothing:.3g} of them all"
        )
        way = half.rising * float(voltage[-1] - voltage[0])
        finding = _of_integral(curve, way, "V")
        made = _columns(curve, (CHARGE, VOLTAGE, DVDQ))
        found.append(Told(half, made, definition, finding))
    yield from rows_out_of(found)


def _columns(curve: Slope | None, labels: tuple[str, str, str]) -> dict[str, Any]:
    if curve is None:
        return {label: np.full(1, np.nan) for label in labels}
    return dict(zip(labels, (curve.at, curve.level, curve.slope), strict=True))


def _of(half: Half, *, every: bool) -> str:
    return (
        f"{'each step' if every else 'step of most charge in the cycle'}, charge by {half.source}"
    )


def _of_integral(curve: Slope | None, expected: float, unit: str) -> str | None:
    if curve is None:
        return "no curve: the voltage hardly moves"
    if abs(curve.integral - expected) <= MOST_APART * abs(expected):
        return None
    return f"the integral is {curve.integral:.4g} {unit} and not {expected:.4g}: the voltage turned back, or moved in between"


def _coarse(curve: Slope | None, spacing: float, width: float) -> str | None:
    """Say where the points are too far apart for what is smoothed over."""
    if curve is None or curve.apart <= max(width, spacing):
        return None
    return f"coarse: points are {curve.apart * 1e3:.0f} mV apart"
