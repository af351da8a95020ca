"""The contract's checklist for a local server, line by line.

Its tenth line, both public clients with a cache of their own and no retries, is `tests/wire/`.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from upload_tools import SERIES, confirm, initiate, parquet, path_of, put, upload, upload_files

SPECS = "/cell_specifications"
VALUE = {"mass": {"value": 41.0, "unit": "g"}}


@pytest.fixture
def everything(call, spec_path, cells_path, cell_path):
    """One record of each kind; paths by kind."""
    call("PATCH", cell_path, {"batch": "L"})
    lot = call("GET", cell_path).body["batch_id"]
    values = call.made(f"{cell_path}/cell_measurements/create", {"name": "v", "properties": VALUE})
    return {
        "spec": spec_path,
        "cell": cell_path,
        "lot": f"/cell_batches/{lot}",
        "series": path_of(upload(call, cell_path)),
        "file": upload_files(call, cell_path, {"a": b"x"}),
        "values": path_of(values),
    }


def test_1_every_answer_has_the_one_content_type(call, everything):
    asked = [(m, p) for p in everything.values() for m in ("GET", "PATCH", "POST", "DELETE")]
    asked += [("GET", "/none"), ("GET", f"{SPECS}?limit=x"), ("POST", SPECS)]
    for method, path in asked:
        answer = call(method, path, b"no JSON" if method != "GET" else None)
        assert answer.headers["content-type"] == "application/json"
        if answer.status >= 400:
            assert {"error_code", "message", "detail"} == set(answer.body)


TAKEN = ["/projects", SPECS, "cells", "lots", "tests", "uploads"]


@pytest.mark.parametrize("where", TAKEN)
def test_2_a_conflict_names_what_is_there(call, spec_path, cells_path, cell_path, where):
    places = {
        "cells": cells_path,
        "lots": f"{spec_path}/cell_batches",
        "tests": f"{cell_path}/cell_measurements/create",
        "uploads": f"{cell_path}/cell_measurements/create",
    }
    body = {"name": "taken"} | ({"properties": VALUE} if where in {"tests", "uploads"} else {})
    made = call.made(places.get(where, where), body)
    if where == "uploads":
        body = {"measurement": {"name": "taken"}}
        refusal = call("POST", f"{cell_path}/cell_measurements/initiate-upload", body)
    else:
        refusal = call("POST", places.get(where, where), body)
    assert (refusal.status, refusal.body["error_code"]) == (409, "CONFLICT")
    assert refusal.body["detail"]["existing_id"] == made["id"]


def test_3_both_targets_are_there_and_need_no_key(opened, spec, cell_path):
    call = opened(keys=["secret"])
    sent = {"measurement": {"name": "t"}}
    path = f"{cell_path}/cell_measurements/initiate-upload"
    begun = call("POST", path, sent, x_api_key="secret").body
    assert [one["filename"] for one in begun["uploads"]] == ["time_series.parquet", "steps.parquet"]
    assert all(one["token"] and one["path"] for one in begun["uploads"])
    assert call("POST", path, sent, x_api_key=None).status == 401
    assert put(call, begun).status == 200


def test_4_a_confirm_counts_steps_and_has_tags(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun)
    body = confirm(call, cell_path, begun).body
    assert (body["steps_created"], body["tags"]) == (2, [])


def test_5_a_test_has_no_key_that_breaks_the_client(call, everything):
    for kind in ("series", "file", "values"):
        for query in ("", "?include_steps=false&include_time_series=false"):
            body = call("GET", everything[kind] + query).body
            assert not {"steps", "cycles", "time_series", "instance_id", "files"} & set(body)


def test_6_downloads_redirect_to_a_storage_that_clamps_ranges(call, everything):
    answer = call("GET", f"{everything['series']}/time_series/download")
    assert answer.status in {302, 303, 307}
    tail = call("GET", answer.headers["location"], x_api_key=None, range="bytes=-262144")
    size = len(tail.content)
    assert (tail.status, tail.headers["content-range"]) == (206, f"bytes 0-{size - 1}/{size}")
    assert tail.content == parquet(SERIES)


def test_7_columns_are_equally_long_and_floats_have_their_point(call, everything):
    content = call("GET", f"{everything['series']}/steps_and_cycles").content
    found = json.loads(content, parse_constant=pytest.fail)
    for table in (found["steps"], found["cycles"]):
        assert len({len(column) for column in table.values()}) == 1
        for column in table.values():
            assert len({type(value) for value in column if value is not None}) <= 1
    assert re.search(rb'"Start time \[s\]":\[0\.0,', content)


def test_8_bodies_come_gzipped(call, cells_path):
    properties = {f"p{n}": {"value": n, "unit": "g"} for n in range(20_000)}
    raw = json.dumps({"name": "big", "measured_properties": {"cell": properties}}).encode()
    assert len(raw) > 524_288
    answer = call("POST", cells_path, gzip.compress(raw, 1), content_encoding="gzip")
    assert answer.status == 201
    assert answer.body["measured_properties"] == {"cell": properties}


def test_8_twenty_requests_run_at_once_and_pages_tell_the_total(call, cells_path):
    with ThreadPoolExecutor(20) as pool:
        made = list(pool.map(lambda n: call("POST", cells_path, {"name": f"c{n}"}), range(250)))
    assert {answer.status for answer in made} == {201}
    pages = [
        call("GET", f"{cells_path}?limit=100&offset={offset}").body for offset in (0, 100, 200)
    ]
    assert [page["count"] for page in pages] == [100, 100, 50]
    assert {page["total"] for page in pages} == {250}
    ids = [one["id"] for one in itertools.chain(*(page["items"] for page in pages))]
    assert len(set(ids)) == 250


def test_9_a_deleted_cell_takes_its_tests_and_a_deleted_lot_lets_its_cells_go(call, everything):
    assert call("DELETE", everything["lot"]).status == 204
    cell = call("GET", everything["cell"]).body
    assert cell["batch"] is cell["batch_id"] is cell["batch_name"] is None
    assert call("DELETE", everything["cell"]).status == 204
    for kind in ("series", "file", "values"):
        assert call("GET", everything[kind]).status == 404
