"""Raw data and watching: the paths answer, and say what is true."""

from __future__ import annotations

import pytest


@pytest.fixture
def path(call, cell_path):
    body = {"name": "t", "properties": {"a": "b"}}
    test = call.made(f"{cell_path}/cell_measurements/create", body)
    return f"/cell_measurements/{test['id']}"


def test_no_test_has_raw_data(call, path):
    answer = call("GET", f"{path}/raw_data?limit=100&offset=0")
    assert answer.status == 200
    assert answer.body["items"] == []
    assert answer.body["count"] == answer.body["total"] == 0
    assert call("GET", f"{path}/raw_data?limit=0").status == 422


def test_raw_data_that_there_is_not_is_not_attached(call, path):
    refusal = call("POST", f"{path}/raw_data", {"raw_data_ids": ["r-1"]})
    assert (refusal.status, refusal.body["error_code"]) == (404, "NOT_FOUND")
    assert "'r-1'" in refusal.message
    assert call("POST", f"{path}/raw_data", {"raw_data_ids": []}).status == 200
    assert call("POST", f"{path}/raw_data", {"raw_data_ids": "x"}).status == 422
    assert call("DELETE", f"{path}/raw_data/r-1").status == 404


def test_watching_is_granted_as_often_as_it_is_asked_for(call, path):
    for method in ("POST", "POST", "DELETE", "DELETE"):
        answer = call(method, f"{path}/watch", {} if method == "POST" else None)
        assert (answer.status, answer.content) == (204, b"")
    assert call("POST", f"{path}/watch", {"x": 1}).status == 422


@pytest.mark.parametrize(
    ("method", "tail", "body"),
    [
        ("GET", "raw_data", None),
        ("POST", "raw_data", {"raw_data_ids": []}),
        ("DELETE", "raw_data/x", None),
        ("POST", "watch", {}),
        ("DELETE", "watch", None),
    ],
)
def test_below_no_test_there_is_nothing(call, method, tail, body):
    refusal = call(method, f"/cell_measurements/none/{tail}", body)
    assert (refusal.status, refusal.message) == (404, "Cell measurement not found.")
