"""What does a kept answer cost, against reading the same bytes from a file?

    python tests/benchmarks/http_cache.py

A record of 17 kB and a series of 5 MB, over HTTP from a process that does nothing but answer,
with entity tags. Interleaved rounds, medians, microseconds. *plain* asks without keeping, *miss*
keeps what came, *304* asks by tag, *hit* asks nobody; *path* stops before the bytes are read.
At the end, sixteen threads ask for the same at once.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cellframe.contract.wire import Request
from cellframe.store.blobs import Blobs
from cellframe.transport.caching.keeping import Keeping
from cellframe.transport.caching.wire import CachedWire
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire

ROUNDS, AT_ONCE = 15, 5
SMALL = b'{"id": "a", "notes": "%s"}' % (b"x" * 17_000)
LARGE = b"PAR1" + bytes(range(256)) * 20_000 + b"PAR1"
RECORD, SERIES = "/cell_instances/{}", "/cell_measurements/{}/time_series/download"


class Handler(BaseHTTPRequestHandler):
    """Answers, and counts on stdout what it sent in full."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        is_file = "download" in self.path
        body = LARGE if is_file else SMALL
        known = self.headers.get("If-None-Match") == '"1"'
        kind = "application/octet-stream" if is_file else "application/json"
        self.send_response(304 if known else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", "0" if known else str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if known else body)
        print(self.path, flush=True)

    def log_message(self, *_):
        pass


def serve() -> None:
    """Answer until killed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.RequestHandlerClass.wbufsize = 65_536
    print(server.server_port, flush=True)
    server.serve_forever()


class Ways:
    """The ways to the same bytes."""

    def __init__(self, url: str, folder: Path) -> None:
        self.plain = HttpWire(Policy(url, Secret("k")))
        self.drafts, self.count = folder / "drafts", 0
        files = Blobs(folder / "downloads")

        def kept(age: float) -> CachedWire:
            return CachedWire(self.plain, folder, folder / "own", files, Keeping(age))

        self.asking, self.patient = kept(0.0), kept(3600.0)

    def get(self, wire, path: str, *, read: bool = True) -> bytes | None:
        request = Request("GET", path)
        is_file = "download" in path
        reply = wire.fetch(request, self.drafts) if is_file else wire.send(request)
        content = reply.content if read else None
        if is_file and reply.body.movable:
            reply.body.path.unlink()
        return content

    def fresh(self) -> str:
        self.count += 1
        return f"new{self.count}"


def timed(call) -> float:
    gc.collect()
    begun = time.perf_counter()
    for _ in range(AT_ONCE):
        call()
    return (time.perf_counter() - begun) * 1e6 / AT_ONCE


def measure(ways: Ways, form: str, content: bytes, folder: Path) -> dict[str, float]:
    """Return the medians in us, by case."""
    file = folder / "file"
    file.write_bytes(content)
    known = form.format("known")
    ways.get(ways.asking, known)
    ways.asking._answers.settle()
    cases = {
        "file": file.read_bytes,
        "plain": lambda: ways.get(ways.plain, form.format(ways.fresh())),
        "miss": lambda: ways.get(ways.asking, form.format(ways.fresh())),
        "304": lambda: ways.get(ways.asking, known),
        "hit": lambda: ways.get(ways.patient, known),
        "path": lambda: ways.get(ways.patient, known, read=False),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(ROUNDS + 1):
        for name, call in cases.items():
            took = timed(call)
            if number:
                times[name].append(took)
    return {name: statistics.median(found) for name, found in times.items()}


def at_once(ways: Ways) -> None:
    """Ask for 25 of each kind from sixteen threads, every one sixteen times."""
    for form in (RECORD, SERIES):
        paths = [form.format(f"threads{n}") for n in range(25)] * 16
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda path: ways.get(ways.patient, path), paths))


def everything() -> tuple[dict[int, dict[str, float]], dict[str, int]]:
    """Return the medians by size, and the requests that the sixteen threads made by kind."""
    command = [sys.executable, __file__, "serve"]
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service,
    ):
        try:
            url = f"http://127.0.0.1:{service.stdout.readline().strip()}"
            folder = Path(name)
            ways = Ways(url, folder)
            both = ((RECORD, SMALL), (SERIES, LARGE))
            found = {len(body): measure(ways, form, body, folder) for form, body in both}
            at_once(ways)
            ways.plain.close()
        finally:
            service.kill()
        asked = [line for line in service.stdout if "threads" in line]
    kinds = ("instances", "measurements")
    return found, {kind: sum(kind in line for line in asked) for kind in kinds}


def main() -> None:
    found, asked = everything()
    for size, medians in found.items():
        print(f"{size:,} bytes")
        for name, median in medians.items():
            print(f"  {name:6}{median:10.0f} us{median / medians['file']:9.2f} x file")
    for kind, count in asked.items():
        print(f"16 threads, 25 {kind}, 400 reads: {count} requests")


if __name__ == "__main__":
    serve() if sys.argv[1:] == ["serve"] else main()
