"""Raw data: kept as it came, attached to tests, and gone when it is deleted."""

from __future__ import annotations

import pytest
from upload_tools import (
    RAW,
    blobs,
    confirm_raw,
    initiate_raw,
    put,
    staged,
    upload_files,
    upload_raw,
)

DAY = 24 * 3600 * 1_000_000
FILE = b"Time;Voltage\r\n0;3,6\r\n\x00\xff"


@pytest.fixture
def test_path(call, cell_path):
    body = {"name": "t", "properties": {"a": "b"}}
    return f"/cell_measurements/{call.made(f'{cell_path}/cell_measurements/create', body)['id']}"


@pytest.fixture
def raw(call):
    return upload_raw(call, FILE, source="a cycler", metadata={"channel": 5.0})


@pytest.fixture
def raw_path(raw):
    return f"/raw_data/{raw['id']}"


def attached(call, test_path):
    return call("GET", f"{test_path}/raw_data?limit=100&offset=0").names


def test_a_file_comes_back_as_it_came(call, raw, raw_path):
    assert (raw["name"], raw["filename"], raw["size_bytes"]) == ("export", "a.csv", len(FILE))
    assert (raw["source"], raw["metadata"], raw["version"]) == ("a cycler", {"channel": 5.0}, 1)
    assert call("GET", raw_path).body == raw
    url = call("GET", f"{raw_path}/download-url").body["url"]
    answer = call("GET", url, x_api_key=None)
    assert answer.content == FILE
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''a.csv"
    assert call("GET", url, x_api_key=None, range="bytes=0-3").content == b"Time"


def test_raw_data_is_listed_by_project(call):
    for number, project in enumerate("aab"):
        upload_raw(call, name=f"n{number}", project_id=project)
    listed = call("GET", "/raw_data?project_id=a&limit=1&order=asc")
    assert (listed.names, listed.body["total"]) == (["n0"], 2)
    assert call("GET", "/raw_data?project_id=none").body["total"] == 0
    assert call("GET", "/raw_data?name=ilike.%25N2%25").names == ["n2"]
    assert call("GET", "/raw_data?limit=0").status == 422


def test_it_is_attached_as_often_as_asked_and_detached_once(call, raw, raw_path, test_path):
    for _ in range(2):
        body = {"raw_data_ids": [raw["id"], raw["id"]]}
        assert call("POST", f"{test_path}/raw_data", body).status == 200
    assert attached(call, test_path) == ["export"]
    tests = call("GET", f"{raw_path}/cell_measurements").body
    assert (tests["items"], tests["total"]) == ([test_path.rpartition("/")[2]], 1)
    statuses = [call("DELETE", f"{test_path}/raw_data/{raw['id']}").status for _ in range(2)]
    assert statuses == [204, 404]
    assert attached(call, test_path) == []


def test_a_list_that_the_caller_has_is_another_one_after_it_is_attached(call, raw, test_path):
    etag = call("GET", f"{test_path}/raw_data").headers["etag"]
    call("POST", f"{test_path}/raw_data", {"raw_data_ids": [raw["id"]]})
    changed = call("GET", f"{test_path}/raw_data", if_none_match=etag)
    assert (changed.status, changed.names) == (200, ["export"])
    call("DELETE", f"{test_path}/raw_data/{raw['id']}")
    tag = changed.headers["etag"]
    assert call("GET", f"{test_path}/raw_data", if_none_match=tag).status == 200


def test_what_there_is_not_is_not_attached_nor_anything_with_it(call, raw, test_path):
    refusal = call("POST", f"{test_path}/raw_data", {"raw_data_ids": [raw["id"], "r-1"]})
    assert (refusal.status, refusal.body["error_code"]) == (404, "NOT_FOUND")
    assert "'r-1'" in refusal.message
    assert refusal.body["detail"] == {"raw_data_ids": ["r-1"]}
    assert attached(call, test_path) == []
    assert call("POST", f"{test_path}/raw_data", {"raw_data_ids": "x"}).status == 422


def test_it_is_changed_but_for_its_file(call, raw, raw_path):
    sent = {"name": "new", "source": "", "metadata": {"a": 1}}
    changed = call("PATCH", raw_path, sent, if_match='"1"').body
    assert (changed["name"], changed["source"], changed["metadata"]) == ("new", None, {"a": 1})
    assert changed["version"] == 2
    for name, value in (("filename", "b"), ("size_bytes", 1), ("project_id", "p"), ("digest", "")):
        assert call("PATCH", raw_path, {name: value}).status == 422
    assert call("PATCH", raw_path, {"name": "x"}, if_match='"1"').status == 412
    assert call("GET", raw_path, if_none_match='"2"').status == 304
    assert call("GET", raw_path).body == changed


def test_deleted_raw_data_is_off_its_tests(call, raw, raw_path, test_path):
    call("POST", f"{test_path}/raw_data", {"raw_data_ids": [raw["id"]]})
    assert call("DELETE", raw_path).status == 204
    assert attached(call, test_path) == []
    for below in ("", "/download-url", "/cell_measurements"):
        assert call("GET", raw_path + below).status == 404
    assert confirm_raw(call, {"raw_data_id": raw["id"]}).status == 404


