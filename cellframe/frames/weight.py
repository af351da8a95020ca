"""How large would a parquet file from elsewhere become, once it is decoded?

A file of a few kilobytes may hold a column of one value, a thousand million times. What its
footer calls its uncompressed size says nothing of that, so what it decodes to is reckoned from
its rows and the widths of its columns, before anything is decoded. A dictionary holds a text once
for any number of rows; polars keeps it so, and pandas and arrow do not: texts are measured.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cellframe.errors import ConfigError, LimitExceededError

if TYPE_CHECKING:
    from pathlib import Path

CELLS_VARIABLE, BYTES_VARIABLE = "CELLFRAME_MAX_CELLS", "CELLFRAME_MAX_GIB"
MOST_CELLS = 200_000_000
MOST_GIB = 2.0
_GIB = 1024**3
_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12}
_TEXT = 16
"""Bytes of a text beside its letters."""
_PIECE = 1 << 16
"""Rows of texts that are measured together."""


def check_weight(path: Path, what: str) -> None:
    """Refuse a parquet file that would become too large; anything else is let by.

    Parameters
    ----------
    what : str
        What the file holds, for people.

    Raises
    ------
    LimitExceededError
        It has more values than ``CELLFRAME_MAX_CELLS`` (200 million where not set), or would
        take more than ``CELLFRAME_MAX_GIB`` (2) of memory.
    """
    import pyarrow as pa
    from pyarrow.parquet import read_metadata

    try:
        footer = read_metadata(path)
    except (OSError, pa.ArrowException):
        return  # Whoever reads it says what is wrong with it.
    cells, size = _reckoned(footer)
    most_cells, most_gib = _set(CELLS_VARIABLE, MOST_CELLS), _set(BYTES_VARIABLE, MOST_GIB)
    if cells <= most_cells and size <= most_gib * _GIB:
        size = max(size, _texts(path, most_gib * _GIB))
    if cells <= most_cells and size <= most_gib * _GIB:
        return
    message = (
        f"{what} has {cells:,} values, which take {size / _GIB:,.1f} GiB once they are read; "
        f"{most_cells:,.0f} values and {most_gib:g} GiB are the limit. Where you trust the "
        f"service, set {CELLS_VARIABLE} and {BYTES_VARIABLE} to more."
    )
    raise LimitExceededError(message)


def _reckoned(footer: Any) -> tuple[int, int]:
    """Return the values of a file, and the bytes that they take."""
    cells = size = 0
    for group in map(footer.row_group, range(footer.num_row_groups)):
        for chunk in map(group.column, range(group.num_columns)):
            # A list has many values to a row, and a column of nulls may have none.
            values = max(chunk.num_values, group.num_rows)
            cells += values
            size += values * _width(chunk)
    rows = footer.num_rows * footer.num_columns
    return max(cells, rows), max(size, rows)


def _width(chunk: Any) -> int:
    known = _WIDTHS.get(chunk.physical_type)
    return known or _TEXT + chunk.total_uncompressed_size // max(chunk.num_values, 1)


def _texts(path: Path, enough: float) -> int:
    """Return the bytes that texts take where each row has its own; no more are added than enough."""
    import polars as pl
    from polars import selectors as cs

    named = cs.categorical() | cs.enum()
    found = 0
    try:
        texts = pl.scan_parquet(path).select(cs.string() | cs.binary() | cs.nested() | named)
        if not texts.collect_schema():
            return 0
        for piece in texts.collect_batches(chunk_size=_PIECE):
            letters = (int(column.cat.len_bytes().sum()) for column in piece.select(named))
            found += int(piece.estimated_size()) + sum(letters)
            if found > enough:
                break
    except (OSError, pl.exceptions.PolarsError):
        return 0  # Whoever reads it says what is wrong with it.
    return found


def _set(variable: str, otherwise: float) -> float:
    """Return a limit of the environment."""
    text = os.environ.get(variable)
    if not text:
        return otherwise
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not found > 0:
        message = f"{variable}={text!r} is no number above 0."
        raise ConfigError(message)
    return found
