"""Cell instances and lots, in both eras of the wire."""

from __future__ import annotations

import pytest

from cellframe.contract.records import CELL_BATCH, CELL_INSTANCE


@pytest.fixture
def lots_path(spec_path):
    return f"{spec_path}/cell_batches"


@pytest.fixture
def lot(call, lots_path):
    return call.made(lots_path, {"name": "LOT-1"})


def test_a_cell_carries_every_documented_key(call, cell, cell_path, spec):
    assert set(cell) == {field.name for field in CELL_INSTANCE.fields} | {"version"}
    assert cell["cell_specification_id"] == spec["id"]
    assert call("GET", cell_path).body == cell


@pytest.mark.parametrize(
    "sent",
    ["2025-10-28", "2025-10-28T00:00:00Z", "2025-10-28T00:00:00", "2025-10-28T14:30:00+02:00"],
)
def test_a_date_is_answered_as_midnight(call, cells_path, sent):
    cell = call.made(cells_path, {"name": "c", "date_manufactured": sent})
    assert cell["date_manufactured"] == "2025-10-28T00:00:00Z"


@pytest.mark.parametrize("sent", ["28.10.2025", "2025-02-30", "", "2025-W44-2", 20251028, "now"])
def test_what_is_no_date_is_refused(call, cells_path, sent):
    answer = call("POST", cells_path, {"name": "c", "date_manufactured": sent})
    assert (answer.status, answer.message.split(":")[0]) == (422, "date_manufactured")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("children", ["cell_instances", "cell_batches"])
def test_an_unknown_spec_has_no_children(call, method, children):
    body = {"name": "x"} if method == "POST" else None
    answer = call(method, f"/cell_specifications/none/{children}", body)
    assert (answer.status, answer.message) == (404, "Cell specification not found.")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_cell_is_404(call, method):
    answer = call(method, "/cell_instances/none", {} if method == "PATCH" else None)
    assert (answer.status, answer.message) == (404, "Cell instance not found.")


def test_a_taken_name_names_who_has_it(call, cell, cells_path):
    answer = call("POST", cells_path, {"name": "c-1"})
    assert (answer.status, answer.body["detail"]) == (409, {"existing_id": cell["id"]})


def test_a_rename_to_a_taken_name_is_the_same_conflict(call, cell, cell_path, cells_path):
    other = call.made(cells_path, {"name": "c-2"})
    answer = call("PATCH", cell_path, {"name": "c-2"})
    assert (answer.status, answer.body["detail"]) == (409, {"existing_id": other["id"]})


def test_measured_properties_are_replaced_whole(call, cell_path):
    mass = {"value": 1, "unit": "g"}
    call("PATCH", cell_path, {"measured_properties": {"cell": {"mass": mass}}})
    sent = {"measured_properties": {"anode": {"loading": mass}}}
    assert call("PATCH", cell_path, sent).body["measured_properties"] == sent["measured_properties"]


@pytest.mark.parametrize("field", ["notes", "date_manufactured", "measured_properties", "batch"])
def test_null_clears_a_field(call, cell_path, field):
    value = {"date_manufactured": "2025-01-01", "measured_properties": {}}.get(field, "x")
    assert call("PATCH", cell_path, {field: value}).body[field] is not None
    assert call("PATCH", cell_path, {field: None}).body[field] is None


def test_a_deleted_cell_is_gone(call, cell_path):
    assert call("DELETE", cell_path).status == 204
    assert call("GET", cell_path).status == 404
    assert call("DELETE", cell_path).status == 404


def test_a_batch_by_name_makes_the_lot(call, cells_path, lots_path):
    cell = call.made(cells_path, {"name": "c", "batch": "LOT-9"})
    assert cell["batch"] == cell["batch_name"] == "LOT-9"
    (lot,) = call("GET", lots_path).body["items"]
    assert (lot["id"], lot["instance_count"]) == (cell["batch_id"], 1)


@pytest.mark.parametrize(("sent", "name"), [("lot-1", "LOT-1"), ("STRASSE", "Straße")])
def test_a_batch_by_name_finds_the_lot_in_any_case(call, cells_path, lots_path, sent, name):
    lot = call("POST", lots_path, {"name": name}).body
    cell = call.made(cells_path, {"name": "c", "batch": sent})
    assert (cell["batch_id"], cell["batch"]) == (lot["id"], name)


def test_a_composed_letter_is_the_same_letter(call, cells_path):
    first = call.made(cells_path, {"name": "a", "batch": "\u00e9"})
    second = call.made(cells_path, {"name": "b", "batch": "e\u0301"})
    assert first["batch_id"] == second["batch_id"]


