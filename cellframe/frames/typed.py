"""Pages of records become typed columns, with no Python object per row.

Arrow reads them with an explicit schema and fails where anything is not as the schema says. What
it takes though no JSON has it (NaN, bytes that are no UTF-8) is looked for afterwards, so that a table
that comes back says the same as the strict decoder would, and None stands for any doubt.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from cellframe.contract.pages import NoPageError, records_of
from cellframe.frames.shapes import NoShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Future

    from cellframe.frames.shapes import Shapes

_AT_ONCE = 2**20
"""Bytes that are read in one go, while others come."""
_HANDS = 2
"""Threads that read them: Arrow holds no lock of Python's meanwhile."""
_NULL_VALUE = re.compile(rb'[{,]\s*"value"\s*:\s*null')
_COMPACT = b'"value":null'
_HEAD, _BETWEEN = b'{"items":', b'}\n{"items":'


@dataclass(frozen=True)
class Typed:
    """Records by column.

    Attributes
    ----------
    frame : DataFrame, shape (n_records, n_fields)
        A column per field of the records, nested as they are.
    sizes : list of int
        Records of each page.
    pages : sequence of bytes
        What they were read from.
    """

    frame: pl.DataFrame
    sizes: list[int]
    pages: Sequence[bytes] = field(repr=False)

    def spells_out(self, nulls: int) -> bool:
        """Whether so many keys ``"value"`` stand there with null.

        In a column, one that is null and one that is not there look alike.
        """
        compact = sum(map(_compact_nulls, self.pages))
        return compact == nulls or nulls == sum(len(_NULL_VALUE.findall(p)) for p in self.pages)

    def mentions(self, key: str) -> bool:
        """Whether some record may have a key: its name, or an escape, stands in the text."""
        name = key.encode()
        return any(name in page or b"\\u00" in page for page in self.pages)


class Typing:
    """Pages that are read by column, many at a time, while further ones come.

    Parameters
    ----------
    shapes : Shapes
        What such records held so far; what is new in these is added to it.
    """

    def __init__(self, shapes: Shapes) -> None:
        self._shapes = shapes
        self._pages: list[bytes] = []
        self._waiting: list[bytes] = []
        self._size = 0
        self._parts: list[Future[_Part]] = []
        self._pool: ThreadPoolExecutor | None = None

    def take(self, page: bytes) -> None:
        """Take in the next page: a JSON array of records."""
        if self._waiting and self._size + len(page) > _AT_ONCE:
            self._pool = self._pool or ThreadPoolExecutor(_HANDS, "cellframe-columns")
            self._parts.append(self._pool.submit(_read, self._waiting, self._shapes))
            self._waiting, self._size = [], 0
        self._pages.append(page)
        self._waiting.append(page)
        self._size += len(page)

    def done(self) -> Typed | None:
        """Return all records; None where only a look at every cell can say what they hold."""
        import pyarrow as pa

        if not self._pages:
            return None
        try:
            parts = self._all_alike()
        except (pa.ArrowInvalid, NoShapeError, NoPageError):
            return None
        finally:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
        records = pa.chunked_array([part.items.flatten() for part in parts])
        frame = pl.DataFrame(pl.from_arrow(records)).unnest("")
        # NaN and the infinities are taken for numbers, which no JSON has.
        if not all(map(_is_finite, frame)):
            return None
        sizes = [part.items.value_lengths().fill_null(0).to_pylist() for part in parts]
        return Typed(frame, list(chain.from_iterable(sizes)), self._pages)

    def _all_alike(self) -> list[_Part]:
        """Return every part, those anew that were read before a later one held more."""
        last = _read(self._waiting, self._shapes)
        parts = [*(part.result() for part in self._parts), last]
        wanted = self._shapes.of_records()
        return [part if part.type == wanted else _part(part.pages, wanted) for part in parts]


class _Part(NamedTuple):
    """Some pages, and their records as an Arrow type has them, a list a page."""

    pages: list[bytes]
    type: Any
    items: Any


def _read(pages: list[bytes], shapes: Shapes) -> _Part:
    """Read some pages; what is new in them is learned."""
    import pyarrow as pa

    if shapes.is_new:
        _learn(shapes, {pages[0], pages[-1]})
    try:
        return _part(pages, shapes.of_records())
    except pa.ArrowInvalid:
        _learn_misfits(pages, shapes)
        return _part(pages, shapes.of_records())


def _part(pages: list[bytes], of_records: Any) -> _Part:
    return _Part(pages, of_records, _parsed(pages, of_records))


def _parsed(pages: Sequence[bytes], of_records: Any) -> Any:
    """Parse pages, one a row.

    Raises
    ------
    pyarrow.ArrowInvalid
        They are no JSON, or not of this type.
    """
    import pyarrow as pa
    import pyarrow.json as arrow_json

    text = b"".join((_HEAD, _BETWEEN.join(pages), b"}"))
    table = arrow_json.read_json(
        pa.BufferReader(text),
        # One block: Arrow refuses a row that lies across two.
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=arrow_json.ParseOptions(
            explicit_schema=pa.schema([("items", pa.list_(of_records))]),
            unexpected_field_behavior="error",
        ),
    )
    if table.num_rows != len(pages):
        message = "a page is more than one value"
        raise pa.ArrowInvalid(message)
    items = table["items"].combine_chunks()
    items.validate(full=True)  # Whether texts are UTF-8, which the parser does not look at.
    return items


def _compact_nulls(page: bytes) -> int:
    """Count the keys ``"value"`` with null, as services write them."""
    # Without a backslash, no text and no longer key holds a quote.
    starts = (b"{", b",") if b"\\" in page else (b"",)
    return sum(page.count(start + _COMPACT) for start in starts)


def _is_finite(found: pl.Series) -> bool:
    """Whether every number is one, however deep it lies."""
    if isinstance(found.dtype, pl.List):
        return _is_finite(found.explode())
    if isinstance(found.dtype, pl.Struct):
        return all(_is_finite(found.struct.field(key.name)) for key in found.dtype.fields)
    return found.dtype != pl.Float64 or bool(found.is_finite().all())


def _learn(shapes: Shapes, pages: Iterable[bytes]) -> None:
    for page in pages:
        shapes.learn(records_of(page))


def _learn_misfits(pages: Sequence[bytes], shapes: Shapes) -> None:
    """Learn from the pages that are not as those before; each is tried alone."""
    import pyarrow as pa

    for page in pages:
        try:
            _parsed([page], shapes.of_records())
        except pa.ArrowInvalid:
            _learn(shapes, [page])
