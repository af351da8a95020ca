"""Which tables a workbook holds, wherever its sheets went, and what is wrong with them by address."""

from __future__ import annotations

import openpyxl
import polars as pl
import pytest
from sheet_tools import COLUMNS, usual
from workbook_files import header, raw_book, text

from cellframe.contract.records import CELL_BATCH, CELL_INSTANCE
from cellframe.errors import SheetError
from cellframe.sheets.companion import Companion
from cellframe.sheets.kinds import Kind
from cellframe.sheets.tables import read_table, read_tables
from cellframe.sheets.workbook import hidden
from cellframe.sheets.workbook.sheet import Sheet
from cellframe.sheets.workbook.writing import write_workbook

MADE_FROM = Companion(
    "cell_instance", "s", "o", tuple(COLUMNS), "", "1", [{"id": "id-0000", "version": 1}]
)


@pytest.fixture
def book(tmp_path):
    """A workbook as it is exported."""
    path = tmp_path / "cells.xlsx"
    write_workbook([Sheet("Cells", usual(), CELL_INSTANCE, COLUMNS, MADE_FROM)], path)
    return path


def row(number: int, *cells: str) -> str:
    found = (text(f"{chr(65 + at)}{number}", cell) for at, cell in enumerate(cells) if cell)
    return f'<row r="{number}">{"".join(found)}</row>'


def said(path) -> list[str]:
    with pytest.raises(SheetError) as caught:
        read_tables(path)
    return str(caught.value).splitlines()


def test_a_workbook_has_the_sheet_that_was_written_and_knows_what_it_was_made_from(book):
    (table,) = read_tables(book)
    assert (table.format, table.sheet, table.is_text) == ("xlsx", "Cells", True)
    assert (table.beside, table.notices) == (MADE_FROM, ())
    assert list(table.rows) == [2, 3, 4, 5, 6]
    assert len(table.letters) == table.frame.width


@pytest.mark.rule("W26")
def test_a_sheet_that_was_renamed_or_pasted_elsewhere_is_found_by_its_columns(book):
    file = openpyxl.load_workbook(book)
    file["Cells"].title = "Pasted"
    file.save(book)
    (table,) = read_tables(book)
    assert (table.sheet, table.beside) == ("Pasted", MADE_FROM)


def test_without_the_hidden_sheet_it_is_a_table_all_the_same(book):
    file = openpyxl.load_workbook(book)
    del file[hidden.SHEET]
    file.save(book)
    (table,) = read_tables(book)
    assert (table.beside, table.notices, table.frame.height) == (None, (), 5)


@pytest.mark.parametrize("damage", ["cellframe workbook 99", None, "=1+1"])
def test_a_damaged_hidden_sheet_is_told_and_left_aside(book, damage):
    file = openpyxl.load_workbook(book)
    file[hidden.SHEET]["A1"] = damage
    file.save(book)
    (table,) = read_tables(book)
    assert table.beside is None
    assert "(its hidden sheet) is damaged" in table.notices[0]


def test_cells_have_addresses_rows_and_kinds_of_their_own(tmp_path):
    rows = row(3, "", "cell", "", "notes") + row(5, "", "a", "", "x") + row(9, "", "b", "", "y")
    table = read_table(raw_book(tmp_path / "x.xlsx", rows))
    assert table.frame.rows() == [("a", "x"), ("b", "y")]
    assert (list(table.letters), list(table.rows)) == (["B", "D"], [5, 9])
    assert table.kinds is not None
    assert table.kinds.rows() == [(Kind.TEXT, Kind.TEXT)] * 2


def test_rows_and_columns_that_are_empty_are_left_out(tmp_path):
    rows = row(1, "cell", "notes") + '<row r="2"><c r="A2" s="1"/><c r="ZZ2" s="3"/></row>'
    table = read_table(raw_book(tmp_path / "x.xlsx", rows + row(4, "a")))
    assert (table.frame.rows(), list(table.rows)) == ([("a", None)], [4])


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_the_index_of_pandas_is_left_out_and_told(tmp_path, name):
    cells = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c>{text(f"B{n}", "x")}{text(f"C{n}", "y")}</row>'
        for n in (2, 3)
    )
    table = read_table(raw_book(tmp_path / "x.xlsx", row(1, name, "cell", "notes") + cells))
    assert (table.frame.columns, list(table.letters)) == (["cell", "notes"], ["B", "C"])
    assert "is pandas' row numbers" in table.notices[0]


