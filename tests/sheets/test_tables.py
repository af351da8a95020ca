"""A file and the table it holds."""

from __future__ import annotations

import os

import polars as pl
import pytest

from cellframe.errors import SheetError
from cellframe.sheets.tables import read_table


@pytest.fixture
def parquet(tmp_path):
    """A parquet file of two columns."""
    path = tmp_path / "cells.parquet"
    pl.DataFrame({"cell": ["a", None, "b"], "mass": [1.5, None, 2.0]}).write_parquet(path)
    return path


def csv(tmp_path, content, name="cells.csv"):
    path = tmp_path / name
    path.write_text(content)
    return path


@pytest.mark.parametrize("name", ["cells.csv", "CELLS.CSV", "cells.txt", "cells.tsv"])
def test_delimited_text_is_text(tmp_path, name):
    table = read_table(csv(tmp_path, "a;b\n007;1,5\n", name))
    assert table.frame.rows() == [("007", "1,5")]
    assert (table.format, table.is_text, table.delimiter) == ("csv", True, ";")
    assert table.notices == ()


def test_parquet_is_typed(parquet):
    table = read_table(parquet)
    assert table.frame.rows() == [("a", 1.5), ("b", 2.0)]
    assert (table.format, table.is_text, table.delimiter) == ("parquet", False, "")


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path, parquet):
    assert list(read_table(parquet).rows) == [2, 4]
    table = read_table(csv(tmp_path, "sep=,\na,b\n1,\n,\n\n2,\n"))
    assert (table.frame.rows(), list(table.rows)) == ([("1", None), ("2", None)], [2, 5])


def test_windows_1252_is_told(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_bytes("a,b\n1,ä\n".encode("cp1252"))
    assert "read as Windows-1252" in read_table(path).notices[0]


@pytest.mark.parametrize("header", ["", "Unnamed: 0"])
def test_pandas_row_numbers_are_left_out_and_told(tmp_path, header):
    table = read_table(csv(tmp_path, f"{header},a\n3,x\n0,y\n"))
    assert table.frame.columns == ["a"]
    assert "'Unnamed: 0' is pandas' row numbers" in table.notices[0]


def test_pandas_index_in_parquet_is_left_out(tmp_path):
    import pandas as pd

    path = tmp_path / "cells.parquet"
    pd.DataFrame({"a": ["x", "y", "z"]}).query("a != 'y'").to_parquet(path)
    assert read_table(path).frame.columns == ["a"]


def test_a_column_of_that_name_with_values_is_kept(tmp_path):
    table = read_table(csv(tmp_path, "Unnamed: 0,a\nx,1\n"))
    assert table.frame.columns == ["Unnamed: 0", "a"]


def test_a_guarded_header_is_read_without_its_guard(tmp_path):
    assert read_table(csv(tmp_path, "'=x,'tis\n1,2\n")).frame.columns == ["=x", "'tis"]
    assert read_table(csv(tmp_path, "'=x,=x\n1,2\n")).frame.columns == ["'=x", "=x"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("cells.ods", "ends in '.ods'"),
        ("cells", "has no ending"),
        ("missing.csv", "There is no file"),
        ("missing.parquet", "There is no file"),
        ("folder.csv", "is a folder, not a file"),
        ("text.parquet", "is no parquet file, or is damaged"),
        ("empty.parquet", "is no parquet file, or is damaged"),
    ],
)
def test_what_is_no_table_is_said_in_one_sentence(tmp_path, name, what):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    (tmp_path / "empty.parquet").touch()
    with pytest.raises(SheetError, match=what) as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(parquet):
    parquet.chmod(0)
    with pytest.raises(SheetError, match="may not be read"):
        read_table(parquet)


def test_a_cut_parquet_file_is_refused(parquet):
    parquet.write_bytes(parquet.read_bytes()[:-20])
    with pytest.raises(SheetError, match="is damaged"):
        read_table(parquet)


@pytest.mark.law("X6")
@pytest.mark.parametrize("limit", ["MOST_CELLS", "MOST_COLUMNS"])
def test_a_parquet_file_is_measured_by_its_footer(parquet, monkeypatch, limit):
    monkeypatch.setattr(f"cellframe.sheets.tables.{limit}", 1)
    with pytest.raises(SheetError, match="3 rows of 2 columns"):
        read_table(parquet)


@pytest.mark.parametrize(
    ("lock", "content", "who"),
    [
        (
            ".~lock.cells.parquet#",
            b"Anna Li,al,host,22.11.2026 18:00,file:///x;",
            "LibreOffice (Anna Li)",
        ),
        (".~lock.cells.parquet#", b",al,host,22.11.2026 18:00,file:///x;", "LibreOffice (al)"),
        (".~lock.cells.parquet#", b"", "LibreOffice"),
        ("~$cells.parquet", b"\x04Anna" + b" " * 50, "Excel (Anna)"),
        ("~$lls.parquet", b"", "Excel"),
    ],
)
def test_a_file_that_is_open_elsewhere_is_read_and_told(parquet, lock, content, who):
    parquet.with_name(lock).write_bytes(content)
    table = read_table(parquet)
    assert table.notices == (
        f"cells.parquet is open in {who}: what is not saved there yet is not seen.",
    )


def test_rows_that_excel_left_short_are_filled_up_and_told(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("a,b,c\n1,2,3\n4\n5,6\n7,8,9\n", "utf-8")
    table = read_table(path)
    assert table.frame["c"].to_list() == ["3", None, None, "9"]
    assert "2 lines, 3 first, have fewer cells than the header" in table.notices[0]


@pytest.mark.law("R8")
def test_a_file_that_breaks_off_in_a_row_is_refused(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_text("a,b,c\n1,2,3\n4,5", "utf-8")
    with pytest.raises(SheetError, match="Line 3 has 2 cells"):
        read_table(path)
