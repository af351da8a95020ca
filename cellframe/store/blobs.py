"""Files that were downloaded, by what they hold.

A file is named by its SHA-256 alone, so that the same series is kept once, whichever test it
was read from, and no name of a service's making reaches the disk. A file in place is whole: it
comes under its name by one rename, and two processes may bring the same one at once. Nothing
is forced onto the disk, since all of it can be read again. Where they become too many, those that
were not used for longest go, but none that a fleet has a link to: that would free nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from cellframe.errors import CorruptStoreError, StoreError
from cellframe.store.damaged import put_aside
from cellframe.store.places import private, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cellframe.contract.wire import FileBody

DOWNLOADS = "downloads"
"""Folder of the files, below that of the cache."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PIECE = 1024**2
_IN_USE = 3600.0
"""Seconds after its last use in which somebody may still be reading a file."""
_CHECKS = 20
"""The room is looked at whenever this part of it was taken."""


class Blobs:
    """The files of one folder.

    Parameters
    ----------
    folder : Path
        Made when the first file is taken in.
    most : int, optional
        Bytes that they may take together; no end if not given.
    """

    def __init__(self, folder: Path, most: int | None = None) -> None:
        self.folder = folder
        self._most = most
        self._taken_since = most or 0
        self._whole: dict[str, tuple[int, int, int]] = {}
        self._is_swept = False

    def path(self, digest: str) -> Path | None:
        """Return where a file lies; None where it is not kept."""
        # Whatever a service said instead of a digest never becomes a name.
        known = _DIGEST.fullmatch(digest) and self._place(digest).is_file()
        return self._place(digest) if known else None

    def sound(self, digest: str) -> Path | None:
        """Return where a file lies that was read and found whole since it was last written.

        None where it is not kept, or is damaged: `take` then replaces it.
        """
        # Whatever a service said instead of a digest never becomes a name.
        path = self._place(digest) if _DIGEST.fullmatch(digest) else None
        # Another process may take it away at any moment; what cannot be read is not kept.
        with suppress(OSError):
            if path is not None and self._is_whole(path, digest):
                return path
        return None

    def _is_whole(self, path: Path, digest: str) -> bool:
        status = path.stat()
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        now = time.time()
        if now - status.st_atime > _IN_USE:
            # Many disks note no reading; when it was written stays as it is.
            os.utime(path, ns=(int(now * 1e9), status.st_mtime_ns))
        if self._whole.get(digest) != stamp and digest_of(path) == digest:
            self._whole[digest] = stamp
        return self._whole.get(digest) == stamp

    def take(self, file: FileBody, digest: str | None = None) -> tuple[str, Path]:
        """Take a file in, and return its digest and where it lies.

        Parameters
        ----------
        file : FileBody
            Moved where it is movable, else copied.
        digest : str, optional
            What it should hold, 64 hexadecimal digits.

        Returns
        -------
        digest : str
        path : Path
            Never to be written to: it may be in use as part of other frames.

        Raises
        ------
        CorruptStoreError
            The file is not what `digest` says. It is not kept.
        StoreError
            The folder cannot be written.
        """
        try:
            found = self._taken(file, digest)
            self._make_room(found[1].stat().st_size)
        except StoreError:
            raise
        except OSError as fault:
            reason = fault.strerror or type(fault).__name__
            message = f"{self.folder} cannot take a file in ({reason})."
            raise StoreError(message) from fault
        return found

    def all(self) -> Iterator[Path]:
        """Return the files that are kept; another process may take one away meanwhile."""
        return self.folder.glob("*/*.parquet")

    def verify(self) -> list[Path]:
        """Read every file, and put those aside that are not what their name says.

        Returns
        -------
        list of Path
            Where the damaged ones are now.
        """
        damaged: list[Path] = []
        for path in self.all():
            with suppress(FileNotFoundError):
                if digest_of(path) != path.stem:
                    damaged.append(put_aside(path) or path)
        return damaged

    def _make_room(self, size: int) -> None:
        """Remove what was not used for longest, where there is too much of it."""
        self._taken_since += size
        if self._most is None or self._taken_since < self._most / _CHECKS:
            return
        self._taken_since = 0
        files = [(path, path.stat()) for path in self.all()]
        total = sum(status.st_size for _, status in files)
        oldest = time.time() - _IN_USE
        for path, status in sorted(files, key=lambda file: file[1].st_atime):
            if total <= self._most:
                return
            if status.st_atime < oldest and status.st_nlink == 1:
                path.unlink(missing_ok=True)
                total -= status.st_size

    def _taken(self, file: FileBody, digest: str | None) -> tuple[str, Path]:
        draft = self._tidied() / f".{secrets.token_hex(16)}"
        try:
            found = _brought(file, draft)
            if digest is not None and found != digest:
                message = f"A download is damaged: it holds {found}, not {digest}. Read it again."
                raise CorruptStoreError(message)
            path = self._publish(draft, found)
            # Another process may take it away at any moment.
            with suppress(FileNotFoundError):
                self._whole[found] = _stamp(path)
            return found, path
        finally:
            draft.unlink(missing_ok=True)

    def _tidied(self) -> Path:
        """Return the folder, once without what a killed process left on its way into it."""
        folder = private(self.folder)
        if not self._is_swept:
            self._is_swept = True
            sweep(folder)
        return folder

    def _publish(self, draft: Path, digest: str) -> Path:
        path = self._place(digest)
        private(path.parent)
        if path.is_dir():
            put_aside(path)
        # Also in the place of the same file: that one may have been damaged since.
        return draft.replace(path)

    def _place(self, digest: str) -> Path:
        return self.folder / f"{digest[:2]}/{digest}.parquet"


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> tuple[int, int, int]:
    """Return what differs once a file was written to."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _brought(file: FileBody, draft: Path) -> str:
    """Move or copy a file to where it is checked, and return its digest."""
    if file.movable and file.size == file.path.stat().st_size:
        # Across file systems there is no rename.
        with suppress(OSError):
            file.path.replace(draft)
            draft.chmod(0o600)
            return file.digest or digest_of(draft)
    handle = os.open(
        draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600
    )
    with os.fdopen(handle, "wb") as target, file.path.open("rb") as source:
        source.seek(file.start)
        left = file.size
        while left and (piece := source.read(min(_PIECE, left))):
            target.write(piece)
            left -= len(piece)
    if file.movable:
        file.path.unlink(missing_ok=True)
    return digest_of(draft)
