"""Watching: a mark that is kept, and ends with its test."""

from __future__ import annotations

import pytest


@pytest.fixture
def running(call, spec, cell_path):
    """The path of a test that has not ended, and what its project says is watched."""
    body = {"name": "t", "properties": {"a": "b"}}
    test = call.made(f"{cell_path}/cell_measurements/create", body)

    def watched():
        found = call("GET", f"/projects/{spec['project_id']}/lab/watched").body
        return [f"/cell_measurements/{one}" for one in found["measurement_ids"]]

    return f"/cell_measurements/{test['id']}", watched


def test_a_watched_test_is_named_until_it_is_watched_no_more(call, running):
    path, watched = running
    for method, named in (("POST", [path]), ("POST", [path]), ("DELETE", []), ("DELETE", [])):
        answer = call(method, f"{path}/watch", {} if method == "POST" else None)
        assert (answer.status, answer.content) == (204, b"")
        assert watched() == named
    assert call("POST", f"{path}/watch", {"x": 1}).status == 422


def test_a_watch_ends_with_its_test(call, running):
    path, watched = running
    call("POST", f"{path}/watch", {})
    call("PATCH", path, {"end_time": "2026-01-01T00:00:00Z"})
    assert watched() == []
    call("PATCH", path, {"end_time": None})
    call("DELETE", path)
    assert watched() == []


def test_what_is_watched_lies_in_a_project(call, running):
    call("POST", f"{running[0]}/watch", {})
    other = call.made("/projects", {"name": "other"})
    path = f"/projects/{other['id']}/lab/watched"
    assert call("GET", path).body == {"measurement_ids": []}
    assert call("GET", "/projects/none/lab/watched").status == 404
