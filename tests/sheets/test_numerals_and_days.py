"""Numbers and dates as other countries and programs write them, decided for the whole file."""

from __future__ import annotations

from datetime import date

import pytest
from sheet_tools import DAY, MASS, TIME, at, back, frame_of, usual, value

from cellframe.sheets.days import Days

BOUND = "Numbers are read with decimal commas."


@pytest.mark.law("D4")
@pytest.mark.parametrize(
    ("read", "mine"),
    [
        *[(41.0, "41.0"), (41.0, "4.1E+01"), (1e16, "1E+016"), (1e-7, "0.0000001"), (0.0, "-0")],
        *[(2.0**53, "9007199254740992"), (1 / 3, " 0.3333333333333333 "), (1e20, "1E+20")],
    ],
)
def test_a_number_in_another_spelling_is_the_number(read, mine):
    text, settled = value(MASS, read, mine)
    assert float(text) == read
    assert (settled.faults, settled.notices) == ([], ())


@pytest.mark.law("D8")
@pytest.mark.parametrize(
    ("read", "mine"),
    [
        *[(0.1 + 0.2, "0.3"), (3.141592653589793, "3.14159265358979"), (5e-324, "0")],
        *[(1234567.891234567, "1234567.891"), (3.141592653589793, "3.141592654")],
        *[(9007199254740991.0, "9.00719925474099E+015"), (5e-324, "0.0")],
    ],
)
def test_a_number_that_a_spreadsheet_cut_is_as_it_was_read_and_told(read, mine):
    text, settled = value(MASS, read, mine)
    assert (float(text), settled.faults) == (read, [])
    assert settled.notices[0].startswith(f"{MASS!r}: 1 value came back as a tool rewrites them")


@pytest.mark.law("D5")
@pytest.mark.parametrize(
    ("read", "mine"),
    [
        *[(41.2, "41.3"), (3.141592653589793, "3.14159265"), (41.2, None), (None, "1"), (0.1, "0")],
        *[(1.234, "1234.0"), (5e-324, "1"), (12.0, "1.2E+02")],
    ],
)
def test_an_edited_number_is_an_edit(read, mine):
    assert value(MASS, read, mine)[0] == mine


@pytest.mark.law("D5")
@pytest.mark.parametrize(
    ("read", "mine"),
    [(41.234, "41234"), (1234567.8, "1.23E+06"), (-1.234, "-1234"), (12345678901.5, "1.23457E+10")],
)
def test_a_number_that_may_be_either_is_refused(read, mine):
    text, settled = value(MASS, read, mine)
    assert text is None
    assert "it cannot be told which" in settled.faults[0].message


@pytest.mark.parametrize("word", ["NaN", "NA", "nan", "NULL"])
def test_a_word_for_missing_is_a_gap_where_no_text_belongs(word):
    for label in (MASS, DAY, TIME, "count"):
        assert value(label, None, word)[0] is None


def commas(tmp_path, content, base):
    path = tmp_path / "cells.csv"
    path.write_text(content)
    return back(path, base)


THREE = frame_of(mass=[41.5, 40.25, 39.0])
SEMI = "instance_id;instance_version;cell.mass [g]\n"


@pytest.mark.law("D8")
def test_decimal_commas_are_read_for_the_whole_file_and_told(tmp_path):
    found = commas(tmp_path, SEMI + "id-0000;v1;41,5\nid-0001;v2;40,26\nid-0002;v3;39\n", THREE)
    assert found.edits() == {(1, MASS)}
    assert found.frame[MASS].to_list() == [41.5, 40.26, 39.0]
    assert found.settled.notices == (BOUND,)


def test_decimal_commas_of_new_rows_are_read_where_commas_do_not_delimit(tmp_path):
    assert commas(tmp_path, SEMI + ";;41,5\n;;1,234\n", THREE).frame[MASS].to_list() == [
        41.5,
        1.234,
    ]


def test_quoted_decimal_commas_are_read_where_the_base_says_so(tmp_path):
    head = SEMI.replace(";", ",")
    found = commas(tmp_path, head + 'id-0000,v1,"41,5"\nid-0001,v2,"1,25"\n', THREE)
    assert found.frame[MASS].to_list() == [41.5, 1.25]


@pytest.mark.law("D5")
def test_a_quoted_comma_without_such_proof_is_refused(tmp_path):
    found = commas(tmp_path, SEMI.replace(";", ",") + ',,"1,234"\n', THREE)
    assert found.refused == {(0, MASS)}
    assert "decimal points" in found.settled.faults[0].message


@pytest.mark.law("D5")
def test_in_a_file_of_both_kinds_the_odd_ones_are_refused(tmp_path):
    found = commas(tmp_path, SEMI + "id-0000;v1;41.5\nid-0001;v2;40,3\nid-0002;v3;39\n", THREE)
    assert (found.refused, found.settled.notices) == ({(1, MASS)}, ())
    found = commas(tmp_path, SEMI + "id-0000;v1;41,5\nid-0001;v2;40.3\nid-0002;v3;39\n", THREE)
    assert (found.refused, found.settled.notices) == ({(1, MASS)}, (BOUND,))


@pytest.mark.law("D5")
@pytest.mark.parametrize(
    "text", ["1.234,5", "1,234.5", "1,234,567", "1.234.567", "1 234,5", "1'234"]
)
def test_thousands_separators_are_refused(tmp_path, text):
    found = commas(tmp_path, SEMI + f'id-0000;v1;"{text}"\nid-0001;v2;"40,25"\n', THREE)
    assert found.refused == {(0, MASS)}


