"""What was read of the rows of a frame: whole columns at once, one record where it is looked at.

Most rows of an edited frame are as they were read. They are compared by column, with no object
for each of them; the record behind a row is decoded when somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from cellframe.frames.rows import Rows
from cellframe.frames.shapes import Shapes
from cellframe.writeback.inputs import Base

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cellframe.contract.records import RecordKind
    from cellframe.frames.columns import Column, Place, Seen
    from cellframe.writeback.inputs import Record

_PAGE = 100
_MOST_RUNS = 8
"""Stretches of rows in the records' own order that are looked for before the rows are joined."""
_SHORT = 64
"""Rows below which a stretch is chance, and the next would be no longer."""
_FEW = 1000
"""Rows for which a join with every record costs more than to look them up first."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Records that were read together.

    Attributes
    ----------
    pages : sequence of bytes
        JSON arrays of records.
    rows : int
        Records in them.
    places : mapping of str to int
        By id, its record counted over `pages`.
    parents : mapping of str to str
        Names of parents by id, as they were shown.
    units : mapping of str to str
        Units in which quantities were shown, by label without unit.
    """

    pages: Sequence[bytes]
    rows: int
    places: Mapping[str, int]
    parents: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)


def readings(bases: Mapping[str, Base]) -> list[Reading]:
    """Return records that are decoded already as readings: those shown alike are one."""
    alike: dict[tuple[int, int], dict[str, Base]] = {}
    for id_, base in bases.items():
        alike.setdefault((id(base.parents), id(base.units)), {})[id_] = base
    return [_reading(list(group), list(group.values())) for group in alike.values()]


def _reading(ids: list[str], bases: list[Base]) -> Reading:
    places = {id_: place for place, id_ in enumerate(ids)}
    pages = _pages([base.record for base in bases])
    return Reading(pages, len(ids), places, bases[0].parents, bases[0].units)


class Bases(Mapping[str, Base]):
    """What was read, by id.

    Parameters
    ----------
    kind : RecordKind
        What the records are.
    readings : sequence of Reading
        Each id in one of them.
    stand_ins : mapping of str to mapping
        By id, what the service has of rows whose base is not known. They count in columns and
        texts, and are in none of the mapping's own keys.
    shapes : Shapes, optional
        What such records held so far.
    """

    def __init__(
        self,
        kind: RecordKind,
        readings: Sequence[Reading] = (),
        stand_ins: Mapping[str, Record] | None = None,
        shapes: Shapes | None = None,
    ) -> None:
        self.kind = kind
        self._shapes = shapes or Shapes(kind)
        self.parents = {i: name for one in readings for i, name in one.parents.items()}
        self._readings = readings
        self._looked_at: dict[str, Record] = {}
        self._of: dict[str, Reading] = {}
        for one in readings:
            self._of |= dict.fromkeys(one.places, one)
        others = {i: record for i, record in (stand_ins or {}).items() if i not in self._of}
        pages = [page for one in readings for page in one.pages]
        self._rows = Rows(kind, [*pages, *_pages(list(others.values()))], self._shapes)
        self._places = Places(pl.concat([*(_ids(one) for one in readings), _texts(others)]))

    def __getitem__(self, id_: str) -> Base:
        one = self._of[id_]
        if id_ not in self._looked_at:
            self.look_at([id_])
        return Base(self._looked_at[id_], one.parents, one.units)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._of

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def standing_in(self, records: Mapping[str, Record]) -> Bases:
        """Return the same with what the service has of rows whose base is not known."""
        if set(records) <= set(self._of):
            return self
        return Bases(self.kind, self._readings, records, self._shapes)

    def look_at(self, ids: Iterable[str]) -> None:
        """Decode some records in one go, where one by one would decode their pages again."""
        places = {self._places.one(id_): id_ for id_ in ids if id_ in self._of}
        self._looked_at |= {places[at]: one for at, one in self._rows.at(places).items()}

    def joined(self, more: Sequence[Reading]) -> Bases:
        """Return the same with further readings."""
        if not more:
            return self
        return Bases(self.kind, [*self._readings, *more], shapes=self._shapes)

    def survey(self) -> dict[Place, Seen]:
        """Return what the records hold below their nested fields, by place."""
        return self._rows.survey()

    def texts(self, name: str, ids: Sequence[str | None]) -> list[str | None]:
        """Return a field of text of some records; None where it is not known."""
        return taken(self._rows.texts(name).to_frame(), self._at(ids)).to_series().to_list()

    def parents_of(self, ids: Sequence[str]) -> dict[str, str | None]:
        """Return the id of each record's parent; None where it has none, or it is not known."""
        if not self.kind.parent:
            return dict.fromkeys(ids)
        return dict(zip(ids, self.texts(self.kind.parent_field, ids), strict=True))

    def columns(
        self, columns: Sequence[Column], ids: Sequence[str | None]
    ) -> tuple[pl.DataFrame, dict[tuple[int, str], str]]:
        """Return columns of what was read, and the cells whose unit does not convert.

        Parameters
        ----------
        ids : sequence of str or None, shape (n_rows,)
            Of each row; a row of nulls where it is not known.

        Returns
        -------
        DataFrame, shape (n_rows, n_columns)
        dict of (int, str) to str
            The rule that is broken, by row and label.
        """
        if not columns:
            return pl.DataFrame(), {}
        frame, faults = self._rows.decode(columns, self.parents)
        at = self._at(ids)
        rows = dict(zip(at, range(len(at)), strict=True)) if faults else {}
        clashes = {
            (rows[fault.row], str(fault.column)): fault.rule
            for fault in faults
            if fault.row in rows
        }
        return taken(frame, at), clashes

    def _at(self, ids: Sequence[str | None]) -> pl.Series:
        return self._places.of(_texts(ids))


