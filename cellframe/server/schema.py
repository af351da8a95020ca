"""Is the folder fit, and are its tables those of this version?

Every message names the folder and what to do: they reach people through the command line.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError, OperationalError

from cellframe.errors import CorruptStoreError, StoreError
from cellframe.server.files.filesystem import FileSystem
from cellframe.server.names import folded
from cellframe.server.tables import counter, meta, projects

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    _Open = Callable[[], AbstractContextManager[Connection]]

FILE_NAME = "cellframe.sqlite"
HEAD = "0005"
"""The newest migration: a folder that has it opens without loading any."""
DEFAULT_PROJECT = "Default project"
"""Name, to begin with, of the project of specs that name none."""
_SCRIPTS = "cellframe.server:migrations"
_PATIENCE = 30.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def prepare_folder(folder: Path) -> Path:
    """Make the folder and its database file, both for their owner alone.

    Parameters
    ----------
    folder : Path
        An existing folder keeps its mode.

    Returns
    -------
    Path
        The database file.

    Raises
    ------
    StoreError
        The folder cannot be made or written to, or a link stands in the file's place.
    """
    path = folder / FILE_NAME
    if path.is_symlink():
        message = f"{path} is a link to elsewhere; move the database itself into the folder."
        raise StoreError(message)
    try:
        _make_folder(folder)
        # SQLite would make the file with the caller's umask, and its side files like it. One that
        # is there is not opened: POSIX ends all locks of a process on a file when it closes any
        # descriptor of it, and another process would then take the log away from under this one.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            path.chmod(0o600)
    except OSError as fault:
        reason = fault.strerror or str(fault)
        message = f"The folder {folder} cannot be used: {reason}. Choose another folder."
        raise StoreError(message) from fault
    return path


def _make_folder(folder: Path) -> None:
    """Make a folder that outlasts a power cut; SQLite flushes what is in it, not its own name."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if new:
        folder.chmod(0o700)
    for one in new:
        FileSystem().fsync_dir(one.parent)


@contextmanager
def readable(path: Path) -> Generator[None]:
    """Turn a database that cannot be opened into one sentence."""
    try:
        yield
    except OperationalError as fault:
        message = f"{path} cannot be opened: {fault.orig}. Check its folder and its owner."
        raise StoreError(message) from fault
    except DatabaseError as fault:
        message = f"{path} is no database, or is damaged: {fault.orig}. Restore it from a copy."
        raise CorruptStoreError(message) from fault


def use_write_ahead_log(path: Path) -> None:
    """Switch the file to write-ahead logging; readers and one writer then never wait.

    Raises
    ------
    StoreError
        The file is no database, or its drive does not allow it, as some network drives do not.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with closing(sqlite3.connect(path)) as connection:
                (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            break
        except sqlite3.OperationalError as fault:
            # Two processes that open a new folder at once: SQLite does not wait for this one.
            if "locked" not in str(fault) or time.monotonic() > deadline:
                message = f"{path} cannot be opened: {fault}. Check its folder and its owner."
                raise StoreError(message) from fault
            time.sleep(0.02)
        except sqlite3.DatabaseError as fault:
            message = f"{path} is no database, or is damaged: {fault}. Restore it from a copy."
            raise CorruptStoreError(message) from fault
    if mode != "wal":
        message = f"{path} lies on a drive without shared memory; keep the folder on a local disk."
        raise StoreError(message)


def migrate(read: _Open, write: _Open, path: Path, now: int) -> None:
    """Bring the tables to this version, in one transaction.

    Parameters
    ----------
    now : int
        When a new database is made, in microseconds.

    Raises
    ------
    StoreError
        A newer cellframe, or another program, wrote the file.
    """
    with read() as connection:
        if _revision(connection, path) == HEAD:
            return
    with write() as connection:
        # Asked again: of two processes that open a new folder, one comes second.
        found = _revision(connection, path)
        if found == HEAD:
            return
        _upgrade(connection, found, path)
        if found is None:
            _introduce(connection, now)


def _revision(connection: Connection, path: Path) -> str | None:
    """Name the migration that the file is at; None for an empty file."""
    names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))
    tables = set(names.scalars())
    if not tables:
        return None
    if "alembic_version" in tables and "meta" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    message = f"{path} is a database of another program; choose another folder."
    raise StoreError(message)


def _upgrade(connection: Connection, found: str | None, path: Path) -> None:
    # A fifth of a second to import, and only a new or an older folder needs it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    scripts = ScriptDirectory.from_config(config)
    if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
        message = (
            f"{path} was written by a newer cellframe (its tables are at {found!r}, this one "
            f"knows {HEAD!r}); install that version, or choose another folder."
        )
        raise StoreError(message)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _introduce(connection: Connection, now: int) -> None:
    """Give a new database its identity, and its built-in project."""
    values = {
        "server_id": str(uuid4()),
        "organization_id": str(uuid4()),
        "organization_name": "Local lab",
        "project_id": str(uuid4()),
        "user_id": str(uuid4()),
        "user_email": "lab@localhost",
    }
    rows = [{"key": key, "value": value} for key, value in values.items()]
    connection.execute(meta.insert(), rows)
    connection.execute(counter.insert().values(id=1, value=0))
    project = {
        "id": values["project_id"],
        "name": DEFAULT_PROJECT,
        "folded_name": folded(DEFAULT_PROJECT),
        "created_at": now,
        "updated_at": now,
        "created_by": values["user_id"],
        "created_by_email": values["user_email"],
        "organization_id": values["organization_id"],
        "version": 1,
        "changed": 0,
    }
    connection.execute(projects.insert(), project)
