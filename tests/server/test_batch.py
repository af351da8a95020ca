"""Many writes in one request."""

from __future__ import annotations

from contextlib import suppress

import orjson
import pytest
from test_dry_run import dump

from cellframe.server import tables
from cellframe.server.refusals import Refusal, refuse
from cellframe.server.strict import DEEPEST

SPECS = "/cell_specifications"


@pytest.fixture
def send(call):
    """Sends operations, and returns their results."""

    def send_(*operations, target="/batch", **more):
        headers = {name: more.pop(name) for name in ("idempotency_key",) if name in more}
        answer = call("POST", target, {"operations": list(operations), **more}, **headers)
        assert answer.status == 200, answer.content
        return answer.body["results"]

    return send_


def op(method, path, body=None, **more):
    return {"method": method, "path": path, "body": body, **more}


def statuses(results):
    return [result["status"] for result in results]


def test_each_operation_is_answered_as_it_would_be_alone(call, send, cells_path, cell, cell_path):
    results = send(
        op("PATCH", cell_path, {"notes": "x"}, if_match='"1"'),
        op("PATCH", cell_path, {"notes": "y"}, if_match='"1"'),
        op("POST", cells_path, {"name": "c-1"}),
        op("POST", cells_path, {"name": "c-2", "colour": "red"}),
        op("GET", cell_path) | {"method": "DELETE"},
        op("PATCH", cell_path, {"notes": "z"}),
    )
    assert statuses(results) == [200, 412, 409, 422, 204, 404]
    assert (results[0]["body"]["notes"], results[0]["etag"]) == ("x", '"2"')
    assert results[1]["body"]["detail"]["current"]["notes"] == "x"
    assert results[2]["body"]["detail"]["existing_id"] == cell["id"]
    assert results[4]["body"] is None
    assert call("GET", cell_path).status == 404


def test_a_new_id_is_named_in_paths_and_bodies(send):
    results = send(
        op("POST", SPECS, {"name": "S"}),
        op("POST", SPECS + '/{"$ref": 0}/cell_batches', {"name": "L"}),
        op(
            "POST",
            SPECS + "/%7B%22%24ref%22%3A0%7D/cell_instances",
            {"name": "c", "batch_id": {"$ref": 1}},
        ),
        op(
            "POST",
            '/cell_instances/{"$ref": 2}/cell_measurements/create',
            {"name": "t", "properties": {}},
        ),
        op("PATCH", '/cell_measurements/{"$ref": 3}', {"tags": ["a"]}),
    )
    assert statuses(results) == [201, 201, 201, 201, 200]
    assert results[2]["body"]["batch"] == "L"
    assert results[4]["body"]["tags"] == ["a"]


BAD_REFS = {
    "its own": ({"$ref": 1}, 422),
    "a later one": ({"$ref": 5}, 422),
    "below zero": ({"$ref": -1}, 422),
    "no number": ({"$ref": "0"}, 422),
    "true": ({"$ref": True}, 422),
    "refused": ({"$ref": 0}, 424),
}


@pytest.mark.parametrize("case", BAD_REFS)
def test_a_name_of_nothing_is_refused(send, cells_path, case):
    ref, status = BAD_REFS[case]
    results = send(op("POST", SPECS, {}), op("POST", cells_path, {"name": "c", "batch_id": ref}))
    assert statuses(results) == [422, status]


def test_what_was_deleted_has_no_name(send, cell_path, spec_path):
    results = send(op("DELETE", cell_path), op("PATCH", spec_path, {"notes": {"$ref": 0}}))
    assert statuses(results) == [204, 422]


def test_objects_below_a_field_are_the_senders_own(send):
    (made,) = send(op("POST", SPECS, {"name": "S", "source": {"schema": {"$ref": 0}}}))
    assert made["body"]["source"] == {"schema": {"$ref": 0}}


