"""Which answers are kept?

What is kept is found from the first moment, and written by a thread of its own, many at once and
after whoever reads a list has it: neither its digests nor the disk are waited for. Whatever is
wrong with the file, nothing is found, and the service is asked.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from cellframe.store.damaged import put_aside, tell_once
from cellframe.store.places import private
from cellframe.transport.caching.tables import Entry, Kept, Tables, open_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

FILE = "answers.sqlite"
_BESIDE = ("-wal", "-shm")
_PATIENCE = 2.0
"""Seconds to wait until something is written."""
_REST = 30.0
"""Seconds in which a file that could not be used is not tried again."""
_QUIET = 1.0
"""Seconds without a further answer until those that came are written: by then, whoever reads a
list has its frame."""
_LATEST = 10.0
"""Seconds from the first of them until they are written at any rate."""
_MANY = 8 * 1024**2
"""Bytes of answers that are written without waiting."""
# What SQLite says of a file that is none, or that lost its tables.
_DAMAGE = ("no such table", "no such column", "has no column", "malformed", "not a database")


class Answers:
    """The answers that one service gave to one key.

    Parameters
    ----------
    folder : Path
        Of them alone; made when the first is kept.
    most : int
        Bytes from which on the older half makes way.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self.path = folder / FILE
        self._most = most
        self._tables: Tables | None = None
        self._at_file = threading.RLock()
        self._at_pending = threading.Lock()
        self._pending: dict[str, Entry] = {}
        self._pending_size = 0
        self._writer: ThreadPoolExecutor | None = None
        self._is_writing = False
        self._hurry = threading.Event()
        self._written = threading.Condition(self._at_pending)
        self._rests_until = self._grew = 0.0

    def find(self, target: str) -> Kept | None:
        """Return what is known of the last answer to a question; its body is not looked at."""
        with self._at_pending:
            if target in self._pending:
                pending = self._pending[target]
                return pending and pending[0]
        return self._used(lambda tables: tables.head(target), None)

    def body(self, kept: Kept) -> bytes | None:
        """Return the body of this answer, as its digest says; None where it is no longer there."""
        with self._at_pending:
            pending = self._pending.get(kept.target)
        if pending and pending[1] is not None and pending[0] is kept:
            return pending[1]
        written = kept if kept.digest else self.find(kept.target)
        if written is None or replace(written, digest=kept.digest) != kept:
            return None  # Another answer came to the same question since.
        digest = written.digest
        return self._used(lambda tables: tables.body(digest), None)

    def keep(self, kept: Kept, body: bytes | None = None) -> None:
        """Keep an answer; without a body where that is kept already, here or as a file."""
        self._hand_over(kept.target, (kept, body))

    def forget(self, target: str) -> None:
        """Forget the answer to a question."""
        self._hand_over(target, None)

    @property
    def size(self) -> int:
        """Bytes on the disk, those included that SQLite has not put in their place yet."""
        files = [self.path, self.path.with_name(FILE + _BESIDE[0])]
        return sum(path.stat().st_size for path in files if path.exists())

    def settle(self) -> None:
        """Wait until other processes can see what was handed over so far."""
        with self._written:
            awaited = list(self._pending.items())
            self._hurry.set()
            self._written.wait_for(
                lambda: not any(self._pending.get(target, 0) is entry for target, entry in awaited),
                _PATIENCE,
            )

    def all(self) -> list[Kept]:
        """Return everything that is known of all answers."""
        return self._used(lambda tables: list(tables.all()), [])

    def clear(self) -> None:
        """Forget all answers, but what the service can do; other processes may be at them."""
        self._used(Tables.clear, None)

    def verify(self) -> int:
        """Compare every row with its digest, remove what is damaged, and return how many were."""
        # Where there is a file that cannot be read at all, that one is damaged.
        return self._used(Tables.verify, int(self.path.exists()))

    def close(self) -> None:
        """Write what is left, and close the file."""
        with self._at_pending:
            self._hurry.set()
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.shutdown()
        with self._at_file:
            self._let_go()

    def _hand_over(self, target: str, entry: Entry) -> None:
        with self._at_pending:
            before = self._pending.get(target)
            if entry and entry[1] is None and before and before[0].digest == entry[0].digest:
                entry = (entry[0], before[1])
            self._pending[target] = entry
            self._grew = time.monotonic()
            self._pending_size += len(entry[1]) if entry and entry[1] else 0
            if self._pending_size > _MANY:
                self._hurry.set()
            if not self._is_writing:
                self._is_writing = True
                self._writer = self._writer or ThreadPoolExecutor(1, "cellframe-answers")
                self._writer.submit(self._write_pending)

    def _write_pending(self) -> None:
        while True:
            self._wait_for_quiet()
            with self._at_pending:
                batch = dict(self._pending)
                self._pending_size = 0
                self._hurry.clear()
            self._used(lambda tables, batch=batch: self._write(tables, batch), None, make=True)
            with self._written:
                for target, entry in batch.items():
                    if self._pending[target] is entry:
                        del self._pending[target]
                self._written.notify_all()
                if not self._pending:
                    self._is_writing = False
                    return

    def _wait_for_quiet(self) -> None:
        latest = time.monotonic() + _LATEST
        while (left := min(self._grew + _QUIET, latest) - time.monotonic()) > 0:
            if self._hurry.wait(left):
                return

    def _write(self, tables: Tables, batch: Mapping[str, Entry]) -> None:
        tables.write(batch)
        if self.size > self._most:
            tables.halve()

    def _used(self, use: Callable[[Tables], T], otherwise: T, *, make: bool = False) -> T:
        """Return what the tables say; where they cannot be had, or fail, the other thing."""
        with self._at_file:
            try:
                tables = self._opened(make=make)
                return otherwise if tables is None else use(tables)
            except (sqlite3.Error, OSError, UnicodeDecodeError) as fault:
                self._failed(fault)
                return otherwise

    def _opened(self, *, make: bool) -> Tables | None:
        if time.monotonic() < self._rests_until:
            return None
        if self._tables is None and (make or self.path.exists()):
            _make_private(self.path)
            self._tables = open_tables(self.path)
        return self._tables

    def _failed(self, fault: Exception) -> None:
        """Put a damaged file aside; leave one that cannot be used alone for a while."""
        self._let_go()
        # sqlite3 reads what SQLite says as UTF-8, also where that repeats a damaged name.
        is_damage = type(fault) in (sqlite3.DatabaseError, UnicodeDecodeError)
        damaged = is_damage or any(words in str(fault) for words in _DAMAGE)
        aside = put_aside(self.path) if damaged or self.path.is_dir() else None
        if aside is None:
            self._rests_until = time.monotonic() + _REST
            tell_once(f"{self.path} cannot be used ({fault}). The service is asked instead.")
            return
        for name in _BESIDE:
            self.path.with_name(FILE + name).unlink(missing_ok=True)
        tell_once(
            f"{self.path} was damaged, and is put aside as {aside}. The service is asked instead."
        )

    def _let_go(self) -> None:
        tables, self._tables = self._tables, None
        if tables is not None:
            tables.close()


def _make_private(path: Path) -> None:
    """Make the file where there is none: SQLite would let everybody read it."""
    private(path.parent)
    # One that is there is never opened besides SQLite: POSIX lets go of all locks that a process
    # has on a file when it closes any handle of it, and then two processes write at once.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
