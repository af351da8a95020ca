"""Programs that open a workbook and save it again, each in its own way, and people who edit it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from copy import copy
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from xml.etree import ElementTree as ET

import openpyxl
import pandas as pd
import polars as pl

from tests.sheets import markup_writer
from tests.sheets.markup_writer import Habits

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

SYSTEM = "/usr/bin/python3"
"""The Python that LibreOffice's bridge is for."""
HIDDEN = "_cellframe"


def nothing(_path: Path) -> None:
    """The file is mailed, and not opened."""


def openpyxl_defaults(path: Path) -> None:
    openpyxl.load_workbook(path).save(path)


def openpyxl_values(path: Path) -> None:
    """Values alone, in a new workbook."""
    new = openpyxl.Workbook(write_only=True)
    for sheet in openpyxl.load_workbook(path).worksheets:
        page = new.create_sheet(sheet.title)
        for row in sheet.iter_rows(values_only=True):
            page.append(row)
    new.save(path)


def _texts(raw: bytes) -> list[str]:
    """The texts of a workbook as the standard has them; openpyxl leaves escapes as they stand."""
    root = ET.fromstring(raw)
    space = root.tag.rpartition("}")[0] + "}"
    texts = ("".join(t.text or "" for t in item.iter(f"{space}t")) for item in root)
    return [re.sub("_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text) for text in texts]


def values_of(path: Path) -> tuple[dict[str, list], dict[str, str]]:
    with patch("openpyxl.reader.excel.read_string_table", lambda file: _texts(file.read())):
        book = openpyxl.load_workbook(path)
    sheets = {
        s.title: [list(row) for row in s.iter_rows(values_only=True)] for s in book.worksheets
    }
    return sheets, {s.title: s.sheet_state for s in book.worksheets if s.sheet_state != "visible"}


def google(path: Path) -> None:
    """No widths, validations or styles but those of dates; every sheet can be seen."""
    sheets, _ = values_of(path)
    markup_writer.write(path, sheets, Habits(floats=True))


def google_copied(path: Path) -> None:
    """The sheet was copied to a document of its own first: what was hidden is gone."""
    sheets, states = values_of(path)
    kept = {name: rows for name, rows in sheets.items() if name not in states}
    markup_writer.write(path, kept, Habits(floats=True))


def wps(path: Path) -> None:
    """Texts in their cells, and a prefix everywhere."""
    sheets, states = values_of(path)
    markup_writer.write(path, sheets, Habits(inline=True, prefix="x"), states)


def numbers(path: Path) -> None:
    """A sheet of each table, called after both, behind a summary of what was exported."""
    sheets, _ = values_of(path)
    told = {"Export Summary": [["This document was exported from Numbers."], [None, "Cells", 1]]}
    named = {f"{name} - Table 1"[:31]: rows for name, rows in sheets.items()}
    markup_writer.write(path, told | named, Habits())


def without_addresses(path: Path) -> None:
    """A program that saves bytes: cells are counted, and do not say where they are."""
    sheets, states = values_of(path)
    markup_writer.write(path, sheets, Habits(addresses=False), states)


def strict(path: Path) -> None:
    """Excel's `Strict Open XML Spreadsheet`."""
    sheets, states = values_of(path)
    markup_writer.write(path, sheets, Habits(strict=True), states)


def pandas_defaults(path: Path) -> None:
    sheets = pd.read_excel(path, sheet_name=None)
    with pd.ExcelWriter(path) as writer:
        for name, frame in sheets.items():
            frame.to_excel(writer, sheet_name=name, index=False)


def pandas_with_index(path: Path) -> None:
    pd.read_excel(path).to_excel(path)


def pandas_as_text(path: Path) -> None:
    pd.read_excel(path, dtype=str, keep_default_na=False).to_excel(path, index=False)


def polars_with_inference(path: Path) -> None:
    pl.read_excel(path).write_excel(path)


ALL = [
    *(nothing, openpyxl_defaults, openpyxl_values, google, google_copied, wps, numbers),
    *(without_addresses, strict, pandas_defaults, pandas_with_index, pandas_as_text),
    polars_with_inference,
]


class Sheet:
    """A sheet that is edited by openpyxl; the same steps as LibreOffice's in `office.py`.

    Rows are counted as a spreadsheet shows them, columns are named by their headers.
    """

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet

    def column(self, header: str) -> int:
        return [cell.value for cell in self.sheet[1]].index(header) + 1

    def cell(self, row: int, header: str) -> Any:
        return self.sheet.cell(row, self.column(header))

    def type(self, row: int, header: str, text: Any) -> None:
        cell = self.cell(row, header)
        is_day = "yy" in str(cell.number_format)
        cell.value = date.fromisoformat(text) if is_day and isinstance(text, str) else text

    def empty(self, row: int, header: str) -> None:
        self.cell(row, header).value = None

    def name_column(self, header: str, new: str) -> None:
        self.cell(1, header).value = new

    def add_column(self, header: str) -> None:
        self.sheet.cell(1, self.sheet.max_column + 1).value = header

    def _rows(self) -> list[list[Any]]:
        return [list(row) for row in self.sheet.iter_rows(min_row=2, values_only=True)]

    def _fill(self, rows: list[list[Any]]) -> None:
        for at, row in enumerate(rows, 2):
            for column, value in enumerate(row, 1):
                self.sheet.cell(at, column).value = value

    def sort(self, header: str, ascending: bool = True) -> None:
        place = self.column(header) - 1
        rows = self._rows()
        filled = [row for row in rows if row[place] is not None]
        empty = [row for row in rows if row[place] is None]
        filled.sort(key=lambda row: row[place], reverse=not ascending)
        self._fill([*filled, *empty])

    def filter(self, header: str, text: str) -> None:
        for row in range(2, self.sheet.max_row + 1):
            self.sheet.row_dimensions[row].hidden = self.cell(row, header).value != text

    def insert_rows(self, before: int, count: int) -> None:
        self.sheet.insert_rows(before, count)

    def delete_rows(self, first: int, count: int) -> None:
        self.sheet.delete_rows(first, count)

    def copy_row(self, row: int, to: int) -> None:
        values = [(cell.value, copy(cell._style)) for cell in self.sheet[row]]
        self.insert_rows(to, 1)
        for column, (value, style) in enumerate(values, 1):
            cell = self.sheet.cell(to, column)
            cell.value, cell._style = value, style

    def move_column(self, header: str, to: str) -> None:
        old, new = self.column(header) - 1, self.column(to) - 1
        for row in self.sheet.iter_rows():
            values = [(cell.value, copy(cell._style)) for cell in row]
            moved = values.pop(old)
            values.insert(new if new < old else new - 1, moved)
            for cell, (value, style) in zip(row, values, strict=True):
                cell.value, cell._style = value, style

    def hide_column(self, header: str) -> None:
        letter = openpyxl.utils.get_column_letter(self.column(header))
        self.sheet.column_dimensions[letter].hidden = True

    def show_columns(self) -> None:
        for column in self.sheet.column_dimensions.values():
            column.hidden = False

    def delete_column(self, header: str) -> None:
        self.sheet.delete_cols(self.column(header))

    def fill_down(self, header: str, first: int, last: int) -> None:
        for row in range(first + 1, last + 1):
            self.type(row, header, self.cell(first, header).value)

    def merge(self, first: int, last: int, header: str) -> None:
        at = self.column(header)
        self.sheet.merge_cells(None, first, at, last, at)

    def rename(self, name: str) -> None:
        self.sheet.title = name

    def remove(self) -> None:
        self.sheet.parent.remove(self.sheet)

    def to_the_end(self) -> None:
        self.sheet.parent.move_sheet(self.sheet, len(self.sheet.parent.worksheets))

    def paste_into_another(self) -> None:
        """Leave a workbook that has a copy of this sheet, values alone, and a sheet of its own."""
        book = self.sheet.parent
        page = book.create_sheet("Sheet1")
        for at, row in enumerate(self.sheet.iter_rows(values_only=True), 1):
            for column, value in enumerate(row, 1):
                page.cell(at, column).value = value
        for sheet in [sheet for sheet in book.worksheets if sheet is not page]:
            book.remove(sheet)
        book.create_sheet("My own").append(["shopping", "list"])


def by_openpyxl(path: Path, *steps: tuple, save: Path | None = None) -> Path:
    """Edit a workbook: steps of a sheet's name, a method of `Sheet`, and what it takes."""
    book = openpyxl.load_workbook(path)
    for name, what, *arguments in steps:
        getattr(Sheet(book[name]), what)(*arguments)
    book.save(save or path)
    return save or path


class LibreOffice:
    """One LibreOffice, to which steps are told."""

    def __init__(self, profile: Path) -> None:
        script = Path(__file__).with_name("office.py")
        self.process = subprocess.Popen(
            [SYSTEM, script, profile.as_uri()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._heard() == "ready"

    def _heard(self) -> str:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def __call__(self, path: Path, *steps: tuple, save: Path | None = None) -> Path:
        """Edit a workbook by the same steps as `by_openpyxl`; save it as its suffix says."""
        assert self.process.stdin is not None
        task = {"open": str(path), "steps": steps, "save": [str(save or path)]}
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        fault = self._heard()
        assert not fault, fault
        return save or path

    def end(self) -> None:
        self.process.communicate(timeout=30)

    @staticmethod
    def why_not() -> str:
        """Say what is missing here, if anything is."""
        if shutil.which("soffice") is None:
            return "LibreOffice is not installed"
        asked = subprocess.run([SYSTEM, "-c", "import uno"], capture_output=True, check=False)
        return (
            "" if asked.returncode == 0 else "LibreOffice's bridge (python3-uno) is not installed"
        )
