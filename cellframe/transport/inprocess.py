"""The wire without a socket: the service is a function, and a request is a call of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from cellframe.contract.wire import FileBody, Reply, Request
from cellframe.errors import TransportError
from cellframe.transport.bodies import keep, pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_OK = 200
_REDIRECTS = (301, 302, 303, 307, 308)


class InProcessWire:
    """A wire to a service in this process.

    Parameters
    ----------
    answer : callable
        The service: takes a `Request`, returns a `Reply`.
    origin : str
        What to show as its address, e.g. the folder it keeps its records in.
    close : callable
        Called once by `close`.
    """

    def __init__(
        self, answer: Callable[[Request], Reply], origin: str, close: Callable[[], None]
    ) -> None:
        self._answer = answer
        self._origin = origin
        self._close = close

    @property
    def origin(self) -> str:
        """Address of the service, as shown to people."""
        return self._origin

    @property
    def in_place(self) -> bool:
        """Its files lie in the service's folder, on this machine."""
        return True

    def send(self, request: Request) -> Reply:
        """Hand the request over and return the answer."""
        return self._answer(request)

    def put(self, url: str, body: FileBody, headers: Mapping[str, str]) -> Reply:
        """Hand a file over; see `cellframe.contract.wire.Wire`."""
        about = {"content-type": "application/octet-stream", **headers}
        return self._answer(replace(self._own("PUT", url), headers=about, body=body))

    def fetch(self, request: Request, folder: Path) -> Reply:
        """Get a file, in place where it can be; see `cellframe.contract.wire.Wire`."""
        reply = self._answer(request)
        if reply.status in _REDIRECTS:
            reply = self._answer(self._own("GET", reply.headers.get("location", "")))
        if reply.status in _REDIRECTS:
            message = f"{request} at {self._origin} leads from one place to the next."
            raise TransportError(message, request=str(request), sent=True)
        return replace(reply, body=_filed(reply.body, folder)) if reply.status == _OK else reply

    def _own(self, method: str, url: str) -> Request:
        """Make a request of a path that this service named."""
        if not url.startswith("/") or url.startswith("//"):
            message = (
                f"{self._origin} keeps a file outside itself, which it cannot. Nothing was sent."
            )
            raise TransportError(message)
        parts = urlsplit(url)
        return Request(method, parts.path, tuple(parse_qsl(parts.query, keep_blank_values=True)))

    def close(self) -> None:
        """Close the service."""
        self._close()

    def __repr__(self) -> str:
        return f"InProcessWire({self._origin!r})"


def _filed(body: bytes | FileBody, folder: Path) -> FileBody:
    """Return a body as a whole file: the service's own, or a new one in the folder."""
    if isinstance(body, bytes):
        return keep([body], folder)
    if body.size == body.path.stat().st_size:
        return FileBody(body.path)
    return keep(pieces(body), folder)
