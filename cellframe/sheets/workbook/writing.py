"""How does a frame become a workbook?"""

from __future__ import annotations

import hashlib
import io
import math
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.errors import SheetError, first_few
from cellframe.sheets.putting import Written, put
from cellframe.sheets.tables import FIRST_ROW
from cellframe.sheets.texts import is_text, line_ends
from cellframe.sheets.workbook import hidden
from cellframe.sheets.workbook.cells import MOST_CELLS, MOST_COLUMNS, MOST_ROWS
from cellframe.sheets.workbook.guide import write_guide
from cellframe.sheets.workbook.looks import looks_of, places, set_columns
from cellframe.sheets.workbook.validation import Lists, watch, wrong_format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from xlsxwriter.format import Format

    from cellframe.sheets.workbook.looks import Looks, Place
    from cellframe.sheets.workbook.sheet import Sheet

_MOST_CHARACTERS = 32_767
"""That a cell holds."""
_EXACT = 2**53
"""Whole numbers up to here are whole in a spreadsheet, whose numbers are all floats."""
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's times have no zone
_LAST_MOMENT = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001
_FIRST_DAY = date(1900, 3, 1)
"""Excel counts a 29 February 1900, which there was not; before it days are not alike everywhere."""
_A_DAY = 86_400_000_000
# XML has no place for them; control characters are escaped, and come back.
_UNFIT = "[\x00￾￿]"
_CREATED = datetime(2000, 1, 1)  # noqa: DTZ001 - the same bytes for the same content
_AS_TYPED = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_workbook(
    sheets: Sequence[Sheet], path: Path, *, origin: str = "", has_edits: bool = False
) -> Written:
    """Write sheets as a workbook, whole or not at all.

    Parameters
    ----------
    sheets : sequence of Sheet
        At least one, each with a name of its own.
    path : Path
        The file.
    origin : str
        Address of the service, for the sheet that explains.
    has_edits : bool
        Whether somebody's edits are in it: it is never taken for one that nobody touched.

    Raises
    ------
    SheetError
        The file is open in another program, the folder is missing or not writable, or a workbook
        cannot hold a value: every one at once. Whatever was there is as it was.
    """
    faults = [fault for sheet in sheets for fault in _unfit(sheet)]
    if faults:
        head = f"{path.name} was not written: parquet can hold this table, a workbook cannot."
        raise SheetError("\n  ".join([head, *first_few(faults)]))
    content = _content(sheets, origin)
    if not has_edits:
        kinds = [sheet.companion.kind for sheet in sheets if sheet.companion is not None]
        content = hidden.sealed(content, kinds)
    put(path.resolve(), content)
    return Written(hashlib.sha256(content).hexdigest(), ())


def _content(sheets: Sequence[Sheet], origin: str) -> bytes:
    from xlsxwriter import Workbook

    buffer = io.BytesIO()
    book = Workbook(buffer, {"in_memory": True, **_AS_TYPED})
    book.set_properties({"created": _CREATED})
    looks = looks_of(book)
    written = [(sheet, book.add_worksheet(sheet.name)) for sheet in sheets]
    write_guide(book, sheets, origin)
    lists, wrong = Lists(book), wrong_format(book)
    for sheet, worksheet in written:
        found = places(sheet)
        _write(worksheet, sheet, found, looks)
        watch(worksheet, sheet, found, lists, wrong)
    _hide(book, sheets)
    book.close()
    return buffer.getvalue()


def _write(worksheet: Any, sheet: Sheet, found: Sequence[Place], looks: Looks) -> None:
    """Write one sheet: its header, its columns, and how it is looked at."""
    set_columns(worksheet, found, looks)
    faults = _by_column(sheet)
    for at, place in enumerate(found):
        worksheet.write_string(0, at, place.heading, looks.grey_head if place.grey else looks.head)
        _write_column(worksheet, sheet.frame[place.label], at, place, looks)
        for row, message in faults.get(place.label, {}).items():
            _mark(worksheet, sheet.frame[place.label], row, at, place, looks, message)
    width = len(found)
    names = sheet.name_label is not None
    worksheet.freeze_panes(1, 1 if names else 0)
    if width:
        worksheet.autofilter(0, 0, max(1, sheet.frame.height), width - 1)
    worksheet.repeat_rows(0)
    worksheet.set_landscape()
    worksheet.fit_to_pages(1, 0)


def _by_column(sheet: Sheet) -> dict[str, dict[int, str]]:
    """Return what rules of the caller say, by column and row."""
    found: dict[str, dict[int, str]] = {}
    for fault in sheet.faults:
        if fault.column in sheet.frame.columns and fault.row is not None:
            found.setdefault(str(fault.column), {})[fault.row] = fault.message
    return found


def _mark(
    worksheet: Any, values: pl.Series, row: int, at: int, place: Place, looks: Looks, message: str
) -> None:
    """Colour one cell, and say beside it what is wrong."""
    one = values[row : row + 1]
    _write_cells(worksheet, one, row + 1, at, place.kind, looks.wrong(place.kind, place.grey))
    worksheet.write_comment(row + 1, at, message, {"x_scale": 2})


