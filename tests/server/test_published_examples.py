"""The contract's own examples, replayed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[3] / "shared" / "contract" / "examples.json"
IDS = [
    "spec-create",
    "spec-list",
    "instance-create-seed",
    "instance-create-new",
    "instance-conflict",
    "instance-update-seed",
    "instance-404",
    "instance-422",
    "batch-create",
    "instance-get-bridge",
]


@pytest.fixture(scope="module")
def examples():
    if not EXAMPLES.exists():
        pytest.skip("the contract's examples are not beside this repository")
    return {example["id"]: example for example in json.loads(EXAMPLES.read_text())["examples"]}


@pytest.fixture
def ids(call, examples):
    """Make what the examples take for granted; map their ids to ours."""
    spec = call.made("/cell_specifications", {**_body(examples, "spec-create"), "name": "theirs"})
    path = f"/cell_specifications/{spec['id']}"
    lot = call.made(f"{path}/cell_batches", {"name": "LOT-25W40"})
    cell = call.made(f"{path}/cell_instances", _body(examples, "instance-create-seed"))
    bridge = examples["instance-get-bridge"]["response"]["body"]
    return {
        bridge["id"]: cell["id"],
        bridge["cell_specification_id"]: spec["id"],
        bridge["batch_id"]: lot["id"],
    }


@pytest.mark.parametrize("example_id", IDS)
def test_an_example_is_answered_as_it_says(call, examples, ids, example_id):
    example = examples[example_id]
    request, expected = example["request"], example["response"]
    query = request.get("query_string")
    path = _ours(request["path"], ids) + (f"?{query}" if query else "")
    body = _prepared(call, example_id, request.get("body"), ids, _body(examples, "spec-create"))
    answer = call(request["method"], path, body)
    assert answer.status == expected["status"], answer.content
    assert answer.headers["content-type"] == "application/json"
    _check_shape(answer.body, expected["body"], example_id)


def _prepared(call, example_id, body, ids, spec):
    """Clear the way for creates, whose names the preparation has taken."""
    if example_id.startswith("instance-create"):
        (cell,) = (ours for theirs, ours in ids.items() if theirs.startswith("e94c"))
        assert call("DELETE", f"/cell_instances/{cell}").status == 204
    if example_id == "batch-create":
        body = {**body, "name": "LOT-26W01"}
    if example_id == "spec-list":
        for number in range(3):
            named = {**spec, "name": f"LFP/Graphite {number}"}
            call.made("/cell_specifications", named)
    return body if body is None else json.loads(_ours(json.dumps(body), ids))


def _ours(text, ids):
    for theirs, ours in ids.items():
        text = text.replace(theirs, ours)
    return text


def _check_shape(ours, theirs, where):
    """Compare keys and JSON types; null may stand for any value."""
    if isinstance(theirs, dict):
        assert set(theirs) <= set(ours), where
        for key, value in theirs.items():
            _check_shape(ours[key], value, f"{where}.{key}")
    elif isinstance(theirs, list):
        assert isinstance(ours, list), where
        assert bool(ours) == bool(theirs), where
        for mine, value in zip(ours, theirs, strict=False):
            _check_shape(mine, value, where)
    elif theirs is not None and ours is not None:
        assert isinstance(ours, (int, float) if isinstance(theirs, (int, float)) else type(theirs))


def _body(examples, example_id):
    return examples[example_id]["request"]["body"]
