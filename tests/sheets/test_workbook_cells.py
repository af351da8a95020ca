"""What is read of one cell: its text, exactly, and what kind of cell it is."""

from __future__ import annotations

import polars as pl
import pytest
from workbook_files import (
    CLOCK,
    DAY,
    ELAPSED,
    GENERAL,
    MAIN,
    TEXT,
    TIME,
    header,
    one_cell,
    raw_book,
    text,
)

from cellframe.errors import SheetError
from cellframe.sheets.kinds import FORMULA, Kind
from cellframe.sheets.tables import read_table
from cellframe.sheets.workbook.cells import letter_of, number_of
from cellframe.sheets.workbook.serials import is_date_format


def number(value: str, style: int = GENERAL) -> str:
    return f'<c r="A2" s="{style}"><v>{value}</v></c>'


@pytest.mark.rule("W27")
@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        *[("7", "7"), ("7.0", "7"), ("0.30000000000000004", "0.30000000000000004")],
        *[("41.200000000000003", "41.2"), ("1.0000000000000001E-9", "1e-9"), ("5E-324", "5e-324")],
        *[("1E+308", "1e+308"), ("-0", "-0"), ("1E-7", "1e-7"), ("0.1", "0.1"), (" 5 ", "5")],
        *[("9007199254740993", "9007199254740993"), ("12345678901234567890",) * 2],
    ],
)
def test_a_number_is_the_shortest_text_of_it(tmp_path, stored, shown):
    assert one_cell(tmp_path / "x.xlsx", number(stored)) == (shown, Kind.NUMBER)


@pytest.mark.law("D8")
@pytest.mark.parametrize("stored", ["abc", "1,5", "INF", "NaN", "1e999", "0x10"])
def test_what_is_no_number_is_an_error_and_not_nothing(tmp_path, stored):
    assert one_cell(tmp_path / "x.xlsx", number(stored)) == (stored, Kind.ERROR)


@pytest.mark.rule("W27")
@pytest.mark.parametrize(
    ("serial", "style", "shown"),
    [
        *[("46000", DAY, "2025-12-09"), ("46000.5", DAY, "2025-12-09T12:00:00")],
        *[("46000.604166666664", TIME, "2025-12-09T14:30:00"), ("0.5", CLOCK, "12:00:00")],
        *[("46000.604166680008", TIME, "2025-12-09T14:30:00.001"), ("46000", TIME, "2025-12-09")],
        *[("59", DAY, "1900-02-28"), ("61", DAY, "1900-03-01"), ("1", DAY, "1900-01-01")],
        *[("2958465", DAY, "9999-12-31"), ("1.5", ELAPSED, "1900-01-01T12:00:00")],
    ],
)
def test_a_date_is_a_date(tmp_path, serial, style, shown):
    assert one_cell(tmp_path / "x.xlsx", number(serial, style)) == (shown, Kind.DATE)


@pytest.mark.parametrize("serial", ["60", "60.5", "-5", "2958466", "99999999"])
def test_a_date_that_never_was_is_an_error(tmp_path, serial):
    assert one_cell(tmp_path / "x.xlsx", number(serial, DAY)) == (serial, Kind.ERROR)


@pytest.mark.parametrize(
    ("serial", "shown"), [("44538", "2025-12-09"), ("0", "1904-01-01"), ("60", "1904-03-01")]
)
def test_days_of_an_old_mac_are_counted_from_1904(tmp_path, serial, shown):
    mac = '<workbookPr date1904="1"/>'
    assert one_cell(tmp_path / "x.xlsx", number(serial, DAY), book=mac) == (shown, Kind.DATE)


def test_a_number_in_a_format_of_text_stays_a_number(tmp_path):
    assert one_cell(tmp_path / "x.xlsx", number("7", TEXT)) == ("7", Kind.NUMBER)
    assert one_cell(tmp_path / "x.xlsx", number("46000", 77)) == ("46000", Kind.NUMBER)