class Places:
    """Where records stand, by id.

    Parameters
    ----------
    ids : Series of str, shape (n_records,)
        In their order; null for a record that nobody looks for.
    """

    def __init__(self, ids: pl.Series) -> None:
        self._ids = ids
        self._frame = pl.DataFrame({"id": ids}).with_row_index("place").drop_nulls("id")

    @cached_property
    def _by_id(self) -> dict[str, int]:
        return dict(zip(self._frame["id"], self._frame["place"], strict=True))

    def one(self, id_: str) -> int:
        """Return the place of one record."""
        return self._by_id[id_]

    def of(self, ids: pl.Series) -> pl.Series:
        """Return the place of each id; null where there is none.

        Rows that follow each other as the records do are told by looking, without a join.
        """
        runs: list[pl.Series] = []
        rest = ids
        while rest.len() and len(runs) < _MOST_RUNS:
            run = self._run(rest)
            if run.len() < min(_SHORT, rest.len()):
                break
            runs.append(run)
            rest = rest.slice(run.len())
        return pl.concat([*runs, self._joined(rest)])

    def _run(self, ids: pl.Series) -> pl.Series:
        """Return the places of the first ids, as far as they follow each other as the records do."""
        start = None if ids[0] is None else self._ids.index_of(ids[0])
        if start is None:
            return pl.Series(dtype=pl.UInt32)
        own = self._ids.slice(start, ids.len())
        end = (ids.head(own.len()) != own).fill_null(value=True).index_of(element=True)
        length = own.len() if end is None else end
        return pl.int_range(start, start + length, dtype=pl.UInt32, eager=True)

    def _joined(self, ids: pl.Series) -> pl.Series:
        known = self._frame
        if ids.len() < _FEW:
            known = known.filter(pl.col("id").is_in(ids.drop_nulls().implode()))
        asked = pl.DataFrame({"id": ids}, schema={"id": pl.String})
        return asked.join(known, on="id", how="left", maintain_order="left")["place"]


def taken(frame: pl.DataFrame, at: pl.Series) -> pl.DataFrame:
    """Return rows of a frame; those that follow each other are not copied.

    Parameters
    ----------
    at : Series of int, shape (n_rows,)
        Places in `frame`; a row of nulls for null.
    """
    if not at.len():
        return frame.clear()
    start = at[0]
    if start is not None and at.equals(
        pl.int_range(start, start + at.len(), dtype=pl.UInt32, eager=True)
    ):
        return frame.slice(start, at.len())
    return frame.select(pl.all().gather(at)) if frame.height else frame.clear(at.len())


def _ids(one: Reading) -> pl.Series:
    """Return the ids of a reading in its order; null where nobody looks for the record."""
    ids: list[str | None] = [None] * one.rows
    for id_, place in one.places.items():
        ids[place] = id_
    return _texts(ids)


def _texts(values: Iterable[str | None]) -> pl.Series:
    return pl.Series("id", list(values), dtype=pl.String)


def _pages(records: Sequence[Record]) -> list[bytes]:
    starts = range(0, len(records), _PAGE)
    return [orjson.dumps([dict(one) for one in records[i : i + _PAGE]]) for i in starts]


def as_read(kind: RecordKind, columns: Sequence[Column], base: Base) -> dict[str, Any]:
    """Return one record as the row that was read."""
    id_ = str(base.record["id"])
    frame, _ = Bases(kind, readings({id_: base})).columns(columns, [id_])
    return frame.row(0, named=True)
