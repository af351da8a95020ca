"""`cellframe push`: what is sent, what is not, and what the process ends with."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import polars as pl
import pytest

from cellframe.contract.wire import Reply
from cellframe.errors import TransportError
from cellframe.server.lesser import Lesser
from cellframe.transport.inprocess import InProcessWire
from cellframe.writeback import patience
from tests.cli.conftest import COMMAND, edit, environment

MASS = "cell.mass [g]"


def read(path) -> pl.DataFrame:
    return pl.read_csv(path, infer_schema=False)


def mass(client, cell: str) -> float:
    return client.cell_instance.get(cell).measured_properties["cell"]["mass"]["value"]


def test_a_push_sends_the_edits_and_says_how_to_go_on(here, client, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    code, out, err = here("push", "cells.csv", "--yes", "--note", "weighed again")
    assert (code, mass(client, "c-002")) == (0, 41.9)
    assert "~ c-002  cell.mass [g]: 41.2 -> 41.9" in out
    assert "1 ok, 11 unchanged" in out
    assert "History: " in out
    assert err.splitlines() == [
        "cells.csv stays as it is. To go on from what the service has now:",
        "  cellframe pull 'LFP 18650' -o cells.csv --data lab",
    ]


def test_the_pull_that_is_shown_after_a_push_works(here, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    here("push", "cells.csv", "--yes")
    assert here("pull", "LFP 18650", "-o", "cells.csv").code == 0
    assert "41.9" in sheet.read_text("utf-8-sig")


def test_remarks_of_ones_own_are_carried_by_the_pull_that_is_shown(here, sheet):
    table = read(sheet).with_columns(pl.lit("AB").alias("_who"))
    table.write_csv(sheet)
    edit(sheet, "c-002", MASS, "41.9")
    err = here("push", "cells.csv", "--yes").err
    assert "cellframe pull 'LFP 18650' -o cells.csv --merge --data lab" in err
    assert here("pull", "LFP 18650", "-o", "cells.csv", "--merge").code == 0
    assert set(read(sheet)["_who"]) == {"AB"}


def test_a_second_push_finds_nothing_to_do(here, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    assert here("push", "cells.csv", "--yes").code == 0
    code, out, _ = here("push", "cells.csv")
    assert code == 0
    assert "No changes: the file has no edits to send." in out


def test_without_a_terminal_and_without_yes_nothing_is_sent(here, client, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    code, out, err = here("push", "cells.csv")
    assert (code, out) == (64, "")
    assert "~ c-002  cell.mass [g]: 41.2 -> 41.9" in err
    assert "Nobody can be asked here: this is no terminal. Add --yes to agree." in err
    assert mass(client, "c-002") == 41.2


@pytest.mark.parametrize(("answer", "code", "now"), [("y", 0, 41.9), ("n", 1, 41.2), ("", 1, 41.2)])
def test_on_a_terminal_the_person_is_asked(client, sheet, tmp_path, answer, code, now):
    edit(sheet, "c-002", MASS, "41.9")
    ours, theirs = pty.openpty()
    words = [*COMMAND, "push", "cells.csv", "--data", "lab"]
    files = {"stdin": theirs, "stderr": theirs, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, cwd=tmp_path, env=environment({}), **files) as process:
        said = b""
        while b"[y/N]" not in said:
            said += os.read(ours, 1000)
        os.write(ours, f"{answer}\n".encode())
        out, _ = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    assert b"41.2 -> 41.9" in said
    print(out.decode(), said.decode())
    assert (process.returncode, mass(client, "c-002")) == (code, now)


def test_an_invalid_row_keeps_everything_back_and_names_the_way_on(here, client, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    edit(sheet, "c-003", MASS, "heavy")
    code, _, err = here("push", "cells.csv", "--yes", "--note", "new scale")
    assert (code, mass(client, "c-002")) == (1, 41.2)
    assert "Nothing was sent. 1 row is invalid." in err
    assert "cellframe push cells.csv --note 'new scale' --data lab --skip-conflicts" in err


def test_a_conflict_keeps_everything_back_and_is_4(here, client, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    edit(sheet, "c-003", "batch", "L9")
    client.cell_instance.update("c-003", {"batch": "L8"})
    code, _, err = here("push", "cells.csv", "--yes")
    assert (code, mass(client, "c-002")) == (4, 41.2)
    assert "1 row is in conflict with the service." in err
    assert "--skip-conflicts" in err


def test_a_limit_keeps_everything_back_and_prints_what_lifts_it(here, client, sheet):
    for number in range(12):
        edit(sheet, f"c-{number:03}", MASS, "40")
    code, out, err = here("push", "cells.csv", "--yes")
    assert (code, mass(client, "c-002")) == (1, 41.2)
    assert "12 of the 12 rows you read would be updated" in err
    override = "cellframe push cells.csv --data lab --max-updates 12 says that this is meant."
    assert override in err
    assert "Nothing sent yet" not in out
    assert override in here("push", "cells.csv", "--yes", "--max-updates", "5").err
    assert here("push", "cells.csv", "--yes", "--max-updates", "12").code == 0
    assert mass(client, "c-002") == 40


def test_cleared_values_are_meant_by_their_count(here, client, sheet):
    for number in range(12):
        edit(sheet, f"c-{number:03}", MASS, "")
    code, _, err = here("push", "cells.csv", "--yes", "--max-updates", "12")
    assert code == 1
    assert "cellframe push cells.csv --max-updates 12 --data lab --max-clears 12 says" in err
    both = ("--max-updates", "12", "--max-clears", "12")
    assert here("push", "cells.csv", "--yes", *both).code == 0


def test_deletes_are_meant_by_their_count(here, client, sheet):
    word = pl.when(pl.col("cell") == "c-002").then(pl.lit("delete")).alias("_action")
    read(sheet).with_columns(word).write_csv(sheet)
    code, _, err = here("push", "cells.csv", "--yes")
    assert code == 1
    assert "cellframe push cells.csv --data lab --max-deletes 1 says that this is meant" in err
    assert here("push", "cells.csv", "--yes", "--max-deletes", "1").code == 0
    assert "c-002" not in [cell.name for cell in client.cell_instance.list()]


@pytest.fixture
def collided(client, sheet):
    """A sheet with one good edit, one in conflict and one that is invalid."""
    edit(sheet, "c-002", MASS, "41.9")
    edit(sheet, "c-003", "batch", "L9")
    edit(sheet, "c-004", MASS, "heavy")
    client.cell_instance.update("c-003", {"batch": "L8"})
    return sheet


def test_what_can_be_sent_is_sent_and_the_rest_is_left_over(here, client, collided, tmp_path):
    code, out, err = here("push", "cells.csv", "--yes", "--skip-conflicts")
    assert (code, mass(client, "c-002")) == (5, 41.9)
    assert "History: " in out
    rest = read(tmp_path / "cells.left-over.csv")
    assert rest["cell"].to_list() == ["c-003", "c-004"]
    assert rest["_server_now"].to_list() == ["batch: L8", None]
    assert "heavy" in rest["_error"][1]
    assert "Not written, and now in cells.left-over.csv: 2 rows.\n" in err
    assert "  cellframe push cells.left-over.csv --data lab\n" in err


@pytest.mark.parametrize(("choice", "lot"), [("mine", "L9"), ("theirs", "L8")])
def test_left_over_rows_are_decided_and_pushed(here, client, collided, tmp_path, choice, lot):
    here("push", "cells.csv", "--yes", "--skip-conflicts")
    rest = tmp_path / "cells.left-over.csv"
    code, _, err = here("push", rest.name, "--yes")
    assert code == 1
    assert "write mine or theirs in the column _choice of cells.left-over.csv." in err
    edit(rest, "c-003", "_choice", choice)
    edit(rest, "c-004", MASS, "41.7")
    code, _, err = here("push", rest.name, "--yes")
    assert code == 0
    assert "cells.left-over.csv is done with." in err
    assert "  cellframe pull 'LFP 18650' -o cells.csv --data lab\n" in err
    assert client.cell_instance.get("c-003").batch_name == lot
    assert mass(client, "c-004") == 41.7


def test_a_left_over_file_has_the_name_that_was_chosen(here, collided, tmp_path):
    here("push", "cells.csv", "--yes", "--skip-conflicts", "-o", "mine.csv")
    assert read(tmp_path / "mine.csv").height == 2
    assert not (tmp_path / "cells.left-over.csv").exists()


@pytest.mark.parametrize("name", ["cells.csv", "decided.csv"])
def test_a_file_that_may_hold_decisions_is_never_written_over(
    here, client, collided, tmp_path, name
):
    (tmp_path / "decided.csv").write_text("mine")
    before = (tmp_path / name).read_bytes()
    code, _, err = here("push", "cells.csv", "--yes", "--skip-conflicts", "-o", name)
    assert (code, mass(client, "c-002")) == (1, 41.2)
    assert f"{name} is there already, perhaps with decisions in it." in err
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", ["rest.xls", "nowhere/rest.csv"])
def test_a_left_over_file_that_cannot_be_is_refused_before_anything_is_sent(
    here, client, collided, name
):
    code, _, err = here("push", "cells.csv", "--yes", "--skip-conflicts", "-o", name)
    assert (code, mass(client, "c-002")) == (1, 41.2)
    assert "rest." in err


def test_left_over_files_are_numbered_and_never_pile_up_their_names(here, collided, tmp_path):
    for _ in range(2):
        here("push", "cells.csv", "--yes", "--skip-conflicts")
    here("push", "cells.left-over-2.csv", "--yes", "--skip-conflicts")
    names = sorted(path.name for path in tmp_path.glob("*.csv"))
    assert names == [
        *("cells.csv", "cells.left-over-2.csv", "cells.left-over-3.csv", "cells.left-over.csv")
    ]


def test_where_everything_is_in_conflict_nothing_is_written_and_it_is_4(here, client, sheet):
    edit(sheet, "c-003", "batch", "L9")
    client.cell_instance.update("c-003", {"batch": "L8"})
    code, _, err = here("push", "cells.csv", "--skip-conflicts")
    assert code == 4
    assert "now in cells.left-over.csv: 1 row." in err
    assert client.cell_instance.get("c-003").batch_name == "L8"


def test_where_everything_is_invalid_it_is_1(here, sheet):
    edit(sheet, "c-003", MASS, "heavy")
    assert here("push", "cells.csv", "--skip-conflicts").code == 1


def test_what_was_reviewed_is_what_is_sent(here, client, sheet, tmp_path):
    edit(sheet, "c-002", MASS, "41.9")
    here("plan", "cells.csv", "-o", "plan.json")
    sheet.unlink()
    assert here("push", "plan.json", "--yes").code == 0
    assert mass(client, "c-002") == 41.9


def test_what_is_no_longer_what_was_reviewed_is_not_sent(here, client, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    here("plan", "cells.csv", "-o", "plan.json")
    properties = {"cell": {"mass": {"value": 41.5, "unit": "g"}}}
    client.cell_instance.update("c-002", {"measured_properties": properties})
    code, _, err = here("push", "plan.json", "--yes")
    assert (code, mass(client, "c-002")) == (4, 41.5)
    assert "row 4 ('c-002'), 'cell.mass [g]': reviewed as change" in err


def test_a_plan_that_somebody_edited_is_not_sent(here, client, sheet, tmp_path):
    edit(sheet, "c-002", MASS, "41.9")
    here("plan", "cells.csv", "-o", "plan.json")
    text = (tmp_path / "plan.json").read_text()
    (tmp_path / "plan.json").write_text(text.replace("41.9", "49.1"))
    code, _, err = here("push", "plan.json", "--yes")
    assert (code, mass(client, "c-002")) == (1, 41.2)
    assert "somebody edited it" in err


def test_a_plan_says_itself_how_its_sheet_was_read(here, sheet):
    code, _, err = here("push", "plan.json", "--match", "name")
    assert code == 64
    assert "plan.json is a plan, and says itself what its rows are: --match is for sheets." in err


def test_a_sheet_of_ones_own_is_pushed_by_name(here, client, cells, tmp_path):
    (tmp_path / "weighing.csv").write_text("Cell no.;Masse (g)\nc-001;41,5\nc-002;41,2\n")
    columns = '[columns]\n"Cell no." = "cell"\n"Masse (g)" = "cell.mass [g]"\n'
    (tmp_path / "map.toml").write_text(columns)
    how = ("--spec", "LFP 18650", "--match", "name", "--map", "map.toml")
    code, _, err = here("push", "weighing.csv", *how, "--yes")
    assert (code, err) == (0, "Note: ") if err else (0, "")
    assert mass(client, "c-001") == 41.5


def test_a_push_is_told_to_a_program(here, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    code, out, err = here("push", "cells.csv", "--yes", "--json")
    told = json.loads(out)
    assert (code, err, told["exit_code"]) == (0, "", 0)
    assert told["counts"] == {"ok": 1, "unchanged": 11}
    assert told["left_over"] is None
    assert told["journal"].endswith(".jsonl")
    assert told["changes"][0]["you_have"] == "41.9"


def test_nothing_to_do_is_told_to_a_program(here, sheet):
    told = json.loads(here("push", "cells.csv", "--json").out)
    assert (told["summary"]["unchanged"], told["exit_code"]) == (12, 0)


def test_a_refusal_is_told_to_a_program(here, sheet):
    for number in range(12):
        edit(sheet, f"c-{number:03}", MASS, "40")
    code, out, err = here("push", "cells.csv", "--yes", "--json")
    told = json.loads(out)
    assert (code, err, told["exit_code"]) == (1, "", 1)
    assert told["limits"] == {"max_updates": 12}
    assert len(told["refused"]) == 1


def test_left_over_rows_are_told_to_a_program(here, collided):
    told = json.loads(here("push", "cells.csv", "--yes", "--skip-conflicts", "--json").out)
    assert (told["left_over"], told["exit_code"]) == ("cells.left-over.csv", 5)
    assert told["counts"] == {"ok": 1, "unchanged": 9, "conflict": 1, "invalid": 1}


@pytest.fixture
def failing(monkeypatch):
    """Let the service answer so many writes, and then fail in one way or another."""

    def fail(after: int, how) -> None:
        real, written = InProcessWire.send, []

        def send(self, request):
            if request.method in ("PATCH", "POST"):
                written.append(request)
                if len(written) > after:
                    return how()
            # A service that takes rows together would fail for all of them.
            return Lesser(["batch"]).told(request, real(self, request))

        monkeypatch.setattr(InProcessWire, "send", send)
        monkeypatch.setattr(patience, "LONGEST", 0.5)
        monkeypatch.setattr(patience, "FIRST_PAUSE", 0.001)

    return fail


def unreachable() -> Reply:
    raise TransportError("The service cannot be reached. Nothing was sent.")


def lost() -> Reply:
    raise TransportError("The answer was lost.", sent=True)


def busy() -> Reply:
    return Reply(429, {}, b"{}")


def refused() -> Reply:
    return Reply(403, {}, b'{"detail": "You may not."}')


def interrupted() -> Reply:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("after", "how", "code"),
    [(0, unreachable, 6), (0, busy, 6), (0, refused, 1), (0, lost, 5), (1, unreachable, 5)],
)
def test_how_a_push_ends_when_the_service_goes_away(here, sheet, failing, after, how, code):
    edit(sheet, "c-002", MASS, "41.9")
    edit(sheet, "c-003", MASS, "41.9")
    failing(after, how)
    ended, out, err = here("push", "cells.csv", "--yes")
    assert ended == code
    assert "History: " in out
    assert "cells.left-over.csv" in err


def test_left_over_rows_of_a_service_that_went_away_push_as_they_are(
    here, client, sheet, failing, monkeypatch
):
    edit(sheet, "c-002", MASS, "41.9")
    edit(sheet, "c-003", MASS, "41.9")
    failing(1, unreachable)
    here("push", "cells.csv", "--yes")
    monkeypatch.undo()
    monkeypatch.chdir(sheet.parent)
    assert mass(client, "c-003") == 41.3 or mass(client, "c-002") == 41.2
    assert here("push", "cells.left-over.csv", "--yes").code == 0
    assert (mass(client, "c-002"), mass(client, "c-003")) == (41.9, 41.9)


def test_ctrl_c_says_how_far_it_came(here, sheet, failing):
    edit(sheet, "c-002", MASS, "41.9")
    failing(0, interrupted)
    code, _, err = here("push", "cells.csv", "--yes")
    assert code == 130
    assert "1 unknown" in err
    assert "History: " in err


def test_a_left_over_file_that_cannot_be_written_hides_nothing(here, collided, tmp_path, failing):
    (tmp_path / ".~lock.rest.csv#").write_text(",ada,bench,,;")
    code, out, err = here("push", "cells.csv", "--yes", "--skip-conflicts", "-o", "rest.csv")
    assert code == 5
    assert "1 ok" in out
    assert "Error: the rows that were not written could not be put into a file." in err
