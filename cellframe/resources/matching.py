"""Which records do the rows of a frame name, where they have no ids?"""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.errors import ConfigError
from cellframe.frames.faults import Fault
from cellframe.resources.identity import NOT_RECORDS, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cellframe.contract.records import RecordKind
    from cellframe.resources.records import Record


def matched(
    frame: pl.DataFrame, kind: RecordKind, match: str, records: Iterable[Record]
) -> tuple[pl.DataFrame, list[tuple[int, str]]]:
    """Return a frame with the ids of the records that its rows name, and the rows that are new.

    Parameters
    ----------
    match : str
        ``name``.
    records : iterable of Record
        Those that may be meant, whose names are told apart.

    Raises
    ------
    ConfigError, PlanError
        Rows are not matched so; or no column holds the names.
    """
    if match != "name":
        raise ConfigError(f"match={match!r}: rows are matched by 'name'.")
    label = next((label for label in (kind.noun, "name") if label in frame.columns), None)
    if label is None:
        message = f'No column is {kind.noun!r}. Say which one holds the names, in a map: "Their header" = "{kind.noun}".'
        refuse(NOT_RECORDS, [Fault(message, column=kind.noun, rule="name column")])
    known = {kind.name_key(str(_composed(one.name))): one.id for one in records}
    names = [_composed(name) for name in frame[str(label)].to_list()]
    given = frame.get_column(kind.key, default=None)
    ids = [
        (None if given is None else given[row])
        or (known.get(kind.name_key(name)) if name else None)
        for row, name in enumerate(names)
    ]
    found = frame.with_columns(
        pl.Series(str(label), names, dtype=pl.String), pl.Series(kind.key, ids, dtype=pl.String)
    )
    new = [(row, name) for row, name in enumerate(names) if name and ids[row] is None]
    return found, [(row, _would_be_new(kind, name, known)) for row, name in new]


def _composed(name: Any) -> str | None:
    """Return a name as it is compared: a Mac writes ü as two characters."""
    return unicodedata.normalize("NFC", str(name)).strip() or None if name is not None else None


def _would_be_new(kind: RecordKind, name: str, known: Mapping[str, str]) -> str:
    """Say that no record has a name: a slip of the pen must not pass for a new one."""
    near = get_close_matches(name, known, n=1)
    like = f"; the nearest is {near[0]!r}" if near else ""
    return f"no {kind.noun} is named {name!r} yet, and it would be created{like}."
