"""`cellframe log`: what was written, and what to type to finish it or to take it back."""

from __future__ import annotations

import json
import re

from tests.cli.conftest import edit

MASS = "cell.mass [g]"
NAME = r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{6}"


def test_an_apply_is_listed_with_the_command_that_undoes_it(here, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    here("push", "cells.csv", "--yes", "--note", "weighed again")
    code, out, _ = here("log")
    first, counts, undo = out.splitlines()
    assert code == 0
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC  \S+  weighed again", first)
    assert counts == "  1 ok, 11 unchanged; finished"
    assert re.fullmatch(rf"  To undo it: cellframe undo {NAME} --data lab", undo)


def test_a_program_gets_them_as_one_document(here, sheet):
    edit(sheet, "c-002", MASS, "41.9")
    here("push", "cells.csv", "--yes")
    told = json.loads(here("log", "--json").out)
    (apply,) = told["applies"]
    assert (apply["ok"], apply["state"], told["more"], told["exit_code"]) == (1, "finished", 0, 0)


def test_only_the_last_are_listed_and_the_rest_is_said(here, sheet):
    for mass in ("41.9", "42.0"):
        edit(sheet, "c-002", MASS, mass)
        here("push", "cells.csv", "--yes")
    out = here("log", "--last", "1").out
    assert out.count(" UTC ") == 1
    assert "Of 2 applies the last 1; --last N shows more." in out


def test_a_lab_that_nobody_wrote_to_says_so(here, client):
    assert here("log").out == "Nothing was written yet.\n"


def test_every_command_tells_of_an_apply_that_waits_to_be_finished(here, client, spec, sheet):
    journals = client._connection.journals
    about = {"service": client._connection.service, "origin": "lab", "counts": {"update": 1}}
    journals.open_new(about).close()
    err = here("plan", "cells.csv").err
    assert "An apply of 1 row to lab, begun " in err
    assert "was not finished. To finish it: cellframe resume --data lab" in err
    log = here("log")
    assert log.err == ""
    assert re.search(rf"  To finish it: cellframe resume {NAME} --data lab", log.out)
