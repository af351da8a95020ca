"""How long the checks before an upload take, and how much memory: aim for 60 ms a million rows.

    python tests/benchmarks/series_checks.py [ROWS]

Best of five, in this process; memory is what the process grew by at its peak.
"""

from __future__ import annotations

import resource
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from cellframe.series.checked import check_series, read_series

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5


def cycled(rows: int, steps: int = 1000) -> pl.DataFrame:
    """Discharges, charges and rests between, eight columns."""
    rng, per = np.random.default_rng(0), max(rows // steps, 1)
    step = np.arange(rows) // per
    current = np.array([1.0, 0.0, -1.0, 0.0])[step % 4]
    moved = np.arange(rows) % per / 3600
    soc = 0.5 - np.cumsum(current) / per * 0.3
    return pl.DataFrame(
        {
            "Time [s]": np.arange(rows) * 1.0,
            "Voltage [V]": 3.2 + soc - 0.05 * current + rng.normal(0, 1e-3, rows),
            "Current [A]": current,
            "Step count": step,
            "Cycle count": step // 4,
            "Discharge capacity [A.h]": moved * (current > 0),
            "Charge capacity [A.h]": moved * (current < 0),
            "Temperature [degC]": rng.normal(25, 0.1, rows),
        }
    )


def best(call: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times) * 1000


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    frame, before = cycled(rows), peak()
    sums = best(lambda: frame.select(pl.all().sum()))
    plain = best(lambda: check_series(read_series(frame)))
    strict = best(lambda: check_series(frame, strict=True, voltage_window=(2.5, 4.5)))
    print(f"{rows} rows, 8 columns of {frame.estimated_size('mb'):.0f} MiB")
    print(f"one sum per column: {sums:.1f} ms")
    print(f"read and checked: {plain:.1f} ms; strictly: {strict:.1f} ms")
    print(f"memory: {peak() - before:.0f} MiB more")


if __name__ == "__main__":
    main()
