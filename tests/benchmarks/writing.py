"""How fast are updates: one by one, many at once, many in one request? One table.

    python tests/benchmarks/writing.py --peer FOLDER [--rows 1000 10000] [--latency 0 30]
        [--rounds 3] [--sample 200]

The same edit of as many cells is sent to ``cellframe serve``, which makes each durable: by the
loop of ``update()`` calls of the public client of the folder ``--peer`` (of so many calls, and
scaled), by ``client.apply`` with a request for each row, and by ``client.apply`` as it is, a
hundred rows in one request. The plan is made before. Milliseconds a row; medians of rounds in
which they alternate. Aim: a row 5 times as fast as the loop near by, 12 times at 30 ms with 16
workers; together 50 times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import polars as pl
from served_lab import answered, cells_of, farther, properties, served

import cellframe as cf
from cellframe.server.answer import Service
from cellframe.writeback.limits import Limits

WORKERS = 16
FREE = Limits(update_share=1.0, clear_share=1.0)


def fill(lab: Path, rows: int) -> str:
    service = Service(lab)
    spec = answered(service, "POST", "/cell_specifications", {"name": f"{rows} cells"})["id"]
    cells_of(service, spec, rows, properties)
    service.close()
    return spec


def apply(client: cf.Client, spec: str, text: str, workers: int | None) -> float:
    """Return the seconds that an apply takes; its plan is made before."""
    frame = client.cell_instance.to_frame(spec)
    plan = client.cell_instance.plan(frame.with_columns(notes=pl.lit(text)))
    start = time.perf_counter()
    receipt = client.apply(plan, workers=workers)
    took = time.perf_counter() - start
    assert receipt.counts == {"ok": frame.height}, receipt
    return took / frame.height


def loop(address: str, ids: list[str], text: str) -> float:
    from ionworks import Ionworks

    peer = Ionworks(api_key="key", api_url=address)
    peer.cell_instance.update(ids[0], {"notes": f"{text} first"})
    start = time.perf_counter()
    for id_ in ids:
        peer.cell_instance.update(id_, {"notes": text})
    return (time.perf_counter() - start) / len(ids)


def measured(address: str, spec: str, rounds: int, sample: int) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    with cf.Client(address, "key", limits=FREE, cache_size=0) as client:
        ids = client.cell_instance.to_frame(spec)["instance_id"].to_list()[:sample]
        for turn in range(rounds):
            took = {
                "peer": loop(address, ids, f"peer {turn}"),
                "row by row": apply(client, spec, f"rows {turn}", WORKERS),
                "together": apply(client, spec, f"together {turn}", None),
            }
            for what, seconds in took.items():
                found.setdefault(what, []).append(seconds)
    return {what: statistics.median(times) for what, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--latency", type=int, nargs="*", default=[0, 30])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sample", type=int, default=200)
    asked = parser.parse_args()
    sys.path.insert(0, str(asked.peer))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CELLFRAME_HOME"] = str(Path(folder) / "home")
        specs = {rows: fill(Path(folder) / "lab", rows) for rows in asked.rows}
        with served(Path(folder) / "lab") as address:
            for latency in asked.latency:
                with farther(address, latency) as place:
                    for rows, spec in specs.items():
                        took = measured(place, spec, asked.rounds, asked.sample)
                        told = "  ".join(
                            f"{what} {1000 * seconds:.2f} ms ({took['peer'] / seconds:.1f}x)"
                            for what, seconds in took.items()
                        )
                        print(f"{rows:,} updates, {latency} ms away: {told}", flush=True)


if __name__ == "__main__":
    main()
