"""Disks that die, that are full, and one that writes down what was asked of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from sqlalchemy import event, select

from cellframe.server.files.filesystem import FileSystem
from cellframe.server.tables import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cellframe.server.answer import Service


class Killed(BaseException):
    """Stands for the end of the process: nothing is done after it."""


class CountingDisk(FileSystem):
    """Calls `strike` before its n-th operation; commits of the database count too."""

    def __init__(self, strike: Callable[[str], None]) -> None:
        self.strike = strike

    def watch(self, service: Service) -> None:
        event.listen(service._database._engine, "commit", lambda _: self.strike("commit"))

    def make_dir(self, path):
        self.strike("make_dir")
        super().make_dir(path)

    def write(self, path, pieces: Iterable[bytes]):
        self.strike("write")
        super().write(path, self._struck(pieces))

    def _struck(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield piece[: len(piece) // 2]
            self.strike("write, half")
            yield piece[len(piece) // 2 :]

    def fsync(self, path):
        self.strike("fsync")
        super().fsync(path)

    def rename(self, path, target):
        self.strike("rename")
        super().rename(path, target)

    def fsync_dir(self, path):
        self.strike("fsync_dir")
        super().fsync_dir(path)

    def unlink(self, path):
        self.strike("unlink")
        super().unlink(path)


def dying_at(number: int) -> CountingDisk:
    """A disk whose process ends at the n-th operation: later ones do nothing either."""
    left = number

    def strike(_: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    return CountingDisk(strike)


def failing_at(number: int, code: int, *words: str) -> CountingDisk:
    """A disk whose n-th operation, of these kinds, fails once with an error code."""
    left = number

    def strike(word: str) -> None:
        nonlocal left
        if word in words:
            left -= 1
            if left == -1:
                raise OSError(code, os.strerror(code))

    return CountingDisk(strike)


@dataclass(frozen=True)
class Step:
    """One operation: what it does to a name, or which inode or folder it flushes."""

    word: str
    path: Path
    inode: int = 0
    digests: frozenset[str] = frozenset()


class RecordingDisk(FileSystem):
    """Does everything, and remembers it in the terms of a file system: names and inodes."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._inodes: dict[Path, int] = {}

    def watch(self, service: Service) -> None:
        def committed(connection):
            digests = frozenset(connection.execute(select(files.c.digest)).scalars())
            self.steps.append(Step("commit", service._blobs.folder, 0, digests))

        event.listen(service._database._engine, "commit", committed)

    def make_dir(self, path):
        super().make_dir(path)
        self.steps.append(Step("make_dir", path))

    def write(self, path, pieces):
        super().write(path, pieces)
        self._inodes[path] = len(self.steps) + 1
        self.steps.append(Step("create", path, self._inodes[path]))

    def fsync(self, path):
        super().fsync(path)
        self.steps.append(Step("fsync", path, self._inodes[path]))

    def rename(self, path, target):
        super().rename(path, target)
        self._inodes[target] = self._inodes.pop(path)
        self.steps.append(Step("rename", target, self._inodes[target]))

    def fsync_dir(self, path):
        super().fsync_dir(path)
        self.steps.append(Step("fsync_dir", path))

    def unlink(self, path):
        super().unlink(path)
        self.steps.append(Step("unlink", path))


def crash_states(steps: list[Step]) -> Iterator[tuple[frozenset[str], set[str]]]:
    """What a power cut may leave, at every moment.

    Yields
    ------
    referenced : frozenset of str
        Digests that the database refers to; a commit is on the disk when it returns.
    whole : set of str
        Names that lie in a folder which lasted, and whose content did.
    """
    for moment in range(len(steps) + 1):
        past = steps[:moment]
        commits = [step.digests for step in past if step.word == "commit"]
        referenced = commits[-1] if commits else frozenset()
        flushed = {step.inode for step in past if step.word == "fsync"}
        pending = [number for number, step in enumerate(past) if not _lasts(past, number, step)]
        for size in range(len(pending) + 1):
            for lost in combinations(pending, size):
                yield referenced, _names(past, set(lost), flushed)


def _lasts(past: list[Step], number: int, step: Step) -> bool:
    """Whether the folder of a changed name was flushed since."""
    if step.word not in {"make_dir", "rename", "unlink"} or step.path.parent.name == "staging":
        return True
    later = past[number + 1 :]
    return any(one.word == "fsync_dir" and one.path == step.path.parent for one in later)


def _names(past: list[Step], lost: set[int], flushed: set[int]) -> set[str]:
    folders: set[Path] = set()
    names: dict[Path, int] = {}
    for number, step in enumerate(past):
        if number in lost:
            continue
        if step.word == "make_dir":
            folders.add(step.path)
        elif step.word == "rename":
            names[step.path] = step.inode
        elif step.word == "unlink":
            names.pop(step.path, None)
    return {
        path.name
        for path, inode in names.items()
        if inode in flushed and path.parent in folders and path.parent.parent in folders
    }
