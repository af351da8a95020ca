"""Can things be kept on this disk, and was the last apply finished?"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from cellframe.cli.checks.finding import Finding, State
from cellframe.cli.profiles import load
from cellframe.errors import CellframeError, ConfigError, CorruptStoreError
from cellframe.store.journals import read
from cellframe.store.places import HOME_VARIABLE, cache_folder, state_folder
from cellframe.views.fleet import size
from cellframe.views.words import many

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LITTLE = 10**9
"""Bytes: the downloads of one fleet may take as much."""
_NONE = 10**7
_OPEN_TO_OTHERS = 0o077
_UNSETTLED = ("unknown", "not_attempted")


def disk(data: Path | None) -> Iterator[Finding]:
    """Look at the folders of this computer.

    Parameters
    ----------
    data : Path or None
        A folder of records, which keeps what belongs to it within itself.
    """
    yield _profiles()
    if data is not None:
        yield from _records(data)
        yield from _history(data / ".cellframe")
        return
    yield from _folder("History", state_folder())
    yield from _folder("Downloads", cache_folder())
    yield from _history(state_folder())


def _profiles() -> Finding:
    try:
        known = load()
    except ConfigError as fault:
        return Finding("Profiles", str(fault), State.FAULT)
    count = many(len(known.all), "profile") if known.all else "no profile yet"
    return Finding("Profiles", f"{count}, in {known.path}")


def _records(folder: Path) -> Iterator[Finding]:
    """Look at a folder of records, which has to open."""
    from cellframe import open_local

    try:
        with open_local(folder) as client:
            count = client.cell_spec.list().total
    except CellframeError as fault:
        advice = f"Look closer: cellframe server verify {folder}"
        yield Finding("Records", str(fault), State.FAULT, advice)
        return
    yield Finding("Records", f"{many(count, 'spec')}, in the folder, without any service")
    yield from _folder("Folder", folder)


def _folder(topic: str, folder: Path) -> Iterator[Finding]:
    there = next((part for part in (folder, *folder.parents) if part.exists()), folder)
    if not os.access(there, os.W_OK | os.X_OK) or not there.is_dir():
        advice = f"Set {HOME_VARIABLE} to a folder that can be written, or change its owner."
        yield Finding(topic, f"{folder} cannot be written", State.FAULT, advice)
        return
    free = shutil.disk_usage(there).free
    kept = f"holds {size(_bytes(folder))}" if there == folder else "is made when it is needed"
    words = f"{folder} {kept}; {size(free)} free"
    if free < _LITTLE:
        state = State.FAULT if free < _NONE else State.ATTENTION
        yield Finding(topic, words, state, "Make room on this disk.")
    else:
        yield Finding(topic, words)
    if os.name == "posix" and there == folder and folder.stat().st_mode & _OPEN_TO_OTHERS:
        words = f"{folder} is open to other users of this computer"
        yield Finding(
            topic, words, State.ATTENTION, f"Where they are not meant: chmod 700 {folder}"
        )


def _bytes(folder: Path) -> int:
    """Return how much a folder holds; a file with several names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                about = os.lstat(os.path.join(place, name))  # noqa: PTH118 - ten times as quick as Path
            except OSError:
                continue
            seen[about.st_dev, about.st_ino] = about.st_size
    return sum(seen.values())


def _history(state: Path) -> Iterator[Finding]:
    """Look at the last apply of each service."""
    last = [max(folder.glob("*.jsonl"), default=None) for folder in state.glob("*/journals")]
    journals = [path for path in last if path is not None]
    unfinished = [words for path in journals if (words := _left_open(path))]
    for words in unfinished:
        advice = "cellframe resume finishes it; cellframe log lists all."
        yield Finding("Last apply", words, State.ATTENTION, advice)
    if not unfinished:
        yield Finding("Last apply", "finished" if journals else "none yet")


def _left_open(path: Path) -> str:
    """Say what an apply left open; nothing where it came to its end."""
    try:
        lines = read(path)
    except (CorruptStoreError, OSError) as fault:
        return f"its journal cannot be read: {fault}"
    end = lines[-1] if lines else {}
    if end.get("type") != "end":
        return f"not finished, or under way: {path}"
    open_ = sum(int(end.get("counts", {}).get(kind, 0)) for kind in _UNSETTLED)
    return f"{many(open_, 'row')} left open: {path}" if open_ else ""
