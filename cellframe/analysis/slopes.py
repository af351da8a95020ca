"""How steep is a measured curve, and does its slope still hold what the curve did?

Both slopes are differences over even cells, smoothed by a Gaussian that neither adds nor loses
anything: their integral over the whole curve is what the curve itself gained.
"""

from __future__ import annotations

from bisect import bisect_left
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

_FWHM = 2.354820045030949
"""Full width at half maximum of a Gaussian whose standard deviation is 1."""
_REACH = 4.0
"""Standard deviations after which a Gaussian is cut off."""
_FEWEST = 3
"""Cells below which nothing can be called a slope of a curve."""


class Slope(NamedTuple):
    """A slope over even cells, arrays of shape (n_cells,).

    Attributes
    ----------
    at : array
        Middle of each cell.
    level : array
        The curve there.
    slope : array
        Its slope, per unit of `at`.
    integral : float
        Of the slope over all cells.
    apart : float
        How far the points that were taken are apart usually, in the unit of `at`.
    """

    at: Floats
    level: Floats
    slope: Floats
    integral: float
    apart: float


def rows_apart(rising: Floats, spacing: float) -> NDArray[np.intp]:
    """Return rows between which a voltage has moved on, each at least so far from the one before.

    Parameters
    ----------
    rising : array, shape (n_rows,)
        A voltage counted in the direction in which it moves, with whatever noise.
    spacing : float
        In the unit of `rising`.

    Returns
    -------
    array of int
        The first row, and each that is the first to be `spacing` beyond the last one taken;
        where the voltage ended in the end. What turns back in between is passed over.

    Notes
    -----
    Source: Dubarry and Anseán 2022 (10.3389/fenrg.2022.1023555), who keep points at least 2 mV
    apart before they differentiate.
    """
    if not len(rising):
        return np.zeros(0, dtype=np.intp)
    reached: list[float] = np.maximum.accumulate(rising).tolist()
    end = bisect_left(reached, reached[-1])
    kept = [0]
    # The bisection of a list is ten times as fast as numpy's, point by point.
    while (following := bisect_left(reached, reached[kept[-1]] + spacing, kept[-1] + 1)) < end:
        kept.append(following)
    if end > kept[-1]:
        is_near = reached[end] - reached[kept[-1]] < spacing and len(kept) > 1
        kept[-1 if is_near else len(kept) :] = [end]
    return np.array(kept, dtype=np.intp)


def slope_by_level(
    voltage: Floats, charge: Floats, rising: int, spacing: float, width: float
) -> Slope | None:
    """Return dQ/dV of one half cycle, on voltages that are multiples of the spacing.

    Parameters
    ----------
    voltage, charge : array, shape (n_rows,)
        In V, and in A.h counted up from the half cycle's begin.
    rising : int
        1 where the voltage rises with the charge, -1 where it falls.
    spacing : float
        Of points taken, and of cells, in V.
    width : float
        Full width at half maximum of the Gaussian, in V; 0 smooths nothing.

    Returns
    -------
    Slope or None
        At rising voltage; dQ/dV in A.h/V, never below 0 but for the charge that runs back. None
        where the voltage moves over fewer than three cells. The cells are the same for every half
        cycle, those at the ends are there where at least half of them was passed.
    """
    kept = rows_apart(rising * voltage, spacing)
    v, q = voltage[kept], charge[kept]
    if rising < 0:
        v, q = v[::-1], q[::-1]
    first, last = floor(v[0] / spacing + 0.5), ceil(v[-1] / spacing - 0.5)
    if last - first < _FEWEST:
        return None
    edges = np.arange(first, last + 1) * spacing
    reached = np.clip(edges, v[0], v[-1])
    passed = np.interp(reached, v, q)
    density = smoothed(rising * np.diff(passed) / np.diff(reached), width / spacing)
    middles = (np.arange(first, last) + 0.5) * spacing
    integral, apart = float(density.sum() * spacing), float(np.median(np.diff(v)))
    return Slope(middles, np.interp(middles, v, q), density, integral, apart)


def slope_by_charge(
    voltage: Floats, charge: Floats, rising: int, points: int, share: float
) -> Slope | None:
    """Return dV/dQ of one half cycle, on even steps of charge.

    Parameters
    ----------
    voltage, charge : array, shape (n_rows,)
        In V, and in A.h counted up from the half cycle's begin.
    rising : int
        1 where the voltage rises with the charge, -1 where it falls.
    points : int
        Cells.
    share : float
        Full width at half maximum of the Gaussian, as a part of the whole charge.

    Returns
    -------
    Slope or None
        Over rising charge; dV/dQ in V/A.h, positive where the voltage moves as the half cycle
        does. None where no charge moved.
    """
    advance = np.flatnonzero(np.diff(np.maximum.accumulate(charge), prepend=-np.inf) > 0)
    q, v = charge[advance], voltage[advance]
    if len(q) < _FEWEST:
        return None
    # The last row of all has the voltage that the half cycle ended at.
    v[-1] = voltage[-1]
    edges = np.linspace(q[0], q[-1], points + 1)
    cell = edges[1] - edges[0]
    slope = smoothed(rising * np.diff(np.interp(edges, q, v)) / cell, share * points)
    middles = (edges[1:] + edges[:-1]) / 2
    integral, apart = float(slope.sum() * cell), float(np.median(np.diff(q)))
    return Slope(middles, np.interp(middles, q, v), slope, integral, apart)


def smoothed(values: Floats, width: float) -> Floats:
    """Return values weighed by a Gaussian, mirrored at the ends so that their sum stays.

    Parameters
    ----------
    values : array, shape (n,)
        On even cells.
    width : float
        Full width at half maximum, in cells.
    """
    deviation = width / _FWHM
    reach = ceil(_REACH * deviation)
    if reach < 1:
        return values
    weights: Floats = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    mirrored = np.pad(values, reach, mode="symmetric")
    blurred: Floats = np.convolve(mirrored, weights / weights.sum(), mode="valid")  # type: ignore[assignment] - the stub allows complex ones
    return blurred
