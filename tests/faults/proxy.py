"""What happens to a request between a client and a service that are both sound?

A proxy that reads HTTP, and does to each request what the next verdict says: it is passed on, or
never arrives, or arrives and its answer does not. Verdicts come from dice with a seed, or from a
deck in which each lies. Every one is counted, so that a run in which a fault never happened is
not taken for one that stood it.
"""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PASS = "pass"
RESET = "reset"
"""The connection is reset before the service hears anything."""
UNAVAILABLE = "unavailable"
"""503, and the service hears nothing."""
TOO_MANY = "too many"
"""429 with ``Retry-After``, and the service hears nothing."""
LOST = "lost"
"""The service carries it out; the connection is reset instead of the answer."""
CUT = "cut"
"""The service carries it out; half of the answer comes."""
SLOW = "slow"
"""The service carries it out; its answer comes byte by byte, later than anybody waits."""
TWICE = "twice"
"""The service hears it twice; either of the answers comes."""
HALF = "half"
"""Of a batch, the first half is carried out, and 503 said of the other; as `UNAVAILABLE` else."""
FAULTS = (RESET, UNAVAILABLE, TOO_MANY, LOST, CUT, SLOW, TWICE, HALF)
RATES = {RESET: 0.05, UNAVAILABLE: 0.05, TOO_MANY: 0.02, LOST: 0.01, CUT: 0.01, SLOW: 0.01}
"""Those of law A1."""
AFTER = 0.2
"""Seconds that a 429 asks for."""
_MOST = 64 * 1024**2
_PROBLEM = b'{"error_code": "UNAVAILABLE", "message": "not now", "detail": null}'
_REASONS = {503: "Service Unavailable", 429: "Too Many Requests"}
_BODILESS = (204, 304)


class Message(NamedTuple):
    """A request or an answer, as its bytes came."""

    head: bytes
    body: bytes

    @property
    def start(self) -> list[str]:
        """The three words of its first line."""
        return self.head.split(b"\r\n", 1)[0].decode().split(" ", 2)

    @property
    def operations(self) -> list[Any]:
        """What a batch is made of; empty for any other request."""
        return json.loads(self.body)["operations"] if self.start[1] == "/batch" else []


class Gone(Exception):  # noqa: N818 - not an error: the other side hung up
    """The connection has ended."""


def dice(seed: int, rates: Mapping[str, float] = RATES) -> Iterator[str]:
    """Throw a verdict for each request."""
    faces, thrown = [PASS, *rates], random.Random(seed)
    weights = [1 - sum(rates.values()), *rates.values()]
    while True:
        yield thrown.choices(faces, weights)[0]


def deck(seed: int, passes: int, faults: tuple[str, ...] = FAULTS) -> Iterator[str]:
    """Deal each fault once, among so many that pass; and again, shuffled anew."""
    cards, thrown = [*faults, *[PASS] * passes], random.Random(seed)
    while True:
        thrown.shuffle(cards)
        yield from cards


