"""Laws D4, D5, D8 and X5 for workbooks: written, saved again, edited, settled."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheet_tools import COLUMNS, DAY, MASS, TIME, back, usual
from test_sheet_laws import FEW, NEW, POOL, close, edits, frames
from workbook_files import write_plainly

from cellframe.contract.records import CELL_INSTANCE
from cellframe.errors import SheetError
from cellframe.sheets.headings import label_of
from cellframe.sheets.tables import read_table
from cellframe.sheets.workbook.sheet import Sheet
from cellframe.sheets.workbook.writing import write_workbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HALF = settings(max_examples=settings().max_examples // 2)
UNFIT = ("a character that no workbook holds", "more than 32,767 characters")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file for all examples."""
    return tmp_path_factory.mktemp("workbooks") / "cells.xlsx"


def write(frame: pl.DataFrame, path: Path) -> bool:
    """Write a frame as it is exported; False where it is refused, as it has to be."""
    try:
        write_workbook([Sheet("Cells", frame, CELL_INSTANCE, COLUMNS)], path)
    except SheetError as fault:
        said = str(fault).splitlines()[1:]
    else:
        return True
    assert all(any(what in line for what in UNFIT) for line in said)
    return False


def at(sheet: Any, label: str, row: int) -> Any:
    """The cell of a column of ours in a row, counted from 0."""
    column = next(c.column for c in sheet[1] if label_of(str(c.value)) == label)
    return sheet.cell(row + 2, column)


def edited(path: Path, cells: dict[tuple[int, str], Any], format_: str | None = None) -> None:
    """Edit cells with openpyxl, by row and label; with another format, where one is given."""
    book = openpyxl.load_workbook(path)
    for (row, label), value in cells.items():
        cell = at(book["Cells"], label, row)
        cell.value = value
        cell.number_format = format_ or cell.number_format
    book.save(path)


@pytest.mark.law("D4")
@pytest.mark.rule("W12")
@HALF
@given(frame=frames())
def test_a_workbook_that_nobody_touched_is_exactly_as_it_was(path, frame):
    if write(frame, path):
        found = back(path, frame)
        near = {place for place in found.edits() if place[1] != TIME}
        assert (near - edits_within(found), found.refused) == (set(), set())
        assert found.settled.notices == ()
        assert edits(found) == set()


def edits_within(found: Any) -> set:
    """Cells that only the last digit of a float tells apart."""
    return {p for p in found.edits() if close(found.frame[p[1]][p[0]], found.base[p[1]][p[0]])}


@pytest.mark.law("D4")
@FEW
@given(frame=frames())
def test_a_workbook_that_openpyxl_saved_has_no_edits(path, frame):
    if write(frame, path):
        openpyxl.load_workbook(path).save(path)
        found = back(path, frame)
        assert (edits(found), found.refused) == (set(), set())


@pytest.mark.law("D5")
@FEW
@given(frame=frames(), data=st.data())
def test_exactly_the_edited_cells_are_edits(path, frame, data):
    labels = st.sampled_from(list(NEW))
    places = data.draw(st.sets(st.tuples(st.integers(0, frame.height - 1), labels), max_size=4))
    values = {place: data.draw(NEW[place[1]]) for place in sorted(places)}
    if not write(frame, path):
        return
    texts = {p: v for p, v in values.items() if isinstance(v, str) and v[0] == "="}
    edited(path, {place: None if place in texts else value for place, value in values.items()})
    typed_as_text(path, texts)
    found = back(path, frame)
    want = {(r, c) for r, c in places if not close(values[r, c], frame[c][r])}
    swallowed = {p for p in want if values[p] is None and p[1] == "notes"}
    assert found.refused <= want
    assert want - swallowed <= edits(found) | found.refused <= want
    kept = want & edits(found) - found.refused
    assert all(close(found.frame[c][r], values[r, c]) for r, c in kept)


def typed_as_text(path: Path, cells: dict[tuple[int, str], str]) -> None:
    """Type texts that a spreadsheet would run, with an apostrophe before them."""
    book = openpyxl.load_workbook(path)
    for (row, label), text in cells.items():
        cell = at(book["Cells"], label, row)
        cell.value, cell.data_type = text, "s"
    book.save(path)


@pytest.mark.law("X5")
def test_every_text_comes_back_as_it_was(path):
    texts = [text for text in POOL if text and "\0" not in text and len(text) < 2**15]
    frame = usual()[:1].select(pl.all().repeat_by(len(texts)).explode())
    ids = [f"id-{row}" for row in range(len(texts))]
    frame = frame.with_columns(
        pl.Series("instance_id", ids), pl.Series("notes", texts), pl.Series("cell", texts)
    )
    assert write(frame, path)
    same = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    assert read_table(path).frame["Notes"].to_list() == same
    assert (edits(back(path, frame)), back(path, frame).settled.notices) == (set(), ())


