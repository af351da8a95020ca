"""A series made by rule, whose steps are known exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Part:
    """One step at a constant current, in multiples of the series' own; 0 is a rest."""

    rate: float
    rows: int = 20


CYCLE = (Part(0.0), Part(-0.5), Part(0.0), Part(0.5))


def series(
    parts: Sequence[Part] = CYCLE, *, current: float = 1.0, cycles: int = 1, counters: bool = True
) -> pl.DataFrame:
    """Rows of 10 s, the voltage falling on discharge; counters exact, from 0 in each step."""
    rows: list[pl.DataFrame] = []
    start = 0.0
    for number, part in enumerate(parts * cycles):
        rows.append(_rows(part, number, number // len(parts), start, current, counters=counters))
        start = rows[-1]["Time [s]"][-1]
    return pl.concat(rows)


def _rows(
    part: Part, number: int, cycle: int, start: float, current: float, *, counters: bool
) -> pl.DataFrame:
    seconds = 10.0 * np.arange(part.rows)
    flowing = np.full(part.rows, part.rate * current)
    voltage = 3.6 - 0.1 * np.sign(part.rate) * (1 + seconds / 1e4)
    frame = pl.DataFrame(
        {
            "Time [s]": start + seconds,
            "Voltage [V]": voltage,
            "Current [A]": flowing,
            "Step count": np.full(part.rows, number),
            "Cycle count": np.full(part.rows, cycle),
        }
    )
    return frame.with_columns(_counters(seconds, flowing, voltage)) if counters else frame


def _counters(seconds: np.ndarray, current: np.ndarray, voltage: np.ndarray) -> list[pl.Series]:
    counted = []
    for way, sign in (("Discharge", 1), ("Charge", -1)):
        flow = np.maximum(sign * current, 0)
        for name, of in (("capacity [A.h]", flow), ("energy [W.h]", flow * voltage)):
            steps = (of[1:] + of[:-1]) / 2 * np.diff(seconds) / 3600
            counted.append(pl.Series(f"{way} {name}", np.concatenate([[0.0], np.cumsum(steps)])))
    return counted
