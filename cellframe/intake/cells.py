"""How does a lab's table of cells become cells of a spec?

The table is brought to the labels and spellings of a frame of cells; each row gets the id of the
cell that has its name already; what differs from the service is a plan like any other. So a
table that was imported before makes nothing, and one that was edited shows what would change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

import polars as pl

from cellframe.errors import IntakeError, SheetError
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault, table
from cellframe.intake.mapping import label_faults, nearest, refuse
from cellframe.intake.values import NO_VALUES, can_be_text, to_date, to_numbers
from cellframe.sheets.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from cellframe.intake.mapping import CellsMap
    from cellframe.sheets.tables import Table

NAME, SPEC, FILE = "cell", "spec", "_file"
_DATE = "date_manufactured"


class Cells(NamedTuple):
    """A table of cells, in our labels.

    Attributes
    ----------
    frame : DataFrame, shape (n_cells, n_columns)
        Numbers as numbers, dates as dates.
    rows : sequence of int
        The number of each row in a spreadsheet: the header is row 1.
    file : str
        Name of the table.
    files : mapping of str to str
        Name of the cell by what the table's column ``_file`` says.
    faults : mapping of int to str
        What is wrong with a row, by its position.
    notices : tuple of str
        What was seen when the table was read.
    """

    frame: pl.DataFrame
    rows: Sequence[int]
    file: str
    files: Mapping[str, str]
    faults: Mapping[int, str]
    notices: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """The names of the cells."""
        return [str(name) for name in self.frame[NAME]]


def read_cells(root: Path, mapping: CellsMap, *, file_column: str | None = None) -> Cells:
    """Read a table of cells by its mapping.

    Parameters
    ----------
    root : Path
        The folder of the import.
    mapping : CellsMap
        As somebody confirmed it.
    file_column : str, optional
        Header of the column that names the file of each cell.

    Raises
    ------
    IntakeError
        The table cannot be read, does not fit its mapping, or has rows without a name or two
        with one: everything at once, by row.
    """
    try:
        found = read_table(root / mapping.file)
    except SheetError as fault:
        raise IntakeError(
            "The table of cells cannot be read.", table([Fault(str(fault))])
        ) from None
    refuse(f"{mapping.file} does not fit its mapping.", _header_faults(found, mapping, file_column))
    made = _Labels(found, mapping)
    names = made.frame[NAME]
    refuse(f"{mapping.file} does not name its cells.", _name_faults(found, names))
    files = {} if file_column is None else _files(found.frame[file_column], names)
    faults = {
        row: f"Row {found.rows[row]}, {', '.join(told)}." for row, told in made.faults.items()
    }
    return Cells(made.frame, found.rows, mapping.file, files, faults, found.notices)


def with_ids(cells: Cells, ids: Mapping[str, Mapping[str, str]], spec: str) -> pl.DataFrame:
    """Return the table with the ids of the cells that there are.

    Parameters
    ----------
    cells : Cells
        The table.
    ids : mapping of str to mapping of str to str
        Ids by spec, as the table names it, and cell.
    spec : str
        The spec of rows that name none.
    """
    told = cells.frame[SPEC] if SPEC in cells.frame.columns else [None] * len(cells.names)
    pairs = zip(told, cells.names, strict=True)
    found = [ids.get(of or spec, {}).get(name) for of, name in pairs]
    return cells.frame.with_columns(pl.Series("instance_id", found, dtype=pl.String))


def _header_faults(found: Table, mapping: CellsMap, file_column: str | None) -> Iterator[Fault]:
    headers = found.frame.columns
    asked = [*mapping.columns, *([file_column] if file_column else [])]
    for header in asked:
        if header not in headers:
            message = f"There is no column {header!r}.{nearest(header, headers)}"
            yield Fault(message, column=header, rule="known column")
        elif not can_be_text(found.frame[header]) and not _is_left_out(mapping, header):
            message = f'The column {header!r} holds lists, durations or bytes, which a cell does not. Leave it out: "{header}" = "_{header}".'
            yield Fault(message, column=header, rule="type")
    for header in headers:
        if header not in mapping.columns and list(label_faults([header])):
            message = (
                f"The column {header!r} is not in the mapping. Add a line to [cells.columns]; "
                f'"{header}" = "_{header}" leaves it out.'
            )
            yield Fault(message, column=header, rule="known column")


def _is_left_out(mapping: CellsMap, header: str) -> bool:
    return mapping.columns.get(header, header).startswith(("_", "#"))


class _Labels:
    """Brings a table under our labels, typed; what is no number or no date is a fault of its row."""

    def __init__(self, found: Table, mapping: CellsMap) -> None:
        self.found = found
        self.mapping = mapping
        self.faults: dict[int, list[str]] = {}
        made = [self._column(header) for header in found.frame.columns]
        self.frame = pl.DataFrame([column for column in made if column is not None])

    def _column(self, header: str) -> pl.Series | None:
        label = self.mapping.columns.get(header, header)
        if _is_left_out(self.mapping, header):
            return None
        values = self.found.frame[header]
        is_quantity, is_date = parse(label)[1] is not None, label == _DATE
        if values.dtype != pl.String:
            values = values.dt.date() if is_date and values.dtype == pl.Datetime else values
            typed = values if is_quantity or is_date else _as_text(values)
            return typed.alias(NAME if label == "name" else label)
        values = values.str.strip_chars().replace("", None)
        if is_quantity or is_date:
            missing = values.str.to_lowercase().is_in(NO_VALUES).fill_null(value=False)
            values = values.set(missing, None)
        if is_quantity:
            values = self._numbers(header, values)
        elif is_date:
            values = self._dates(header, values)
        return values.alias(NAME if label == "name" else label)

    def _numbers(self, header: str, texts: pl.Series) -> pl.Series:
        comma = self.mapping.decimal == ","
        numbers = to_numbers(texts, comma=comma)
        sign = "comma" if comma else "point"
        self._tell(header, texts, numbers, f"is no number with a decimal {sign}")
        return numbers

    def _dates(self, header: str, texts: pl.Series) -> pl.Series:
        order = self.mapping.dates or "year first"
        days = {text: to_date(text, order) for text in texts.drop_nulls().unique()}
        dates = pl.Series([days.get(text) for text in texts], dtype=pl.Date)
        example = {
            "year first": "2026-01-31",
            "day first": "31.01.2026",
            "month first": "1/31/2026",
        }
        self._tell(header, texts, dates, f"is no date such as {example[order]}")
        return dates

    def _tell(self, header: str, texts: pl.Series, made: pl.Series, what: str) -> None:
        for row in (texts.is_not_null() & made.is_null()).arg_true():
            self.faults.setdefault(row, []).append(f"{header!r}: {texts[row]!r} {what}")


def _as_text(values: pl.Series) -> pl.Series:
    """Return what a typed file holds as text; a gap among whole numbers made floats of them."""
    if values.dtype.is_float() and (values.drop_nulls() == values.drop_nulls().round()).all():
        values = values.cast(pl.Int64, strict=False)
    return values.cast(pl.String)


def _name_faults(found: Table, names: pl.Series) -> Iterator[Fault]:
    first: dict[str, int] = {}
    composed: dict[str, int] = {}
    for name, row in zip(names, found.rows, strict=True):
        if name is None:
            message = f"Row {row} has no name of a cell. Fill it, or delete the row."
            yield Fault(message, row, None, NAME, rule="required")
        elif name in first:
            message = f"Rows {first[name]} and {row} are both {name!r}. A cell has one row."
            yield Fault(message, row, name, NAME, name, "unique")
        elif (other := composed.get(normalize("NFC", name))) is not None:
            message = (
                f"Rows {other} and {row} are both {name!r}: they look alike, and are other characters "
                "in the file. Write one of them anew."
            )
            yield Fault(message, row, name, NAME, name, "unique")
        else:
            first[name] = composed[normalize("NFC", name)] = row


def _files(told: pl.Series, names: pl.Series) -> dict[str, str]:
    pairs = zip(told.cast(pl.String), names, strict=True)
    return {str(file).strip(): str(cell) for file, cell in pairs if file is not None}