def _write_column(worksheet: Any, values: pl.Series, at: int, place: Place, looks: Looks) -> None:
    form = looks.tall if place.label == "_error" else looks.cell(place.kind, place.grey)
    _write_cells(worksheet, values, 1, at, place.kind, form)


def _write_cells(
    worksheet: Any, values: pl.Series, first: int, at: int, kind: str, form: Format
) -> None:
    """Write values below one another; what a cell cannot hold as it is stands as text."""
    for row, value in enumerate(_cells(values, kind), start=first):
        if value is None:
            worksheet.write_blank(row, at, None, form)
        elif isinstance(value, str):
            worksheet.write_string(row, at, value, form)
        elif isinstance(value, bool):
            worksheet.write_boolean(row, at, value, form)
        else:
            worksheet.write_number(row, at, value, form)


def _cells(values: pl.Series, kind: str) -> list[Any]:
    """Return texts, truths and numbers as a workbook keeps them; dates are numbers there."""
    if is_text(values.dtype):
        texts = line_ends(values.cast(pl.String)).replace("", None)
        if kind == "text":
            return texts.to_list()
        # Of a sheet that came back: what is a number or a date is written as one again.
        typed = texts.map_elements(_READ[kind], return_dtype=pl.Object)
        return typed.to_list()
    if kind == "date":
        return [_day(one) for one in values]
    if kind == "time":
        return _moments(values)
    return [_whole(one) for one in values] if kind == "whole" else _finite(values)


def _finite(values: pl.Series) -> list[Any]:
    """Return numbers, without those that are none; truths as they are."""
    if not values.dtype.is_float():
        return values.to_list()
    return pl.select(pl.when(values.is_finite()).then(values)).to_series().to_list()


def _day(value: date | None) -> int | str | None:
    if value is None or value < _FIRST_DAY:
        return value and value.isoformat()
    return (value - _EPOCH.date()).days


def _moments(values: pl.Series) -> list[float | str | None]:
    """Return times as days since Excel's first, to the millisecond that it keeps."""
    moments = values.cast(pl.Datetime("us"))
    days = (moments - _EPOCH).dt.total_microseconds() / _A_DAY
    return [
        found
        if when is None or (when.date() >= _FIRST_DAY and when <= _LAST_MOMENT)
        else when.isoformat(" ")
        for when, found in zip(moments.to_list(), days.to_list(), strict=True)
    ]


def _whole(value: int | None) -> int | str | None:
    return str(value) if value is not None and abs(value) > _EXACT else value


def _number(text: str) -> float | str:
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text


def _whole_number(text: str) -> int | str | None:
    try:
        return _whole(int(text))
    except ValueError:
        return text


def _date(text: str) -> int | str | None:
    try:
        return _day(date.fromisoformat(text))
    except ValueError:
        return text


def _time(text: str) -> float | str | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    return text if when.tzinfo else _moments(pl.Series([when]))[0]


def _truth(text: str) -> bool | str:
    return {"true": True, "false": False}.get(text.casefold(), text)


_READ: dict[str, Callable[[str], Any]] = {
    "number": _number,
    "whole": _whole_number,
    "date": _date,
    "time": _time,
    "truth": _truth,
}


def _hide(book: Any, sheets: Sequence[Sheet]) -> None:
    """Write what the sheets were made from where nobody sees it."""
    companions = {sheet.name: sheet.companion for sheet in sheets if sheet.companion is not None}
    if companions:
        worksheet = book.add_worksheet(hidden.SHEET)
        for row, text in enumerate(hidden.to_cells(companions)):
            worksheet.write_string(row, 0, text)
        worksheet.very_hidden()


def _unfit(sheet: Sheet) -> Iterator[str]:
    """Say what no workbook can hold."""
    frame = sheet.frame
    rows = frame.height + 1
    if rows > MOST_ROWS or frame.width > MOST_COLUMNS or rows * frame.width > MOST_CELLS:
        size = f"{frame.height:,} rows of {frame.width:,} columns"
        most = f"{MOST_ROWS - 1:,} rows, {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells"
        yield f"{sheet.name}: {size} are more than come back from a workbook: {most} at most."
        return
    for label in frame.columns:
        values = frame[label]
        if values.dtype.is_nested() or isinstance(values.dtype, pl.Binary | pl.Object):
            yield f"{label!r} holds {values.dtype}, not one value in a cell."
        elif is_text(values.dtype):
            yield from _unfit_texts(sheet, label, values.cast(pl.String))


def _unfit_texts(sheet: Sheet, label: str, texts: pl.Series) -> Iterator[str]:
    for found, what in (
        (texts.str.contains(_UNFIT), "a character that no workbook holds"),
        (texts.str.len_chars() > _MOST_CHARACTERS, f"more than {_MOST_CHARACTERS:,} characters"),
    ):
        for row in found.fill_null(value=False).arg_true():
            name = sheet.name_label
            who = "" if name is None else f" ({sheet.frame[name][row]!r})"
            yield f"Row {row + FIRST_ROW}{who}, {label!r}: {what}."
