"""Records of tests: made, read, listed, changed, deleted."""

from __future__ import annotations

import pytest
from upload_tools import path_of, upload

TESTS = "/cell_measurements"
RESISTANCE = {"resistance": {"value": 12.5, "unit": "mohm"}}


@pytest.fixture
def tests_path(cell_path):
    return f"{cell_path}/cell_measurements"


@pytest.fixture
def make(call, tests_path):
    """Make a test that holds properties."""

    def make_(name, **more):
        return call.made(f"{tests_path}/create", {"name": name, "properties": RESISTANCE, **more})

    return make_


def test_every_documented_field_comes_back(make, call, cell):
    made = make("ir", notes="x", protocol={"name": "IR", "ambient_temperature_degc": 25, "by": [1]})
    assert made["cell_instance_id"] == cell["id"]
    assert made["measurement_type"] == "properties"
    assert made["processing_status"] == "ready"
    assert made["properties"] == RESISTANCE
    assert made["protocol"] == {"name": "IR", "ambient_temperature_degc": 25, "by": [1]}
    assert made["tags"] == []
    assert made["step_labels_validated"] is False
    assert made["channel_id"] is made["protocol_id"] is made["estimated_end_time"] is None
    assert call("GET", path_of(made)).body == made


def test_no_key_that_breaks_the_public_client_is_sent(call, cell_path):
    made = upload(call, cell_path)
    target = f"{path_of(made)}?include_steps=false&include_time_series=false"
    body = call("GET", target).body
    assert not {"steps", "cycles", "time_series", "instance_id", "files"} & set(body)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"channel_id": "ch"}, 400, "keeps no channels"),
        ({"protocol_id": "p"}, 400, "keeps no channels"),
        ({"start_time": "2026-01-02", "end_time": "2026-01-01"}, 422, "end_time"),
        ({"start_time": "yesterday"}, 422, "ISO date and time"),
        ({"start_time": 5}, 422, "ISO date and time"),
        ({"start_time": "0001-01-01T00:00:00+10:00"}, 422, "ISO date and time"),
        ({"tags": [""]}, 400, "0 characters"),
        ({"tags": ["x" * 51]}, 400, "51 characters"),
        ({"tags": [f"t{n}" for n in range(51)]}, 400, "at most 50"),
        ({"tags": "x"}, 422, "tags"),
        ({"protocol": {"name": 5}}, 422, "protocol.name"),
        ({"protocol": {"ambient_temperature_degc": "warm"}}, 422, "ambient_temperature_degc"),
        ({"test_setup": {"channel_number": {}}}, 422, "test_setup.channel_number"),
        ({"measurement_type": "time_series"}, 422, "measurement_type"),
        ({"properties": None}, 422, "properties"),
        ({"processing_status": "ready"}, 422, "set by the service"),
        ({"cycler": "x"}, 422, "has no field"),
    ],
)
def test_what_does_not_fit_is_refused(call, tests_path, fields, status, said):
    body = {"name": "t", "properties": RESISTANCE, **fields}
    answer = call("POST", f"{tests_path}/create", body)
    assert (answer.status, said in answer.message) == (status, True), answer.message
    assert call("GET", tests_path).body["total"] == 0


def test_nulls_are_the_same_as_nothing(make):
    made = make("t", tags=None, channel_id=None, protocol=None, step_labels_validated=None)
    assert made["tags"] == []
    assert made["protocol"] is None
    assert made["step_labels_validated"] is False


def test_a_name_is_taken_once_per_cell(make, call, tests_path, cells_path):
    made = make("t")
    again = call("POST", f"{tests_path}/create", {"name": "t", "properties": RESISTANCE})
    assert (again.status, again.body["detail"]["existing_id"]) == (409, made["id"])
    other = call.made(cells_path, {"name": "c-2"})
    elsewhere = f"/cell_instances/{other['id']}/cell_measurements/create"
    assert call("POST", elsewhere, {"name": "t", "properties": RESISTANCE}).status == 201


def test_a_rename_meets_the_same_conflict(make, call):
    first, second = make("a"), make("b")
    answer = call("PATCH", path_of(second), {"name": "a"})
    assert (answer.status, answer.body["detail"]["existing_id"]) == (409, first["id"])
    assert call("PATCH", path_of(second), {"name": "b"}).status == 200


def test_a_change_is_the_next_version(make, call):
    made = make("t")
    changed = call("PATCH", path_of(made), {"notes": "x"}, if_match='"1"')
    assert (changed.status, changed.body["version"], changed.body["notes"]) == (200, 2, "x")
    assert changed.body["updated_at"] > made["updated_at"]
    assert call("PATCH", path_of(made), {"notes": "y"}, if_match='"1"').status == 412
    assert call("PATCH", path_of(made), {"notes": "x"}).body["version"] == 2


def test_an_end_before_the_start_is_seen_over_two_changes(make, call):
    made = make("t", start_time="2026-01-05T00:00:00Z")
    answer = call("PATCH", path_of(made), {"end_time": "2026-01-04T00:00:00+00:00"})
    assert answer.status == 422
    assert call("PATCH", path_of(made), {"end_time": "2026-01-05"}).status == 200


