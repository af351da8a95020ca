"""The page on sheets does what it says, from top to bottom."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import polars as pl

import cellframe as cf

PAGE = (Path(__file__).parents[2] / "docs" / "sheets.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(sh|python|text)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_every_command_works_and_says_what_the_page_says(typed, tmp_path):
    said, names = "", {"pl": pl}
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
    program, *words = shlex.split(line)
    code, out, err = typed(*words)
    assert program == "cellframe"
    assert code == (5 if "--skip-conflicts" in words else 0), f"{line}\n{out}{err}"
    return out + err
