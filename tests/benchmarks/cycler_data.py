"""Series as a cycler writes them: charge, rest, discharge, rest; positive current is discharge."""

from __future__ import annotations

import numpy as np
import polars as pl


def series(rows: int, per_step: int = 500, seed: int = 0) -> pl.DataFrame:
    """A series of eight columns: time, voltage, current, temperature, counters, step and cycle."""
    chance = np.random.default_rng(seed)
    index = np.arange(rows)
    step, within = index // per_step, index % per_step
    kind = step % 4
    current = np.choose(kind, [-1.1, 0.0, 1.1, 0.0])
    part = within / (per_step - 1)
    soc = np.choose(kind, [part, np.ones(rows), 1 - part, np.zeros(rows)])
    voltage = 3.0 + 0.6 * soc - 0.02 * current + chance.normal(0, 1e-4, rows)
    hours = 10.0 / 3600
    moved = np.abs(current) * within * hours
    return pl.DataFrame(
        {
            "Time [s]": 10.0 * index,
            "Voltage [V]": voltage,
            "Current [A]": current,
            "Temperature [degC]": 25 + chance.normal(0, 0.05, rows),
            "Discharge capacity [A.h]": np.where(current > 0, moved, 0.0),
            "Charge capacity [A.h]": np.where(current < 0, moved, 0.0),
            "Step count": step,
            "Cycle count": step // 4,
        }
    )
