"""Workbooks in the shell: pulled, edited as in a spreadsheet, planned, pushed, decided, taken back."""

from __future__ import annotations

import openpyxl
import pytest

MASS = "Cell mass [g]"
PULL = ("pull", "LFP 18650", "-o", "cells.xlsx")


def edit(path, name, heading, value, sheet="Cells") -> None:
    """Write into one cell, below a heading that is made where it is missing."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    headings = [cell.value for cell in page[1]]
    if heading not in headings:
        page.cell(1, len(headings) + 1).value = heading
        headings.append(heading)
    for row in page.iter_rows(min_row=2):
        if row[0].value == name:
            page.cell(row[0].row, headings.index(heading) + 1).value = value
    book.save(path)


def titles(path) -> list[str]:
    return openpyxl.load_workbook(path).sheetnames


def mass(client, cell):
    return client.cell_instance.get(cell).to_dict()["measured_properties"]["cell"]["mass"]["value"]


@pytest.fixture
def book(here, cells, tmp_path):
    """The workbook of twelve cells and their lots, as it was pulled."""
    assert here(*PULL, "--with", "lots").code == 0
    return tmp_path / "cells.xlsx"


def test_a_workbook_says_what_it_has_and_plans_to_nothing(here, book):
    assert titles(book)[:2] == ["Cells", "Lots"]
    code, out, err = here("plan", "cells.xlsx", "--exit-code")
    assert (code, err) == (0, "")
    assert "No changes" in out


def test_sheets_of_several_kinds_go_out_and_are_taken_back_as_one(here, client, book):
    edit(book, "c-002", MASS, 41.9)
    edit(book, "L1", "Notes", "first coating", "Lots")
    code, out, _ = here("push", "cells.xlsx", "--yes")
    assert (code, mass(client, "c-002")) == (0, 41.9)
    assert "lot L1" in out
    assert here("undo", "--yes").code == 0
    assert mass(client, "c-002") == 41.2


def test_a_fault_names_sheet_and_address(here, book):
    edit(book, "c-003", MASS, "heavy")
    out = here("plan", "cells.xlsx").out
    letter = next(
        c.column_letter for c in openpyxl.load_workbook(book)["Cells"][1] if c.value == MASS
    )
    assert f"Cells!{letter}5 ('c-003'), 'cell.mass [g]': 'heavy' is no number" in out


@pytest.mark.law("D7")
def test_a_copied_row_is_told_how_to_become_a_new_cell(here, client, book):
    copied = openpyxl.load_workbook(book)
    page = copied["Cells"]
    page.append([cell.value for cell in page[4]])
    copied.save(book)
    code, _, err = here("plan", "cells.xlsx")
    assert code == 1
    assert "Rows 4 and 14 have one instance_id" in err
    assert "empty its grey cells at the far right" in err
    folded = [cell.column for cell in page[1] if cell.value in ("Instance id", "Instance version")]
    for column in folded:
        page.cell(14, column).value = None
    page.cell(14, 1).value = "c-copy"
    copied.save(book)
    assert here("push", "cells.xlsx", "--yes").code == 0
    assert mass(client, "c-copy") == 41.2


def test_two_sheets_of_cells_are_refused_by_name(here, book):
    twice = openpyxl.load_workbook(book)
    twice.copy_worksheet(twice["Cells"])
    twice.save(book)
    code, _, err = here("push", "cells.xlsx", "--yes")
    assert (code, "The sheets 'Cells' and 'Cells Copy' both hold cells." in err) == (1, True)


@pytest.fixture
def collided(client, book):
    """A good edit, a bad one, and one in conflict on each sheet."""
    edit(book, "c-002", MASS, 41.9)
    edit(book, "c-003", "Batch", "L9")
    edit(book, "c-004", MASS, "heavy")
    edit(book, "L1", "Notes", "mine", "Lots")
    client.cell_instance.update("c-003", {"batch": "L8"})
    client.cell_batch.update("L1", {"notes": "theirs"})
    return book


def test_left_over_rows_of_several_kinds_are_decided_from_lists_and_pushed(
    here, client, collided, tmp_path
):
    code, _, err = here("push", "cells.xlsx", "--yes", "--skip-conflicts")
    assert (code, mass(client, "c-002")) == (5, 41.9)
    assert "Not written, and now in cells.left-over.xlsx: 3 rows.\n" in err
    rest = tmp_path / "cells.left-over.xlsx"
    offered = openpyxl.load_workbook(rest)["_lists"].iter_cols(values_only=True)
    assert ("keep mine", "take theirs") in [column[:2] for column in offered]
    edit(rest, "c-003", "_choice", "keep mine")
    edit(rest, "c-004", MASS, 41.7)
    edit(rest, "L1", "_choice", "take theirs", "Lots")
    assert here("push", rest.name, "--yes").code == 0
    assert client.cell_instance.get("c-003").batch_name == "L9"
    assert mass(client, "c-004") == 41.7
    assert client.cell_batch.get("L1").to_dict()["notes"] == "theirs"


def test_rows_of_several_kinds_are_never_left_over_in_one_table(here, client, collided):
    code, _, err = here("push", "cells.xlsx", "--yes", "--skip-conflicts", "-o", "rest.csv")
    assert (code, mass(client, "c-002")) == (1, 41.2)
    assert "Name a workbook, rest.xlsx. Nothing was sent." in err


def test_a_plan_of_several_kinds_leaves_a_workbook_over(here, collided, tmp_path):
    here("plan", "cells.xlsx", "-o", "plan.json")
    assert here("push", "plan.json", "--yes", "--skip-conflicts").code == 5
    assert titles(tmp_path / "plan.left-over.xlsx")[:2] == ["Lots", "Cells"]


def test_a_pull_over_edits_of_any_sheet_is_refused_and_a_merge_carries_them(here, client, book):
    edit(book, "L1", "Notes", "mine", "Lots")
    assert here(*PULL, "--with", "lots").code == 1
    client.cell_instance.update("c-003", {"notes": "meanwhile"})
    code, _, err = here(*PULL, "--merge")
    assert (code, "it has lots too" in err) == (1, True)
    assert here(*PULL, "--with", "lots", "--merge").code == 0
    assert "~ L1  notes: (empty) -> mine" in here("plan", "cells.xlsx").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-o", "cells.csv", "--with", "tests"], "For --with tests name a workbook, cells.xlsx."),
        (["-o", "cells.xlsx", "--with", "lots", "--steps"], "--steps is another table."),
    ],
)
def test_what_cannot_go_together_is_wrong_usage(here, cells, words, said):
    code, _, err = here("pull", "LFP 18650", *words)
    assert (code, said in err) == (64, True)


@pytest.mark.parametrize("name", ["cells.xls", "cells.ods", "cells.xlsm"])
def test_a_file_of_another_kind_is_told_what_to_save_it_as(here, cells, tmp_path, name):
    (tmp_path / name).write_bytes(b"PK")
    code, _, err = here("plan", name)
    assert (code, "Save it as Excel workbook (.xlsx)" in err) == (1, True)
