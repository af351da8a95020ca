"""`cellframe undo`: what was pushed is taken back, asked and told like a push."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import edit
from tests.conftest import with_cell

MASS = "cell.mass [g]"


@pytest.fixture
def pushed(here, sheet):
    """A lab to which the mass of a cell was pushed."""
    edit(sheet, "c-002", MASS, "40.0")
    assert here("push", "cells.csv", "--yes", "--note", "weighed").code == 0
    return here


def mass(client) -> float:
    return client.cell_instance.get("c-002").measured_properties["cell"]["mass"]["value"]


@pytest.mark.rule("W43")
@pytest.mark.rule("W49")
def test_an_undo_is_shown_and_sent(pushed, client):
    code, out, _ = pushed("undo", "--yes", "--note", "wrong sheet")
    assert (code, mass(client)) == (0, 41.2)
    assert "~ c-002  cell.mass [g]: 40 -> 41.2" in out
    assert "This takes back the apply of " in out
    assert "wrong sheet" in pushed("log").out


@pytest.mark.rule("W49")
def test_without_a_yes_nothing_is_taken_back(pushed, client):
    code, _, err = pushed("undo")
    assert (code, mass(client)) == (64, 40.0)
    assert "Add --yes to agree." in err


def test_the_command_that_the_log_shows_works(pushed, client):
    (line,) = [line for line in pushed("log").out.splitlines() if "To undo it" in line]
    name = line.split()[-3]
    assert pushed("undo", name, "--yes").code == 0
    assert mass(client) == 41.2


@pytest.mark.rule("W43")
@pytest.mark.rule("W49")
def test_what_somebody_edited_since_ends_with_4(pushed, client, colleague, spec):
    cells = colleague.cell_instance.to_frame(spec)

    colleague.apply(colleague.cell_instance.plan(with_cell(cells, "c-002", MASS, 39.0)))
    code, _, err = pushed("undo", "--yes")
    assert (code, mass(client)) == (4, 39.0)
    assert "cellframe undo --data lab --skip-conflicts" in err


def test_an_undo_is_told_to_a_program(pushed):
    told = json.loads(pushed("undo", "--yes", "--json").out)
    assert (told["summary"]["update"], told["counts"], told["exit_code"]) == (1, {"ok": 1}, 0)


def test_nothing_written_is_said(here, client):
    code, _, err = here("undo", "--yes")
    assert code == 1
    assert "Nothing was written from here yet" in err
