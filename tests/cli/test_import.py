"""`cellframe import`: what it shows, what it asks, what it keeps, and what it ends with."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
from pathlib import Path

import pytest

import cellframe as cf
from tests.cli.conftest import COMMAND, environment
from tests.intake import labs

BAD = "Test_Time(s),Step_Index,Cycle_Index,Current(A),Voltage(V)\n1,2,3\n4"
PAGE = Path(__file__).parents[2] / "docs" / "import.md"


@pytest.fixture
def folder(tmp_path):
    """Four cells and a test of each, in the folder `runs`."""
    return labs.full(tmp_path / "runs")


@pytest.fixture
def doubtful(folder):
    """The same, with a mass whose unit the table does not say."""
    table = folder / "cells.csv"
    table.write_text(table.read_text().replace("Mass (g)", "Mass"))
    return folder


def snapshot(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_it_is_shown_asked_and_not_done_without_a_terminal(here, folder, tmp_path):
    before = snapshot(tmp_path)
    code, out, err = here("import", "runs", "--spec", "LFP")
    assert (code, out) == (64, "")
    assert "   Mass (g)        → cell.mass [g]         41.0        'g' is its unit" in err
    assert "current = 'charge positive'" in err
    assert "The voltage rises with positive current in 6 of 6 steps" in err
    assert "cell = 'file name': 4 of 4 files have a cell" in err
    assert "4 to create" in err
    assert "Add --yes to agree" in err
    assert snapshot(tmp_path) == before


def test_yes_imports_and_keeps_the_mapping_for_the_next_time(here, folder):
    code, out, err = here("import", "runs", "--spec", "LFP", "--yes")
    assert code == 0
    assert out == "Imported:\n  spec   'LFP': created\n  cells  4 created\n  tests  4 created\n"
    assert "Written to runs/cellframe-import.toml, for the next time." in err
    code, out, err = here("import", "runs", "--yes")
    assert code == 0
    assert err.startswith("Using runs/cellframe-import.toml.")
    assert "4 there already" in out


def test_a_mapping_may_lie_elsewhere(here, folder, tmp_path):
    assert here("import", "runs", "--spec", "LFP", "--yes", "--map", "m.toml").code == 0
    assert (tmp_path / "m.toml").exists()
    assert not (folder / "cellframe-import.toml").exists()
    assert here("import", "runs", "--yes", "--map", "m.toml").err.startswith("Using m.toml.")


def test_a_program_gets_one_document(here, folder):
    code, out, _ = here("import", "runs", "--spec", "LFP", "--yes", "--json")
    document = json.loads(out)
    assert document["exit_code"] == code == 0
    assert document["counts"] == {"cells": {"created": 4}, "tests": {"created": 4}}
    assert document["entries"][4]["file"] == "cycling/c-001.csv"
    assert document["mapping"] == "runs/cellframe-import.toml"


def test_a_dry_run_writes_nothing_anywhere(here, folder, tmp_path):
    before = snapshot(tmp_path)
    code, out, _ = here("import", "runs", "--spec", "LFP", "--dry-run")
    assert code == 0
    assert out.startswith("Would import (nothing was sent):\n  spec   'LFP': to create\n")
    assert snapshot(tmp_path) == before
    assert not (tmp_path / "lab").exists()


def test_yes_does_not_settle_what_changes_numbers(here, doubtful, tmp_path):
    code, out, err = here("import", "runs", "--spec", "LFP", "--yes")
    assert (code, out) == (1, "")
    assert 'As proposed: Mass = "cell.mass [g]"' in err
    assert not (tmp_path / "lab").exists()
    mapping = doubtful / "cellframe-import.toml"
    assert "# CHECK: 'Mass' says no unit; g is usual." in mapping.read_text("utf-8")
    assert here("import", "runs", "--yes").code == 1
    mapping.write_text(
        mapping.read_text("utf-8").replace("checked = false", "checked = true"), "utf-8"
    )
    assert here("import", "runs", "--yes").code == 0


def test_yes_does_not_settle_which_column_names_the_cells(here, tmp_path):
    labs.write(tmp_path / "runs/x.csv", "what\nread this\nthen that\n")
    code, out, err = here("import", "runs", "--spec", "LFP", "--yes")
    assert (code, out) == (1, "")
    assert "'what' is taken for the cells' names" in err
    assert not (tmp_path / "lab").exists()


def test_yes_lets_the_good_files_go_on(here, folder):
    odd = labs.arbin().rename({"Voltage(V)": "Voltage", "Current(A)": "Current"})
    labs.write(folder / "cycling/c-004.csv", odd.write_csv())
    code, out, _ = here("import", "runs", "--spec", "LFP", "--yes")
    assert (code, "3 created, 1 failed" in out) == (5, True)
    assert "failed: cycling/c-004.csv: " in out


def test_files_are_listed_with_their_cells_before_anything_is_asked(here, tmp_path):
    labs.table(tmp_path / "runs")
    labs.series(tmp_path / "runs", name="{}_rpt.csv")
    assert "     c-001_rpt.csv → c-001" in here("import", "runs", "--spec", "LFP").err


def test_yes_settles_what_changes_no_number_and_says_so(here, folder):
    code, out, err = here("import", "runs", "--yes")
    assert code == 0
    assert "? No spec is named; 'runs' is the name of the folder." in err
    assert "spec   'runs': created" in out


def answered(tmp_path, answer, *arguments):
    """Run the command at a terminal of its own, and type an answer."""
    terminal, its_end = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "import", *arguments, "--data", "lab"],
        cwd=tmp_path,
        env=environment({}),
        stdin=its_end,
        stdout=subprocess.PIPE,
        stderr=its_end,
    ) as process:
        os.close(its_end)
        shown = b""
        while b"[y/N]" not in shown:
            shown += os.read(terminal, 4096)
        os.write(terminal, f"{answer}\n".encode())
        while not shown.endswith(b"again.\r\n") and b"Written to" not in shown:
            shown += os.read(terminal, 4096)
        process.stdout.read()
    os.close(terminal)
    return process.returncode, shown.decode()


def test_a_yes_at_the_terminal_settles_the_doubts_that_were_shown(doubtful, tmp_path):
    code, shown = answered(tmp_path, "y", "runs", "--spec", "LFP")
    assert code == 0
    assert " ? 'Mass' says no unit; g is usual." in shown
    assert "CHECK" not in (doubtful / "cellframe-import.toml").read_text("utf-8")
    with cf.open_local(tmp_path / "lab") as client:
        assert len(client.cell_instance.list("LFP")) == 4


def test_a_no_leaves_the_proposal_to_be_corrected(doubtful, tmp_path):
    code, shown = answered(tmp_path, "n", "runs", "--spec", "LFP")
    assert code == 1
    assert "Nothing was imported. The proposal is in runs/cellframe-import.toml" in shown
    assert "# CHECK: 'Mass'" in (doubtful / "cellframe-import.toml").read_text("utf-8")
    assert not (tmp_path / "lab").exists()


def test_some_files_that_failed_end_with_5(here, folder):
    labs.write(folder / "cycling/c-002.csv", BAD)
    code, out, _ = here("import", "runs", "--spec", "LFP", "--yes")
    assert code == 5
    assert "failed: cycling/c-002.csv: cannot " in out
    assert "Line 2 has 3 cells where the header has 5" in out


@pytest.mark.parametrize(
    ("text", "words"),
    [("just a note\n", "is a table of cells or a time series"), ("", "The file is empty")],
)
def test_nothing_that_could_be_imported_ends_with_1(here, tmp_path, text, words):
    labs.write(tmp_path / "runs/notes.csv", text)
    code, out, err = here("import", "runs", "--spec", "LFP", "--yes")
    assert (code, out) == (1, "")
    assert words in err
    assert "notes.csv: notes.csv" not in err


def test_a_path_that_is_not_there_ends_with_1(here):
    code, _, err = here("import", "nowhere", "--spec", "LFP", "--yes")
    assert (code, "There is no file or folder nowhere." in err) == (1, True)


def test_a_service_that_is_away_ends_with_6(run, folder):
    away = {"CELLFRAME_API_URL": "http://127.0.0.1:9", "CELLFRAME_API_KEY": "k"}
    code, out, err = run("import", "runs", "--spec", "LFP", "--yes", **away)
    assert (code, out) == (6, "")
    assert "Traceback" not in err


def test_limits_hold_with_yes_and_say_the_override(here, tmp_path):
    names = [f"c-{number:03}" for number in range(20)]
    table = labs.table(tmp_path / "runs", names)
    assert here("import", "runs", "--spec", "LFP", "--yes").code == 0
    table.write_text(table.read_text().replace(",4C(80%)", ",5C"))
    code, out, _ = here("import", "runs", "--yes")
    assert (code, "20 different" in out, "--update" in out) == (0, True, True)
    code, _, err = here("import", "runs", "--yes", "--update")
    assert code == 1
    assert "If that is meant: --max-updates 20" in err
    code, out, _ = here("import", "runs", "--yes", "--max-updates", "20")
    assert (code, "20 updated" in out) == (0, True)


def blocks(text):
    """The commands of a page, each with what the page says it prints."""
    found = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    for at, (language, body) in enumerate(found):
        if language in ("sh", "python"):
            after = found[at + 1] if at + 1 < len(found) else ("", "")
            yield language, body, after[1] if after[0] == "text" else None


def test_the_page_says_what_the_commands_print(here, tmp_path, capsys):
    labs.full(tmp_path / "measurements")
    for language, body, printed in blocks(PAGE.read_text("utf-8")):
        if language == "sh":
            code, out, err = here(*shlex.split(body)[1:])
        else:
            exec(compile(body, "import.md", "exec"), {})
            code, (out, err) = 0, capsys.readouterr()
        assert code == 0
        assert printed in (out, err + out)


def test_the_page_shows_the_mapping_as_it_is_written(tmp_path):
    from cellframe.intake import propose

    folder = labs.full(tmp_path / "measurements")
    proposal = propose(folder).with_spec(
        "LFP 18650", "the service has none of this name; it is made", create=True
    )
    shown = re.search(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert shown[1] == proposal.to_toml(checked=True)
