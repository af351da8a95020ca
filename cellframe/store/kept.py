"""What is kept on this disk, whose is it, and how much does it take?

Four things, which are never mixed. Answers and downloads can be had again from the service; what
was read, and history, cannot.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellframe.store.blobs import DOWNLOADS
from cellframe.store.damaged import ASIDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ANSWERS = "answers"
"""Folder of the answers, below that of the cache."""
FLEETS, DRAFTS, VERSIONS, JOURNALS = "fleets", "drafts", "versions", "journals"
"""Folders of one service: links to downloads, files on their way, what was read, history."""
_IN_USE = 24 * 3600.0
"""Seconds after which nobody is expected to still read a fleet, or to bring a file."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the four things that are kept.

    Attributes
    ----------
    name : str
        What it is called.
    words : str
        What it is, and whether it can be had again.
    folder : Path
        Where it lies.
    files, size : int
        How many files, and their bytes; a file of two names counts once.
    """

    name: str
    words: str
    folder: Path
    files: int
    size: int


def parts(cache: Path, state: Path) -> list[Part]:
    """Return the four things and what they take.

    Parameters
    ----------
    cache, state : Path
        Folder of what can be had again, and of what cannot; they may be one.
    """
    downloads = [cache / DOWNLOADS, *cache.glob(f"*/{FLEETS}"), *cache.glob(f"*/{DRAFTS}")]
    return [
        _part("answers", "what services answered; read again when it is gone", [cache / ANSWERS]),
        _part("downloads", "series that were fetched; fetched again when they are gone", downloads),
        _part(
            "read",
            "what you have read, which edits are compared with",
            state.glob(f"*/{VERSIONS}"),
            state,
        ),
        _part(
            "history",
            "what was written from here, and what became of it",
            state.glob(f"*/{JOURNALS}"),
            state,
        ),
    ]


def _part(name: str, words: str, folders: Iterable[Path], place: Path | None = None) -> Part:
    folders = list(folders)
    sizes: dict[tuple[int, int], int] = {}
    for path in _files(folders):
        with suppress(FileNotFoundError):
            found = path.lstat()
            sizes[found.st_dev, found.st_ino] = found.st_size
    return Part(name, words, place or folders[0], len(sizes), sum(sizes.values()))


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    return (path for folder in folders for path in folder.rglob("*") if not path.is_dir())


def clear_downloads(cache: Path) -> None:
    """Remove downloads, and fleets but those that may be open: they keep their files."""
    oldest = time.time() - _IN_USE
    for tree in [*cache.glob(f"*/{FLEETS}/*"), *cache.glob(f"*/{DRAFTS}/*")]:
        with suppress(FileNotFoundError):
            if tree.stat().st_mtime < oldest:
                _remove(tree)
    for path in _files([cache / DOWNLOADS]):
        path.unlink(missing_ok=True)
    clear_aside(cache)


def clear_aside(cache: Path) -> None:
    """Remove what was put aside as damaged."""
    for folder in list(cache.rglob(ASIDE)):
        _remove(folder)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
