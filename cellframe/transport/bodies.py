"""How does a body travel in pieces, and did all of it arrive?

A file is never held in memory. An answer is whole where its length or its chunks say so, or its
digest does. One that only ended because the connection did may be a half: it is taken where it
is a whole parquet file, which says at its end how long it is, or JSON, half of which is none.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from cellframe.contract import digests
from cellframe.contract.wire import FileBody
from cellframe.errors import StoreError, TransportError
from cellframe.store.places import private

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
    from pathlib import Path

    from urllib3.response import BaseHTTPResponse

MOST_JSON = 64 * 1024**2
"""Bytes of an answer that is read into memory, after decompression."""
PIECE = 1024**2
_NO_CONTENT, _FIRST_REDIRECT = 204, 300
_MAGIC = b"PAR1"
_SMALLEST_PARQUET = 12


class Slice:
    """The bytes of a `FileBody` as something that `requests` sends without reading it whole."""

    def __init__(self, file: BinaryIO, body: FileBody) -> None:
        file.seek(body.start)
        self._file = file
        self._size = self._left = body.size

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; too few in the file is an error, or a service would wait."""
        wanted = self._left if size < 0 else min(size, self._left)
        piece = self._file.read(wanted)
        self._left -= len(piece)
        if len(piece) < wanted:
            message = f"{self._file.name} became shorter while it was sent."
            raise StoreError(message)
        return piece


@contextmanager
def opened(body: bytes | FileBody | None) -> Generator[bytes | Slice | None]:
    """Open a body for sending.

    Raises
    ------
    StoreError
        The file cannot be read.
    """
    if not isinstance(body, FileBody):
        yield body
        return
    try:
        file = body.path.open("rb")
    except OSError as fault:
        raise _unusable(body.path, "read", fault) from fault
    with file:
        # An empty stream would go without a length, in chunks.
        yield Slice(file, body) if body.size else None


def pieces(body: FileBody) -> Iterator[bytes]:
    """Return the bytes of a file, one piece after the other."""
    with opened(body) as stream:
        while isinstance(stream, Slice) and (piece := stream.read(PIECE)):
            yield piece


def digest_of(body: FileBody) -> str:
    """Return the value of ``content-digest`` (RFC 9530) for a file."""
    found = hashlib.sha256()
    for piece in pieces(body):
        found.update(piece)
    return digests.written(found.hexdigest())


def read_whole(raw: BaseHTTPResponse, seconds: float) -> bytes:
    """Read an answer into memory, as far as it may take space and time.

    Raises
    ------
    TransportError
        It is too large, takes too long, or ended before its end.
    """
    last = time.monotonic() + seconds
    found = bytearray()
    # One receive at a time: a service that sends a byte a second is told from one that sends.
    while piece := raw.read1(PIECE, decode_content=True):
        found += piece
        if len(found) > MOST_JSON:
            message = f"the answer is larger than {MOST_JSON} bytes"
            raise TransportError(message, sent=True)
        if time.monotonic() > last:
            message = f"the answer was not whole after {seconds:g} s"
            raise TransportError(message, sent=True)
    if not found and raw.status < _FIRST_REDIRECT and not _may_be_empty(raw):
        message = "the answer ended before its end"
        raise TransportError(message, sent=True)
    return bytes(found)


def receive(raw: BaseHTTPResponse, headers: Mapping[str, str], folder: Path) -> FileBody:
    """Write an answer to a new file, and check that all of it came.

    Raises
    ------
    TransportError
        A part is missing or changed; the file is removed.
    StoreError
        The folder cannot be written.
    """
    if headers.get("content-encoding", "identity") != "identity":
        message = (
            f"the file came compressed ({headers['content-encoding']}), which nobody asked for"
        )
        raise TransportError(message, sent=True)

    def check(path: Path, digest: str) -> None:
        named = digests.told(headers)
        if any(told != digest for told in named.values()):
            message = "the file is not what its digest says"
            raise TransportError(message, sent=True)
        if not (named or _says_its_end(headers) or _is_whole_parquet(path)):
            message = "the file came without a length or a digest, so it may be a part"
            raise TransportError(message, sent=True)

    return keep(raw.stream(PIECE, decode_content=False), folder, check)


def keep(
    pieces: Iterable[bytes], folder: Path, check: Callable[[Path, str], None] | None = None
) -> FileBody:
    """Write pieces to a new file, for this user alone; on any fault no file is left."""
    path = folder / f".{secrets.token_hex(16)}.part"
    found = hashlib.sha256()
    handle = _create(path)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                found.update(piece)
                _write(file, piece)
        if check is not None:
            check(path, found.hexdigest())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileBody(path, movable=True)


def _create(path: Path) -> int:
    try:
        private(path.parent)
        return os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
        )
    except OSError as fault:
        raise _unusable(path, "written", fault) from fault


def _write(file: BinaryIO, piece: bytes) -> None:
    try:
        file.write(piece)
        file.flush()
    except OSError as fault:
        raise _unusable(file.name, "written", fault) from fault


def _unusable(path: object, verb: str, fault: OSError) -> StoreError:
    return StoreError(f"{path} cannot be {verb} ({fault.strerror or type(fault).__name__}).")


def _says_its_end(headers: Mapping[str, str]) -> bool:
    # A header that was cut itself may have lost its value.
    length, coding = headers.get("content-length", ""), headers.get("transfer-encoding", "")
    return length.isdigit() or "chunked" in coding.lower()


def _may_be_empty(raw: BaseHTTPResponse) -> bool:
    return raw.status == _NO_CONTENT or _says_its_end(raw.headers)


def _is_whole_parquet(path: Path) -> bool:
    """Whether a file begins as parquet and ends with a footer that fits into it."""
    size = path.stat().st_size
    if size < _SMALLEST_PARQUET:
        return False
    with path.open("rb") as file:
        start = file.read(len(_MAGIC))
        file.seek(-8, os.SEEK_END)
        footer, end = int.from_bytes(file.read(4), "little"), file.read(4)
    return start == end == _MAGIC and footer <= size - _SMALLEST_PARQUET
