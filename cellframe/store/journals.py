"""History: what did each apply mean to do, and what became of it?

A journal is one file of lines, only ever appended to: a header (plan, base, address, user), the
plan as it was reviewed, then for each row an *intent*, on disk before its request is sent, and an
*outcome*, and at last an *end*. No line holds a credential.
"""

from __future__ import annotations

import getpass
import secrets
import warnings
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cellframe.errors import CorruptStoreError, StoreError
from cellframe.store.journal import UNFINISHED, Journal, header, is_held, read

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from os import PathLike

    from cellframe.store.journal import Line

_MOMENT = "%Y%m%dT%H%M%S.%fZ"
"""How the name of a journal begins."""


class Written(NamedTuple):
    """One write to one record.

    Attributes
    ----------
    places : list of (str, tuple of str)
        Field and path of every cell that was sent.
    record : dict
        The record as it stood afterwards; what was sent, where the answer was lost.
    """

    places: list[tuple[str, tuple[str, ...]]]
    record: Line


class Journals:
    """All journals of one service.

    Parameters
    ----------
    folder : Path
        Made at the first apply.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open_new(self, terms: Line, *more: Line) -> Journal:
        """Start the journal of one apply with its first lines; its name sorts after all others."""
        now = datetime.now(UTC)
        name = f"{self._after_all(now):{_MOMENT}}-{secrets.token_hex(3)}.jsonl"
        about = {"at": now.isoformat(), "user": user(), **terms}
        return Journal.begin(self.folder / name, about, *more)

    def _after_all(self, now: datetime) -> datetime:
        """Return a moment later than those of the journals here: a clock may have been set back."""
        for path in self.newest_first():
            with suppress(ValueError):
                last = datetime.strptime(path.name.partition("-")[0], _MOMENT).replace(tzinfo=UTC)
                return max(now, last + timedelta(microseconds=1))
        return now

    def find(self, name: str | PathLike[str]) -> Path:
        """Return a journal by its name, as `cellframe log` shows it, or by its path.

        Raises
        ------
        StoreError
            There is none.
        """
        for path in (self.folder / f"{name}.jsonl", Path(name)):
            if path.is_file():
                return path
        message = f"No journal is named {str(name)!r}. client.history() (cellframe log) has the names; a path does too."
        raise StoreError(message)

    def newest_first(self) -> list[Path]:
        """Return all journals."""
        return sorted(self.folder.glob("*.jsonl"), reverse=True)

    def unfinished(self) -> list[Path]:
        """Return the journals of applies that did not come to their end, the newest first.

        One that somebody is working on is among them.
        """
        return _marked(self.folder)

    def own_writes(self, ids: Collection[str]) -> dict[str, list[Written]]:
        """Return what was written from here to these records, newest first.

        A write whose answer was lost may have arrived, and counts with what was sent.

        Parameters
        ----------
        ids : collection of str
            Of the records.

        Returns
        -------
        dict of str to list of Written
            By id.
        """
        found: dict[str, list[Written]] = {}
        for path in self.newest_first():
            for id_, written in _writes(path, ids).items():
                found.setdefault(id_, []).append(written)
        return found


def left_open(state: Path, is_meant: Callable[[Line], bool]) -> tuple[Path, Line] | None:
    """Return the newest apply that was begun from here and waits to be finished.

    It asks nobody, and where nothing waits it looks into no journal.

    Parameters
    ----------
    state : Path
        The state folder, of all services.
    is_meant : callable
        Whether a header is one of the service that is worked with.

    Returns
    -------
    tuple of (Path, dict) or None
        The journal and its header. None where there is none, or somebody is at work on it.
    """
    found = [path for folder in state.glob("*/journals") for path in _marked(folder)]
    for path in sorted(found, key=lambda path: path.name, reverse=True):
        with suppress(OSError):
            about = header(path)
            if about.get("user") == user() and is_meant(about) and not is_held(path):
                return path, about
    return None


def _marked(folder: Path) -> list[Path]:
    marks = sorted((mark.name for mark in folder.glob(f"{UNFINISHED}/*")), reverse=True)
    return [path for name in marks if (path := folder / f"{name}.jsonl").is_file()]


def _writes(path: Path, ids: Collection[str]) -> dict[str, Written]:
    """Return the writes of one journal to some records; of somebody else's journal none."""
    try:
        first, *lines = read(path) or [{}]
    except CorruptStoreError as fault:
        warnings.warn(str(fault), stacklevel=2)
        return {}
    # A folder may be shared: what somebody else wrote from it is not one's own.
    if first.get("user") != user():
        return {}
    found: dict[str, Written] = {}
    for line in lines:
        id_ = str(line.get("id"))
        if id_ not in ids:
            continue
        if line["type"] == "intent":
            places = [(field, tuple(path)) for field, path in line.get("places", ())]
            found[id_] = Written(places, line["body"])
        elif line.get("outcome") == "ok" and id_ in found:
            found[id_] = found[id_]._replace(record=line["after"])
        elif line.get("outcome") != "unknown":
            found.pop(id_, None)
    return found


def user() -> str:
    """Return whom this machine takes the person at it for."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
