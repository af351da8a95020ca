"""Series as a cycler writes them: charge, rest, discharge, rest; positive current is discharge."""

from __future__ import annotations

import numpy as np
import polars as pl

PERIOD = 10.0
"""Seconds between two rows."""


def series(rows: int, per_step: int = 500, seed: int = 0) -> pl.DataFrame:
    """A series of ten columns: time, voltage, current, temperature, four counters, step, cycle.

    Voltage, current and temperature carry the noise of their instruments, and the counters what
    flowed of the noisy current; about as many bytes a row as the published series of an LG M50.
    """
    chance = np.random.default_rng(seed)
    index = np.arange(rows)
    step, within = index // per_step, index % per_step
    kind = step % 4
    flowing = np.choose(kind, [-1.1, 0.0, 1.1, 0.0])
    current = np.where(flowing != 0, flowing + chance.normal(0, 1e-4, rows), 0.0)
    part = within / (per_step - 1)
    soc = np.choose(kind, [part, np.ones(rows), 1 - part, np.zeros(rows)])
    voltage = 3.0 + 0.6 * soc - 0.02 * current + chance.normal(0, 1e-4, rows)
    return pl.DataFrame(
        {
            "Time [s]": PERIOD * index,
            "Voltage [V]": voltage,
            "Current [A]": current,
            "Temperature [degC]": 25 + chance.normal(0, 0.05, rows),
            "Discharge capacity [A.h]": _counter(np.maximum(current, 0), per_step),
            "Charge capacity [A.h]": _counter(np.maximum(-current, 0), per_step),
            "Discharge energy [W.h]": _counter(np.maximum(current * voltage, 0), per_step),
            "Charge energy [W.h]": _counter(np.maximum(-current * voltage, 0), per_step),
            "Step count": step,
            "Cycle count": step // 4,
        }
    )


def _counter(flow: np.ndarray, per_step: int) -> np.ndarray:
    """What flowed since the step began, in A.h of a current and in W.h of a power."""
    flowed = np.cumsum(flow) * PERIOD / 3600
    first = flowed[::per_step]
    return flowed - np.repeat(first, per_step)[: len(flowed)]
