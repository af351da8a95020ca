"""A frame written for people: what stands in the file, what is told, and what is refused."""

from __future__ import annotations

import csv
import hashlib
import math
import os
import stat
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheet_tools import at

from cellframe.errors import SheetError
from cellframe.sheets.tables import read_table
from cellframe.sheets.texts import exact, guard, unguard
from cellframe.sheets.writing import write_table
from tests.writeback.oracle import NUMBERS, TEXTS, texts

FRAME = pl.DataFrame({"cell": ["a", "b"], "mass [g]": [41.25, None]})
RUN = tuple("=+-@\t\r\n＝＋－＠")


def cells(path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def test_a_csv_is_bytes_that_every_spreadsheet_reads(tmp_path):
    path = tmp_path / "cells.csv"
    found = write_table(FRAME, path)
    assert path.read_bytes() == b"\xef\xbb\xbfcell,mass [g]\na,41.25\nb,\n"
    assert found.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.notices == ()


def test_a_tsv_has_tabs(tmp_path):
    write_table(FRAME, tmp_path / "cells.tsv")
    assert read_table(tmp_path / "cells.tsv").delimiter == "\t"


def test_parquet_is_as_typed(tmp_path):
    write_table(FRAME, tmp_path / "cells.parquet")
    assert pl.read_parquet(tmp_path / "cells.parquet").equals(FRAME)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (41.0, "41"),
        (0.1 + 0.2, "0.30000000000000004"),
        (math.nan, ""),
        (-0.0, "-0"),
        (7, "7"),
        (True, "true"),
        (date(2026, 1, 5), "2026-01-05"),
        (date(1, 1, 1), "0001-01-01"),
        (at("2025-11-03T14:30"), "2025-11-03T14:30:00"),
        (at("2025-11-03T14:30:00.000500"), "2025-11-03T14:30:00.000500"),
        (at("2025-11-03T15:30:00+01:00"), "2025-11-03T14:30:00"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("", ""),
        ("007", "007"),
        ("'tis", "'tis"),
        ("=1+1", "'=1+1"),
        ("'=1+1", "''=1+1"),
        (None, ""),
    ],
)
def test_a_value_has_one_text(tmp_path, value, text):
    write_table(pl.DataFrame({"k": [1], "v": [value]}), tmp_path / "x.csv")
    assert cells(tmp_path / "x.csv")[1][1] == text


@given(st.floats(allow_nan=False) | st.sampled_from(NUMBERS))
def test_the_text_of_a_number_reads_back_as_the_same_number(number):
    text = exact(pl.Series([number]))[0]
    assert math.copysign(1, float(text)) == math.copysign(1, number)
    assert float(text) == number
    assert len(text) <= len(repr(number)) + 1


@pytest.mark.law("X5")
@given(st.lists(texts | st.text(["'", "=", "-", "\t", "\n", "x"], max_size=4), min_size=1))
def test_a_guarded_text_is_not_run_and_comes_back(values):
    series = pl.Series(values, dtype=pl.String)
    guarded = guard(series)
    assert not [text for text in guarded if text.startswith(RUN)]
    assert unguard(guarded).to_list() == values


@pytest.mark.law("X5")
def test_no_cell_and_no_header_is_run_by_a_spreadsheet(tmp_path):
    payloads = [f"{start}cmd|' /C calc'!A0" for start in RUN] + TEXTS
    frame = pl.DataFrame({f"{start}h": payloads for start in RUN if start.strip()})
    write_table(frame, tmp_path / "x.csv")
    assert not [cell for row in cells(tmp_path / "x.csv") for cell in row if cell.startswith(RUN)]
    assert read_table(tmp_path / "x.csv").frame.columns == frame.columns


def test_numbers_are_not_guarded(tmp_path):
    write_table(pl.DataFrame({"k": ["a"], "v": [-1.5]}), tmp_path / "x.csv")
    assert cells(tmp_path / "x.csv")[1][1] == "-1.5"


