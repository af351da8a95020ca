"""What is the open-circuit voltage at each SOC, as far as a slow charge and discharge tell?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from cellframe.analysis.halves import NEEDED, USED, Told, halves, rows_out_of
from cellframe.analysis.reading import TOLD, by_test
from cellframe.contract.series import CYCLE, DIRECTIONS, SOC
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.analysis.halves import Half
    from cellframe.analysis.slopes import Floats
    from cellframe.frames.backend import AnyFrame

DISCHARGE, CHARGE = "Discharge voltage [V]", "Charge voltage [V]"
OCV, GAP = "Pseudo open-circuit voltage [V]", "Voltage gap [V]"
SLOW = 0.12
"""The C-rate above which a half cycle is told to be fast; C/10 is slow."""
APART = 0.05
"""Share by which the charges of both directions may differ."""
_RESULTS = (SOC, DISCHARGE, CHARGE, OCV, GAP)


def pseudo_ocv(frame: AnyFrame, *, points: int = 1001) -> Any:
    """Return the mean of charge and discharge voltage over one SOC axis, for each cycle.

    Parameters
    ----------
    frame : polars or pandas DataFrame, or LazyFrame
        A time series of one cell or many with a slow charge and a slow discharge:
        ``Voltage [V]``, ``Current [A]`` (positive on discharge), ``Step count``, and ``Time [s]``
        or counters. Without ``Cycle count`` the directions may come from anywhere in a test.
    points : int
        Even SOC from 0 to 1.

    Returns
    -------
    DataFrame, shape (n_cycles * points, n_columns)
        Keys, ``Cycle count``, ``SOC``, ``Discharge voltage [V]``, ``Charge voltage [V]``,
        ``Pseudo open-circuit voltage [V]``, ``Voltage gap [V]`` (charge minus discharge),
        ``Finding``, ``Definition``. A cycle that lacks one direction has one row that says so.

    Raises
    ------
    FrameError
        The frame lacks a column.
    ConfigError
        There are fewer than 2 points.

    Notes
    -----
    Of each direction the step that moves most charge is taken, without the part at a held voltage.
    SOC is charge over that direction's own charge: 0 where the discharge ended and the charge
    began, 1 at the other ends. So the gap's mean over the SOC is the difference of the energies
    per charge. ``Finding`` says where the directions differ by more than 5 % in charge, and where
    a rate is above 0.12 C of the charge that moved: then the mean is not that of equilibrium.
    """
    if points < 2:  # noqa: PLR2004 - from 0 to 1
        raise ConfigError(f"points={points}: a curve has two at least.")
    schema = {CYCLE: pl.Int64(), **dict.fromkeys(_RESULTS, pl.Float64()), **TOLD}
    return by_test(frame, partial(_of_test, points=points), needed=NEEDED, used=USED, schema=schema)


def _of_test(test: pl.DataFrame, *, points: int) -> Iterator[pl.DataFrame]:
    cycles: dict[int, dict[str, Half]] = {}
    for half in halves(test):
        cycles.setdefault(half.cycle, {})[half.direction] = half
    soc = np.linspace(0.0, 1.0, points)
    answers: list[Told] = []
    for found in cycles.values():
        missing = [direction for direction in DIRECTIONS if direction not in found]
        if missing:
            columns: dict[str, Floats] = {label: np.full(1, np.nan) for label in _RESULTS}
            finding, sources = f"no {missing[0]} in this cycle", "none"
        else:
            out, back = (found[direction] for direction in DIRECTIONS)
            down, up = _voltage_at(out, soc), _voltage_at(back, soc)
            values = (soc, down, up, (down + up) / 2, up - down)
            columns = dict(zip(_RESULTS, values, strict=True))
            finding = _unlike(out, back)
            sources = f"{out.capacity:.5g} A.h out, {back.capacity:.5g} A.h in, by {out.source}"
        definition = (
            "mean of charge and discharge voltage at the same SOC, each over its own charge at "
            f"constant current ({sources})"
        )
        answers.append(
            Told(found.get(DIRECTIONS[0]) or found[DIRECTIONS[1]], columns, definition, finding)
        )
    yield from rows_out_of(answers)


def _voltage_at(half: Half, soc: Floats) -> Floats:
    part = half.charge[: half.held] / half.capacity
    voltage = half.voltage[: half.held]
    return np.interp(soc if half.rising > 0 else 1.0 - soc, part, voltage)


def _unlike(out: Half, back: Half) -> str | None:
    # What is to be said of the first direction is said with its rows.
    told = [back.doubt] if back.doubt and back.doubt != out.doubt else []
    if abs(out.capacity - back.capacity) > APART * max(out.capacity, back.capacity):
        told.append(f"{out.capacity:.4g} A.h went out and {back.capacity:.4g} A.h in")
    for half in (out, back):
        rate = float(np.median(half.current[: half.held])) / half.capacity
        if rate > SLOW:
            told.append(f"the {half.direction} at {rate:.2g} C is not slow")
    return "; ".join(told) or None
