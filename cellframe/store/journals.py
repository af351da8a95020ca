"""History: what each apply meant to do, and what became of it.

A journal is one file of lines, only ever appended to: a header (plan, base, address, user),
then for each row an *intent*, on disk before its request is sent, and an *outcome*. Every line
carries a CRC, so a line torn by a crash is known and left out. No line holds a credential.
"""

from __future__ import annotations

import getpass
import os
import secrets
import warnings
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeAlias

import orjson

from cellframe.errors import CorruptStoreError, StoreError
from cellframe.store.places import private, sync_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path
    from types import TracebackType

Line: TypeAlias = "dict[str, Any]"


class Written(NamedTuple):
    """One write to one record.

    Attributes
    ----------
    places : list of (str, tuple of str)
        Field and path of every cell that was sent.
    record : dict
        The record as it stood afterwards; what was sent, where the answer was lost.
    """

    places: list[tuple[str, tuple[str, ...]]]
    record: Line


class Journal:
    """One journal, open for appending.

    Parameters
    ----------
    path : Path
        A new file.
    header : dict
        First line.

    Raises
    ------
    StoreError
        The file cannot be written; nothing may be sent then.
    """

    def __init__(self, path: Path, header: Line) -> None:
        self.path = path
        try:
            private(path.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._handle = os.open(path, flags, 0o600)
        except OSError as fault:
            raise StoreError(_cannot_write(path, fault)) from fault
        self.append([{"type": "plan", **header}])
        sync_folder(path.parent)

    def append(self, lines: Iterable[Line]) -> None:
        """Append lines and return once they are on the disk.

        Raises
        ------
        StoreError
            They could not be written.
        """
        text = b"".join(_sealed(line) for line in lines)
        try:
            while text:
                text = text[os.write(self._handle, text) :]
            os.fsync(self._handle)
        except OSError as fault:
            raise StoreError(_cannot_write(self.path, fault)) from fault

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Journals:
    """All journals of one service.

    Parameters
    ----------
    folder : Path
        Made at the first apply.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open_new(self, header: Line) -> Journal:
        """Start the journal of one apply; its name sorts by time."""
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}.jsonl"
        about = {"at": now.isoformat(), "user": _user(), **header}
        return Journal(self.folder / name, about)

    def own_writes(self, ids: Collection[str]) -> dict[str, list[Written]]:
        """Return what was written from here to these records, newest first.

        A write whose answer was lost may have arrived, and counts with what was sent.

        Parameters
        ----------
        ids : collection of str
            Of the records.

        Returns
        -------
        dict of str to list of Written
            By id.
        """
        found: dict[str, list[Written]] = {}
        for path in sorted(self.folder.glob("*.jsonl"), reverse=True):
            for id_, written in _writes(path, ids).items():
                found.setdefault(id_, []).append(written)
        return found


def _writes(path: Path, ids: Collection[str]) -> dict[str, Written]:
    """Return the writes of one journal to some records; of somebody else's journal none."""
    try:
        header, *lines = read(path) or [{}]
    except CorruptStoreError as fault:
        warnings.warn(str(fault), stacklevel=2)
        return {}
    # A folder may be shared: what somebody else wrote from it is not one's own.
    if header.get("user") != _user():
        return {}
    found: dict[str, Written] = {}
    for line in lines:
        id_ = str(line.get("id"))
        if id_ not in ids:
            continue
        if line["type"] == "intent":
            places = [(field, tuple(path)) for field, path in line.get("places", ())]
            found[id_] = Written(places, line["body"])
        elif line.get("outcome") == "ok" and id_ in found:
            found[id_] = found[id_]._replace(record=line["after"])
        elif line.get("outcome") != "unknown":
            found.pop(id_, None)
    return found


def read(path: Path) -> list[Line]:
    """Return the lines of a journal, its header first; a torn last line is left out.

    Raises
    ------
    CorruptStoreError
        A line before the last is damaged.
    """
    rows = path.read_bytes().split(b"\n")
    lines: list[Line] = []
    for number, row in enumerate(rows):
        line = _opened(row) if row else None
        if line is not None:
            lines.append(line)
        elif row and any(rows[number + 1 :]):
            message = f"Line {number + 1} of {path} is damaged. The lines before it are whole."
            raise CorruptStoreError(message)
    return lines


def _sealed(line: Line) -> bytes:
    body = orjson.dumps(line, default=str)
    return b'{"crc":"%08x","line":%s}\n' % (zlib.crc32(body), body)


def _opened(row: bytes) -> Line | None:
    try:
        sealed = orjson.loads(row)
        body = row[len(b'{"crc":"00000000","line":') : -1]
        return sealed["line"] if int(sealed["crc"], 16) == zlib.crc32(body) else None
    except (ValueError, TypeError, KeyError):
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def _cannot_write(path: Path, fault: OSError) -> str:
    reason = fault.strerror or type(fault).__name__
    return f"The journal {path} cannot be written ({reason}). Nothing further was sent."