def test_properties_belong_to_tests_of_that_type(call, cell_path):
    made = upload(call, cell_path)
    answer = call("PATCH", path_of(made), {"properties": RESISTANCE})
    assert answer.status == 422
    assert "time_series" in answer.message


def test_tags_are_trimmed_sorted_and_spelled_as_the_project_does(make, call):
    first = make("a", tags=["RPT", " ageing ", "rpt"])
    assert first["tags"] == ["ageing", "RPT"]
    assert make("b", tags=["rpt", "Ageing"])["tags"] == ["ageing", "RPT"]
    changed = call("PATCH", path_of(first), {"tags": ["x"]})
    assert changed.body["tags"] == ["x"]
    assert call("PATCH", path_of(first), {"tags": None}).body["tags"] == []


def test_the_only_test_with_a_tag_may_respell_it(make, call):
    made = make("a", tags=["rpt"])
    assert call("PATCH", path_of(made), {"tags": ["RPT"]}).body["tags"] == ["RPT"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["c", "b", "a"]),
        ("order_by=start_time&order=asc", ["c", "a", "b"]),
        ("order_by=name&order=asc&limit=1&offset=1", ["b"]),
        ("tags_all=RPT", ["b", "a"]),
        ("tags_all=rpt&tags_all=hot", ["b"]),
        ("tags_any=hot&tags_any=none", ["b"]),
        ("tags_any=none", []),
        ("start_time_gt=2026-01-01", ["b"]),
        ("start_time_lt=2026-01-02", ["a"]),
        ("measurement_type=properties", ["c", "b", "a"]),
        ("measurement_type=file", []),
        ("name=eq.a", ["a"]),
        ("name=ilike.%25B%25", ["b"]),
    ],
)
def test_the_tests_of_a_cell_are_filtered(make, call, tests_path, query, names):
    make("a", tags=["rpt"], start_time="2026-01-01")
    make("b", tags=["RPT", "hot"], start_time="2026-01-02")
    make("c")
    answer = call("GET", f"{tests_path}?{query}")
    assert (answer.status, answer.names) == (200, names)


@pytest.mark.parametrize("query", ["measurement_type=x", "order_by=tags", "start_time_gt=x"])
def test_a_filter_that_cannot_be_read_is_refused(call, tests_path, query):
    assert call("GET", f"{tests_path}?{query}").status == 422


def test_no_other_list_is_ordered_by_start_time(call, cells_path):
    assert call("GET", f"{cells_path}?order_by=start_time").status == 422


def test_the_lab_is_searched_by_free_text(make, call):
    make("Formation", notes="at 25 degrees")
    make("b", protocol={"name": "HPPC pulse"})
    make("c", tags=["Ändern_1"])
    for text, names in [
        ("FORM", ["Formation"]),
        ("25 deg", ["Formation"]),
        ("hppc", ["b"]),
        ("äNDERN_", ["c"]),
        ("%", []),
    ]:
        assert call("GET", f"{TESTS}?q={text.replace('%', '%25')}").names == names


def test_the_search_follows_a_change(make, call):
    made = make("a", notes="before")
    call("PATCH", path_of(made), {"notes": "after"})
    assert call("GET", f"{TESTS}?q=after").names == ["a"]
    assert call("GET", f"{TESTS}?q=before").names == []


def test_the_lab_is_listed_by_project_spec_and_cell(make, call, spec, cell):
    for number in range(26):
        make(f"t-{number:02}")
    project = call("GET", f"{TESTS}?project_id={spec['project_id']}").body
    assert (project["count"], project["total"]) == (25, 26)
    for query in ("", f"cell_specification_id={spec['id']}", f"cell_instance_id={cell['id']}"):
        assert call("GET", f"{TESTS}?{query}").body["count"] == 26
    assert call("GET", f"{TESTS}?project_id=other").body["total"] == 0


def test_the_tests_of_no_cell_are_not_found(call):
    assert call("GET", "/cell_instances/none/cell_measurements").status == 404
    body = {"name": "t", "properties": RESISTANCE}
    assert call("POST", "/cell_instances/none/cell_measurements/create", body).status == 404


@pytest.mark.parametrize("above", ["test", "cell", "spec"])
def test_deleting_takes_the_tests_below_along(make, call, cell_path, spec_path, above):
    made = make("t", tags=["x"])
    target = {"test": path_of(made), "cell": cell_path, "spec": spec_path}[above]
    assert call("DELETE", target).status == 204
    assert call("GET", path_of(made)).status == 404
    assert call("GET", f"{TESTS}?tags_any=x").body["total"] == 0


def test_schemas_describe_tests(call):
    found = call("GET", "/discovery/schemas/data").body["properties"]["cell_measurement"]
    assert found["properties"]["start_time"]["anyOf"][0] == {
        "type": "string",
        "format": "date-time",
    }
    assert "protocol.name" not in found["properties"]
