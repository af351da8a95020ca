"""Workbooks that are made to fill the memory or the day; as a program, what reading them takes."""

from __future__ import annotations

import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>cell</t></is></c></row>'
MANY = 10**6


def inflated(path: Path) -> None:
    _with(path, "xl/worksheets/sheet1.xml", b" " * 2**28)


def inflated_strings(path: Path) -> None:
    _with(path, "xl/sharedStrings.xml", b"<si><t/></si>" * (2**28 // 13))


def many_entries(path: Path) -> None:
    _with(path, "xl/worksheets/sheet1.xml", _sheet(""))
    with zipfile.ZipFile(path, "a") as file:
        for number in range(5000):
            file.writestr(f"x{number}", b"")


def one_cell_at_the_end(path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    _with(path, "xl/worksheets/sheet1.xml", _sheet(far, '<dimension ref="A1:XFD1048576"/>'))


def a_diagonal(path: Path) -> None:
    cells = (f'<row r="{n}"><c r="{_letters(n)}{n}"><v>1</v></c></row>' for n in range(2, 16_000))
    _with(path, "xl/worksheets/sheet1.xml", _sheet("".join(cells)))


def one_text_a_million_times(path: Path) -> None:
    cells = "".join(f'<c r="A{n}" t="s"><v>0</v></c>' for n in range(2, MANY // 4))
    strings = b"<sst><si><t>" + b"x" * 10**6 + b"</t></si></sst>"
    _with(path, "xl/worksheets/sheet1.xml", _sheet(cells), {"xl/sharedStrings.xml": strings})


def entities(path: Path) -> None:
    lines = ['<!ENTITY a0 "ha">'] + [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)]
    _with(path, "xl/worksheets/sheet1.xml", f"<!DOCTYPE x [{''.join(lines)}]><x>&a11;</x>".encode())


def deep(path: Path) -> None:
    _with(path, "xl/worksheets/sheet1.xml", b"<a>" * MANY + b"</a>" * MANY)


def many_columns(path: Path) -> None:
    _with(path, "xl/worksheets/sheet1.xml", _sheet("<row>" + "<c><v>1</v></c>" * MANY + "</row>"))


def many_columns_with_names(path: Path) -> None:
    cells = "".join(f'<c r="{_letters(n)}1"><v>1</v></c>' for n in range(1, MANY // 4))
    _with(path, "xl/worksheets/sheet1.xml", _sheet(cells))


def many_empty_cells(path: Path) -> None:
    _with(path, "xl/worksheets/sheet1.xml", _sheet('<c r="A2"/>' * (6 * MANY)))


def many_merged_cells(path: Path) -> None:
    body = _sheet("").replace(b"</worksheet>", b'<mergeCell ref="A2:B3"/>' * MANY + b"</worksheet>")
    _with(path, "xl/worksheets/sheet1.xml", body)


BOMBS: dict[str, Callable[[Path], None]] = {
    bomb.__name__: bomb
    for bomb in (
        *(inflated, inflated_strings, many_entries, one_cell_at_the_end, a_diagonal),
        *(one_text_a_million_times, entities, deep, many_columns, many_columns_with_names),
        *(many_empty_cells, many_merged_cells),
    )
}

SLOW_TO_MAKE = ("inflated", "inflated_strings", "many_columns_with_names", "many_empty_cells")


def make(name: str, folder: Path) -> Path:
    """Write one of them."""
    path = folder / f"{name}.xlsx"
    BOMBS[name](path)
    return path


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _sheet(rows: str, head: str = "") -> bytes:
    return f"<worksheet>{head}<sheetData>{HEADER}{rows}</sheetData></worksheet>".encode()


def _with(path: Path, part: str, content: bytes, more: dict[str, bytes] | None = None) -> None:
    from workbook_files import raw_book

    raw_book(path, parts={part: content, **(more or {})}, level=1)


def _read(path: Path) -> str:
    from cellframe.errors import SheetError
    from cellframe.sheets.tables import read_tables

    try:
        read_tables(path)
    except SheetError:
        return "refused"
    return "read"


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
    from memory import highest
    from workbook_files import raw_book

    from cellframe.sheets.workbook.reading import read_workbook

    read_workbook(raw_book(Path(sys.argv[1]).with_name("first.xlsx")))
    before = highest()
    for name in sys.argv[1:]:
        start = time.perf_counter()
        result = _read(Path(name))
        print(f"{Path(name).name}: {result} {time.perf_counter() - start:.3f}")
    print(highest() - before)
