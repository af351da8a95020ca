"""`cellframe report`: a page, by hand or every night, and what the process ends with."""

from __future__ import annotations

import json
import re

import openpyxl
import pytest

from cellframe.reports import building
from cellframe.reports.runs import Run
from tests.reports.fleets import age, series
from tests.reports.test_inside import running

pytest.importorskip("altair")
pytest.importorskip("vl_convert")
NIGHTLY = ("report", "LFP 18650", "-o", "r.html", "--run", "nightly")


@pytest.fixture
def aged(client, cells):
    age(client, [f"c-{n:03}" for n in range(6)])


def results(client) -> dict[str, tuple]:
    """SOH and flags of each cell, as the service has them."""
    found = {}
    for cell in client.cell_instance.list("LFP 18650"):
        own = (cell.measured_properties or {}).get("cell", {})
        found[cell.name] = ((own.get("soh") or {}).get("value"), own.get("report_flags"))
    return found


def jump(client, cell: str) -> None:
    """Give a cell a test whose capacity jumps at cycle 7."""
    capacities = [1.1 - n / 1000 for n in range(20)]
    capacities[7] = 31.0
    detail = {"measurement": {"name": "jump", "data_type": "ocp"}}
    client.cell_measurement.create(cell, {**detail, "time_series": series(capacities)})


def test_a_page_and_its_tables_are_written(here, aged, tmp_path):
    code, out, err = here("report", "LFP 18650", "-o", "r.html", "--xlsx", "r.xlsx")
    assert (code, out) == (0, "")
    assert err.splitlines() == [
        "LFP 18650: 12 cells, 6 tests, 120 cycles.",
        "r.html: 12 cells in 2 lots, 6 tests, 120 cycles. Nothing is flagged.",
        "r.xlsx has its tables.",
    ]
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "<h1>Report of LFP 18650</h1>" in page
    assert "Since the last good run" not in page
    assert "Cells" in openpyxl.load_workbook(tmp_path / "r.xlsx").sheetnames


def test_series_are_looked_into_where_that_is_asked(here, client, cells, tmp_path):
    rows = running("m", "0", cycles=4)[:, 4:]
    client.cell_measurement.create("c-001", {"measurement": {"name": "age"}, "time_series": rows})
    assert here("report", "LFP 18650", "-o", "a.html").code == 0
    assert here("report", "LFP 18650", "-o", "b.html", "--series", "--xlsx", "b.xlsx").code == 0
    assert "DC resistance" not in (tmp_path / "a.html").read_text("utf-8")
    assert "DC resistance" in (tmp_path / "b.html").read_text("utf-8")
    assert "Resistances" in openpyxl.load_workbook(tmp_path / "b.xlsx").sheetnames


def test_the_same_data_make_the_same_page(here, aged, tmp_path):
    pages = []
    for name in ("a.html", "b.html"):
        here("report", "LFP 18650", "-o", name)
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]


def test_what_is_new_is_counted_from_the_last_good_run(here, client, aged, tmp_path):
    assert here(*NIGHTLY).code == 0
    assert "Nothing is new" in (tmp_path / "r.html").read_text("utf-8")
    age(client, ["c-007"], cycles=10)
    assert here(*NIGHTLY).code == 0
    page = (tmp_path / "r.html").read_text("utf-8")
    assert "1 new." in page
    assert "c-007" in page
    assert here(*NIGHTLY).code == 0
    assert "Nothing is new" in (tmp_path / "r.html").read_text("utf-8")


def test_a_run_that_failed_tells_the_same_news_again(here, client, aged, tmp_path, monkeypatch):
    assert here(*NIGHTLY).code == 0
    age(client, ["c-007"], cycles=10)
    (tmp_path / "file").write_text("")
    for words in (("--xlsx", "file/r.xlsx"), ("--write-back", "--max-updates", "1")):
        assert here(*NIGHTLY, *words).code == 1
    with monkeypatch.context() as broken:
        broken.setattr(building.Report, "save", lambda *_: 1 / 0)
        assert here(*NIGHTLY).code != 0
    assert here(*NIGHTLY).code == 0
    assert "1 new." in (tmp_path / "r.html").read_text("utf-8")


