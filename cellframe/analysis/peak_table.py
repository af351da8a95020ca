"""Which peaks has a dQ/dV or dV/dQ, where, how high, how wide?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl

from cellframe.analysis.halves import WHICH
from cellframe.analysis.incremental import CHARGE, DQDV, DVDQ
from cellframe.analysis.reading import (
    DEFINITION,
    DIRECTION,
    FINDING,
    TOLD,
    back,
    given,
    keys_of,
    require,
)
from cellframe.contract.series import STEP, VOLTAGE
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cellframe.analysis.slopes import Floats
    from cellframe.frames.backend import AnyFrame

    Rows: TypeAlias = NDArray[np.intp]

PEAK = "Peak"
_USUAL = {DQDV: 0.05, DVDQ: 0.01}
_FEWEST = 3
_ROUNDING = 1e-9
"""A rise below this part of the highest value is of rounding."""


def peaks(frame: AnyFrame, *, prominence: float | None = None) -> Any:
    """Return the peaks of each curve, one row per peak.

    Parameters
    ----------
    frame : polars or pandas DataFrame
        What `incremental_capacity` or `differential_voltage` returned.
    prominence : float, optional
        How far a peak rises above what surrounds it, at least, as a part of the curve's highest
        value; without it 0.05 of dQ/dV, and 0.01 of dV/dQ, which is steep at both ends.

    Returns
    -------
    DataFrame, shape (n_peaks, n_columns)
        Keys, ``Cycle count``, ``Step count``, ``Direction``; ``Peak`` from 0 along the curve,
        ``Voltage [V]``, ``Charge passed [A.h]``, ``Height [A.h/V]``, ``Prominence [A.h/V]``,
        ``Width [V]`` at half the prominence, ``Area [A.h]`` within that width; of dV/dQ in V/A.h,
        A.h and V. ``Finding``, ``Definition``. A curve without a peak has one row that says so.

    Raises
    ------
    FrameError
        The frame is no curve.
    ConfigError
        The prominence is not between 0 and 1.
    """
    curves = given(frame).collect()
    slope = DVDQ if DVDQ in curves.columns else DQDV
    least = _USUAL[slope] if prominence is None else prominence
    if not 0 < least <= 1:
        raise ConfigError(f"prominence={prominence} is a part of the highest value: above 0, to 1.")
    require(curves.schema, (VOLTAGE, CHARGE, slope, DIRECTION, STEP), "a curve of dQ/dV or dV/dQ")
    keys = [*keys_of(curves.columns), *(k for k in WHICH if k in curves.columns)]
    parts = [
        _table(part, slope, least).with_columns(
            pl.lit(part[key][0], curves.schema[key]).alias(key) for key in keys
        )
        for part in curves.partition_by(keys, maintain_order=True)
    ]
    results = dict.fromkeys((VOLTAGE, CHARGE, *_measures(slope)), pl.Float64())
    types = {**{key: curves.schema[key] for key in keys}, PEAK: pl.Int64(), **results, **TOLD}
    return back(
        pl.concat([pl.DataFrame(schema=types), *(one.select(*types) for one in parts)]), frame
    )


def _measures(slope: str) -> tuple[str, str, str, str]:
    if slope == DQDV:
        return "Height [A.h/V]", "Prominence [A.h/V]", "Width [V]", "Area [A.h]"
    return "Height [V/A.h]", "Prominence [V/A.h]", "Width [A.h]", "Area [V]"


def _table(part: pl.DataFrame, slope: str, prominence: float) -> pl.DataFrame:
    """Return the peaks of one curve; one row of gaps where there is none."""
    along = VOLTAGE if slope == DQDV else CHARGE
    curve = part.drop_nulls([slope]).sort(along)
    rows, measures = _found(curve[slope].to_numpy(), curve[along].to_numpy(), prominence)
    finding = _said(part, FINDING)
    if not len(rows):
        finding = finding or "no peak"
    made = pl.DataFrame(
        {
            PEAK: np.arange(len(rows), dtype=np.int64),
            VOLTAGE: curve[VOLTAGE].to_numpy()[rows],
            CHARGE: curve[CHARGE].to_numpy()[rows],
            **dict(zip(_measures(slope), measures, strict=True)),
        }
    )
    if made.is_empty():
        made = made.clear(1)
    definition = f"peaks of at least {prominence:g} of the highest value, width at half prominence, of: {_said(part, DEFINITION)}"
    return made.with_columns(
        pl.lit(text, TOLD[name]).alias(name)
        for name, text in ((FINDING, finding), (DEFINITION, definition))
    )


def _said(part: pl.DataFrame, column: str) -> str | None:
    return part[column].cast(pl.String)[0] if column in part.columns else None


def _found(values: Floats, at: Floats, prominence: float) -> tuple[Rows, tuple[Floats, ...]]:
    """Return rows of the peaks, and height, prominence, width and area of each."""
    if len(values) < _FEWEST:
        return np.zeros(0, dtype=np.intp), (np.zeros(0),) * 4
    least = max(prominence, _ROUNDING) * float(np.abs(values).max())
    rising = [(row, *_rise(values, row)) for row in _summits(values).tolist()]
    found = [
        (row, rise, _ends(values, row, rise, sides)) for row, rise, sides in rising if rise >= least
    ]
    rows = np.array([row for row, _, _ in found], dtype=np.intp)
    left, right = np.array([ends for _, _, ends in found], dtype=np.float64).reshape(-1, 2).T
    cell = float(at[1] - at[0])
    below, edges = (
        np.concatenate([[0.0], np.cumsum(values) * cell]),
        np.arange(len(values) + 1) - 0.5,
    )
    area = np.interp(right, edges, below) - np.interp(left, edges, below)
    rises = np.array([rise for _, rise, _ in found], dtype=np.float64)
    return rows, (values[rows], rises, (right - left) * cell, area)


def _summits(values: Floats) -> Rows:
    """Return rows that are higher than both neighbours; of a level top, its middle."""
    begins = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    ends = np.append(begins[1:], len(values)) - 1
    way = np.sign(np.diff(values[begins]))
    tops = np.flatnonzero((way[:-1] > 0) & (way[1:] < 0)) + 1
    return (begins[tops] + ends[tops]) // 2


def _rise(values: Floats, row: int) -> tuple[float, tuple[Floats, Floats]]:
    """Return how far a summit rises above what surrounds it, and both sides from the summit on.

    A side ends where the curve is higher; the higher one of the two lowest points counts.
    """
    left, right = (
        side[: int(np.argmax(side > side[0])) or None]
        for side in (values[: row + 1][::-1], values[row:])
    )
    return float(values[row] - max(left.min(), right.min())), (left, right)


def _ends(
    values: Floats, row: int, rise: float, sides: tuple[Floats, Floats]
) -> tuple[float, float]:
    """Return where a summit is half as high as it rises, to the left and to the right."""
    before, after = (_reach(side, float(values[row]) - rise / 2) for side in sides)
    return row - before, row + after


def _reach(side: Floats, level: float) -> float:
    """Return after how many cells a side has fallen to a level, linear in between."""
    row = int(np.argmax(side <= level))
    high, low = float(side[row - 1]), float(side[row])
    return row - 1 + (high - level) / (high - low)
