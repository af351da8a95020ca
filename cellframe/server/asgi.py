"""How does a request come off the socket, and a reply go onto it?

The published service as an ASGI application: it reads a body no further than its limit,
answers in a thread, and refuses names of other hosts. Files pass through the disk in pieces, in
both directions, and are never in memory whole.
"""

from __future__ import annotations

import asyncio
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import parse_qsl
from uuid import uuid4

from cellframe.contract.problems import Problem
from cellframe.contract.wire import FROM, FileBody, Reply, Request
from cellframe.server import receiving
from cellframe.server.answer import SCHEME
from cellframe.server.problems import disk_problem, labelled, problem_reply
from cellframe.server.receiving import PIECE, Gone
from cellframe.server.refusals import Refusal, refuse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
    from pathlib import Path

    from cellframe.server.answer import Service
    from cellframe.server.receiving import Message, Receive

    Send = Callable[[Message], Awaitable[None]]

_THREADS_OF_PAGES = 16
THREADS = 32
"""Requests answered at once; a client's detail view asks for twenty."""
_BODILESS = {204, 304}
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_WHOLE = re.compile(r"https?://(?P<host>[^/]*)(?P<path>.*)", re.IGNORECASE)
_Found = TypeVar("_Found")
_log = logging.getLogger(__name__)


class Pages(Protocol):
    """Pages for people, at ``/`` and below ``/desk``. Safe to use from several threads."""

    @property
    def largest(self) -> int:
        """Bytes of the largest body."""
        ...

    def admit(self, request: Request) -> Path | Reply | None:
        """Say where a body is written; the answer where none is read; None for the memory."""
        ...

    def answer(self, request: Request) -> Reply:
        """Answer one request; nothing is raised."""
        ...

    def refuse(self, status: int, message: str) -> Reply:
        """Return the page that says why something is not done."""
        ...


