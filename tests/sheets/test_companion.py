"""What lies beside a sheet, and what is made of it when it is damaged."""

from __future__ import annotations

import gzip
import os
import stat
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.sheets import companion
from cellframe.sheets.companion import Companion, load, load_or_tell, path_of, save

MADE = Companion(
    kind="cell_instance",
    service="srv-1",
    origin="https://lab",
    labels=("instance_id", "cell"),
    digest="00",
    client="1.0",
    records=({"id": "i-1", "name": "c-1", "mass": 41.2, "n": None},),
    parents={"s-1": "spec"},
)


@pytest.fixture
def sheet(tmp_path):
    """A sheet with a companion."""
    path = tmp_path / "cells.csv"
    save(path, MADE)
    return path


def packed(stored: dict) -> bytes:
    body = orjson.dumps(stored)
    return gzip.compress(companion._digest(body) + b"\n" + body)


def test_it_lies_beside_its_sheet_and_says_what_was_read(sheet):
    assert path_of(sheet).name == "cells.csv.cellframe"
    found = load(sheet)
    assert found is not None
    assert replace(found, records=tuple(found.records)) == MADE


def test_the_same_content_is_the_same_bytes(sheet, tmp_path):
    save(tmp_path / "other.csv", MADE)
    assert path_of(sheet).read_bytes() == path_of(tmp_path / "other.csv").read_bytes()


def test_a_sheet_without_one_is_no_fault(tmp_path):
    assert load_or_tell(tmp_path / "cells.csv") == (None, None)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_it_is_readable_as_the_sheet_is(sheet):
    assert stat.S_IMODE(path_of(sheet).stat().st_mode) & 0o200
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path_of(sheet).stat().st_mode) == 0o666 & ~mask


@given(st.data())
def test_a_damaged_one_is_told_and_left_aside(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("sheet") / "cells.csv"
    save(path, MADE)
    raw = path_of(path).read_bytes()
    place = data.draw(st.integers(0, len(raw) - 1))
    cut = data.draw(st.booleans())
    flipped = raw[:place] + bytes([raw[place] ^ data.draw(st.integers(1, 255))]) + raw[place + 1 :]
    path_of(path).write_bytes(raw[:place] if cut else flipped)
    found, notice = load_or_tell(path)
    header = (
        not cut and found is not None
    )  # A byte of gzip's own header, such as its flag of the system.
    assert found == replace(MADE, records=list(MADE.records)) if header else "left aside" in notice


@pytest.mark.parametrize(
    "change",
    [
        {"kind": 7},
        {"labels": 7},
        {"labels": [7]},
        {"records": 7},
        {"records": [7]},
        {"records": [{"name": "no id"}]},
        {"records": [{"id": 7}]},
        {"parents": []},
        {"parents": {"a": 1}},
        {"units": {"a": 1}},
        {"more": 1},
    ],
)
def test_a_foreign_one_is_told_and_left_aside(sheet, change):
    stored = orjson.loads(gzip.decompress(path_of(sheet).read_bytes()).partition(b"\n")[2])
    path_of(sheet).write_bytes(packed({**stored, **change}))
    found, notice = load_or_tell(sheet)
    assert found is None
    assert "cells.csv.cellframe is damaged or of another version" in notice


def test_an_altered_one_is_left_aside(sheet):
    content = gzip.decompress(path_of(sheet).read_bytes())
    path_of(sheet).write_bytes(gzip.compress(content.replace(b"41.2", b"41.3")))
    assert load(sheet) is None


@pytest.mark.parametrize(
    "raw", [b"", b"text", gzip.compress(b"[]", mtime=0), gzip.compress(b"x\n{}", mtime=0)]
)
def test_something_else_of_that_name_is_told(sheet, raw):
    path_of(sheet).write_bytes(raw)
    assert load(sheet) is None
    assert load_or_tell(sheet)[1]


def test_a_folder_of_that_name_is_told(tmp_path):
    path_of(tmp_path / "cells.csv").mkdir()
    assert load_or_tell(tmp_path / "cells.csv")[1]


@pytest.mark.law("X6")
def test_a_bomb_is_not_unpacked(sheet, monkeypatch):
    monkeypatch.setattr(companion, "_MOST_BYTES", 1000)
    stored = orjson.loads(gzip.decompress(path_of(sheet).read_bytes()).partition(b"\n")[2])
    path_of(sheet).write_bytes(packed({**stored, "client": "x" * 10_000}))
    assert load(sheet) is None


def test_records_that_are_too_many_are_left_out(sheet, monkeypatch):
    monkeypatch.setattr(companion, "_MOST_BYTES", 1000)
    save(sheet, replace(MADE, records=[{"id": f"i-{n}"} for n in range(1000)]))
    found = load(sheet)
    assert found is not None
    assert list(found.records) == []
