"""What did a form say, and which file came with it?

A form of fields is read in memory, one with a file off the disk in pieces: the file is never in
memory whole.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import parse_qsl

from cellframe.contract.wire import FileBody
from cellframe.desk.guard import Refused
from cellframe.store.places import private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from python_multipart.multipart import MultipartCallbacks

    from cellframe.contract.wire import Request

LARGEST_FILE = 50_000_000
LARGEST = LARGEST_FILE + 2**16
"""Bytes of a form with a file."""
_LARGEST_FIELDS = 2**20
_MOST_FIELDS = 1000
_PIECE = 2**18
_URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
_LONGEST_ENDING = 8
_UNREADABLE = "The form did not come whole. Load the page again, and press once more."
_TOO_MUCH = "This form says too much. Load the page again; a file goes where files go."
_TOO_MANY = "Bring one file at a time."


@dataclass(frozen=True, slots=True)
class Form:
    """What a form said.

    Attributes
    ----------
    fields : mapping of str to str
        By name; the last where one is there twice.
    file : Path or None
        The file, under its own name as far as any disk takes it.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None


def kind_of(request: Request) -> str:
    """Return the content type without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def read(request: Request, folder: Path) -> Form:
    """Read a form.

    Parameters
    ----------
    folder : Path
        Where its file is put, in a folder of its own that is made.

    Raises
    ------
    Refused
        It is none, or too much.
    """
    kind, body = kind_of(request), request.body
    if kind == MULTIPART and isinstance(body, FileBody):
        return _of_parts(request.headers["content-type"], body, folder)
    if not body:
        return Form()
    if kind != _URLENCODED or isinstance(body, FileBody):
        raise Refused(415, _UNREADABLE)
    if len(body) > _LARGEST_FIELDS:
        raise Refused(413, _TOO_MUCH)
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise Refused(400, _UNREADABLE) from None
    return Form(dict(pairs))


def _of_parts(kind: str, body: FileBody, folder: Path) -> Form:
    from python_multipart.exceptions import FormParserError
    from python_multipart.multipart import MultipartParser, parse_options_header

    _, options = parse_options_header(kind)
    parts = _Parts(private(folder))
    try:
        parser = MultipartParser(options.get(b"boundary", b""), parts.callbacks())
        with body.path.open("rb") as source:
            while piece := source.read(_PIECE):
                parser.write(piece)
        parser.finalize()
        if not parts.is_whole:
            raise Refused(400, _UNREADABLE)
        return parts.form()
    except (FormParserError, UnicodeError):
        raise Refused(400, _UNREADABLE) from None
    finally:
        parts.close()


class _Parts:
    """The parts of a form as they come: fields are held, a file is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fields: dict[str, str] = {}
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self._named, self._header, self._value, self._about = "", b"", b"", b""
        self._held = bytearray()
        self._count = self._bytes = self._written = 0
        self._is_file = False
        self.is_whole = False

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def form(self) -> Form:
        return Form(self._fields, self._path)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self._count += 1
        if self._count > _MOST_FIELDS:
            raise Refused(413, _TOO_MUCH)
        self._header, self._value, self._about, self._named = b"", b"", b"", ""
        self._held.clear()
        self._is_file = False

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._about = self._value
        self._header, self._value = b"", b""

    def _on_headers(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._about)
        self._named = options.get(b"name", b"").decode("utf-8")
        name = options.get(b"filename")
        self._is_file = name is not None
        if name:
            if self._path is not None:
                raise Refused(413, _TOO_MANY)
            place = self._folder / secrets.token_hex(8)
            place.mkdir(mode=0o700)
            self._path = place / _plain(name.decode("utf-8", "replace"))
            self._file = self._path.open("xb")
            self._path.chmod(0o600)

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        size = end - start
        if self._file is not None:
            self._written += size
            if self._written > LARGEST_FILE:
                raise Refused(413, too_large())
            self._file.write(memoryview(data)[start:end])
        elif not self._is_file:
            self._bytes += size
            if self._bytes > _LARGEST_FIELDS:
                raise Refused(413, _TOO_MUCH)
            self._held += data[start:end]

    def _end(self) -> None:
        self.close()
        if not self._is_file:
            self._fields[self._named] = self._held.decode("utf-8")

    def _finish(self) -> None:
        self.is_whole = True


def too_large() -> str:
    """Say that a file is too large."""
    return (
        f"The file is larger than {LARGEST_FILE // 10**6} MB, the most that is taken here. Leave "
        "out what has no edits, or bring it in two."
    )


def _plain(name: str) -> str:
    """Return what any disk takes of a file's name; its ending says how it is read."""
    from cellframe.desk.pages.sheets import filename

    last = name.replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = last.rpartition(".")
    fit = dot and ending.isascii() and ending.isalnum() and len(ending) <= _LONGEST_ENDING
    return f"{filename(stem)}.{ending}" if fit else filename(last)
