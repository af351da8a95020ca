"""Has anything been written to a service from here since?

Every write of this user's makes a file one byte longer before it is sent, and once more when it
has ended, however it ended. Whoever keeps an answer notes what the file looked like before the
question was asked: where it looks otherwise now, a write lay between, and the answer may be old.
One file for all kinds of record, since there is hardly one that another does not count or name.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cellframe.store.places import private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNKNOWN = ""
"""What the file looks like where it cannot be seen: like nothing that was ever noted."""


class Changes:
    """The writes to one service, by every process of this user.

    Parameters
    ----------
    path : Path
        The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lost = False

    def seen(self) -> str:
        """Return what tells this moment from any before a write; `UNKNOWN` where nothing does."""
        if self._lost:
            return UNKNOWN
        try:
            return self._look()
        except FileNotFoundError:
            return self._begun()
        except OSError:
            return UNKNOWN

    def note(self) -> None:
        """Note that a write begins, or has ended."""
        try:
            self._open_and(lambda handle: os.write(handle, b"."))
        except OSError:
            # A full disk takes no byte, but lets a name go: a new file looks like none before.
            try:
                self._path.unlink(missing_ok=True)
            except OSError:
                self._lost = True

    def _begun(self) -> str:
        with suppress(OSError):
            # Empty: of several who begin at once, none may look like a write to another.
            self._open_and(lambda _: None)
            return self._look()
        return UNKNOWN

    def _look(self) -> str:
        found = self._path.stat()
        return f"{found.st_ino}.{found.st_size}.{found.st_mtime_ns}"

    def _open_and(self, use: Callable[[int], object]) -> None:
        private(self._path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        handle = os.open(self._path, flags, 0o600)
        try:
            use(handle)
        finally:
            os.close(handle)
