"""How is delimited text read, as people return it?

Every value is text: what a type makes of it is decided where the columns are known. Nothing is
repaired in silence: a file whose rows do not fit its header is refused, with every such line.
"""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from cellframe.errors import SheetError, first_few
from cellframe.sheets.dialect import HEAD, Dialect, decoded, lines_of, read_bytes, sniff

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["Dialect", "is_row_numbers", "read_texts", "refuse", "sniff"]

MOST_COLUMNS = 16_384
"""Columns of the widest spreadsheet: a file with more was not made by a person."""
MOST_CELLS = 2 * 10**8
_CHUNK = 50_000
_INDEX = "Unnamed: 0"
"""What pandas calls a column without a header when it reads its own row numbers back."""


def read_texts(
    path: Path, dialect: Dialect, *, short: list[int] | None = None, text: str | None = None
) -> pl.DataFrame:
    """Read a delimited file, every column as text.

    Parameters
    ----------
    path : Path
        The file.
    dialect : Dialect
        As `sniff` found it.
    short : list of int, optional
        Gets the lines that have fewer cells than the header and are filled up with empty ones, as
        Excel leaves out delimiters at the end of rows. Such lines are refused where not given,
        and the last line of a file that breaks off always.
    text : str, optional
        What the file says, where somebody has read it already.

    Returns
    -------
    DataFrame of String, shape (n_rows, n_columns)
        Null where a cell is empty. A blank line within the table is an empty row; blank lines at
        its end, and columns without header and values, are left out. Row numbers that pandas
        wrote are the column ``Unnamed: 0``.

    Raises
    ------
    SheetError
        Two columns have one header, a column has values and no header, a row has more or fewer
        cells than the header, a quote is not closed, the file is empty, binary or too large:
        everything at once, by line.
    """
    if text is None:
        text = decoded(path, read_bytes(path), dialect.encoding)
    reader = _Reader(path, text, dialect, short)
    frame = reader.quickly()
    if frame is None:
        frame = reader.carefully()
    return reader.with_headers(frame)


def refuse(path: Path, faults: Sequence[str]) -> None:
    """Raise one error for all faults of a file, if there are any.

    Raises
    ------
    SheetError
        There are some.
    """
    if faults:
        head = f"{path.name} cannot be read as a table."
        raise SheetError("\n  ".join([head, *first_few(faults)]))


