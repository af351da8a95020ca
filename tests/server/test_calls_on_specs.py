"""Cell specifications: create, read, change, delete, and their parts."""

from __future__ import annotations

import pytest

from cellframe.contract.records import CELL_SPEC

SPECS = "/cell_specifications"
PART = {
    "properties": {"loading": {"value": 5.9, "unit": "mg/cm**2"}, "binder": "CMC"},
    "material": {"name": "Graphite", "manufacturer": "Carbonyx", "definition": {"type": "C"}},
}


def test_a_spec_carries_every_documented_key(call, spec, spec_path):
    assert set(spec) == {field.name for field in CELL_SPEC.fields} | {"version"}
    assert call("GET", spec_path).body == spec
    assert (spec["ratings"], spec["notes"], spec["version"]) == ({}, None, 1)


def test_a_spec_without_a_project_is_in_the_built_in_one(call, spec):
    other = call.made(SPECS, {"name": "other", "project_id": None})
    assert spec["project_id"] == other["project_id"] is not None


def test_the_same_name_may_lie_in_another_project(call, spec):
    assert call.made(SPECS, {"name": spec["name"], "project_id": "p2"})["project_id"] == "p2"


@pytest.mark.parametrize("name", ["lfp 18650", "LFP 18650 "])
def test_names_of_specs_are_compared_exactly(call, spec, name):
    assert call.made(SPECS, {"name": name})["name"] == name


def test_a_taken_name_names_who_has_it(call, spec):
    answer = call("POST", SPECS, {"name": spec["name"]})
    assert (answer.status, answer.body["error_code"]) == (409, "CONFLICT")
    assert answer.body["detail"] == {"existing_id": spec["id"]}


def test_a_rename_to_a_taken_name_is_the_same_conflict(call, spec, spec_path):
    other = call.made(SPECS, {"name": "other"})
    answer = call("PATCH", spec_path, {"name": "other"})
    assert (answer.status, answer.body["detail"]) == (409, {"existing_id": other["id"]})


def test_a_rename_to_its_own_name_is_none(call, spec, spec_path):
    assert call("PATCH", spec_path, {"name": spec["name"]}).body == spec


@pytest.mark.parametrize("field", ["form_factor", "manufacturer", "notes", "properties", "source"])
def test_null_clears_a_field(call, spec_path, field):
    value = {"doi": "x"} if field in {"properties", "source"} else "x"
    assert call("PATCH", spec_path, {field: value}).body[field] == value
    assert call("PATCH", spec_path, {field: None}).body[field] is None


def test_a_name_cannot_be_cleared(call, spec_path):
    assert call("PATCH", spec_path, {"name": None}).status == 422


def test_the_project_does_not_change(call, spec_path):
    answer = call("PATCH", spec_path, {"project_id": "p2"})
    assert (answer.status, answer.message.split(":")[0]) == (422, "project_id")


def test_ratings_are_merged_key_by_key(call, spec_path):
    volt, amp = {"value": 3.2, "unit": "V"}, {"value": 1, "unit": "A*h"}
    call("PATCH", spec_path, {"ratings": {"capacity": amp, "voltage_max": volt}})
    call("PATCH", spec_path, {"ratings": {"voltage_min": volt, "voltage_max": None}})
    ratings = call("GET", spec_path).body["ratings"]
    assert ratings == {"capacity": amp, "voltage_min": volt}


def test_ratings_as_a_whole_can_be_cleared(call, spec_path):
    call("PATCH", spec_path, {"ratings": {"capacity": {"value": 1, "unit": "A*h"}}})
    assert call("PATCH", spec_path, {"ratings": None}).body["ratings"] == {}


def test_a_null_rating_is_no_rating_in_a_create(call):
    assert call("POST", SPECS, {"name": "x", "ratings": {"capacity": None}}).status == 422


def test_properties_are_replaced_whole(call, spec_path):
    mass, width = {"value": 1, "unit": "g"}, {"value": 2, "unit": "mm"}
    call("PATCH", spec_path, {"properties": {"mass": mass, "size": {"width": width}}})
    assert call("PATCH", spec_path, {"properties": {"mass": width}}).body["properties"] == {
        "mass": width
    }


