"""Delimited text as people return it: what is read, and what is refused by line."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.errors import SheetError
from cellframe.sheets.delimited import read_texts
from cellframe.sheets.dialect import Dialect, sniff

AB = [("1", "2"), ("3", "4")]


@pytest.fixture
def text(tmp_path):
    """Write a file, and return it."""

    def write(content: str | bytes, name: str = "cells.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def table(path, *, skip=0) -> pl.DataFrame:
    return read_texts(path, sniff(path, skip=skip))


def refusal(path) -> list[str]:
    """The lines of the refusal of a file."""
    with pytest.raises(SheetError) as caught:
        table(path)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,2\n3,4\n",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r1,2\r3,4",
        "a;b\n1;2\n3;4",
        "a\tb\n1\t2\n3\t4\n\n\n",
        "a|b\n1|2\n3|4\n|\n|\n",
        'a,b\n"1","2"\n"3","4"\n\n',
        "sep=;\na;b\n1;2\n3;4\n",
        "SEP=|\r\na|b\r\n1|2\r\n3|4\r\n",
        "a,b,\n1,2,\n3,4,\n",
        "a,b\n1,2,\n3,4,\n",
        "a,b,\n1,2\n3,4\n",
        'a,b,,\n1,"2",,\n3,4\n',
        "a,,b\n1,,2\n3,,4\n",
        "a,,,b\n1,,,2\n3,,,4\n",
        "\ufeffa,b\n1,2\n3,4\n",
        "\ufeffsep=;\na;b\n1;2\n3;4\n",
    ],
)
def test_one_table_in_many_spellings(text, content):
    frame = table(text(content))
    assert (frame.columns, frame.rows()) == (["a", "b"], AB)
    assert set(frame.dtypes) == {pl.String}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_told_apart(text, encoding):
    path = text("name,unit\nJürgen,µm\n".encode(encoding))
    dialect = sniff(path)
    assert read_texts(path, dialect).rows() == [("Jürgen", "µm")]
    assert (dialect.notice is not None) == (encoding == "cp1252")


def test_big_endian_utf_16_is_read(text):
    path = text(b"\xfe\xff" + "a,b\n1,µ\n".encode("utf-16-be"))
    assert table(path).rows() == [("1", "µ")]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ('a,b\n"x, y",2\n', "x, y"),
        ('a,b\n"x\ny",2\n', "x\ny"),
        ('a,b\n"x\r\ny",2\r\n', "x\r\ny"),
        ('a,b\n"say ""x""",2\n', 'say "x"'),
        ('a,b\n5" disc,2\n', '5" disc'),
        ("a,b\n x ,2\n", " x "),
        ("a,b\n007,2\n", "007"),
        ("a,b\nNA,2\n", "NA"),
        ("a,b\n#x,2\n", "#x"),
        ("a,b\nx\u2028y\x85z\x0c,2\n", "x\u2028y\x85z\x0c"),
        ('a,b\n"",2\n', None),
        ("a,b\n,2\n", None),
    ],
)
def test_values_are_text_as_it_stands(text, content, value):
    assert table(text(content)).rows() == [(value, "2")]


@pytest.mark.parametrize("quote", ["", '"'])
def test_blank_lines_are_rows_within_the_table_alone(text, quote):
    path = text(f"a,b\n{quote}1{quote},2\n\n  \n3,4\n\n,\n")
    assert table(path).rows() == [("1", "2"), (None, None), (None, None), ("3", "4")]


def test_a_header_alone_is_a_table_without_rows(text):
    assert table(text("a,b")).shape == (0, 2)


def test_one_column_has_no_delimiter(text):
    assert table(text("a\nx\n\ny\n")).rows() == [("x",), (None,), ("y",)]
    assert table(text("a\nx\ry\n")).rows() == [("x",), ("y",)]


def test_the_delimiter_is_the_one_that_the_rows_agree_with(text):
    path = text("Time;Voltage, V;Current, A\n0,5;3,7;0,1\n1,5;3,7;0,1\n")
    assert table(path).columns == ["Time", "Voltage, V", "Current, A"]


