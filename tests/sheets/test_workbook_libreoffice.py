"""LibreOffice itself, driven as a person drives it: what it makes of a workbook, and what is an edit."""

from __future__ import annotations

import pytest
from resaving_workbooks import LibreOffice
from workbook_edits import EDITS, LOT, MASS, NOT_EDITS, edits_of, on

from cellframe.errors import SheetError

pytestmark = pytest.mark.skipif(bool(LibreOffice.why_not()), reason=LibreOffice.why_not())


QUICK = {
    *("sorted", "filtered rows deleted", "rows inserted", "a column moved", "a column hidden"),
    *("pasted into another workbook", "the same typed again", "a column of one's own added"),
    *("a number typed", "a text like a number", "a cell emptied", "filled down", "a row between"),
    *("sorted, and edited", "edited where nobody sees it"),
}
"""What is done in every run; openpyxl does the others there."""


def some(dids):
    return [did if did in QUICK else pytest.param(did, marks=pytest.mark.nightly) for did in dids]


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """One LibreOffice for all."""
    office = LibreOffice(tmp_path_factory.mktemp("office"))
    yield office
    office.end()


@pytest.mark.law("D7")
@pytest.mark.parametrize("did", some(NOT_EDITS))
def test_what_moves_or_goes_is_no_edit(lab, book, office, did):
    plan = lab.plan_file(office(book, *NOT_EDITS[did]))
    assert not plan, plan
    assert edits_of(plan) == set()


@pytest.mark.law("D5")
@pytest.mark.parametrize("did", some(EDITS))
def test_an_edit_is_exactly_that(lab, book, office, did):
    plan = lab.plan_file(office(book, *EDITS[did].steps))
    assert plan, plan
    assert edits_of(plan) == EDITS[did].edits


@pytest.mark.law("D4")
def test_a_workbook_that_it_saved_again_has_no_changes(nasty, nasty_book, office):
    plan = nasty.plan_file(office(nasty_book))
    assert not plan, plan


@pytest.mark.law("D4")
def test_a_csv_that_it_made_of_the_workbook_has_no_changes(lab, book, office, tmp_path):
    plan = lab.plan_file(office(book, save=tmp_path / "cells.csv"))
    assert not plan, plan


@pytest.mark.law("D5")
def test_an_edit_in_a_csv_that_it_made_of_the_workbook_is_the_one_change(
    lab, book, office, tmp_path
):
    steps = on(("type", 4, MASS, 41.9), ("sort", LOT, False))
    plan = lab.plan_file(office(book, *steps, save=tmp_path / "cells.csv"))
    assert edits_of(plan) == {("c-002", "cell.mass [g]", 41.9)}


def test_its_own_format_is_refused_with_what_to_do(lab, book, office, tmp_path):
    with pytest.raises(SheetError, match=r"cells\.ods .*\.xlsx"):
        lab.plan_file(office(book, save=tmp_path / "cells.ods"))


@pytest.mark.rule("W29")
def test_a_formula_is_told_and_its_value_taken(lab, book, office):
    plan = lab.plan_file(office(book, *on(("type", 4, MASS, "=41+0.9"))))
    assert edits_of(plan) == {("c-002", "cell.mass [g]", 41.9)}
    assert any("Cells!E4 is a formula" in notice for notice in plan.notices), plan.notices


@pytest.mark.rule("W29")
@pytest.mark.parametrize(
    "formula", ["=1/0", pytest.param("=nonsense(1)", marks=pytest.mark.nightly)]
)
def test_an_error_is_refused_by_its_address(lab, book, office, formula):
    plan = lab.plan_file(office(book, *on(("type", 4, MASS, formula))))
    assert (edits_of(plan), plan.summary["invalid"]) == (set(), 1)
    assert "Cells!E4" in str(plan)


def test_merged_cells_are_refused_by_their_address(lab, book, office):
    with pytest.raises(SheetError, match="merged"):
        lab.plan_file(office(book, *on(("merge", 3, 5, LOT))))