@pytest.mark.rule("W27")
@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        *[("<t>007</t>", "007"), ('<t xml:space="preserve"> a </t>', " a "), ("<t>   </t>", "   ")],
        *[
            ("<r><t>ab</t></r><r><rPr><b/></rPr><t>cd</t></r>", "abcd"),
            ("<t>a<!-- c -->b</t>", "ab"),
        ],
        *[
            ("<t>日本</t><rPh sb='0' eb='1'><t>にほん</t></rPh>", "日本"),
            ("<t><![CDATA[<x>]]></t>", "<x>"),
        ],
        *[
            ("<t>&lt;a&gt; &amp;amp; &quot;&#x41;&#66;</t>", '<a> &amp; "AB'),
            ("<t>&#13;&#10;</t>", "\r\n"),
        ],
        *[
            ("<t>_x0041_</t>", "A"),
            ("<t>_x005F_x0041_</t>", "_x0041_"),
            ("<t>a_x0007_b</t>", "a\ab"),
        ],
        *[
            ("<t>_xD83D__xDD0B_</t>", "\U0001f50b"),
            ("<t>_xD83D_</t>", "_xD83D_"),
            ("<t>_x00_</t>",) * 2,
        ],
        *[
            ("<t>a_x000D_\nb</t>", "a\r\nb"),
            ("<t>a\r\nb</t>", "a\nb"),
            ("<t>\u202eabc\u200b</t>",) * 2,
        ],
    ],
)
def test_a_text_is_as_it_was_typed(tmp_path, inner, shown):
    shown = shown.removeprefix("<t>").removesuffix("</t>")
    cell = f'<c r="A2" t="inlineStr"><is>{inner}</is></c>'
    assert one_cell(tmp_path / "x.xlsx", cell) == (shown, Kind.TEXT)
    strings = f'<sst xmlns="{MAIN}"><si><t>other</t></si><si>{inner}</si></sst>'
    shared = '<c r="A2" t="s"><v>1</v></c>'
    assert one_cell(tmp_path / "x.xlsx", shared, strings=strings) == (shown, Kind.TEXT)


@pytest.mark.parametrize(
    "cell",
    [
        *['<c r="A2" s="1"/>', '<c r="A2"><v></v></c>', '<c r="A2"><v/></c>', '<c r="A2" s="1" />'],
        *[
            '<c r="A2" t="inlineStr"><is><t></t></is></c>',
            '<c r="A2" t="inlineStr"><is><t/></is></c>',
        ],
        *['<c r="A2" t="str"><v></v></c>', '<c r="A2" t="inlineStr"><is/></c>', ""],
    ],
)
def test_a_cell_without_a_value_is_empty(tmp_path, cell):
    assert one_cell(tmp_path / "x.xlsx", cell) == (None, Kind.EMPTY)


@pytest.mark.rule("W29")
@pytest.mark.law("D8")
@pytest.mark.parametrize(
    ("cell", "shown", "kind"),
    [
        ("<c r='A2'><f>1+1</f><v>2</v></c>", "2", Kind.NUMBER + FORMULA),
        ("<c r='A2' s='1'><f>TODAY()</f><v>46000</v></c>", "2025-12-09", Kind.DATE + FORMULA),
        ("<c r='A2' t='str'><f>\"a\"</f><v>a</v></c>", "a", Kind.TEXT + FORMULA),
        ("<c r='A2' t='str'><f>\"\"</f><v></v></c>", None, Kind.EMPTY + FORMULA),
        ("<c r='A2'><f t='shared' si='0'/><v>2</v></c>", "2", Kind.NUMBER + FORMULA),
        ("<c r='A2'><f>1+1</f></c>", "=1+1", Kind.UNSAID),
        ("<c r='A2'><f>A1&amp;B1</f><v/></c>", "=A1&B1", Kind.UNSAID),
        ("<c r='A2'><f>1+1</f><v></v></c>", "=1+1", Kind.UNSAID),
        ("<c r='A2' t='e'><f>1/0</f><v>#DIV/0!</v></c>", "#DIV/0!", Kind.ERROR + FORMULA),
        ("<c r='A2' t='e'><v>#SPILL!</v></c>", "#SPILL!", Kind.ERROR),
        ("<c r='A2' t='e'><v>#N/A</v></c>", "#N/A", Kind.ERROR),
        ("<c r='A2' t='b'><v>1</v></c>", "TRUE", Kind.TRUTH),
        ("<c r='A2' t='b'><v>0</v></c>", "FALSE", Kind.TRUTH),
        ("<c r='A2' t='b'><v>2</v></c>", "2", Kind.ERROR),
        ("<c r='A2' t='d'><v>2026-01-05</v></c>", "2026-01-05", Kind.DATE),
        ("<c r='A2' t='d'><v>2026-01-05T00:00:00Z</v></c>", "2026-01-05", Kind.DATE),
        ("<c r='A2' t='zz'><v>1</v></c>", "1", Kind.ERROR),
        ("<c r='A2' t='s'><v>1</v></c>", "a text", Kind.TEXT),
    ],
)
def test_every_kind_of_cell_is_told(tmp_path, cell, shown, kind):
    assert one_cell(tmp_path / "x.xlsx", cell.replace("'", '"')) == (shown, kind)


