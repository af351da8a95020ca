"""Records as they came: pages of bytes, and everything a frame asks of them.

Columns are made with no Python object per row where nothing stands in the way; cell by cell where
anything is odd, which is slower and decides what is right. Both give the same frame.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract.pages import records_of
from cellframe.frames.columns import Column, Leaf, survey
from cellframe.frames.decode import decode
from cellframe.frames.shapes import Shapes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.columns import Place, Seen
    from cellframe.frames.columnwise import Columnwise
    from cellframe.frames.faults import Fault
    from cellframe.frames.typed import Typing

FEW = 64 * 1024
"""Bytes up to which records are read one by one: less than a typed read takes to get going."""


_PAGE = 100


class Rows:
    """The records of a list.

    Parameters
    ----------
    kind : RecordKind
        What they are.
    pages : iterable of bytes
        JSON arrays of records, as they came; those that are there are read while others come.
    shapes : Shapes, optional
        What such records held so far. Without, they are read one by one.
    """

    def __init__(
        self, kind: RecordKind, pages: Iterable[bytes], shapes: Shapes | None = None
    ) -> None:
        self.kind = kind
        self.pages: list[bytes] = []
        self._decoded: dict[int, list[dict[str, Any]]] = {}
        self._typing = None if shapes is None else _typing(shapes)
        for page in pages:
            self.pages.append(page)
            if self._typing is not None:
                self._typing.take(page)

    def __len__(self) -> int:
        return sum(self.sizes)

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The records, decoded.

        Raises
        ------
        NoPageError
            They are no JSON array of objects that have an id.
        """
        return [record for page in range(len(self.pages)) for record in self._page(page)]

    def at(self, places: Iterable[int]) -> dict[int, dict[str, Any]]:
        """Return some records by their place, counted over all pages.

        Each page is decoded once and let go: a list of many pages, kept decoded, costs more than
        to decode them.

        Raises
        ------
        NoPageError
            See `records`.
        """
        found: dict[int, dict[str, Any]] = {}
        number, page = -1, []
        for place in sorted(places):
            on = bisect_right(self._starts, place) - 1
            if on != number:
                number, page = on, self._decoded.get(on) or records_of(self.pages[on])
            found[place] = page[place - self._starts[on]]
        return found

    @cached_property
    def sizes(self) -> list[int]:
        """How many records each page has."""
        if self._columnwise is not None:
            return self._columnwise.sizes
        return [len(self._page(page)) for page in range(len(self.pages))]

    @property
    def ids(self) -> pl.Series:
        """Ids of the records, in their order."""
        return self.texts("id")

    def texts(self, name: str) -> pl.Series:
        """Return a field of text of every record; null where it is none."""
        import polars as pl

        if self._columnwise is not None and name in self._columnwise.frame.columns:
            return self._columnwise.frame[name].cast(pl.String)
        values = (record.get(name) for record in self.records)
        return pl.Series(name, [v if isinstance(v, str) else None for v in values], pl.String)

    def index(self) -> pl.DataFrame:
        """Return ``id``, ``version`` and ``page`` of every record: shape (n_records, 3)."""
        import polars as pl

        columns = [Column("id", field=self.kind.field("id")), Column("version", Leaf.VERSION)]
        frame, _ = self.decode(columns, {})
        pages = [number for number, size in enumerate(self.sizes) for _ in range(size)]
        return frame.with_columns(pl.Series("page", pages, dtype=pl.Int32))

    def names(self) -> dict[str, str]:
        """Return the name of each record by its id."""
        return dict(zip(self.ids, self.texts("name").fill_null("None"), strict=True))

    def survey(self) -> dict[Place, Seen]:
        """Return what the records hold below their nested fields, by place."""
        if self._columnwise is not None:
            return self._columnwise.survey()
        return survey(self.kind, self.records)

    def decode(
        self, columns: Sequence[Column], parents: Mapping[str, str | None]
    ) -> tuple[pl.DataFrame, list[Fault]]:
        """Return the frame of the records, and what does not fit; see `decode.decode`."""
        from cellframe.frames.plain import DoubtError

        if self._columnwise is not None:
            try:
                return self._columnwise.decode(columns, parents), []
            except DoubtError:
                pass
        return decode(self.kind, self.records, columns, parents)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(self.sizes)]

    def _page(self, number: int) -> list[dict[str, Any]]:
        if number not in self._decoded:
            self._decoded[number] = records_of(self.pages[number])
        return self._decoded[number]

    @cached_property
    def _columnwise(self) -> Columnwise | None:
        if self._typing is None or sum(map(len, self.pages)) <= FEW:
            return None
        from cellframe.frames.columnwise import Columnwise
        from cellframe.frames.plain import DoubtError

        typed = self._typing.done()
        if typed is None:
            return None
        try:
            return Columnwise(self.kind, typed)
        except DoubtError:
            return None


def _typing(shapes: Shapes) -> Typing:
    from cellframe.frames.typed import Typing

    return Typing(shapes)


def decode_records(
    kind: RecordKind,
    records: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    parents: Mapping[str, str | None],
) -> tuple[pl.DataFrame, list[Fault]]:
    """Return the frame of records that are decoded already; see `decode.decode`."""
    rows = _written_down(kind, records)
    return (
        decode(kind, records, columns, parents) if rows is None else rows.decode(columns, parents)
    )


def _written_down(kind: RecordKind, records: Sequence[Mapping[str, Any]]) -> Rows | None:
    """Return many records as pages: read by column, they take a fraction of a look at each cell."""
    if len(records) <= _PAGE or not all(isinstance(one.get("id"), str) for one in records):
        return None
    starts = range(0, len(records), _PAGE)
    pages = [orjson.dumps(list(records[start : start + _PAGE])) for start in starts]
    return Rows(kind, pages, Shapes(kind))
