"""How is a body read off the socket? Into memory up to a limit, or onto the disk as it comes."""

from __future__ import annotations

import asyncio
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cellframe.contract.problems import Problem
from cellframe.server.refusals import Refusal, refuse
from cellframe.server.strict import LARGEST_BODY, too_large

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Generator,
        MutableMapping,
    )
    from io import FileIO
    from pathlib import Path

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]

PIECE = 2**20
"""Bytes of a file that are in memory at once."""
_PATIENCE = 30.0
"""Seconds that a client may take between two pieces of a body."""
_SLOWEST = 16 * 2**10
"""Bytes a second, on the whole, below which a body is not waited for after that time."""
_DRAIN = LARGEST_BODY
_DRAIN_PATIENCE = 2.0
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class Gone(Exception):  # noqa: N818 - nobody is left to call it an error
    """The client hung up."""


async def body(headers: dict[str, str], receive: Receive) -> bytes | None:
    """Read a body into memory; 413 over the limit."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST_BODY:
        if "expect" not in headers:
            await drain(receive)
        raise too_large()
    parts: list[bytes] = []
    size = 0
    coming = _Coming(receive)
    while True:
        piece, more = await coming.next()
        size += len(piece)
        if size > LARGEST_BODY:
            parts.clear()
            if more:
                await drain(receive)
            raise too_large()
        parts.append(piece)
        if not more:
            return b"".join(parts) or None


async def pieces(
    headers: dict[str, str], receive: Receive, most: int | None
) -> AsyncGenerator[list[bytes]]:
    """Read a body as it comes, gathered so that a thread is asked once for many pieces.

    Parameters
    ----------
    most : int or None
        Bytes that are taken; 413 over it.
    """
    declared = headers.get("content-length", "")
    if most is not None and declared.isdigit() and int(declared) > most:
        await drain(receive)
        raise _file_too_large(most)
    gathered: list[bytes] = []
    size, total, more = 0, 0, True
    coming = _Coming(receive)
    while more:
        piece, more = await coming.next()
        gathered.append(piece)
        size += len(piece)
        total += len(piece)
        if most is not None and total > most:
            if more:
                await drain(receive)
            raise _file_too_large(most)
        if size >= PIECE or not more:
            yield gathered
            gathered, size = [], 0


async def spool(
    place: Path,
    came: AsyncIterator[list[bytes]],
    in_thread: Callable[..., Awaitable[None]],
) -> None:
    """Write what comes to a new file for its owner alone."""
    with os.fdopen(os.open(place, _NEW, 0o600), "wb", buffering=0) as file:
        async for gathered in came:
            await in_thread(_write_all, file, gathered)


async def drain(receive: Receive) -> None:
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


class _Coming:
    """A body on its way, for as long as it comes fast enough."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._now = asyncio.get_running_loop().time
        self._until = self._now() + _PATIENCE

    async def next(self) -> tuple[bytes, bool]:
        """Wait for the next piece, and whether more will come; 408 from one that is too slow."""
        try:
            async with asyncio.timeout_at(min(self._until, self._now() + _PATIENCE)):
                message = await self._receive()
        except TimeoutError:
            problem = Problem(408, "The body came too slowly.", code="REQUEST_TIMEOUT")
            raise Refusal(problem) from None
        if message["type"] == "http.disconnect":
            raise Gone
        piece: bytes = message.get("body", b"")
        self._until += len(piece) / _SLOWEST
        return piece, message.get("more_body", False)


@contextmanager
def listening(receive: Receive) -> Generator[Callable[[], bool]]:
    """Give a way to ask, while an answer is sent, whether the client hung up.

    What is sent to one that did goes nowhere, and nobody says so.
    """
    # The body was read, so that nothing else can come.
    coming = asyncio.ensure_future(receive())
    try:
        yield lambda: coming.done() and coming.result()["type"] == "http.disconnect"
    finally:
        coming.cancel()


def _write_all(file: FileIO, gathered: list[bytes]) -> None:
    for piece in gathered:
        left = memoryview(piece)
        while left:
            left = left[file.write(left) :]


def _file_too_large(most: int) -> Exception:
    return refuse(413, f"The file is larger than {most:,} bytes, the most that is taken here.")
