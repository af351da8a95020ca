"""One request goes out on a connection, and its answer comes in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cellframe.errors import TransportError
from cellframe.transport.bodies import PIECE, Slice, opened
from cellframe.transport.ways import password_of, target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse

    from cellframe.contract.wire import FileBody
    from cellframe.transport.lines import Line, Lines
    from cellframe.transport.meter import Meter
    from cellframe.transport.ways import Place

T = TypeVar("T")

_FIRST_FINAL = 200


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent.

    Attributes
    ----------
    method, url : str
        Absolute address.
    place : Place
        Of the address.
    headers : mapping of str to str
        Credential included; so that a call is never shown.
    body : bytes, FileBody or None
        What is sent after them.
    """

    method: str
    url: str
    place: Place
    headers: Mapping[str, str]
    body: bytes | FileBody | None = None

    def __repr__(self) -> str:
        return f"Call({self.method!r}, {self.place.shown!r})"


def call(lines: Lines, call: Call, meter: Meter, take: Callable[[HTTPResponse], T]) -> T:
    """Send a request, and return what is taken from its answer."""
    with lines.to(call.place, meter) as line:
        with opened(call.body) as body:
            _send(line, call, body)
        line.answer = answer = line.connection.getresponse()
        if answer.status < _FIRST_FINAL:
            # Whatever comes next would be taken for the answer to another request.
            message = f"the answer is only a preliminary one ({answer.status})"
            raise TransportError(message, sent=True)
        return take(answer)


def headers_of(answer: HTTPResponse) -> dict[str, str]:
    """Return the headers of an answer, names in lower case, each on one line."""
    found: dict[str, str] = {}
    for name, value in answer.getheaders():
        key = name.lower()
        # A value may go on on a further line, which no header of a request can.
        value = value if value.isprintable() else " ".join(value.split())  # noqa: PLW2901
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def _send(line: Line, call: Call, body: bytes | Slice | None) -> None:
    """Send head and body; a service may refuse before it heard everything, and say why."""
    _write_head(line, call, len(body or b""))
    with suppress(BrokenPipeError, ConnectionResetError):
        if not isinstance(body, Slice):
            line.connection.endheaders(body)
            return
        line.connection.endheaders()
        line.tap.meter.endure()
        while piece := body.read(PIECE):
            line.tap.sendall(piece)
    line.tap.meter.hurry(line.tap.meter.seconds, line.tap.meter.most)


def _write_head(line: Line, call: Call, size: int) -> None:
    target, headers = target_of(call.url), dict(call.headers)
    if line.proxy is not None:
        target = f"{call.place.scheme}://{call.place.shown}{target}"
        headers |= password_of(line.proxy)
    line.connection.putrequest(call.method, target, skip_host=True, skip_accept_encoding=True)
    line.connection.putheader("Host", call.place.shown)
    if size or call.method not in ("GET", "DELETE"):
        headers["Content-Length"] = str(size)
    for name, value in headers.items():
        if not value.isprintable():  # http.client would let a NUL by
            raise ValueError(name)
        line.connection.putheader(name, value)
