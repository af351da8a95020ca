"""Where do the files of tests lie, and how does one get there without a moment of doubt?

A content lies once, at ``blobs/ab/<sha256>``. On its way in it waits in ``staging``. To publish
is: flush the file, verify its digest, rename it, flush the folder; then the database may refer
to it. The last three happen while the database's write lock is held, as does every removal, so
that no content is removed between its publication and its first reference.
"""

from __future__ import annotations

import errno
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from cellframe.contract.wire import FileBody
from cellframe.server.files.filesystem import FileSystem
from cellframe.server.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterable, Iterator
    from pathlib import Path

BLOBS, STAGING = "blobs", "staging"
_PIECE = 2**20
_TRUSTED_FOR = 3600.0
"""Seconds for which a content that was verified is not read again."""
_WAITING = re.compile(r"([0-9]+)-[0-9a-f]{32}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
"""Names that are ours; whatever else people put into the folders is left alone."""
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that came, under the name it waits by."""

    name: str
    digest: str
    size: int


class DamagedError(Exception):
    """A content is not what was stored."""


class _Stamp(NamedTuple):
    inode: int
    changed: int
    size: int


class Blobs:
    """The files of one folder.

    Parameters
    ----------
    folder : Path
        The service's.
    file_system : FileSystem
        What writes.
    """

    def __init__(self, folder: Path, file_system: FileSystem | None = None) -> None:
        self.folder = folder
        self._disk = file_system or FileSystem()
        self._failed = ""
        self._trusted: dict[str, tuple[_Stamp, float]] = {}
        self._making = threading.Lock()

    def path(self, digest: str) -> Path:
        """Tell where a content lies."""
        return self.folder / BLOBS / digest[:2] / digest

    def waiting(self, name: str) -> Path:
        """Tell where a staged file lies."""
        return self.folder / STAGING / name

    def reserve(self, now: int) -> Path:
        """Name a new staged file; its name says when it came, by the service's clock."""
        self.check_usable()
        self._make_folder(self.folder / STAGING)
        return self.waiting(f"{now}-{uuid4().hex}")

    def take(self, body: bytes | FileBody | None, now: int) -> Staged:
        """Let a file wait: moved where it may be, copied where not.

        Raises
        ------
        Refusal
            503 after an earlier failure of the disk.
        """
        place = self.reserve(now)
        try:
            if not (isinstance(body, FileBody) and self._moved(body, place)):
                self._disk.write(place, _pieces(body))
            return self.staged(place)
        except BaseException:
            self._disk.unlink(place)
            raise

    def staged(self, place: Path) -> Staged:
        """Describe a file that lies in `staging`."""
        return Staged(place.name, _digest(place), place.stat().st_size)

    @contextmanager
    def scratch(self) -> Generator[Callable[[int], Path]]:
        """Give staged files to write to, empty and private; they go when the block ends."""
        made: list[Path] = []

        def make(now: int) -> Path:
            made.append(self.reserve(now))
            self._disk.write(made[-1], ())
            return made[-1]

        try:
            yield make
        finally:
            self.discard(place.name for place in made)

    def discard(self, names: Iterable[str]) -> None:
        """Take staged files away, as far as they are still there."""
        for name in names:
            self._disk.unlink(self.waiting(name))

    def seal(self, staged: Staged) -> None:
        """Flush a staged file, and verify that it is what came.

        Raises
        ------
        Refusal
            422 where it is something else by now; 503 or 507 where the disk fails.
        """
        self.check_usable()
        place = self.waiting(staged.name)
        if not place.exists() and self.is_whole(staged.digest):
            return  # published by a confirm that got no further
        try:
            self._flush(lambda: self._disk.fsync(place))
            found = self.staged(place)
        except FileNotFoundError:
            found = None
        if found != staged:
            message = "The uploaded file is not on the disk as it came; put it again."
            raise refuse(422, message)
        self.is_whole(staged.digest)  # read now, not while the database is locked

    def publish(self, staged: Staged) -> None:
        """Move a sealed file to its place; the database's write lock must be held.

        Raises
        ------
        Refusal
            503 or 507 where the disk fails.
        """
        target, place = self.path(staged.digest), self.waiting(staged.name)
        self._make_folder(target.parent.parent)
        self._make_folder(target.parent)
        if self.is_whole(staged.digest):
            # Somebody may have brought it back from a copy, and `cp` flushes nothing.
            self._flush(lambda: self._disk.fsync(target))
        else:
            self._disk.rename(place, target)
            self._trusted[staged.digest] = (_stamp(target), time.monotonic())
        self._flush(lambda: self._disk.fsync_dir(target.parent))

    def remove(self, digest: str) -> None:
        """Take a content away; the database's write lock must be held."""
        self._trusted.pop(digest, None)
        self._disk.unlink(self.path(digest))

    def besides(self, known: Container[str]) -> dict[str, int]:
        """List the contents on the disk that are none of these, with their sizes."""
        places = self.folder.joinpath(BLOBS).glob("[0-9a-f][0-9a-f]/*")
        others = [path for path in places if path.name not in known and self._is_ours(path)]
        return {path.name: path.stat().st_size for path in others}

    def _is_ours(self, path: Path) -> bool:
        """Tell whether a content of ours could lie there."""
        named = _DIGEST.fullmatch(path.name) and path == self.path(path.name)
        return bool(named) and path.is_file()

    def staged_at(self) -> dict[str, int]:
        """List the staged files, with the times at which they came."""
        places = self.folder.joinpath(STAGING).glob("*-*")
        found = [_WAITING.fullmatch(path.name) for path in places if path.is_file()]
        return {match[0]: int(match[1]) for match in found if match}

    def is_whole(self, digest: str) -> bool:
        """Tell whether a content is there, and is what it was."""
        try:
            self.verified(digest)
        except (DamagedError, FileNotFoundError):
            return False
        return True

    def verified(self, digest: str) -> Path:
        """Return where a content lies, read and compared within the last hour.

        Raises
        ------
        FileNotFoundError
            It is not there.
        DamagedError
            It has another digest by now.
        """
        path = self.path(digest)
        stamp = _stamp(path)
        known, since = self._trusted.get(digest, (None, 0.0))
        if known != stamp or time.monotonic() - since > _TRUSTED_FOR:
            if _digest(path) != digest:
                raise DamagedError(digest)
            self._trusted[digest] = (stamp, time.monotonic())
        return path

    def check_usable(self) -> None:
        """Refuse to take files after the disk failed to keep one."""
        if self._failed:
            message = (
                f"The disk failed to keep a file ({self._failed}); files can only be read until "
                "the service is started again. Check the disk first."
            )
            raise refuse(503, message)

    def _flush(self, flush: Callable[[], None]) -> None:
        """Flush, or take no more files: what a failed flush lost, no second one brings back."""
        try:
            flush()
        except FileNotFoundError:
            raise
        except OSError as fault:
            self._failed = fault.strerror or str(fault)
            if fault.errno in FULL:
                raise
            self.check_usable()

    def _moved(self, body: FileBody, place: Path) -> bool:
        """Move a file in if that is allowed, and possible on one file system."""
        whole = body.start == 0 and body.stop is None
        if not (body.movable and whole) or body.path.is_symlink():
            return False
        try:
            self._disk.rename(body.path, place)
        except OSError:
            return False
        place.chmod(0o600)
        return True

    def _make_folder(self, path: Path) -> None:
        if path.is_dir():
            return
        with self._making:
            if not path.is_dir():
                try:
                    self._disk.make_dir(path)
                except FileExistsError:
                    return  # another process was faster
                self._flush(lambda: self._disk.fsync_dir(path.parent))


def _pieces(body: bytes | FileBody | None) -> Iterator[bytes]:
    if not isinstance(body, FileBody):
        yield body or b""
        return
    left = body.size
    with body.path.open("rb") as file:
        file.seek(body.start)
        while left and (piece := file.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> _Stamp:
    found = path.stat()
    return _Stamp(found.st_ino, found.st_mtime_ns, found.st_size)
