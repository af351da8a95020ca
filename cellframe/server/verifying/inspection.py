"""What is wrong with files, as the disk shows them?"""

from __future__ import annotations

import os
import stat
from hashlib import file_digest
from typing import TYPE_CHECKING

from cellframe.server.files.blobs import BLOBS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Contents:
    """The contents of a folder, each read once.

    Parameters
    ----------
    folder : Path
        The service's.
    sizes : mapping of str to int
        The recorded size of each, by its sha256.

    Attributes
    ----------
    read, bytes : int
        How many were read, and how much.
    """

    def __init__(self, folder: Path, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self.read = self.bytes = 0
        self._folder = folder
        self._faults: dict[str, str] = {}

    def name(self, digest: str) -> str:
        """Tell where a content lies, seen from the folder."""
        return f"{BLOBS}/{digest[:2]}/{digest}"

    def path(self, digest: str) -> Path:
        """Tell where a content lies."""
        return self._folder / self.name(digest)

    def fault(self, digest: str) -> str:
        """Tell what is wrong with a content; nothing where it is what was stored."""
        if digest not in self._faults:
            self._faults[digest] = self._fault(digest)
        return self._faults[digest]

    def _fault(self, digest: str) -> str:
        path = self.path(digest)
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode):
                return "is no plain file"
            with path.open("rb") as file:
                same = file_digest(file, "sha256").hexdigest() == digest
        except FileNotFoundError:
            return "is not there"
        except OSError as fault:
            return f"cannot be read ({fault.strerror})"
        self.read += 1
        self.bytes += found.st_size
        recorded = self.sizes.get(digest)
        if recorded != found.st_size:
            return f"has {found.st_size} bytes instead of {recorded}"
        return "" if same else "is damaged: its sha256 is another by now"


def listed(folder: Path) -> list[Path]:
    """Return the files below a folder, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or path.is_file())


def exposed(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield what other users may reach of some files and folders, and of what lies in them."""
    if os.name != "posix":
        return
    for top in paths:
        for path in (top, *sorted(top.rglob("*"))):
            try:
                mode = path.lstat().st_mode
            except FileNotFoundError:
                continue
            if mode & _OTHERS and not stat.S_ISLNK(mode):
                yield path


def footer_rows(path: Path) -> int | None:
    """Return the rows that a parquet file's footer tells of; None where there is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError):
        return None
