"""Sums over each step of a test: what the vote on the sign of the current needs.

Sums are about each step's first row, so that nothing is lost to cancellation, and are made piece
by piece: a step of ten million rows needs no more memory than one of ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cellframe.series.arrays import PIECE

if TYPE_CHECKING:
    from cellframe.series.arrays import Floats, Rows

_SUMMED = ("c", "i", "v", "cc", "ii", "vv", "ci", "cv", "iv", "moved")
_LEAST, _MOST = ("c", "v"), ("c", "v")


@dataclass(frozen=True, slots=True)
class StepSums:
    """Sums over steps, arrays of shape (n_steps,).

    Attributes
    ----------
    n : array of int
        Samples.
    cc, ii, vv, ci, cv, iv : array of float
        Sums of products about the mean: c is the charge put in since the step began [A.s],
        i the current [A], v the voltage [V].
    mean_current : array of float
        In A, positive on discharge.
    moved : array of float
        Integral of the current's magnitude [A.s].
    mean_charge, least_charge, charge_span : array of float
        The charge c [A.s].
    mean_voltage, least_voltage, most_voltage : array of float
        In V.
    """

    n: Rows
    cc: Floats
    ii: Floats
    vv: Floats
    ci: Floats
    cv: Floats
    iv: Floats
    mean_current: Floats
    moved: Floats
    mean_charge: Floats
    least_charge: Floats
    charge_span: Floats
    mean_voltage: Floats
    least_voltage: Floats
    most_voltage: Floats


def step_sums(time: Floats, current: Floats, voltage: Floats, starts: Rows) -> StepSums:
    """Sum over steps.

    Parameters
    ----------
    time, current, voltage : array, shape (n_rows,)
        In s, A and V, without gaps.
    starts : array of int, shape (n_steps,)
        First row of each step.
    """
    count, height = len(starts), len(time)
    sums = {name: np.zeros(count) for name in _SUMMED}
    least = {name: np.full(count, np.inf) for name in _LEAST}
    most = {name: np.full(count, -np.inf) for name in _MOST}
    charged = 0.0
    for begin in range(0, height, PIECE):
        end = min(height, begin + PIECE)
        first = int(np.searchsorted(starts, begin, "right")) - 1
        steps = slice(first, int(np.searchsorted(starts, end, "left")))
        local = np.maximum(starts[steps] - begin, 0)
        lengths = np.diff(local, append=end - begin)
        terms = _terms(time, current, voltage, (begin, end), starts[steps], lengths, charged)
        charged = float(terms["c"][-1])
        for name, total in sums.items():
            total[steps] += np.add.reduceat(terms[name], local)
        for name, lowest in least.items():
            lowest[steps] = np.minimum(lowest[steps], np.minimum.reduceat(terms[name], local))
        for name, highest in most.items():
            highest[steps] = np.maximum(highest[steps], np.maximum.reduceat(terms[name], local))
    return _about_means(sums, least, most, current[starts], voltage[starts], starts, height)


def _terms(
    time: Floats,
    current: Floats,
    voltage: Floats,
    rows: tuple[int, int],
    starts: Rows,
    lengths: Rows,
    charged: float,
) -> dict[str, Floats]:
    """Return what is summed, for the rows of one piece; `charged` is c of the row before it."""
    begin, end = rows
    before = max(begin - 1, 0)
    dt = np.diff(time[before:end], prepend=time[:0] if begin else time[:1])
    amps = current[before:end]
    magnitude = np.abs(amps)
    if not begin:
        amps = np.concatenate([amps[:1], amps])
        magnitude = np.concatenate([magnitude[:1], magnitude])
    moved = 0.5 * (magnitude[1:] + magnitude[:-1]) * dt
    put_in = -0.5 * (amps[1:] + amps[:-1]) * dt
    inside = starts[starts >= begin] - begin
    moved[inside] = put_in[inside] = 0.0
    running = np.cumsum(put_in)
    base = np.where(starts >= begin, running[np.maximum(starts - begin, 0)], -charged)
    c = running - np.repeat(base, lengths)
    i = current[begin:end] - np.repeat(current[starts], lengths)
    v = voltage[begin:end] - np.repeat(voltage[starts], lengths)
    products = {"cc": c * c, "ii": i * i, "vv": v * v, "ci": c * i, "cv": c * v, "iv": i * v}
    return {"c": c, "i": i, "v": v, "moved": moved, **products}


def _about_means(
    sums: dict[str, Floats],
    least: dict[str, Floats],
    most: dict[str, Floats],
    first_current: Floats,
    first_voltage: Floats,
    starts: Rows,
    height: int,
) -> StepSums:
    n = np.diff(starts, append=height)
    products = {
        both: sums[both] - sums[both[0]] * sums[both[1]] / n
        for both in ("cc", "ii", "vv", "ci", "cv", "iv")
    }
    return StepSums(
        n=n,
        **products,
        mean_current=first_current + sums["i"] / n,
        moved=sums["moved"],
        mean_charge=sums["c"] / n,
        least_charge=least["c"],
        charge_span=most["c"] - least["c"],
        mean_voltage=first_voltage + sums["v"] / n,
        least_voltage=first_voltage + least["v"],
        most_voltage=first_voltage + most["v"],
    )
