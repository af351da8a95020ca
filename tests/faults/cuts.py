"""What lies on a disk after the power was cut?

Every file has what was flushed, and a part of what was written since: each write lasts or not, by
a throw of the dice, in any combination, and the last that does is torn at a sector. A name lasts
once its folder was flushed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from random import Random

    from tests.faults.powered import Asked

SECTOR = 512
_CHANGING = {"write", "truncate"}


@dataclass
class Remains:
    """What one cut left.

    Attributes
    ----------
    files : dict of str to bytes
        Content of each file, by its path.
    answers : list
        What was told before, in order.
    """

    files: dict[str, bytes]
    answers: list[Any]

    def below(self, folder: Path) -> list[bytes]:
        """Contents that lie below a folder."""
        return [text for path, text in self.files.items() if folder in PurePath(path).parents]


def cuts(log: Sequence[Asked], moments: Sequence[int], dice: Random) -> Iterator[Remains]:
    """Cut the power before each of these operations, one after the other."""
    database, files = _Pages(), _Names()
    answers: list[Any] = []
    wanted = sorted(moments)
    for number, asked in enumerate([*log, None]):
        while wanted and wanted[0] == number:
            wanted.pop(0)
            left = {**database.left(dice), **files.left(dice)}
            yield Remains(left, list(answers))
        if asked is not None and asked.word == "answered":
            answers.append(asked.told)
        elif asked is not None:
            database.take(asked)
            files.take(asked)


@dataclass
class _Page:
    """One file of SQLite's: what lasts, and what may."""

    flushed: bytearray = field(default_factory=bytearray)
    pending: list[Asked] = field(default_factory=list)
    gone: bool = False


class _Pages:
    """The files that SQLite writes in place."""

    def __init__(self) -> None:
        self._files: dict[str, _Page] = {}

    def take(self, asked: Asked) -> None:
        if asked.word in _CHANGING:
            page = self._files.setdefault(asked.path, _Page())
            if page.gone:  # a new file of the same name
                page = self._files[asked.path] = _Page()
            page.pending.append(asked)
        elif asked.word == "sync" and asked.path in self._files:
            page = self._files[asked.path]
            for one in page.pending:
                _change(page.flushed, one)
            page.pending = []
            if asked.at:
                self._files = {path: page for path, page in self._files.items() if not page.gone}
        elif asked.word == "delete" and asked.path in self._files:
            if asked.at:
                del self._files[asked.path]
            else:
                self._files[asked.path].gone = True

    def left(self, dice: Random) -> dict[str, bytes]:
        return {
            path: _part(page, dice)
            for path, page in self._files.items()
            if not page.gone or dice.random() < 0.5
        }


def _part(page: _Page, dice: Random) -> bytes:
    content = bytearray(page.flushed)
    kept = [one for one in page.pending if dice.random() < 0.5]
    for one in kept[:-1]:
        _change(content, one)
    for one in kept[-1:]:
        _change(content, one, torn_after=SECTOR * dice.randrange(len(one.data) // SECTOR + 1))
    return bytes(content)


def _change(content: bytearray, asked: Asked, torn_after: int | None = None) -> None:
    if asked.word == "truncate":
        del content[asked.at :]
        return
    data = asked.data[:torn_after]
    if len(content) < asked.at:
        content.extend(bytes(asked.at - len(content)))
    content[asked.at : asked.at + len(data)] = data


@dataclass
class _Named:
    """One name in a folder: where it points, and whether that lasts."""

    content: bytes
    flushed: bool
    lasting: bool = False


class _Names:
    """The files of tests, which are written once, then named."""

    def __init__(self) -> None:
        self._flushed: dict[str, bool] = {}
        self._names: dict[str, _Named] = {}
        self._folders: dict[str, bool] = {}

    def take(self, asked: Asked) -> None:
        if asked.word in {"create", "fsync"}:
            self._flushed[asked.path] = asked.word == "fsync"
            if asked.word == "fsync" and asked.path in self._names:
                self._names[asked.path].flushed = True
        elif asked.word == "rename":
            whole = self._flushed.pop(asked.path, False)
            self._names[asked.told] = _Named(asked.data, whole)
        elif asked.word == "make_dir":
            self._folders[asked.path] = False
        elif asked.word == "fsync_dir":
            self._flush_folder(asked.path)
        elif asked.word == "unlink":
            self._names.pop(asked.path, None)

    def _flush_folder(self, folder: str) -> None:
        for path, named in self._names.items():
            if str(PurePath(path).parent) == folder:
                named.lasting = True
        for path in self._folders:
            if str(PurePath(path).parent) == folder:
                self._folders[path] = True

    def left(self, dice: Random) -> dict[str, bytes]:
        lost = {path for path, lasts in self._folders.items() if not lasts and dice.random() < 0.5}
        found: dict[str, bytes] = {}
        for path, named in self._names.items():
            under = {str(parent) for parent in PurePath(path).parents}
            if lost & under or (not named.lasting and dice.random() < 0.5):
                continue
            found[path] = named.content if named.flushed else _torn(named.content, dice)
        return found


def _torn(content: bytes, dice: Random) -> bytes:
    return content[: SECTOR * dice.randrange(len(content) // SECTOR + 1)]
