"""`cellframe check`: what is named, and what the process ends with."""

from __future__ import annotations

import csv
import json

import openpyxl
import polars as pl
import pytest

from tests.cycling import cycling
from tests.reports.fleets import age, series

RULE = '[[rule]]\nname = "light"\ncolumn = "cell.mass [g]"\nmax = 41.95\n'


@pytest.fixture
def aged(client, cells):
    age(client, [f"c-{n:03}" for n in range(6)])


@pytest.fixture
def glitch(client, cells):
    """A cell whose capacity jumps at cycle 7."""
    capacities = [1.1 - n / 1000 for n in range(20)]
    capacities[7] = 31.0
    detail = {"measurement": {"name": "jump", "data_type": "ocp"}}
    client.cell_measurement.create("c-011", {**detail, "time_series": series(capacities)})


def test_a_good_fleet_ends_with_0(here, aged):
    assert here("check", "LFP 18650") == (0, "", "0 flags, 0 notes.\n")


def test_a_glitch_ends_with_3_and_is_named(here, aged, glitch):
    code, out, err = here("check", "LFP 18650")
    assert code == 3
    assert out.startswith("flag: c-011, jump, cycle 7: glitch: 31.0 A.h is a glitch: ")
    assert err == "1 flag on 1 cell, 0 notes.\n"
    code, out, err = here("check", "LFP 18650", "--no-quality")
    assert (code, out) == (0, "")


def test_series_are_looked_into_where_that_is_asked(here, client, cells):
    rows = cycling(3, 20).with_columns(
        pl.when(pl.col("Step count") > 2)
        .then(pl.col("Time [s]") + 90_000)
        .otherwise("Time [s]")
        .alias("Time [s]")
    )
    client.cell_measurement.create("c-001", {"measurement": {"name": "gap"}, "time_series": rows})
    assert here("check", "LFP 18650").code == 0
    code, out, _ = here("check", "LFP 18650", "--series")
    assert code == 3
    assert "flag: c-001, gap, cycle 1: gap: no sample for 25 h" in out


def test_rules_of_ones_own_are_put_to_the_cells(here, aged, tmp_path):
    (tmp_path / "r.toml").write_text(RULE)
    code, out, _ = here("check", "LFP 18650", "--rules", "r.toml")
    assert code == 3
    assert out.splitlines() == [
        "flag: c-010: light: cell.mass [g] 42.0 is above 41.95",
        "flag: c-011: light: cell.mass [g] 42.1 is above 41.95",
    ]
    (tmp_path / "r.toml").write_text(RULE + 'severity = "note"\n')
    assert here("check", "LFP 18650", "--rules", "r.toml").code == 0


def test_findings_become_files_of_each_kind(here, glitch, tmp_path):
    for kind in ("csv", "json", "xlsx", "parquet"):
        assert here("check", "LFP 18650", "-o", f"f.{kind}").code == 3
    text = (tmp_path / "f.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert (rows[0]["cell"], rows[0]["Cycle count"], rows[0]["spec"]) == ("c-011", "7", "LFP 18650")
    assert json.loads((tmp_path / "f.json").read_text())[0]["Value"] == 31.0
    assert pl.read_parquet(tmp_path / "f.parquet")["Check"].to_list() == ["glitch"]
    sheet = openpyxl.load_workbook(tmp_path / "f.xlsx")["Findings"]
    assert [cell.value for cell in sheet[1]][:2] == ["spec", "instance_id"]
    assert sheet.max_row == 2


def test_a_text_in_a_csv_is_no_formula_to_a_spreadsheet(here, client, glitch, tmp_path):
    client.cell_instance.update("c-011", {"name": "=1+1"})
    assert here("check", "LFP 18650", "-o", "f.csv").code == 3
    text = (tmp_path / "f.csv").read_text("utf-8-sig")
    (row,) = csv.DictReader(text.splitlines())
    assert row["cell"] == "'=1+1"


def test_a_program_gets_one_document(here, glitch):
    code, out, _ = here("check", "LFP 18650", "--json")
    told = json.loads(out)
    assert (code, told["exit_code"], told["flags"], told["notes"]) == (3, 3, 1, 0)
    assert told["findings"][0]["Cycle count"] == 7


def test_several_specs_and_patterns(here, client, glitch):
    client.cell_spec.create({"name": "NCM 21700"})
    assert here("check", "LFP*", "NCM 21700").code == 3
    assert here("check", "NCM*").code == 0
    code, _, err = here("check", "LPF 18650")
    assert code == 1
    assert "LFP 18650" in err


def test_rules_are_read_before_anything_else_and_told_whole(here, cells, tmp_path):
    (tmp_path / "r.toml").write_text('[[rule]]\ncolum = "x"\n[[rule]]\ncolumn = "x"\nmin = "1"\n')
    code, out, err = here("check", "LFP 18650", "--rules", "r.toml")
    assert (code, out) == (1, "")
    assert "[[rule]] 1: 'colum' is no key of a rule; did you mean 'column'?" in err
    assert "[[rule]] 2: min = '1' is no number" in err
    assert "Traceback" not in err


def test_a_rule_of_a_column_that_is_not_there_names_the_nearest(here, cells, tmp_path):
    (tmp_path / "r.toml").write_text('[[rule]]\ncolumn = "cell.mas [g]"\nmin = 1\n')
    code, _, err = here("check", "LFP 18650", "--rules", "r.toml")
    assert code == 1
    assert "cell.mas [g]: cells have no column 'cell.mas [g]'. Did you mean 'cell.mass [g]'" in err


def test_a_kind_of_file_that_there_is_not_is_wrong_usage(here, cells, tmp_path):
    code, _, err = here("check", "LFP 18650", "-o", "f.pdf")
    assert code == 64
    assert "f.pdf: findings are written as .csv, .json, .xlsx, .parquet." in err
    assert not (tmp_path / "f.pdf").exists()


def test_a_file_that_cannot_be_written_is_told(here, glitch, tmp_path):
    (tmp_path / "file").write_text("")
    for kind in ("csv", "json", "xlsx"):
        code, _, err = here("check", "LFP 18650", "-o", f"file/f.{kind}")
        assert (code, "Traceback" in err) == (1, False)
        assert "file" in err
