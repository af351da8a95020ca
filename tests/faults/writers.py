"""Who writes to a service over HTTP, all at once, and remembers what it was told?"""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADERS = {"X-API-Key": "k", "Content-Type": "application/json"}
PATIENCE = 30


def ask(
    line: http.client.HTTPConnection, method: str, path: str, body: object = None
) -> tuple[int, Any]:
    """Send one request on a connection that is kept, and read its answer."""
    sent = None if body is None else json.dumps(body)
    line.request(method, path, sent, HEADERS)
    reply = line.getresponse()
    content = reply.read()
    return reply.status, json.loads(content) if content else None


def connected(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE)


@dataclass
class Writers:
    """Clients that create cells and change them, each on a connection of its own.

    Attributes
    ----------
    urls : sequence of str
        Where; the clients are spread over them.
    clients : int
        How many.
    writes : int
        After how many each of them stops; they stop sooner when the service is gone.
    versions : dict
        The last version of each cell that was acknowledged, by its id.
    statuses, seconds : list
        Of every answer.
    """

    urls: Sequence[str]
    clients: int = 8
    writes: int = 1_000_000
    versions: dict[str, int] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> Self:
        """Begin to write below a spec that is made for this."""
        with closing(connected(self.urls[0])) as line:
            name = {"name": f"writers {time.monotonic_ns()}"}
            status, spec = ask(line, "POST", "/cell_specifications", name)
        assert status == 201, spec
        for number in range(self.clients):
            url = self.urls[number % len(self.urls)]
            asked = (url, f"/cell_specifications/{spec['id']}/cell_instances", number)
            self._threads.append(threading.Thread(target=self._write, args=asked))
            self._threads[-1].start()
        return self

    def finish(self) -> None:
        """Wait until all have stopped."""
        for thread in self._threads:
            thread.join()

    def acknowledged(self, number: int) -> None:
        """Wait until so many writes were acknowledged."""
        before = time.monotonic()
        while len(self.statuses) < number:
            assert time.monotonic() - before < PATIENCE
            time.sleep(0.002)

    def _write(self, url: str, cells: str, client: int) -> None:
        method, path, body = "POST", cells, {"name": ""}
        with closing(connected(url)) as line:
            for number in range(self.writes):
                if number % 3 == 0:
                    method, path, body = "POST", cells, {"name": f"{client}-{number}"}
                else:
                    body = {"notes": f"{number}"}
                try:
                    found = self._timed(line, method, path, body)
                except (OSError, http.client.HTTPException):
                    return
                method, path = "PATCH", f"/cell_instances/{found.get('id')}"

    def _timed(self, line: Any, method: str, path: str, body: object) -> dict[str, Any]:
        before = time.monotonic()
        status, found = ask(line, method, path, body)
        self.seconds.append(time.monotonic() - before)
        if status < 300:
            self.versions[found["id"]] = found["version"]
        self.statuses.append(status)
        return found