@pytest.mark.law("D8")
@pytest.mark.parametrize(
    ("label", "value", "told"),
    [
        ("notes", 7, "'notes': 1 cell holds a number, and is taken as the text '7' (Cells!"),
        ("notes", True, "'notes': 1 cell holds a truth, and is taken as the text 'TRUE' (Cells!"),
        ("notes", date(2031, 7, 8), "holds a date, and is taken as the text '2031-07-08'"),
    ],
)
def test_what_is_no_text_is_taken_as_text_and_told(path, label, value, told):
    assert write(usual(), path)
    edited(path, {(0, label): value})
    found = back(path, usual())
    assert edits(found) == {(0, label)}
    assert [notice for notice in found.settled.notices if told in notice]


@pytest.mark.law("D8")
@pytest.mark.rule("W29")
@pytest.mark.parametrize(
    ("label", "value", "why"),
    [
        (DAY, 7, "is a number, and no date. Give the cell a date format"),
        (TIME, 46000.5, "is a number, and no date. Give the cell a date format"),
        (MASS, date(2026, 5, 1), "is a date, and no number. Give the cell the format General"),
        (MASS, "=1+1", "'=1+1' is a formula that was never calculated. Open the workbook"),
        ("notes", "=A1&B1", "'=A1&B1' is a formula that was never calculated"),
        ("cell", "#REF!", "'#REF!' is an error, and no value. Correct the formula"),
        (MASS, "#DIV/0!", "'#DIV/0!' is an error, and no value"),
    ],
)
def test_what_cannot_be_told_is_refused_and_never_empty(path, label, value, why):
    assert write(usual(), path)
    edited(path, {(0, label): value}, None if isinstance(value, date) else "General")
    found = back(path, usual())
    assert found.refused == {(0, label)}
    (fault,) = found.settled.faults
    assert why in fault.message


@pytest.mark.law("D8")
def test_a_date_that_lost_its_format_is_the_date_it_was(path):
    assert write(usual(), path)
    cells = {(0, DAY): 46027, (1, DAY): 45984 - 1462, (0, TIME): 45964.604166666664}
    edited(path, cells, "General")
    found = back(path, usual())
    assert (edits(found), found.refused, len(found.settled.notices)) == (set(), set(), 2)


@pytest.mark.rule("W29")
def test_a_formula_counts_as_the_value_that_it_showed_and_is_told(path):
    import xlsxwriter

    file = xlsxwriter.Workbook(path)
    sheet = file.add_worksheet("Cells")
    sheet.write_row(0, 0, ["instance_id", "instance_version", "Cell mass [g]", "notes"])
    sheet.write_row(1, 0, ["id-0000", "v1"])
    sheet.write_formula(1, 2, "=40+2", None, 42)
    sheet.write_formula(1, 3, '="f"&"irst"', None, "first")
    file.close()
    found = back(path, usual())
    assert (edits(found), found.frame[MASS][0]) == ({(0, MASS)}, 42)
    assert found.settled.notices == tuple(
        f"{label!r}: Cells!{letter}2 is a formula, and counts as the value that it showed."
        for label, letter in (("notes", "D"), (MASS, "C"))
    )


def by_polars(frame: pl.DataFrame, path: Path) -> None:
    frame.write_excel(path, "Cells", autofit=True)


def by_polars_as_pandas_with_an_index(frame: pl.DataFrame, path: Path) -> None:
    frame.to_pandas().to_excel(path, sheet_name="Cells")


def by_pandas_without_an_index(frame: pl.DataFrame, path: Path) -> None:
    frame.to_pandas().to_excel(path, sheet_name="Cells", index=False)


def plainly(frame: pl.DataFrame, path: Path) -> None:
    write_plainly(frame, path)


@pytest.mark.law("D4")
@pytest.mark.parametrize(
    "written",
    [by_polars, by_polars_as_pandas_with_an_index, by_pandas_without_an_index, plainly],
    ids=lambda w: w.__name__,
)
def test_frames_that_other_libraries_wrote_come_back(
    path, written: Callable[[pl.DataFrame, Path], None]
):
    frame = usual().drop("checked")
    written(frame, path)
    found = back(path, frame)
    assert (edits(found), found.refused, found.settled.notices) == (set(), set(), ())
    index = written is by_polars_as_pandas_with_an_index
    assert len(read_table(path).notices) == index