def dated(tmp_path, *texts):
    """A file whose dates are these texts; five cells were read."""
    base = usual()
    lines = [f"{id_},{text}" for id_, text in zip(base["instance_id"], texts, strict=True)]
    path = tmp_path / "cells.csv"
    path.write_text("\n".join([f"instance_id,{DAY}", *lines]))
    return back(path, base)


@pytest.mark.law("D8")
@pytest.mark.parametrize(
    "texts",
    [
        ("05.01.2026", "23.11.2025", "", "29.02.2024", "04.03.2026"),
        ("5/1/26", "23/11/25", "", "29/2/24", "4/3/26"),
        ("1/5/2026", "11/23/2025", "", "2/29/2024", "3/4/2026"),
        ("01-05-2026", "11-23-2025", "", "02-29-2024", "03-04-2026"),
        ("2026/01/05", "2025/11/23", "", "2024/02/29", "2026/3/4"),
        ("1/5/2026 0:00", "11/23/2025 0:00", "", "2/29/2024 0:00", "2026-03-04 00:00:00"),
    ],
)
def test_dates_of_any_country_are_as_they_were_read(tmp_path, texts):
    found = dated(tmp_path, *texts)
    assert (found.edits(), found.refused) == (set(), set())
    has_order = not texts[0].startswith("2026")
    assert len(found.settled.notices) == has_order


@pytest.mark.law("D5")
def test_an_edited_date_is_read_in_the_order_of_the_unedited_ones(tmp_path):
    found = dated(tmp_path, "05.01.2026", "23.11.2025", "06.07.2026", "29.02.2024", "2026-03-05")
    assert found.edits() == {(2, DAY), (4, DAY)}
    assert found.frame[DAY].to_list()[2] == date(2026, 7, 6)
    assert found.settled.notices == ("Dates such as 01/02/2026 are read as day, month, year.",)


@pytest.mark.parametrize(("text", "day"), [("5.1.29", "2029-01-05"), ("5.1.30", "1930-01-05")])
def test_a_short_year_is_of_the_century_that_spreadsheets_take(text, day):
    assert Days(day_first=True).read(text) == day


@pytest.mark.law("D5")
def test_dates_without_an_order_are_refused(tmp_path):
    found = dated(tmp_path, "2026-01-05", "2025-11-23", "06.07.2026", "2024-02-29", "13/12/2026")
    assert found.refused == {(2, DAY), (4, DAY)}
    assert "Write dates as 2026-01-05." in found.settled.faults[0].message


@pytest.mark.law("D5")
def test_a_date_with_the_year_first_and_short_is_refused(tmp_path):
    found = dated(tmp_path, "05.01.2026", "23.11.2025", "25-11-03", "29.02.2024", "04.03.2026")
    assert found.refused == {(2, DAY)}


@pytest.mark.law("D5")
def test_what_is_no_date_is_refused(tmp_path):
    found = dated(tmp_path, "31.02.2026", "23.11.2025", "soon", "29.02.2024", "2026-03-04 10:00")
    assert found.refused == {(0, DAY), (2, DAY), (4, DAY)}


WHEN = at("2025-11-03T14:30")


@pytest.mark.law("D4")
@pytest.mark.parametrize(
    "mine",
    [
        *["2025-11-03 14:30:00", "2025-11-03T14:30", "2025-11-03 14:30:00.000000"],
        *["11/3/2025 14:30", "11/03/2025 02:30 PM", "11/3/2025 2:30:00 pm", "2025/11/03 14:30"],
    ],
)
def test_a_time_in_another_spelling_is_the_time(mine):
    text, settled = value(TIME, WHEN, mine)
    assert (text, settled.faults) == ("2025-11-03T14:30:00", [])


@pytest.mark.law("D8")
@pytest.mark.parametrize("mine", ["2025-11-03 14:30:00.123", "2025-11-03 14:30:00"])
def test_a_time_that_a_spreadsheet_cut_is_as_it_was_read_and_told(mine):
    text, settled = value(TIME, WHEN.replace(microsecond=123456), mine)
    assert text == "2025-11-03T14:30:00.123456"
    assert len(settled.notices) == 1


@pytest.mark.law("D5")
@pytest.mark.parametrize(
    ("mine", "text"),
    [
        ("2025-11-03 14:31", "2025-11-03T14:31:00"),
        ("2025-11-04", "2025-11-04T00:00:00"),
        ("2025-11-03T14:30:00Z", "2025-11-03T14:30:00Z"),
        ("2025-11-03 12:05 AM", "2025-11-03T00:05:00"),
        ("2025-11-03 25:61", "2025-11-03T25:61:00"),
        ("noon", "noon"),
    ],
)
def test_an_edited_time_is_an_edit(mine, text):
    assert value(TIME, WHEN, mine)[0] == text


def test_a_time_without_an_order_is_refused():
    text, settled = value(TIME, None, "1/2/2026 10:00")
    assert text is None
    assert "day, month or year" in settled.faults[0].message


@pytest.mark.parametrize(
    ("mine", "text"), [("7.0", "7"), ("7", "7"), ("8.0", "8"), ("7.5", "7.5"), ("x", "x")]
)
def test_a_whole_number_may_come_as_a_float(mine, text):
    assert value("count", 7, mine)[0] == text


@pytest.mark.parametrize(("mine", "text"), [("TRUE", "true"), ("False", "false"), (None, None)])
def test_a_truth_may_come_in_capitals(mine, text):
    assert value("checked", True, mine)[0] == text
