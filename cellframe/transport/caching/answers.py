"""Which answers are kept, and are they still what they were?

requests-cache's SQLite storage, in two tables: what was answered to which question, as JSON, and
the bodies, each under its SHA-256, so that a page that did not change is kept once. Of
requests-cache no more than the storage: its session would give out what was read before a write.
The storage pickles, and waits for a lock for ever, where it is let; here it does neither.

What is kept is found from the first moment, and written by a thread of its own, many at once and
after whoever reads a list has it: neither its digests nor the disk are waited for.
Whatever is wrong with the file, nothing is found, and the service is asked.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

import orjson
from requests_cache.backends.sqlite import SQLiteDict

from cellframe.store.damaged import put_aside, tell_once
from cellframe.store.places import private

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")
_Entry: TypeAlias = "tuple[Kept, bytes | None] | None"
_Batch: TypeAlias = "Mapping[str, _Entry]"

FILE = "answers.sqlite"
_BESIDE = ("-wal", "-shm")
_BUSY = 0.5
"""Seconds to wait for another process that writes."""
_PATIENCE = 2.0
"""Seconds to wait until something is written."""
_REST = 30.0
"""Seconds in which a file that could not be used is not tried again."""
_QUIET = 0.2
"""Seconds from the first answer that is kept until those since are written."""
_MANY = 32 * 1024**2
"""Bytes of answers that are written without waiting."""
UNWRITTEN = ""
"""Digest of a body that is not written yet."""
_SEAL = 64
# What SQLite says of a file that is none, or that lost its tables.
_DAMAGE = ("no such table", "no such column", "has no column", "malformed", "not a database")


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer that is kept.

    Attributes
    ----------
    target : str
        The question: path and query.
    digest : str
        SHA-256 of the body, 64 hexadecimal digits; of a body that is not written yet, empty.
    etag : str or None
        What the service calls this state of it.
    asked, came : float
        Seconds since the epoch: when the service was asked, and had answered.
    seen : str
        Of `Changes`, before it was asked.
    walk : str
        Of which reading of a list it is a page; empty where of none.
    status : int
        HTTP status.
    headers : mapping of str to str
        Those that say what the body is.
    """

    target: str
    digest: str
    etag: str | None
    asked: float
    came: float
    seen: str
    walk: str
    status: int
    headers: Mapping[str, str]


class _BlockedError(sqlite3.DatabaseError):
    """No write can begin. After an ``OperationalError`` requests-cache tries again for ever."""


class _Connection(sqlite3.Connection):
    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        try:
            return super().execute(sql, *parameters)
        except sqlite3.OperationalError as fault:
            if sql.startswith("BEGIN"):
                raise _BlockedError(*fault.args) from None
            raise


class _Row(bytes):
    """A value as it is stored; requests-cache sorts by when the service last stood by it."""

    expires_unix: int = 0


class _Tables(NamedTuple):
    heads: SQLiteDict
    bodies: SQLiteDict

    def close(self) -> None:
        for table in self:
            table.close()


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
        self._tables: _Tables | None = None
        self._at_file = threading.RLock()
        self._at_pending = threading.Lock()
        self._pending: dict[str, _Entry] = {}
        self._pending_size = 0
        self._writer: ThreadPoolExecutor | None = None
        self._is_writing = False
        self._hurry = threading.Event()
        self._written = threading.Condition(self._at_pending)
        self._rests_until = 0.0

    def find(self, target: str) -> Kept | None:
        """Return what is known of the last answer to a question; its body is not looked at."""
        with self._at_pending:
            if target in self._pending:
                pending = self._pending[target]
                return pending and pending[0]
        row = self._used(lambda tables: _row(tables.heads, _key(target)), None)
        found = _unsealed(row)
        return found if found is not None and found.target == target else None

    def body(self, kept: Kept) -> bytes | None:
        """Return a body that is what its digest says; None where there is none."""
        with self._at_pending:
            pending = self._pending.get(kept.target)
        if pending and pending[1] is not None and pending[0].digest == kept.digest:
            return pending[1]
        written = kept if kept.digest else self.find(kept.target)
        if written is None:
            return None
        row = self._used(lambda tables: _row(tables.bodies, written.digest), None)
        if row is not None and not _is_whole(row, written.digest):
            self._used(lambda tables: tables.bodies.bulk_delete([written.digest]), None)
            return None
        return row

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
        return self._used(lambda tables: list(_all(tables)), [])

    def clear(self) -> None:
        """Forget all answers; other processes may be at them."""
        self._used(_clear, None)

    def verify(self) -> int:
        """Compare every row with its digest, remove what is damaged, and return how many were."""
        # Where there is a file that cannot be read at all, that one is damaged.
        return self._used(_verify, int(self.path.exists()))

    def close(self) -> None:
        """Write what is left, and close the file."""
        with self._at_pending:
            self._hurry.set()
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.shutdown()
        with self._at_file:
            self._let_go()

    def _hand_over(self, target: str, entry: _Entry) -> None:
        with self._at_pending:
            before = self._pending.get(target)
            if entry and entry[1] is None and before and before[0].digest == entry[0].digest:
                entry = (entry[0], before[1])
            self._pending[target] = entry
            self._pending_size += len(entry[1]) if entry and entry[1] else 0
            if self._pending_size > _MANY:
                self._hurry.set()
            if not self._is_writing:
                self._is_writing = True
                self._writer = self._writer or ThreadPoolExecutor(1, "cellframe-answers")
                self._writer.submit(self._write_pending)

    def _write_pending(self) -> None:
        while True:
            self._hurry.wait(_QUIET)
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

    def _write(self, tables: _Tables, batch: _Batch) -> None:
        _write(tables, batch)
        if self.size > self._most:
            _halve(tables)

    def _used(self, use: Callable[[_Tables], T], otherwise: T, *, make: bool = False) -> T:
        """Return what the tables say; where they cannot be had, or fail, the other thing."""
        with self._at_file:
            try:
                tables = self._opened(make=make)
                return otherwise if tables is None else use(tables)
            except (sqlite3.Error, OSError, UnicodeDecodeError) as fault:
                self._failed(fault)
                return otherwise

    def _opened(self, *, make: bool) -> _Tables | None:
        if time.monotonic() < self._rests_until:
            return None
        if self._tables is None and (make or self.path.exists()):
            # SQLite would let everybody read it.
            os.close(os.open(private(self.path.parent) / FILE, os.O_RDWR | os.O_CREAT, 0o600))
            self._tables = _Tables(_table(self.path, "heads"), _table(self.path, "bodies"))
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