@pytest.mark.parametrize(("deep", "status"), [(DEEPEST, 200), (DEEPEST + 1, 422)])
@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}])
def test_a_body_may_be_as_deep_as_it_may_alone(call, deep, status, headers):
    body = {"name": "S", "source": orjson.loads(b'{"a":' * (deep - 1) + b"1" + b"}" * (deep - 1))}
    assert call("POST", SPECS, body).status == (201 if status == 200 else status)
    batch = {"operations": [op("POST", SPECS, {**body, "name": "T"})]}
    answer = call("POST", "/batch", batch, **headers)
    assert answer.status == status
    if status == 200:
        assert statuses(answer.body["results"]) == [201]


def test_what_is_refused_leaves_nothing_and_hinders_nobody(call, send, spec_path, cells_path, cell):
    results = send(
        op("POST", cells_path, {"name": "a", "batch": "L"}),
        op(
            "PATCH",
            f"/cell_instances/{cell['id']}",
            {"name": "c-1", "batch": "M", "batch_id": "none"},
        ),
        op("POST", cells_path, {"name": "b", "batch": "L"}),
    )
    assert statuses(results) == [201, 400, 201]
    assert call("GET", f"{spec_path}/cell_batches").names == ["L"]


def test_all_or_none_keeps_nothing_after_a_refusal(call, send, folder, cells_path, cell):
    before = dump(folder)
    operations = [op("POST", cells_path, {"name": name}) for name in ("a", "c-1", "b")]
    results = send(*operations, all_or_none=True)
    assert statuses(results) == [424, 409, 424]
    assert results[0]["body"]["error_code"] == "FAILED_DEPENDENCY"
    assert dump(folder) == before


@pytest.mark.law("A11")
def test_what_only_replays_an_earlier_key_stands_where_nothing_is_kept(
    call, send, cells_path, cell
):
    (kept,) = send(op("POST", cells_path, {"name": "a"}, idempotency_key="k"))
    again = op("POST", cells_path, {"name": "a"}, idempotency_key="k")
    new = op("POST", cells_path, {"name": "b"}, idempotency_key="l")
    refused_ = op("POST", cells_path, {"name": "c-1"})
    results = send(again, new, new, refused_, again, all_or_none=True)
    assert statuses(results) == [201, 424, 424, 409, 424]
    assert (results[0]["body"], results[0]["replayed"]) == (kept["body"], True)
    assert call("GET", f"{cells_path}?order=asc").names == ["c-1", "a"]


def test_all_or_none_is_one_change_however_many(call, send, service, cells_path):
    operations = [op("POST", cells_path, {"name": f"a-{number}"}) for number in range(150)]
    assert set(statuses(send(*operations, all_or_none=True))) == {201}
    with service._database.read() as connection:
        changes = {row.changed for row in connection.execute(tables.cells.select())}
    assert len(changes) == 1


def test_otherwise_a_change_has_a_hundred_operations(call, send, service, cells_path):
    operations = [op("POST", cells_path, {"name": f"a-{number:03}"}) for number in range(150)]
    send(*operations)
    with service._database.read() as connection:
        rows = connection.execute(tables.cells.select()).all()
    assert len({row.changed for row in rows}) == 2
    listed = call("GET", f"{cells_path}?order=asc").names
    assert listed == sorted(listed)


def test_a_part_of_a_change_that_is_refused_is_undone_alone(call, service):
    project = service._database.identity.project_id
    with service._database.write() as work:
        for name in ("first", "refused", "last"):
            with suppress(Refusal), work.part():
                values = {"name": name, "folded_name": name, "project_id": project, "ratings": "{}"}
                work.insert(tables.specs, values)
                if name == "refused":
                    raise refuse(409, "No.")
    assert sorted(call("GET", SPECS).names) == ["first", "last"]


def test_a_refused_part_does_not_take_the_number_of_the_change_back(call, service):
    with service._database.write() as work:
        with suppress(Refusal), work.part():
            refused = work.number
            raise refuse(409, "No.")
        with work.part():
            work.count()
    with service._database.write() as work:
        assert work.number > refused


@pytest.mark.law("A11")
def test_an_operation_under_a_key_is_carried_out_once(call, send, cell_path):
    keyed = op("PATCH", cell_path, {"notes": "x"}, if_match='"1"', idempotency_key="k")
    first, again = send(keyed, keyed)
    assert (again["status"], again["body"], again["replayed"]) == (200, first["body"], True)
    alone = call("PATCH", cell_path, {"notes": "x"}, if_match='"1"', idempotency_key="k")
    assert alone.headers["idempotency-replayed"] == "true"
    (other,) = send(op("DELETE", cell_path, idempotency_key="k"))
    assert other["body"]["error_code"] == "IDEMPOTENCY_MISMATCH"
    (bad,) = send(op("DELETE", cell_path, idempotency_key="a b"))
    assert bad["status"] == 400


