"""How long the checks of a series take: those before an upload, and rules of one's own.

    python tests/benchmarks/series_checks.py [ROWS]

Before an upload: aim for 60 ms a million rows; best of five, in this process; memory is what the
process grew by at its peak. Rules of one's own are types, gaps and bounds of all eight columns, of
a frame and of a file as it is scanned: aim for at most 1.3 times one sum per column, and a fifth
of what pandera takes; medians of eleven, interleaved.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandera.polars as pa
import polars as pl
from memory import highest

from cellframe.frames.bounds import holds
from cellframe.series.checked import check_series, read_series

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5
INTERLEAVED = 11
BOUNDS = {
    "Voltage [V]": (-1, 10),
    "Current [A]": (-100, 100),
    "Temperature [degC]": (-60, 200),
}
"""Of the other columns the least value is bounded: by 0."""


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
    return highest() / 1024


def rules(frame: pl.DataFrame) -> pa.DataFrameSchema:
    def column(label: str, dtype: pl.DataType) -> pa.Column:
        bounds = BOUNDS.get(label)
        return pa.Column(dtype, pa.Check.in_range(*bounds) if bounds else pa.Check.ge(0))

    return pa.DataFrameSchema(
        {label: column(label, dtype) for label, dtype in frame.schema.items()}
    )


def medians(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(INTERLEAVED):
        for name, call in calls.items():
            begun = time.perf_counter()
            call()
            times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(found) * 1000 for name, found in times.items()}


def compare_rules(frame: pl.DataFrame, folder: Path) -> dict[str, float]:
    """Return what rules of one's own cost, beside a sum of every column and pandera alone."""
    schema, path = rules(frame), folder / "series.parquet"
    frame.write_parquet(path)
    assert holds(frame, schema)
    return medians(
        {
            "one sum per column": lambda: frame.select(pl.all().sum()),
            "rules, of a frame": lambda: holds(frame, schema),
            "pandera alone": lambda: schema.validate(frame, lazy=True),
            "one sum per column, of a file": lambda: (
                pl.scan_parquet(path).select(pl.all().sum()).collect(engine="streaming")
            ),
            "rules, of a file": lambda: holds(pl.scan_parquet(path), schema),
        }
    )


def show(found: dict[str, float]) -> None:
    for name, taken in found.items():
        print(f"{name}: {taken:.1f} ms")
    ours, limit, pandera, limit_of_file, of_file = (
        found["rules, of a frame"],
        found["one sum per column"],
        found["pandera alone"],
        found["one sum per column, of a file"],
        found["rules, of a file"],
    )
    print(f"rules of a frame: {ours / limit:.2f} of the sums, pandera {pandera / ours:.1f} of them")
    print(f"rules of a file: {of_file / limit_of_file:.2f} of the sums of a file")


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
    with tempfile.TemporaryDirectory() as folder:
        show(compare_rules(frame, Path(folder)))


if __name__ == "__main__":
    main()
