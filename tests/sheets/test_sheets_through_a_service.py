"""Laws D4 and D5 through a service: a sheet of nasty cells goes out, is saved again, and planned."""

from __future__ import annotations

import pytest
import resaving

import cellframe as cf
from tests.conftest import with_cell
from tests.writeback.oracle import NUMBERS, TEXTS

MASS, POLICY = "cell.mass [g]", "cell.policy"
RESAVED = pytest.mark.parametrize("resave", resaving.ALL, ids=lambda program: program.__name__)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A service with a cell for every text of the pool."""
    with cf.open_local(tmp_path_factory.mktemp("nasty") / "lab") as client:
        spec = client.cell_spec.create({"name": "s"})
        for number, text in enumerate(TEXTS):
            mass = {"value": NUMBERS[number % len(NUMBERS)], "unit": "g"}
            body = {
                "name": f"c-{number:03}",
                "batch": text[:9] if text.strip() and text.isprintable() else None,
                "notes": text,
            }
            body["measured_properties"] = {"cell": {"mass": mass, "policy": text or "-"}}
            client.cell_instance.create(spec, {**body, "date_manufactured": "2026-02-05"})
        yield client, spec


@pytest.fixture
def sheet(lab, tmp_path):
    client, spec = lab
    return client.cell_instance.to_file(spec, tmp_path / "cells.csv").path


@pytest.mark.law("D4")
@pytest.mark.rule("W12")
@RESAVED
def test_a_sheet_that_was_saved_again_has_no_changes(lab, sheet, resave):
    client, _ = lab
    resave(sheet)
    plan = client.plan_file(sheet)
    assert not plan, plan
    assert plan.summary["unchanged"] == len(TEXTS)


@pytest.mark.law("D5")
@RESAVED
def test_an_edit_beside_them_is_the_one_change(lab, sheet, resave):
    from cellframe.sheets.tables import read_table
    from cellframe.sheets.writing import write_table

    client, spec = lab
    frame = client.cell_instance.to_frame(spec)
    assert read_table(sheet).frame.height == frame.height
    write_table(with_cell(with_cell(frame, "c-009", MASS, 7.25), "c-001", POLICY, "=2"), sheet)
    resave(sheet)
    changes = {
        (s.name, c.label, c.you_have) for s in client.plan_file(sheet).rows for c in s.changes
    }
    assert changes == {("c-009", MASS, 7.25), ("c-001", POLICY, "=2")}
