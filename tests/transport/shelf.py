"""A service that is a dict: what it is asked is counted, and what happens meanwhile is told.

It offers what the contract asks of the least of services, entity tags where it is told to.
"""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract.wire import FileBody, Reply, Request
from cellframe.errors import TransportError
from cellframe.store.blobs import Blobs
from cellframe.transport.caching.keeping import Keeping
from cellframe.transport.caching.wire import CachedWire

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

JSON = {"content-type": "application/json"}


@dataclass
class Shelf:
    """Records by path, and files by path; a wire to both.

    `meanwhile` runs between a question and its answer, `pause` is how long an answer takes, and
    `loses` are the methods whose answers are lost after they were carried out.
    """

    tags: bool = True
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    meanwhile: Callable[[Request], object] = lambda _: None
    pause: float = 0.0
    loses: tuple[str, ...] = ()
    says: dict[str, str] = field(default_factory=dict)
    origin: str = "https://shelf.example.org"
    in_place: bool = False
    guard: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: Request) -> Reply:
        with self.guard:
            reply = self._carried(request)
        self.meanwhile(request)
        if self.pause:
            time.sleep(self.pause)
        with self.guard:
            self.asked.append((request.method, request.target, reply.status))
        if request.method in self.loses:
            message = "the answer was lost"
            raise TransportError(message, sent=True)
        return reply

    def _carried(self, request: Request) -> Reply:
        path = request.path
        if request.method == "GET":
            return self._read(request)
        if request.method == "DELETE":
            self.records.pop(path, None)
            return Reply(204)
        sent = orjson.loads(request.body or b"{}")
        self.records[path] = {**self.records.get(path, {}), **sent, "id": path}
        return Reply(200, JSON, orjson.dumps(self.records[path]))

    def _read(self, request: Request) -> Reply:
        if request.path in self.records:
            return self._told(request, orjson.dumps(self.records[request.path]))
        query = dict(request.query)
        if "limit" not in query:
            return Reply(404, JSON, b'{"detail": "not found"}')
        found = [
            record
            for path, record in sorted(self.records.items())
            if path.startswith(request.path + "/")
            and record.get("lot") == query.get("lot", record.get("lot"))
        ]
        first = int(query.get("offset", 0))
        items = found[first : first + int(query["limit"])]
        return self._told(request, orjson.dumps({"items": items, "total": len(found)}))

    def _told(self, request: Request, body: bytes) -> Reply:
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {**JSON, **({"etag": tag} if self.tags else {}), **self.says}
        if self.tags and request.headers.get("if-none-match") == tag:
            return Reply(304, {"etag": tag})
        return Reply(200, headers, body)

    def fetch(self, request: Request, folder: Path) -> Reply:
        found = self._told(request, self.files[request.path])
        if self.pause:
            time.sleep(self.pause)
        with self.guard:
            self.asked.append(("FETCH", request.target, found.status))
        if found.status != 200:
            return found
        folder.mkdir(exist_ok=True)
        path = folder / f"{threading.get_ident()}-{len(self.asked)}"
        path.write_bytes(self.files[request.path])
        return Reply(200, found.headers, FileBody(path, movable=True))

    def put(self, *_: object) -> Reply:
        return Reply(200)

    def close(self) -> None:
        pass

    @property
    def statuses(self) -> list[int]:
        """What was answered since this was last looked at."""
        found = [status for _, _, status in self.asked]
        self.asked.clear()
        return found


def opened(
    shelf: Any, folder: Path, *, who: str = "me", clock: Any = time.time, **kept: Any
) -> CachedWire:
    """A wire that remembers, over a shelf, in a folder that others may share."""
    service = folder / "answers"
    return CachedWire(
        shelf,
        service,
        service / who,
        Blobs(folder / "downloads", kept.get("most")),
        Keeping(**kept),
        clock,
    )


def get(wire: Any, path: str = "/cell_instances/a", **query: str) -> dict[str, Any]:
    """What a record or a page says."""
    return orjson.loads(wire.send(Request("GET", path, tuple(query.items()))).content)


def write(wire: Any, path: str = "/cell_instances/a", method: str = "PATCH", **fields: Any) -> None:
    """Write a record, or fail to hear that it was written."""
    wire.send(Request(method, path, body=orjson.dumps(fields)))
