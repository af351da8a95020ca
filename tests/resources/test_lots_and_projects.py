"""Lots and projects from our client, and frames of lots that come back edited."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.errors import (
    AmbiguousNameError,
    ConfigError,
    ConflictError,
    InvalidRecordError,
    NotFoundError,
    PlanError,
)

COATING = "properties.coating [mg/cm**2]"
AREA = {"coating": {"value": 3.1, "unit": "mg/cm**2"}}


@pytest.fixture
def lot(client, spec):
    body = {"name": "LOT-1", "date_manufactured": "2026-01-05", "properties": AREA}
    return client.cell_batch.create(spec, body)


def test_a_lot_is_made_read_changed_and_deleted(client, spec, lot):
    assert lot.created
    assert (lot.date_manufactured, lot.properties, lot.instance_count) == ("2026-01-05", AREA, 0)
    cell = client.cell_instance.create(spec, {"name": "c", "batch": "lot-1"})
    assert client.cell_batch.get(lot.id).instance_count == 1
    assert client.cell_batch.update(lot, {"notes": "x"}).notes == "x"
    client.cell_batch.delete(lot)
    assert client.cell_instance.get(cell).batch is None
    with pytest.raises(NotFoundError):
        client.cell_batch.get(lot.id)


def test_a_lot_is_found_by_its_name_in_any_case(client, spec, lot):
    client.cell_batch.create(spec, {"name": "XLOT-12"})
    for name in ("LOT-1", "lot-1", "LFP 18650::Lot-1"):
        assert client.cell_batch.get(name).id == lot.id
    assert client.cell_batch.get("lot-1", spec=spec).id == lot.id
    with pytest.raises(NotFoundError, match=r"Did you mean .*'LOT-1'"):
        client.cell_batch.get("LOT-2")


def test_one_name_in_two_specs_is_told_with_both(client, lot):
    other = client.cell_spec.create({"name": "Other"})
    client.cell_batch.create(other, {"name": "Lot-1"})
    with pytest.raises(AmbiguousNameError) as caught:
        client.cell_batch.get("LOT-1")
    assert {name for name, _ in caught.value.matches} == {"LFP 18650::LOT-1", "Other::Lot-1"}


def test_a_lot_that_is_there_is_returned(client, spec, lot):
    with pytest.warns(UserWarning, match="exists already, with another name"):
        found = client.cell_batch.create_or_get(spec, {"name": "lot-1"})
    assert (found.id, found.created) == (lot.id, False)
    with pytest.raises(ConflictError):
        client.cell_batch.create(spec, {"name": "lot-1"})


def test_lots_are_listed_by_spec_and_in_the_lab(client, spec, lot):
    other = client.cell_spec.create({"name": "Other"})
    client.cell_batch.create(other, {"name": "B"})
    assert [one.name for one in client.cell_batch.list(spec, name="lot")] == ["LOT-1"]
    assert {one.name for one in client.cell_batch.list()} == {"LOT-1", "B"}
    page = client.cell_batch.list(limit=1, offset=1)
    assert (len(page), page.total) == (1, 2)


@pytest.mark.parametrize("page", [{"limit": -1}, {"limit": 0}, {"offset": -1}])
def test_a_page_that_is_none_is_refused_in_the_lab_as_in_a_spec(client, spec, lot, page):
    with pytest.raises(ConfigError, match="limit is a whole number from 1, offset one from 0"):
        client.cell_batch.list(**page)
    with pytest.raises(InvalidRecordError, match="a whole number from"):
        client.cell_batch.list(spec, **page)


def test_lots_are_a_frame(client, spec, lot):
    frame = client.cell_batch.to_frame(spec)
    row = frame.row(0, named=True)
    assert (row["lot"], row["spec"], row[COATING]) == ("LOT-1", "LFP 18650", 3.1)
    assert str(row["date_manufactured"]) == "2026-01-05"
    assert "instance_count" in client.cell_batch.to_frame(columns="all").columns
    assert client.cell_batch.to_frame(spec, backend="pandas")["lot"].to_list() == ["LOT-1"]


def test_an_edited_frame_of_lots_is_planned_and_sent(client, spec, lot):
    frame = client.cell_batch.to_frame(spec)
    assert not client.cell_batch.plan(frame)
    new = frame.clear(1).with_columns(lot=pl.lit("LOT-2"), spec=pl.lit("LFP 18650"))
    edited = pl.concat([frame.with_columns(pl.col(COATING) + 1), new])
    edited = edited.with_columns(date_manufactured=pl.lit("2026-02-01").str.to_date())
    receipt = client.apply(client.cell_batch.plan(edited))
    assert receipt.to_frame()["outcome"].to_list() == ["ok", "ok"]
    first, second = (client.cell_batch.get(name) for name in ("LOT-1", "LOT-2"))
    assert first.properties["coating"]["value"] == 4.1
    assert first.date_manufactured == second.date_manufactured == "2026-02-01"


def test_a_new_name_of_a_lot_shows_on_its_cells(client, spec, lot):
    cell = client.cell_instance.create(spec, {"name": "c", "batch_id": lot.id})
    edited = client.cell_batch.to_frame(spec).with_columns(lot=pl.lit("lot-one"))
    client.apply(client.cell_batch.plan(edited)).raise_for_failures()
    assert client.cell_instance.get(cell).batch == "lot-one"


def test_a_lot_that_moved_meanwhile_is_a_conflict(client, colleague, spec, lot):
    edited = client.cell_batch.to_frame(spec).with_columns(notes=pl.lit("mine"))
    colleague.cell_batch.update(lot, {"notes": "theirs"})
    plan = client.cell_batch.plan(edited)
    assert plan.summary["conflict"] == 1
    assert client.apply(plan).refused


@pytest.mark.parametrize("name", ["lot-1", "Lot-1"])
def test_a_new_row_is_held_against_names_in_any_case(client, spec, lot, name):
    plan = client.cell_batch.plan([{"batch_id": None, "lot": name, "notes": "x"}], spec=spec)
    assert plan.summary["exists"] == 1
    twins = [{"batch_id": None, "lot": "a"}, {"batch_id": None, "lot": "A"}]
    with pytest.raises(PlanError):
        client.cell_batch.plan(twins, spec=spec)


def test_a_lots_own_name_in_another_case_is_no_conflict(client, spec, lot):
    edited = client.cell_batch.to_frame(spec).with_columns(lot=pl.lit("Lot-1"))
    client.apply(client.cell_batch.plan(edited)).raise_for_failures()
    assert client.cell_batch.get(lot).name == "Lot-1"


def test_a_project_is_made_read_changed_and_deleted(client):
    made = client.project.create({"name": "Pouch", "description": "x"})
    assert client.project.get("Pouch") == client.project.get(made)
    assert client.project.update("Pouch", {"name": "Cells"}).name == "Cells"
    assert client.project.create_or_get({"name": "Cells"}).id == made.id
    client.project.delete("Cells")
    assert [one.name for one in client.project.list()] == ["Default project"]


def test_a_project_with_specs_is_not_deleted(client, spec):
    project = client.project.create({"name": "Pouch"})
    mine = client.cell_spec.create({"name": "p", "project_id": project.id})
    with pytest.raises(ConflictError, match="holds 1 cell specification; delete it") as caught:
        client.project.delete(project)
    assert mine.id not in str(caught.value)
    assert [one.id for one in client.cell_spec.list(project_id=project.id)] == [mine.id]


def test_a_project_that_there_is_not_is_told_with_what_is_near(client):
    with pytest.raises(NotFoundError, match="Did you mean 'Default project'"):
        client.project.get("default projekt")
    with pytest.raises(InvalidRecordError, match="name"):
        client.project.create({"description": "x"})


def test_a_lot_that_somebody_else_made_meanwhile_is_told(client, colleague, spec, lot):
    renamed = client.cell_batch.plan(client.cell_batch.to_frame(spec).with_columns(lot=pl.lit("B")))
    new = client.cell_batch.plan([{"batch_id": None, "lot": "B", "notes": "mine"}], spec=spec)
    colleague.cell_batch.create(spec, {"name": "b", "notes": "theirs"})
    for plan in (renamed, new):
        receipt = client.apply(plan)
        assert receipt.to_frame()["outcome"].to_list() not in (["ok"], ["unchanged"])
    assert {one.name for one in client.cell_batch.list(spec)} == {"LOT-1", "b"}
