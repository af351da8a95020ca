"""What do the records of a folder say that it holds?

Read in one view of the database, without a lock and without a trace: a database that no process
has open is read as it lies, for SQLite would leave files of its own beside it.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import orjson
from sqlalchemy import NullPool, create_engine, select, text

from cellframe.contract.records import READY
from cellframe.server.files.references import RAW, File
from cellframe.server.refusals import printable
from cellframe.server.schema import FILE_NAME, HEAD
from cellframe.server.tables import blobs, cells, files, raw_data, tests, upload_files

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from sqlalchemy import Connection


class UnusableError(Exception):
    """The database is none that can be compared with the folder."""


@dataclass(frozen=True, slots=True)
class Owner:
    """One test, or raw data, as far as its files go.

    Attributes
    ----------
    id, name, cell : str
        Its id and name, and the name of a test's cell.
    version : int
        Of the record.
    type, status : str
        What a test holds, or `RAW`; and what became of it.
    metadata : dict
        What its record tells of its files.
    files : tuple of File
        Its files.
    """

    id: str
    name: str
    cell: str
    version: int
    type: str
    status: str
    metadata: dict[str, Any]
    files: tuple[File, ...]

    @property
    def label(self) -> str:
        """The record, as a message names it."""
        if self.type == RAW:
            return f"raw data '{printable(self.name)}' ({self.id})"
        return f"test '{printable(self.name)}' ({self.id}) of cell '{printable(self.cell)}'"


@dataclass(frozen=True, slots=True)
class Inventory:
    """Everything that the records tell of files.

    Attributes
    ----------
    owners : tuple of Owner
        Tests and raw data, each by name.
    sizes : dict of str to int
        Recorded size of each content, by its sha256.
    staged : set of str
        Files that uploads under way wait with.
    faults : tuple of str
        What is wrong with the database itself.
    """

    owners: tuple[Owner, ...]
    sizes: dict[str, int]
    staged: set[str]
    faults: tuple[str, ...]


def read(folder: Path) -> Inventory:
    """Read what there should be.

    Raises
    ------
    UnusableError
        The database is of another version or another program.
    sqlalchemy.exc.DatabaseError
        It is damaged.
    """
    while True:
        is_open = _log(folder).exists()
        with _view(folder) as connection:
            found = _read(connection)
        if is_open or not _log(folder).exists():
            return found
        # A service was started meanwhile, and may have written under our eyes.


def is_unchanged(folder: Path, owner: Owner) -> bool:
    """Tell whether a record is still the one that was read."""
    table = raw_data if owner.type == RAW else tests
    with _view(folder) as connection:
        version = connection.execute(select(table.c.version).where(table.c.id == owner.id)).scalar()
    return version == owner.version


def _log(folder: Path) -> Path:
    return folder / f"{FILE_NAME}-wal"


@contextmanager
def _view(folder: Path) -> Generator[Connection]:
    how = "mode=ro" if _log(folder).exists() else "mode=ro&immutable=1"
    address = f"{(folder / FILE_NAME).resolve().as_uri()}?{how}"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, isolation_level=None, timeout=30)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA trusted_schema=OFF")
        connection.exec_driver_sql("BEGIN")
        yield connection


def _read(connection: Connection) -> Inventory:
    _check_version(connection)
    faults = (*_damage(connection), *_dangling(connection))
    contents = connection.execute(select(blobs.c.digest, blobs.c.size)).all()
    waiting = connection.execute(select(upload_files.c.staged)).scalars()
    return Inventory(
        owners=(*_tests(connection), *_raw_data(connection)),
        sizes={content.digest: content.size for content in contents},
        staged={name for name in waiting if name},
        faults=faults,
    )


def _check_version(connection: Connection) -> None:
    names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
    if not {"alembic_version", "meta"} <= set(names.scalars()):
        message = "it is a database of another program"
        raise UnusableError(message)
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version != HEAD:
        message = (
            f"its tables are at version {version!r}, this cellframe knows {HEAD!r}; serve an older "
            "folder once to bring it here, and use a newer cellframe for a newer folder"
        )
        raise UnusableError(message)


def _damage(connection: Connection) -> Iterator[str]:
    for told in connection.execute(text("PRAGMA integrity_check")).scalars():
        if told != "ok":
            yield f"{FILE_NAME} is damaged: {told}. Restore it from a copy."


def _dangling(connection: Connection) -> Iterator[str]:
    """Yield the rows that refer to records that are not there."""
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    for table, rowid, parent, _ in broken:
        quoted = f'SELECT * FROM "{table}" WHERE rowid = :rowid'  # noqa: S608  SQLite's own name
        row = connection.execute(text(quoted), {"rowid": rowid}).mappings().one()
        named = {
            key: row[key] for key in ("name", "filename", "id", "measurement_id") if key in row
        }
        told = ", ".join(f"{key} {printable(str(value))!r}" for key, value in named.items())
        yield (
            f"{FILE_NAME}: a row of {table} ({told}) refers to a row of {parent} that is not "
            "there. Restore the database from a copy."
        )


def _tests(connection: Connection) -> Iterator[Owner]:
    held: dict[str, list[File]] = {}
    columns = [files.c[name] for name in File.__slots__]
    ordered = select(files.c.measurement_id, *columns).order_by(files.c.role, files.c.position)
    for test_id, *row in connection.execute(ordered):
        held.setdefault(test_id, []).append(File(*row))
    wanted = select(
        tests.c.id,
        tests.c.name,
        cells.c.name.label("cell"),
        tests.c.version,
        tests.c.measurement_type.label("type"),
        tests.c.processing_status.label("status"),
        tests.c.file_metadata,
    ).outerjoin_from(tests, cells)
    for row in connection.execute(wanted.order_by(tests.c.name, tests.c.id)).mappings():
        told = {key: value for key, value in row.items() if key != "file_metadata"}
        told["cell"] = told["cell"] or ""
        metadata = _object(row["file_metadata"])
        yield Owner(**told, metadata=metadata, files=tuple(held.get(row["id"], ())))


def _raw_data(connection: Connection) -> Iterator[Owner]:
    rows = connection.execute(select(raw_data).order_by(raw_data.c.name, raw_data.c.id)).mappings()
    for row in rows:
        file = File(RAW, 0, row["filename"], row["digest"], row["size_bytes"])
        yield Owner(row["id"], row["name"], "", row["version"], RAW, READY, {}, (file,))


def _object(written: str | None) -> dict[str, Any]:
    found = orjson.loads(written or "{}")
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}
