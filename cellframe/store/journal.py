"""One journal: lines that are on the disk when `append` returns, and are known to be whole.

Every line carries a CRC, so that one torn by a crash is known and left out. Whoever appends holds
the file: the lock is the system's own, and ends with the process.
"""

from __future__ import annotations

import os
import zlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import orjson

from cellframe.errors import CorruptStoreError, JournalLockedError, StoreError
from cellframe.failpoints import reach
from cellframe.store.places import private, sync_folder
from cellframe.store.turns import take

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping
    from pathlib import Path
    from types import TracebackType

Line: TypeAlias = "dict[str, Any]"

UNFINISHED = "unfinished"
"""Folder of marks, below that of the journals: a file for each that did not come to its end."""
_PATIENCE = 0.5
"""Seconds to wait for a journal that somebody else holds."""
_MOST_OF_AN_END = 8192
_BEYOND = 1 << 30
"""Where the lock lies on Windows, which would keep readers from a byte with a lock."""


class Journal:
    """One journal, held and open for appending: see `begin` and `reopen`.

    Parameters
    ----------
    path : Path
        The file.
    handle : int
        Open for reading and appending.

    Raises
    ------
    JournalLockedError
        Another process, or another call of this one, is working on it.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self.path = path
        self._handle = handle
        if not _taken(handle, _PATIENCE):
            os.close(handle)
            raise JournalLockedError(_LOCKED.format(path))

    @classmethod
    def begin(cls, path: Path, header: Mapping[str, Any], *more: Line) -> Self:
        """Start a new journal.

        Parameters
        ----------
        path : Path
            A new file.
        header : mapping
            First line.
        *more : dict
            Lines that follow it at once.

        Raises
        ------
        StoreError
            The file cannot be written; nothing may be sent then.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND
        with _telling(path):
            private(path.parent)
            journal = cls(path, os.open(path, flags, 0o600))
            with journal._kept_if_whole():
                journal.append([{"type": "plan", **header}, *more])
                sync_folder(path.parent)
                reach("journal_named")
                private(_mark(path).parent)
                _mark(path).touch(mode=0o600)
        return journal

    @classmethod
    def reopen(cls, path: Path) -> Self:
        """Go on with a journal; a torn last line is cut off first.

        Raises
        ------
        JournalLockedError
            Another process, or another call of this one, is working on it.
        CorruptStoreError
            A line before the last is damaged.
        StoreError
            The file cannot be written.
        """
        with _telling(path):
            journal = cls(path, os.open(path, os.O_RDWR | os.O_APPEND))
            with journal._kept_if_whole():
                journal._mend()
        return journal

    def append(self, lines: Iterable[Line]) -> None:
        """Append lines and return once they are on the disk.

        Raises
        ------
        StoreError
            They could not be written.
        """
        self._write(b"".join(_sealed(line) for line in lines))

    def end(self, counts: Mapping[str, int], *, left: int) -> None:
        """Say that an apply came to its end.

        Parameters
        ----------
        counts : mapping of str to int
            Rows by outcome.
        left : int
            Rows that a resume would bring further; without any the journal is finished.

        Raises
        ------
        StoreError
            It could not be written.
        """
        self.append([{"type": "end", "counts": dict(counts), "left": left}])
        if not left:
            with suppress(OSError):
                _mark(self.path).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file, and let go of it."""
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

    @contextmanager
    def _kept_if_whole(self) -> Generator[None]:
        """Let go of the file where it cannot be worked on after all."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _mend(self) -> None:
        """Make the end of the file the end of a line: the next one must not be a part of it."""
        body = self.path.read_bytes()
        *rows, tail = body.split(b"\n")
        if tail and _opened(tail):
            self._write(b"\n")
            return
        torn = rows[-1] if rows and not tail and not _opened(rows[-1]) else None
        whole = len(body) - len(tail) - (0 if torn is None else len(torn) + 1)
        if whole < len(body):
            os.ftruncate(self._handle, whole)
            os.fsync(self._handle)
        read(self.path)

    def _write(self, text: bytes) -> None:
        with _telling(self.path):
            while text:
                text = text[os.write(self._handle, text) :]
            reach("before_journal_fsync")
            os.fsync(self._handle)
            reach("after_journal_fsync")


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


def header(path: Path) -> Line:
    """Return the first line of a journal alone; nothing where it is damaged."""
    with path.open("rb") as file:
        return _opened(file.readline().rstrip(b"\n")) or {}


def last(path: Path) -> Line:
    """Return the last line of a journal alone; nothing where it is long, torn or damaged."""
    with path.open("rb") as file:
        file.seek(-min(_MOST_OF_AN_END, file.seek(0, os.SEEK_END)), os.SEEK_END)
        return _opened(file.read().rstrip(b"\n").rpartition(b"\n")[2]) or {}


def is_held(path: Path) -> bool:
    """Whether somebody is working on a journal now."""
    handle = os.open(path, os.O_RDWR)
    try:
        return not _taken(handle, 0)
    finally:
        os.close(handle)


def _taken(handle: int, seconds: float) -> bool:
    os.lseek(handle, _BEYOND, os.SEEK_SET)
    try:
        return take(handle, seconds)
    except OSError:
        return True  # A disk that knows no locks is no reason to send nothing.


def _mark(path: Path) -> Path:
    return path.parent / UNFINISHED / path.stem


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


_LOCKED = (
    "{} is being worked on: the apply is under way, or somebody resumes it. Wait until it is done."
)


@contextmanager
def _telling(path: Path) -> Generator[None]:
    """Say in words of ours that a journal cannot be written."""
    try:
        yield
    except StoreError:
        raise
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        message = f"The journal {path} cannot be written ({reason}). Nothing further was sent."
        raise StoreError(message) from fault
