"""How long the service takes to its first answer, and whether it grows: 20,000 requests.

    python tests/benchmarks/service_memory.py [REQUESTS]

``cellframe serve`` in a process of its own, on a folder that is there: at most 1.5 s to the first
answer. Then PATCHes, reads, lists and refusals over one connection; its memory after the first
fifth and after all of them differs by at most a tenth.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from urllib.parse import urlsplit

from service_writes import HEADERS, cells, mass

from cellframe.server.answer import Service

STARTS = 5


@contextmanager
def served(folder: Path):
    command = [sys.executable, "-m", "cellframe", "serve", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        yield HTTPConnection(urlsplit(line.rsplit(" at ", 1)[1].strip()).netloc), process.pid
        process.terminate()


def status(wire: HTTPConnection, method: str, path: str, body: object = None) -> int:
    wire.request(method, path, None if body is None else json.dumps(body), HEADERS)
    answer = wire.getresponse()
    answer.read()
    return answer.status


def first_answer(folder: Path) -> float:
    start = time.perf_counter()
    with served(folder) as (wire, _):
        assert status(wire, "GET", "/healthz") == 200
        return time.perf_counter() - start


def megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def requests(wire: HTTPConnection, ids: list[str], numbers: range) -> None:
    for number in numbers:
        cell = f"/cell_instances/{ids[number % len(ids)]}"
        turn = number % 4
        if turn == 0:
            assert status(wire, "PATCH", cell, mass(number)) == 200
        elif turn == 1:
            assert status(wire, "GET", cell) == 200
        elif turn == 2:
            assert status(wire, "GET", f"/cell_instances?limit=10&offset={number % 90}") == 200
        else:
            assert status(wire, "PATCH", cell, {"colour": number}) == 422


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder))
        ids = cells(service, 100)
        service.close()
        starts = [first_answer(Path(folder)) for _ in range(STARTS)]
        used = getrusage(RUSAGE_CHILDREN)
        processor = (used.ru_utime + used.ru_stime) / STARTS
        print(f"start to first answer: {statistics.median(starts):.2f} s", end=", ")
        print(f"of a processor's time {processor:.2f} s, its stop included")
        with served(Path(folder)) as (wire, pid):
            requests(wire, ids, range(count // 5))
            before = megabytes(pid)
            requests(wire, ids, range(count // 5, count))
            after = megabytes(pid)
        print(
            f"{count:,} requests: {before:.0f} MB, then {after:.0f} MB, ratio {after / before:.2f}"
        )


if __name__ == "__main__":
    main()