def test_every_fault_of_a_header_is_told_at_once_by_its_address(tmp_path):
    rows = row(1, "cell", "notes", "", "notes") + row(2, "a", "b", "stray") + row(4, "c")
    tail = '<mergeCells><mergeCell ref="A2:A4"/><mergeCell ref="A1:B1"/><mergeCell ref="A9:B9"/></mergeCells>'
    head, *faults = said(raw_book(tmp_path / "x.xlsx", rows, tail=tail))
    assert head == "x.xlsx cannot be read as a table."
    assert [fault.strip() for fault in faults] == [
        "Cells!C2 is 'stray', and column C has no header. Give it one, or empty it.",
        "Cells: 'notes' is the header of columns B and D. Give each a name of its own.",
        "Cells!A2:A4 are merged into one cell. Unmerge them, and write into each what belongs there.",
    ]


def test_a_title_above_the_header_is_said(tmp_path):
    rows = row(1, "My cells") + row(3, "cell", "notes") + row(4, "a", "b")
    assert (
        "Cells!A1: the first row holds one cell alone"
        in said(raw_book(tmp_path / "x.xlsx", rows))[1]
    )


def test_sheets_without_a_column_of_ours_are_told_and_left_aside(tmp_path):
    sheets = {
        "Plan": row(1, "To do") + row(2, "weigh", "again"),
        "Cells": row(1, "Cell", "Notes") + row(2, "a", "b"),
        "Read me": row(1, "cell") + row(2, "no table"),
        "Sheet3": "",
        "Lots": row(1, CELL_BATCH.key) + row(2, "l"),
    }
    first, second = read_tables(raw_book(tmp_path / "x.xlsx", sheets=sheets))
    assert (first.sheet, second.sheet) == ("Cells", "Lots")
    assert first.notices == (
        "The sheet 'Plan' has none of cellframe's columns, and is left aside.",
    )


def test_one_table_is_asked_for_where_there_are_several(tmp_path):
    sheets = {name: row(1, "cell") + row(2, "a") for name in ("A", "B")}
    with pytest.raises(SheetError, match="several sheets with tables \\('A', 'B'\\)"):
        read_table(raw_book(tmp_path / "x.xlsx", sheets=sheets))


def test_a_sheet_of_own_headers_is_read_where_it_is_the_only_one(tmp_path):
    rows = row(1, "Zelle", "Masse") + row(2, "a", "1")
    assert read_table(raw_book(tmp_path / "x.xlsx", rows)).frame.columns == ["Zelle", "Masse"]


def test_of_several_sheets_of_own_headers_the_map_tells_which(tmp_path):
    sheets = {name: row(1, name, "x") + row(2, "a", "b") for name in ("Zelle", "Wetter")}
    path = raw_book(tmp_path / "x.xlsx", sheets=sheets)
    assert "None of the sheets of x.xlsx ('Zelle', 'Wetter') has a column" in said(path)[0]
    (table,) = read_tables(path, known=["Zelle"])
    assert table.sheet == "Zelle"


def test_a_workbook_that_is_empty_is_said(tmp_path):
    assert "holds no table: all its sheets are empty" in said(raw_book(tmp_path / "x.xlsx", ""))[0]
    assert header("cell")


def test_a_workbook_that_is_open_elsewhere_is_read_and_told(book):
    book.with_name(f"~${book.name}").write_bytes(b"\x04Anna")
    assert read_table(book).notices == (
        "cells.xlsx is open in Excel (Anna): what is not saved there yet is not seen.",
    )


def test_hidden_and_filtered_rows_and_columns_are_read(book):
    file = openpyxl.load_workbook(book)
    file["Cells"].row_dimensions[3].hidden = True
    file["Cells"].column_dimensions["B"].hidden = True
    before = read_table(book).frame
    file.save(book)
    assert read_table(book).frame.equals(before)
    assert isinstance(before, pl.DataFrame)
