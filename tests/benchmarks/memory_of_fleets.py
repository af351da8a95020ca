"""Memory of this process while 500 tests are read, cell by cell, as a loop over a lab would.

    python tests/benchmarks/memory_of_fleets.py [TESTS]

Prints the resident memory after each hundred, less what it was after the first ten.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import polars as pl
from cycler_data import series

import cellframe as cf

ROWS = 20_000


def resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def main() -> None:
    tests = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    frame = series(ROWS)
    with tempfile.TemporaryDirectory() as folder, cf.open_local(Path(folder) / "lab") as client:
        spec = client.cell_spec.create({"name": "benchmark"})
        for number in range(tests):
            cell = client.cell_instance.create(spec, {"name": f"c-{number:03}"})
            changed = frame.with_columns(frame["Temperature [degC]"] + number / 1000)
            client.cell_measurement.create(
                cell, {"measurement": {"name": "t"}, "time_series": changed}
            )
        first = 0.0
        for number, cell in enumerate(client.cell_instance.list(spec), 1):
            frames = client.cell_instance.detail_frames(cell)
            frames.time_series.group_by("Cycle count").agg(pl.col("Voltage [V]").mean()).collect()
            if number == 10:
                first = resident()
            if number % 100 == 0:
                print(f"after {number} tests: {resident() - first:+.0f} MB")


if __name__ == "__main__":
    main()