def test_two_runs_of_a_name_do_not_overlap(here, client, aged, tmp_path):
    spec = client.cell_spec.get("LFP 18650")
    with Run("nightly", client.state_folder / "runs" / spec.id):
        code, _, err = here(*NIGHTLY)
    assert code == 6
    assert "Another process is in the run" in err
    assert not (tmp_path / "r.html").exists()
    assert here(*NIGHTLY).code == 0


def test_results_become_properties_once(here, client, aged):
    code, _, err = here(*NIGHTLY, "--write-back")
    assert code == 0
    assert "Results on cells: 12 ok." in err
    found = results(client)
    assert found["c-000"] == (pytest.approx(0.981), "none")
    assert found["c-011"] == (None, "none")
    versions = [cell.updated_at for cell in client.cell_instance.list("LFP 18650")]
    code, _, err = here(*NIGHTLY, "--write-back")
    assert code == 0
    assert "The cells have these results already." in err
    assert [cell.updated_at for cell in client.cell_instance.list("LFP 18650")] == versions


def test_what_was_written_back_is_no_news_and_the_page_is_the_same_but_for_it(here, aged, tmp_path):
    here(*NIGHTLY, "--write-back")
    here(*NIGHTLY, "--write-back")
    assert "Nothing is new" in (tmp_path / "r.html").read_text("utf-8")


def test_a_flag_is_written_to_its_cell_and_ends_with_3(here, client, aged):
    jump(client, "c-011")
    assert here(*NIGHTLY, "--write-back").code == 3
    assert results(client)["c-011"] == (pytest.approx(0.98273, abs=1e-4), "glitch")


def test_more_cells_than_are_meant_are_none(here, client, aged):
    code, _, err = here(*NIGHTLY, "--write-back", "--max-updates", "3")
    assert code == 1
    assert "12" in err
    assert set(results(client).values()) == {(None, None)}


def test_a_colleagues_result_is_a_conflict_and_stays(here, client, colleague, aged, monkeypatch):
    plan = building.Report.plan

    def meanwhile(self, own):
        colleague.cell_instance.update(
            "c-003",
            {"measured_properties": {"cell": {"soh": {"value": 0.5, "unit": "1"}}}},
        )
        return plan(self, own)

    monkeypatch.setattr(building.Report, "plan", meanwhile)
    code, _, err = here(*NIGHTLY, "--write-back")
    assert code == 4
    assert "did not end well: the next one tells the same news again" in err
    found = results(client)
    assert found.pop("c-003")[0] == 0.5
    assert set(found.values()) == {(None, None)}


def test_all_specs_have_a_page_and_an_index(here, client, aged, tmp_path):
    for name in ("a/b", "A-b", "index", "<b>&", "...", "x" * 250):
        client.cell_spec.create({"name": name})
    code, _, err = here("report", "--all", "-o", "pages")
    assert code == 0
    made = sorted(path.name for path in (tmp_path / "pages").iterdir())
    assert len(made) == 8
    assert len({name.casefold() for name in made}) == 8
    index = (tmp_path / "pages" / "index.html").read_text("utf-8")
    links = re.findall(r'href="([^"]+)"', index)
    assert len(links) == 7
    assert "&lt;b&gt;&amp;" in index
    assert "pages/index.html lists them." in err.replace("\n", "")


def test_one_spec_that_fails_does_not_keep_the_others_from_their_pages(
    here, client, aged, tmp_path, monkeypatch
):
    client.cell_spec.create({"name": "Another"})
    spec = client.cell_spec.get("Another")
    with Run("n", client.state_folder / "runs" / spec.id):
        code, _, err = here("report", "--all", "-o", "pages", "--run", "n")
    assert code == 6
    assert "Another: Another process is in the run" in err.replace("\n", " ")
    assert (tmp_path / "pages" / "LFP 18650.html").exists()
    index = (tmp_path / "pages" / "index.html").read_text("utf-8")
    assert "No report: Another process" in index


def test_every_event_is_a_line_of_json(here, aged):
    _, out, err = here(*NIGHTLY, "--write-back", "--log-json")
    events = [json.loads(line) for line in err.splitlines()]
    assert out == ""
    assert [event["event"] for event in events] == [
        *("read", "written", "written_back", "finished", "ended"),
    ]
    assert events[-1]["exit_code"] == 0
    assert events[1]["news"] == 0
    assert all(event["time"] and event["message"] for event in events)