@pytest.mark.parametrize("quote", ["", '"'])
def test_every_line_that_does_not_fit_is_named(text, quote):
    lines = refusal(text(f"a,b,c\n1,{quote}2{quote},3\n1,2\n\n1,2,3,x\n"))
    assert lines == [
        "cells.csv cannot be read as a table.",
        "  Line 3 has 2 cells where the header has 3: a delimiter (,) is missing.",
        "  Line 5 has 4 cells where the header has 3: put a text with the delimiter in quotes, or name the column of 'x'.",
    ]


def test_a_line_is_named_as_an_editor_counts_it(text):
    assert "Line 5 has 1 cell " in refusal(text('sep=,\n"a\nb",c\n1,2\n3\n'))[1]


def test_twenty_lines_are_named_and_the_rest_counted(text):
    lines = refusal(text("a,b\n" + "1\n" * 30))
    assert len(lines) == 22
    assert lines[-1] == "  and 10 more."


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("a,b,a\n1,2,3\n", "'a' is the header of columns 1 and 3. Give each a name of its own."),
        ("a,,b\n1,x,2\n", "Column 2 has values, such as 'x', and no header."),
        ("a,,b\n1,0,2\n3,1,4\n", "Column 2 has values, such as '0', and no header."),
        ("a,b\n1,2,x\n3,4,y\n", "Line 3 has 3 cells where the header has 2"),
        (",a\nx,1\n", "Column 1 has values, such as 'x', and no header."),
        (",a\n0,1\n0,1\n", "Column 1 has values, such as '0', and no header."),
        ("", "The file is empty."),
        ("\n\n", "The file is empty."),
        ("\ufeff", "The file is empty."),
        (",,\n1,2,3\n", "The first line holds no header."),
        ("a,b\n1,x\0y\n", "Line 2: a NUL character, which no text has."),
        ('a,b\n1,2\n3,"x\n5,6\n', "Line 3: a quote opens here and is not closed"),
        ('a,"b\n1,2\n', "Line 1: a quote opens here and is not closed"),
        ('a,b\n1,"x"y\n', "Line 2: a text goes on after its closing quote."),
        ("a," * 20_000, "It has 20,000 columns; no more than 16,384 are read."),
    ],
)
def test_what_is_no_table_is_said(text, content, fault):
    assert fault in "\n".join(refusal(text(content)))


def test_faults_of_text_and_header_are_told_together(text):
    lines = refusal(text("a,a\n1,\0\n"))
    assert len(lines) == 3


def test_more_cells_than_memory_holds_are_refused(text, monkeypatch):
    monkeypatch.setattr("cellframe.sheets.delimited.MOST_CELLS", 9)
    assert "more than 9 cells" in refusal(text("a,b\n" + "1,2\n" * 5))[1]


def test_bytes_that_are_no_text_are_refused(text):
    message = "line 2 has bytes that Windows-1252 does not have"
    assert message in refusal(text(b"a,b\n1,\x81\n"))[0]


def test_a_damaged_utf_8_file_is_not_read_as_another_encoding(text):
    assert "bytes that UTF-8 does not have" in refusal(text(b"\xef\xbb\xbfa,b\n1,\xfc\n"))[0]


def test_pandas_row_numbers_have_its_name_for_them(text):
    assert table(text(",a\n0,x\n5,y\n")).columns == ["Unnamed: 0", "a"]
    assert table(text(",Unnamed: 0,a\n0,0,x\n")).columns == ["Unnamed: 0.1", "Unnamed: 0", "a"]


