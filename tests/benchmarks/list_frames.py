"""What a frame of a long list costs, against a public client's loop and against the bare bytes.

    python tests/benchmarks/list_frames.py ADDRESS [--rows 1000 10000] [--latency 0 30] [--rounds 5]
    python tests/benchmarks/list_frames.py ADDRESS --memory 100000

*Cold* is a client without anything kept, *cellframe* one that kept everything and asks whether it
still holds, *warm* one that may use it for an hour.

ADDRESS is that of a service with specs whose ids are numbers of cells, 100 a page, and which sets
the latency of its answers by ``/_lat/MILLISECONDS``. The public client must be importable; without
it the other rows are printed. The floor is a connection a thread, and one typed read of the bytes.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import cellframe as cf

PAGE, THREADS = 100, 16
HOUR = 3600.0
QUANTITY = "measured_properties"


class Cells(NamedTuple):
    """All cells of a spec."""

    spec: str
    rows: int

    def target(self, offset: int) -> str:
        path = f"/cell_specifications/{self.spec}/cell_instances"
        return f"{path}?limit={PAGE}&offset={offset}"


def fetch(address: str, cells: Cells) -> list[bytes]:
    """Every page, by one kept connection a thread."""
    host = urlsplit(address).netloc
    offsets = list(range(0, cells.rows, PAGE))

    def some(first: int) -> list[bytes]:
        connection = http.client.HTTPConnection(host)
        bodies = []
        for offset in offsets[first::THREADS]:
            connection.request("GET", cells.target(offset), headers={"X-API-Key": "key"})
            bodies.append(connection.getresponse().read())
        connection.close()
        return bodies

    with ThreadPoolExecutor(THREADS) as pool:
        parts = list(pool.map(some, range(min(THREADS, len(offsets)))))
    return [parts[n % THREADS][n // THREADS] for n in range(len(offsets))]


def typed(bodies: list[bytes]):
    """The least that a typed read costs: keys known beforehand, nothing checked."""
    import polars as pl
    import pyarrow as pa
    import pyarrow.json as arrow_json

    read = arrow_json.read_json(
        pa.BufferReader(b"\n".join(bodies)),
        read_options=arrow_json.ReadOptions(block_size=8 << 20),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=SCHEMA[0], unexpected_field_behavior="ignore"
        ),
    )
    records = pl.DataFrame(pl.from_arrow(read)).explode("items").unnest("items")
    leaves = values(pl.col(QUANTITY), records.schema[QUANTITY], QUANTITY)
    return records.drop(QUANTITY).with_columns(records.select(leaves))


def values(column, dtype, label: str) -> list:
    """Return the values of the quantities in a column, whatever components they are under."""
    names = [field.name for field in dtype.fields]
    if "value" in names:
        return [column.struct.field("value").alias(label)]
    return [
        leaf
        for field in dtype.fields
        for leaf in values(column.struct.field(field.name), field.dtype, f"{label}.{field.name}")
    ]


SCHEMA: list = []


def learn(body: bytes) -> None:
    import orjson
    import pyarrow as pa

    SCHEMA[:] = [pa.schema([("items", kind([orjson.loads(body)["items"]]))])]


def kind(found: list):
    """Return the arrow type of values: every number is a float."""
    import pyarrow as pa

    found = [value for value in found if value is not None]
    if found and isinstance(found[0], dict):
        keys = dict.fromkeys(key for value in found for key in value)
        return pa.struct([(key, kind([value.get(key) for value in found])) for key in keys])
    if found and isinstance(found[0], list):
        return pa.list_(kind([item for value in found for item in value]))
    is_number = found and isinstance(found[0], int | float) and not isinstance(found[0], bool)
    return pa.float64() if is_number else pa.string()


def cases(address: str, home: Path) -> dict:
    """What is compared, by name; each takes the cells of a spec."""

    def client(folder: object, max_age: float = 0.0) -> cf.Client:
        os.environ["CELLFRAME_HOME"] = str(folder)
        return cf.Client(address, "key", max_age=max_age)

    def cold(cells: Cells):
        with client(tempfile.mkdtemp(dir=home)) as new:
            return new.cell_instance.to_frame(cells.spec)

    asking, patient = client(home / "asking"), client(home / "patient", HOUR)
    found = {
        "floor": lambda cells: typed(fetch(address, cells)),
        "cellframe, cold": cold,
        "cellframe": lambda cells: asking.cell_instance.to_frame(cells.spec),
        "cellframe, warm": lambda cells: patient.cell_instance.to_frame(cells.spec),
    }
    try:
        import pandas as pd
        from ionworks import Ionworks
        from ionworks.models import collect_all_pages
    except ImportError:
        return found
    peer = Ionworks(api_key="key", api_url=address)

    def loop(cells: Cells):
        models = collect_all_pages(
            lambda limit, offset: peer.cell_instance.list(cells.spec, limit=limit, offset=offset)
        )
        return pd.json_normalize([model.model_dump() for model in models])

    return {"peer": loop, **found}


def builds(address: str, cells: Cells) -> dict:
    """The same from bytes that are there already."""
    import orjson
    import pandas as pd

    from cellframe.contract.pages import cut
    from cellframe.contract.records import CELL_INSTANCE
    from cellframe.frames.columns import arrange, leaf_columns, plain_columns
    from cellframe.frames.rows import Rows
    from cellframe.frames.shapes import Shapes
    from cellframe.frames.units import choose

    bodies = fetch(address, cells)
    shapes = Shapes(CELL_INSTANCE)

    def build(known: Shapes | None):
        found = Rows(CELL_INSTANCE, [cut(body).items for body in bodies], known)
        seen = found.survey()
        units = choose(CELL_INSTANCE, seen, {}, None)
        leaves = leaf_columns(CELL_INSTANCE, seen, units)
        return found.decode(arrange(CELL_INSTANCE, plain_columns(CELL_INSTANCE), leaves), {})

    return {
        "json_normalize": lambda: pd.json_normalize([i for b in bodies for i in orjson.loads(b)["items"]]),
        "floor": lambda: typed(bodies),
        "cellframe": lambda: build(shapes),
        "cellframe, cell by cell": lambda: build(None),
    }  # fmt: skip


def measured(calls: dict, rounds: int, *arguments: object) -> dict[str, float]:
    """Medians in ms; one call of each a round, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            gc.collect()
            start = time.perf_counter()
            call(*arguments)
            if number:
                times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, found: dict[str, float], first: str) -> None:
    print(f"\n{title}")
    for name, value in found.items():
        ratios = f"{found[first] / value:6.1f}x {first}" if first in found else ""
        print(f"  {name:26} {value:9.1f} ms  {ratios}  {value / found['floor']:5.2f}x floor")