def test_a_program_gets_one_document(here, aged):
    code, out, _ = here(*NIGHTLY, "--json")
    told = json.loads(out)
    assert (code, told["exit_code"]) == (0, 0)
    assert told["events"][0] == {
        "event": "read",
        "spec": "LFP 18650",
        "cells": 12,
        "tests": 6,
        "cycles": 120,
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("LFP 18650", "-o", "r.pdf"), "r.pdf: a report is a page, report.html."),
        (("-o", "r.html"), "A report is of one spec"),
        (("LFP 18650", "--all", "-o", "pages"), "--all is every spec"),
        (("--all", "-o", "r.html"), "writes a folder of pages"),
        (("LFP 18650", "-o", "r.html", "--xlsx", "r.csv"), "--xlsx names one workbook"),
        (("LFP 18650", "-o", "r.html", "--max-updates", "3"), "--max-updates is for --write-back"),
        (("LFP 18650", "-o", "r.html", "--reference", "best"), "--reference takes first"),
        (("*", "-o", "r.html"), "'*' is 2 specs ('LFP 18650', 'NCM')"),
    ],
)
def test_what_cannot_be_is_wrong_usage_and_nothing_is_written(
    here, client, cells, tmp_path, words, said
):
    client.cell_spec.create({"name": "NCM"})
    code, _, err = here("report", *words)
    assert code == 64
    assert said in err
    assert not list(tmp_path.glob("*.html"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--reference", "rated"), "of rated 1.1 A.h"),
        (("--reference", "3"), "of cycle 3"),
        (("--reference", "2-5"), "of cycle (2, 5)"),
    ],
)
def test_a_reference_is_chosen_and_named(here, aged, tmp_path, words, said):
    assert here("report", "LFP 18650", "-o", "r.html", *words).code == 0
    assert said in (tmp_path / "r.html").read_text("utf-8")


def test_what_the_cells_do_not_have_is_told_before_anything_is_written(
    here, client, aged, tmp_path
):
    code, _, err = here("report", "LFP 18650", "-o", "r.html", "--by", "bach")
    assert code == 1
    assert "no column 'bach' to make lots of. Did you mean 'batch'?" in err
    client.cell_instance.create(client.cell_spec.create({"name": "bare"}), {"name": "b"})
    code, _, err = here("report", "bare", "-o", "r.html", "--reference", "rated")
    assert code == 1
    assert "bare says no rated capacity" in err
    assert not (tmp_path / "r.html").exists()


def test_soh_can_be_that_of_check_ups_alone(here, client, cells, tmp_path):
    for n, (name, capacity) in enumerate(
        [("RPT 1", 1.0), ("ageing", 0.7), ("RPT 2", 0.9), ("more", 0.6)]
    ):
        detail = {
            "measurement": {
                "name": name,
                "data_type": "ocp",
                "start_time": f"2026-01-0{n + 1}T00:00:00Z",
            }
        }
        client.cell_measurement.create("c-001", {**detail, "time_series": series([capacity] * 3)})
    assert here("report", "LFP 18650", "-o", "r.html", "--write-back").code == 0
    assert results(client)["c-001"][0] == pytest.approx(0.6)
    assert (
        here("report", "LFP 18650", "-o", "r.html", "--write-back", "--check-up", "RPT*").code == 0
    )
    assert results(client)["c-001"][0] == pytest.approx(0.9)
    code, _, err = here("report", "LFP 18650", "-o", "r.html", "--check-up", "rpt")
    assert code == 1
    assert "No test is called 'rpt'. The tests here: 'RPT 1', 'RPT 2', 'ageing', 'more'." in err


def test_a_name_of_a_run_that_cannot_be_is_told_as_it_was_given(here, aged):
    code, _, err = here("report", "LFP 18650", "-o", "r.html", "--run", "../x")
    assert code == 1
    assert "A run cannot be called '../x':" in err


def test_a_service_that_is_away_ends_with_6_and_writes_nothing(typed, monkeypatch, tmp_path):
    monkeypatch.setenv("CELLFRAME_API_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("CELLFRAME_API_KEY", "k")
    code, _, err = typed("report", "LFP 18650", "-o", "r.html", "--run", "nightly")
    assert code == 6
    assert "http://127.0.0.1:9" in err
    assert not (tmp_path / "r.html").exists()
