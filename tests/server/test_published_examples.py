"""The contract's own examples, all of them, replayed; each answer as the service describes it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from jsonschema import Draft202012Validator
from upload_tools import SERIES, confirm, initiate, parquet, put

from cellframe.server import paths
from cellframe.server.describing.document import document
from cellframe.server.router import ROUTES

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
    "measurement-list",
    "initiate-upload",
    "put-storage",
    "confirm-upload",
    "poll-failed",
    "series-download",
    "storage-range",
    "steps-and-cycles",
    "properties-create",
    "file-initiate",
    "tags-bulk",
    "instance-get-bridge",
]
REDIRECTS = {302, 303, 307}
SPEC, LOT, CELL, TEST, VALUES = "7d3b9e64", "9b5e2d47", "e94c0f37", "a8f15c20", "4c27e5b9"
"""How the examples' own ids begin."""
MADE_BY = {
    "spec-create": f"/cell_specifications/{SPEC}",
    "batch-create": f"/cell_batches/{LOT}",
    "instance-create-seed": f"/cell_instances/{CELL}",
    "instance-create-new": f"/cell_instances/{CELL}",
    "initiate-upload": f"/cell_measurements/{TEST}",
    "put-storage": f"/cell_measurements/{TEST}",
    "confirm-upload": f"/cell_measurements/{TEST}",
    "poll-failed": f"/cell_measurements/{TEST}",
    "properties-create": f"/cell_measurements/{VALUES}",
}
"""What an example makes, and so cannot be there before it."""


@pytest.fixture(scope="module")
def examples():
    if not EXAMPLES.exists():
        pytest.skip("the contract's examples are not beside this repository")
    return {example["id"]: example for example in json.loads(EXAMPLES.read_text())["examples"]}


def test_every_example_is_replayed(examples):
    assert set(IDS) == set(examples)


@pytest.fixture
def stage(call, examples):
    """Make what the examples take for granted, and clear what one of them makes."""
    return Stage(call, examples)


class Stage:
    """The records of the examples, by the beginning of the examples' ids."""

    def __init__(self, call, examples):
        self.call = call
        self.examples = examples
        self.ids = {}
        self.ids[SPEC] = self.made("/cell_specifications", "spec-create")
        spec = f"/cell_specifications/{self.ids[SPEC]}"
        self.ids[LOT] = self.made(f"{spec}/cell_batches", "batch-create")
        self.ids[CELL] = self.made(f"{spec}/cell_instances", "instance-create-new")
        self.cell = f"/cell_instances/{self.ids[CELL]}"
        create = f"{self.cell}/cell_measurements/create"
        self.ids[VALUES] = self.made(create, "properties-create")
        self.upload(parquet())

    def body(self, example_id):
        return json.loads(self.ours(json.dumps(self.examples[example_id]["request"].get("body"))))

    def made(self, path, example_id):
        return self.call.made(path, self.body(example_id))["id"]

    def ours(self, text):
        """Put our ids in the place of theirs."""
        for begins, id_ in self.ids.items():
            for theirs in self.theirs(begins):
                text = text.replace(theirs, id_)
        return text

    def theirs(self, begins):
        words = json.dumps(self.examples).replace("/", '"').split('"')
        return {word for word in words if word.startswith(begins) and len(word) == 36}

    def upload(self, content):
        fields = self.body("confirm-upload")["measurement"]
        begun = initiate(self.call, self.cell, fields["name"])
        put(self.call, begun, content)
        assert confirm(self.call, self.cell, begun, fields["name"], fields=fields).status == 201
        self.ids[TEST] = begun["measurement_id"]

    def clear(self, example_id):
        target = MADE_BY.get(example_id)
        if target is not None:
            collection, _, begins = target.rpartition("/")
            assert self.call("DELETE", f"{collection}/{self.ids[begins]}").status == 204
        if example_id in {"put-storage", "confirm-upload"}:
            begun = initiate(self.call, self.cell, "C/3 capacity check")
            self.ids[TEST] = begun["measurement_id"]
            assert put(self.call, begun).status == 200
            return begun["uploads"][0]["signed_url"] if example_id == "put-storage" else None
        if example_id == "poll-failed":
            self.upload(parquet(SERIES.drop("Step count")))
        if example_id == "storage-range":
            path = f"/cell_measurements/{self.ids[TEST]}/time_series/download"
            return self.call("GET", path).headers["location"]
        return None


@pytest.mark.parametrize("example_id", IDS)
def test_an_example_is_answered_as_it_says(call, examples, stage, described, example_id):
    request, expected = examples[example_id]["request"], examples[example_id]["response"]
    address = stage.clear(example_id)
    query = request.get("query_string")
    path = address or stage.ours(request["path"]) + (f"?{query}" if query else "")
    body = parquet() if example_id == "put-storage" else stage.body(example_id)
    ranged = {"range": request["headers"]["Range"]} if example_id == "storage-range" else {}
    answer = call(request["method"], path, body, **ranged)
    same = {expected["status"]} if expected["status"] not in REDIRECTS else REDIRECTS
    assert answer.status in same, answer.content
    assert set(map(str.lower, expected.get("headers", {}))) <= {*answer.headers, "content-length"}
    if isinstance(expected["body"], dict) and "$binary" not in expected["body"]:
        _check_shape(answer.body, expected["body"], example_id)
        assert described(request["method"], path, answer) == []


@pytest.fixture(scope="module")
def described():
    """Say in what an answer is not as the service's own document describes it."""
    told = json.loads(json.dumps(document(ROUTES)))
    templates = dict(zip(ROUTES, told["paths"], strict=True))

    def check(method, path, answer):
        steps = paths.segments(path.partition("?")[0])
        fitting = [p for p in ROUTES if len(p) == len(steps) and _fits(p, steps)]
        responses = told["paths"][templates[fitting[0]]][method.lower()]["responses"]
        found = responses.get(str(answer.status))
        found = told["components"]["responses"]["Problem"] if found is None else found
        schema = found["content"]["application/json"]["schema"]
        validator = Draft202012Validator({"allOf": [schema], "components": told["components"]})
        return [fault.message for fault in validator.iter_errors(answer.body)]

    return check


def _fits(pattern, steps):
    return all(wanted in {None, step} for wanted, step in zip(pattern, steps, strict=True))


def test_the_replayed_series_is_the_one_that_went_up(call, stage):
    location = stage.clear("storage-range")
    content = call("GET", location, x_api_key=None).content
    assert pl.read_parquet(content).equals(SERIES)


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
