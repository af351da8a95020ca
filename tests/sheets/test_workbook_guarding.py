"""Law X6 for workbooks, and X4: what is refused before anything of it is read."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from workbook_bombs import BOMBS, SLOW_TO_MAKE, make
from workbook_files import MAIN, header, raw_book, text

from cellframe.errors import SheetError
from cellframe.sheets.tables import read_table, read_tables

FLIPS = 300
ROWS = header("cell", "name") + f'<row r="2">{text("A2", "a")}<c r="B2"><v>1</v></c></row>'


def refused(path: Path) -> str:
    with pytest.raises(SheetError) as caught:
        read_tables(path)
    return str(caught.value)


@pytest.mark.law("X6")
@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is no workbook, whatever its name says"),
        (b"cell,mass\na,1\n", "is no workbook, whatever its name says"),
        (b"<html><table></table></html>", "is no workbook, whatever its name says"),
        (b"PK\x03\x04 and no more", "is no workbook, or is damaged"),
        (b"PK\x03\x04" * 1000, "is no workbook, or is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "is a workbook of Excel 97"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "has a password. Save a copy without one",
        ),
    ],
)
def test_what_is_no_workbook_is_said_in_one_sentence(tmp_path, content, what):
    path = tmp_path / "cells.xlsx"
    path.write_bytes(content)
    assert what in refused(path)
    assert "\n" not in refused(path)


@pytest.mark.law("X4")
@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("xl/vbaProject.bin", "has macros, which are not opened"),
        ("xl/macrosheets/sheet1.xml", "has macros, which are not opened"),
        ("mimetype", "is an OpenDocument file"),
        ("xl/workbook.bin", "is a binary workbook"),
        ("XL/Workbook.xml", "is no workbook, or is damaged"),
    ],
)
def test_what_runs_or_is_of_another_kind_is_not_opened(tmp_path, part, what):
    assert what in refused(raw_book(tmp_path / "x.xlsx", ROWS, parts={part: "x"}))


@pytest.mark.parametrize("name", ["nothing.xlsx", "folder.xlsx"])
def test_a_file_that_is_not_there_is_said(tmp_path, name):
    (tmp_path / "folder.xlsx").mkdir()
    assert "no file" in refused(tmp_path / name) or "is a folder" in refused(tmp_path / name)


@pytest.mark.law("X6")
@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize(
    "declared", ['<!DOCTYPE a SYSTEM "file:///etc/passwd">', '<!ENTITY a "b">']
)
def test_entities_are_refused(tmp_path, part, declared):
    assert "defines entities" in refused(
        raw_book(tmp_path / "x.xlsx", ROWS, parts={part: f"{declared}<a/>"})
    )


@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/styles.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize("content", [b"<open><tags>", b"\xff\xfe\x00", b"\xe9", b"<a/><b/>", b"\0"])
def test_a_part_that_is_no_xml_is_damage(tmp_path, part, content):
    assert "is no workbook, or is damaged" in refused(
        raw_book(tmp_path / "x.xlsx", ROWS, parts={part: content})
    )


@pytest.mark.law("X6")
@pytest.mark.parametrize(
    ("limit", "value", "what"),
    [
        ("guarding.MOST_BYTES", 100, "unpacks to more than"),
        ("guarding.MOST_BYTES", 1_500, "unpacks to more than"),
        ("guarding.MOST_ENTRIES", 5, "is made of more than 5 files"),
        ("cells.MOST_CELLS", 3, "cells, and is not read"),
        ("cells.MOST_CHARACTERS", 4, "million characters, and is not read"),
        ("markup.DEEPEST", 2, "is no workbook, or is damaged"),
    ],
)
def test_every_limit_holds(tmp_path, monkeypatch, limit, value, what):
    path = raw_book(tmp_path / "x.xlsx", ROWS)
    assert read_table(path).frame.height == 1
    monkeypatch.setattr(f"cellframe.sheets.workbook.{limit}", value)
    assert what in refused(path)


@pytest.mark.law("X6")
def test_what_is_read_is_counted_inflated(tmp_path, monkeypatch):
    path = raw_book(tmp_path / "x.xlsx", ROWS + " " * 10**6)
    monkeypatch.setattr("cellframe.sheets.workbook.guarding.MOST_BYTES", 500_000)
    assert path.stat().st_size < 500_000
    assert "unpacks to more than" in refused(path)


def test_two_parts_of_one_name_are_damage(tmp_path):
    same = {"XL/Worksheets/Sheet1.xml": "<worksheet><sheetData/></worksheet>"}
    assert "is damaged" in refused(raw_book(tmp_path / "x.xlsx", ROWS, parts=same))


@pytest.mark.law("X6")
def test_a_size_that_lies_inflates_no_more_than_it_says(tmp_path):
    path = raw_book(tmp_path / "x.xlsx", parts={"xl/worksheets/sheet1.xml": " " * 10**6})
    raw = path.read_bytes()
    path.write_bytes(raw.replace((10**6).to_bytes(4, "little"), (50).to_bytes(4, "little")))
    assert "is damaged" in refused(path)


@pytest.mark.law("X6")
@pytest.mark.parametrize(
    "names",
    [
        pytest.param([*BOMBS], id="all", marks=pytest.mark.nightly),
        pytest.param([name for name in BOMBS if name not in SLOW_TO_MAKE], id="most"),
    ],
)
def test_bombs_are_refused_in_little_time_and_memory(tmp_path, names):
    """All of them in one process of its own: the largest counts."""
    paths = [make(name, tmp_path) for name in names]
    child = Path(__file__).with_name("workbook_bombs.py")
    done = subprocess.run(
        [sys.executable, child, *paths], capture_output=True, text=True, check=True, timeout=60
    )
    *told, memory = done.stdout.splitlines()
    assert [line.split(": ")[0] for line in told] == [f"{name}.xlsx" for name in names]
    assert all(": refused" in line for line in told), told
    assert max(float(line.split()[-1]) for line in told) <= 2, told
    assert int(memory) <= 256 * 1024, memory


def _flipped(raw: bytes, random_: random.Random) -> bytes:
    """A workbook with one byte changed, in the file itself or in an inflated part of it."""
    if random_.random() < 0.5:
        changed = bytearray(raw)
        changed[random_.randrange(len(raw))] ^= random_.randrange(1, 256)
        return bytes(changed)
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(buffer, "w") as new:
        names = [name for name in old.namelist() if old.getinfo(name).file_size]
        chosen = random_.choice(names)
        for name in old.namelist():
            part = bytearray(old.read(name))
            if name == chosen:
                part[random_.randrange(len(part))] ^= random_.randrange(1, 256)
            new.writestr(name, bytes(part))
    return buffer.getvalue()


def flip(path: Path, count: int) -> set[str]:
    """Read a file with bytes changed; what it says must be clear each time."""
    raw, random_ = path.read_bytes(), random.Random(8)
    said: set[str] = set()
    for _ in range(count):
        path.write_bytes(_flipped(raw, random_))
        try:
            assert read_tables(path)
        except SheetError as fault:
            said.add(str(fault))
    assert not [one for one in said if "Traceback" in one or path.name not in one]
    return said


@pytest.mark.law("X4")
def test_flipped_bytes_give_a_table_or_a_clear_error(tmp_path):
    assert flip(raw_book(tmp_path / "x.xlsx", ROWS), FLIPS)


@pytest.mark.nightly
@pytest.mark.law("X4")
@pytest.mark.parametrize("part", range(4))
def test_ten_thousand_flipped_bytes_give_a_table_or_a_clear_error(tmp_path, part):
    from sheet_tools import usual
    from workbook_files import write_plainly

    path = tmp_path / f"x{part}.xlsx"
    write_plainly(usual(), path) if part % 2 else raw_book(path, ROWS)
    assert flip(path, 2500)


@pytest.mark.law("X4")
def test_links_and_what_lies_beside_are_not_followed(tmp_path, monkeypatch):
    opened: list[str] = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
    rel = '<Relationships><Relationship Id="x" Type="a/worksheet" Target="file:///etc/passwd" TargetMode="External"/><Relationship Id="s1" Type="a/worksheet" Target="../../../../etc/passwd"/></Relationships>'
    path = raw_book(tmp_path / "x.xlsx", ROWS, parts={"xl/_rels/workbook.xml.rels": rel})
    assert "is damaged" in refused(path)
    assert not [name for name in opened if "passwd" in name]
    assert MAIN
