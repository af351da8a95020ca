"""How long one test of a fleet takes: by one scan of all files, and by a concat of scans.

    python tests/benchmarks/fleet_scan.py [FILES]

Small files, warm, medians. The concat is what one writes without a link tree.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from cellframe.frames.scan import scan
from cellframe.store.trees import Leaf, grow

ROUNDS = 3
ROWS = 100


def make(folder: Path, files: int) -> list[Leaf]:
    leaves = []
    for number in range(files):
        path = folder / f"{number}.parquet"
        times = pl.int_range(ROWS, eager=True).cast(pl.Float64)
        pl.DataFrame({"Time [s]": times, "Voltage [V]": times / ROWS}).write_parquet(path)
        leaves.append(
            Leaf({"instance_id": f"cell-{number % 50}", "measurement_id": f"test-{number}"}, path)
        )
    return leaves


def concat(leaves: list[Leaf]) -> pl.LazyFrame:
    scans = [
        pl.scan_parquet(leaf.path).with_columns(
            instance_id=pl.lit(leaf.instance_id), measurement_id=pl.lit(leaf.measurement_id)
        )
        for leaf in leaves
    ]
    return pl.concat(scans, how="diagonal")


def seconds(lazy: pl.LazyFrame, test: str) -> float:
    started = time.perf_counter()
    found = lazy.filter(pl.col("measurement_id") == test).collect()
    assert found.height == ROWS
    return time.perf_counter() - started


def main(files: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        leaves = make(Path(folder), files)
        started = time.perf_counter()
        paths = grow(Path(folder) / "trees", leaves)
        laid = time.perf_counter()
        lazy = scan(paths)
        print(f"{files} files laid out in {laid - started:.3f} s", end=", ")
        print(f"footers read in {time.perf_counter() - laid:.3f} s")
        ours, theirs = [], []
        for number in range(ROUNDS):
            test = f"test-{number * files // ROUNDS}"
            ours.append(seconds(lazy, test))
            theirs.append(seconds(concat(leaves), test))
        one, other = statistics.median(ours), statistics.median(theirs)
        print(f"one test, one scan:        {one * 1000:9.1f} ms")
        print(f"one test, concat of scans: {other * 1000:9.1f} ms")
        print(f"ratio: {other / one:.0f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
