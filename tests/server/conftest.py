"""The service itself, without a socket."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from cellframe.contract.wire import FileBody, Request
from cellframe.server.answer import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Answer:
    """A reply, read."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content) if self.content else None

    @property
    def message(self) -> str:
        return self.body["message"]

    @property
    def names(self) -> list[str]:
        return [item["name"] for item in self.body["items"]]


class Caller:
    """Sends to a service what a client would."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def __call__(
        self, method: str, target: str, body: Any = None, /, **headers: str | None
    ) -> Answer:
        path, _, query = target.partition("?")
        sent: dict[str, str | None] = {"x-api-key": "k", "content-type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        kept = body is None or isinstance(body, (bytes, FileBody))
        raw = body if kept else json.dumps(body).encode()
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        given = {name: value for name, value in sent.items() if value is not None}
        reply = self.service.answer(Request(method, path, pairs, given, raw))
        return Answer(reply.status, reply.headers, reply.content)

    def made(self, target: str, body: Any) -> dict[str, Any]:
        """Create a record and return it."""
        answer = self("POST", target, body)
        assert answer.status == 201, answer.content
        return answer.body


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "lab"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(folder: Path) -> Iterator[Callable[..., Caller]]:
    """Open the folder, as often and with whatever a test says."""
    with ExitStack() as stack:

        def open_(**options: Any) -> Caller:
            service = Service(folder, **options)
            stack.callback(service.close)
            return Caller(service)

        yield open_


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    service = Service(folder)
    yield service
    service.close()


@pytest.fixture
def call(service: Service) -> Caller:
    return Caller(service)


@pytest.fixture
def spec(call: Caller) -> dict[str, Any]:
    return call.made("/cell_specifications", {"name": "LFP 18650"})


@pytest.fixture
def spec_path(spec: dict[str, Any]) -> str:
    return f"/cell_specifications/{spec['id']}"


@pytest.fixture
def cells_path(spec_path: str) -> str:
    return f"{spec_path}/cell_instances"


@pytest.fixture
def cell(call: Caller, cells_path: str) -> dict[str, Any]:
    return call.made(cells_path, {"name": "c-1"})


@pytest.fixture
def cell_path(cell: dict[str, Any]) -> str:
    return f"/cell_instances/{cell['id']}"


@pytest.fixture
def timed(opened: Callable[..., Caller], clock: Clock) -> Caller:
    """A service whose clock the test sets."""
    return opened(clock=clock)
