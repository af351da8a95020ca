"""How is an apply taken back? What it left is what was read, what it found is what is to be. Pure.

The result is an edited frame like any other: planned, shown, held against limits, and in conflict
where somebody edited since. What was made is to be deleted, what was deleted is made anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import KINDS, opaque_version
from cellframe.frames.columns import Column, arrange, leaf_columns, plain_columns, survey
from cellframe.frames.headers import ACTION
from cellframe.frames.rows import decode_records
from cellframe.views.words import many
from cellframe.writeback.told import IN_ORDER, begun

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cellframe.contract.records import RecordKind
    from cellframe.frames.columns import Place
    from cellframe.writeback.told import Account, Told

DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Image:
    """One record before and after an apply.

    Attributes
    ----------
    before, after : mapping or None
        The record; None before it was made, and after it was deleted.
    places : set of Place
        What the apply sent of it.
    """

    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    places: AbstractSet[Place]

    @property
    def left(self) -> Mapping[str, Any]:
        """What there is to compare with: the record as the apply left it."""
        return self.after or self.before or {}

    @property
    def found(self) -> Mapping[str, Any]:
        """What is to be: the record as the apply found it."""
        return self.before or self.after or {}


def images(account: Account) -> dict[RecordKind, list[Image]]:
    """Return the records that an apply wrote, by kind, parents first.

    Lots that no row stood for stay, and are none of them.
    """
    found: dict[RecordKind, list[Image]] = {}
    for told in account.written:
        one = _image(told)
        if told.intent["row"] is not None and (one.before or one.after):
            found.setdefault(KINDS[told.intent["kind"]], []).append(one)
    return {kind: found[kind] for kind in IN_ORDER if kind in found}


def _image(told: Told) -> Image:
    line = told.outcome or {}
    places = {(name, tuple(path)) for name, path in told.intent.get("places", ())}
    return Image(line.get("before") or None, line.get("after") or None, places)


def frame_of(kind: RecordKind, records: Sequence[Image]) -> pl.DataFrame:
    """Return the edited frame that takes records of one kind back.

    Returns
    -------
    DataFrame, shape (n_records, n_columns)
        Key, version, ``_action`` where records are to be deleted, and a column for whatever was
        written; every one, where records are to be made anew.
    """
    columns = _columns(kind, records)
    left, _ = decode_records(kind, [one.left for one in records], columns, {})
    found, _ = decode_records(kind, [one.found for one in records], columns, {})
    values = [
        pl.select(
            pl.when(pl.Series([column.place in one.places for one in records], dtype=pl.Boolean))
            .then(found[column.label])
            .otherwise(left[column.label])
            .alias(column.label)
        ).to_series()
        for column in columns
    ]
    return pl.DataFrame([*_keys(kind, records), *values])


def _keys(kind: RecordKind, records: Sequence[Image]) -> list[pl.Series]:
    ids = [one.after["id"] if one.after else None for one in records]
    versions = [opaque_version(dict(one.after)) if one.after else None for one in records]
    actions = [DELETE if one.before is None else None for one in records]
    texts = {kind.key: ids, kind.version: versions, ACTION: actions}
    if not any(actions):
        del texts[ACTION]
    return [pl.Series(label, values, dtype=pl.String) for label, values in texts.items()]


def _columns(kind: RecordKind, records: Sequence[Image]) -> list[Column]:
    """Return a column for whatever was written, in a unit in which nothing is converted."""
    both = [record for one in records for record in (one.before, one.after) if record]
    seen = survey(kind, both)
    units = {at: next(iter(one.units)) if len(one.units) == 1 else None for at, one in seen.items()}
    anew = any(one.after is None for one in records)
    written = {place for one in records for place in one.places}
    parent = kind.field(kind.parent_field).column if kind.parent else None
    plain = plain_columns(kind, everything=True)
    return [
        column
        for column in arrange(kind, plain, leaf_columns(kind, seen, units))
        if (column.is_editable and (anew or column.place in written))
        or (anew and column.label == parent)
    ]


def bases(records: Iterable[Image]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the records as the apply left them, by id and version."""
    afters = [dict(one.after) for one in records if one.after]
    return {(str(after["id"]), str(opaque_version(after))): after for after in afters}


def purpose(account: Account) -> str:
    """Say which apply is taken back."""
    why = f" ({account.header['note']!r})" if account.header.get("note") else ""
    return f"takes back the apply of {begun(account.header):%Y-%m-%d %H:%M} UTC{why}"


def notices(account: Account) -> tuple[str, ...]:
    """Say what taking an apply back leaves, and makes anew."""
    said: list[str] = []
    if not account.is_finished:
        said.append("It was not finished: what it may still have written is left as it is.")
    anew = sum(told.intent["action"] == DELETE for told in account.written)
    if anew:
        said.append(f"{many(anew, 'deleted record')} would be made anew, with a new id.")
    lots = [repr(told.intent["name"]) for told in account.written if told.intent["row"] is None]
    if lots:
        said.append(f"{many(len(lots), 'lot')} that it made would stay: {', '.join(lots)}.")
    return tuple(said)
