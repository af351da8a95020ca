"""What a request costs: through cellframe's wire, a session of requests, and bare `http.client`.

    python tests/benchmarks/wire.py [ROUNDS]

A local server in a process of its own answers 17 kB of JSON or a file of 5 MB, at once or after
30 ms; sixteen threads ask. Interleaved; medians of the rounds, and the processor's time of this
process, all of which is spent with Python's one lock held. Aim for at most 1.4 times the bare
client and a third of requests on small answers.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter

from cellframe.contract.wire import Request
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 16
SMALL, LARGE = b"[" + b"0," * 8500 + b"0]", os.urandom(5_000_000)
ASKED = {"/small": 400, "/large": 48}
HEADERS = {"Accept": "application/json", "X-API-Key": "k"}


class Server(asyncio.Protocol):
    """Answers /small or /large, after the milliseconds that follow in the path."""

    def connection_made(self, transport):
        self.line, self.asked = transport, b""

    def data_received(self, data):
        self.asked += data
        while b"\r\n\r\n" in self.asked:
            head, _, self.asked = self.asked.partition(b"\r\n\r\n")
            _, name, pause = head.split()[1].decode().split("/")
            body = SMALL if name == "small" else LARGE
            asyncio.get_running_loop().call_later(int(pause) / 1000, self.answer, body)

    def answer(self, body):
        kind = b"application/json" if body is SMALL else b"application/vnd.apache.parquet"
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
        self.line.writelines([head % (kind, len(body)), body])


async def serve():
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def ways(port: int, folder: Path) -> dict[str, Callable[[str], int]]:
    """Return the clients, each of which asks for a path and returns the bytes that came."""
    wire = HttpWire(Policy(f"http://127.0.0.1:{port}", Secret("k")))
    session = requests.Session()
    session.mount("http://", HTTPAdapter(pool_maxsize=THREADS))
    own = local()

    def ours(path: str) -> int:
        if path.startswith("/small"):
            return len(wire.send(Request("GET", path)).content)
        body = wire.fetch(Request("GET", path), folder).body
        size = body.size
        body.path.unlink()
        return size

    def sessions(path: str) -> int:
        return len(session.get(f"http://127.0.0.1:{port}{path}", headers=HEADERS).content)

    def bare(path: str) -> int:
        if not hasattr(own, "line"):
            own.line = http.client.HTTPConnection("127.0.0.1", port)
        own.line.request("GET", path, headers=HEADERS)
        return len(own.line.getresponse().read())

    return {"cellframe": ours, "requests": sessions, "http.client": bare}


def milliseconds(ask: Callable[[str], int], path: str, count: int, pool) -> tuple[float, float]:
    """Return wall and processor time of one request."""
    wall, processor = time.perf_counter(), time.process_time()
    assert all(pool.map(ask, [path] * count))
    scale = 1000 / count
    return (time.perf_counter() - wall) * scale, (time.process_time() - processor) * scale


def table(port: int, folder: Path, rounds: int) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        for name, count in ASKED.items():
            for pause in (0, 30):
                path = f"{name}/{pause}"
                asks = ways(port, folder)
                times = {way: [] for way in asks}
                for _ in range(rounds + 1):
                    for way, ask in asks.items():
                        times[way].append(milliseconds(ask, path, count, pool))
                told(f"{name[1:]}, {pause} ms", {way: found[1:] for way, found in times.items()})


def told(case: str, times: dict[str, list[tuple[float, float]]]) -> None:
    medians = {
        way: [statistics.median(column) for column in zip(*found, strict=True)]
        for way, found in times.items()
    }
    bare = medians["http.client"]
    for way, (wall, processor) in medians.items():
        print(
            f"{case:13} {way:12} {wall:7.3f} ms ({wall / bare[0]:4.2f}x), "
            f"processor {processor:7.3f} ms ({processor / bare[1]:4.2f}x)"
        )


def main() -> None:
    if sys.argv[1:] == ["--serve"]:
        asyncio.run(serve())
        return
    rounds = int(sys.argv[1]) if sys.argv[1:] else 7
    command = [sys.executable, __file__, "--serve"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        tempfile.TemporaryDirectory() as folder,
    ):
        try:
            table(int(process.stdout.readline()), Path(folder), rounds)
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
