"""`cellframe pull`: cells as a sheet for editing, and what was measured as a table."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.cycling import cycling

SHEET = ("pull", "LFP 18650", "-o", "cells.csv")


def read(path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


@pytest.fixture
def specs(client):
    """Three specs with a cell each; the names of two begin alike."""
    for name in ("NCM622-GR", "NCM811-GR", "LFP"):
        made = client.cell_spec.create({"name": name})
        client.cell_instance.create(made, {"name": f"{name} 1"})


@pytest.fixture
def tested(client, cells):
    """Two of twelve cells with a test each."""
    for cell in ("c-000", "c-001"):
        detail = {"measurement": {"name": "ageing"}, "time_series": cycling()}
        client.cell_measurement.create(cell, detail)


def test_a_sheet_has_a_row_per_cell_and_says_what_comes_next(here, cells, tmp_path):
    code, out, err = here(*SHEET)
    assert (code, out) == (0, "")
    assert read(tmp_path / "cells.csv")["cell"].to_list() == cells["cell"].to_list()
    assert err.splitlines() == [
        "cells.csv has 12 cells.",
        "Edit it, then: cellframe plan cells.csv --data lab",
    ]


@pytest.mark.law("D4")
@pytest.mark.parametrize("name", ["cells.csv", "cells.parquet", "cells.tsv"])
def test_a_sheet_that_was_not_touched_plans_to_nothing(here, cells, name):
    assert here("pull", "LFP 18650", "-o", name).code == 0
    code, out, _ = here("plan", name, "--exit-code")
    assert code == 0
    assert "No changes: the file has no edits to send." in out


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["NCM*"], ["NCM622-GR 1", "NCM811-GR 1"]),
        (["*"], ["LFP 1", "NCM622-GR 1", "NCM811-GR 1"]),
        (["NCM[68]??-GR"], ["NCM622-GR 1", "NCM811-GR 1"]),
        (["LFP", "NCM622*", "LFP"], ["LFP 1", "NCM622-GR 1"]),
        (["--all"], ["LFP 1", "NCM622-GR 1", "NCM811-GR 1"]),
    ],
)
def test_specs_are_named_by_patterns_and_several_at_once(here, specs, tmp_path, words, found):
    assert here("pull", *words, "-o", "cells.csv").code == 0
    assert sorted(read(tmp_path / "cells.csv")["cell"]) == found


def test_a_spec_is_named_by_its_id_too(here, cells, spec, tmp_path):
    assert here("pull", spec.id, "-o", "cells.csv").code == 0
    assert read(tmp_path / "cells.csv").height == 12


def test_a_name_that_is_spelled_like_a_pattern_is_a_name(here, client, tmp_path):
    for name in ("NCM*", "NCM622"):
        made = client.cell_spec.create({"name": name})
        client.cell_instance.create(made, {"name": f"{name} 1"})
    here("pull", "NCM*", "-o", "cells.csv")
    assert read(tmp_path / "cells.csv")["cell"].to_list() == ["NCM* 1"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("NCX*", "No spec has a name like 'NCX*'. Near it are 'NCM811-GR', 'NCM622-GR'."),
        ("ncm*", "No spec has a name like 'ncm*'."),
        ("NCM622GR", "Did you mean 'NCM622-GR'"),
    ],
)
def test_a_spec_that_there_is_not_is_said_with_what_is_near(here, specs, tmp_path, word, said):
    code, out, err = here("pull", "LFP", word, "-o", "cells.csv")
    assert (code, out) == (1, "")
    assert said in err
    assert not (tmp_path / "cells.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Which spec? Name one or several"),
        (["LFP", "--all"], "--all is every spec, 'LFP' among them."),
        (["LFP", "--tests", "--cycles"], "--tests and --cycles are different tables."),
        (["LFP", "--steps", "--merge"], "--merge carries edits of cells"),
    ],
)
def test_wrong_usage_is_64_and_says_what_is_right(here, specs, arguments, said):
    code, _, err = here("pull", *arguments, "-o", "cells.csv")
    assert code == 64
    assert said in err


def test_a_sheet_is_told_to_a_program(here, cells):
    told = json.loads(here(*SHEET, "--json").out)
    assert told == {
        "file": "cells.csv",
        "table": "cells",
        "rows": 12,
        "columns": 11,
        "carried": 0,
        "held": 0,
        "notices": [],
        "faults": [],
        "exit_code": 0,
    }


def test_a_file_with_edits_that_were_not_pushed_stays(here, cells, tmp_path):
    here(*SHEET)
    edited = (tmp_path / "cells.csv").read_text().replace(",41.2,", ",41.9,")
    (tmp_path / "cells.csv").write_text(edited)
    code, _, err = here(*SHEET)
    assert code == 1
    assert "cells.csv has edits that are not pushed" in err
    assert (tmp_path / "cells.csv").read_text() == edited


def test_merge_carries_the_edits_onto_what_the_service_has_now(here, client, cells, tmp_path):
    here(*SHEET)
    edited = (tmp_path / "cells.csv").read_text().replace(",41.2,", ",41.9,")
    (tmp_path / "cells.csv").write_text(edited)
    client.cell_instance.update("c-005", {"notes": "dented"})
    code, _, err = here(*SHEET, "--merge")
    assert code == 0
    assert "Carried over: 1 edit.\n" in err
    merged = read(tmp_path / "cells.csv")
    assert merged["cell.mass [g]"][2] == "41.9"
    assert merged["notes"][5] == "dented"
    assert here("plan", "cells.csv", "--exit-code").code == 2


@pytest.mark.parametrize(
    ("option", "rows", "column"),
    [("--tests", 2, "test"), ("--steps", 12, "Step type"), ("--cycles", 6, "Cycle count")],
)
def test_what_was_measured_is_a_table(here, tested, tmp_path, option, rows, column):
    code, _, err = here("pull", "LFP 18650", option, "-o", "table.parquet")
    assert code == 0
    table = pl.read_parquet(tmp_path / "table.parquet")
    assert table.height == rows
    assert {"cell", "test", column} <= set(table.columns)
    assert f"table.parquet has {rows} {option[2:]}.\n" in err


@pytest.mark.parametrize("option", ["--tests", "--steps", "--cycles"])
def test_a_table_can_be_csv_and_is_pulled_again_over_itself(here, tested, tmp_path, option):
    for _ in range(2):
        assert here("pull", "--all", option, "-o", "table.csv").code == 0
    assert "measurement_id" in read(tmp_path / "table.csv").columns


def test_tables_of_several_specs_lie_under_each_other(here, client, tested, tmp_path):
    other = client.cell_spec.create({"name": "NCM"})
    cell = client.cell_instance.create(other, {"name": "n-1"})
    client.cell_measurement.create(
        cell, {"measurement": {"name": "ageing"}, "time_series": cycling()}
    )
    here("pull", "NCM", "LFP*", "--cycles", "-o", "cycles.csv")
    assert read(tmp_path / "cycles.csv")["cell"].unique(maintain_order=True).to_list() == [
        *("n-1", "c-000", "c-001")
    ]


@pytest.mark.parametrize("content", ["thesis\n1\n", "no table at all \0"])
def test_a_table_is_never_written_over_something_else(here, tested, tmp_path, content):
    (tmp_path / "table.csv").write_text(content)
    code, _, err = here("pull", "LFP 18650", "--tests", "-o", "table.csv")
    assert code == 1
    assert "table.csv is there already, and is not a table of tests as it was pulled" in err
    assert (tmp_path / "table.csv").read_text() == content


def test_a_table_is_never_written_over_a_sheet_of_cells(here, tested, tmp_path):
    here(*SHEET)
    before = (tmp_path / "cells.csv").read_bytes()
    code, _, err = here("pull", "LFP 18650", "--cycles", "-o", "cells.csv")
    assert code == 1
    assert "cells.csv is there already, and is not a table of cycles as it was pulled" in err
    assert (tmp_path / "cells.csv").read_bytes() == before


def test_a_sheet_of_cells_is_never_written_over_a_table(here, tested, tmp_path):
    here("pull", "LFP 18650", "--cycles", "-o", "cycles.csv")
    before = (tmp_path / "cycles.csv").read_bytes()
    code, _, err = here("pull", "LFP 18650", "-o", "cycles.csv")
    assert code == 1
    assert "cycles.csv is there already, and is no sheet of this service as it stands." in err
    assert (tmp_path / "cycles.csv").read_bytes() == before


def test_a_table_is_told_to_a_program(here, tested):
    told = json.loads(here("pull", "--all", "--cycles", "-o", "cycles.csv", "--json").out)
    assert (told["table"], told["rows"], told["failures"]) == ("cycles", 6, [])
    assert told["columns"] > 10


def test_what_cannot_be_read_is_told_and_is_partly_done(here, client, tested, tmp_path):
    for path in (tmp_path / "lab" / "blobs").glob("*/*"):
        path.write_bytes(b"damaged")
    code, _, err = here("pull", "LFP 18650", "--cycles", "-o", "cycles.csv")
    assert code == 5
    assert "Left out: c-000, ageing, cycles: " in err
