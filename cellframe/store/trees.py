"""The files of a fleet, in folders that spell out whose they are.

    <digest of the set>/…/instance_id=…/measurement_id=…/part.parquet

A scan reads the ids from the path, and names where they fit into one. The files are links to kept
ones: a tree costs names, and no bytes. The same leaves give the same tree, and one that nobody asked for in a week is removed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cellframe.errors import StoreError
from cellframe.store.places import private

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

MOST_AGE = 7 * 24 * 3600.0
"""Seconds that a tree is kept after it was last asked for."""
LEAF = "part.parquet"
_Way: TypeAlias = "Callable[[Path, Path], None]"
_LONGEST = 255
_LONGEST_PATH = 259 if os.name == "nt" else 1000
"""Letters of a whole path: Windows takes so many, macOS 1,023."""
_SAMPLE = "0" * 32
# Small letters alone stand for themselves: some disks take A for a.
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_NULL = "__HIVE_DEFAULT_PARTITION__"


class Leaf(NamedTuple):
    """One file of a fleet.

    Attributes
    ----------
    said : mapping of str to str or None
        What its path says of it, the outermost folder first: files that share the first share
        folders. With ``instance_id`` and ``measurement_id``.
    path : Path
        The kept file.
    """

    said: Mapping[str, str | None]
    path: Path


def fits(folder: Path, leaves: Sequence[Leaf]) -> bool:
    """Whether paths can say all of it: names may be longer than those of a disk."""
    try:
        longest = max((len(_name(leaf)) for leaf in leaves), default=0)
    except StoreError:
        return False
    return len(str(folder / _SAMPLE / LEAF)) + 1 + longest <= _LONGEST_PATH


def grow(folder: Path, leaves: Sequence[Leaf], *, pointing: bool = False) -> list[Path]:
    """Return paths that spell out the ids, one per leaf and in their order.

    Parameters
    ----------
    folder : Path
        Of all trees; best on the file system of the files.
    leaves : sequence of Leaf
        Each of another name.
    pointing : bool
        Whether symbolic links come first: hard ones would double the folder of whoever copies
        it, and symbolic ones end with the file that they point at.

    Returns
    -------
    list of Path
        Never to be written to: they are the kept files themselves.

    Raises
    ------
    StoreError
        A file is gone, a text is one that no folder can be named by, two leaves say the
        same, or the folder cannot be written.
    """
    names = [_name(leaf) for leaf in leaves]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        message = f"{twice} is there twice; a test has one file in a fleet."
        raise StoreError(message)
    tree = folder / _digest(names, leaves)
    try:
        private(tree)
        os.utime(tree)
        _prune(folder)
        return [
            _link(tree / name / LEAF, leaf.path, _WAYS[::-1] if pointing else _WAYS)
            for name, leaf in zip(names, leaves, strict=True)
        ]
    except OSError as fault:
        reason = fault.strerror or str(fault)
        message = f"The files cannot be laid out in {folder} ({reason}: {fault.filename})."
        raise StoreError(message) from fault


def _name(leaf: Leaf) -> str:
    return "/".join(
        f"{key}={_NULL if value is None else _encoded(value)}" for key, value in leaf.said.items()
    )


def _encoded(text: str) -> str:
    """Percent-encode a text, so that any file system keeps it and a scan reads it back."""
    found = text if _PLAIN.issuperset(text) else "".join(map(_of_letter, text))
    # An empty one, and one word of Hive's, would be read back as null.
    if not text or text == _NULL or len(found) > _LONGEST - len("measurement_id="):
        message = f"{text[:80]!r} cannot name a folder: it is empty, reserved or too long."
        raise StoreError(message)
    return found


def _of_letter(letter: str) -> str:
    return letter if letter in _PLAIN else "".join(f"%{byte:02X}" for byte in letter.encode())


def _digest(names: Sequence[str], leaves: Sequence[Leaf]) -> str:
    found = hashlib.sha256()
    for name, path in sorted(zip(names, (str(leaf.path) for leaf in leaves), strict=True)):
        found.update(f"{name}\0{path}\0".encode())
    return found.hexdigest()[:32]


def _link(place: Path, source: Path, ways: Sequence[_Way]) -> Path:
    """Make a path stand for a kept file, where it does not already."""
    if _stands_for(place, source):
        return place
    private(place.parent)
    with suppress(OSError):
        # Where nothing stands in its place, a link comes whole.
        ways[0](place, source)
        return place
    draft = place.with_name(f".{secrets.token_hex(8)}")
    try:
        _join(draft, source, ways)
        draft.replace(place)
    finally:
        # A rename of one name of a file onto another name of it leaves both.
        draft.unlink(missing_ok=True)
    return place


def _stands_for(place: Path, source: Path) -> bool:
    try:
        there, kept = place.stat(), source.stat()
    except FileNotFoundError:
        return False
    same = (there.st_dev, there.st_ino) == (kept.st_dev, kept.st_ino)
    return same or (there.st_size == kept.st_size and there.st_mtime_ns == kept.st_mtime_ns)


def _hard(draft: Path, source: Path) -> None:
    os.link(source, draft)


def _symbolic(draft: Path, source: Path) -> None:
    source.stat()
    draft.symlink_to(source.resolve())


_WAYS: tuple[_Way, ...] = (_hard, _symbolic)


def _join(draft: Path, source: Path, ways: Sequence[_Way]) -> None:
    """Link a file in the first way that is not refused; where all are, copy it."""
    for way in ways:
        with suppress(OSError):
            way(draft, source)
            return
    shutil.copy2(source, draft)


def _prune(folder: Path) -> None:
    """Remove trees that nobody asked for in a week; links only, the kept files stay."""
    oldest = time.time() - MOST_AGE
    for tree in folder.iterdir():
        with suppress(FileNotFoundError):
            if tree.stat().st_mtime < oldest:
                # Out of the way at once: another process may be asking for it just now.
                gone = tree.rename(folder / f".{secrets.token_hex(8)}")
                shutil.rmtree(gone, ignore_errors=True)
