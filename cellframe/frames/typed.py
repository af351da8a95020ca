"""Pages of records become typed columns, with no Python object per row.

Arrow reads them with an explicit schema and fails where anything is not as the schema says. What
it takes though no JSON has it (NaN, bytes that are no UTF-8) is looked for afterwards, so that a table
that comes back says the same as the strict decoder would, and None stands for any doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.pages import NoPageError, records_of
from cellframe.frames.shapes import NoShapeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cellframe.frames.shapes import Shapes

_AT_ONCE = 4 * 2**20
"""Bytes that are read in one go: the text of many pages is not copied as a whole."""
_NULL_VALUE = re.compile(rb'[{,]\s*"value"\s*:\s*null')
_COMPACT = (b'{"value":null', b',"value":null')
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
        compact = sum(page.count(form) for page in self.pages for form in _COMPACT)
        return compact == nulls or nulls == sum(len(_NULL_VALUE.findall(p)) for p in self.pages)

    def mentions(self, key: str) -> bool:
        """Whether some record may have a key: its name, or an escape, stands in the text."""
        name = key.encode()
        return any(name in page or b"\\u00" in page for page in self.pages)


def read_typed(pages: Sequence[bytes], shapes: Shapes) -> Typed | None:
    """Read pages by column; None where only a look at every cell can say what they hold.

    Parameters
    ----------
    pages : sequence of bytes
        JSON arrays of records.
    shapes : Shapes
        What such records held so far; what is new in these is added to it.
    """
    if not pages:
        return None
    import pyarrow as pa

    try:
        if shapes.is_new:
            _learn(shapes, {pages[0], pages[-1]})
        try:
            parts = list(_read(pages, shapes))
        except pa.ArrowInvalid:
            _learn_misfits(pages, shapes)
            parts = list(_read(pages, shapes))
    except (pa.ArrowInvalid, NoShapeError, NoPageError):
        return None
    frame = pl.concat([pl.DataFrame(pl.from_arrow(items)).unnest("") for items, _ in parts])
    # NaN and the infinities are taken for numbers, which no JSON has.
    if not all(map(_is_finite, frame)):
        return None
    sizes = [size for _, of_pages in parts for size in of_pages]
    return Typed(frame, sizes, pages)


def _read(pages: Sequence[bytes], shapes: Shapes) -> Iterator[tuple[Any, list[int]]]:
    """Yield the records of some pages at a time, and how many each page has."""
    of_records = shapes.of_records()
    for some in _in_portions(pages):
        items = _parsed(some, of_records)
        yield items.flatten(), items.value_lengths().fill_null(0).to_pylist()


def _in_portions(pages: Sequence[bytes]) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    size = 0
    for page in pages:
        if some and size + len(page) > _AT_ONCE:
            yield some
            some, size = [], 0
        some.append(page)
        size += len(page)
    yield some


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
