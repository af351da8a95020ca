"""What is asked of a disk, in order? Everything that the database and the files of tests write.

`Recorder` writes it all into one log: a VFS tells what SQLite does, a `FileSystem` what the
service does with files, and the test which answers were given. `cuts` plays a power cut at any
moment of it.
"""

# ruff: noqa: N802 - the names of methods are SQLite's

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apsw

from cellframe.server.files.filesystem import FileSystem
from tests.faults.apsw_driver import ApswConnection

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_JOURNALS = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that was asked of the disk, or one answer that was given.

    Attributes
    ----------
    word : str
        What.
    path : str
        Of which file or folder.
    at : int
        Where in the file; for what concerns the file itself, whether its folder is flushed too.
    data : bytes
        What is written, or what the file holds at that moment.
    told : object
        To whom answers were given, and which.
    """

    word: str
    path: str = ""
    at: int = 0
    data: bytes = b""
    told: Any = None


class Recorder:
    """One log of everything, and what leads to it."""

    def __init__(self, name: str) -> None:
        self.log: list[Asked] = []
        self._vfs = _Vfs(name, self.log)
        self._name = name

    def connect(self, path: object, *_: object, **__: object) -> ApswConnection:
        """Stand in for `sqlite3.connect`."""
        return ApswConnection(path, self._name)

    def files(self) -> FileSystem:
        """What the service may write its files with."""
        return _RecordedFiles(self.log)

    def found(self, path: Path) -> None:
        """Note what lies in a file since long ago."""
        self.log += [Asked("write", str(path), 0, path.read_bytes()), Asked("sync", str(path))]

    def answered(self, told: object) -> None:
        """Note that an answer was given: from now on it must be true."""
        self.log.append(Asked("answered", told=told))

    def close(self) -> None:
        """Take the VFS out of SQLite."""
        self._vfs.unregister()


class _Vfs(apsw.VFS):
    def __init__(self, name: str, log: list[Asked]) -> None:
        self._log = log
        super().__init__(name, "", maxpathname=1024)

    def xOpen(self, name, flags):
        return _File(self._log, name, flags)

    def xDelete(self, name, syncdir):
        super().xDelete(name, syncdir)
        self._log.append(Asked("delete", name, int(bool(syncdir))))


class _File(apsw.VFSFile):
    def __init__(self, log: list[Asked], name: Any, flags: list[int]) -> None:
        self._log = log
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        # SQLite flushes the folder with the first flush of each journal that it opens.
        self._flushes_folder = bool(flags[0] & _JOURNALS)
        super().__init__("", name, flags)

    def xWrite(self, data, offset):
        super().xWrite(data, offset)
        self._log.append(Asked("write", self._path, offset, bytes(data)))

    def xTruncate(self, size):
        super().xTruncate(size)
        self._log.append(Asked("truncate", self._path, size))

    def xSync(self, flags):
        super().xSync(flags)
        self._log.append(Asked("sync", self._path, int(self._flushes_folder)))
        self._flushes_folder = False


class _RecordedFiles(FileSystem):
    def __init__(self, log: list[Asked]) -> None:
        self._log = log

    def make_dir(self, path: Path) -> None:
        super().make_dir(path)
        self._log.append(Asked("make_dir", str(path)))

    def write(self, path: Path, pieces: Iterable[bytes]) -> None:
        super().write(path, pieces)
        self._log.append(Asked("create", str(path)))

    def fsync(self, path: Path) -> None:
        super().fsync(path)
        self._log.append(Asked("fsync", str(path), data=path.read_bytes()))

    def rename(self, path: Path, target: Path) -> None:
        held = path.read_bytes()
        super().rename(path, target)
        self._log.append(Asked("rename", str(path), data=held, told=str(target)))

    def fsync_dir(self, path: Path) -> None:
        super().fsync_dir(path)
        self._log.append(Asked("fsync_dir", str(path)))

    def unlink(self, path: Path) -> None:
        super().unlink(path)
        self._log.append(Asked("unlink", str(path)))
