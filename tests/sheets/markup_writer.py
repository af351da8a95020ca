"""Workbooks as other programs write them: the same values, in the markup of each."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Rows = "Sequence[Sequence[Any]]"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ESCAPED = re.compile("[\0-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
"""What XML cannot hold, and what would be taken for an escape."""
DAY, TIME = 1, 2
"""Styles of dates and of times."""
_STYLES = (
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="1"><font><sz val="10"/><name val="Arial"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="lightGray"/></fill></fills>'
    "<borders count='1'><border/></borders><cellStyleXfs count='1'><xf/></cellStyleXfs>"
    '<cellXfs count="3"><xf/><xf numFmtId="164" applyNumberFormat="1"/>'
    '<xf numFmtId="165" applyNumberFormat="1"/></cellXfs>'
)


@dataclass(frozen=True)
class Habits:
    """How a program writes.

    Attributes
    ----------
    inline : bool
        Texts stand in their cells, and not in a list of their own.
    floats : bool
        Whole numbers have a point: 7.0.
    strict : bool
        The strict form of the standard: other namespaces, and dates as text of ISO 8601.
    prefix : str
        Of every element.
    addresses : bool
        Cells say where they are.
    """

    inline: bool = False
    floats: bool = False
    strict: bool = False
    prefix: str = ""
    addresses: bool = True


def write(
    path: Path, sheets: Mapping[str, Rows], habits: Habits, states: Mapping[str, str] | None = None
) -> None:
    """Write a workbook of these sheets; `states` are those of sheets that are not visible."""
    strings: dict[str, int] = {}
    pages = [_sheet(rows, habits, strings) for rows in sheets.values()]
    count = len(pages)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("[Content_Types].xml", _types(count))
        file.writestr(
            "_rels/.rels", _relations({"rId1": ("officeDocument", "xl/workbook.xml")}, habits)
        )
        below = {
            f"rId{at + 1}": ("worksheet", f"worksheets/sheet{at + 1}.xml") for at in range(count)
        }
        below |= {"rIdS": ("styles", "styles.xml"), "rIdT": ("sharedStrings", "sharedStrings.xml")}
        file.writestr("xl/_rels/workbook.xml.rels", _relations(below, habits))
        file.writestr("xl/workbook.xml", _book(list(sheets), states or {}, habits))
        file.writestr("xl/styles.xml", _element("styleSheet", _STYLES, habits, plain=True))
        for at, page in enumerate(pages):
            file.writestr(f"xl/worksheets/sheet{at + 1}.xml", page)
        items = "".join(
            f"<{_p(habits)}si>{_text(text, habits)}</{_p(habits)}si>" for text in strings
        )
        file.writestr("xl/sharedStrings.xml", _element("sst", items, habits))


def _p(habits: Habits) -> str:
    return f"{habits.prefix}:" if habits.prefix else ""


def _element(name: str, inside: str, habits: Habits, *, plain: bool = False) -> str:
    space = STRICT_MAIN if habits.strict else MAIN
    office = STRICT_OFFICE if habits.strict else OFFICE
    prefix = "" if plain else habits.prefix
    own = f"xmlns:{prefix}" if prefix else "xmlns"
    tag = f"{prefix}:{name}" if prefix else name
    strict = ' conformance="strict"' if habits.strict and name == "workbook" else ""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return f'{head}<{tag} {own}="{space}" xmlns:r="{office}"{strict}>{inside}</{tag}>'


def _types(count: int) -> str:
    kinds = {"/xl/workbook.xml": "sheet.main", "/xl/styles.xml": "styles"}
    kinds["/xl/sharedStrings.xml"] = "sharedStrings"
    kinds |= {f"/xl/worksheets/sheet{at + 1}.xml": "worksheet" for at in range(count)}
    parts = "".join(
        f'<Override PartName="{part}" ContentType="{_KIND}.{kind}+xml"/>'
        for part, kind in kinds.items()
    )
    rels = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    return f'<?xml version="1.0"?><Types xmlns="{PACKAGE}/content-types">{rels}<Default Extension="xml" ContentType="application/xml"/>{parts}</Types>'


def _relations(found: Mapping[str, tuple[str, str]], habits: Habits) -> str:
    kind = STRICT_OFFICE if habits.strict else OFFICE
    parts = "".join(
        f'<Relationship Id="{key}" Type="{kind}/{what}" Target="{target}"/>'
        for key, (what, target) in found.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">{parts}</Relationships>'


def _book(names: Sequence[str], states: Mapping[str, str], habits: Habits) -> str:
    p = _p(habits)
    sheets = "".join(
        f'<{p}sheet name={quoteattr(name)} sheetId="{at + 1}"'
        f'{f" state={quoteattr(states[name])}" if name in states else ""} r:id="rId{at + 1}"/>'
        for at, name in enumerate(names)
    )
    return _element("workbook", f"<{p}sheets>{sheets}</{p}sheets>", habits)


def _sheet(rows: Rows, habits: Habits, strings: dict[str, int]) -> str:
    p = _p(habits)
    lines = []
    for at, row in enumerate(rows, 1):
        cells = "".join(
            _cell(value, f"{get_column_letter(column)}{at}", habits, strings)
            for column, value in enumerate(row, 1)
            if value is not None or not habits.addresses
        )
        where = f' r="{at}"' if habits.addresses else ""
        lines.append(f"<{p}row{where}>{cells}</{p}row>")
    return _element("worksheet", f"<{p}sheetData>{''.join(lines)}</{p}sheetData>", habits)


def _cell(value: Any, address: str, habits: Habits, strings: dict[str, int]) -> str:
    p = _p(habits)
    where = f' r="{address}"' if habits.addresses else ""
    if value is None:
        return f"<{p}c{where}/>"
    if isinstance(value, str):
        if habits.inline:
            return f'<{p}c{where} t="inlineStr"><{p}is>{_text(value, habits)}</{p}is></{p}c>'
        number = strings.setdefault(value, len(strings))
        return f'<{p}c{where} t="s"><{p}v>{number}</{p}v></{p}c>'
    if isinstance(value, bool):
        return f'<{p}c{where} t="b"><{p}v>{int(value)}</{p}v></{p}c>'
    if isinstance(value, date):
        style = TIME if isinstance(value, datetime) and value.time() != datetime.min.time() else DAY
        if habits.strict:
            return f'<{p}c{where} s="{style}" t="d"><{p}v>{value.isoformat()}</{p}v></{p}c>'
        value, style = to_excel(value), f' s="{style}"'
    else:
        style = ""
    number = repr(float(value)) if habits.floats else repr(value).removesuffix(".0")
    return f"<{p}c{where}{style}><{p}v>{number}</{p}v></{p}c>"


def _text(text: str, habits: Habits) -> str:
    p = _p(habits)
    held = _ESCAPED.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    return f'<{p}t xml:space="preserve">{escape(held)}</{p}t>'