class Publisher:
    """Publish a service as an ASGI application.

    Parameters
    ----------
    service : Service
        What answers, in threads.
    loopback_only : bool
        Whether only the names of this machine are accepted as ``Host``. A web page that
        points its own name here (DNS rebinding) then gets nothing.
    largest_file : int, optional
        Bytes of one uploaded file; as many as the disk holds by default.
    pages : Pages, optional
        What answers people, in threads of its own: a slow page holds up no client.
    """

    def __init__(
        self,
        service: Service,
        *,
        loopback_only: bool,
        largest_file: int | None = None,
        pages: Pages | None = None,
    ) -> None:
        self._service = service
        self._loopback_only = loopback_only
        self._largest_file = largest_file
        self._threads = ThreadPoolExecutor(THREADS)
        self._pages = pages
        self._page_threads = ThreadPoolExecutor(_THREADS_OF_PAGES)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            async with self._reply(scope, receive) as reply:
                await self._write(scope["method"], reply, receive, send)
        except Gone:
            return

    @asynccontextmanager
    async def _reply(self, scope: Message, receive: Receive) -> AsyncGenerator[Reply]:
        """Read and answer a request; a file that its body made is gone when the block ends."""
        spooled: list[Path] = []
        try:
            try:
                reply = await self._exchanged(scope, receive, spooled)
            except Gone:
                raise
            except Refusal as refusal:
                reply = last_words(refusal.problem)
            except OSError as fault:
                reply = last_words(disk_problem(fault, "of a file"))
            except Exception:  # noqa: BLE001 - whatever it is, the caller gets a problem
                _log.exception("A request could not be read")
                reply = last_words(Problem(500, "The service failed; its log says more."))
            yield reply
        finally:
            for path in spooled:
                path.unlink(missing_ok=True)

    async def _exchanged(self, scope: Message, receive: Receive, spooled: list[Path]) -> Reply:
        request = self._head(scope)
        if self._pages is None or not _is_page(request.path):
            return await self._answered(await self._with_body(request, receive, spooled))
        try:
            address = (scope.get("client") or ("",))[0]
            asked = replace(request, headers={**request.headers, FROM: address})
            return await self._page(self._pages, asked, receive, spooled)
        except Refusal as refusal:
            problem = refusal.problem
        except OSError as fault:
            problem = disk_problem(fault, "of a file")
        return _ended(self._pages.refuse(problem.status, problem.message))

    async def _page(
        self, pages: Pages, request: Request, receive: Receive, spooled: list[Path]
    ) -> Reply:
        place = await self._for_page(pages.admit, request)
        if isinstance(place, Reply):
            await receiving.drain(receive)
            return _ended(place)
        if place is None:
            body = await receiving.body({**request.headers}, receive)
        else:
            spooled.append(place)
            pieces = receiving.pieces({**request.headers}, receive, pages.largest)
            await receiving.spool(place, pieces, self._for_page)
            body = FileBody(place)
        return await self._for_page(pages.answer, replace(request, body=body))

    def _head(self, scope: Message) -> Request:
        path, named = _target(scope)
        headers = {**_headers(scope["headers"]), **named}
        if self._loopback_only and not _is_loopback(headers.get("host", "")):
            raise refuse(400, "Host must be localhost, 127.0.0.1 or [::1] here.")
        return Request(
            method=scope["method"],
            path=path,
            query=_query(scope["query_string"]),
            headers={**headers, SCHEME: scope["scheme"]},
        )

    async def _with_body(self, request: Request, receive: Receive, spooled: list[Path]) -> Request:
        headers = {**request.headers}
        place = await self._admitted(request, receive)
        if place is None:
            return replace(request, body=await receiving.body(headers, receive))
        spooled.append(place)
        pieces = receiving.pieces(headers, receive, self._largest_file)
        await receiving.spool(place, pieces, self._in_thread)
        return replace(request, body=FileBody(place, movable=True))

    async def _answered(self, request: Request) -> Reply:
        return await self._in_thread(self._service.answer, request)

    async def _admitted(self, request: Request, receive: Receive) -> Path | None:
        """Ask before a body is read whether, and where to, it may be written."""
        if request.method != "PUT":
            return None
        try:
            return await self._in_thread(self._service.admit, request)
        except Refusal:
            if "expect" not in request.headers:
                await receiving.drain(receive)
            raise

    async def _write(self, method: str, reply: Reply, receive: Receive, send: Send) -> None:
        body = b"" if reply.status in _BODILESS else reply.body
        headers = {**reply.headers}
        if reply.status not in _BODILESS:
            size = len(body) if isinstance(body, bytes) else body.size
            headers["content-length"] = str(size)
        pairs = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
        ]
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        if isinstance(body, FileBody) and method != "HEAD":
            await self._send_file(body, receive, send)
        else:
            last = b"" if isinstance(body, FileBody) else body
            await send({"type": "http.response.body", "body": last})

    async def _send_file(self, body: FileBody, receive: Receive, send: Send) -> None:
        left = body.size
        with body.path.open("rb", buffering=0) as file, receiving.listening(receive) as is_gone:
            file.seek(body.start)
            while left:
                piece = await self._in_thread(file.read, min(left, PIECE))
                if not piece or is_gone():
                    # Cut short, the connection ends, and the reader sees that it is no whole file.
                    raise Gone
                left -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _in_thread(self, call: Callable[..., _Found], *arguments: object) -> _Found:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, call, *arguments)

    async def _for_page(self, call: Callable[..., _Found], *arguments: object) -> _Found:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._page_threads, call, *arguments)


def last_words(problem: Problem) -> Reply:
    """Write a refusal after which the connection ends.

    What is left of a body that was not read would be taken for the next request.
    """
    return labelled(problem_reply(problem, {"connection": "close"}), uuid4().hex)


def _ended(reply: Reply) -> Reply:
    """Return an answer after which the connection ends, as after `last_words`."""
    return replace(reply, headers={**reply.headers, "connection": "close"})


def _is_page(path: str) -> bool:
    return path in {"/", "/desk"} or path.startswith("/desk/")


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Join repeated headers with commas, as RFC 9110 reads them."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _target(scope: Message) -> tuple[str, dict[str, str]]:
    """Read the path; and the host where the target is a whole address, which then counts."""
    # Only the raw path still tells a slash from the %2F of an id.
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    whole = _WHOLE.fullmatch(path)  # RFC 9112, 3.2.2
    return (path, {}) if whole is None else (whole["path"] or "/", {"host": whole["host"]})


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
