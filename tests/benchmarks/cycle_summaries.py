"""How long the cycle summary of a fleet takes, and how much memory.

    python tests/benchmarks/cycle_summaries.py [FILES [ROWS]]

Files of 100,000 rows with counters, in one lazy scan. Beside it the decoding of the same columns,
file by file, and a loop over the files in pandas that does as much: counters and integrals by step.
Aims: at least 5 times faster than pandas, at most 1.25 times the decoding, memory flat in the
number of files. On two cores 200 files take 5.6 times less than pandas and 1.06 times the
decoding; memory is flat from 250 files to 1,000. Medians of three, interleaved; memory of a
process for each.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from memory import highest

from cellframe import analysis
from cellframe.contract.series import COUNTERS
from cellframe.frames.scan import scan
from cellframe.store.trees import Leaf, grow

ROUNDS, CYCLES = 3, 20
COLUMNS = ("Time [s]", "Current [A]", "Voltage [V]", "Step count", "Cycle count", *COUNTERS)


def series(rows: int, seed: int) -> pl.DataFrame:
    """Cycles of a charge and a discharge with the cycler's counters."""
    rng = np.random.default_rng(seed)
    step = np.arange(rows) * 2 * CYCLES // rows
    first = np.searchsorted(step, np.arange(2 * CYCLES))
    sign = np.where(step % 2 == 0, -1.0, 1.0)
    current = sign * (1 + rng.normal(0, 1e-4, rows))
    seconds = np.arange(rows, dtype=float)
    passed = (seconds - seconds[first][step]) / 3600
    voltage = 3.3 + 0.2 * np.sin(passed) + rng.normal(0, 1e-4, rows)
    out, back = passed * (sign > 0), passed * (sign < 0)
    counters = dict(zip(COUNTERS, (out, back, 3.3 * out, 3.4 * back), strict=True))
    plain = {"Time [s]": seconds, "Current [A]": current, "Voltage [V]": voltage}
    return pl.DataFrame({**plain, "Step count": step, "Cycle count": step // 2, **counters})


def make(folder: Path, files: int, rows: int) -> list[Path]:
    leaves = []
    for number in range(files):
        path = folder / f"{number}.parquet"
        series(rows, number % 5).write_parquet(path)
        keys = {"instance_id": f"cell-{number % 50}", "measurement_id": f"test-{number}"}
        leaves.append(Leaf(keys, path))
    return list(grow(folder / "trees", leaves))


def ours(paths: list[Path]) -> int:
    return analysis.cycle_summary(scan(paths)).height


def decoded(paths: list[Path]) -> int:
    return sum(pl.scan_parquet(path).select(COLUMNS).collect().height for path in paths)


def pandas(paths: list[Path]) -> int:
    import pandas as pd

    done = 0
    for path in paths:
        rows = pd.read_parquet(path, columns=list(COLUMNS))
        grouped = rows.groupby("Step count")
        gained = grouped[list(COUNTERS)].last() - grouped[list(COUNTERS)].first()
        gained["lost"] = -grouped[COUNTERS[0]].diff().groupby(rows["Step count"]).min()
        half = grouped["Time [s]"].diff().clip(lower=0) / 7200
        for sign in (1, -1):
            for name, flow in (("A", 1), ("W", rows["Voltage [V]"])):
                part = (sign * rows["Current [A]"] * flow).clip(lower=0)
                added = (part + part.shift()) * half
                gained[f"{name}{sign}"] = added.groupby(rows["Step count"]).sum()
        gained["Cycle count"] = grouped["Cycle count"].first()
        done += len(gained.groupby("Cycle count").sum())
    return done


WAYS = {"decoding": decoded, "ours": ours, "pandas": pandas}


def peak(paths: list[Path], way: str) -> float:
    """Memory that a process takes above what it has when it begins, in MiB."""
    listed = [str(path) for path in paths]
    command = [sys.executable, __file__, "--peak", way]
    ran = subprocess.run(
        command, input="\n".join(listed), capture_output=True, text=True, check=True
    )
    return float(ran.stdout)


def tell_peak(way: str) -> None:
    paths = [Path(line) for line in sys.stdin.read().splitlines()]
    WAYS[way](paths[:1])
    before = highest()
    WAYS[way](paths)
    print((highest() - before) / 1024)


def main(files: int, rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = make(Path(folder), files, rows)
        took: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way, run in WAYS.items():
                started = time.perf_counter()
                run(paths)
                took[way].append(time.perf_counter() - started)
        medians = {way: statistics.median(times) for way, times in took.items()}
        print(f"{files} files of {rows:,} rows")
        for way, seconds in medians.items():
            print(f"{way:9} {seconds:8.2f} s, {seconds / medians['ours']:6.2f} of ours")
        for way in WAYS:
            for part in (paths[: max(files // 4, 2)], paths):
                more = peak(part, way)
                print(f"{way}, {len(part)} files: {more:.0f} MiB more than one file takes")


if __name__ == "__main__":
    if "--peak" in sys.argv:
        tell_peak(sys.argv[-1])
    else:
        given = [int(one) for one in sys.argv[1:]]
        main(*given, *(200, 100_000)[len(given) :])
