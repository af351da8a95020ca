"""Which cell a file is of, and what its test is called."""

from __future__ import annotations

import pytest

from cellframe.intake.belonging import Owners, files_of, name_of_test
from cellframe.intake.cycler.mapping import SeriesMap
from cellframe.intake.mapping import FilesMap
from tests.intake.labs import write

NAMES = ("c-1", "c-12", "B7", "B7-12", "EL150800464977")


def owners(cell, names=NAMES, by_table=None, **more):
    return Owners(FilesMap(("*",), SeriesMap({}), cell, **more), names, by_table)


@pytest.mark.parametrize(
    ("file", "cell", "rest"),
    [
        ("c-1_rpt.csv", "c-1", "rpt"),
        ("C_12.csv", "c-12", ""),
        ("a/2017-05-12_EL150800464977_cyc.csv", "EL150800464977", "2017-05-12 cyc"),
        ("b7-12 ageing.txt", "B7-12", "ageing"),
        ("rpt (c-1).csv", "c-1", "rpt"),
    ],
)
def test_a_cell_is_found_by_the_longest_name_in_the_file_s(file, cell, rest):
    found = owners("file name").of(file)
    assert (found.cell, found.rest, found.why_not) == (cell, rest, "")


@pytest.mark.parametrize("file", ["c-123.csv", "xc-1.csv", "B71.csv", "readings.csv"])
def test_a_name_within_a_longer_word_is_not_that_name(file):
    assert owners("file name").of(file).why_not == "no cell's name stands in its name"


def test_a_sign_at_the_end_of_a_name_belongs_to_it():
    assert owners("file name", ["NMC+"]).of("NMC-_rpt.csv").cell == ""
    assert owners("file name", ["NMC"]).of("NMC+_rpt.csv").cell == ""
    found = owners("file name", ["NMC+", "NMC-"])
    assert [found.of(f"{name}_rpt.csv").cell for name in ("NMC+", "NMC-", "nmc")] == [
        "NMC+",
        "NMC-",
        "",
    ]
    assert found.of("NMC+_rpt.csv").rest == found.of("x/rpt NMC-.csv").rest == "rpt"


def test_a_name_within_a_decimal_number_is_not_that_name():
    assert owners("file name", ["A-1"]).of("A-1.5_rpt.csv").cell == ""
    found = owners("file name", ["A-1", "A-1.5"]).of("a_1.5_rpt.csv")
    assert (found.cell, found.rest) == ("A-1.5", "rpt")


def test_a_short_number_is_a_name_only_by_itself():
    found = owners("file name", ["1", "2", "150800464977"])
    assert found.of("C2_run_1.csv").why_not == "no cell's name stands in its name"
    assert found.of("x/1.csv").cell == "1"
    assert found.of("150800464977_rpt.csv").cell == "150800464977"


def test_a_letter_with_its_accent_apart_is_the_same_letter():
    found = owners("file name", ["Z\u00e4 1"]).of("Za\u0308 1 rpt.csv")
    assert (found.cell, found.rest) == ("Z\u00e4 1", "rpt")


def test_two_names_in_one_file_are_a_question():
    assert (
        owners("file name").of("c-1 vs c-12.csv").why_not
        == "the names of 'c-1' and 'c-12' stand in it"
    )


def test_a_folder_names_the_cell_with_or_without_a_table():
    assert owners("folder").of("a/c-1/x/rpt.csv").cell == "c-1"
    assert owners("folder", ()).of("a/new/rpt.csv").cell == "new"
    assert owners("folder").of("rpt.csv").why_not == "no folder of it has the name of a cell"


def test_a_pattern_names_cell_and_test():
    found = owners("{cell}_{test}.csv", ()).of("a/c-9_rpt_2.csv")
    assert (found.cell, found.rest) == ("c-9", "rpt_2")
    assert owners("{cell}_{test}.csv").of("c-9_rpt.csv").why_not == "there is no cell 'c-9'"
    assert "is not like" in owners("{cell}_{test}.csv").of("c-9.csv").why_not


def test_a_column_of_the_table_names_files():
    found = owners("table: Datei", by_table={"Run7.csv": "c-1"})
    assert found.of("a/run7.csv").cell == "c-1"
    assert found.of("run8.csv").why_not == "the table names it nowhere"


def test_a_person_s_word_comes_before_every_rule():
    assert owners("file name", cells={"c-1_rpt.csv": "B7"}).of("c-1_rpt.csv").cell == "B7"


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("{rest}", "rpt"), ("{stem}", "c-1_rpt"), ("{folder}", "x"), ("RPT {cell}", "RPT c-1")],
)
def test_a_test_is_named_by_its_file(pattern, name):
    file = "a/x/c-1_rpt.csv"
    assert name_of_test(pattern, file, owners("file name").of(file)) == name


def test_patterns_name_each_file_once_and_brackets_are_no_pattern_of_a_file(tmp_path):
    for name in ("s/a.csv", "s/b.csv", "s/[c].csv"):
        write(tmp_path / name, "x")
    assert files_of(tmp_path, ["s/b.csv", "s/[c].csv", "s/*.csv"]) == [
        "s/b.csv",
        "s/[c].csv",
        "s/a.csv",
    ]
