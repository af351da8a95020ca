"""`cellframe new`: a build sheet, filled in and pushed."""

from __future__ import annotations

import json

import polars as pl
import pytest

BUILD = ("new", "LFP 18650", "--count", "3", "--name", "B7-{:02}", "--batch", "B7")


def read(path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def test_a_build_sheet_has_numbered_names_and_columns_to_fill_in(here, spec, tmp_path):
    code, out, err = here(*BUILD, "-o", "build.csv")
    assert (code, out) == (0, "")
    sheet = read(tmp_path / "build.csv")
    assert sheet["cell"].to_list() == ["B7-01", "B7-02", "B7-03"]
    assert set(sheet["batch"]) == {"B7"}
    assert "cathode.loading [mg/cm**2]" in sheet.columns
    assert err.splitlines() == [
        "build.csv has 3 new cells to fill in: B7-01 to B7-03.",
        "When it is filled in: cellframe push build.csv --data lab",
    ]


def test_a_build_sheet_can_be_parquet(here, spec, tmp_path):
    assert here(*BUILD, "-o", "build.parquet").code == 0
    assert pl.read_parquet(tmp_path / "build.parquet").height == 3


def test_a_build_sheet_begins_where_it_is_told(here, cells, tmp_path):
    here("new", "LFP 18650", "--count", 1, "--name", "c-{:03}", "--start", 40, "-o", "one.csv")
    assert read(tmp_path / "one.csv")["cell"].to_list() == ["c-040"]


def test_one_cell_is_named_alone(here, cells):
    err = here("new", "LFP 18650", "--count", 1, "--name", "c-{:03}", "-o", "one.csv").err
    assert "one.csv has 1 new cell to fill in: c-012.\n" in err


def test_a_build_sheet_is_told_to_a_program(here, spec):
    told = json.loads(here(*BUILD, "-o", "build.csv", "--json").out)
    assert (told["file"], told["rows"], told["exit_code"]) == ("build.csv", 3, 0)
    assert (told["first"], told["last"]) == ("B7-01", "B7-03")
    assert told["columns"] == 9


def test_a_file_that_is_there_stays_as_it_is(here, spec, tmp_path):
    (tmp_path / "build.csv").write_text("mine")
    code, out, err = here(*BUILD, "-o", "build.csv")
    assert (code, out) == (1, "")
    assert err == ("Error: build.csv is there already, and was left as it is. Name another file.\n")
    assert (tmp_path / "build.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--name", "B7"), "The name 'B7' has no place for the number."),
        (("--name", "{}-{}"), "The name '{}-{}' has 2 places for a number."),
        (("--count", "0"), "count=0 is no whole number from 1 to 100,000."),
        (("-o", "build.xls"), "build.xls ends in '.xls'"),
        (("-o", "nowhere/build.csv"), "There is no folder"),
    ],
)
def test_what_cannot_be_built_is_said_and_nothing_is_written(here, spec, tmp_path, arguments, said):
    code, out, err = here(*BUILD, "-o", "build.csv", *arguments)
    assert (code, out) == (1, "")
    assert said in err
    assert not list(tmp_path.glob("**/build.*"))


def test_names_that_are_taken_are_said(here, cells):
    build = ("new", "LFP 18650", "--count", 2, "--name", "c-{:03}", "--start", 11)
    code, _, err = here(*build, "-o", "build.csv")
    assert code == 1
    assert "1 name is taken already, 'c-011' first." in err


def test_an_unknown_spec_is_said_with_what_is_near(here, spec):
    code, _, err = here(*BUILD[:1], "LFP 18651", *BUILD[2:], "-o", "build.csv")
    assert code == 1
    assert "Did you mean 'LFP 18650'?" in err


def test_names_that_a_spreadsheet_would_take_for_formulas_come_back_as_they_are(here, client):
    spec = client.cell_spec.create({"name": "-20 degC 'cold'"})
    build = ("new", "-o", "build.csv", "--count", 2, "--name", "=c{}", "--batch", "+B7")
    here(*build, spec.id)
    assert here("push", "build.csv", "--yes").code == 0
    made = client.cell_instance.to_frame(spec)
    assert made["cell"].to_list() == ["=c1", "=c2"]
    assert set(made["batch"]) == {"+B7"}


def test_a_pushed_build_sheet_makes_the_cells_once(here, client, spec, tmp_path):
    here(*BUILD, "-o", "build.csv")
    sheet = read(tmp_path / "build.csv").with_columns(
        pl.Series("cathode.loading [mg/cm**2]", ["11.9", None, "12.1"])
    )
    sheet.write_csv(tmp_path / "build.csv")
    assert here("push", "build.csv", "--yes").code == 0
    made = client.cell_instance.to_frame(spec)
    assert made["cathode.loading [mg/cm**2]"].to_list() == [11.9, None, 12.1]
    assert set(made["batch"]) == {"B7"}
    code, out, _ = here("push", "build.csv", "--yes")
    assert code == 0
    assert "No changes: the file has no edits to send." in out
    assert client.cell_instance.list(spec).total == 3
