"""Where are the records kept, and how is one change made whole?

One SQLite file in the service's folder, in write-ahead mode with every commit on the disk
before it is acknowledged. Several threads and several processes may use one folder.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Table,
    bindparam,
    create_engine,
    event,
    select,
    update,
)

from cellframe.failpoints import reach
from cellframe.server import schema
from cellframe.server.clock import after
from cellframe.server.prepared import Prepared, execute
from cellframe.server.refusals import Refusal
from cellframe.server.snapshots import Snapshots
from cellframe.server.tables import counter, meta

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

_BEGIN = "cellframe_begin"
_PRAGMAS = (
    "PRAGMA busy_timeout=30000",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA trusted_schema=OFF",
)
_KEPT_CONNECTIONS = 32
_STEP = Prepared(update(counter).values(value=counter.c.value + 1).returning(counter.c.value))


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this service is, and in whose name it writes while it knows one user."""

    server_id: str
    organization_id: str
    organization_name: str
    project_id: str
    user_id: str
    user_email: str


@dataclass
class Work:
    """One change of the database, committed whole or not at all."""

    connection: Connection
    identity: Identity
    now: int
    trial: bool = False
    """Whether nothing of it is kept."""

    @contextmanager
    def part(self) -> Generator[Work]:
        """Open a part of this change: where it is refused, it is undone alone."""
        # Before the mark, since what is undone must not take the number back; and a later
        # moment for each, so that they stay in order.
        self.count()
        self.now += 1
        execute(self.connection, "SAVEPOINT part")
        try:
            yield self
        except Refusal:
            execute(self.connection, "ROLLBACK TO part")
            raise
        execute(self.connection, "RELEASE part")

    @cached_property
    def number(self) -> int:
        """The change's number, larger than that of every change before it."""
        return _STEP.scalar(self.connection)

    def count(self) -> None:
        """Give this change its number, though it leaves no row that could carry it."""
        _ = self.number

    def insert(self, table: Table, values: Mapping[str, Any]) -> str:
        """Store a new record and return its id, a new one unless the values name it."""
        record_id = values.get("id") or str(uuid4())
        row = {
            **values,
            "id": record_id,
            "created_at": self.now,
            "updated_at": self.now,
            "created_by": self.identity.user_id,
            "created_by_email": self.identity.user_email,
            "organization_id": self.identity.organization_id,
            "version": 1,
            "changed": self.number,
        }
        _insert_into(table, tuple(row)).run(self.connection, row)
        return record_id

    def change(
        self, table: Table, row: Mapping[str, Any], values: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Store what differs from the record's row as its next version, and return that."""
        stamp = {
            "updated_at": after(row["updated_at"], self.now),
            "version": row["version"] + 1,
            "changed": self.number,
        }
        changed = {**values, **stamp}
        statement = _change_of(table, tuple(changed))
        statement.run(self.connection, {**changed, "record": row["id"]})
        return {**row, **changed}

    def touch(self, table: Table, where: Any, values: Mapping[str, Any] | None = None) -> None:
        """Give every record that fits its next version, at a later time than its last."""
        rows = select(table.c.id, table.c.updated_at, table.c.version).where(where)
        for row in self.connection.execute(rows).mappings().all():
            self.change(table, {**row}, values or {})


class Database:
    """The records of one folder.

    Parameters
    ----------
    folder : Path
        Made, for its owner alone, where there is none.
    clock : callable
        Tells the time in microseconds.

    Raises
    ------
    StoreError
        The folder cannot be used, or a newer cellframe wrote its records.
    """

    def __init__(self, folder: Path, clock: Callable[[], int]) -> None:
        self._clock = clock
        # Writers of one process queue here: SQLite's own waiting polls, and is unfair.
        self._writing = threading.Lock()
        self._kept: Connection | None = None
        path = schema.prepare_folder(folder)
        schema.use_write_ahead_log(path)
        self._engine = _engine(path)
        log = path.with_name(f"{path.name}-wal")
        self.snapshots = Snapshots(self._engine, log, clock)
        try:
            with schema.readable(path):
                schema.migrate(self.read, self._write, path, clock())
                with self.read() as connection:
                    self.identity = _identity(connection)
                    self.secret = _secret(connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give back the files."""
        self.snapshots.close()
        with self._writing:
            self._give_back()
        self._engine.dispose()

    def now(self) -> int:
        """Tell the time by this service's clock, in microseconds."""
        return self._clock()

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Open one unchanging view of the records."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, trial: bool = False) -> Generator[Work]:
        """Open one change; it is kept when the block ends without an exception.

        Parameters
        ----------
        trial : bool
            Whether nothing is kept in any case.
        """
        self.snapshots.end_old()
        with self._write(trial=trial) as connection:
            yield Work(connection, self.identity, self._clock(), trial)

    @contextmanager
    def _write(self, *, trial: bool = False) -> Generator[Connection]:
        with self._writing, self._writer() as connection, connection.begin() as transaction:
            yield connection
            if trial:
                transaction.rollback()
            reach("before_commit")
        reach("after_commit")

    @contextmanager
    def _writer(self) -> Generator[Connection]:
        """Lend the one connection that writes; one from the pool takes as long as two changes."""
        if self._kept is None:
            # A transaction that reads first and writes later fails at once when another
            # process wrote in between; one that begins as a writer waits its turn.
            options = {_BEGIN: "BEGIN IMMEDIATE"}
            self._kept = self._engine.connect().execution_options(**options)
        try:
            yield self._kept
        except BaseException:
            # In whatever state it is now: the pool rolls it back.
            self._give_back()
            raise

    def _give_back(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._kept = None


@lru_cache(maxsize=512)
def _insert_into(table: Table, columns: tuple[str, ...]) -> Prepared:
    """Make the statement that stores a record with these columns."""
    return Prepared(table.insert(), columns)


@lru_cache(maxsize=512)
def _change_of(table: Table, columns: tuple[str, ...]) -> Prepared:
    """Make the statement that sets these columns of one record."""
    return Prepared(update(table).where(table.c.id == bindparam("record")), columns)


def _engine(path: Path) -> Engine:
    address = URL.create("sqlite", database=str(path))
    engine = create_engine(address, pool_size=_KEPT_CONNECTIONS, max_overflow=-1)
    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", _begin)
    return engine


def _connected(connection: Any, _record: object) -> None:
    # Python's driver begins transactions when it sees fit, and never before a SELECT;
    # without an isolation level it leaves them to us.
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    execute(connection, connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _identity(connection: Connection) -> Identity:
    found = connection.execute(select(meta.c.key, meta.c.value)).all()
    return Identity(**{key: value for key, value in found if key in Identity.__slots__})


def _secret(connection: Connection) -> str:
    """Read what signs the addresses of files."""
    wanted = select(meta.c.value).where(meta.c.key == "storage_secret")
    return connection.execute(wanted).scalar_one()
