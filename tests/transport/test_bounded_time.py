"""Law R10: every call has an end, whatever a service sends or keeps to itself."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain, repeat

import pytest

from cellframe.contract.wire import FileBody, Request
from cellframe.errors import TransportError
from cellframe.transport.meter import SLOWEST, Late, Meter
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire

LIMIT = 0.2
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
EVER = "and so on"
"""The piece before is sent again and again."""
WAYS = {
    "says nothing": [],
    "half a status line": [b"HTTP/1.1 2"],
    "half a head": [HEAD],
    "a head in bytes": [bytes([byte]) for byte in HEAD * 40],
    "a head without an end": [b"X: y\r\n", EVER],
    "a line without an end": [b"HTTP/1.1 200 ", b"O", EVER],
    "continue, and continue": [b"HTTP/1.1 100 Continue\r\n\r\n", EVER],
    "half a body": [HEAD + b"Content-Length: 9000\r\n\r\n", b"{"],
    "a body in bytes": [HEAD + b"Content-Length: 9000\r\n\r\n", b" ", EVER],
    "a body without an end": [HEAD + b"\r\n", b" ", EVER],
    "half a chunk": [CHUNKS + b"64\r\n{"],
    "chunks in bytes": [CHUNKS, b"1\r\n \r\n", EVER],
    "a chunk of -1 bytes": [CHUNKS + b"-1\r\n", b" ", EVER],
    "a size without an end": [CHUNKS, b"0", EVER],
    "trailers without an end": [CHUNKS + b"0\r\n", b"X: y\r\n", EVER],
    "a refusal without an end": [HEAD.replace(b"200 OK", b"400 No") + b"\r\n", b" ", EVER],
}
ACTS = ("send", "write", "fetch", "put")


class Puppet:
    """A service that accepts every connection, and says to each what it is told in pieces."""

    def __init__(self, pieces):
        if pieces[-1:] == [EVER]:
            pieces = chain(pieces[:-1], repeat(pieces[-2]))
        self._pieces = pieces
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        with suppress(OSError):
            line, _ = self._listening.accept()
            with line:
                for piece in self._pieces:
                    line.sendall(piece)
                    if self._over.wait(0.005):
                        return
                self._over.wait(5)

    def close(self):
        self._over.set()
        self._listening.close()
        self._thread.join()


def seconds(way: str, act: str, folder) -> float:
    """How long a call takes to be given up."""
    puppet = Puppet(WAYS[way])
    wire = HttpWire(Policy(puppet.url, Secret("k"), read_timeout=LIMIT, bulk_timeout=LIMIT))
    file = FileBody(folder / "file", 0, 3)
    acts = {
        "send": lambda: wire.send(Request("GET", "/x")),
        "write": lambda: wire.send(Request("POST", "/x", body=b"{}")),
        "fetch": lambda: wire.fetch(Request("GET", "/x"), folder / "got"),
        "put": lambda: wire.put("/x", file, {"content-digest": "x"}),
    }
    started = time.monotonic()
    with pytest.raises(TransportError):
        acts[act]()
    took = time.monotonic() - started
    wire.close()
    puppet.close()
    return took


@pytest.mark.law("R10")
def test_every_call_has_an_end(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    cases = [(way, act) for way in WAYS for act in ACTS]
    assert len(cases) >= 50
    with ThreadPoolExecutor(len(cases)) as pool:
        took = list(pool.map(lambda case: seconds(*case, tmp_path), cases))
    slow = {case: second for case, second in zip(cases, took, strict=True) if second > LIMIT + 1}
    assert not slow
    assert not (tmp_path / "got").exists() or not list((tmp_path / "got").iterdir())


@pytest.mark.law("R10")
def test_a_greeting_that_never_comes_is_given_up():
    puppet = Puppet([])
    wire = HttpWire(Policy(puppet.url.replace("http", "https"), Secret("k"), connect_timeout=0.05))
    started = time.monotonic()
    with pytest.raises(TransportError, match="Nothing answers") as fault:
        wire.send(Request("POST", "/x", body=b"{}"))
    assert time.monotonic() - started < 1.5
    assert not fault.value.sent
    wire.close()
    puppet.close()


def clock_of(*moments: float):
    """A clock that reads one moment after the other."""
    left = iter(moments)
    return lambda: next(left)


@pytest.mark.law("R10")
def test_a_small_answer_has_one_time_for_all_of_it():
    meter = Meter(10.0, 100, clock=clock_of(0.0, 4.0, 9.0, 10.0))
    assert meter.left() == 6.0
    meter.moved(90)
    assert meter.left() == 1.0
    with pytest.raises(Late):
        meter.left()


@pytest.mark.law("R10")
def test_a_file_has_as_much_time_again_for_every_bit_of_it():
    meter = Meter(10.0, 10_000, clock=clock_of(0.0, 0.0, 10.0, 19.0, 20.0))
    meter.endure()
    meter.moved(10 * SLOWEST)
    assert meter.left() == 10.0
    meter.moved(10 * SLOWEST - 1)
    assert meter.left() == 1.0
    with pytest.raises(Late):
        meter.left()


@pytest.mark.law("R10")
def test_what_is_said_instead_of_a_file_has_no_time_of_a_file():
    meter = Meter(300.0, 10_000, clock=clock_of(0.0, 0.0, 5.0, 15.0, 35.0))
    meter.endure()
    meter.hurry(30.0, 100)
    meter.moved(10**9)
    assert (meter.left(), meter.most) == (20.0, 100)
    with pytest.raises(Late):
        meter.left()


@pytest.mark.law("R10")
def test_a_pause_that_was_asked_for_is_no_time_of_the_call():
    meter = Meter(10.0, 100, clock=clock_of(0.0, 12.0))
    meter.received(100)
    meter.again(5.0)
    assert meter.left() == 3.0
    assert not meter.has_received
