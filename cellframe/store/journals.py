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
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import orjson

from cellframe.errors import CorruptStoreError, StoreError
from cellframe.store.places import private, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

Line: TypeAlias = "dict[str, Any]"


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

    def own_values(self, ids: Sequence[str]) -> dict[str, list[Line]]:
        """Return what was written from here to these records, oldest first.

        Returns
        -------
        dict of str to list of dict
            By id, the record as it stood after each acknowledged write.
        """
        wanted, user = set(ids), _user()
        written: dict[str, list[Line]] = {}
        for path in sorted(self.folder.glob("*.jsonl")) if wanted else ():
            try:
                lines = list(read(path))
            except CorruptStoreError as fault:
                warnings.warn(str(fault), stacklevel=2)
                continue
            # A folder may be shared: what somebody else wrote from it is not one's own.
            if not lines or lines[0].get("user") != user:
                continue
            for line in lines:
                if line.get("outcome") == "ok" and line.get("id") in wanted and line.get("after"):
                    written.setdefault(line["id"], []).append(line["after"])
        return written


def read(path: Path) -> Iterator[Line]:
    """Return the lines of a journal, its header first; a torn last line is left out.

    Raises
    ------
    CorruptStoreError
        A line before the last is damaged.
    """
    rows = path.read_bytes().split(b"\n")
    for number, row in enumerate(rows):
        if not row:
            continue
        line = _opened(row)
        if line is not None:
            yield line
        elif any(rows[number + 1 :]):
            message = f"Line {number + 1} of {path} is damaged. The lines before it are whole."
            raise CorruptStoreError(message)


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
