"""Workbooks for tests: out of raw XML, and of a frame as it is written plainly."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import polars as pl
import xlsxwriter

from cellframe.sheets.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
GENERAL, DAY, TIME, TEXT, ELAPSED, CLOCK = range(6)
"""Styles of cells."""
STYLES = f"""<styleSheet xmlns="{MAIN}"><numFmts count="2">
<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="[h]:mm"/>
</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/>
<xf numFmtId="164"/><xf numFmtId="49"/><xf numFmtId="165"/><xf numFmtId="20"/></cellXfs></styleSheet>"""
STRINGS = ("cell", "a text")
"""That the cells of a raw workbook may share."""


def text(at: str, value: str) -> str:
    """A cell that holds its text itself."""
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def header(*labels: str) -> str:
    """The first row."""
    cells = (text(f"{chr(65 + place)}1", label) for place, label in enumerate(labels))
    return f'<row r="1">{"".join(cells)}</row>'


def raw_book(
    path: Path,
    rows: str = header("cell"),
    *,
    sheets: Mapping[str, str] | None = None,
    tail: str = "",
    strings: str | None = None,
    book: str = "",
    parts: Mapping[str, str | bytes] | None = None,
    level: int | None = None,
) -> Path:
    """Write a workbook: rows of its sheet *Cells*, or of several sheets, as they stand in XML."""
    sheets = sheets or {"Cells": rows}
    items = "".join(f"<si><t>{string}</t></si>" for string in STRINGS)
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="s{n}"/>' for n, name in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="s{n}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    content: dict[str, str | bytes] = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="a" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{book}<sheets>{names}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{related}</Relationships>',
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": strings or f'<sst xmlns="{MAIN}">{items}</sst>',
    }
    for n, body in enumerate(sheets.values(), 1):
        content[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>{tail}</worksheet>'
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as file:
        for name, part in {**content, **(parts or {})}.items():
            file.writestr(name, part)
    return path


def one_cell(path: Path, cell: str, **more: Any) -> tuple[str | None, int]:
    """Return what is read of one cell, and its kind: quickly and tag by tag, which must agree."""
    found = set()
    for between in ("", "\n"):
        rows = f'{header("cell", "name")}{between}<row r="2">{cell}{text("B2", "x")}</row>'
        table = read_table(raw_book(path, rows, **more))
        has = "cell" in table.frame.columns and table.kinds is not None
        found.add((table.frame["cell"][0], table.kinds["cell"][0] or 0) if has else (None, 0))
    assert len(found) == 1, found
    return found.pop()


def write_plainly(frame: pl.DataFrame, path: Path, name: str = "Cells") -> Path:
    """Write a frame as its types say, without anything around it."""
    file = xlsxwriter.Workbook(path)
    sheet = file.add_worksheet(name)
    formats = {
        pl.Date(): file.add_format({"num_format": "yyyy-mm-dd"}),
        pl.Datetime("us"): file.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    for column, values in enumerate(frame.iter_columns()):
        sheet.write_string(0, column, values.name)
        for row, value in enumerate(values, start=1):
            if value is None or value == "":
                continue
            if values.dtype == pl.String or _must_be_text(value):
                sheet.write_string(row, column, str(value))
            elif values.dtype in formats:
                sheet.write_datetime(row, column, value, formats[values.dtype])
            elif values.dtype == pl.Boolean:
                sheet.write_boolean(row, column, value)
            else:
                sheet.write_number(row, column, value)
    file.close()
    return path


def _must_be_text(value: Any) -> bool:
    """What a workbook has no number for: whole numbers that are not exact, and early days."""
    if isinstance(value, int):
        return abs(value) > 2**53
    return hasattr(value, "year") and (value.year, value.month) < (1900, 3)
