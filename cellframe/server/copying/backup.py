"""How is a copy of a folder made whole, or not at all?

It grows in a folder beside its place, is compared with its own records byte by byte, and gets
its name last.
"""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING
from uuid import uuid4

from cellframe.errors import StoreError
from cellframe.server.copying import snapshot
from cellframe.server.files.filesystem import FileSystem
from cellframe.server.schema import FILE_NAME
from cellframe.server.verifying.verify import Report, verify

if TYPE_CHECKING:
    from pathlib import Path

_DISK = FileSystem()


def backup(folder: Path, target: Path, *, link: bool = False) -> Report:
    """Copy a folder's records and files, while services and notebooks go on writing to it.

    Parameters
    ----------
    folder : Path
        A service's folder.
    target : Path
        Where the copy will be; nothing may be there.
    link : bool
        Whether contents on the same disk get a second name instead of a copy: quick, and no
        protection from a disk that fails.

    Returns
    -------
    Report
        What `verify` finds in the copy. It holds every change that was acknowledged before
        this began. A fault was in the folder already, and is in the copy as well.

    Raises
    ------
    StoreError
        The folder is none of a service, there is something at the target, or the disk fails.
    """
    return _copied(folder, target, link=link)


def restore(backup: Path, folder: Path) -> Report:
    """Make a service's folder of a backup.

    Parameters
    ----------
    backup : Path
        What `backup` made; it is left as it is.
    folder : Path
        Where the records will be; nothing may be there.

    Returns
    -------
    Report
        What `verify` finds in the folder.

    Raises
    ------
    StoreError
        The backup is none, there is something in the folder's place, or the disk fails.
    """
    return _copied(backup, folder, server_id=str(uuid4()))


def _copied(source: Path, target: Path, *, link: bool = False, server_id: str = "") -> Report:
    _check_places(source, target)
    growing = _made(target)
    try:
        for digest in snapshot.take_database(source, growing):
            _take(source, growing, digest, link=link)
        if server_id:
            snapshot.start_new_life(growing, server_id)
        report = verify(growing)
        _DISK.fsync_dir(growing)
        _DISK.rename(growing, target)
        _DISK.fsync_dir(target.parent)
    except (OSError, sqlite3.Error) as fault:
        message = f"{source} could not be copied to {target}: {fault}. Nothing was kept there."
        raise StoreError(message) from fault
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return report


def _take(source: Path, growing: Path, digest: str, *, link: bool) -> None:
    try:
        snapshot.take_content(source, growing, digest, link=link)
    except FileNotFoundError:
        return  # what is not in the folder is not in the copy; its verify tells of which test


def _made(target: Path) -> Path:
    """Make the folder that grows beside the target."""
    growing = target.with_name(f"{target.name}.part")
    try:
        growing.parent.mkdir(parents=True, exist_ok=True)
        _DISK.make_dir(growing)
    except FileExistsError:
        message = f"{growing} is left of a copy that was cut off, or under way. Remove it first."
        raise StoreError(message) from None
    except OSError as fault:
        message = f"{growing} cannot be made: {fault.strerror}. Name another place."
        raise StoreError(message) from fault
    return growing


def _check_places(source: Path, target: Path) -> None:
    if not (source / FILE_NAME).is_file():
        message = f"{source} holds no records: it has no {FILE_NAME}. Name another folder."
        raise StoreError(message)
    if (target / FILE_NAME).exists():
        message = f"{target} holds records already. Nothing was changed; name another folder."
        raise StoreError(message)
    if target.exists() or target.is_symlink():
        message = f"There is something at {target}. Nothing was changed; name a new folder."
        raise StoreError(message)
    if source.resolve() in target.resolve().parents:
        message = f"{target} lies within {source}. Name a folder beside it."
        raise StoreError(message)
