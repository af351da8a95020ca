"""How long the service takes for a list, against reading the same rows with SQLite and orjson.

    python tests/benchmarks/service_lists.py [CELLS]

All cells of a spec, page by page, answered in this process; and the same columns of the same
rows, in one plain query for each page, dumped with orjson. Interleaved, medians; aim for at most
three times as long.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

import orjson
from service_writes import HEADERS, cells

from cellframe.contract.wire import Request
from cellframe.server.answer import Service

ROUNDS = 7
PLAIN = """
SELECT c.*, l.name FROM cell_instances c LEFT JOIN cell_batches l ON l.id = c.batch_id
WHERE c.cell_specification_id = ? ORDER BY c.created_at, c.id LIMIT ? OFFSET ?
"""
JSON_COLUMN = "measured_properties"


def pages(service: Service, spec: str, size: int, count: int) -> int:
    path, read = f"/cell_specifications/{spec}/cell_instances", 0
    while read < count:
        query = (("limit", str(size)), ("offset", str(read)), ("order", "asc"))
        reply = service.answer(Request("GET", path, query, HEADERS))
        assert reply.status == 200
        read += size
    return read


def plain(connection: sqlite3.Connection, spec: str, size: int, count: int) -> int:
    read = 0
    while read < count:
        cursor = connection.execute(PLAIN, (spec, size, read))
        names = [column[0] for column in cursor.description]
        items = []
        for row in cursor:
            item = dict(zip(names, row, strict=True))
            if item[JSON_COLUMN] is not None:
                item[JSON_COLUMN] = orjson.Fragment(item[JSON_COLUMN])
            items.append(item)
        orjson.dumps({"items": items})
        read += size
    return read


def milliseconds(call, *arguments: object) -> float:
    start = time.perf_counter()
    call(*arguments)
    return (time.perf_counter() - start) * 1000


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder))
        (cell, *_) = cells(service, count)
        found = service.answer(Request("GET", f"/cell_instances/{cell}", (), HEADERS))
        spec = orjson.loads(found.content)["cell_specification_id"]
        connection = sqlite3.connect(Path(folder) / "cellframe.sqlite")
        for size in (1000, 100):
            times = []
            for _ in range(ROUNDS):
                ours = milliseconds(pages, service, spec, size, count)
                times.append((ours, milliseconds(plain, connection, spec, size, count)))
            ratio = statistics.median(ours / theirs for ours, theirs in times)
            ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
            print(f"{count:,} cells, {size} a page: {ours:.0f} ms, plain {theirs:.0f} ms", end=", ")
            print(f"ratio {ratio:.2f}")
        service.close()


if __name__ == "__main__":
    main()
