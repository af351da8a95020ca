"""A trial says what would come of a write, and keeps nothing (law D9)."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing

import pytest
from random_writes import writes
from upload_tools import (
    MORE,
    RAW,
    blobs,
    confirm,
    initiate,
    initiate_raw,
    parquet,
    put,
    staged,
    upload,
    upload_raw,
)

from cellframe.server import router, schema

pytestmark = pytest.mark.law("D9")

SPECS = "/cell_specifications"
NEW_EACH_TIME = re.compile(
    rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
)


def dump(folder):
    """Everything that is kept: the database as text, and the files."""
    with closing(sqlite3.connect(folder / schema.FILE_NAME)) as connection:
        told = "\n".join(connection.iterdump())
    return told, blobs(folder), staged(folder)


def masked(answer):
    return answer.status, NEW_EACH_TIME.sub(b"*", answer.content)


def tried(target):
    return f"{target}?dry_run=true"


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.nightly)])
def test_the_verdict_is_that_of_the_real_write(call, folder, cell, count):
    chance = random.Random(5)
    seen = set()
    for _ in range(count):
        method, path, body, headers = writes(call, chance)
        before = dump(folder)
        trial = call(method, tried(path), body, **headers)
        assert dump(folder) == before
        real = call(method, path, body, **headers)
        assert masked(trial) == masked(real)
        seen.add(real.status)
    assert {200, 201, 404, 409, 422} <= seen


def cases(call, cell_path, folder):
    """One good write for every path that takes any."""
    spec_id = call.made(SPECS, {"name": "other"})["id"]
    lot = call.made(f"{SPECS}/{spec_id}/cell_batches", {"name": "L"})["id"]
    project = call.made("/projects", {"name": "P"})["id"]
    test_id = upload(call, cell_path)["id"]
    test = f"/cell_measurements/{test_id}"
    begun, waiting = initiate(call, cell_path, "u"), initiate(call, cell_path, "w")
    put(call, begun)
    extended = f"/cell_measurements/{upload(call, cell_path, 'e')['id']}"
    put(call, call("POST", f"{extended}/initiate-extend", {}).body, parquet(MORE))
    confirmed = {"cell_instance_id": cell_path.rpartition("/")[2], "measurement": {"name": "u"}}
    raw, original = upload_raw(call)["id"], initiate_raw(call)
    put(call, original, b"raw")
    call("POST", f"{test}/raw_data", {"raw_data_ids": [raw]})
    name = {"name": "new"}
    one = [(SPECS, spec_id), ("/cell_instances", cell_path.rpartition("/")[2])]
    one += [("/cell_batches", lot), ("/projects", project), ("/cell_measurements", test_id)]
    one += [("/raw_data", raw)]
    for collection, record_id in one:
        for method in ("PATCH", "PUT", "DELETE"):
            yield method, f"{collection}/{record_id}", None if method == "DELETE" else name
    made = {"name": "new", "properties": {"mass": {"value": 1.0, "unit": "g"}}}
    yield "POST", SPECS, name
    yield "POST", "/projects", name
    yield "POST", f"{SPECS}/{spec_id}/cell_instances", {"name": "new", "batch": "new"}
    yield "POST", f"{SPECS}/{spec_id}/cell_batches", name
    yield "POST", f"{cell_path}/cell_measurements/create", made
    yield "POST", f"{cell_path}/cell_measurements/initiate-upload", {"measurement": name}
    yield "PUT", waiting["uploads"][0]["signed_url"], parquet()
    yield "POST", f"/cell_measurements/{begun['measurement_id']}/confirm-upload", confirmed
    yield "POST", "/cell_measurements/tags/bulk", {"measurement_ids": [test_id], "add": ["a"]}
    yield "POST", f"{test}/raw_data", {"raw_data_ids": [raw]}
    yield "DELETE", f"{test}/raw_data/{raw}", None
    yield "POST", "/raw_data/initiate-upload", RAW
    yield "POST", f"/raw_data/{original['raw_data_id']}/confirm-upload", RAW
    yield "POST", f"{test}/watch", {}
    yield "DELETE", f"{test}/watch", None
    yield "POST", f"{test}/initiate-extend", {}
    yield "POST", f"{extended}/confirm-extend", {}
    yield "POST", "/batch", {"operations": [{"method": "POST", "path": SPECS, "body": name}]}


def test_a_good_write_of_every_kind_leaves_nothing(call, cell_path, folder):
    for method, path, body in list(cases(call, cell_path, folder)):
        before = dump(folder)
        trial = call(method, tried(path), body)
        assert trial.status < 300, (method, path, trial.content)
        assert dump(folder) == before, (method, path)


def test_every_path_that_takes_a_write_is_tried_above(call, cell_path, folder):
    tried_here = {(method, shape(path)) for method, path, _ in cases(call, cell_path, folder)}
    there = {
        (method, "/".join(step or "*" for step in pattern))
        for pattern, handlers in router.ROUTES.items()
        for method in handlers
        if method not in {"GET", "HEAD"}
    }
    assert there <= tried_here


def shape(path):
    steps = path.strip("/").split("/")
    known = {step for pattern in router.ROUTES for step in pattern if step}
    return "/".join(step if step in known else "*" for step in steps)


def test_a_refused_trial_of_a_confirm_leaves_what_was_put(call, cell_path, folder):
    begun = initiate(call, cell_path)
    put(call, begun, b"no parquet")
    before = dump(folder)
    path = f"/cell_measurements/{begun['measurement_id']}/confirm-upload"
    body = {"cell_instance_id": cell_path.rpartition("/")[2], "measurement": {"name": "t"}}
    assert call("POST", tried(path), body).status == 422
    assert dump(folder) == before


def test_a_confirm_goes_through_after_its_trial(call, cell_path):
    begun = initiate(call, cell_path)
    put(call, begun)
    path = f"/cell_measurements/{begun['measurement_id']}/confirm-upload"
    body = {"cell_instance_id": cell_path.rpartition("/")[2], "measurement": {"name": "t"}}
    trial = call("POST", tried(path), body)
    assert masked(trial) == masked(confirm(call, cell_path, begun))
    assert trial.body["steps_created"] == 2


def test_a_trial_keeps_no_key(call, folder):
    before = dump(folder)
    assert call("POST", tried(SPECS), {"name": "a"}, idempotency_key="k").status == 201
    assert dump(folder) == before
    assert call("POST", SPECS, {"name": "b"}, idempotency_key="k").status == 201


@pytest.mark.parametrize("word", ["", "yes", "tru", "2", "null", "true&dry_run=false"])
def test_a_trial_that_is_not_understood_is_no_write(call, word):
    assert call("POST", f"{SPECS}?dry_run={word}", {"name": "a"}).status == 422
    assert call("GET", SPECS).body["total"] == 0


@pytest.mark.parametrize("word", ["false", "0", "False"])
def test_false_means_in_earnest(call, word):
    assert call("POST", f"{SPECS}?dry_run={word}", {"name": "a"}).status == 201
    assert call("GET", SPECS).body["total"] == 1
