"""May a stranger's parquet file be decoded at all?

The footer decides, before a page is read: a file of a megabyte may claim to hold a terabyte, and
a type that the file brings along may run code in whoever decodes it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MOST_CELLS = 200_000_000
"""Rows times columns of a file that is decoded: 1.6 GB of numbers. What the footer says of sizes
in bytes is not asked, because pages may inflate to a thousand times of it."""

ROWS_AT_ONCE = 250_000
"""So many rows are in memory at once, or one step where that has more."""

# A broken page may end in a panic of the decoder, which is no Exception.
_BROKEN = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)
_EXTENSION = b"ARROW:extension:name"


class Unreadable(ValueError):  # noqa: N818  it is what the data are, and no fault of the program
    """Data that no steps can be derived from.

    Parameters
    ----------
    message : str
        Every fault found, in plain sentences.
    """


def refuse(faults: Iterable[str]) -> None:
    """Raise all faults as one; nothing where there are none.

    Raises
    ------
    Unreadable
        There are faults.
    """
    told = " ".join(faults)
    if told:
        raise Unreadable(told)


def columns_of(path: Path) -> list[str]:
    """Return the columns of a parquet file that may be decoded.

    Raises
    ------
    Unreadable
        It has no footer, claims too many cells, brings types of its own, or repeats a name.
    """
    footer = _footer(path)
    schema = footer.schema.to_arrow_schema()
    refuse([*_too_large(footer), *_foreign(schema), *_repeated(schema.names)])
    return list(schema.names)


def decode(path: Path, columns: list[str]) -> Iterator[pl.DataFrame]:
    """Read some columns of a file that `columns_of` let pass, a part at a time, the first empty.

    Raises
    ------
    Unreadable
        A page cannot be decoded.
    """
    scan = pl.scan_parquet(path, glob=False, hive_partitioning=False).select(columns)
    try:
        yield scan.head(0).collect()  # a file without rows has columns all the same
        # Slice by slice: polars' own batches are decoded ahead of a slow reader, without end.
        for start, length in _slices(path):
            yield scan.slice(start, length).collect()
    except _BROKEN as broken:
        reason = str(broken).splitlines()[0] if str(broken) else type(broken).__name__
        raise Unreadable(
            f"The file's pages cannot be decoded ({reason}). Write it again and upload it again."
        ) from broken


def _slices(path: Path) -> Iterator[tuple[int, int]]:
    """Cut the rows between row groups where that can be: one that is cut is decoded twice."""
    footer = _footer(path)
    start = length = 0
    for at in range(footer.num_row_groups):
        length += footer.row_group(at).num_rows
        while length >= ROWS_AT_ONCE:
            taken = length if length < 2 * ROWS_AT_ONCE else ROWS_AT_ONCE
            yield start, taken
            start, length = start + taken, length - taken
    if length:
        yield start, length


def _footer(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(path)
    except (pa.ArrowException, OSError, ValueError) as broken:
        raise Unreadable(
            "The file has no readable parquet footer. Write it again and upload it again."
        ) from broken


def _too_large(footer: Any) -> Iterator[str]:
    groups = sum(footer.row_group(at).num_rows for at in range(footer.num_row_groups))
    rows = max(footer.num_rows, groups)
    if rows * footer.num_columns > MOST_CELLS:
        yield (
            f"The file claims {rows:,} rows of {footer.num_columns} columns; at most "
            f"{MOST_CELLS:,} cells are read. Split the test or drop columns."
        )


def _repeated(names: list[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"There are {times} columns '{name}'. Keep one of them."


def _foreign(schema: Any) -> Iterator[str]:
    import pyarrow as pa

    for field in schema:
        if isinstance(field.type, pa.BaseExtensionType) or _EXTENSION in (field.metadata or {}):
            yield (
                f"Column '{field.name}' has a type of its own (an Arrow extension), which is not "
                "decoded. Store plain numbers or text."
            )
