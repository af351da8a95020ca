"""A workbook is one that a person likes, and nothing in it runs."""

from __future__ import annotations

import re
import zipfile
from datetime import date

import openpyxl
import polars as pl
import pytest
from sheet_tools import COLUMNS, MASS, at, frame_of, usual

from cellframe.contract.records import CELL_INSTANCE
from cellframe.errors import SheetError
from cellframe.frames.faults import Fault
from cellframe.sheets.companion import Companion
from cellframe.sheets.workbook.sheet import Sheet
from cellframe.sheets.workbook.writing import write_workbook
from tests.hostile import PAYLOADS
from tests.writeback.oracle import TEXTS

LIVE = re.compile(r"<f[ >]|<hyperlink|TargetMode=.External|<externalLink|<oleObject|<ddeLink")
HELD = [text for text in [*TEXTS, *PAYLOADS] if not re.search("[\0\ud800]", text)]
ONE = Companion("cell_instance", "s-1", "lab", ("LFP 18650",), "", "0.1", [])


def written(path, frame=None, **more):
    """The workbook of one sheet of cells, as openpyxl reads it."""
    sheet = Sheet("Cells", usual() if frame is None else frame, CELL_INSTANCE, COLUMNS, **more)
    write_workbook([sheet], path, origin="https://lab.example")
    return openpyxl.load_workbook(path)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cells.xlsx"


def column(sheet, heading):
    """The cells below a heading."""
    (found,) = [cells for cells in sheet.iter_cols() if cells[0].value == heading]
    return found[1:]


def test_the_name_stands_first_and_the_header_stays_in_sight(path):
    sheet = written(path)["Cells"]
    assert sheet["A1"].value == "Cell"
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:{sheet.cell(1, sheet.max_column).coordinate[:-1]}6"


def test_what_says_which_record_a_row_is_lies_grey_and_folded_at_the_far_right(path):
    sheet = written(path)["Cells"]
    folded = [one for one in sheet.column_dimensions.values() if one.hidden]
    assert [one.outlineLevel for one in folded] == [1] * len(folded)
    right = {cell.value for cell in sheet[1][-4:]}
    assert {"Instance id", "Instance version"} <= right
    assert folded[0].min > sheet["A1"].column
    assert column(sheet, "Instance id")[0].fill.fgColor.rgb == "FFF3F4F6"


def test_nothing_is_protected(path):
    book = written(path)
    assert book.security is None or not book.security.lockStructure
    assert not any(sheet.protection.sheet for sheet in book)


def test_widths_show_the_heading_and_stay_sensible(path):
    sheet = written(path, usual().with_columns(notes=pl.lit("x" * 500)))["Cells"]
    widths = {one.width for one in sheet.column_dimensions.values() if not one.hidden}
    assert all(8 <= width <= 42 for width in widths)


def test_numbers_dates_and_texts_are_what_they_are(path):
    sheet = written(path)["Cells"]
    assert column(sheet, "Cell mass [g]")[0].value == 41.2
    assert column(sheet, "Date manufactured")[0].value == at("2026-01-05")
    assert column(sheet, "Date manufactured")[0].number_format == "yyyy-mm-dd"
    assert column(sheet, "Start time [UTC]")[0].value == at("2025-11-03T14:30")
    assert column(sheet, "Notes")[0].number_format == "@"


def test_slips_are_caught_where_they_are_made(path):
    book = written(path, lists={"notes": ["a", "b"]})
    rules = {one.type: one for one in book["Cells"].data_validations.dataValidation}
    assert {"decimal", "date", "list", "textLength"} <= set(rules)
    assert rules["decimal"].showErrorMessage
    assert rules["list"].formula1.startswith("_lists!")
    assert str(rules["decimal"].sqref).endswith("1006")


def test_lists_and_what_a_workbook_was_made_from_are_seen_by_nobody(path):
    book = written(path, lists={"notes": ["a"]}, companion=ONE)
    states = {sheet.title: sheet.sheet_state for sheet in book}
    hidden = {"_lists": "veryHidden", "_cellframe": "veryHidden"}
    assert states == {"Cells": "visible", "Read me": "visible", **hidden}


def test_a_cell_that_breaks_a_rule_says_so(path):
    sheet = written(path, faults=[Fault(column=MASS, row=2, message="It is too heavy.")])["Cells"]
    cells = column(sheet, "Cell mass [g]")
    assert [cell.comment and cell.comment.text for cell in cells][1:4] == [
        None,
        "It is too heavy.",
        None,
    ]
    assert cells[2].fill.fgColor.rgb == "FFFDE4E1"


def test_the_page_that_explains_says_what_and_from_where(path):
    page = written(path, companion=ONE)["Read me"]
    said = " ".join(str(cell.value) for row in page for cell in row if cell.value)
    assert "5 rows" in said
    assert "https://lab.example" in said
    assert "You cannot break anything" in said


@pytest.mark.law("X5")
def test_no_text_becomes_a_formula_or_a_link(path):
    hostile = [*HELD, "=cmd|'/c calc'!A0", "https://evil.example", "mailto:a@b.c", "{=1+1}"]
    frame = frame_of(notes=hostile).with_columns(cell=pl.Series(hostile))
    frame = frame.with_columns(pl.lit("1").alias(f"_{one}") for one in hostile if len(one) < 200)
    faults = [Fault(column="notes", row=row, message=text) for row, text in enumerate(hostile)]
    written(path, frame, lists={"notes": [one[:99] for one in hostile]}, faults=faults)
    with zipfile.ZipFile(path) as package:
        parts = [package.read(name).decode() for name in package.namelist()]
    assert [found for part in parts for found in LIVE.findall(part)] == []


def test_the_same_content_is_the_same_bytes(path):
    written(path, companion=ONE)
    first = path.read_bytes()
    written(path, companion=ONE)
    assert path.read_bytes() == first
    with zipfile.ZipFile(path) as package:
        assert b"2000-01-01T00:00:00Z" in package.read("docProps/core.xml")


def test_what_no_workbook_holds_is_refused_all_at_once_and_the_file_stays(path):
    path.write_bytes(b"before")
    with pytest.raises(SheetError) as caught:
        written(path, frame_of(notes=["a\0b", "fine", "x" * 32_768]))
    said = str(caught.value)
    assert "Row 2 ('c-000'), 'notes': a character that no workbook holds." in said
    assert "Row 4 ('c-002'), 'notes': more than 32,767 characters." in said
    assert path.read_bytes() == b"before"


def test_what_a_workbook_would_round_stands_as_text(path):
    frame = frame_of(count=[2**53, 2**53 + 1], day=[date(1899, 1, 1), date(1900, 3, 1)])
    sheet = written(path, frame)["Cells"]
    assert [cell.value for cell in column(sheet, "Count")] == [2**53, str(2**53 + 1)]
    old, first = (cell.value for cell in column(sheet, "Date manufactured"))
    assert (old, first) == ("1899-01-01", at("1900-03-01"))


def test_a_workbook_that_is_open_elsewhere_stays_as_it_is(path):
    path.write_bytes(b"before")
    path.with_name(f".~lock.{path.name}#").write_text("Ada,,lab,,;", encoding="utf-8")
    with pytest.raises(SheetError, match=r"is open in LibreOffice \(Ada\)"):
        written(path)
    assert path.read_bytes() == b"before"
