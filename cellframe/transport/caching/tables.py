"""How do answers lie in a file, and is each row what it was?

requests-cache's SQLite storage, in two tables: what was answered to which question, as JSON, and
the bodies, each under its SHA-256, so that a page that did not change is kept once. Of
requests-cache no more than the storage: its session would give out what was read before a write.
The storage pickles, and waits for a lock for ever, where it is let; here it does neither.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import orjson
from requests_cache.backends.sqlite import SQLiteDict

from cellframe.contract import routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Entry: TypeAlias = "tuple[Kept, bytes | None] | None"
"""An answer and, where it is not there already, its body; None is one to be forgotten."""

_BUSY = 0.5
"""Seconds to wait for another process that writes."""
_PAGE = 32 * 1024
_MOST_KNOWN = 10_000
UNWRITTEN = ""
"""Digest of a body that is not written yet."""
_SEAL = 64


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


class Tables(NamedTuple):
    """The two tables of one file; what is wrong with them is an error of `sqlite3`.

    Attributes
    ----------
    heads : SQLiteDict
        What was answered to which question.
    bodies : SQLiteDict
        What the answers hold, by its digest.
    known : dict
        What was found to questions, as long as nothing is written to the file.
    """

    heads: SQLiteDict
    bodies: SQLiteDict
    known: dict[tuple[int, str], Kept | None]

    def head(self, target: str) -> Kept | None:
        """Return what is known of the answer to a question, where its row is whole."""
        with self.heads.connection() as line:
            # Another number after whatever another connection wrote, of any process.
            (version,) = line.execute("PRAGMA data_version").fetchone()
        if (version, target) in self.known:
            return self.known[version, target]
        found = _unsealed(_row(self.heads, _key(target)))
        found = found if found is not None and found.target == target else None
        if len(self.known) >= _MOST_KNOWN:
            self.known.clear()
        self.known[version, target] = found
        return found

    def body(self, digest: str) -> bytes | None:
        """Return a body that is what its digest says; a damaged one goes."""
        row = _row(self.bodies, digest)
        if row is None or _is_whole(row, digest):
            return row
        self.bodies.bulk_delete([digest])
        return None

    def write(self, batch: Mapping[str, Entry]) -> None:
        """Write answers, and forget those that are None."""
        entries = [_digested(*entry) for entry in batch.values() if entry is not None]
        bodies = {kept.digest: body for kept, body in entries if body is not None}
        # Bodies first: a question without one would be asked again, one without a question is swept.
        if bodies:
            with self.bodies.bulk_commit():
                for digest in bodies.keys() - _there(self.bodies, bodies):
                    self.bodies[digest] = bodies[digest]
        self.known.clear()
        with self.heads.bulk_commit():
            for kept, _ in entries:
                self.heads[_key(kept.target)] = _sealed(kept)
        gone = [_key(target) for target, entry in batch.items() if entry is None]
        if gone:
            self.heads.bulk_delete(gone)

    def halve(self) -> None:
        """Remove the half of the answers that the service stood by longest ago."""
        self._remove("ORDER BY expires LIMIT (SELECT (count(*) + 1) / 2 FROM heads)")

    def clear(self) -> None:
        """Forget all answers, but what the service can do."""
        self._remove("")

    def _remove(self, which: str) -> None:
        """Remove answers; what the service can do stays: it says where its lists are, also offline."""
        with self.heads.connection(commit=True) as line:
            line.execute(
                f"DELETE FROM heads WHERE key IN (SELECT key FROM heads WHERE key != ? {which})",  # noqa: S608 - one of two
                (_key(routes.CAPABILITIES),),
            )
        alive = {kept.digest for kept in self.all()}
        self.bodies.bulk_delete([one for one in self.bodies if one not in alive])
        self._shrink()

    def verify(self) -> int:
        """Remove what is damaged, and return how many rows were."""
        heads, bodies = self.heads, self.bodies
        bad = [key for key in heads if _unsealed(heads.get(key)) is None]
        worse = [key for key in bodies if not _is_whole(bodies.get(key), key)]
        heads.bulk_delete(bad)
        bodies.bulk_delete(worse)
        return len(bad) + len(worse)

    def all(self) -> Iterator[Kept]:
        """Return everything that is known of all answers."""
        for row in list(self.heads.values()):
            kept = _unsealed(row)
            if kept is not None:
                yield kept

    def _shrink(self) -> None:
        """Give the room of what was removed back to the disk."""
        self.bodies.vacuum()
        with self.bodies.connection() as line:
            line.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file."""
        self.heads.close()
        self.bodies.close()


def open_tables(path: Path) -> Tables:
    """Open a file, or make one."""
    return Tables(_table(path, "heads"), _table(path, "bodies"), {})


class _BlockedError(sqlite3.DatabaseError):
    """No write can begin. After an ``OperationalError`` requests-cache tries again for ever."""


class _Connection(sqlite3.Connection):
    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        # Of a new file: a body of 70 kB in pages of 4 kB takes twice as long to write.
        self.execute(f"PRAGMA page_size={_PAGE}")

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


def _digested(kept: Kept, body: bytes | None) -> tuple[Kept, bytes | None]:
    return (kept if body is None else replace(kept, digest=_digest(body))), body


def _there(table: SQLiteDict, keys: Iterable[str]) -> set[str]:
    """Return those keys that have a row already, without reading it."""
    asked = ", ".join(f"'{key}'" for key in keys)
    with table.connection() as line:
        return {row[0] for row in line.execute(f"SELECT key FROM bodies WHERE key IN ({asked})")}  # noqa: S608 - digests


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
