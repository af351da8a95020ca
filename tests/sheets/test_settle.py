"""Cell by cell: what is no edit, what is one, and what cannot be told."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from sheet_tools import COLUMNS, DAY, MASS, back, usual, value

from cellframe.sheets.kinds import FORMULA, Kind
from cellframe.sheets.rewriting import is_rewritten
from cellframe.sheets.settle import settle
from cellframe.sheets.writing import write_table


@pytest.mark.rule("W12")
@pytest.mark.parametrize("form", ["csv", "tsv", "txt"])
def test_a_file_that_nobody_touched_is_as_it_was_read(tmp_path, form):
    path = tmp_path / f"cells.{form}"
    write_table(usual(), path)
    found = back(path, usual())
    assert found.frame.equals(usual().drop("checked"))
    assert (found.refused, found.settled.notices) == (set(), ())


@pytest.mark.law("D8")
@pytest.mark.parametrize(
    ("read", "mine"),
    [
        *[("007", "7"), ("007", "7.0"), ("7", "7.0"), ("7.0", "7"), ("1.50", "1.5"), (".5", "0.5")],
        *[("1e5", "100000"), ("1e5", "100000.0"), ("1E5", "1E+05"), ("00", "0"), (" 7", "7")],
        *[("12345678901234567", "1.23456789012346E+016"), ("1e400", "inf"), ("Infinity", "inf")],
        *[("12345678901234567", "1.2345678901234568e+16"), ("0.30000000000000004", "0.3")],
        *[("100000000000000000000", "1E+020"), ("-1e-7", "-0.0000001"), ("1e-7", "1e-07")],
        *[("1e5", "1.00E+05"), ("10%", "10.00%"), ("10.5%", "10.50%")],
        *[("true", "TRUE"), ("true", "True"), ("FALSE", "False"), ("TRUE", "true")],
        *[("5/12/17", "05/12/17"), ("5/12/17", "05/12/2017"), ("5/12/17", "2017-05-12")],
        *[("5/12/17", "12.05.2017"), ("2017-05-12", "5/12/2017"), ("12.05.2017", "05/12/2017")],
        *[("2025-11-03 14:30", "2025-11-03 14:30:00"), ("2017-05-12", "12.05.17")],
        *[("NA", None), ("None", None), ("null", None), ("nan", None), ("#N/A", None)],
        *[("a\r\nb", "a\nb"), ("a\nb", "a\r\nb"), ("a\rb", "a\nb"), ("a\rb", "a\r\nb")],
        *[("cafe\u0301", "caf\u00e9"), ("caf\u00e9", "cafe\u0301"), ("x\x07y", "xy")],
    ],
)
def test_a_text_that_a_tool_rewrote_is_as_it_was_read_and_told(read, mine):
    text, settled = value("notes", read, mine)
    assert (text, settled.faults) == (read, [])
    silent = read.replace("\r\n", "\n").replace("\r", "\n") == mine
    assert len(settled.notices) == (0 if silent else 1)


@pytest.mark.law("D5")
@pytest.mark.parametrize(
    ("read", "mine"),
    [
        *[
            ("7", "007"),
            ("1.5", "1.50"),
            ("100000", "1e5"),
            ("007", "8"),
            ("007", "07"),
            ("1e5", "1"),
        ],
        *[("12345678901234567", "12345678901234568"), ("5/12/17", "6/12/2017"), ("7.0", "7.00")],
        *[
            ("true", "tRUE "),
            ("true", "false"),
            ("true", "1"),
            ("yes", "Yes"),
            ("5/12/17", "2018-05-12"),
        ],
        *[("NA", "none"), ("x", None), ("", "NA"), ("NA", "N/A"), ("a\nb", "a b"), ("a", "a ")],
        *[("Straße", "STRASSE"), ("v1", "v2"), ("1/2", "1/3"), ("3-Mar", "4-Mar"), ("1.5", "1.6")],
        *[("3.14159265358979", "3.14159265"), ("5/12/17", "17"), ("inf", "-inf"), ("x", "inf")],
        *[("41.234", "41234"), ("12:30", "12:31"), ("10%", "11.00%"), ("'tis", "tis")],
    ],
)
def test_a_text_that_somebody_edited_is_an_edit(read, mine):
    text, settled = value("notes", read, mine)
    assert (text, settled.faults, settled.notices) == (mine, [], ())


@pytest.mark.law("D5")
@pytest.mark.parametrize(
    ("read", "mine"),
    [
        *[("1/2", "01/02/2026"), ("1-2", "2026-01-02"), ("1/2", "02. Jan"), ("MAR1", "1-Mar")],
        *[
            ("Mar-1", "03/01/2026"),
            ("12:30", "12:30:00 PM"),
            ("5:6:7", "05:06:07"),
            ("1.5", "01.05.2026"),
        ],
        *[("1.5.", "01.05.2026"), ("12345678901234567", "1.23457E+16"), ("1-2", "2-Jan")],
    ],
)
def test_a_text_that_may_be_either_is_refused(read, mine):
    text, settled = value("notes", read, mine)
    (fault,) = settled.faults
    assert text is None
    assert f"what a spreadsheet made of {read!r}" in fault.message
    assert (fault.row, fault.column, fault.value) == (0, "notes", mine)


@pytest.mark.parametrize(
    ("read", "mine"),
    [("=1+1", "'=1+1"), ("'=1+1", "''=1+1"), ("\tx", "'\tx"), ("\rx", "'\nx"), ("-1", "'-1")],
)
def test_a_guarded_text_is_as_it_was_read(read, mine):
    text, settled = value("notes", read, mine)
    assert (text, settled.notices) == (read, ())


def test_a_comma_in_a_text_is_a_decimal_sign_only_where_it_does_not_delimit():
    assert value("notes", "1.50", "1,5", delimiter=";")[0] == "1.50"
    assert value("notes", "1.50", "1,5", delimiter=",")[0] == "1,5"


def test_the_guard_is_taken_off_an_edited_text():
    assert value("notes", "=1+1", "'=1+2")[0] == "=1+2"
    assert value("notes", "x", "'tis")[0] == "'tis"


def test_a_file_of_somebody_elses_has_no_guards():
    base = pl.DataFrame({"notes": ["'=1", None]})
    mine = pl.DataFrame({"notes": ["'=1", "'=2"]})
    known = pl.Series([True, True])
    found = settle({"notes": COLUMNS["notes"]}, mine, base, known, codec="text")
    assert (found.frame["notes"].to_list(), found.notices) == (["'=1", "'=2"], ())


def test_a_row_that_is_not_known_is_read_and_never_put_back():
    base, mine = pl.DataFrame({"notes": ["007"]}), pl.DataFrame({"notes": ["7"]})
    found = settle({"notes": COLUMNS["notes"]}, mine, base, pl.Series([False]), codec="csv")
    assert (found.frame["notes"].to_list(), found.notices) == (["7"], ())


def test_a_column_that_was_not_read_is_read_as_it_came():
    mine = pl.DataFrame({MASS: ["41,5"]})
    known = pl.Series([True])
    columns = {MASS: COLUMNS[MASS]}
    found = settle(columns, mine, pl.DataFrame(), known, codec="csv", delimiter=";")
    assert found.frame[MASS].to_list() == ["41.5"]


def test_one_notice_a_column_with_a_count_and_an_example():
    base = pl.DataFrame({"notes": ["007", "008", "x"]})
    mine = pl.DataFrame({"notes": ["7", "8", "x"]})
    known = pl.Series([True] * 3)
    found = settle({"notes": COLUMNS["notes"]}, mine, base, known, codec="csv")
    assert found.notices == (
        "'notes': 2 values came back as a tool rewrites them, such as '007' as '7'; they count as not edited.",
    )


@pytest.mark.parametrize(("base", "mine"), [(0.981, "981"), (-0.123, "-123"), (1.002, "1002")])
def test_a_number_that_lost_its_point_is_refused(base, mine):
    from cellframe.sheets.numerals import lost_point

    assert lost_point(mine, repr(base))
    assert not lost_point(mine + "5", repr(base))


@pytest.mark.parametrize(
    ("base", "mine"), [("2,345", "2345"), ("1,5", "1.5"), ("1,234,567", "1234567")]
)
def test_a_text_that_lost_its_commas_is_no_edit(base, mine):
    assert is_rewritten(base, mine)
    assert not is_rewritten(base, mine + "1")


@pytest.mark.parametrize(
    ("base", "mine"), [("_x0041_", "A"), ("\a", "_x0007_"), ("a\r\nb", "a_x000D_\nb")]
)
def test_a_text_that_a_tool_took_an_escape_for_is_no_edit(base, mine):
    assert is_rewritten(base, mine)
    assert not is_rewritten(base, mine + "1")


def test_a_blank_that_a_tool_dropped_is_no_edit():
    assert is_rewritten(" ", None)
    assert not is_rewritten("x", None)


@pytest.mark.parametrize("kind", [Kind.NUMBER + FORMULA, Kind.ERROR + FORMULA, Kind.UNSAID])
@pytest.mark.parametrize(("read", "is_put_back"), [("=1+1", True), ("x", False)])
def test_a_text_that_a_tool_made_a_formula_of_is_put_back_and_told(kind, read, is_put_back):
    base, mine = pl.DataFrame({"notes": [read]}), pl.DataFrame({"notes": ["2"]})
    kinds = pl.DataFrame({"notes": pl.Series([int(kind)], dtype=pl.UInt8)})
    known, columns = pl.Series([True]), {"notes": COLUMNS["notes"]}
    found = settle(
        columns, mine, base, known, codec="xlsx", kinds=kinds, place=lambda _row, _label: "Cells!D2"
    )
    assert (found.frame["notes"][0] == read) is is_put_back
    assert (len(found.notices) == 1) if is_put_back else (found.notices or found.faults)


@pytest.mark.parametrize(
    ("read", "mine"), [(0.981, "981"), (1.002, "1002"), (123456.0, "1.23E+05")]
)
def test_a_number_of_a_workbook_has_lost_no_point_and_no_digits(read, mine):
    base = pl.DataFrame({MASS: [read]})
    kinds = pl.DataFrame({MASS: pl.Series([int(Kind.NUMBER)], dtype=pl.UInt8)})
    found = settle(
        {MASS: COLUMNS[MASS]},
        pl.DataFrame({MASS: [mine]}),
        base,
        pl.Series([True]),
        codec="xlsx",
        kinds=kinds,
    )
    assert (found.frame[MASS].to_list(), found.faults) == ([mine], [])


@pytest.mark.law("D8")
@pytest.mark.parametrize(("text", "refused"), [("1905-07-18", True), ("1905-03-13", False)])
def test_a_year_alone_in_a_date_column_is_refused(text, refused):
    columns = {DAY: COLUMNS[DAY]}
    mine, base = pl.DataFrame({DAY: [text]}), pl.DataFrame({DAY: [date(2026, 1, 5)]})
    kinds = pl.DataFrame({DAY: pl.Series([int(Kind.DATE)], dtype=pl.UInt8)})
    known = pl.Series([True])
    found = settle(
        columns, mine, base, known, codec="xlsx", kinds=kinds, place=lambda _row, _label: "Cells!D2"
    )
    assert ["the year 2026 alone" in fault.message for fault in found.faults] == [True] * refused
