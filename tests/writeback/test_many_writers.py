"""Law A4: many write to the same cells at once, and nobody's edit is overwritten unseen."""

from __future__ import annotations

from contextlib import closing

import pytest

from cellframe.client import Client
from cellframe.server.answer import Service
from cellframe.transport.inprocess import InProcessWire
from cellframe.transport.replies import ask
from tests.faults.crowd import Crowd
from tests.faults.edits import begin


def nightly(*values):
    return pytest.param(*values, marks=[pytest.mark.nightly, pytest.mark.timeout(900)])


@pytest.mark.law("A4")
@pytest.mark.parametrize(
    "without", [pytest.param((), id="batches"), pytest.param(("batch",), id="rows")]
)
@pytest.mark.parametrize(
    ("writers", "rounds", "rows", "cells"), [(6, 5, 4, 12), nightly(16, 40, 5, 50)]
)
def test_no_edit_is_overwritten_unseen(tmp_path, without, writers, rounds, rows, cells):
    edits = begin(tmp_path / "lab", "crowd", cells)
    with closing(Service(tmp_path / "lab", open_door=True, without=without)) as service:
        wire = InProcessWire(service.answer, "lab", lambda: None)
        clients = [Client.over(wire, tmp_path / f"home {n}") for n in range(writers)]
        crowd = Crowd(clients, edits.spec, rounds, rows)
        crowd.write()
        told = ask(wire, "GET", "/cell_instances", query={"limit": 1000})["items"]
    assert crowd.lost(told) == []
    assert crowd.outcomes["conflict"] > 0
    assert crowd.outcomes["ok"] == len(crowd.acks) == sum(cell["version"] - 1 for cell in told)
