"""Where cellframe keeps things, and how a file is written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

HOME_VARIABLE = "CELLFRAME_HOME"
_MOST_AGE = 24 * 3600.0
"""Seconds after which a file that was still on its way is one that a killed process left."""


def state_folder() -> Path:
    """Folder of what was read and of history: ``CELLFRAME_HOME``, else the system's own place."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "state"
    import platformdirs

    return Path(platformdirs.user_state_dir("cellframe", appauthor=False))


def cache_folder() -> Path:
    """Folder of what can be read again: ``CELLFRAME_HOME``, else the system's own place."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("cellframe", appauthor=False))


def config_folder() -> Path:
    """Folder of what a person set up: ``CELLFRAME_HOME``, else the system's own place."""
    home = os.environ.get(HOME_VARIABLE)
    if home:
        return Path(home).expanduser() / "config"
    import platformdirs

    return Path(platformdirs.user_config_dir("cellframe", appauthor=False))


def service_folder(root: Path, identity: str) -> Path:
    """Return the part of a state folder that belongs to one service.

    Parameters
    ----------
    root : Path
        The state folder.
    identity : str
        The service's ``server_id``, else its origin and organisation: a new key must not lose
        what was read with the old one.
    """
    return root / hashlib.sha256(identity.encode()).hexdigest()[:16]


def private(folder: Path) -> Path:
    """Make a folder, and those above it that are missing, for this user alone."""
    if not folder.exists():
        private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder of files on their way; younger ones stay."""
    oldest = time.time() - _MOST_AGE
    for path in folder.iterdir():
        with suppress(OSError):
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()


def write_whole(path: Path, content: bytes, *, mode: int = 0o600, sync: bool = False) -> None:
    """Write a file so that a reader sees all of it or none.

    Parameters
    ----------
    mode : int
        Who may read it, less what the system takes away; for this user alone if not given.
    sync : bool
        Whether it outlasts a power cut: for what cannot be made again.
    """
    private(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
        if sync:
            sync_folder(path.parent)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Make a file's new name in this folder survive a power cut, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
