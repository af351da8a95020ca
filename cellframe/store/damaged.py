"""What becomes of a kept file that cannot be read?

It is put aside, for whoever wants to know why, and told of once. Nothing is lost with it that
cannot be read again.
"""

from __future__ import annotations

import secrets
import shutil
import threading
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

from cellframe.store.places import private

if TYPE_CHECKING:
    from pathlib import Path

ASIDE = "damaged"
"""Folder of what was put aside, beside where it lay."""
_MOST = 5
_told = threading.Event()


def put_aside(path: Path) -> Path | None:
    """Move a file or folder out of the way; None where it cannot be moved.

    Of what was put aside before, the newest few stay.
    """
    with suppress(OSError):
        folder = private(path.parent / ASIDE)
        older = sorted(folder.iterdir(), key=lambda one: one.stat().st_ctime)
        for one in older[: -_MOST + 1]:
            _remove(one)
        return path.rename(folder / f"{path.name}.{secrets.token_hex(3)}")
    return None


def tell_once(message: str) -> None:
    """Warn, once in the life of the process: a cache is no reason for more."""
    if not _told.is_set():
        _told.set()
        warnings.warn(message, stacklevel=2)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