class Proxy:
    """A proxy in front of a service on this machine, in a thread of its own.

    Attributes
    ----------
    upstream : int
        Port of the service; a new one after it was started again.
    verdicts : iterator of str
        What becomes of each request that writes; those that read are passed on.
    counts : Counter of str
        Verdicts that were carried out.
    requests, edits : int
        Writes that came in; and what they held, each operation of a batch being one.
    early : list of str
        Requests that came again before a 429 had said.
    """

    def __init__(self, upstream: int, verdicts: Iterator[str], *, reads: bool = False) -> None:
        self.upstream = upstream
        self.verdicts = verdicts
        self.counts: Counter[str] = Counter()
        self.requests = 0
        self.edits = 0
        self.early: list[str] = []
        self._reads = reads
        self._due: dict[Message, float] = {}
        self._thrown = random.Random(0)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._ended = asyncio.Event()
        self._clients: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._client, "127.0.0.1", 0, limit=_MOST)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._ended.wait()
        server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(task := asyncio.current_task())
        upstream = Upstream(self)
        try:
            while True:
                request = await read_message(reader)
                await getattr(self, f"_{self._verdict(request)}".replace(" ", "_"))(
                    request, upstream, writer
                )
        except (Gone, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            reset(writer)
        finally:
            upstream.close()
            self._clients.discard(task)

    def _verdict(self, request: Message) -> str:
        method, path, _ = request.start
        if method == "GET" and not self._reads:
            return PASS
        if time.monotonic() < self._due.get(request, 0.0):
            self.early.append(f"{method} {path}")
        self.requests += method != "GET"
        self.edits += (len(request.operations) or 1) if method != "GET" else 0
        verdict = next(self.verdicts)
        self.counts[verdict] += 1
        return verdict

    async def _pass(self, request: Message, upstream: Upstream, writer: Any) -> None:
        answer = await upstream.ask(request)
        writer.write(answer.head + answer.body)
        await writer.drain()

    async def _reset(self, *_: object) -> None:
        raise Gone

    async def _unavailable(self, _request: Message, _upstream: Upstream, writer: Any) -> None:
        writer.write(problem(503))
        await writer.drain()

    async def _too_many(self, request: Message, _upstream: Upstream, writer: Any) -> None:
        self._due[request] = time.monotonic() + AFTER
        writer.write(problem(429, f"Retry-After: {AFTER}\r\n"))
        await writer.drain()

    async def _lost(self, request: Message, upstream: Upstream, _writer: Any) -> None:
        await upstream.ask(request)
        raise Gone

    async def _cut(self, request: Message, upstream: Upstream, writer: Any) -> None:
        answer = await upstream.ask(request)
        writer.write(answer.head + answer.body[: len(answer.body) // 2])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        raise Gone

    async def _slow(self, request: Message, upstream: Upstream, writer: Any) -> None:
        answer = await upstream.ask(request)
        for byte in answer.head + answer.body:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)
        raise Gone

    async def _twice(self, request: Message, upstream: Upstream, writer: Any) -> None:
        answers = [await upstream.ask(request), await upstream.ask(request)]
        answer = self._thrown.choice(answers)
        writer.write(answer.head + answer.body)
        await writer.drain()

    async def _half(self, request: Message, upstream: Upstream, writer: Any) -> None:
        operations = request.operations
        if not operations:
            await self._unavailable(request, upstream, writer)
            return
        kept = operations[: len(operations) // 2]
        answer = await upstream.ask(rewritten(request, {"operations": kept}))
        told = json.loads(answer.body)
        refused = {"status": 503, "body": json.loads(_PROBLEM)}
        told["results"] += [refused] * (len(operations) - len(kept))
        answer = rewritten(answer, told)
        writer.write(answer.head + answer.body)
        await writer.drain()


class Upstream:
    """The connection to the service that belongs to one of a client."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, request: Message) -> Message:
        """Pass a request on; a service that was stopped has hung up."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._proxy.upstream, limit=_MOST
            )
        self._writer.write(request.head + request.body)
        await self._writer.drain()
        return await read_message(self._reader, is_answer=True)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


async def read_message(reader: asyncio.StreamReader, *, is_answer: bool = False) -> Message:
    """Read a request, or an answer, to its last byte."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        raise Gone from None
    lines = head.lower().split(b"\r\n")
    named = dict(line.split(b":", 1) for line in lines[1:] if b":" in line)
    if is_answer and int(head.split(b" ", 2)[1]) in _BODILESS:
        return Message(head, b"")
    if b"chunked" in named.get(b"transfer-encoding", b""):
        return Message(head, await _chunks(reader))
    return Message(head, await reader.readexactly(int(named.get(b"content-length", b"0"))))


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """Read the chunks of a body, as they came."""
    found = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        found += size + await reader.readexactly(int(size, 16) + 2)
        if int(size, 16) == 0:
            return found


def rewritten(message: Message, body: object) -> Message:
    """The same message with another body."""
    content = json.dumps(body).encode()
    lines = message.head.split(b"\r\n")
    size = b"content-length: %d" % len(content)
    kept = [line if line[:15].lower() != b"content-length:" else size for line in lines]
    return Message(b"\r\n".join(kept), content)


def problem(status: int, headers: str = "") -> bytes:
    """Write a refusal of the proxy's own."""
    lines = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\n{headers}"
    return f"{lines}Content-Length: {len(_PROBLEM)}\r\n\r\n".encode() + _PROBLEM


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection at once: with no time to linger, the system sends a reset."""
    with suppress(OSError):
        found = writer.get_extra_info("socket")
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