@pytest.mark.law("A11")
@pytest.mark.parametrize("count", [3, 250])
def test_a_batch_under_a_key_is_carried_out_once(call, cells_path, count):
    body = {"operations": [op("POST", cells_path, {"name": f"a-{n}"}) for n in range(count)]}
    first = call("POST", "/batch", body, idempotency_key="k")
    again = call("POST", "/batch", body, idempotency_key="k")
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    body["operations"].pop()
    assert call("POST", "/batch", body, idempotency_key="k").status == 422


@pytest.mark.law("A11")
def test_a_batch_that_was_cut_short_goes_on_where_it_stopped(call, service, cells_path):
    operations = [op("POST", cells_path, {"name": f"a-{n}"}) for n in range(101)]
    operations += [op("PATCH", '/cell_instances/{"$ref": 100}', {"notes": "x"})] * 50
    body = {"operations": operations}
    with service._database.write() as work:
        trap = "CREATE TRIGGER full BEFORE INSERT ON cell_instances WHEN NEW.name = 'a-100'"
        work.connection.exec_driver_sql(f"{trap} BEGIN SELECT RAISE(ABORT, 'full'); END")
    assert call("POST", "/batch", body, idempotency_key="k").status >= 500
    with service._database.write() as work:
        work.connection.exec_driver_sql("DROP TRIGGER full")
    results = call("POST", "/batch", body, idempotency_key="k").body["results"]
    assert statuses(results) == [201] * 101 + [200] * 50
    assert call("GET", cells_path).body["total"] == 101


@pytest.mark.law("S5")
def test_a_disk_that_fills_up_ends_a_batch_and_not_what_came_before(
    call, send, service, cells_path
):
    operations = [
        op("POST", cells_path, {"name": f"a-{n}", "notes": "x" * 900}) for n in range(250)
    ]
    send(*operations[:1], target="/batch?dry_run=true")
    with service._database.write() as work:
        pages = work.connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        work.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 60}")
    told = statuses(send(*operations))
    assert told == [201] * 100 + [507] * 150
    assert call("GET", cells_path).body["total"] == 100


def test_a_trial_of_a_batch_keeps_nothing_and_follows_its_names(call, send, folder):
    before = dump(folder)
    operations = [op("POST", SPECS, {"name": "S"})]
    operations += [
        op("POST", SPECS + '/{"$ref": 0}/cell_instances', {"name": f"{n}"}) for n in range(150)
    ]
    assert set(statuses(send(*operations, target="/batch?dry_run=true"))) == {201}
    assert dump(folder) == before


REFUSED = {
    "no operations": {},
    "no list": {"operations": {}},
    "too many": {"operations": [op("DELETE", "/x")] * 1001},
    "GET": {"operations": [op("GET", SPECS)]},
    "no path": {"operations": [{"method": "POST"}]},
    "a body that is no object": {"operations": [op("POST", SPECS, [])]},
    "an unknown key": {"operations": [op("POST", SPECS, {}, headers={})]},
    "no switch": {"operations": [], "all_or_none": "yes"},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_batch_is_refused_whole(call, case):
    answer = call("POST", "/batch", REFUSED[case])
    assert (answer.status, answer.body["error_code"]) == (422, "VALIDATION_ERROR")


def test_a_batch_of_nothing_is_nothing(send):
    assert send() == []


@pytest.mark.parametrize(
    "path", ["/batch", "/projects", "/nowhere", "x", "", "/healthz", "/storage/uploads/x"]
)
def test_other_paths_are_not_for_batches(send, path):
    assert statuses(send(op("POST", path, {"name": "x"}))) == [404]


def test_an_operation_without_a_body_is_told_so(send, cell_path):
    assert statuses(send(op("PATCH", cell_path), op("POST", SPECS))) == [422, 422]
