"""Laws S8 and S12: slow clients hold nobody up, and a stop waits for nobody forever."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import pytest

from cellframe.server.answer import Service
from cellframe.server.asgi import Publisher
from tests.faults.conversation import scope
from tests.faults.writers import PATIENCE, Writers, ask, connected
from tests.server.conftest import Caller
from tests.server.upload_tools import upload_raw
from tests.wire.conftest import Served, stop

ROOT = Path(__file__).parents[2]
SERVE = """
import sys
from pathlib import Path
from cellframe.server import app, protocol, receiving
protocol.IDLE = receiving._PATIENCE = float(sys.argv[2])
app.serve(Path(sys.argv[1]), port=0, ready=lambda url: print(url, flush=True))
"""
HEAD = b"POST /cell_specifications HTTP/1.1\r\nHost: localhost\r\nX-API-Key: k\r\n"
BODY = HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
SLOW = HEAD + b"Content-Type: application/json\r\nContent-Length: 81920\r\n\r\n"
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
@pytest.mark.parametrize(
    ("begin", "drop"),
    [(HEAD, b"X: y\r\n"), (BODY, b"{"), (SLOW, b" " * 300)],
    ids=["head", "body", "6 KiB a second"],
)
def test_what_drips_is_not_waited_for_longer(patient, begin, drop):
    with line_to(patient(0.4), begin) as line:
        assert any(not drips(line, drop) for _ in range(200))


def drips(line, drop):
    """Send a little more, slowly; tell whether anybody takes it."""
    time.sleep(0.05)
    try:
        line.sendall(drop)
    except OSError:
        return False
    return True


@pytest.mark.law("S8")
def test_a_body_at_the_pace_of_a_phone_is_taken(patient):
    with line_to(patient(0.4), SLOW) as line:
        assert all(drips(line, b" " * 4095) for _ in range(20))
        line.sendall(b'{"name": "by phone"}')
        assert line.recv(65536).split()[1] == b"201"


LARGE = 16 * 2**20
"""More than the sockets of both sides hold."""


@pytest.fixture
def large(tmp_path):
    """A service with a large file, and where it lies."""
    service = Service(tmp_path / "lab")
    call = Caller(service)
    raw = upload_raw(call, bytes(LARGE))
    path = call("GET", f"/raw_data/{raw['id']}/download-url").body["url"]
    yield service, path
    service.close()


@pytest.fixture
def asking(patient, large):
    """A small socket on which the large file is asked for."""
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        line.settimeout(PATIENCE)
        line.connect(("127.0.0.1", patient(0.4).port))
        line.sendall(f"GET {large[1]} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield line


def taken(line, slowly=0):
    """Read to the end, so many pieces of it slowly; tell how much came."""
    came = 0
    with suppress(ConnectionResetError):
        while came < LARGE and (piece := line.recv(2**16)):
            came += len(piece)
            slowly -= 1
            time.sleep(0.05 if slowly > 0 else 0)
    return came


@pytest.mark.law("S8")
def test_a_client_that_takes_nothing_of_its_answer_is_cut_off(asking):
    for _ in range(20):
        time.sleep(0.05)
    assert 0 < taken(asking) < LARGE


@pytest.mark.law("S8")
def test_a_client_that_takes_its_answer_slowly_gets_all_of_it(asking):
    assert taken(asking, slowly=40) >= LARGE


@pytest.mark.law("S8")
def test_a_file_is_read_no_further_for_a_client_that_hung_up(large):
    service, path = large
    sent, left = [], [{"type": "http.disconnect"}, {"type": "http.request"}]

    async def receive():
        return left.pop()

    async def send(part):
        sent.append(len(part.get("body", b"")))

    found, _ = scope(f"GET {path}\r\nHost: localhost".encode())
    asyncio.run(Publisher(service, loopback_only=True)(found, receive, send))
    assert len(sent) == 1


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
