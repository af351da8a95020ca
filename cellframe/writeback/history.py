"""Which applies were made from here, by whom and why, and is one of them unfinished?"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.errors import CorruptStoreError, UnfinishedApplyWarning
from cellframe.frames.invalid import outside
from cellframe.store.journal import header, is_held, last
from cellframe.views.words import many
from cellframe.writeback.receipt import Outcome
from cellframe.writeback.told import Account, account, begun, meant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from cellframe.store.journals import Journals

FINISHED, UNFINISHED, UNDER_WAY, DAMAGED = "finished", "unfinished", "under way", "damaged"
"""States of an apply."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An apply that was begun from here, and did not come to its end.

    Attributes
    ----------
    journal : Path
        Its journal.
    begun : datetime
        When, in UTC.
    rows : int
        How many it was to write.
    origin : str
        Address of the service.
    note : str or None
        Why it was made.
    """

    journal: Path
    begun: datetime
    rows: int
    origin: str
    note: str | None

    def __str__(self) -> str:
        why = f" ({self.note!r})" if self.note else ""
        begun = f"{self.begun:%Y-%m-%d %H:%M} UTC"
        return f"An apply of {many(self.rows, 'row')} to {self.origin}, begun {begun}{why}, was not finished."


def unfinished(journal: Path, about: Mapping[str, Any]) -> Unfinished:
    """Return what a header tells of an apply that waits to be finished."""
    return Unfinished(
        journal, begun(about), meant(about), str(about.get("origin")), about.get("note")
    )


def announce(found: Unfinished) -> None:
    """Tell the person who made a client that an apply waits to be finished.

    A warning, which a program can silence; never an exception, or a program that makes errors of
    warnings could not make the client that resumes.
    """
    said = UnfinishedApplyWarning(f"{found} To finish it: client.resume()")
    try:
        warnings.warn(said, stacklevel=outside())
    except UnfinishedApplyWarning:
        print(said, file=sys.stderr)  # noqa: T201 - for the person, where warnings are errors


def history(journals: Journals) -> pl.DataFrame:
    """Return every apply that was made from here, the newest first; see ``client.history``."""
    lines = [_line(path) for path in journals.newest_first()]
    return pl.DataFrame(lines, schema=_SCHEMA)


def _line(path: Path) -> dict[str, Any]:
    try:
        told = _glance(path)
    except CorruptStoreError:
        return {"journal": path.stem, "state": DAMAGED}
    counts = told.counts
    return {
        "when [UTC]": begun(told.header),
        "who": told.header.get("user"),
        "note": told.header.get("note"),
        **counts,
        "state": _state(told),
        "journal": path.stem,
        "undo": f"client.undo({path.stem!r})" if counts.get(Outcome.OK.value) else None,
    }


def _glance(path: Path) -> Account:
    """Return what a journal tells; of one that came to its end the two lines that say it all."""
    first, end = header(path), last(path)
    return Account(path, first, end=end) if first and end.get("type") == "end" else account(path)


def _state(told: Account) -> str:
    if told.is_finished:
        return FINISHED
    return UNDER_WAY if is_held(told.path) else UNFINISHED


_SCHEMA = {
    "when [UTC]": pl.Datetime("us"),
    "who": pl.String,
    "note": pl.String,
    **{outcome.value: pl.Int64 for outcome in Outcome},
    "state": pl.String,
    "journal": pl.String,
    "undo": pl.String,
}
