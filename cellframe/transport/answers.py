"""Did all of an answer arrive, and is it no more than may be held?

An answer is whole where its length or its chunks say so, or its digest does. One that only ended
because the connection did may be a half: it is taken where it is a whole parquet file, which
says at its end how long it is, or JSON, half of which is none.
"""

from __future__ import annotations

import os
import zlib
from http.client import IncompleteRead
from typing import TYPE_CHECKING

from cellframe.contract import digests
from cellframe.errors import TransportError
from cellframe.transport.bodies import PIECE, keep
from cellframe.transport.meter import too_large

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.client import HTTPResponse
    from pathlib import Path

    from cellframe.contract.wire import FileBody
    from cellframe.transport.meter import Meter

PLAIN, PACKED = "identity", "gzip"
"""The encodings that are asked for; what comes in another, or in several, is refused."""
_NO_CONTENT, _FIRST_REDIRECT = 204, 300
_MAGIC = b"PAR1"
_SMALLEST_PARQUET = 12


def read_whole(answer: HTTPResponse, headers: Mapping[str, str], meter: Meter) -> bytes:
    """Read an answer into memory, unpacked.

    Parameters
    ----------
    headers : mapping
        Of the answer, names in lower case.
    meter : Meter
        How many bytes may be held.

    Raises
    ------
    TransportError
        It is too large, or came in an encoding that nobody asked for.
    HTTPException
        It ended before its end.
    """
    coding = _coding(headers)
    if coding not in (PLAIN, PACKED):
        message = f"the answer came in the encoding {coding!r}, which nobody asked for"
        raise TransportError(message, sent=True)
    if (answer.length or 0) > meter.most:
        raise too_large(meter.most)
    found = answer.read() if answer.length is not None else b"".join(_pieces(answer, meter))
    if not found and answer.status < _FIRST_REDIRECT and not _may_be_empty(answer):
        raise IncompleteRead(b"")
    return _unpacked(found, meter.most) if coding == PACKED and found else found


def receive(
    answer: HTTPResponse, headers: Mapping[str, str], folder: Path, meter: Meter
) -> FileBody:
    """Write an answer to a new file, and check that all of it came.

    Raises
    ------
    TransportError
        It is changed, or too large, or nothing says that it is whole; the file is removed.
    HTTPException
        It ended before its end; the file is removed.
    StoreError
        The folder cannot be written.
    """
    coding = _coding(headers)
    if coding != PLAIN:
        message = f"the file came compressed ({coding!r}), which nobody asked for"
        raise TransportError(message, sent=True)
    if (answer.length or 0) > meter.most:
        raise too_large(meter.most)

    def check(path: Path, digest: str) -> None:
        named = digests.told(headers)
        if any(told != digest for told in named.values()):
            message = "the file is not what its digest says"
            raise TransportError(message, sent=True)
        if not (named or _says_its_end(answer) or _is_whole_parquet(path)):
            message = "the file came without a length or a digest, so it may be a part"
            raise TransportError(message, sent=True)

    return keep(_pieces(answer, meter), folder, check)


def _pieces(answer: HTTPResponse, meter: Meter) -> Iterator[bytes]:
    """Return what comes as it comes, up to the end that the answer names."""
    # One receive at a time: read() would believe a chunk that says it is of -1 bytes.
    held = 0
    while piece := answer.read1(PIECE):
        meter.moved(len(piece))
        held += len(piece)
        if held > meter.most:
            raise too_large(meter.most)
        yield piece
    if answer.length:
        raise IncompleteRead(b"", answer.length)


def _unpacked(packed: bytes, most: int) -> bytes:
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        found = unpack.decompress(packed, most + 1)
    except zlib.error:
        message = "the answer is not compressed as it says"
        raise TransportError(message, sent=True) from None
    if len(found) > most:
        raise too_large(most)
    if not unpack.eof:
        raise IncompleteRead(b"")
    if unpack.unused_data:
        message = "the answer goes on after its end"
        raise TransportError(message, sent=True)
    return found


def _coding(headers: Mapping[str, str]) -> str:
    return headers.get("content-encoding", PLAIN).strip().lower() or PLAIN


def _says_its_end(answer: HTTPResponse) -> bool:
    """Whether the end of an answer can be told from the end of its connection."""
    return answer.chunked or answer.length is not None


def _may_be_empty(answer: HTTPResponse) -> bool:
    return answer.status == _NO_CONTENT or _says_its_end(answer)


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
