"""What does a folder hold at one moment, and how does it get to another place?

SQLite hands over its database in one piece, between two changes. Every content that it refers to
lies in the folder before the reference does, and stays for a day after the last one is gone: it
is still there when its turn comes.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from cellframe.errors import StoreError
from cellframe.server.files.blobs import BLOBS
from cellframe.server.files.filesystem import FileSystem
from cellframe.server.schema import FILE_NAME, HEAD

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_DISK = FileSystem()
_REFERRED = "SELECT digest FROM files UNION SELECT digest FROM raw_data ORDER BY digest"


def take_database(folder: Path, target: Path) -> list[str]:
    """Copy the records as they are now, while others may change them.

    Parameters
    ----------
    folder, target : Path
        A service's folder, and an empty one.

    Returns
    -------
    list of str
        Digests of the contents that the copied records refer to.

    Raises
    ------
    StoreError
        The tables are not of this version.
    """
    path = target / FILE_NAME
    os.close(os.open(path, _NEW, 0o600))
    with _opened(folder / FILE_NAME) as source, closing(sqlite3.connect(path)) as copy:
        _check_version(source, folder)
        source.backup(copy)
        digests = copy.execute(_REFERRED).fetchall()
        # What waits for a confirm is not in a copy: its sender has to put it again.
        copy.execute("UPDATE upload_files SET staged = NULL, digest = NULL, size = NULL")
        copy.commit()
    _DISK.fsync(path)
    return [digest for (digest,) in digests]


def take_content(folder: Path, target: Path, digest: str, *, link: bool = False) -> None:
    """Copy one content, or give it a second name where both folders lie on one disk.

    Raises
    ------
    FileNotFoundError
        It is not there.
    """
    source, place = (one / BLOBS / digest[:2] / digest for one in (folder, target))
    for made in (place.parent.parent, place.parent):
        if not made.is_dir():
            _DISK.make_dir(made)
            _DISK.fsync_dir(made.parent)
    if not (link and _linked(source, place)):
        with source.open("rb") as content, os.fdopen(os.open(place, _NEW, 0o600), "wb") as file:
            shutil.copyfileobj(content, file, 2**20)
        _DISK.fsync(place)
    _DISK.fsync_dir(place.parent)


def start_new_life(folder: Path, server_id: str) -> None:
    """Give restored records an id of their own.

    Their versions are counted anew from an earlier moment. Whoever still knows later ones would
    take another content for what they have read; under another id, nobody knows anything.
    """
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'server_id'", (server_id,))
        connection.commit()


@contextmanager
def _opened(path: Path) -> Generator[sqlite3.Connection]:
    # On a disk that takes no writes SQLite could not keep its side files; nobody else can either.
    how = "mode=rw" if os.access(path, os.W_OK) else "mode=ro&immutable=1"
    address = f"{path.resolve().as_uri()}?{how}"
    with closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
        yield connection


def _check_version(connection: sqlite3.Connection, folder: Path) -> None:
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if found != (HEAD,):
        message = (
            f"The tables of {folder} are not at the version of this cellframe ({HEAD}): copy it "
            "with the cellframe that wrote it, or serve it once with this one."
        )
        raise StoreError(message)


def _linked(source: Path, place: Path) -> bool:
    try:
        place.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True
