"""Which records does a call on many of them mean? Those that are named, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import opaque_version
from cellframe.frames.backend import to_polars
from cellframe.frames.faults import Fault
from cellframe.frames.headers import ACTION
from cellframe.resources.identity import refuse
from cellframe.resources.present import records
from cellframe.resources.records import Record
from cellframe.writeback.deletions import DELETE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.contract.records import RecordKind
    from cellframe.frames.backend import AnyFrame
    from cellframe.resources.connection import Connection

_NOT_ALL_NEW = "create_many() makes new records, and rows of this frame stand for old ones."


def selected(connection: Connection, kind: RecordKind, which: Any, expect: int) -> pl.DataFrame:
    """Return what to delete as a frame of ids, versions and the word for it.

    Parameters
    ----------
    which : id, record, several of them, or a frame
        One that is named by its id is read now.
    expect : int
        How many are meant.

    Raises
    ------
    PlanError
        These are not so many records, or none.
    """
    refs = _refs(which)
    found = to_polars(which).frame if refs is None else _as_it_is(connection, kind, refs)
    if found.height != expect or not expect:
        message = f"expect={expect}, and {found.height} {kind.noun}s are selected: name as many as you mean. Nothing selected never means all."
        refuse("Nothing is deleted.", [Fault(message, rule="expected count")])
    labels = [label for label in found.columns if label in (kind.key, kind.version, kind.noun)]
    return found.select(labels).with_columns(pl.lit(DELETE).alias(ACTION))


def _refs(which: Any) -> list[str] | None:
    """Return ids, where it is ids or records that are given."""
    if isinstance(which, str | Record):
        which = [which]
    if not isinstance(which, list | tuple | set | frozenset):
        return None
    refs: list[Any] = list(which)
    if not all(isinstance(ref, str | Record) for ref in refs):
        return None
    return [ref.id if isinstance(ref, Record) else ref for ref in refs]


def _as_it_is(connection: Connection, kind: RecordKind, ids: Sequence[str]) -> pl.DataFrame:
    """Return records that were named as they are now: that is what their reader saw."""
    now = records(connection.within(0), kind, dict.fromkeys(ids))
    versions = [opaque_version(dict(now[id_])) if id_ in now else None for id_ in ids]
    texts = {kind.key: ids, kind.version: versions}
    return pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))


def all_new(kind: RecordKind, frame: AnyFrame) -> pl.DataFrame:
    """Return a frame of new records.

    Raises
    ------
    PlanError
        A row has an id.
    """
    found, key = to_polars(frame).frame, kind.key
    if key not in found.columns:
        return found.with_columns(pl.lit(None, dtype=pl.String).alias(key))
    told = [
        f"Row {row} has the {key} {id_!r}. Clear it, or plan() the frame."
        for row, id_ in enumerate(found[key].to_list())
        if id_ not in (None, "")
    ]
    refuse(_NOT_ALL_NEW, [Fault(message, column=key, rule="new") for message in told])
    return found
