"""What a frame of a long list costs, against a public client's loop and against the bare bytes.

    python tests/benchmarks/list_frames.py ADDRESS [--rows 1000 10000] [--latency 0 30] [--rounds 5]
    python tests/benchmarks/list_frames.py ADDRESS --memory 100000

ADDRESS is that of a service with specs whose ids are numbers of cells, 100 a page, and which sets
the latency of its answers by ``/_lat/MILLISECONDS``. The public client must be importable; without
it the other rows are printed. The floor is a connection a thread, and one typed read of the bytes.
"""

from __future__ import annotations

import argparse
import gc
import http.client
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import cellframe as cf

PAGE, THREADS = 100, 16
QUANTITY = "measured_properties"


def target(rows: int, offset: int) -> str:
    return f"/cell_specifications/{rows}/cell_instances?limit={PAGE}&offset={offset}"


def fetch(address: str, rows: int) -> list[bytes]:
    """Every page, by one kept connection a thread."""
    host = urlsplit(address).netloc
    offsets = list(range(0, rows, PAGE))

    def some(first: int) -> list[bytes]:
        connection = http.client.HTTPConnection(host)
        bodies = []
        for offset in offsets[first::THREADS]:
            connection.request("GET", target(rows, offset))
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
    quantities = records[QUANTITY].struct.unnest()
    values = [quantities[q].struct.field("value").alias(q) for q in quantities.columns]
    return records.drop(QUANTITY).with_columns(values)


SCHEMA: list = []


def learn(body: bytes) -> None:
    import orjson
    import pyarrow as pa

    items = orjson.loads(body)["items"]
    keys = dict.fromkeys(key for item in items for key in item if key != QUANTITY)
    names = dict.fromkeys(q for item in items for q in item[QUANTITY] or {})
    quantity = pa.struct([("value", pa.float64()), ("unit", pa.string())])
    measured = (QUANTITY, pa.struct([(name, quantity) for name in names]))
    record = pa.struct([*((key, pa.string()) for key in keys), measured])
    SCHEMA[:] = [pa.schema([("items", pa.list_(record))])]


def cases(address: str, home: Path) -> dict:
    """What is compared, by name; each takes a number of rows."""
    found = {"floor": lambda rows: typed(fetch(address, rows))}
    client = cf.Client(address, "key")
    found["cellframe"] = lambda rows: client.cell_instance.to_frame(str(rows))
    try:
        import pandas as pd
        from ionworks import Ionworks
        from ionworks.models import collect_all_pages
    except ImportError:
        return found
    peer = Ionworks(api_key="key", api_url=address)

    def loop(rows: int):
        models = collect_all_pages(
            lambda limit, offset: peer.cell_instance.list(str(rows), limit=limit, offset=offset)
        )
        return pd.json_normalize([model.model_dump() for model in models])

    return {"peer": loop, **found}


def builds(address: str, rows: int) -> dict:
    """The same from bytes that are there already."""
    import orjson
    import pandas as pd

    from cellframe.contract.pages import cut
    from cellframe.contract.records import CELL_INSTANCE
    from cellframe.frames.columns import arrange, leaf_columns, plain_columns
    from cellframe.frames.rows import Rows
    from cellframe.frames.shapes import Shapes
    from cellframe.frames.units import choose

    bodies = fetch(address, rows)
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


def measured(calls: dict, rounds: int) -> dict[str, float]:
    """Medians in ms; one call of each a round, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            gc.collect()
            start = time.perf_counter()
            call()
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


def memory(address: str, rows: int) -> None:
    """Added memory, each in a process of its own."""
    for name in ("peer", "floor", "cellframe"):
        command = [sys.executable, __file__, address, "--alone", name, "--rows", str(rows)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(f"  {name:12} {done.stdout.strip() or done.stderr[-200:]}")


def alone(address: str, name: str, rows: int, home: Path) -> None:
    call = cases(address, home).get(name)
    if call is None:
        return
    call(PAGE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    call(rows)
    took = time.perf_counter() - start
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{rows:,} rows: {took:.2f} s, +{added:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--latency", type=int, nargs="*", default=[0, 30])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", type=int)
    parser.add_argument("--alone")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as home:
        import os

        os.environ["CELLFRAME_HOME"] = home
        set_latency(asked.address, 0)
        learn(fetch(asked.address, 1000)[1])
        if asked.alone:
            alone(asked.address, asked.alone, asked.rows[0], Path(home))
        elif asked.memory:
            memory(asked.address, asked.memory)
        else:
            compare(asked.address, asked.rows, asked.latency, asked.rounds, Path(home))


def compare(address: str, sizes: list[int], latencies: list[int], rounds: int, home: Path) -> None:
    for rows in sizes:
        show(
            f"build alone, {rows:,} rows", measured(builds(address, rows), rounds), "json_normalize"
        )
        for latency in latencies:
            set_latency(address, latency)
            calls = {name: (lambda call=call, rows=rows: call(rows)) for name, call in cases(address, home).items()}  # fmt: skip
            show(f"end to end, {rows:,} rows, {latency} ms", measured(calls, rounds), "peer")
        set_latency(address, 0)


if __name__ == "__main__":
    main()
