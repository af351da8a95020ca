"""How does a file travel in pieces? It is never held in memory."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from cellframe.contract import digests
from cellframe.contract.wire import FileBody
from cellframe.errors import StoreError
from cellframe.store.places import private

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from pathlib import Path

PIECE = 1024**2


class Slice:
    """The bytes of a `FileBody` as something that is sent without reading it whole."""

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
    return FileBody(path, movable=True, digest=found.hexdigest())


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