@pytest.mark.parametrize(
    ("content", "dialect"),
    [
        ("Test: 7\nDate, 2020\n\nTime;U, V;I, A\n0,5;3,7;0,1\n1,5;3,7;0,1\n", (";", 3)),
        ("Name,x,,\n,,,\nt,v,i,q\n1,2,3,\n2,3,4,\n", (",", 2)),
        ("a,b\n1,2\n", (",", 0)),
        ('He said "no\nt\tv\n1\t2\n3\t4\n', ("\t", 1)),
        ("sep=;\nfree text\nt;v\n1;2\n3;4\n", (";", 2)),
        ("t;a, b, c\n1,5;2\n2,5;3\n", (";", 0)),
        ("Date, 2020\nCell, 7\nRun, 9\nt;U\n0,5;3\n1,5;3\n", (";", 3)),
        ("no table\n", (",", 0)),
    ],
)
def test_a_header_is_found_below_free_text(text, content, dialect):
    found = sniff(text(content), skip=None)
    assert (found.delimiter, found.skip) == dialect


def test_lines_above_the_header_are_left_out_on_request(text):
    path = text("one\ntwo, three\na,b\n1,2\n3,4\n")
    assert table(path, skip=2).rows() == AB
    assert read_texts(path, Dialect("utf-8", ",", 2)).rows() == AB


@pytest.mark.parametrize("header", ["a;b", "aa;b", "aaa;b"])
def test_a_file_longer_than_the_part_that_is_looked_at(text, header):
    path = text(f"{header}\n" + "ä;ä\n" * 60_000)
    assert table(path).shape == (60_000, 2)


@given(
    st.lists(st.lists(st.text("ab,;\"\n\r '\té", max_size=4), min_size=2, max_size=2), max_size=6)
)
def test_what_the_csv_module_writes_is_read_as_it_was(tmp_path_factory, rows):
    import csv

    path = tmp_path_factory.mktemp("csv") / "x.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["a", "b"], *rows])
    found = read_texts(path, Dialect("utf-8", ","))
    while rows and not any(rows[-1]):
        rows.pop()
    assert found.rows() == [tuple(cell or None for cell in row) for row in rows]


def garbled(text):
    """What LibreOffice saves of a UTF-8 file that it opened as Windows-1252."""
    shown = "".join(
        chr(byte) if byte in b"\x81\x8d\x8f\x90\x9d" else bytes([byte]).decode("cp1252")
        for byte in ("\ufeff" + text).encode()
    )
    return shown.encode()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_letters_that_a_spreadsheet_garbled_are_put_back(tmp_path, mark):
    path = tmp_path / "cells.csv"
    text = "cell,note\nc-1,µm ÄÖÜ 電池 ‍ Í\n"
    path.write_bytes(mark + garbled(text))
    frame = read_texts(path, sniff(path))
    assert frame.rows() == [("c-1", "µm ÄÖÜ 電池 ‍ Í")]
    assert frame.columns == ["cell", "note"]


def test_letters_that_cannot_be_put_back_are_said_to_be_garbled(tmp_path):
    path = tmp_path / "cells.csv"
    path.write_bytes(garbled("cell,note\nc-1,µm\n") + "c-2,typed there: µ\n".encode())
    with pytest.raises(SheetError, match="opened as Windows-1252 in a spreadsheet"):
        sniff(path)


def test_text_above_a_table_is_told_from_a_missing_quote(text):
    path = text("Cells of project X;;\n5.1.2026;;\nCell;Mass;Batch\n1;2;3\n")
    assert refusal(path)[1] == (
        "  Line 3 has 3 cells where the header has 1. If the header stands further below, delete "
        "the lines above it."
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_header_longer_than_what_is_looked_at_is_read_whole(text, end):
    names = [f"{at:05}{'x' * 60}" for at in range(5000)]
    row = [str(at) for at in range(5000)]
    frame = table(text(end.join([",".join(names), ",".join(row), ""])))
    assert frame.columns == names
    assert frame.rows() == [tuple(row)]


def test_a_quote_that_closes_beyond_what_is_looked_at_is_a_header(text):
    long = [f'"{letter}{"x" * 100_000}\n"' for letter in "abc"]
    path = text(f"{','.join(long)}\n1,2,3\n4,5\n")
    with pytest.raises(SheetError, match="Line 6 has 2 cells"):
        read_texts(path, Dialect("utf-8", ","))
