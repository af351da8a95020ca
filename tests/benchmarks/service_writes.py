"""What a durable change costs beyond SQLite's own commit, and what a batch of them saves.

    python tests/benchmarks/service_writes.py [CHANGES]

The commit: a row as long as a record, changed in a database of its own on the same disk, with
the same settings; aim for at most twice that for one PATCH. The batch: as many PATCHes in one
request, over a socket like those one by one; aim for 20 times as fast. Interleaved, medians.
Both sides of the socket are in this process. The last line says what of it is work of the
processor, which a busy machine stretches less; the rest is the disk, and waiting for a turn.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from cellframe.contract.wire import Request
from cellframe.server.answer import Service
from cellframe.server.app import _config
from cellframe.server.asgi import Publisher

ROUNDS = 5
HEADERS = {"content-type": "application/json", "x-api-key": "k"}


@contextmanager
def served(folder: Path):
    service = Service(folder)
    server = uvicorn.Server(_config(Publisher(service, loopback_only=True)))
    server.config.port = 0
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield service, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    service.close()


def answered(service: Service, method: str, path: str, body: object) -> dict:
    request = Request(method, path, (), HEADERS, json.dumps(body).encode())
    reply = service.answer(request)
    assert reply.status < 300, reply.content
    return json.loads(reply.content)


def cells(service: Service, count: int) -> list[str]:
    """Make cells of one new spec."""
    spec = answered(service, "POST", "/cell_specifications", {"name": "benchmark"})["id"]
    return cells_of(service, spec, count, mass)


def cells_of(service: Service, spec: str, count: int, properties) -> list[str]:
    """Make cells of a spec, a thousand at once; `properties` are those of the cell of a number."""
    path = f"/cell_specifications/{spec}/cell_instances"
    ids: list[str] = []
    while len(ids) < count:
        numbers = range(len(ids), min(len(ids) + 1000, count))
        bodies = [{"name": f"c-{number}", "batch": "L", **properties(number)} for number in numbers]
        operations = [{"method": "POST", "path": path, "body": body} for body in bodies]
        made = answered(service, "POST", "/batch", {"operations": operations})
        ids += [result["body"]["id"] for result in made["results"]]
    return ids


def mass(value: float) -> dict:
    return {"measured_properties": {"cell": {"mass": {"value": value + 0.5, "unit": "g"}}}}


def bare(folder: Path, rows: int) -> sqlite3.Connection:
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(n, "x" * 600) for n in range(rows)])
    return connection


def commit(connection: sqlite3.Connection, row: int, value: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE t SET body = ? WHERE id = ?", (str(value) * 600, row))
    connection.execute("COMMIT")


def sent(wire: HTTPConnection, method: str, path: str, body: object) -> dict:
    wire.request(method, path, json.dumps(body), HEADERS)
    answer = wire.getresponse()
    read = json.loads(answer.read())
    assert answer.status < 300, read
    return read


WORK: dict[str, list[float]] = {}
"""Milliseconds of processor that each took."""


def seconds(name: str, call, count: int = 1) -> float:
    start, worked = time.perf_counter(), time.process_time()
    call()
    WORK.setdefault(name, []).append((time.process_time() - worked) / count * 1000)
    return time.perf_counter() - start


def single(service: Service, ids: list[str], connection: sqlite3.Connection) -> None:
    times: dict[str, list[float]] = {"commit": [], "PATCH": []}
    for number, cell in enumerate(ids[:300]):
        bare = seconds("commit", lambda: commit(connection, number, number))  # noqa: B023
        times["commit"].append(bare)
        path = f"/cell_instances/{cell}"
        change = seconds("PATCH", lambda: answered(service, "PATCH", path, mass(-1)))  # noqa: B023
        times["PATCH"].append(change)
    # A PATCH that changes nothing would not be committed.
    assert answered(service, "PATCH", path, {})["version"] == 2
    medians = {name: statistics.median(found) * 1000 for name, found in times.items()}
    print(f"SQLite commit {medians['commit']:.2f} ms, PATCH {medians['PATCH']:.2f} ms", end=", ")
    print(f"ratio {medians['PATCH'] / medians['commit']:.2f}")


def batches(address: str, ids: list[str]) -> None:
    wire = HTTPConnection(urlsplit(address).netloc)
    ratios = []
    for turn in range(2, 2 + ROUNDS):
        few = [(cell, {**mass(turn / 10), "notes": "alone"}) for cell in ids[: len(ids) // 10]]
        alone = seconds("over a socket", lambda: one_by_one(wire, few), len(few))  # noqa: B023
        body = {**mass(turn), "notes": "together"}
        operations = [{"method": "PATCH", "path": path_of(cell), "body": body} for cell in ids]
        batch = seconds("in a batch", lambda: at_once(wire, operations), len(ids))  # noqa: B023
        each, together = alone / len(few) * 1000, batch / len(ids) * 1000
        ratios.append(each / together)
        print(f"a PATCH alone {each:.2f} ms, in a batch {together:.3f} ms, ratio {ratios[-1]:.1f}")
    versions = {sent(wire, "GET", path_of(cell), None)["version"] for cell in ids[-100:]}
    assert versions == {1 + ROUNDS}, versions
    print(f"median ratio {statistics.median(ratios):.1f}")


def one_by_one(wire: HTTPConnection, changes: list[tuple[str, dict]]) -> None:
    for cell, body in changes:
        sent(wire, "PATCH", path_of(cell), body)


def at_once(wire: HTTPConnection, operations: list[dict]) -> None:
    sent(wire, "POST", "/batch", {"operations": operations})


def path_of(cell: str) -> str:
    return f"/cell_instances/{cell}"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "lab") as (service, url):
        ids = cells(service, count)
        single(service, ids, bare(Path(folder), count))
        batches(url, ids)
    print("processor:", ", ".join(f"{n} {statistics.median(w):.2f} ms" for n, w in WORK.items()))


if __name__ == "__main__":
    main()
