"""Versions, times, entity tags and preconditions."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from upload_tools import MORE, parquet, path_of, put, upload, upload_files

from cellframe.server import tables

SPECS = "/cell_specifications"


def test_a_change_raises_the_version_and_the_time(call, cell, cell_path):
    changed = call("PATCH", cell_path, {"notes": "x"})
    assert (changed.body["version"], changed.headers["etag"]) == (2, '"2"')
    assert changed.body["updated_at"] > cell["updated_at"]
    assert changed.body["created_at"] == cell["created_at"]


NO_CHANGES = {
    "empty": {},
    "same name": {"name": "c-1"},
    "same null": {"notes": None, "batch": None, "batch_id": None},
    "same properties in another order": {
        "measured_properties": {"b": {"unit": "g", "value": 1}, "a": "x"}
    },
    "same date as a time": {"date_manufactured": "2025-10-28T00:00:00Z"},
}


@pytest.mark.parametrize("case", NO_CHANGES)
def test_a_change_of_nothing_is_none(call, cells_path, case):
    properties = {"a": "x", "b": {"value": 1, "unit": "g"}}
    sent = {"name": "c-1", "date_manufactured": "2025-10-28", "measured_properties": properties}
    cell = call.made(cells_path, sent)
    answer = call("PATCH", f"/cell_instances/{cell['id']}", NO_CHANGES[case])
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, cell, '"1"')


def test_another_spelling_of_a_number_is_a_change(call, cells_path):
    cell = call.made(cells_path, {"name": "c", "measured_properties": _mass(1)})
    sent = {"measured_properties": _mass(1.0)}
    assert call("PATCH", f"/cell_instances/{cell['id']}", sent).body["version"] == 2


@pytest.mark.parametrize("step", [0, -1, -3_600_000_000, 1])
def test_times_only_go_forward_whatever_the_clock_does(timed, clock, step):
    spec = timed.made(SPECS, {"name": "x"})
    seen = [spec["updated_at"]]
    for number in range(3):
        clock.now += step
        path = f"{SPECS}/{spec['id']}"
        seen.append(timed("PATCH", path, {"notes": str(number)}).body["updated_at"])
    assert seen == sorted(set(seen))
    assert all(len(moment) == 27 and moment.endswith("Z") for moment in seen)


def test_times_are_written_with_six_decimals(timed):
    spec = timed.made(SPECS, {"name": "x"})
    assert spec["created_at"] == spec["updated_at"] == "2023-11-14T22:13:20.000000Z"


def test_every_change_of_the_database_has_a_larger_number(call, service, cells_path):
    seen = []
    for name in "abc":
        cell = call.made(cells_path, {"name": name})
        with service._database.read() as connection:
            wanted = select(tables.cells.c.changed).where(tables.cells.c.id == cell["id"])
            seen.append(connection.execute(wanted).scalar_one())
    assert seen == sorted(set(seen))


IF_MATCH = {
    '"1"': 200,
    "*": 200,
    '"0", "1"': 200,
    '"0","1",': 200,
    ' "1" ': 200,
    '"2"': 412,
    'W/"1"': 412,
    '"01"': 412,
    '"0", "3"': 412,
    "1": 400,
    "": 400,
    '"1': 400,
    "*, *": 400,
    'w/"1"': 400,
    '"1" "2"': 400,
}


@pytest.mark.parametrize("header", IF_MATCH)
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("kind", ["spec", "cell", "lot"])
def test_a_write_may_be_tied_to_a_version(call, spec_path, cells_path, kind, method, header):
    cell = call.made(cells_path, {"name": "c", "batch": "L"})
    paths = {"cell": f"/cell_instances/{cell['id']}", "lot": f"/cell_batches/{cell['batch_id']}"}
    body = {"notes": "x"} if method == "PATCH" else None
    answer = call(method, {**paths, "spec": spec_path}[kind], body, if_match=header)
    done = 200 if method == "PATCH" else 204
    assert answer.status == {200: done}.get(IF_MATCH[header], IF_MATCH[header])


def test_a_stale_write_is_shown_the_present_record(call, cell_path):
    now = call("PATCH", cell_path, {"notes": "theirs"})
    answer = call("PATCH", cell_path, {"notes": "mine"}, if_match='"1"')
    assert answer.body["error_code"] == "PRECONDITION_FAILED"
    assert (answer.body["detail"], answer.headers["etag"]) == ({"current": now.body}, '"2"')
    assert call("GET", cell_path).body == now.body


def test_a_stale_write_of_a_spec_shows_its_parts(call, spec_path):
    call("PATCH", spec_path, {"anode": {"material": {"name": "C"}}})
    current = call("DELETE", spec_path, if_match='"1"').body["detail"]["current"]
    assert current["anode"]["material"]["name"] == "C"


IF_NONE_MATCH = {'"1"': 304, 'W/"1"': 304, "*": 304, '"0", "1"': 304, '"2"': 200, "1": 200}


@pytest.mark.parametrize("header", IF_NONE_MATCH)
@pytest.mark.parametrize("kind", ["spec", "cell"])
def test_an_unchanged_record_is_not_sent_again(call, spec_path, cell_path, kind, header):
    path = {"spec": spec_path, "cell": cell_path}[kind]
    answer = call("GET", path, if_none_match=header)
    assert (answer.status, answer.headers["etag"]) == (IF_NONE_MATCH[header], '"1"')
    assert bool(answer.content) == (answer.status == 200)


def test_a_lot_is_always_sent_since_its_count_has_no_version(call, cells_path):
    lot = call.made(cells_path, {"name": "a", "batch": "L"})["batch_id"]
    call.made(cells_path, {"name": "b", "batch": "L"})
    answer = call("GET", f"/cell_batches/{lot}", if_none_match='"1"')
    assert (answer.status, answer.body["instance_count"]) == (200, 2)


@pytest.mark.parametrize(
    "target", [SPECS, "{spec}/cell_instances", "/cell_instances", "{spec}/cell_batches"]
)
def test_an_unchanged_list_is_not_sent_again(call, spec_path, cells_path, target):
    path = target.format(spec=spec_path)
    call.made(cells_path, {"name": "a", "batch": "L"})
    etag = call("GET", path).headers["etag"]
    again = call("GET", path, if_none_match=etag)
    assert (again.status, again.content) == (304, b"")
    call("PATCH", spec_path, {"notes": "x"})
    call.made(cells_path, {"name": "b", "batch": "M"})
    assert call("GET", path, if_none_match=etag).status == 200


@pytest.mark.parametrize("table", ["steps_and_cycles", "cycles"])
def test_the_unchanged_tables_of_a_test_are_not_sent_again(call, cell_path, table):
    test = path_of(upload(call, cell_path))
    etag = call("GET", f"{test}/{table}").headers["etag"]
    again = call("GET", f"{test}/{table}", if_none_match=etag)
    assert (again.status, again.content, again.headers["etag"]) == (304, b"", etag)
    begun = call("POST", f"{test}/initiate-extend", {}).body
    put(call, begun, parquet(MORE))
    assert call("POST", f"{test}/confirm-extend", {}).status == 200
    assert call("GET", f"{test}/{table}", if_none_match=etag).status == 200


def test_unchanged_names_of_files_are_not_sent_again(call, cell_path):
    path = upload_files(call, cell_path, {"a.txt": b"a"}) + "/files"
    etag = call("GET", path).headers["etag"]
    assert call("GET", path, if_none_match=etag).status == 304


def _mass(value):
    return {"cell": {"mass": {"value": value, "unit": "g"}}}
