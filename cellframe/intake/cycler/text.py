"""Where in a cycler's file do the rows begin, and what stands in them?

An export has a head of free text, of any length and often padded with delimiters. So its header
is not found by its shape: it is the line that speaks of time, voltage and current.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from cellframe.errors import SheetError
from cellframe.intake.cycler.layers import are_layers, depth, read_layers, told_from_above
from cellframe.intake.cycler.names import recognise
from cellframe.intake.cycler.vendor import is_of_vendor, read_vendor
from cellframe.intake.headers import heading
from cellframe.sheets.delimited import read_texts
from cellframe.sheets.dialect import DELIMITERS, HEAD, Dialect, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cellframe.intake.cycler.mapping import SeriesMap
    from cellframe.intake.cycler.names import Known

PLACE = "\x00place"
"""A column of our own: where each row stands in the file. No file has a header like this."""
_MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header of a file stands, and what it says.

    Attributes
    ----------
    skip : int
        Lines before the header.
    delimiter : str
        Between cells; a comma for parquet and files of vendors, which have none.
    headers : tuple of str
        Every column, in order.
    units_below : bool
        Whether the line under the header holds units.
    known : tuple of Known
        Headers that are understood.
    """

    skip: int
    delimiter: str
    headers: tuple[str, ...]
    units_below: bool
    known: tuple[Known, ...]


class Rows(NamedTuple):
    """The rows of a file.

    Attributes
    ----------
    frame : DataFrame
        Text as it stands (parquet and files of vendors: as typed), and `PLACE`.
    word : str
        What a row is called: ``line`` of a text, else ``row``.
    below : dict of str to str
        What the line under the header says of each column, where the mapping says that it holds
        units.
    """

    frame: pl.DataFrame
    word: str
    below: Mapping[str, str] = MappingProxyType({})


def is_parquet(path: Path) -> bool:
    """Whether a file is read as parquet; anything else is text."""
    return path.suffix.lower() in (".parquet", ".pq")


def layout_of(path: Path) -> Layout:
    """Find the header of a file.

    Raises
    ------
    SheetError
        The file cannot be opened, or is no text.
    """
    if is_parquet(path) or is_of_vendor(path):
        headers = tuple(_schema(path) if is_parquet(path) else read_vendor(path).columns)
        return Layout(0, ",", headers, units_below=False, known=_known(headers))
    lines = _lines(read_text(path).text[:HEAD])[:_MOST_LINES]
    candidates = [
        _layout(lines, number, delimiter)
        for delimiter in DELIMITERS
        for number, line in enumerate(lines)
        if delimiter in line
    ]
    nothing = Layout(0, ",", (), units_below=False, known=())
    return max(
        candidates, key=lambda found: len({one.label for one in found.known}), default=nothing
    )


def _lines(text: str) -> list[str]:
    # splitlines() would end a line at a form feed too, which no other reader does.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _layout(lines: list[str], number: int, delimiter: str) -> Layout:
    headers = _cells(lines[number], delimiter)
    units = _cells("".join(lines[number + 1 : number + 2]), delimiter)
    if depth(headers):
        kinds = _kinds(lines, number, delimiter)
        above = tuple(name for _, _, name in told_from_above(kinds)) if kinds else ()
        headers = (*above, *headers)
    if not _are_units(units):
        return Layout(number, delimiter, headers, units_below=False, known=_known(headers))
    units += ("",) * (len(headers) - len(units))
    return Layout(number, delimiter, headers, units_below=True, known=_known(headers, units))


def _kinds(lines: list[str], number: int, delimiter: str) -> list[tuple[str, ...]]:
    """Return the headers of all kinds of rows, if that of the records is one of several."""
    deep = depth(_cells(lines[number], delimiter)) if number < len(lines) else 0
    found = [_cells(line, delimiter) for line in lines[max(number - deep, 0) : number + 1]]
    return found if are_layers(found) and len(found) == deep + 1 else []


def _known(headers: tuple[str, ...], units: tuple[str, ...] = ()) -> tuple[Known, ...]:
    pairs = zip(headers, units or ("",) * len(headers), strict=False)
    found = (recognise(name, unit) for name, unit in pairs if any(map(str.isalpha, name)))
    return tuple(one for one in found if one is not None)


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    try:
        row = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return ()
    while row and not row[-1].strip():
        row.pop()
    return tuple(row)


def _are_units(cells: tuple[str, ...]) -> bool:
    """Whether a line under a header holds units: no number, and half of its words are units."""
    told = [cell.strip(" []()") for cell in cells if cell.strip(" []()-")]
    if not told or any(character.isdigit() for cell in told for character in cell[:1]):
        return False
    return 2 * sum(heading(f"x [{cell}]").unit is not None for cell in told) >= len(told)


def load(path: Path, series: SeriesMap) -> Rows:
    """Read the rows of a file by a mapping.

    Parameters
    ----------
    path : Path
        Text or parquet.
    series : SeriesMap
        Says what stands before the header, and between the cells.

    Raises
    ------
    SheetError
        It is no table of rows as wide as its header.
    """
    if is_parquet(path) or is_of_vendor(path):
        frame = _parquet(path) if is_parquet(path) else read_vendor(path)
        return Rows(frame.with_row_index(PLACE), "row")
    encoding, text = read_text(path)
    kinds = _kinds(_lines(text[:HEAD]), series.skip, series.delimiter)
    if kinds:
        frame = read_layers(path.name, _lines(text), kinds, series.skip, series.delimiter, PLACE)
        return Rows(frame, "line")
    try:
        dialect = Dialect(encoding, series.delimiter, series.skip)
        frame = read_texts(path, dialect, text=text)
    except SheetError as fault:
        raise SheetError(f"{fault}{_cut_off(text)}") from None
    first = series.skip + 2
    frame = frame.with_row_index(PLACE, offset=first)
    if not series.units_below:
        return Rows(frame, "line")
    below = next(frame.drop(PLACE).head(1).iter_rows(named=True), {})
    return Rows(frame[1:], "line", {name: text or "" for name, text in below.items()})


def split(rows: Rows, by: Sequence[str]) -> Iterator[tuple[tuple[str, ...], Rows]]:
    """Take the tests of one file apart, in the order in which they begin.

    Parameters
    ----------
    rows : Rows
        Of one file.
    by : sequence of str
        Headers that tell the tests apart; none where the file is one test.
    """
    if not by:
        yield (), rows
        return
    for part in rows.frame.partition_by(by, maintain_order=True):
        key = tuple("" if value is None else str(value) for value in part.select(by).row(0))
        yield key, rows._replace(frame=part.drop(by))


def _cut_off(text: str) -> str:
    if text[-1:] in ("\n", "\r", ""):
        return ""
    return (
        "\n  Its last line has no end: the file was cut off while it was written. "
        "Delete that line if it is not whole."
    )


def _schema(path: Path) -> list[str]:
    try:
        return list(pl.read_parquet_schema(path))
    except (pl.exceptions.PolarsError, OSError):
        raise SheetError(f"{path.name} cannot be read as parquet. Is it whole?") from None


def _parquet(path: Path) -> pl.DataFrame:
    _schema(path)
    return pl.read_parquet(path)
