"""What cells with everything measured on them cost over HTTP, against a public client and local files.

    python tests/benchmarks/fleets_over_http.py ADDRESS FILES [--cells N] [--latency 0 30]
        [--rounds 5] [--peer FOLDER]
    python tests/benchmarks/fleets_over_http.py ADDRESS FILES --memory 10 40 160

ADDRESS is that of a service whose cells ``sm-0`` and on have five tests of 20,000 rows each, and
``big-0`` twenty of 100,000, and which sets the latency of its answers by ``/_lat/MILLISECONDS``.
It names no digests and has no entity tags. FILES is the folder of the files that it gives. FOLDER
has the public client. Cold is a client without anything kept, revalidated one that kept everything
and asks whether it still holds, warm one that may use it for an hour. Every side but "path only" ends with all rows in memory.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import polars as pl
from memory import highest

import cellframe as cf

HOUR = 3600.0
INSTANCE, SPEC = "one cell, 20 x 100,000 rows", "{} cells, 5 x 20,000 rows each"


class Ours:
    """Clients, each with a home of its own."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder

    def client(self, name: str, max_age: float = HOUR) -> cf.Client:
        os.environ["CELLFRAME_HOME"] = str(self.folder / name)
        return cf.Client(self.address, "key", max_age=max_age)

    def cold(self, cells: list[str]):
        with self.client("cold") as client:
            found = frames(client, cells)
            found.time_series.collect()

    def revalidated(self, cells: list[str]):
        with self.client("revalidated", 0.0) as client:
            found = frames(client, cells)
            found.time_series.collect()

    def warm(self, cells: list[str]):
        with self.client("warm") as client:
            found = frames(client, cells)
            found.time_series.collect()

    def path_only(self, cells: list[str]):
        with self.client("warm") as client:
            _ = series_only(client, cells).time_series

    def detail(self, cells: list[str]):
        with self.client("cold") as client:
            return [client.cell_instance.detail(cell) for cell in cells]


def frames(client: cf.Client, cells: list[str]):
    found = client.cell_instance.detail_frames(cells)
    if len(found.failures):
        raise SystemExit(str(found.failures))
    return found


def series_only(client: cf.Client, cells: list[str]):
    return client.cell_instance.detail_frames(cells, include_steps=False, include_cycles=False)


def local(files: Path, cells: list[str]) -> None:
    """Read the same files, four at a time: what nothing over a network can be faster than."""

    def one(path: Path):
        cycles = orjson.loads((files / "cycles.json").read_bytes())["cycles"]
        return pl.read_parquet(path), pl.read_parquet(files / "steps.parquet"), pl.DataFrame(cycles)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, paths(files, cells)))


def paths(files: Path, cells: list[str]) -> list[Path]:
    if cells == ["big-0"]:
        return [files / f"ts100k_{number}.parquet" for number in range(20)]
    return [files / f"ts20k_{number % 20}.parquet" for number in range(5 * len(cells))]


def peers(address: str, folder: Path) -> dict:
    """Calls of the public client, by name: without its cache, filling it, and reading it."""
    try:
        import ionworks
    except ImportError:
        return {}
    kept = folder / "peer"
    ionworks.set_cache_directory(str(kept))

    def read(cells: list[str], *, cached: bool) -> None:
        ionworks.set_cache_enabled(cached)
        client = ionworks.Ionworks(api_key="key", api_url=address)
        for cell in cells:
            client.cell_instance.detail(cell)

    return {
        "peer": lambda cells: read(cells, cached=False),
        "peer, warm": lambda cells: read(cells, cached=True),
    }


def cases(address: str, files: Path, folder: Path) -> dict:
    ours = Ours(address, folder)
    return {
        "local files": lambda cells: local(files, cells),
        **peers(address, folder),
        "cold": ours.cold,
        "cold, detail()": ours.detail,
        "revalidated": ours.revalidated,
        "warm": ours.warm,
        "path only, warm": ours.path_only,
    }


def compare(calls: dict, cells: list[str], rounds: int, folder: Path) -> dict[str, list[float]]:
    """Seconds of each; one call of each a round, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            shutil.rmtree(folder / "cold", ignore_errors=True)
            gc.collect()
            start = time.perf_counter()
            call(cells)
            if number:
                times[name].append(time.perf_counter() - start)
    return times


def show(title: str, times: dict[str, list[float]]) -> None:
    print(f"\n{title}")
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        told = [f"{medians[other] / value:7.2f}x {other}" for other in medians if "peer" in other]
        ratio = value / medians["local files"]
        print(f"  {name:18} {value * 1000:9.1f} ms {'  '.join(told)}  {ratio:5.2f} of local files")


def set_latency(address: str, milliseconds: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    connection.request("GET", f"/_lat/{milliseconds}")
    connection.getresponse().read()


def memory(asked: argparse.Namespace) -> None:
    """Added memory of a scan that sums over all series, each size in a process of its own."""
    for size in asked.memory:
        command = [sys.executable, __file__, asked.address, str(asked.files), "--alone", str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(f"  {5 * size:5} files: {done.stdout.strip() or done.stderr[-200:]}")


def alone(address: str, files: Path, folder: Path, size: int) -> None:
    ours = Ours(address, folder)
    with ours.client("first") as client:
        total(series_only(client, ["sm-0"]))
    before = highest()
    with ours.client("alone") as client:
        found = series_only(client, [f"sm-{number}" for number in range(size)])
        _ = found.time_series
        fetched = highest()
        total(found)
    after = highest()
    print(f"+{(fetched - before) / 1024:.0f} MB fetched, +{(after - before) / 1024:.0f} MB summed")


def total(found) -> None:
    per_test = found.time_series.group_by("measurement_id").agg(pl.col("Voltage [V]").mean())
    assert per_test.collect(engine="streaming").height == len(found.measurements)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("files", type=Path)
    parser.add_argument("--cells", type=int, default=50)
    parser.add_argument("--latency", type=int, nargs="*", default=[0, 30])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--memory", type=int, nargs="*")
    parser.add_argument("--alone", type=int)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.path[:0] = [str(asked.peer)] if asked.peer else []
    with tempfile.TemporaryDirectory() as folder:
        if asked.alone:
            alone(asked.address, asked.files, Path(folder), asked.alone)
        elif asked.memory:
            memory(asked)
        else:
            table(asked, Path(folder))


def table(asked: argparse.Namespace, folder: Path) -> None:
    some = [f"sm-{number}" for number in range(asked.cells)]
    for title, cells in ((INSTANCE, ["big-0"]), (SPEC.format(len(some)), some)):
        for latency in asked.latency:
            set_latency(asked.address, latency)
            calls = cases(asked.address, asked.files, folder)
            times = compare(calls, cells, asked.rounds, folder)
            show(f"{title}, {latency} ms", times)
        set_latency(asked.address, 0)


if __name__ == "__main__":
    main()
