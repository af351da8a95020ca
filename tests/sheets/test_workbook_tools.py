"""Workbooks come back from people and their programs: sorted, pasted, saved by anything."""

from __future__ import annotations

import shutil

import openpyxl
import pytest
import resaving_workbooks
from markup_writer import Habits, write
from resaving_workbooks import HIDDEN, by_openpyxl
from workbook_edits import (
    CELL,
    DAY,
    EDITS,
    ID,
    LOADING,
    LOT,
    MASS,
    NOT_EDITS,
    VERSION,
    edits_of,
    on,
)

from cellframe.client import Client
from cellframe.errors import CellframeError

SAVED = pytest.mark.parametrize(
    "save", resaving_workbooks.ALL, ids=lambda program: program.__name__
)


@pytest.mark.law("D7")
@pytest.mark.parametrize("did", NOT_EDITS)
def test_what_moves_or_goes_is_no_edit(lab, book, did):
    plan = lab.plan_file(by_openpyxl(book, *NOT_EDITS[did]))
    assert not plan, plan
    assert edits_of(plan) == set()


@pytest.mark.law("D5")
@pytest.mark.parametrize("did", EDITS)
def test_an_edit_is_exactly_that(lab, book, did):
    plan = lab.plan_file(by_openpyxl(book, *EDITS[did].steps))
    assert plan, plan
    assert edits_of(plan) == EDITS[did].edits


@pytest.mark.law("D4")
@SAVED
def test_a_workbook_of_the_pool_that_was_saved_again_has_no_changes(nasty, nasty_book, save):
    save(nasty_book)
    plan = nasty.plan_file(nasty_book)
    assert not plan, plan
    assert edits_of(plan) == set()


@pytest.mark.law("D4")
def test_a_workbook_of_the_pool_that_nobody_opened_has_no_notice(nasty, nasty_book):
    plan = nasty.plan_file(nasty_book)
    assert (bool(plan), plan.notices) == (False, ())


QUICK = [
    *(resaving_workbooks.openpyxl_values, resaving_workbooks.google, resaving_workbooks.strict),
    *(resaving_workbooks.pandas_defaults, resaving_workbooks.polars_with_inference),
]


@pytest.mark.law("D5")
@pytest.mark.parametrize(
    "save",
    [
        pytest.param(program, marks=() if program in QUICK else pytest.mark.nightly)
        for program in resaving_workbooks.ALL
    ],
    ids=lambda program: program.__name__,
)
def test_an_edit_in_a_workbook_of_the_pool_is_the_one_change(nasty, nasty_book, save):
    by_openpyxl(nasty_book, ("Cells", "type", 4, MASS, 7.25), ("Cells", "type", 5, CELL, "c-new"))
    save(nasty_book)
    found = edits_of(nasty.plan_file(nasty_book))
    assert found == {("c-002", "cell.mass [g]", 7.25), ("c-new", "cell", "c-new")}


KEEPING = [
    *(resaving_workbooks.openpyxl_defaults, resaving_workbooks.google, resaving_workbooks.wps),
    *(resaving_workbooks.strict, resaving_workbooks.without_addresses),
]


@pytest.mark.rule("W26")
@pytest.mark.parametrize("save", KEEPING, ids=lambda program: program.__name__)
def test_another_computer_knows_what_was_read(client, cells, tmp_path, save):
    path = tmp_path / "cells.xlsx"
    client.cell_instance.to_excel("LFP 18650", path)
    client.cell_instance.update("c-002", {"notes": "theirs", "batch": "L7"})
    by_openpyxl(path, *on(("type", 4, LOT, "mine"), ("type", 5, MASS, 40.0)))
    save(path)
    plan = Client.over(client._wire, tmp_path / "elsewhere").plan_file(path)
    (conflict,) = plan.conflicts().rows(named=True)
    assert (conflict["name"], conflict["column"]) == ("c-002", "batch")
    assert (conflict["you_read"], conflict["server_now"]) == ("L1", "L7")


@pytest.mark.rule("W26")
def test_without_what_was_read_the_service_is_what_it_is_compared_with(lab, book, tmp_path):
    by_openpyxl(book, (HIDDEN, "remove"), *on(("type", 4, MASS, 41.9)))
    plan = Client.over(lab._wire, tmp_path / "elsewhere").plan_file(book)
    assert edits_of(plan) == {("c-002", "cell.mass [g]", 41.9)}


@pytest.mark.parametrize("cut", ["a letter", "a row", "another program's"])
def test_what_was_read_and_then_damaged_is_told_and_left_aside(lab, book, cut):
    found = openpyxl.load_workbook(book)
    hidden = found[HIDDEN]
    if cut == "a row":
        hidden.delete_rows(3)
    else:
        hidden["A3" if cut == "a letter" else "A1"] = hidden["A3"].value[:-9] + "AAAAAAAA="
    found.save(book)
    plan = lab.plan_file(book)
    assert (bool(plan), edits_of(plan)) == (False, set())
    assert any("damaged" in notice for notice in plan.notices), plan.notices


