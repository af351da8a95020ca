"""A lab behind ``cellframe serve``, as large as the other service, and as far away as is asked for.

    python tests/benchmarks/served_lab.py FOLDER FILES [--rows 1000 10000] [--cells 10]

fills a folder that is not there yet: specs of as many cells, each with six quantities; cells
``sm-0`` and on with five tests, and ``big-0`` with twenty, whose series are those of the folder
FILES (``ts20k_0.parquet``, ``ts100k_0.parquet``, …), no two of them alike. What is a second's
work for another service is minutes of it here, so that the folder is worth keeping.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import polars as pl
from service_writes import answered, cells_of

import cellframe as cf
from cellframe.server.answer import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT = "filled.json"
QUANTITIES = {"capacity": "A.h", "mass": "g", "ocv": "V", "ir_ac": "mohm", "thickness": "mm", "energy": "W.h"}  # fmt: skip


def properties(number: int) -> dict:
    chance = random.Random(number)
    measured = {
        name: {"value": round(50 * chance.random(), 4), "unit": unit}
        for name, unit in QUANTITIES.items()
        if chance.random() > 0.04
    }
    return {"notes": f"note {number}", "measured_properties": {"cell": measured}}


def fill(lab: Path, files: Path, sizes: list[int], cells: int) -> dict:
    """Return the ids of the specs by number of cells, and of the cells with tests by name."""
    if (lab / KEPT).exists():
        return json.loads((lab / KEPT).read_text())
    service, specs = Service(lab), {}
    for rows in sizes:
        body = {"name": f"{rows} cells"}
        specs[str(rows)] = answered(service, "POST", "/cell_specifications", body)["id"]
        cells_of(service, specs[str(rows)], rows, properties)
    service.close()
    found = {"specs": specs, "cells": tested(lab, files, cells)}
    (lab / KEPT).write_text(json.dumps(found))
    return found


def tested(lab: Path, files: Path, cells: int) -> dict[str, str]:
    wanted = {"big-0": [files / f"ts100k_{number}.parquet" for number in range(20)]}
    for cell in range(cells):
        numbers = range(5 * cell, 5 * cell + 5)
        wanted[f"sm-{cell}"] = [files / f"ts20k_{number % 20}.parquet" for number in numbers]
    with cf.open_local(lab) as client:
        spec = client.cell_spec.create({"name": "cells with tests"})
        return {name: with_tests(client, spec, name, paths) for name, paths in wanted.items()}


def with_tests(client: cf.Client, spec, name: str, paths: list[Path]) -> str:
    cell = client.cell_instance.create(spec, {"name": name})
    for number, path in enumerate(paths):
        warmer = random.Random(f"{name} {number}").random()
        own = (pl.col("Temperature [degC]") + warmer, -pl.col("Current [A]"))
        series = pl.read_parquet(path).with_columns(own)
        body = {"measurement": {"name": f"t-{number}"}, "time_series": series}
        client.cell_measurement.create(cell, body)
    return cell.id


@contextmanager
def served(lab: Path) -> Iterator[str]:
    """Serve a folder from a process of its own, and give the address."""
    command = [sys.executable, "-m", "cellframe", "serve", "--data", str(lab), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


@contextmanager
def farther(address: str, milliseconds: int) -> Iterator[str]:
    """Give an address whose requests reach the service that much later; from a process of its own."""
    if not milliseconds:
        yield address
        return
    command = [sys.executable, __file__, "--relay", address, str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


async def relay(address: str, milliseconds: int) -> None:
    """Hand on what comes, the way there as late as is asked for, the way back at once."""
    there = urlsplit(address)

    async def hand_on(source, target, wait: float):
        while data := await source.read(1 << 20):
            await asyncio.sleep(wait)
            target.write(data)
            await target.drain()
        target.close()

    async def line(reader, writer):
        far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
        out = hand_on(reader, far_writer, milliseconds / 1000)
        await asyncio.gather(out, hand_on(far_reader, writer, 0), return_exceptions=True)

    server = await asyncio.start_server(line, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    if sys.argv[1:2] == ["--relay"]:
        asyncio.run(relay(sys.argv[2], int(sys.argv[3])))
    parser = argparse.ArgumentParser()
    parser.add_argument("lab", type=Path)
    parser.add_argument("files", type=Path)
    parser.add_argument("--rows", type=int, nargs="*", default=[1000, 10_000])
    parser.add_argument("--cells", type=int, default=10)
    asked = parser.parse_args()
    fill(asked.lab, asked.files, asked.rows, asked.cells)


if __name__ == "__main__":
    main()
