"""LibreOffice itself, without its windows: what it makes of a sheet is no edit, and runs nothing."""

from __future__ import annotations

import csv
import shutil
import subprocess
from datetime import date

import pytest
from sheet_tools import DAY, MASS, at, back, frame_of

from cellframe.sheets.writing import write_table
from tests.writeback.oracle import NUMBERS, TEXTS

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = pytest.mark.skipif(OFFICE is None, reason="LibreOffice is not installed")

NASTY = [*TEXTS, "7.0", "1.50", "1E5", "12345678901234567", "FALSE", "5/12/17", "12.05.2017"]
NASTY += ["2017-05-12", "0.30000000000000004", "'tis", "=HYPERLINK(1)", "@SUM(1)", " =1+1", "10%"]
ENGLISH = "--infilter=CSV:44,34,76,1,,1033,false,true"
"""Dates and truths are looked for in English, which an American's LibreOffice does."""
LOST = {"1/2": "01/02/2026", "Mar-1": "03/01/2026", "12:30": "12:30:00 PM"}


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    """LibreOffice's own folder; making it takes longer than all the rest."""
    return tmp_path_factory.mktemp("office").as_uri()


def resave(path, profile, *options: str) -> None:
    """Open a sheet and save it again, in place."""
    folder = path.parent / "saved"
    command = [OFFICE, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "csv"]
    command += [*options, "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    (folder / path.name).replace(path)


def nasty():
    """The pool in one frame: numbers, dates and times beside each text."""
    height = len(NASTY)
    numbers = [*NUMBERS, 1 / 3, 1234567.891234567, 41.234, 1e-7, None]
    moment = at("2025-11-03T14:30:09.123456")
    return frame_of(
        notes=[text or None for text in NASTY],
        mass=[numbers[row % len(numbers)] for row in range(height)],
        day=[date(2026, 1 + row % 12, 5) if row % 3 else None for row in range(height)],
        time=[moment.replace(second=row % 60) if row % 2 else None for row in range(height)],
        count=[row - 20 if row % 5 else None for row in range(height)],
    )


@pytest.mark.law("D4")
@pytest.mark.law("X5")
@pytest.mark.parametrize("options", [(), (ENGLISH,)], ids=["as it is", "English"])
def test_a_sheet_that_it_saved_again_has_no_edits(tmp_path, profile, options):
    path = tmp_path / "cells.csv"
    write_table(nasty(), path)
    resave(path, profile, *options)
    found = back(path, nasty())
    assert (found.edits(), found.refused) == (set(), set())


@pytest.mark.nightly
@pytest.mark.law("D5")
def test_what_it_loses_is_refused_and_an_edit_beside_it_kept(tmp_path, profile):
    frame = frame_of(notes=[*LOST, "x"], mass=[41.0, 41.5, 42.0, 43.0])
    path = tmp_path / "cells.csv"
    write_table(frame, path)
    path.write_text(path.read_text().replace("43", "43.5"))
    resave(path, profile, ENGLISH)
    found = back(path, frame)
    assert found.refused == {(row, "notes") for row in range(len(LOST))}
    assert found.edits() - found.refused == {(3, MASS)}


@pytest.mark.nightly
@pytest.mark.law("X5")
def test_a_file_as_it_writes_it_has_no_values_of_formulas(tmp_path, profile):
    path = tmp_path / "cells.csv"
    payloads = ["=1+1", "+1+1", "-1+1", "@SUM(1;1)", "\t=1+1", "\r=1+1", "\n=1+1", "=A1"]
    write_table(frame_of(notes=payloads), path)
    resave(path, profile)
    with path.open(newline="", encoding="utf-8-sig") as file:
        notes = [row["notes"] for row in csv.DictReader(file)]
    assert notes == ["'" + text.replace("\r", "\n") for text in payloads]


def test_the_frame_has_dates_and_times():
    assert nasty()[DAY].null_count() < len(NASTY)
