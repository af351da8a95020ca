"""A lab's files become records, are edited in pandas, polars and LibreOffice, and come back.

What is typed is in `scripts/lab_by_files.sh`.
"""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

import cellframe as cf
from tests.journeys.conftest import need
from tests.journeys.desk import files_of_a_lab

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed"),
]


@pytest.fixture
def records(desk):
    """The cells that are there after the journey, as a frame."""

    def read() -> pl.DataFrame:
        with cf.open_local(desk.folder / "lab") as client:
            return client.cell_instance.to_frame()

    return read


def reviewed(desk) -> list[tuple[str, ...]]:
    """The changes of the plan that was kept."""
    plan = json.loads((desk.folder / "plan.json").read_text())
    keys = ("name", "column", "class", "you_have")
    changes = [tuple(change[key] for key in keys) for change in plan["changes"]]
    return sorted(change for change in changes if change[1])


def edits(names: list[str], last: str) -> list[tuple[str, ...]]:
    """What the three people did, cell by cell."""
    masses = zip(names[3:6], ("38.45", "38.5", "39"), strict=True)
    lots = [(name, "batch", "change", "2026-W05-B") for name in names[10:12]]
    return sorted(
        [
            *((name, "cell.mass [g]", "change", mass) for name, mass in masses),
            *lots,
            (last, "notes", "change", "dent; +0,3 mm at the rim"),
        ]
    )


@pytest.mark.parametrize("count", [24, 84])
def test_cells_and_their_series_come_in_are_edited_by_three_and_come_back(desk, records, count):
    names = [f"c-{number:03}" for number in range(count)]
    files_of_a_lab(desk.folder / "files", names)
    code, out, err = desk.run("lab_by_files.sh")
    assert code == 0, err
    assert "Traceback" not in out + err
    assert reviewed(desk) == edits(names, names[-1])
    cells = records()
    assert cells["cell"].to_list() == names
    assert cells["cell.mass [g]"][3:6].to_list() == [38.45, 38.5, 39]
    assert cells["batch"][10:12].to_list() == ["2026-W05-B"] * 2
    assert cells["notes"].to_list() == [None] * (count - 1) + ["dent; +0,3 mm at the rim"]


def test_the_table_of_severson_keeps_its_lots_that_look_like_dates(desk, records):
    table = pl.read_csv(need("severson-lfp", "cells.csv"), infer_schema=False)
    (desk.folder / "files").mkdir()
    shutil.copy(need("severson-lfp", "cells.csv"), desk.folder / "files")
    code, out, err = desk.run("lab_by_files.sh")
    assert code == 0, err
    assert "Traceback" not in out + err
    names = table["Cell barcode"].to_list()
    assert reviewed(desk) == edits(names, max(names))
    lots = table["Batch date"].to_list()
    lots[10:12] = ["2026-W05-B"] * 2
    assert records()["batch"].to_list() == lots
