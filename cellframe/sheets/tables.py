"""What table does a file hold?"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import polars as pl

from cellframe.errors import SheetError
from cellframe.sheets import companion
from cellframe.sheets.delimited import MOST_CELLS, MOST_COLUMNS, is_row_numbers, read_texts
from cellframe.sheets.dialect import read_bytes, sniff
from cellframe.sheets.held import find_holder
from cellframe.sheets.texts import unguarded

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from cellframe.sheets.companion import Companion

Format: TypeAlias = Literal["csv", "parquet", "xlsx"]
FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
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
        ``csv``, ``parquet`` or ``xlsx``.
    notices : tuple of str
        What was seen when it was read.
    rows : sequence of int, shape (n_rows,)
        The number that each row has in a spreadsheet: the header is row 1.
    delimiter : str
        Of delimited text; empty for other files.
    beside : Companion or None
        What the file was made from, where it knows.
    sheet : str
        Name of the sheet of a workbook; empty for other files.
    letters : sequence of str, shape (n_columns,)
        The columns of the frame as the sheet of a workbook names them; empty for other files.
    kinds : DataFrame of UInt8, shape (n_rows, n_columns), or None
        What kind of cell each value stood in, in a workbook; see `workbook.cells`.
    """

    frame: pl.DataFrame
    path: Path
    format: Format
    notices: tuple[str, ...]
    rows: Sequence[int]
    delimiter: str = ""
    beside: Companion | None = None
    sheet: str = ""
    letters: Sequence[str] = ()
    kinds: pl.DataFrame | None = None

    @property
    def is_text(self) -> bool:
        """Whether every value is a text that a type must be made of."""
        return self.format != "parquet"


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
        message = f"{path.name} {what}, and tables are read and written as {known}. Save it as Excel workbook (.xlsx) or as CSV UTF-8 (.csv)."
        raise SheetError(message)
    return found


def read_tables(path: Path, *, known: Collection[str] = ()) -> list[Table]:
    """Read the tables that a file holds, each with what it was made from.

    Parameters
    ----------
    path : Path
        A delimited text (``.csv``, ``.txt``, ``.tsv``) or a workbook (``.xlsx``), read as text, or
        ``.parquet``, read as typed.
    known : collection of str
        Headers that mean something to the caller, besides those of ours: they tell which sheets
        of a workbook hold tables.

    Returns
    -------
    list of Table
        One of every sheet of a workbook that holds records, and one of any other file.

    Raises
    ------
    SheetError
        The file is missing, of another format, damaged or too large, or its rows do not fit its
        header: every fault at once.
    """
    form = format_of(path)
    holder = find_holder(path)
    held = (
        []
        if holder is None
        else [f"{path.name} is open in {holder}: what is not saved there yet is not seen."]
    )
    if form == "xlsx":
        from cellframe.sheets.workbook.reading import read_workbook

        first, *others = read_workbook(path, known=known)
        return [replace(first, notices=(*first.notices, *held)), *others]
    raw = _read_parquet(path) if form == "parquet" else _read_delimited(path)
    beside, damage = companion.load_or_tell(path)
    raw.notices.extend([*held, *([damage] if damage else [])])
    frame = without_index(raw.frame, raw.notices)
    filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    rows = range(FIRST_ROW, FIRST_ROW + frame.height)
    if not filled.all():
        frame, rows = frame.filter(filled), [rows[row] for row in filled.arg_true()]
    notices = tuple(raw.notices)
    return [Table(frame, path, form, notices, rows, raw.delimiter, beside)]


def companions_of(path: Path) -> list[companion.Companion]:
    """Return what a file was made from, where it knows: one of every sheet of a workbook."""
    if format_of(path) == "xlsx":
        found = [table.beside for table in read_tables(path)]
    else:
        found = [companion.load(path)]
    return [one for one in found if one is not None]


def read_table(path: Path) -> Table:
    """Read the one table that a file holds; see `read_tables`.

    Raises
    ------
    SheetError
        Also where the file is a workbook with several.
    """
    first, *others = read_tables(path)
    if others:
        sheets = ", ".join(repr(table.sheet) for table in (first, *others))
        message = f"{path.name} has several sheets with tables ({sheets}), and one is wanted. Save it in a workbook of its own."
        raise SheetError(message)
    return first


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


def without_index(frame: pl.DataFrame, notices: list[str]) -> pl.DataFrame:
    """Return a table without the row numbers that pandas keeps with its frames; tell of them."""
    found = [
        label
        for label in frame.columns
        if _PANDAS_INDEX.fullmatch(label) and is_row_numbers(frame[label].cast(pl.String))
    ]
    notices += [f"The column {label!r} is pandas' row numbers and is left out." for label in found]
    return frame.drop(found)
