"""How does SQLAlchemy, which knows the standard library's driver, speak through apsw?

Python's own `sqlite3` cannot be given a VFS that is written in Python; apsw can. Here is as much
of the standard driver's surface as the service uses, on apsw's connections.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import apsw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ERRORS = {apsw.ConstraintError: sqlite3.IntegrityError, apsw.CorruptError: sqlite3.DatabaseError}


class ApswConnection:
    """A connection as the standard library's, on a VFS of ours."""

    def __init__(self, path: object, vfs: str) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._apsw = apsw.Connection(str(path), vfs=vfs, flags=flags)
        self.isolation_level: str | None = None

    def cursor(self) -> ApswCursor:
        return ApswCursor(self._apsw)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> ApswCursor:
        return self.cursor().execute(sql, parameters)

    def create_function(self, name: str, count: int, function: Any, **_: Any) -> None:
        self._apsw.create_scalar_function(name, function, count)

    def commit(self) -> None:
        if self._apsw.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self._apsw.in_transaction:
            self.execute("ROLLBACK")

    def close(self) -> None:
        self._apsw.close()


class ApswCursor:
    """A cursor whose rows are read at once, as short as the service's answers are."""

    arraysize = 1
    lastrowid = None

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: tuple[Any, ...] | None = None
        self.rowcount = -1

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> ApswCursor:
        return self._run(sql, [parameters])

    def executemany(self, sql: str, many: Iterable[Sequence[Any]]) -> ApswCursor:
        return self._run(sql, many)

    def _run(self, sql: str, many: Iterable[Sequence[Any]]) -> ApswCursor:
        cursor = self._connection.cursor()
        cursor.exec_trace = self._about_to_run
        self._rows, self.description = [], None
        with translated():
            for parameters in many:
                self._rows += cursor.execute(sql, tuple(parameters))
        self.rowcount = self._connection.changes()
        return self

    def _about_to_run(self, cursor: apsw.Cursor, _sql: str, _bindings: Any) -> bool:
        told = cursor.get_description()
        self.description = tuple((name, *[None] * 6) for name, _ in told) or None
        return True

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        taken, self._rows = self._rows[:size], self._rows[size:]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        self._rows = []


@contextmanager
def translated() -> Iterator[None]:
    """Raise the standard driver's errors, in SQLite's own words."""
    try:
        yield
    except apsw.Error as fault:
        raise _ERRORS.get(type(fault), sqlite3.OperationalError)(str(fault)) from fault