def test_what_csv_cannot_hold_is_refused_by_row_name_and_column(tmp_path):
    frame = pl.DataFrame({"cell": ["a", "b"], "n": ["x\0", "\0"], "l": [[1], [2]]})
    with pytest.raises(SheetError) as caught:
        write_table(frame, tmp_path / "x.csv", name="cell")
    assert str(caught.value).splitlines() == [
        "x.csv was not written: parquet can hold this table, CSV cannot.",
        "  Row 2 ('a'), 'n': a NUL character.",
        "  Row 3 ('b'), 'n': a NUL character.",
        "  'l' holds List(Int64), not one value in a cell.",
    ]
    assert not list(tmp_path.iterdir())
    write_table(frame, tmp_path / "x.parquet")


def test_twenty_cells_are_named_and_the_rest_counted(tmp_path):
    with pytest.raises(SheetError, match="and 5 more") as caught:
        write_table(pl.DataFrame({"n": ["\0"] * 25}), tmp_path / "x.csv")
    assert len(str(caught.value).splitlines()) == 22


@pytest.mark.law("D8")
@pytest.mark.parametrize(
    "text",
    [
        "007",
        "7.0",
        "1e5",
        "1E5",
        "1.50",
        ".5",
        "12345678901234567",
        "TRUE",
        "false",
        "5/12/17",
        "2017-05-12",
        "12.05.2017",
        "10%",
    ],
)
def test_texts_that_a_spreadsheet_rewrites_are_told(tmp_path, text):
    frame = pl.DataFrame({"batch": ["plain", text, None, text]})
    (notice,) = write_table(frame, tmp_path / "x.csv").notices
    assert notice.startswith(f"'batch': 2 values such as {text!r}, which a spreadsheet may rewrite")


@pytest.mark.law("D8")
@pytest.mark.parametrize("text", ["1-2", "1/2", "MAR1", "3-Mar", "12:30", "Jan 2020", "1.5."])
def test_texts_that_a_spreadsheet_loses_are_told(tmp_path, text):
    (notice,) = write_table(pl.DataFrame({"batch": [text]}), tmp_path / "x.csv").notices
    assert notice.startswith(f"'batch': 1 value such as {text!r}, which a spreadsheet may make")


@pytest.mark.parametrize("text", ["L1", "7", "-", "41.25", "A-1", "note 5", "2026", "v7", ""])
def test_usual_texts_are_not_talked_about(tmp_path, text):
    assert not write_table(pl.DataFrame({"batch": [text]}), tmp_path / "x.csv").notices


def test_a_text_that_excel_cuts_is_told(tmp_path):
    (notice,) = write_table(pl.DataFrame({"notes": ["x" * 32_768]}), tmp_path / "x.csv").notices
    assert "1 value of more than 32,767 characters" in notice


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_sheet_is_readable_as_the_users_files_are(tmp_path):
    before = os.umask(0o022)
    try:
        write_table(FRAME, tmp_path / "x.csv")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.csv").stat().st_mode) == 0o644


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "x.csv").symlink_to(tmp_path / "real.csv")
    write_table(FRAME, tmp_path / "x.csv")
    assert (tmp_path / "x.csv").is_symlink()
    assert cells(tmp_path / "real.csv")[0] == FRAME.columns


@pytest.mark.parametrize("lock", [".~lock.x.csv#", "~$x.csv"])
def test_a_file_that_is_open_elsewhere_stays_as_it_is(tmp_path, lock):
    path = tmp_path / "x.csv"
    path.write_text("old")
    (tmp_path / lock).write_bytes(b"Anna,al,host;")
    with pytest.raises(SheetError, match=r"x\.csv is open in (LibreOffice|Excel)") as caught:
        write_table(FRAME, path)
    assert f"delete {lock}" in str(caught.value)
    assert path.read_text() == "old"


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (PermissionError(13, "Permission denied"), "it is open in another program"),
        (OSError(28, "No space left on device"), "No space left on device. The file is as it was"),
    ],
)
def test_a_file_that_cannot_be_replaced_stays_as_it_is(tmp_path, monkeypatch, fault, what):
    def refuse(*_):
        raise fault

    path = tmp_path / "x.csv"
    path.write_text("old")
    monkeypatch.setattr("pathlib.Path.replace", refuse)
    with pytest.raises(SheetError, match=what):
        write_table(FRAME, path)
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("x.csv", "old")]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("no/x.csv", "There is no folder"),
        ("folder.csv", "is a folder"),
        ("x.ods", "ends in '.ods'"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_said(tmp_path, name, what):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SheetError, match=what):
        write_table(FRAME, tmp_path / name)
