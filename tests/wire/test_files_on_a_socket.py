"""Files over a socket: streamed both ways, and never half."""

from __future__ import annotations

import asyncio
import http.client
import io
import json
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import polars as pl
import pytest

from cellframe.contract.wire import Request
from cellframe.server.answer import Service
from cellframe.server.asgi import Publisher

HEADERS = {"X-API-Key": "k", "Content-Type": "application/json"}
BIG = 48 * 2**20


def ask(served, method, path, body=None, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    raw = json.dumps(body) if isinstance(body, dict) else body
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)) as connection:
        connection.request(method, path, raw, {**HEADERS, **sent})
        reply = connection.getresponse()
        return reply, reply.read()


def made(served, path, body):
    reply, content = ask(served, "POST", path, body)
    assert reply.status in {200, 201}, content
    return json.loads(content)


@pytest.fixture
def cell(served):
    spec = made(served, "/cell_specifications", {"name": "s"})
    return made(served, f"/cell_specifications/{spec['id']}/cell_instances", {"name": "c"})["id"]


@pytest.fixture
def begun(served, cell):
    """An upload of one file, begun."""
    body = {"measurement": {"name": "t"}, "measurement_type": "file", "filenames": ["a"]}
    return made(served, f"/cell_instances/{cell}/cell_measurements/initiate-upload", body)


def confirm(served, cell, begun):
    body = {"cell_instance_id": cell, "measurement": {"name": "t"}, "measurement_type": "file"}
    path = f"/cell_measurements/{begun['measurement_id']}/confirm-upload"
    return ask(served, "POST", path, body)[0].status


def target(begun):
    return urlsplit(begun["uploads"][0]["signed_url"])


def staged(tmp_path):
    return list((tmp_path / "lab" / "staging").glob("*"))


def resident(served):
    """The most memory that the service ever had, in bytes."""
    lines = Path(f"/proc/{served.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def test_an_address_is_absolute_and_works_by_itself(served, cell, begun):
    assert target(begun).netloc == f"127.0.0.1:{served.port}"
    assert target(begun).scheme == "http"
    with closing(http.client.HTTPConnection("127.0.0.1", served.port)) as connection:
        connection.request("PUT", target(begun).path, b"x" * 9)
        assert connection.getresponse().status == 200
    assert confirm(served, cell, begun) == 201


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_of_any_size_passes_in_pieces(served, cell, begun, chunked):
    before = resident(served)
    body = (bytes(2**20) for _ in range(BIG >> 20)) if chunked else io.BytesIO(bytes(BIG))
    sent = {} if chunked else {"Content_Length": str(BIG)}
    assert ask(served, "PUT", target(begun).path, body, **sent)[0].status == 200
    assert confirm(served, cell, begun) == 201
    path = f"/cell_measurements/{begun['measurement_id']}/files/a"
    location = ask(served, "GET", path)[0].getheader("location")
    reply, content = ask(served, "GET", urlsplit(location).path)
    assert (reply.status, len(content)) == (200, BIG)
    assert resident(served) - before < BIG / 2


def test_a_put_that_breaks_off_leaves_nothing(served, cell, begun, tmp_path):
    head = f"PUT {target(begun).path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BIG}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as line:
        line.sendall(head.encode() + bytes(2**21))
    for _ in range(50):
        assert ask(served, "GET", "/healthz")[0].status == 200
        if not staged(tmp_path):
            break
    assert staged(tmp_path) == []
    assert confirm(served, cell, begun) == 400


def test_a_body_to_a_false_address_is_not_kept(served, begun, tmp_path):
    reply, _ = ask(served, "PUT", target(begun).path + "0", bytes(2**20))
    assert reply.status == 403
    assert staged(tmp_path) == []


def test_a_head_has_no_body(served, cell, begun):
    ask(served, "PUT", target(begun).path, b"x" * 9)
    confirm(served, cell, begun)
    path = f"/cell_measurements/{begun['measurement_id']}/files/a"
    location = urlsplit(ask(served, "GET", path)[0].getheader("location")).path
    reply, content = ask(served, "HEAD", location)
    assert (reply.status, content, reply.getheader("content-length")) == (200, b"", "9")


def test_rows_are_read_from_the_address_itself(served, cell):
    frame = pl.DataFrame({"Time [s]": [0.0, 1.0], "Voltage [V]": [3.0, 3.1], "Step count": [0, 0]})
    file = io.BytesIO()
    frame.write_parquet(file)
    body = {"measurement": {"name": "s"}}
    begun = made(served, f"/cell_instances/{cell}/cell_measurements/initiate-upload", body)
    ask(served, "PUT", target(begun).path, file.getvalue())
    path = f"/cell_measurements/{begun['measurement_id']}"
    made(served, f"{path}/confirm-upload", {"cell_instance_id": cell, **body})
    location = ask(served, "GET", f"{path}/time_series/download")[0].getheader("location")
    assert pl.scan_parquet(location).slice(1, 1).collect().row(0) == (1.0, 3.1, 0)


def test_a_service_behind_a_proxy_names_its_public_address(serving):
    behind = serving(0, "k", "https://lab.example/cells")
    spec = made(behind, "/cell_specifications", {"name": "s"})
    path = f"/cell_specifications/{spec['id']}/cell_instances"
    cell = made(behind, path, {"name": "c"})["id"]
    body = {"measurement": {"name": "t"}}
    begun = made(behind, f"/cell_instances/{cell}/cell_measurements/initiate-upload", body)
    assert begun["uploads"][0]["signed_url"].startswith("https://lab.example/cells/storage/")


@pytest.mark.parametrize("declared", [True, False])
def test_a_file_over_the_limit_is_told_so(tmp_path, declared):
    service = Service(tmp_path / "lab", open_door=True)
    publisher = Publisher(service, loopback_only=False, largest_file=1000)
    call = InProcess(service)
    spec = call("/cell_specifications", {"name": "s"})["id"]
    cell = call(f"/cell_specifications/{spec}/cell_instances", {"name": "c"})["id"]
    body = {"measurement": {"name": "t"}}
    begun = call(f"/cell_instances/{cell}/cell_measurements/initiate-upload", body)
    path = begun["uploads"][0]["signed_url"]
    assert asyncio.run(statuses(publisher, path, [b"x" * 600] * 2, declared)) == [413]
    assert asyncio.run(statuses(publisher, path, [b"x" * 600], declared)) == [200]
    assert len(staged(tmp_path)) == 1
    service.close()


class InProcess:
    """Calls a service and reads its answer."""

    def __init__(self, service):
        self.service = service

    def __call__(self, path, body):
        headers = {"content-type": "application/json"}
        return json.loads(
            self.service.answer(
                Request("POST", path, (), headers, json.dumps(body).encode())
            ).content
        )


async def statuses(publisher, path, pieces, declared):
    """PUT pieces to the application itself, and return the statuses it sent."""
    size = str(sum(map(len, pieces))).encode()
    scope = {
        "type": "http",
        "method": "PUT",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "headers": [(b"content-length", size)] if declared else [],
    }
    waiting = [
        {"type": "http.request", "body": piece, "more_body": number + 1 < len(pieces)}
        for number, piece in enumerate(pieces)
    ]
    sent = []

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message.get("status"))

    await publisher(scope, receive, send)
    return [status for status in sent if status]
