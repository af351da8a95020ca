"""`cellframe resume`: a push that was left half done is finished, once."""

from __future__ import annotations

import json

import pytest

from cellframe.store.journal import Journal
from cellframe.transport.inprocess import InProcessWire
from tests.cli.conftest import edit

MASS = "cell.mass [g]"


@pytest.fixture
def interrupted(here, client, sheet, monkeypatch):
    """A lab in which the apply of two rows was interrupted before the second one."""
    for cell in ("c-001", "c-002"):
        edit(sheet, cell, MASS, "40.0")
    send, sent = InProcessWire.send, []

    def interrupt(wire, request):
        if request.method == "PATCH":
            sent.append(request)
            if len(sent) > 1:
                raise KeyboardInterrupt
        return send(wire, request)

    with monkeypatch.context() as context:
        context.setattr(InProcessWire, "send", interrupt)
        with pytest.raises(KeyboardInterrupt):
            client.apply(client.plan_file(sheet), workers=1, note="weighed")
    return here


def masses(client) -> list[float]:
    cells = [client.cell_instance.get(cell) for cell in ("c-001", "c-002")]
    return [cell.measured_properties["cell"]["mass"]["value"] for cell in cells]


@pytest.mark.rule("W42")
@pytest.mark.rule("W49")
def test_a_resume_sends_what_is_left_and_tells_of_the_whole(interrupted, client):
    code, out, err = interrupted("resume", "--yes")
    assert (code, masses(client)) == (0, [40.0, 40.0])
    assert "2 ok" in out
    assert "weighed: " in err
    assert "unfinished." in err


def test_a_second_resume_has_nothing_to_do(interrupted):
    interrupted("resume", "--yes")
    assert interrupted("resume", "--yes") == (0, "Nothing waits to be finished.\n", "")
    assert json.loads(interrupted("resume", "--json").out)["counts"] == {}


def test_a_program_gets_the_receipt(interrupted):
    told = json.loads(interrupted("resume", "--yes", "--json").out)
    assert (told["counts"]["ok"], told["exit_code"]) == (2, 0)


@pytest.mark.rule("W49")
def test_without_a_yes_nothing_is_sent(interrupted, client):
    before = masses(client)
    assert interrupted("resume").code == 64
    assert masses(client) == before


@pytest.mark.rule("W49")
def test_one_that_is_under_way_is_to_be_tried_later(interrupted, client):
    (path,) = client._connection.journals.unfinished()
    with Journal.reopen(path):
        code, _, err = interrupted("resume", "--yes")
    assert code == 6
    assert "is being worked on" in err


def test_a_journal_can_be_named_as_the_log_names_it(interrupted, client):
    (name,) = [
        line.split()[-3] for line in interrupted("log").out.splitlines() if "To finish" in line
    ]
    assert interrupted("resume", name, "--yes").code == 0
    assert masses(client) == [40.0, 40.0]


def test_a_journal_that_there_is_not_is_said(interrupted):
    code, _, err = interrupted("resume", "2026", "--yes")
    assert code == 1
    assert "No journal is named '2026'." in err