@pytest.mark.parametrize("value", ["99", "-1", "x", "4294967296"])
def test_a_text_that_is_not_there_is_damage(tmp_path, value):
    rows = header("cell") + f'<row r="2"><c r="A2" t="s"><v>{value}</v></c></row>'
    with pytest.raises(SheetError, match="'Cells' has a text that is not there"):
        read_table(raw_book(tmp_path / "x.xlsx", rows))


def test_cells_that_do_not_say_where_they_are_follow_each_other(tmp_path):
    cell = '<c t="inlineStr"><is><t>{}</t></is></c>'
    rows = [["cell", "name"], ["a", "b"], ["c", "d"]]
    body = "".join(f"<row>{''.join(map(cell.format, row))}</row>" for row in rows)
    table = read_table(raw_book(tmp_path / "x.xlsx", body))
    assert table.frame.rows() == [("a", "b"), ("c", "d")]
    assert list(table.rows) == [2, 3]


def test_tags_may_have_a_prefix(tmp_path):
    rows = header("cell") + f'<row r="2">{text("A2", "a")}</row>'
    body = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    body = (
        body.replace("<x:", "<").replace("</x:", "</").replace("<", "<x:").replace("<x:/", "</x:")
    )
    book = raw_book(tmp_path / "x.xlsx", parts={"xl/worksheets/sheet1.xml": body})
    assert read_table(book).frame.rows() == [("a",)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_sheet_may_be_written_in_either_unicode(tmp_path, encoding):
    body = f'<?xml version="1.0" encoding="{encoding[:6]}"?><worksheet><sheetData>{header("cell")}<row r="2">{text("A2", "é")}</row></sheetData></worksheet>'
    book = raw_book(tmp_path / "x.xlsx", parts={"xl/worksheets/sheet1.xml": body.encode(encoding)})
    assert read_table(book).frame.rows() == [("é",)]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (header("cell") + text("A1", "b"), "two cells at one place"),
        (header("cell") + '<row r="1048577"><c r="A1048577"><v>1</v></c></row>', "beyond the last"),
        (header("cell") + '<row r="2"><c r="XFE2"><v>1</v></c></row>', "beyond the last"),
        (header("cell") + '<row r="0"><c r="A0"><v>1</v></c></row>', "beyond the last"),
    ],
)
def test_cells_that_stand_nowhere_are_damage(tmp_path, body, what):
    with pytest.raises(SheetError, match=what):
        read_table(raw_book(tmp_path / "x.xlsx", body))


@pytest.mark.parametrize("column", [1, 26, 27, 52, 702, 703, 16_384])
def test_columns_have_letters(column):
    assert number_of(letter_of(column)) == column
    assert (letter_of(28), letter_of(16_384)) == ("AB", "XFD")


@pytest.mark.parametrize(
    "code", ["yyyy\\-mm\\-dd", "[$-409]d. mmm yy", "m/d/yyyy;@", "[h]:mm:ss", "hh:mm", "[Red]d"]
)
def test_a_format_of_dates_is_known(code):
    assert is_date_format(code)


@pytest.mark.parametrize(
    "code",
    ["General", "0.00E+00", '0.0" days"', "#,##0\\d", "@", "[Red]0.0", "0;[Yellow]-0", "0_d"],
)
def test_a_format_of_numbers_is_none_of_dates(code):
    assert not is_date_format(code)


def test_openpyxl_and_fastexcel_read_the_same(tmp_path):
    import fastexcel
    import openpyxl
    from workbook_files import write_plainly

    frame = pl.DataFrame({"cell": ["a", "é", None], "mass": [1.5, -2e-3, 7.0]})
    path = write_plainly(frame, tmp_path / "x.xlsx")
    mine = read_table(path).frame.with_columns(pl.col("mass").cast(pl.Float64))
    other = openpyxl.load_workbook(path).active
    assert mine.rows() == [tuple(c.value for c in row) for row in other.iter_rows(min_row=2)]
    assert mine.rows() == fastexcel.read_excel(path).load_sheet(0).to_polars().rows()
