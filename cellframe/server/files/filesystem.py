"""Which operations on the disk does a kept file depend on?

They go through one object, so that a test can record them, let each fail, and play every state
that a power cut may leave. Not among them is what comes before a file is kept: a body is written
off the socket (`receiving`), and is no more than garbage until `Blobs` has flushed it and read
it back.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


class FileSystem:
    """The disk itself."""

    def make_dir(self, path: Path) -> None:
        """Make a folder for its owner alone."""
        path.mkdir(mode=0o700)
        path.chmod(0o700)

    def write(self, path: Path, pieces: Iterable[bytes]) -> None:
        """Write a new file for its owner alone."""
        with os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
            for piece in pieces:
                file.write(piece)

    def fsync(self, path: Path) -> None:
        """Return when a file's content is on the disk."""
        with path.open("rb+") as file:
            os.fsync(file.fileno())

    def rename(self, path: Path, target: Path) -> None:
        """Give a file another name in the same file system, at once."""
        path.replace(target)

    def fsync_dir(self, path: Path) -> None:
        """Return when the names in a folder are on the disk."""
        if os.name == "nt":  # Windows opens no folders, and writes names with the files
            return
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def unlink(self, path: Path) -> None:
        """Take a file away, if it is there."""
        path.unlink(missing_ok=True)
