"""A small series that is fit to upload, for whoever needs one."""

from __future__ import annotations

import numpy as np
import polars as pl


def cycling(cycles: int = 3, points: int = 5, capacity: float = 1.1) -> pl.DataFrame:
    """Charge and discharge at 1.1 A; shape (2 * cycles * points, 5); positive current discharges."""
    step = np.repeat(np.arange(2 * cycles), points)
    part = np.tile(np.linspace(0, 1, points), 2 * cycles)
    charging = step % 2 == 0
    soc = np.where(charging, part, 1 - part)
    current = np.where(charging, -1.1, 1.1)
    hours = capacity / 1.1 * np.diff(part, prepend=0).clip(0)
    return pl.DataFrame(
        {
            "Time [s]": 3600 * np.cumsum(hours),
            "Voltage [V]": 3.2 + 0.3 * soc - 0.05 * current,
            "Current [A]": current,
            "Step count": step,
            "Cycle count": step // 2,
        }
    )


def later(series: pl.DataFrame, of: pl.DataFrame) -> pl.DataFrame:
    """The same series once more, as what follows another."""
    return series.with_columns(
        pl.col("Time [s]") + of["Time [s]"].max() + 1,
        pl.col("Step count") + of["Step count"].max() + 1,
        pl.col("Cycle count") + of["Cycle count"].max() + 1,
    )