def test_put_is_taken_for_patch(call, spec_path):
    assert call("PUT", spec_path, {"notes": "x"}).body["notes"] == "x"


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_spec_is_404(call, method):
    answer = call(method, f"{SPECS}/none", {} if method == "PATCH" else None)
    assert (answer.status, answer.message) == (404, "Cell specification not found.")


def test_a_spec_takes_its_cells_and_lots_with_it(call, spec, spec_path, cells_path):
    cell = call.made(cells_path, {"name": "c", "batch": "L"})
    answer = call("DELETE", spec_path)
    assert (answer.status, answer.content) == (204, b"")
    assert call("GET", f"/cell_instances/{cell['id']}").status == 404
    assert call("GET", f"/cell_batches/{cell['batch_id']}").status == 404
    assert call("GET", "/cell_instances").body["total"] == 0


def test_parts_come_back_nested(call):
    spec = call.made(SPECS, {"name": "x", "anode": PART})
    anode = spec["anode"]
    assert anode["id"] == spec["anode_id"]
    assert anode["properties"] == PART["properties"]
    assert anode["component_type"] == "anode"
    assert anode["material"]["id"] == anode["material_id"]
    assert anode["material"]["product_id"] is None
    assert spec["cathode"] is spec["cathode_id"] is None


def test_equal_parts_are_one_part(call):
    first = call.made(SPECS, {"name": "a", "anode": PART, "cathode": PART})
    second = call.made(SPECS, {"name": "b", "anode": PART})
    assert first["anode"] == second["anode"]
    assert first["cathode_id"] != first["anode_id"]
    assert first["cathode"]["material_id"] == first["anode"]["material_id"]


def test_another_project_has_parts_of_its_own(call):
    first = call.made(SPECS, {"name": "a", "anode": PART})
    second = call.made(SPECS, {"name": "a", "anode": PART, "project_id": "p2"})
    assert first["anode"]["material_id"] != second["anode"]["material_id"]


def test_a_part_is_replaced_and_emptied(call):
    spec = call.made(SPECS, {"name": "a", "anode": PART, "case": {"properties": {"is": "steel"}}})
    path = f"{SPECS}/{spec['id']}"
    changed = call("PATCH", path, {"anode": {"material": {"name": "Silicon"}}}).body
    assert changed["anode"]["properties"] is None
    assert changed["anode"]["material"]["name"] == "Silicon"
    assert call("PATCH", path, {"case": None}).body["case"] is None


def test_the_same_part_again_is_no_change(call):
    spec = call.made(SPECS, {"name": "a", "anode": PART})
    assert call("PATCH", f"{SPECS}/{spec['id']}", {"anode": PART}).body == spec


def test_a_redefined_material_is_a_change_of_every_spec_made_of_it(call):
    first = call.made(SPECS, {"name": "a", "anode": PART})
    redefined = {**PART, "material": {**PART["material"], "definition": {"type": "Si"}}}
    call.made(SPECS, {"name": "b", "anode": redefined})
    again = call("GET", f"{SPECS}/{first['id']}").body
    assert again["anode"]["material"]["definition"] == {"type": "Si"}
    assert again["version"] == 2


@pytest.mark.parametrize("part", [{"id": "x"}, {"material": {"manufacturer": "x"}}, 5, []])
def test_a_part_that_is_none_is_refused(call, part):
    answer = call("POST", SPECS, {"name": "x", "anode": part})
    assert answer.status == 422
    assert answer.message.startswith("anode")


def test_a_list_nests_parts_only_when_asked(call):
    spec = call.made(SPECS, {"name": "a", "anode": PART})
    (flat,) = call("GET", SPECS).body["items"]
    assert flat == {key: value for key, value in spec.items() if key in flat}
    assert "anode" not in flat
    assert call("GET", f"{SPECS}?full=true").body["items"] == [spec]
