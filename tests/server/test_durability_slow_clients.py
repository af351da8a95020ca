"""Laws S8 and S12: slow clients hold nobody up, and a stop waits for nobody forever."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.faults.writers import PATIENCE, Writers, ask, connected
from tests.wire.conftest import Served, stop

ROOT = Path(__file__).parents[2]
SERVE = """
import sys
from pathlib import Path
from cellframe.server import app, receiving
app._IDLE = receiving._PATIENCE = float(sys.argv[2])
app.serve(Path(sys.argv[1]), port=0, ready=lambda url: print(url, flush=True))
"""
HEAD = b"POST /cell_specifications HTTP/1.1\r\nHost: localhost\r\nX-API-Key: k\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
LONG = pytest.param(30, marks=[pytest.mark.nightly, pytest.mark.timeout(240)])


@pytest.fixture
def patient(tmp_path):
    """Serve folders in processes that wait so many seconds for a slow client."""
    started = []

    def serve(seconds=30, folder="lab"):
        command = [sys.executable, "-c", SERVE, str(tmp_path / folder), str(seconds)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(Served(process.stdout.readline().strip(), process))
        return started[-1]

    yield serve
    for served in started:
        stop(served)


def line_to(served, begin=b""):
    line = socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE + 10)
    line.sendall(begin)
    return line


HALF = {
    b"": [b"408"],
    HEAD: [b"408"],
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /he": [b"200"],
    BODY + b'{"name":': [b"408"],
}
"""What comes, and the statuses of what is answered to it."""


@pytest.mark.law("S8")
@pytest.mark.parametrize("seconds", [0.4, LONG])
def test_half_a_request_is_waited_for_so_long_and_no_longer(patient, seconds):
    served = patient(seconds)
    for begin, statuses in HALF.items():
        before = time.monotonic()
        with line_to(served, begin) as line:
            said = b"".join(iter(lambda: line.recv(65536), b""))
        assert seconds <= time.monotonic() - before < seconds + 5
        assert re.findall(rb"HTTP/1.1 (...)", said) == statuses


@pytest.mark.law("S8")
def test_a_head_that_drips_is_not_waited_for_longer(patient):
    with line_to(patient(0.4), HEAD) as line:
        assert any(not drips(line) for _ in range(200))


def drips(line):
    """Send one more header, slowly; tell whether anybody takes it."""
    time.sleep(0.05)
    try:
        line.sendall(b"X: y\r\n")
    except OSError:
        return False
    return True


@pytest.mark.law("S8")
def test_an_ordinary_client_is_hardly_slower_beside_two_hundred_slow_ones(patient):
    crowded, quiet = patient(folder="a"), patient(folder="b")
    took = {crowded: [], quiet: []}
    with ExitStack() as stack:
        slow = [
            stack.enter_context(line_to(crowded, begin)) for begin in (b"", HEAD, BODY, BODY) * 50
        ]
        lines = {one: stack.enter_context(closing(connected(one.url))) for one in took}
        for number in range(60):
            slow[number % 200].sendall(b"{" if number % 4 > 1 else b"X")
            for one, line in lines.items():
                before = time.monotonic()
                assert ask(line, "POST", "/cell_specifications", {"name": f"s{number}"})[0] == 201
                took[one].append(time.monotonic() - before)
    beside, alone = (sorted(seconds)[57] for seconds in took.values())
    assert beside < 2 * alone + 0.01


@pytest.mark.law("S12")
@pytest.mark.parametrize(
    "under_way", ["writes", pytest.param("half an upload", marks=pytest.mark.nightly)]
)
def test_a_stop_ends_within_ten_seconds_and_loses_nothing(patient, under_way):
    served = patient()
    writers = Writers([served.url]).start()
    writers.acknowledged(50)
    with ExitStack() as stack:
        if under_way == "half an upload":
            stack.enter_context(half_an_upload(served))
        before = time.monotonic()
        served.process.send_signal(signal.SIGTERM)
        writers.finish()
        assert served.process.wait(20) == 0
    assert time.monotonic() - before < 10
    assert set(writers.statuses) <= {200, 201}
    again = patient()
    with closing(connected(again.url)) as line:
        for record, version in writers.versions.items():
            assert ask(line, "GET", f"/cell_instances/{record}")[1]["version"] >= version


def half_an_upload(served):
    """A file that is put, and never ends."""
    with closing(connected(served.url)) as line:
        _, spec = ask(line, "POST", "/cell_specifications", {"name": "upload"})
        _, cell = ask(
            line, "POST", f"/cell_specifications/{spec['id']}/cell_instances", {"name": "c"}
        )
        path = f"/cell_instances/{cell['id']}/cell_measurements/initiate-upload"
        _, begun = ask(line, "POST", path, {"measurement": {"name": "t"}})
    address = begun["uploads"][0]["signed_url"].removeprefix(served.url)
    head = f"PUT {address} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n"
    return line_to(served, head.encode() + bytes(2_000_000))
