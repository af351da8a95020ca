"""The page on sheets does what it says, from top to bottom."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import openpyxl

import cellframe as cf

PAGE = (Path(__file__).parents[2] / "docs" / "sheets.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|python|text)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


EDITS = {
    "cellframe plan cells.xlsx -o plan.json": (
        "cells.xlsx",
        "Cell mass [g]",
        {"sim-001": 38.99, "sim-002": 39.02},
    ),
    "cellframe push cells.xlsx --yes --skip-conflicts": (
        "cells.xlsx",
        "Batch",
        dict.fromkeys(["sim-004", "sim-005"], "2026-W05-B"),
    ),
    "cellframe push cells.left-over.xlsx --yes": (
        "cells.left-over.xlsx",
        "_choice",
        {"sim-004": "keep mine"},
    ),
}
"""What the page says that was done in the spreadsheet, before a line is typed."""


def edit(path: str, heading: str, values: dict[str, object]) -> None:
    book = openpyxl.load_workbook(path)
    headings = [cell.value for cell in book["Cells"][1]]
    for row in book["Cells"].iter_rows(min_row=2):
        name = row[headings.index("Cell")].value
        if name in values:
            row[headings.index(heading)].value = values[name]
    book.save(path)


def test_every_command_works_and_says_what_the_page_says(typed, tmp_path):
    said, names = "", {}
    for language, block in BLOCKS:
        if language == "text":
            assert block.strip() in said
        elif language == "python":
            exec(block, names)
        else:
            said = "".join(typed_out(typed, line) for line in block.splitlines())
    with cf.open_local(tmp_path / "lab") as client:
        cells = client.cell_instance.to_frame()
    assert cells.height == 32
    assert dict(cells.select("cell", "batch").iter_rows())["sim-004"] == "2026-W05-B"


def typed_out(typed, line: str) -> str:
    """What one line of the page says; one cell in conflict is left behind on purpose."""
    if line in EDITS:
        edit(*EDITS[line])
    program, *words = shlex.split(line)
    code, out, err = typed(*words)
    assert program == "cellframe"
    assert code == (5 if "--skip-conflicts" in words else 0), f"{line}\n{out}{err}"
    return out + err