@pytest.mark.parametrize("version", ["0", "2"])
def test_an_export_of_another_version_is_compared_with_the_service(lab, book, tmp_path, version):
    found = openpyxl.load_workbook(book)
    found[HIDDEN]["A1"] = f"cellframe workbook {version}"
    found.save(book)
    steps = on(
        ("name_column", MASS, "cell.mass [g]"),
        ("delete_column", LOADING),
        ("type", 4, "cell.mass [g]", 41.9),
    )
    plan = Client.over(lab._wire, tmp_path / "elsewhere").plan_file(by_openpyxl(book, *steps))
    assert edits_of(plan) == {("c-002", "cell.mass [g]", 41.9)}
    assert any("another version of cellframe" in notice for notice in plan.notices)


def test_an_older_export_puts_nothing_back_that_was_changed_since(client, cells, tmp_path):
    path = tmp_path / "cells.xlsx"
    client.cell_instance.to_excel("LFP 18650", path)
    for name in ("c-001", "c-002"):
        client.cell_instance.update(name, {"notes": "theirs", "batch": "L7"})
    by_openpyxl(path, *on(("type", 4, MASS, 40.0)))
    plan = Client.over(client._wire, tmp_path / "elsewhere").plan_file(path)
    assert edits_of(plan) == {("c-002", "cell.mass [g]", 40.0)}
    assert client.apply(plan)
    assert client.cell_instance.get("c-002").notes == "theirs"


# Columns.


def test_a_column_with_a_unit_that_was_added_is_a_property(lab, book):
    header = "Cell thickness [mm]"
    plan = lab.plan_file(by_openpyxl(book, *on(("add_column", header), ("type", 4, header, 5.2))))
    assert edits_of(plan) == {("c-002", "cell.thickness [mm]", 5.2)}


def refused(lab, book, *steps) -> str:
    """What is said of a workbook after these steps."""
    with pytest.raises(CellframeError) as refusal:
        lab.plan_file(by_openpyxl(book, *steps))
    return str(refusal.value)


def test_a_column_that_means_nothing_is_told_with_what_to_do(lab, book):
    steps = on(("add_column", "Seen by"), ("type", 4, "Seen by", "Ada"))
    said = refused(lab, book, *steps)
    assert "'Seen by' is no column of a cell" in said
    assert "begins with '_'" in said


def test_two_columns_of_one_meaning_are_told_with_both_names(lab, book):
    said = refused(lab, book, *on(("add_column", "cell.mass [g]"), ("type", 4, "cell.mass [g]", 1)))
    assert "'cell.mass [g]'" in said
    assert "'Cell mass [g]'" in said


@pytest.mark.parametrize("name", [("delete_column", CELL), ("name_column", CELL, "Barcode")])
def test_without_its_keys_a_sheet_of_cells_is_still_one_of_cells(lab, book, name):
    said = refused(lab, book, *on(("delete_column", ID), name))
    assert "has no 'instance_id' column, which says which cell a row is" in said
    assert "spec_id" not in said


# Rows.


def test_a_copied_row_is_told_how_to_become_a_new_cell(lab, book):
    said = refused(lab, book, *on(("copy_row", 4, 8)))
    assert "Rows 4 and 8 have one instance_id" in said
    assert "To make a new cell of row 8, empty its grey cells" in said
    assert "name of its own" in said


def test_a_copied_row_with_empty_keys_and_a_name_of_its_own_is_a_new_cell(lab, book):
    steps = on(("copy_row", 4, 8), ("empty", 8, ID), ("empty", 8, VERSION), ("type", 8, CELL, "n"))
    plan = lab.plan_file(by_openpyxl(book, *steps))
    assert plan.summary["create"] == 1
    assert {name for name, *_ in edits_of(plan)} == {"n"}


def test_a_copied_row_with_empty_keys_and_its_old_name_is_there_already(lab, book):
    steps = on(("copy_row", 4, 8), ("empty", 8, ID), ("empty", 8, VERSION))
    plan = lab.plan_file(by_openpyxl(book, *steps))
    assert not plan
    assert "Already there, 1 cell" in str(plan)


@pytest.mark.law("D6")
def test_the_sheet_of_half_the_cells_deletes_nobody(lab, book):
    plan = lab.plan_file(by_openpyxl(book, *on(("delete_rows", 3, 9))))
    assert not plan
    assert plan.summary["unchanged"] == 3


# Cells that are not what they look like.


@pytest.mark.rule("W29")
def test_a_formula_that_nobody_computed_is_refused_by_its_address(lab, book):
    said = whatever_is_said(lab, book, *on(("type", 4, MASS, "=41+0.9")))
    assert "Cells!" in said
    assert "4" in said
    assert "formula" in said


