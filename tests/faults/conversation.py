"""What do clients say to a service? Every kind of request, as it comes off the socket.

The requests are recorded while a real service answers them, so that their ids are real. A route
that the conversation does not come to is asked with an empty object.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from cellframe.server.router import ROUTES
from tests.server.conftest import Caller
from tests.server.upload_tools import (
    MORE,
    confirm,
    initiate,
    parquet,
    path_of,
    put,
    upload,
    upload_raw,
)
from tests.server.upload_tools import upload_files as upload_any

if TYPE_CHECKING:
    from random import Random

    from cellframe.contract.wire import Reply, Request
    from cellframe.server.answer import Service

MASS = {"value": 41.35, "unit": "g"}
SPEC = {
    "name": "LFP 18650",
    "form_factor": "18650",
    "ratings": {"capacity": {"value": 1.1, "unit": "A*h"}},
    "cathode": {"properties": {"loading": {"value": 12.0, "unit": "mg/cm**2"}}},
    "source": {"doi": "10.1/x"},
}
CELL = {
    "name": "c-1",
    "batch": "L",
    "date_manufactured": "2026-01-05",
    "measured_properties": {"cell": {"mass": MASS, "policy": "4C"}},
    "notes": "å µ 😀",
}
LISTS = (
    "limit=2&offset=1&order_by=name&order=desc",
    "name=ilike.%25c%25&created_at_gt=2025-01-01",
    "name=eq.c-1&created_by_email=ilike.%25lab%25&tags_all=a&tags_any=b",
)


@dataclass
class Listening:
    """A service that remembers what it was asked."""

    service: Service
    heard: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Reply:
        """Answer, and remember."""
        self.heard.append(request)
        return self.service.answer(request)


def conversation(service: Service) -> list[bytes]:
    """Talk to a service, and return every request as HTTP writes it."""
    listening = Listening(service)
    call = Caller(listening)  # type: ignore[arg-type]
    spec = call.made("/cell_specifications", SPEC)
    cells = f"/cell_specifications/{spec['id']}/cell_instances"
    cell = call.made(cells, CELL)
    path = f"/cell_instances/{cell['id']}"
    call("PATCH", path, {"notes": None, "batch": "M"}, if_match='"1"')
    call("PATCH", f"/cell_specifications/{spec['id']}", {"ratings": {"voltage_max": MASS}})
    lot = call("GET", path).body["batch_id"]
    call("PATCH", f"/cell_batches/{lot}", {"name": "M2"})
    ids = {
        "cell_specifications": spec["id"],
        "cell_instances": cell["id"],
        "cell_batches": lot,
        "cell_measurements": _talk_about_tests(call, path),
        "projects": spec["project_id"],
    }
    for where in ("/cell_specifications", cells, "/cell_instances", "/cell_measurements"):
        for query in LISTS:
            call("GET", f"{where}?{query}", if_none_match='"x"')
    victim = call.made(cells, {"name": "victim"})
    call("DELETE", f"/cell_instances/{victim['id']}", if_match='"1"', idempotency_key="k-1")
    return [_written(request) for request in (*listening.heard, *_rest(listening.heard, ids))]


def _talk_about_tests(call: Caller, cell: str) -> str:
    test = upload(call, cell, tags=["a", "b"], start_time="2026-01-01T00:00:00Z")
    path = path_of(test)
    begun = call("POST", f"{path}/initiate-extend", {}).body
    put(call, begun, parquet(MORE))
    call("POST", f"{path}/confirm-extend", {})
    upload_any(call, cell, {"photo.png": b"a" * 100, "ö.txt": b"b"})
    properties = {"measurement_type": "properties", "properties": {"mass": MASS}}
    call.made(f"{cell}/cell_measurements/create", {"name": "mass", **properties})
    for below in ("", "/steps_and_cycles", "/cycles", "/files"):
        call("GET", path + below)
    file = call("GET", f"{path}/time_series/download").headers["location"]
    call("GET", file, range="bytes=-100", x_api_key=None)
    call("PATCH", path, {"tags": ["c"], "notes": "n"}, if_match="*")
    waiting = initiate(call, cell, "waiting")
    put(call, waiting)
    confirm(call, cell, waiting, "other name")
    _talk_about_raw_data(call, path)
    return test["id"]


def _talk_about_raw_data(call: Caller, test: str) -> None:
    raw = upload_raw(call, metadata={"device": "A"}, source="a cycler")
    path = f"/raw_data/{raw['id']}"
    call("POST", f"{test}/raw_data", {"raw_data_ids": [raw["id"]]})
    for where in (path, f"{path}/cell_measurements?limit=1", f"{test}/raw_data?limit=1&offset=1"):
        call("GET", where)
    call("GET", call("GET", f"{path}/download-url").body["url"], x_api_key=None)
    call("PATCH", path, {"source": "", "metadata": None}, if_match='"1"')
    call("DELETE", f"{test}/raw_data/{raw['id']}")
    call("POST", f"{test}/watch", {})


def _rest(heard: list[Request], ids: dict[str, str]) -> list[Request]:
    """Requests for the routes that were not come to."""
    been = {(one.method, _pattern(one.path)) for one in heard}
    made: list[Request] = []
    for pattern, handlers in ROUTES.items():
        for method in set(handlers) - {method for method, route in been if route == pattern}:
            # What is deleted takes everything below with it, and leaves nothing to ask for.
            record = "none" if method == "DELETE" else ids.get(pattern[0] or "", "none")
            path = "".join(f"/{one or record}" for one in pattern)
            made.append(_asked(heard[0], method, path))
    return made


def _pattern(path: str) -> tuple[str | None, ...] | None:
    steps = path.split("/")[1:]
    fits = (
        pattern
        for pattern in ROUTES
        if len(pattern) == len(steps)
        and all(wanted in {None, step} for wanted, step in zip(pattern, steps, strict=True))
    )
    return next(fits, None)


def _asked(template: Request, method: str, path: str) -> Request:
    body = None if method in {"GET", "HEAD", "DELETE"} else b"{}"
    return type(template)(method, path, (), template.headers, body)


def _written(request: Request) -> bytes:
    query = f"?{urlencode(request.query)}" if request.query else ""
    head = [f"{request.method} {request.path}{query}", "host: localhost"]
    head += [f"{name}: {value}" for name, value in request.headers.items()]
    body = request.body if isinstance(request.body, bytes) else b""
    return "\r\n".join(head).encode("latin-1", "replace") + b"\r\n\r\n" + body


SPICES = (
    *(b"NaN", b"1e400", b"-Infinity", b"9" * 30, b'"\\ud800"', b"\\u0000", b"\x00", b"\xff"),
    *(b"null", b"[]", b"{}", b'"', b"%00", b"%ff", b"%2e%2e%2f", b"../", b"\r\n", b",", b":"),
    *(b"eq.", b"ilike.", b"bytes=0-", b'W/"1"', b"*", b"-1", b"true", b'{"$ref":0}'),
    *(json.dumps("😀" * 5).encode(), quote("é").encode(), b"A" * 300),
)


def mutated(message: bytes, dice: Random) -> bytes:
    """Change a few bytes of a request: flip, drop, double, or spice.

    Anywhere in it, or half of the time in its body alone, since few get so far otherwise.
    """
    head, gap, body = message.partition(b"\r\n\r\n")
    if len(body) > 2 and dice.random() < 0.5:
        return head + gap + _changed(body, dice)
    return _changed(message, dice)


def _changed(message: bytes, dice: Random) -> bytes:
    found = bytearray(message)
    for _ in range(dice.choice((1, 1, 2, 3))):
        at = dice.randrange(len(found) + 1)
        to = min(len(found), at + dice.choice((1, 1, 2, 8)))
        kind = dice.randrange(5)
        if kind == 0 and at < len(found):
            found[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            del found[at:to]
        elif kind == 2:
            found[at:at] = found[at:to]
        elif kind == 3:
            found[at:to] = dice.randbytes(to - at)
        else:
            found[at:to] = dice.choice(SPICES)
    return bytes(found)


def scope(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Read a request as a lenient server would, into what an application is given."""
    head, _, body = message.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    method, _, target = first.partition(b" ")
    path, _, query = target.partition(b"?")
    pairs = [line.partition(b":")[::2] for line in lines]
    headers = [(name.strip().lower(), value.strip()) for name, value in pairs]
    found = {
        "type": "http",
        "method": method.decode("latin-1"),
        "scheme": "http",
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
    }
    return found, body
