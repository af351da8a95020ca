"""Many records are made, or brought to what a frame says, in one call: a plan, and apply."""

from __future__ import annotations

import polars as pl
import pytest
from writeback_tools import MASS

from cellframe.errors import ConfigError, PlanError


def test_rows_without_ids_are_created(client, cells, spec):
    rows = [{"cell": "n-1", MASS: 50.5}, {"cell": "n-2", MASS: None}]
    receipt = client.cell_instance.create_many(rows, spec)
    assert receipt.counts == {"ok": 2}
    assert client.cell_instance.get("n-1").measured_properties["cell"]["mass"]["value"] == 50.5
    assert client.last_receipt is receipt


def test_a_row_that_stands_for_a_record_is_not_created(client, cells, spec):
    with pytest.raises(PlanError, match="Row 0 has the instance_id"):
        client.cell_instance.create_many(cells, spec)


@pytest.mark.rule("W6")
def test_a_name_that_is_taken_is_refused_with_its_id(client, cells, spec):
    receipt = client.cell_instance.create_many([{"cell": "c-003", "notes": "other"}], spec)
    assert "a name that is taken" in receipt.refused
    assert len(client.cell_instance.list(spec)) == 12


def test_upsert_edits_what_is_there_and_makes_what_is_not(client, cells, spec):
    rows = [{"cell": "c-003", "notes": "seen"}, {"cell": "n-1", "notes": "new"}]
    assert client.cell_instance.upsert(rows, spec).counts == {"ok": 2}
    assert client.cell_instance.get("c-003").notes == "seen"
    assert client.cell_instance.get("n-1").notes == "new"
    assert client.cell_instance.upsert(rows, spec).counts == {"unchanged": 2}


@pytest.mark.rule("W15")
def test_upsert_never_clears(client, cells, spec):
    frame = pl.DataFrame(
        {"cell": ["c-003"], MASS: [None]}, schema={"cell": pl.String, MASS: pl.Float64}
    )
    assert client.cell_instance.upsert(frame, spec).counts == {"unchanged": 1}


def test_upsert_matches_by_name_alone(client, cells, spec):
    with pytest.raises(ConfigError, match="matched by 'name'"):
        client.cell_instance.upsert([{"cell": "c-003"}], spec, match="serial")


@pytest.mark.rule("W7")
def test_lots_are_matched_without_case(client, spec):
    client.cell_batch.create(spec, {"name": "Lot A"})
    assert client.cell_batch.upsert([{"lot": "LOT A", "notes": "x"}], spec).counts["ok"] == 1
    assert len(client.cell_batch.list(spec)) == 1


def test_why_many_were_written_is_kept_in_history(client, cells, spec):
    client.cell_instance.create_many([{"cell": "n-1"}], spec, note="from the line")
    client.cell_instance.upsert([{"cell": "n-1", "notes": "seen"}], spec, note="looked at")
    gone = client.cell_instance.to_frame(spec).filter(pl.col("cell") == "n-1")
    client.cell_instance.delete_many(gone, expect=1, note="broken")
    assert client.history()["note"][:3].to_list() == ["broken", "looked at", "from the line"]


def test_specs_are_created_and_brought_up_to_date_like_cells(client, spec):
    rows = [{"spec": "A", "notes": "one"}, {"spec": "B", "notes": None}]
    assert client.cell_spec.create_many(rows, note="from the line").counts == {"ok": 2}
    assert client.cell_spec.create_many(rows, on_exists="skip").counts == {"unchanged": 2}
    rows = [{"spec": "A", "notes": "two"}, {"spec": "C", "notes": "new"}]
    assert client.cell_spec.upsert(rows, note="again").counts == {"ok": 2}
    assert [client.cell_spec.get(name).notes for name in "ABC"] == ["two", None, "new"]
    assert client.history()["note"][:2].to_list() == ["again", None]