def test_a_batch_by_id_shows_its_name(call, cells_path, lot):
    cell = call.made(cells_path, {"name": "c", "batch_id": lot["id"]})
    assert (cell["batch"], cell["batch_name"]) == ("LOT-1", "LOT-1")


@pytest.mark.parametrize(
    "body", [{"batch": None}, {"batch_id": None}, {"batch": None, "batch_id": None}]
)
def test_null_takes_a_cell_out_of_its_lot(call, cells_path, body):
    cell = call.made(cells_path, {"name": "c", "batch": "L"})
    changed = call("PATCH", f"/cell_instances/{cell['id']}", body).body
    assert (changed["batch"], changed["batch_id"], changed["batch_name"]) == (None, None, None)


def test_both_that_agree_are_taken(call, cells_path, lot):
    sent = {"name": "c", "batch": "lot-1", "batch_id": lot["id"]}
    assert call.made(cells_path, sent)["batch_id"] == lot["id"]


@pytest.mark.parametrize("batch", ["other", None, "LOT-2"])
def test_both_that_disagree_are_refused(call, cells_path, lots_path, lot, batch):
    call.made(lots_path, {"name": "LOT-2"})
    answer = call("POST", cells_path, {"name": "c", "batch": batch, "batch_id": lot["id"]})
    assert (answer.status, answer.body["error_code"]) == (400, "BAD_REQUEST")
    assert call("GET", lots_path).body["total"] == 2


def test_a_name_with_a_null_id_is_refused(call, cells_path):
    assert call("POST", cells_path, {"name": "c", "batch": "L", "batch_id": None}).status == 400


def test_a_lot_of_another_spec_is_refused(call, cells_path):
    other = call.made("/cell_specifications", {"name": "other"})
    lot = call.made(f"/cell_specifications/{other['id']}/cell_batches", {"name": "L"})
    answer = call("POST", cells_path, {"name": "c", "batch_id": lot["id"]})
    assert (answer.status, answer.message.split(":")[0]) == (400, "batch_id")


@pytest.mark.parametrize("batch", ["", "x" * 256, "a\tb", 5])
def test_a_batch_is_a_name(call, cells_path, batch):
    answer = call("POST", cells_path, {"name": "c", "batch": batch})
    assert (answer.status, answer.message.split(":")[0]) == (422, "batch")


def test_a_lot_is_not_made_when_the_cell_is_refused(call, cell, cells_path, lots_path):
    assert call("POST", cells_path, {"name": cell["name"], "batch": "new"}).status == 409
    assert call("GET", lots_path).body["total"] == 0


def test_a_lot_carries_every_documented_key(call, lot, spec):
    assert set(lot) == {field.name for field in CELL_BATCH.fields} | {"version"}
    assert (lot["project_id"], lot["instance_count"]) == (spec["project_id"], 0)
    assert call("GET", f"/cell_batches/{lot['id']}").body == lot


def test_a_lot_answers_the_date_as_a_date(call, lots_path):
    sent = {"name": "x", "date_manufactured": "2025-10-28"}
    assert call.made(lots_path, sent)["date_manufactured"] == "2025-10-28"


def test_a_lot_name_is_taken_in_any_case(call, lots_path, lot):
    answer = call("POST", lots_path, {"name": "lot-1"})
    assert (answer.status, answer.body["detail"]) == (409, {"existing_id": lot["id"]})


def test_a_lot_may_change_the_case_of_its_name(call, lot):
    assert call("PATCH", f"/cell_batches/{lot['id']}", {"name": "Lot-1"}).body["name"] == "Lot-1"


def test_a_renamed_lot_shows_on_its_cells_as_a_change(call, cells_path, lot):
    cell = call.made(cells_path, {"name": "c", "batch": "LOT-1"})
    call("PATCH", f"/cell_batches/{lot['id']}", {"name": "LOT-X"})
    again = call("GET", f"/cell_instances/{cell['id']}").body
    assert (again["batch"], again["version"]) == ("LOT-X", 2)
    assert again["updated_at"] > cell["updated_at"]


def test_a_deleted_lot_leaves_its_cells(call, cells_path, lot):
    cell = call.made(cells_path, {"name": "c", "batch": "LOT-1"})
    assert call("DELETE", f"/cell_batches/{lot['id']}").status == 204
    again = call("GET", f"/cell_instances/{cell['id']}").body
    assert (again["batch"], again["batch_id"], again["version"]) == (None, None, 2)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_lot_is_404(call, method):
    answer = call(method, "/cell_batches/none", {} if method == "PATCH" else None)
    assert (answer.status, answer.message) == (404, "Cell batch not found.")
