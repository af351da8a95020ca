"""What `detail_frames` of a fleet costs in process, against reading the same files: at most 1.5 times.

    python tests/benchmarks/fleet_frames.py [CELLS [TESTS [ROWS]]]

50 cells, 5 tests each, 20,000 rows. Both sides end with steps, cycles and every series in memory.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from cycler_data import series

import cellframe as cf

ROUNDS = 5
SIZE = (50, 5, 20_000)


def fill(client: cf.Client, cells: int, tests: int, rows: int) -> str:
    spec = client.cell_spec.create({"name": "benchmark"})
    frame = series(rows)
    for number in range(cells):
        cell = client.cell_instance.create(spec, {"name": f"c-{number:03}"})
        for test in range(tests):
            shift = (number * tests + test) / 1000
            changed = frame.with_columns(frame["Temperature [degC]"] + shift)
            client.cell_measurement.create(
                cell, {"measurement": {"name": f"t-{test}"}, "time_series": changed}
            )
    return spec.id


def timed(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def files(folder: Path, client: cf.Client, spec: str) -> dict[str, list[Path]]:
    """Copies of the same files, by part: what a person would have on disk."""
    found: dict[str, list[Path]] = {"steps": [], "cycles": [], "time_series": []}
    for test in client.cell_measurement.list(spec=spec):
        parts = client.cell_measurement.detail(test)
        for part, paths in found.items():
            path = folder / f"{test.id}.{part}.parquet"
            getattr(parts, part).write_parquet(path, compression="zstd")
            paths.append(path)
    return found


def main() -> None:
    cells, tests, rows = map(int, sys.argv[1:4] if len(sys.argv) == 4 else SIZE)
    with tempfile.TemporaryDirectory() as folder, cf.open_local(Path(folder) / "lab") as client:
        spec = fill(client, cells, tests, rows)
        paths = files(Path(folder), client, spec)

        def read() -> None:
            for of_part in paths.values():
                pl.concat([pl.read_parquet(path) for path in of_part], how="diagonal_relaxed")

        def frames() -> None:
            found = client.cell_instance.detail_frames(spec=spec)
            assert found.time_series.collect().height == cells * tests * rows

        times: dict[str, list[float]] = {"read": [], "frames": []}
        for number in range(ROUNDS + 1):
            both = timed(read), timed(frames)
            if number:
                times["read"].append(both[0])
                times["frames"].append(both[1])
        ratios = [f / r for f, r in zip(times["frames"], times["read"], strict=True)]
        print(f"reading {3 * cells * tests} files: {statistics.median(times['read']):.2f} s")
        print(f"detail_frames: {statistics.median(times['frames']):.2f} s")
        print(
            f"ratio, pair by pair: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        )


if __name__ == "__main__":
    main()
