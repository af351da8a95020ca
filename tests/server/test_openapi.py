"""The document that describes the service: valid, whole, and true."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator
from upload_tools import upload, upload_raw

from cellframe.contract.records import KINDS
from cellframe.server.describing.operations import OPERATIONS
from cellframe.server.describing.schemas import title
from cellframe.server.router import ROUTES


@pytest.fixture(scope="module")
def document():
    from cellframe.server.describing.document import document

    return json.loads(json.dumps(document(ROUTES)))


@pytest.fixture
def fits(document):
    """Hold a body against a schema of the document, by name."""

    def fits_(name, body):
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        return [fault.message for fault in Draft202012Validator(schema).iter_errors(body)]

    return fits_


def operations(document):
    return {
        (path, method): told
        for path, methods in document["paths"].items()
        for method, told in methods.items()
        if method != "parameters"
    }


def test_it_lies_where_the_capabilities_say(call, document):
    path = call("GET", "/discovery/capabilities").body["openapi_spec"]
    answer = call("GET", path)
    assert (answer.status, answer.body) == (200, document)
    assert call("GET", path, if_none_match=answer.headers["etag"]).status == 304


def test_it_is_a_valid_document(document):
    validator = pytest.importorskip("openapi_spec_validator")
    assert document["openapi"].startswith("3.1")
    validator.validate(document)


def test_every_handler_is_described_in_its_own_words():
    handlers = {
        getattr(handler, "func", handler)
        for steps, found in ROUTES.items()
        for handler in found.values()
        if steps[-1] != "openapi.json"
    }
    assert handlers == set(OPERATIONS)


def test_every_call_has_a_summary_an_answer_and_a_refusal(document):
    found = operations(document)
    assert len(found) > 50
    for told in found.values():
        assert told["summary"].endswith(".")
        assert "default" in told["responses"]


def test_ids_in_a_path_are_named(document):
    assert "/cell_specifications/{cell_specification_id}/cell_instances" in document["paths"]
    assert "/cell_measurements/{cell_measurement_id}/files/{file}" in document["paths"]
    assert "/cell_measurements/tags/bulk" in document["paths"]


LIMITED = [
    "/projects",
    "/cell_specifications",
    "/cell_instances",
    "/cell_measurements",
    "/cell_measurements/tags",
]


@pytest.mark.parametrize("path", LIMITED)
def test_what_may_be_asked_is_read(call, document, path):
    asked = document["paths"][path]["get"]["parameters"]
    checked = [
        one["name"]
        for one in asked
        if one["in"] == "query" and one["schema"].get("type") != "array"
        if one["schema"] != {"type": "string"}
    ]
    assert "limit" in checked
    for name in checked:
        refusal = call("GET", f"{path}?{name}=no&project_id=p")
        assert (refusal.status, name) == (422, refusal.body["detail"][0]["loc"][1])


@pytest.fixture
def known(call, cell_path):
    """The ids of a test, and of all that it belongs to."""
    test = upload(call, cell_path)
    cell = call("GET", cell_path).body
    spec = call("GET", f"/cell_specifications/{cell['cell_specification_id']}").body
    sent_on = call("GET", f"/cell_measurements/{test['id']}/steps/download").headers["location"]
    return {
        "cell_measurement_id": test["id"],
        "cell_instance_id": cell["id"],
        "cell_specification_id": spec["id"],
        "project_id": spec["project_id"],
        "file": sent_on.rpartition("/")[2],
    }


@pytest.fixture
def reads(call, known, document):
    """What every GET of these ids answers, and the answers that are described."""
    found = []
    for path, told in document["paths"].items():
        if "get" in told and set(re.findall(r"{(\w+)}", path)) <= set(known):
            target = path.format_map(known)
            found.append((target, told["get"]["responses"], call("GET", target)))
    return [one for one in found if one[2].status < 400]


def test_what_has_a_tag_and_nothing_else_is_described_with_304(call, reads):
    assert len(reads) > 20
    for path, described, answer in reads:
        tag = answer.headers.get("etag")
        assert (path, bool(tag)) == (path, "304" in described)
        assert tag is None or call("GET", path, if_none_match=tag).status == 304


def test_some_bytes_of_a_file_are_described_with_206(call, reads):
    ((path, described, _),) = [one for one in reads if "206" in one[1]]
    assert call("GET", path, range="bytes=0-3").status == 206
    assert described["206"] == described["200"]


def test_a_batch_takes_what_other_writes_take(document):
    asked = {one["name"] for one in document["paths"]["/batch"]["post"]["parameters"]}
    assert asked == {"dry_run", "Idempotency-Key"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_of_record_is_answered_as_described(call, fits, kind):
    spec = call.made("/cell_specifications", {"name": "s", "anode": {"material": {"name": "C"}}})
    lot = call.made(f"/cell_specifications/{spec['id']}/cell_batches", {"name": "L"})
    path = f"/cell_specifications/{spec['id']}/cell_instances"
    cell = call.made(path, {"name": "c", "batch": "L", "date_manufactured": "2026-01-05"})
    path = f"/cell_instances/{cell['id']}/cell_measurements/create"
    test = call.made(path, {"name": "t", "properties": {"a": "b"}, "protocol": {"name": "x"}})
    project = call("GET", "/projects").body["items"][0]
    made = {"CellSpecification": spec, "CellBatch": lot, "CellInstance": cell}
    made |= {"CellMeasurement": test, "Project": project, "RawData": upload_raw(call)}
    assert fits(title(kind), made[title(kind)]) == []
    assert fits(title(kind), {**made[title(kind)], "name": 5})


def test_a_refusal_is_as_described(call, fits):
    refusal = call("POST", "/cell_specifications", {"name": ""})
    assert fits("Problem", refusal.body) == []
    assert fits("CellSpecificationCreate", {"name": ""})
    assert fits("CellSpecificationUpdate", {"colour": "red"})


def test_the_schema_of_a_protocol_is_of_the_contracts_table(call):
    found = call("GET", "/discovery/schemas/protocol").body
    assert set(found["properties"]) == {"name", "ambient_temperature_degc"}
    assert found["type"] == "object"