class _Reader:
    """One text, with its header read and its body not yet."""

    def __init__(self, path: Path, text: str, dialect: Dialect, short: list[int] | None) -> None:
        self.path = path
        self.short = short
        self.delimiter = dialect.delimiter
        self.lines_above = dialect.skip
        self.header_lines = 0
        self.header, self.body = self._split(text, dialect.skip)
        while len(self.header) > 1 and not self.header[-1].strip():
            self.header.pop()
        refuse(path, [*self._of_text(text), *self._of_header()])
        self.faults: list[str] = []

    def _split(self, text: str, skip: int) -> tuple[list[str], str]:
        """Return the header's cells, and the text below it."""
        # Python copies a text to read lines of it, and a header does not need the whole.
        header, end = list[str](), HEAD
        with suppress(csv.Error):
            header, end = self._header_of(text[:HEAD], skip)
        try:
            if end >= HEAD:
                header, end = self._header_of(text, skip)
        except csv.Error as fault:
            raise SheetError(
                f"{self.path.name} cannot be read as a table.\n  {self._quotes(fault, 0)}"
            ) from None
        return header, text[end:]

    def _header_of(self, text: str, skip: int) -> tuple[list[str], int]:
        """Return the header's cells, and where they end."""
        lines = lines_of(text)
        for _ in range(skip):
            lines.readline()
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        header = next(reader, [])
        self.header_lines = reader.line_num
        return header, lines.tell()

    def _of_text(self, text: str) -> Iterator[str]:
        if not any(cell.strip() for cell in self.header):
            yield "The file is empty." if not text.strip() else "The first line holds no header."
        nul = text.find("\0")
        if nul >= 0:
            line = text.count("\n", 0, nul) + 1
            yield f"Line {line}: a NUL character, which no text has. Save the table as CSV UTF-8 or parquet."

    def _of_header(self) -> Iterator[str]:
        width = len(self.header)
        if width > MOST_COLUMNS:
            yield f"It has {width:,} columns; no more than {MOST_COLUMNS:,} are read."
            return
        if width * self.body.count("\n") > MOST_CELLS:
            yield f"It has more than {MOST_CELLS:,} cells. Save it as parquet, in parts."
        places: dict[str, list[int]] = {}
        for place, name in enumerate(self.header, start=1):
            places.setdefault(name, []).append(place)
        for name, found in places.items():
            if len(found) > 1 and name.strip():
                columns = ", ".join(map(str, found[:-1])) + f" and {found[-1]}"
                yield f"{name!r} is the header of columns {columns}. Give each a name of its own."

    def quickly(self) -> pl.DataFrame | None:
        """Return the body if it is as regular as files mostly are; None to read it carefully.

        polars fills short rows with gaps and says nothing, so the delimiters are counted.
        """
        body = self.body
        if '"' in body or ("\r" in body and body.count("\r") != body.count("\r\n")):
            return None
        body = body.rstrip("\r\n")
        first = body[: body.find("\n")] if "\n" in body else body
        width = first.count(self.delimiter) + 1
        rows = body.count("\n") + 1 if body else 0
        if width < len(self.header) or body.count(self.delimiter) != rows * (width - 1):
            return None
        try:
            frame = pl.read_csv(
                io.BytesIO(body.encode()),
                has_header=False,
                separator=self.delimiter,
                quote_char=None,
                schema=_schema(width),
            )
        except pl.exceptions.PolarsError:
            return None
        beyond = frame[:, len(self.header) :]
        return None if any(column.count() for column in beyond) else frame[:, : len(self.header)]

    def carefully(self) -> pl.DataFrame:
        """Return the body record by record; every line that does not fit the header is a fault."""
        width = len(self.header)
        rows = self._rows(width)
        parts = [pl.DataFrame(schema=_schema(width))]
        while part := list(islice(rows, _CHUNK)):
            parts.append(pl.DataFrame(part, schema=_schema(width), orient="row"))
        refuse(self.path, self.faults)
        return pl.concat(parts).with_columns(pl.all().replace("", None))

    def _rows(self, width: int) -> Iterator[list[str]]:
        reader = csv.reader(lines_of(self.body), delimiter=self.delimiter, strict=True)
        line, whole = 0, self.body.count("\n") + 1
        try:
            for row in reader:
                if len(row) == width:
                    yield row
                elif not any(cell.strip() for cell in row):
                    yield [""] * width
                elif len(row) > width and not any(row[width:]):
                    yield row[:width]
                elif len(row) < width and self.short is not None and reader.line_num < whole:
                    self.short.append(self._line(line))
                    yield row + [""] * (width - len(row))
                else:
                    self.faults.append(self._misfit(self._line(line), row))
                line = reader.line_num
        except csv.Error as fault:
            self.faults.append(self._quotes(fault, line))

    def _line(self, above: int) -> int:
        """Return the line of the file that comes below so many lines of the body."""
        return self.lines_above + self.header_lines + above + 1

    def _misfit(self, line: int, row: list[str]) -> str:
        count = f"{len(row)} cell" + ("s" if len(row) > 1 else "")
        cells = f"Line {line} has {count} where the header has {len(self.header)}"
        if len(row) < len(self.header):
            return (
                f"{cells}: a delimiter ({_SHOWN.get(self.delimiter, self.delimiter)}) is missing."
            )
        if len(self.header) == 1:
            return f"{cells}. If the header stands further below, delete the lines above it."
        extra = next(cell for cell in row[len(self.header) :] if cell)
        return f"{cells}: put a text with the delimiter in quotes, or name the column of {extra!r}."

    def _quotes(self, fault: csv.Error, above: int) -> str:
        line = self._line(above)
        if "expected after" in str(fault):
            return (
                f"Line {line}: a text goes on after its closing quote. Double the quotes within it."
            )
        return f"Line {line}: a quote opens here and is not closed, or a cell has more than {csv.field_size_limit():,} characters."

    def with_headers(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the table under its headers, without empty rows at its end."""
        kept: list[pl.Series] = []
        faults: list[str] = []
        for place, name in enumerate(self.header):
            values = frame[:, place]
            if name.strip():
                kept.append(values.alias(name))
            elif place == 0 and is_row_numbers(values):
                kept.append(values.alias(f"{_INDEX}.1" if _INDEX in self.header else _INDEX))
            elif values.count():
                first = values.drop_nulls()[0]
                faults.append(f"Column {place + 1} has values, such as {first!r}, and no header.")
        refuse(self.path, faults)
        return _without_end(pl.DataFrame(kept))


_SHOWN = {"\t": "tab"}


def is_row_numbers(values: pl.Series) -> bool:
    """Whether texts can be pandas' row numbers: whole numbers in every row, each once."""
    return bool(
        len(values)
        and values.str.contains(r"^\d{1,9}$").fill_null(value=False).all()
        and values.is_unique().all()
    )


def _schema(width: int) -> dict[str, pl.DataType]:
    return {str(place): pl.String() for place in range(width)}


def _without_end(frame: pl.DataFrame) -> pl.DataFrame:
    filled = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    last = filled.arg_true().max()
    return frame.head(0 if last is None else int(last) + 1)  # type: ignore[arg-type]