def test_it_outlives_its_tests(call, raw, raw_path, test_path, spec_path):
    call("POST", f"{test_path}/raw_data", {"raw_data_ids": [raw["id"]]})
    call("DELETE", spec_path)
    assert call("GET", raw_path).body == raw
    assert call("GET", f"{raw_path}/cell_measurements").body["items"] == []


@pytest.fixture
def timed_path(timed):
    spec = timed.made("/cell_specifications", {"name": "s"})
    cell = timed.made(f"/cell_specifications/{spec['id']}/cell_instances", {"name": "c"})
    return f"/cell_instances/{cell['id']}"


@pytest.mark.law("U5", "U6")
@pytest.mark.parametrize("first", ["test", "raw data"])
def test_a_content_goes_a_day_after_the_last_of_its_records(
    timed, timed_path, clock, folder, first
):
    paths = {
        "test": upload_files(timed, timed_path, {"a.csv": FILE}),
        "raw data": f"/raw_data/{upload_raw(timed, FILE)['id']}",
    }
    timed("DELETE", paths.pop(first))
    (last,) = paths.values()
    clock.now += DAY
    timed.service._collector.run()
    clock.now += DAY
    timed.service._collector.run()
    assert len(blobs(folder)) == 1
    timed("DELETE", last)
    clock.now += DAY
    timed.service._collector.run()
    assert blobs(folder) == set()


def test_a_confirm_is_answered_again_and_only_the_same(call, folder):
    begun = initiate_raw(call)
    assert confirm_raw(call, begun).status == 400  # nothing was put
    put(call, begun, FILE)
    first, second = (confirm_raw(call, begun) for _ in range(2))
    assert (first.status, first.body) == (second.status, second.body) == (201, first.body)
    other = confirm_raw(call, begun, source="x")
    assert (other.status, other.body["detail"]["existing_id"]) == (409, first.body["id"])
    assert put(call, begun, FILE).status == 409
    assert staged(folder) == set()


@pytest.mark.law("U2")
def test_a_file_that_is_not_what_was_said_is_put_again(call):
    begun = initiate_raw(call)
    put(call, begun, FILE)
    assert confirm_raw(call, begun, filename="b.csv").status == 400
    refusal = confirm_raw(call, begun, size_bytes=3)
    assert (refusal.status, f"{len(FILE)} bytes came, not 3" in refusal.message) == (422, True)
    put(call, begun, b"raw")
    assert confirm_raw(call, begun, size_bytes=3).status == 201


@pytest.mark.law("U2")
def test_a_file_that_changed_on_the_disk_is_not_kept(call, folder):
    begun = initiate_raw(call)
    put(call, begun, FILE)
    (waiting,) = (folder / "staging").glob("*")
    waiting.write_bytes(FILE[::-1])
    refusal = confirm_raw(call, begun)
    assert (refusal.status, "not on the disk as it came" in refusal.message) == (422, True)
    assert blobs(folder) == set()


@pytest.mark.law("U7")
def test_a_damaged_file_is_never_given(call, raw, raw_path, folder):
    (digest,) = blobs(folder)
    (folder / "blobs" / digest[:2] / digest).write_bytes(b"another")
    answer = call("GET", f"{raw_path}/download-url")
    assert (answer.status, answer.body["error_code"]) == (500, "CORRUPT_DATA")
    assert f"a.csv of raw data 'export' ({raw['id']}) is damaged" in answer.message


BAD = [
    {"filename": "a/b"},
    {"filename": None},
    {"filename": ""},
    {"name": ""},
    {"colour": 1},
    {"size_bytes": -1},
    {"size_bytes": True},
    {"metadata": []},
]


@pytest.mark.parametrize("fields", BAD, ids=str)
def test_what_is_no_raw_data_is_refused(call, fields):
    assert call("POST", "/raw_data/initiate-upload", {**RAW, **fields}).status == 422


def test_a_project_with_raw_data_stays(call):
    project = call.made("/projects", {"name": "P"})
    raw = upload_raw(call, project_id=project["id"])
    refusal = call("DELETE", f"/projects/{project['id']}")
    assert (refusal.status, refusal.body["detail"]["existing_id"]) == (409, raw["id"])
    call("DELETE", f"/raw_data/{raw['id']}")
    assert call("DELETE", f"/projects/{project['id']}").status == 204
    assert call("POST", "/raw_data/initiate-upload", {**RAW, "project_id": "P2"}).status == 200


def test_uploads_of_tests_and_of_raw_data_are_not_taken_for_each_other(call, cell_path):
    raw_id = initiate_raw(call)["raw_data_id"]
    body = {"cell_instance_id": cell_path.rpartition("/")[2], "measurement": {"name": "t"}}
    assert call("POST", f"/cell_measurements/{raw_id}/confirm-upload", body).status == 404
    begun = call(
        "POST", f"{cell_path}/cell_measurements/initiate-upload", {"measurement": RAW | {}}
    )
    assert begun.status == 422


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
