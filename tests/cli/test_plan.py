"""`cellframe plan`: what a file would change, and what the process ends with."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli.conftest import edit
from tests.cycling import cycling

MASS = "cell.mass [g]"


def test_a_plan_shows_what_would_change_and_how_to_send_it(here, client, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    code, out, err = here("plan", "cells.csv")
    assert (code, err) == (0, "")
    assert "1 to update, 11 unchanged" in out
    assert "~ c-002  cell.mass [g]: 41.2 -> 41.9" in out
    assert out.endswith("Nothing sent yet. To send: cellframe push cells.csv --data lab\n")
    assert client.cell_instance.get("c-002").measured_properties["cell"]["mass"]["value"] == 41.2


def untouched(*_: object) -> None:
    """The sheet as it was pulled."""


def change(client, sheet) -> None:
    edit(sheet, "c-002", MASS, "41.9")


def conflict(client, sheet) -> None:
    edit(sheet, "c-002", "batch", "L9")
    client.cell_instance.update("c-002", {"batch": "L8"})


def taken_name(client, sheet) -> None:
    row = sheet.read_text("utf-8-sig").splitlines()[1].split(",")
    row[0], row[7] = "", "40"
    sheet.write_text(sheet.read_text("utf-8-sig") + ",".join(row) + "\n")


def invalid(client, sheet) -> None:
    edit(sheet, "c-003", MASS, "heavy")


def both(client, sheet) -> None:
    conflict(client, sheet)
    invalid(client, sheet)


@pytest.mark.parametrize(
    ("happened", "code"),
    [(untouched, 0), (change, 2), (conflict, 4), (taken_name, 4), (invalid, 1), (both, 1)],
)
def test_the_exit_code_says_what_a_push_would_meet_where_it_is_asked(
    here, client, sheet, happened, code
):
    happened(client, sheet)
    assert here("plan", "cells.csv", "--exit-code").code == code
    assert here("plan", "cells.csv").code == 0
    pushed = here("push", "cells.csv", "--yes").code
    assert pushed == (0 if code == 2 else code)


def test_a_plan_of_every_row_is_a_change_for_the_exit_code(here, sheet):
    for number in range(12):
        edit(sheet, f"c-{number:03}", MASS, "40")
    code, out, _ = here("plan", "cells.csv", "--exit-code")
    assert code == 2
    assert "cellframe push cells.csv --data lab --max-updates 12" in out


def test_rows_are_called_as_a_spreadsheet_calls_them(here, sheet):
    edit(sheet, "c-000", MASS, "heavy")
    edit(sheet, "c-003", MASS, "4o")
    out = here("plan", "cells.csv").out
    assert "Row 2 ('c-000'), 'cell.mass [g]': 'heavy'" in out
    assert "Row 5 ('c-003'), 'cell.mass [g]': '4o'" in out


def test_a_plan_is_told_to_a_program(here, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    code, out, err = here("plan", "cells.csv", "--json", "--exit-code")
    told = json.loads(out)
    assert (code, err, told["exit_code"]) == (2, "", 2)
    assert told["summary"] == {"create": 0, "update": 1, "unchanged": 11}
    (change,) = told["changes"]
    assert (change["row"], change["name"], change["you_have"]) == (4, "c-002", "41.9")


def test_a_fault_is_told_to_a_program_too(here, sheet):
    code, out, err = here("plan", "nothing.csv", "--json")
    told = json.loads(out)
    assert (code, err, told["exit_code"]) == (1, "", 1)
    assert told["error"]["kind"] == "SheetError"
    assert "nothing.csv" in told["error"]["message"]


@pytest.mark.parametrize("name", ["cells.csv", "plan.txt", "plan"])
def test_a_plan_is_kept_under_its_own_kind_of_name_alone(here, sheet, tmp_path, name):
    before = sheet.read_bytes()
    code, _, err = here("plan", "cells.csv", "-o", name)
    assert code == 64
    assert f"A plan is kept in a file that ends with .json, and {name} does not." in err
    assert sheet.read_bytes() == before


def test_a_plan_is_kept_for_others_to_read(here, sheet, tmp_path):
    edit(sheet, "c-002", MASS, "41.9")
    mask = os.umask(0o022)
    try:
        code, _, err = here("plan", "cells.csv", "-o", "plan.json")
    finally:
        os.umask(mask)
    assert code == 0
    assert err == (
        "plan.json keeps this plan. To send what was reviewed: "
        "cellframe push plan.json --data lab\n"
    )
    assert (tmp_path / "plan.json").stat().st_mode & 0o777 == 0o644


def test_an_empty_plan_is_kept_and_said_to_be_empty(here, sheet, tmp_path):
    err = here("plan", "cells.csv", "-o", "plan.json").err
    assert err == "plan.json keeps this plan, which has nothing to send.\n"
    assert here("push", "plan.json").code == 0


def test_a_folder_that_is_not_there_is_said(here, sheet):
    code, _, err = here("plan", "cells.csv", "-o", "nowhere/plan.json")
    assert (code, err) == (1, "Error: There is no folder nowhere for plan.json.\n")


def weighing(tmp_path) -> None:
    (tmp_path / "weighing.csv").write_text(
        "Cell no.;Masse (g);Who\nc-001;41,5;AB\nc-002;41,2;AB\nc-099;39,0;AB\n"
    )
    (tmp_path / "map.toml").write_text(
        '[columns]\n"Cell no." = "cell"\n"Masse (g)" = "cell.mass [g]"\nWho = "_who"\n'
    )


def test_a_sheet_of_ones_own_is_matched_by_name_with_a_map(here, cells, tmp_path):
    weighing(tmp_path)
    how = ("--spec", "LFP 18650", "--match", "name", "--map", "map.toml")
    code, out, _ = here("plan", "weighing.csv", *how)
    assert code == 0
    assert "~ c-001  cell.mass [g]: 41.1 -> 41.5" in out
    assert "Row 4: no cell is named 'c-099' yet" in out
    send = "cellframe push weighing.csv --spec 'LFP 18650' --match name --map map.toml --data lab"
    assert out.endswith(f"To send: {send}\n")


def test_a_sheet_without_ids_says_how_it_can_be_read(here, cells, tmp_path):
    (tmp_path / "weighing.csv").write_text("cell,cell.mass [g]\nc-001,41.5\n")
    code, _, err = here("plan", "weighing.csv")
    assert code == 1
    assert "Match its rows by name: --match name --spec SPEC" in err


def test_a_table_of_cycles_is_for_reading(here, client, cells):
    detail = {"measurement": {"name": "ageing"}, "time_series": cycling()}
    client.cell_measurement.create("c-000", detail)
    here("pull", "LFP 18650", "--cycles", "-o", "cycles.csv")
    code, _, err = here("plan", "cycles.csv")
    assert code == 1
    assert "cycles.csv is a table of what was measured in tests" in err


def test_the_service_being_away_is_6(run, sheet):
    away = {"CELLFRAME_API_URL": "http://127.0.0.1:9", "CELLFRAME_API_KEY": "k"}
    code, out, err = run("plan", "cells.csv", **away)
    assert (code, out) == (6, "")
    assert err.startswith("Error: ")
    assert "Traceback" not in err


def test_a_table_of_tests_is_edited_and_pushed(here, client, cells, tmp_path):
    client.cell_measurement.create_properties(cells["instance_id"][0], "t", {})
    here("pull", "LFP 18650", "--tests", "-o", "tests.csv")
    sheet = next(tmp_path.rglob("tests.csv"))
    sheet.write_text(sheet.read_text("utf-8-sig").replace(",t,", ",ageing,"), "utf-8-sig")
    code, out, _ = here("push", "tests.csv", "--yes")
    assert code == 0
    assert "To go on" not in out
    assert [test.name for test in client.cell_measurement.list()] == ["ageing"]


def test_the_shell_says_what_an_edited_unit_means(here, client, sheet):
    sheet.write_text(sheet.read_text("utf-8-sig").replace(MASS, "cell.mass [kg]"), "utf-8-sig")
    assert "12 invalid" in here("plan", "cells.csv")[1]
    assert "to update" not in here("plan", "cells.csv", "--unit-edit", "convert")[1]
    _, out, _ = here("plan", "cells.csv", "--unit-edit", "relabel")
    assert "--unit-edit relabel" in out
