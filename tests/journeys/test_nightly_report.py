"""A night with nobody there: import, check, report, write back. How it ends is all that anybody sees.

What runs is `scripts/report_nightly.sh`. Of the codes that one command ends with, `tests/cli` has more.
"""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

import cellframe as cf
from tests.intake.labs import arbin
from tests.journeys.desk import files_of_a_lab

pytest.importorskip("altair")
pytest.importorskip("vl_convert")
pytestmark = pytest.mark.timeout(180)
NAMES = [f"c-{number:03}" for number in range(4)]
RULES = '''
def tests_have_names(tests):
    """A test has a name."""
    return tests.filter(tests["test"].is_null())
'''
COLLEAGUE = """
import random
import cellframe as cf

def cells_colleague(cells):
    if "c-001" not in cells["cell"]:
        return
    with cf.open_local("lab") as client:
        properties = client.cell_instance.get("c-001").measured_properties
        properties["cell"]["soh"] = {"value": random.uniform(0.4, 0.5), "unit": "1"}
        client.cell_instance.update("c-001", {"measured_properties": properties})
"""
"""Somebody who writes whenever they are asked: between what a report reads and what it writes back, too."""


@pytest.fixture
def night(desk):
    """A desk with a lab's files, a profile for its records, and rules."""
    files_of_a_lab(desk.folder / "incoming", NAMES, cycles=8)
    (desk.folder / "rules.py").write_text(RULES)
    assert desk.type("cellframe config add bench --data lab --default").code == 0
    return desk


def results(desk) -> dict[str, tuple]:
    with cf.open_local(desk.folder / "lab") as client:
        cells = client.cell_instance.to_frame()
    for label in ("cell.soh [1]", "cell.report_flags"):
        if label not in cells.columns:
            cells = cells.with_columns(pl.lit(None).alias(label))
    return {
        row[0]: row[1:] for row in cells.select("cell", "cell.soh [1]", "cell.report_flags").rows()
    }


def events(desk) -> list[dict]:
    return [json.loads(line) for line in (desk.folder / "night.log").read_text().splitlines()]


def pages(desk) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in (desk.folder / "pages").glob("*.html")}


def test_a_good_day_and_the_day_after(night):
    code, _, err = night.run("report_nightly.sh")
    assert code == 0, err
    assert results(night) == dict.fromkeys(NAMES, (1.0, "none"))
    made = pages(night)
    assert len(made) == 2
    assert any("Since the last good run" in page for page in made.values())
    assert pl.read_csv(night.folder / "findings.csv").height == 0
    files_of_a_lab(night.folder / "incoming", [*NAMES, "c-004"], cycles=8)
    code, _, err = night.run("report_nightly.sh")
    assert code == 0, err
    assert results(night).keys() == {*NAMES, "c-004"}
    told = [event for event in events(night) if event["event"] == "written"][-1]
    assert told["news"] == 1


def test_a_flagged_day(night):
    jump = arbin(8).with_columns(
        pl.when(pl.col("Cycle_Index") == 5, pl.col("Current(A)") < 0)
        .then(pl.col("Current(A)") * 9)
        .otherwise("Current(A)")
        .alias("Current(A)")
    )
    jump.write_csv(night.folder / "incoming" / "cycling" / "c-002.csv")
    code, _, err = night.run("report_nightly.sh")
    assert code == 3, err
    assert "glitch" in results(night)["c-002"][1]
    found = pl.read_csv(night.folder / "findings.csv").filter(pl.col("Severity") == "flag")
    assert set(found["cell"]) == {"c-002"}
    assert events(night)[-1]["exit_code"] == 3


def test_a_conflicting_day_and_its_news_the_day_after(night):
    night.run("report_nightly.sh")
    files_of_a_lab(night.folder / "incoming", [*NAMES, "c-004"], cycles=8)
    (night.folder / "rules.py").write_text(COLLEAGUE)
    before = results(night)
    code, _, err = night.run("report_nightly.sh")
    assert code == 4, err
    found = results(night)
    assert 0.4 < found["c-001"][0] < 0.5
    assert found["c-004"] == (None, None)
    assert {name: found[name] for name in ("c-000", "c-002")} == {
        name: before[name] for name in ("c-000", "c-002")
    }
    (night.folder / "rules.py").write_text(RULES)
    assert night.run("report_nightly.sh").code == 0
    told = [event for event in events(night) if event["event"] == "written"][-1]
    assert told["news"] == 1


def test_an_unreachable_day(night):
    away = {"CELLFRAME_API_URL": "http://127.0.0.1:9", "CELLFRAME_API_KEY": "k"}
    code, _, err = night.run("report_nightly.sh", **away)
    assert code == 6
    assert "http://127.0.0.1:9" in err
    assert not (night.folder / "pages").exists()
    code = night.type("cellframe report --all -o pages --run nightly", **away).code
    assert code == 6
    assert not (night.folder / "pages" / "index.html").exists()


@pytest.mark.nightly
def test_a_night_that_is_interrupted_keeps_the_news_for_the_next_night(night):
    assert night.run("report_nightly.sh").code == 0
    shutil.copy(night.folder / "rules.py", night.folder / "kept.py")
    (night.folder / "rules.py").write_text(
        "import sys\nfrom cellframe.errors import TransportError\n"
        "def cells_gone(cells):\n    raise KeyboardInterrupt\n"
    )
    files_of_a_lab(night.folder / "incoming", [*NAMES, "c-004"], cycles=8)
    assert night.run("report_nightly.sh").code == 130
    shutil.copy(night.folder / "kept.py", night.folder / "rules.py")
    assert night.run("report_nightly.sh").code == 0
    told = [event for event in events(night) if event["event"] == "written"][-1]
    assert told["news"] == 1