def whatever_is_said(lab, book, *steps) -> str:
    """The refusal, or else the words of the plan, which has no edits then."""
    try:
        plan = lab.plan_file(by_openpyxl(book, *steps))
    except CellframeError as refusal:
        return str(refusal)
    assert plan.summary.get("update", 0) == 0, plan
    return str(plan)


@pytest.mark.law("D8")
@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!"])
def test_an_error_is_refused_by_its_address(lab, book, error):
    found = openpyxl.load_workbook(book)
    letter = [cell.value for cell in found["Cells"][1]].index(MASS)
    cell = found["Cells"].cell(4, letter + 1)
    cell.value, cell.data_type = error, "e"
    found.save(book)
    said = whatever_is_said(lab, book)
    assert f"Cells!{cell.coordinate}" in said
    assert error in said


@pytest.mark.law("D8")
@pytest.mark.parametrize(("value", "text"), [(7, "7"), (7.5, "7.5"), (True, "TRUE")])
@pytest.mark.parametrize(("header", "label"), [(LOT, "batch"), (CELL, "cell")])
def test_what_is_no_text_is_taken_as_text_and_told(lab, book, header, label, value, text):
    plan = lab.plan_file(by_openpyxl(book, *on(("type", 4, header, value))))
    assert edits_of(plan) == {(text if label == "cell" else "c-002", label, text)}
    (notice,) = [notice for notice in plan.notices if "Cells!" in notice]
    assert f"{text!r}" in notice


@pytest.mark.law("D8")
@pytest.mark.parametrize(
    ("header", "value"),
    [*((MASS, bad) for bad in ("41,9", "40 g", "heavy", True)), (DAY, "soon"), (DAY, "1.2.2026")],
)
def test_what_cannot_be_read_is_refused_by_its_address(lab, book, header, value):
    found = openpyxl.load_workbook(book)
    place = [cell.value for cell in found["Cells"][1]].index(header) + 1
    cell = found["Cells"].cell(4, place)
    cell.value, cell.number_format = value, "General"
    found.save(book)
    said = whatever_is_said(lab, book)
    assert f"Cells!{cell.coordinate}" in said
    assert "c-002" in said


@pytest.mark.law("D8")
@pytest.mark.parametrize(("serial", "is_edit"), [(46027, 0), (46028, 1)])
def test_a_date_that_lost_its_format_is_the_date_that_was_read_or_refused(
    lab, book, serial, is_edit
):
    found = openpyxl.load_workbook(book)
    place = [cell.value for cell in found["Cells"][1]].index(DAY) + 1
    cell = found["Cells"].cell(4, place)
    cell.value, cell.number_format = serial, "General"
    found.save(book)
    plan = lab.plan_file(book)
    assert plan.summary["unchanged"] == 12 - is_edit
    assert plan.summary.get("invalid", 0) == is_edit
    assert (f"Cells!{cell.coordinate}" in str(plan)) == bool(is_edit)


@pytest.mark.parametrize("new", [412.0, 4.12, 0.412, 41.0])
def test_a_number_is_what_it_is_wherever_its_point_stood(lab, book, new):
    plan = lab.plan_file(by_openpyxl(book, *on(("type", 4, MASS, new))))
    assert edits_of(plan) == {("c-002", "cell.mass [g]", new)}


def test_merged_cells_are_refused_by_their_address(lab, book):
    said = refused(lab, book, *on(("merge", 3, 5, LOT)))
    assert "Cells!" in said
    assert "nmerge" in said


# Files that are no workbook of ours.


@pytest.mark.parametrize("sheet", ["Sheet1", "Cells"])
def test_a_workbook_of_something_else_is_told_by_its_sheets(lab, tmp_path, sheet):
    path = tmp_path / "shopping.xlsx"
    write(
        path, {sheet: [["bread", "butter"], ["1", "2"]], "More": [["a", "b"], ["c", "d"]]}, Habits()
    )
    with pytest.raises(CellframeError) as refusal:
        lab.plan_file(path)
    assert "shopping.xlsx" in str(refusal.value)
    assert repr(sheet) in str(refusal.value)
    assert "'More'" in str(refusal.value)


def test_a_sheet_of_ones_own_beside_ours_is_told_and_left_aside(lab, book):
    found = openpyxl.load_workbook(book)
    found.create_sheet("My own").append(["bread", "butter"])
    found["My own"].append([1, 2])
    found.save(book)
    plan = lab.plan_file(book)
    assert not plan
    assert any("'My own'" in notice for notice in plan.notices)


@pytest.mark.parametrize("suffix", ["xls", "ods", "xlsm", "xlsb", "numbers"])
def test_another_format_is_told_what_to_be_saved_as(lab, book, tmp_path, suffix):
    path = shutil.copy(book, tmp_path / f"cells.{suffix}")
    with pytest.raises(CellframeError, match=r"\.xlsx"):
        lab.plan_file(path)
