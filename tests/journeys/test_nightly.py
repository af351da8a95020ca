"""A nightly script, with nobody there: how it ends is all that anybody sees.

What runs is `scripts/nightly.sh`, under `set -e`. 3 is for `check`, which does not exist yet. Codes
that one command ends with are proved, quicker, in `tests/cli`: here they are `nightly`.
"""

from __future__ import annotations

import shutil

import polars as pl
import pytest

import cellframe as cf
from tests.intake.labs import write
from tests.journeys.desk import SCRIPTS, files_of_a_lab

pytestmark = pytest.mark.timeout(180)
NAMES = [f"c-{number:03}" for number in range(4)]
CAPACITY = "cell.capacity [A.h]"
COLLEAGUE = """
import cellframe as cf

with cf.open_local("lab") as client:
    properties = {"cell": {"capacity": {"value": 0.5, "unit": "A.h"}}}
    client.cell_instance.update("c-001", {"measured_properties": properties})
"""


@pytest.fixture
def night(desk):
    """A desk with a lab's files, a profile for its records, and a report that is made of them."""
    files_of_a_lab(desk.folder / "incoming", NAMES)
    shutil.copy(SCRIPTS / "report.py", desk.folder)
    assert desk.type("cellframe config add bench --data lab --default").code == 0
    return desk


def capacities(desk) -> dict[str, float]:
    with cf.open_local(desk.folder / "lab") as client:
        cells = client.cell_instance.to_frame(columns=[CAPACITY])
    return dict(cells.select("cell", CAPACITY).iter_rows())


@pytest.mark.nightly
def test_0_all_is_done_and_the_night_after_there_is_nothing_to_do(night):
    code, out, err = night.run("nightly.sh")
    assert code == 0, err
    assert capacities(night) == dict.fromkeys(NAMES, 1.1)
    assert pl.read_parquet(night.folder / "cycles.parquet").height == 8
    code, out, err = night.run("nightly.sh")
    assert code == 0, err
    assert "No changes: the file has no edits to send." in out


def test_1_bad_input_is_said_and_nothing_is_written(night):
    shutil.rmtree(night.folder / "incoming")
    write(night.folder / "incoming" / "scan.csv", "%PDF-1.7\0\1\0")
    code, _, err = night.run("nightly.sh")
    assert code == 1
    assert "Error: Nothing in incoming is a table of cells or a time series." in err
    assert not (night.folder / "cells.parquet").exists()


@pytest.mark.nightly
def test_1_more_changes_than_the_limits_allow_wait_for_a_person(night):
    names = [f"c-{number:03}" for number in range(10)]
    files_of_a_lab(night.folder / "incoming", names, cycles=1)
    code, _, err = night.run("nightly.sh")
    assert code == 1
    assert "10 of the 10 rows you read would be updated" in err
    assert set(capacities(night).values()) == {None}
    assert night.run("nightly.sh", "--max-updates", "10").code == 0


@pytest.mark.nightly
def test_2_there_are_changes_where_that_was_asked(night):
    code, out, err = night.run("nightly.sh", "--dry-run")
    assert code == 2, err
    assert "4 to update" in out
    assert set(capacities(night).values()) == {None}


@pytest.mark.nightly
def test_4_somebody_was_faster_and_nothing_is_written(night):
    with (night.folder / "report.py").open("a") as report:
        report.write(COLLEAGUE)
    code, _, err = night.run("nightly.sh")
    assert code == 4, err
    assert "1 row is in conflict with the service." in err
    assert capacities(night) == {**dict.fromkeys(NAMES), "c-001": 0.5}


@pytest.mark.nightly
def test_5_a_part_is_done_and_the_rest_is_named(night):
    with (night.folder / "report.py").open("a") as report:
        report.write(COLLEAGUE)
    code, out, err = night.run("nightly.sh", "--skip-conflicts")
    assert code == 5, err
    assert "History: " in out
    assert "results.left-over.csv: 1 row." in err
    assert capacities(night) == {**dict.fromkeys(NAMES, 1.1), "c-001": 0.5}


@pytest.mark.nightly
def test_5_a_broken_file_keeps_the_others_in_and_stops_the_night(night):
    write(night.folder / "incoming" / "cycling" / "c-002.csv", "\0\0\0")
    code, _, err = night.run("nightly.sh")
    assert code == 5, err
    assert "c-002.csv" in err
    with cf.open_local(night.folder / "lab") as client:
        assert client.cell_measurement.to_frame().height == 3


def test_6_the_service_is_away_and_nothing_was_written(night):
    away = {"CELLFRAME_API_URL": "http://127.0.0.1:9", "CELLFRAME_API_KEY": "k"}
    code, _, err = night.run("nightly.sh", **away)
    assert code == 6
    assert "http://127.0.0.1:9" in err
    assert not (night.folder / "cells.parquet").exists()


@pytest.mark.nightly
def test_64_an_option_that_there_is_not_is_wrong_usage(night):
    code, _, err = night.run("nightly.sh", "--skip-conflict")
    assert code == 64
    assert "No such option: --skip-conflict" in err
    assert "--skip-conflicts" in err
