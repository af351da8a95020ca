"""What table does a file hold?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import polars as pl

from cellframe.errors import SheetError
from cellframe.sheets.delimited import MOST_CELLS, MOST_COLUMNS, is_row_numbers, read_texts
from cellframe.sheets.dialect import read_bytes, sniff
from cellframe.sheets.held import find_holder
from cellframe.sheets.texts import unguarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Format: TypeAlias = Literal["csv", "parquet"]
FORMATS: dict[str, Format] = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".parquet": "parquet"}
"""By suffix, without case."""
FIRST_ROW = 2
"""A spreadsheet counts from 1, and its row 1 is the header."""
_PANDAS_INDEX = re.compile(r"Unnamed: \d+(\.\d+)?|__index_level_\d+__")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as a file holds it.

    Attributes
    ----------
    frame : DataFrame
        All of it as text, or as typed, without rows that are empty.
    path : Path
        The file.
    format : str
        ``csv`` or ``parquet``.
    is_text : bool
        Whether every value is a text that a type must be made of.
    notices : tuple of str
        What was seen when it was read.
    rows : sequence of int, shape (n_rows,)
        The number that each row has in a spreadsheet: the header is row 1.
    delimiter : str
        Of delimited text; empty for other files.
    """

    frame: pl.DataFrame
    path: Path
    format: Format
    is_text: bool
    notices: tuple[str, ...]
    rows: Sequence[int]
    delimiter: str = ""


class _Raw(NamedTuple):
    frame: pl.DataFrame
    notices: list[str]
    delimiter: str = ""


def format_of(path: Path) -> Format:
    """Return the format that a file's name asks for.

    Raises
    ------
    SheetError
        None that can be read or written.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        known = ", ".join(FORMATS)
        what = f"ends in {path.suffix!r}" if path.suffix else "has no ending"
        message = f"{path.name} {what}, and tables are read and written as {known}. Save it as CSV UTF-8 or parquet."
        raise SheetError(message)
    return found


def read_table(path: Path) -> Table:
    """Read the table that a file holds.

    Parameters
    ----------
    path : Path
        A delimited text (``.csv``, ``.txt``, ``.tsv``), read as text, or ``.parquet``, read as
        typed.

    Raises
    ------
    SheetError
        The file is missing, of another format, damaged or too large, or its rows do not fit its
        header: every fault at once.
    """
    form = format_of(path)
    raw = _read_parquet(path) if form == "parquet" else _read_delimited(path)
    holder = find_holder(path)
    if holder is not None:
        raw.notices.append(
            f"{path.name} is open in {holder}: what is not saved there yet is not seen."
        )
    frame = _without_index(raw)
    filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    rows = range(FIRST_ROW, FIRST_ROW + frame.height)
    if not filled.all():
        frame, rows = frame.filter(filled), [rows[row] for row in filled.arg_true()]
    return Table(frame, path, form, form == "csv", tuple(raw.notices), rows, raw.delimiter)


def _read_delimited(path: Path) -> _Raw:
    dialect = sniff(path)
    short: list[int] = []
    frame = read_texts(path, dialect, short=short)
    labels = unguarded(frame.columns)
    if len(set(labels)) == len(labels):
        frame.columns = labels
    notices = [dialect.notice] if dialect.notice else []
    if short:
        lines = (
            f"Line {short[0]} has"
            if len(short) == 1
            else f"{len(short)} lines, {short[0]} first, have"
        )
        notices.append(f"{lines} fewer cells than the header; what is missing counts as empty.")
    return _Raw(frame, notices, dialect.delimiter)


def _read_parquet(path: Path) -> _Raw:
    import pyarrow as pa
    import pyarrow.parquet as pq

    raw = read_bytes(path)
    try:
        # Sizes from the footer: a small file can unpack to more than the memory there is.
        about = pq.read_metadata(pa.BufferReader(raw))
        rows, columns = about.num_rows, about.num_columns
        if columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
            message = f"{path.name} holds {rows:,} rows of {columns:,} columns; no more than {MOST_CELLS:,} cells and {MOST_COLUMNS:,} columns are read."
            raise SheetError(message)
        return _Raw(pl.read_parquet(raw), [])
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError) as fault:
        if isinstance(fault, SheetError):
            raise
        message = f"{path.name} is no parquet file, or is damaged. Export it again."
        raise SheetError(message) from None


def _without_index(raw: _Raw) -> pl.DataFrame:
    """Return a table without the row numbers that pandas keeps with its frames."""
    found = [
        label
        for label in raw.frame.columns
        if _PANDAS_INDEX.fullmatch(label) and is_row_numbers(raw.frame[label].cast(pl.String))
    ]
    for label in found:
        raw.notices.append(f"The column {label!r} is pandas' row numbers and is left out.")
    return raw.frame.drop(found)