def set_latency(address: str, milliseconds: int) -> None:
    connection = http.client.HTTPConnection(urlsplit(address).netloc)
    connection.request("GET", f"/_lat/{milliseconds}")
    connection.getresponse().read()


def memory(
    address: str, cells: Cells, small: Cells, peer: Path | None
) -> dict[str, tuple[float, float]]:
    """Seconds and added MB of one call of each, in a process of its own that has read fewer."""
    found = {}
    for name in ("peer", "floor", "cellframe, cold"):
        command = [sys.executable, __file__, address, "--alone", name]
        command += ["--spec", small.spec, cells.spec]
        command += ["--rows", str(small.rows), str(cells.rows)]
        command += ["--peer", str(peer)] if peer else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        if done.stdout:
            took, added = done.stdout.split()
            found[name] = float(took), float(added)
    return found


def megabytes(of: str) -> float:
    """Memory of this process now (``VmRSS``), or at its peak (``VmHWM``).

    What `resource` tells as the peak is at least that of the process which started this one.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(of)) / 1024


def alone(address: str, name: str, small: Cells, cells: Cells, home: Path) -> None:
    call = cases(address, home).get(name)
    if call is None:
        return
    learn(fetch(address, small)[1])
    call(small)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
    before, start = megabytes("VmRSS"), time.perf_counter()
    call(cells)
    print(time.perf_counter() - start, megabytes("VmHWM") - before)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--latency", type=int, nargs="*", default=[0, 30])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--alone")
    parser.add_argument("--spec", nargs=2)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    sys.path[:0] = [str(asked.peer)] if asked.peer else []
    with tempfile.TemporaryDirectory() as home:
        if asked.alone:
            sizes = (Cells(*each) for each in zip(asked.spec, asked.rows, strict=True))
            alone(asked.address, asked.alone, *sizes, Path(home))
        elif asked.memory:
            small, cells = (Cells(str(rows), rows) for rows in (1000, asked.memory))
            for name, (took, added) in memory(asked.address, cells, small, asked.peer).items():
                print(f"  {name:16} {cells.rows:,} rows: {took:.2f} s, +{added:.0f} MB")
        else:
            compare(asked.address, asked.rows, asked.latency, asked.rounds, Path(home))


def compare(address: str, sizes: list[int], latencies: list[int], rounds: int, home: Path) -> None:
    set_latency(address, 0)
    learn(fetch(address, Cells("1000", 1000))[1])
    calls = cases(address, home)
    for rows in sizes:
        cells = Cells(str(rows), rows)
        built = measured(builds(address, cells), rounds)
        show(f"build alone, {rows:,} rows", built, "json_normalize")
        for latency in latencies:
            set_latency(address, latency)
            found = measured(calls, rounds, cells)
            show(f"end to end, {rows:,} rows, {latency} ms", found, "peer")
        set_latency(address, 0)


if __name__ == "__main__":
    main()
