"""What an upload with derivation costs, against writing the same parquet with polars: at most twice.

    python tests/benchmarks/upload.py [ROWS]

Interleaved in one process, in a folder opened in it; medians. The upload checks the series,
writes it, stores it safely (fsync), and derives steps and cycles.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from cycler_data import series

import cellframe as cf

ROUNDS = 7


def timed(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    frame = series(rows)
    with tempfile.TemporaryDirectory() as folder, cf.open_local(Path(folder) / "lab") as client:
        spec = client.cell_spec.create({"name": "benchmark"})
        cell = client.cell_instance.create(spec, {"name": "c-1"})
        path = Path(folder) / "written.parquet"
        times: dict[str, list[float]] = {"write": [], "upload": []}
        for number in range(ROUNDS + 1):
            # Another value each time: the same content would be stored once.
            changed = frame.with_columns(frame["Temperature [degC]"] + number / 100)
            write = timed(lambda: changed.write_parquet(path, compression="zstd"))  # noqa: B023
            detail = {"measurement": {"name": f"t-{number}"}, "time_series": changed}
            upload = timed(lambda: client.cell_measurement.create(cell, detail))  # noqa: B023
            if number:
                times["write"].append(write)
                times["upload"].append(upload)
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"{rows:,} rows, {path.stem}: {medians['write'] * 1000:.0f} ms")
    print(f"{rows:,} rows, uploaded: {medians['upload'] * 1000:.0f} ms")
    ratios = [u / w for u, w in zip(times["upload"], times["write"], strict=True)]
    print(
        f"ratio, pair by pair: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
