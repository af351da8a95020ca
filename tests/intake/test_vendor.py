"""Files of vendors: read by another library where it is there, and named with the remedy where not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from polars.testing import assert_frame_equal

import cellframe as cf
from cellframe.errors import IntakeError
from cellframe.intake import propose
from tests.cycling import cycling
from tests.intake.labs import arbin
from tests.wire.peer_worker import PEERS

LIBRARY = PEERS / "vendor"
READ = """
import sys
import cellframe as cf
from cellframe.intake import propose

print(*propose(sys.argv[1]).left_out.values())
with cf.open_local(sys.argv[2]) as client:
    cf.import_cells(client, sys.argv[1], spec="s", progress=False).raise_for_failures()
"""


def workbook(path: Path, frame: pl.DataFrame) -> Path:
    """A workbook as an Arbin exports one: its head on a first sheet, its rows on a second."""
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Global_Info").write(0, 0, "Test name")
        frame.write_excel(book, "Channel_1_1")
    return path


@pytest.fixture
def incoming(tmp_path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "cells.csv").write_text("Cell\nK-1\nK-2\n")
    return folder


def read(incoming: Path, lab: Path) -> subprocess.CompletedProcess[str]:
    """Import a folder in a process that has the library."""
    if not LIBRARY.is_dir():
        pytest.skip(f"no library for vendors in {LIBRARY}; set CELLFRAME_PEERS")
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), str(LIBRARY)])
    return subprocess.run(
        [sys.executable, "-c", READ, incoming, lab],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_the_library_a_file_is_named_with_the_remedy(client, incoming):
    workbook(incoming / "K-1.xlsx", arbin())
    (incoming / "K-2.res").write_bytes(b"\0\1")
    told = propose(incoming).left_out
    assert told.keys() == {"K-1.xlsx", "K-2.res"}
    assert all('pip install "cellframe[vendor]"' in why for why in told.values())
    (incoming / "cells.csv").unlink()
    with pytest.raises(IntakeError, match=r"K-2.res: a cycler's own file: save it as CSV UTF-8"):
        cf.import_cells(client, incoming, spec="s", progress=False)


@pytest.mark.parametrize("turned", [1, -1], ids=["as an Arbin", "the other sign"])
def test_a_workbook_of_a_cycler_becomes_a_test_with_the_sign_of_the_voltage(
    tmp_path, incoming, turned
):
    exported = arbin(4).with_columns(
        pl.col("Current(A)") * turned, pl.lit("2026-01-05 10:00:00").alias("Date_Time")
    )
    workbook(incoming / "K-1.xlsx", exported)
    ran = read(incoming, tmp_path / "lab")
    assert ran.returncode == 0, ran.stderr
    with cf.open_local(tmp_path / "lab") as client:
        (test,) = client.cell_measurement.list()
        found = client.cell_measurement.time_series(test)
    wanted = cycling(4)
    assert_frame_equal(found.select(wanted.columns), wanted, check_dtypes=False)


def test_what_the_library_cannot_read_is_one_sentence(tmp_path, incoming):
    (incoming / "K-1.xlsx").write_bytes(b"PK\3\4 no workbook")
    with xlsxwriter.Workbook(str(incoming / "K-2.xlsx")) as book:
        book.add_worksheet("Notes").write(0, 0, "weighed on Monday")
    ran = read(incoming, tmp_path / "lab")
    assert "Traceback" not in ran.stderr
    said = ran.stdout + ran.stderr
    assert said.count("of no cycler that ionworksdata knows: save it as CSV UTF-8") == 2