def _table(path: Path, name: str) -> SQLiteDict:
    milliseconds = round(_BUSY * 1000)
    return SQLiteDict(
        path,
        name,
        milliseconds,
        # Never forced onto the disk: what a power cut leaves is told by its digest.
        fast_save=True,
        serializer=None,
        wal=True,
        timeout=_BUSY,
        factory=_Connection,
    )


def _write(tables: _Tables, batch: _Batch) -> None:
    entries = [_digested(*entry) for entry in batch.values() if entry is not None]
    bodies = {kept.digest: body for kept, body in entries if body is not None}
    # Bodies first: a question without one would be asked again, one without a question is swept.
    if bodies:
        with tables.bodies.bulk_commit():
            for digest in bodies.keys() - _there(tables.bodies, bodies):
                tables.bodies[digest] = bodies[digest]
    with tables.heads.bulk_commit():
        for kept, _ in entries:
            tables.heads[_key(kept.target)] = _sealed(kept)
    gone = [_key(target) for target, entry in batch.items() if entry is None]
    if gone:
        tables.heads.bulk_delete(gone)


def _digested(kept: Kept, body: bytes | None) -> tuple[Kept, bytes | None]:
    return (kept if body is None else replace(kept, digest=_digest(body))), body


def _there(table: SQLiteDict, keys: Iterable[str]) -> set[str]:
    """Return those keys that have a row already, without reading it."""
    asked = ", ".join(f"'{key}'" for key in keys)
    with table.connection() as line:
        return {row[0] for row in line.execute(f"SELECT key FROM bodies WHERE key IN ({asked})")}  # noqa: S608 - digests


def _halve(tables: _Tables) -> None:
    """Remove the half of the answers that the service stood by longest ago."""
    with tables.heads.connection(commit=True) as line:
        line.execute(
            "DELETE FROM heads WHERE key IN (SELECT key FROM heads ORDER BY expires LIMIT"
            " (SELECT (count(*) + 1) / 2 FROM heads))"
        )
    alive = {kept.digest for kept in _all(tables)}
    tables.bodies.bulk_delete([one for one in tables.bodies if one not in alive])
    _shrink(tables)


def _clear(tables: _Tables) -> None:
    for table in tables:
        with table.connection(commit=True) as line:
            line.execute(f"DELETE FROM {table.table_name}")  # noqa: S608 - one of two
    _shrink(tables)


def _verify(tables: _Tables) -> int:
    heads, bodies = tables
    bad = [key for key in heads if _unsealed(heads.get(key)) is None]
    worse = [key for key in bodies if not _is_whole(bodies.get(key), key)]
    heads.bulk_delete(bad)
    bodies.bulk_delete(worse)
    return len(bad) + len(worse)


def _shrink(tables: _Tables) -> None:
    """Give the room of what was removed back to the disk."""
    tables.bodies.vacuum()
    with tables.bodies.connection() as line:
        line.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _all(tables: _Tables) -> Iterator[Kept]:
    for row in list(tables.heads.values()):
        kept = _unsealed(row)
        if kept is not None:
            yield kept


def _key(target: str) -> str:
    return _digest(target.encode("utf-8", "surrogatepass"))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _row(table: SQLiteDict, key: str) -> Any:
    return table.get(key)


def _is_whole(row: Any, digest: str) -> bool:
    return isinstance(row, bytes) and _digest(row) == digest


def _sealed(kept: Kept) -> _Row:
    text = orjson.dumps(kept)
    row = _Row(_digest(text).encode() + text)
    row.expires_unix = int(kept.asked)
    return row


def _unsealed(row: Any) -> Kept | None:
    if not isinstance(row, bytes) or _digest(row[_SEAL:]).encode() != row[:_SEAL]:
        return None
    try:
        return Kept(**orjson.loads(row[_SEAL:]))
    except (TypeError, ValueError):
        return None
