"""How does a request come off the socket, and a reply go onto it?

The published service as an ASGI application: it reads a body no further than its limit,
answers in a thread, and refuses names of other hosts.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from uuid import uuid4

from anyio import CapacityLimiter, to_thread

from cellframe.contract.problems import Problem
from cellframe.contract.wire import Reply, Request
from cellframe.server.answer import labelled, problem_reply
from cellframe.server.refusals import Refusal, refuse
from cellframe.server.strict import LARGEST_BODY, too_large

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

THREADS = 32
"""Requests answered at once; a client's detail view asks for twenty."""
_PATIENCE = 30.0
"""Seconds that a client may take between two pieces of a body."""
_DRAIN = LARGEST_BODY
_DRAIN_PATIENCE = 2.0
_BODILESS = {204, 304}
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_log = logging.getLogger(__name__)


class _Gone(Exception):  # noqa: N818 - nobody is left to call it an error
    """The client hung up."""


class Publisher:
    """Publish a service's `answer` as an ASGI application.

    Parameters
    ----------
    answer : callable
        From a request to its reply; called in threads.
    loopback_only : bool
        Whether only the names of this machine are accepted as ``Host``. A web page that
        points its own name here (DNS rebinding) then gets nothing.
    """

    def __init__(self, answer: Callable[[Request], Reply], *, loopback_only: bool) -> None:
        self._answer = answer
        self._loopback_only = loopback_only
        self._limiter: CapacityLimiter | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            reply = await self._reply(scope, receive)
        except _Gone:
            return
        except Refusal as refusal:
            reply = last_words(refusal.problem)
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets a problem
            _log.exception("A request could not be read")
            reply = last_words(Problem(500, "The service failed; its log says more."))
        await _write(reply, send)

    async def _reply(self, scope: Message, receive: Receive) -> Reply:
        headers = _headers(scope["headers"])
        if self._loopback_only and not _is_loopback(headers.get("host", "")):
            raise refuse(400, "Host must be localhost, 127.0.0.1 or [::1] here.")
        request = Request(
            method=scope["method"],
            path=_path(scope),
            query=_query(scope["query_string"]),
            headers=headers,
            body=await _body(headers, receive),
        )
        if self._limiter is None:
            self._limiter = CapacityLimiter(THREADS)
        return await to_thread.run_sync(self._answer, request, limiter=self._limiter)


def last_words(problem: Problem) -> Reply:
    """Write a refusal after which the connection ends.

    What is left of a body that was not read would be taken for the next request.
    """
    return labelled(problem_reply(problem, {"connection": "close"}), uuid4().hex)


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Join repeated headers with commas, as RFC 9110 reads them."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _path(scope: Message) -> str:
    # Only the raw path still tells a slash from the %2F of an id.
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def _query(raw: bytes) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(
            parse_qsl(
                raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=5000
            )
        )
    except ValueError:
        raise refuse(400, "The query cannot be read; encode it as UTF-8 and %XX.") from None


def _is_loopback(host: str) -> bool:
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, ""
    return name.lower() in _LOOPBACK and (not port or (port.isascii() and port.isdigit()))


async def _body(headers: dict[str, str], receive: Receive) -> bytes | None:
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST_BODY:
        if "expect" not in headers:
            await _drain(receive)
        raise too_large()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await _next(receive, _PATIENCE)
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > LARGEST_BODY:
            parts.clear()
            await _drain(receive)
            raise too_large()
        parts.append(piece)
        if not message.get("more_body", False):
            return b"".join(parts) or None


async def _next(receive: Receive, patience: float) -> Message:
    try:
        async with asyncio.timeout(patience):
            message = await receive()
    except TimeoutError:
        problem = Problem(408, "The body came too slowly.", code="REQUEST_TIMEOUT")
        raise Refusal(problem) from None
    if message["type"] == "http.disconnect":
        raise _Gone
    return message


async def _drain(receive: Receive) -> None:
    """Let a client finish a somewhat too large body: cut off, it would never read why."""
    left = _DRAIN
    try:
        async with asyncio.timeout(_DRAIN_PATIENCE):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return


async def _write(reply: Reply, send: Send) -> None:
    body = b"" if reply.status in _BODILESS else reply.content
    headers = {**reply.headers, "x-content-type-options": "nosniff"}
    if reply.status not in _BODILESS:
        headers["content-length"] = str(len(body))
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
