"""A request under a key is carried out once, however often it comes (law A11)."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select
from upload_tools import confirm, initiate, put

from cellframe.server import once, tables

pytestmark = pytest.mark.law("A11")

SPECS = "/cell_specifications"
ROOT = Path(__file__).parents[2]
DAY = 24 * 3600 * 1_000_000
KILLED = """
import json, os, signal, sys
from pathlib import Path
from cellframe.contract.wire import Request
from cellframe.server.answer import Service

def send(number):
    service = Service(Path(sys.argv[1]), open_door=True)
    headers = {"content-type": "application/json", "idempotency-key": f"k-{number}"}
    body = json.dumps({"name": f"spec {number}"}).encode()
    return service.answer(Request("POST", "/cell_specifications", (), headers, body))

for number in range(int(sys.argv[2])):
    child = os.fork()
    if not child:
        send(number)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    if not os.fork():
        reply = send(number)
        print(reply.status, reply.headers.get("idempotency-replayed"), flush=True)
        os._exit(0)
    os.wait()
"""
TWICE = """
import json, sys
from pathlib import Path
from cellframe.contract.wire import Request
from cellframe.server.answer import Service
service = Service(Path(sys.argv[1]), open_door=True)
print("open", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    headers = {"content-type": "application/json", "idempotency-key": f"k-{number}"}
    body = json.dumps({"name": f"spec {number}"}).encode()
    print(service.answer(Request("POST", "/cell_specifications", (), headers, body)).status)
"""


def started(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def kept(service):
    with service._database.read() as connection:
        return connection.execute(select(func.count()).select_from(tables.answers)).scalar_one()


WRITES = {
    "create": ("POST", SPECS, {"name": "new"}),
    "change": ("PATCH", "{cell}", {"notes": "x"}),
    "change, by PUT": ("PUT", "{cell}", {"notes": "x"}),
    "delete": ("DELETE", "{cell}", None),
}


@pytest.mark.parametrize("case", WRITES)
def test_the_same_again_gets_the_same_answer(call, cell_path, case):
    method, path, body = WRITES[case]
    first = call(method, path.format(cell=cell_path), body, idempotency_key="k")
    again = call(method, path.format(cell=cell_path), body, idempotency_key="k")
    assert first.status < 300
    assert (again.status, again.content) == (first.status, first.content)
    assert again.headers.get("etag") == first.headers.get("etag")
    assert (once.REPLAYED in first.headers, again.headers[once.REPLAYED]) == (False, "true")


def test_the_answer_stays_though_the_record_changed_since(call, cell_path):
    first = call("PATCH", cell_path, {"notes": "mine"}, if_match='"1"', idempotency_key="k")
    call("PATCH", cell_path, {"notes": "theirs"})
    again = call("PATCH", cell_path, {"notes": "mine"}, if_match='"1"', idempotency_key="k")
    assert again.body == first.body
    assert call("GET", cell_path).body["notes"] == "theirs"


def test_another_spelling_of_a_body_is_the_same_request(call):
    call("POST", SPECS, b'{"name": "a", "notes": "\\u0041"}', idempotency_key="k")
    again = call("POST", SPECS, b'{"notes":"A","name":"a"}', idempotency_key="k")
    assert (again.status, again.headers[once.REPLAYED]) == (201, "true")


def test_a_compressed_body_is_the_same_request(call):
    packed = gzip.compress(b'{"name": "a"}')
    call("POST", SPECS, packed, idempotency_key="k", content_encoding="gzip")
    again = call("POST", SPECS, {"name": "a"}, idempotency_key="k")
    assert (again.status, again.headers[once.REPLAYED]) == (201, "true")
    assert again.headers["x-correlation-id"]


@pytest.mark.parametrize(
    "other",
    [
        ("POST", SPECS, {"name": "b"}),
        ("POST", "{spec}/cell_batches", {"name": "a"}),
        ("DELETE", "{spec}", None),
        ("PATCH", "{spec}", {"name": "a"}),
    ],
)
def test_another_request_under_a_used_key_is_refused(call, spec_path, other):
    call("POST", SPECS, {"name": "a"}, idempotency_key="k")
    before = call("GET", SPECS).content
    method, path, body = other
    answer = call(method, path.format(spec=spec_path), body, idempotency_key="k")
    assert (answer.status, answer.body["error_code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert call("GET", SPECS).content == before


def test_a_key_is_its_callers_own(call):
    call("POST", SPECS, {"name": "a"}, idempotency_key="k")
    other = call("POST", SPECS, {"name": "b"}, idempotency_key="k", x_api_key="another")
    assert (other.status, other.body["name"]) == (201, "b")
    bearer = call(
        "POST", SPECS, {"name": "a"}, idempotency_key="k", x_api_key=None, authorization="Bearer k"
    )
    assert bearer.headers[once.REPLAYED] == "true"


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "\u00e9", "a\tb"])
def test_a_key_that_is_none_is_refused(call, key):
    assert call("POST", SPECS, {"name": "a"}, idempotency_key=key).status == 400
    assert call("GET", SPECS).body["total"] == 0


def test_a_refusal_is_not_kept(call, service):
    taken = call.made(SPECS, {"name": "a"})
    refused = call("POST", SPECS, {"name": "a"}, idempotency_key="k")
    assert (refused.status, kept(service)) == (409, 0)
    call("DELETE", f"{SPECS}/{taken['id']}")
    assert call("POST", SPECS, {"name": "a"}, idempotency_key="k").status == 201


def test_a_request_under_way_is_not_begun_again(call, service):
    sent = []
    with service._database.write():
        first = threading.Thread(
            target=lambda: sent.append(call("POST", SPECS, {"name": "a"}, idempotency_key="k"))
        )
        first.start()
        while not once._RUNNING:
            threading.Event().wait(0.001)
        second = call("POST", SPECS, {"name": "a"}, idempotency_key="k")
    first.join()
    assert (second.status, second.headers["retry-after"]) == (409, "1")
    assert (sent[0].status, once._RUNNING) == (201, set())


def test_keys_are_forgotten_after_thirty_days(timed, clock):
    timed("POST", SPECS, {"name": "a"}, idempotency_key="k")
    clock.now += 30 * DAY - 1
    assert timed("POST", SPECS, {"name": "a"}, idempotency_key="k").status == 201
    clock.now += 1
    assert timed("POST", SPECS, {"name": "a"}, idempotency_key="k").status == 409


def test_forgotten_keys_are_removed(timed, clock):
    timed("POST", SPECS, {"name": "a"}, idempotency_key="k")
    clock.now += 30 * DAY
    timed("POST", SPECS, {"name": "b"}, idempotency_key="l")
    assert kept(timed.service) == 1


def test_a_change_whose_key_cannot_be_kept_is_not_kept(call, service):
    trap = "CREATE TRIGGER full BEFORE INSERT ON answers BEGIN SELECT RAISE(ABORT, 'full'); END"
    with service._database.write() as work:
        work.connection.exec_driver_sql(trap)
    assert call("POST", SPECS, {"name": "a"}, idempotency_key="k").status >= 500
    assert call("GET", SPECS).body["total"] == 0


def test_an_upload_is_begun_and_confirmed_once(call, cell_path):
    body = {"measurement": {"name": "t"}}
    path = f"{cell_path}/cell_measurements/initiate-upload"
    begun = call("POST", path, body, idempotency_key="i").body
    assert call("POST", path, body, idempotency_key="i").body == begun
    put(call, begun)
    made = _confirmed(call, cell_path, begun)
    call("DELETE", f"/cell_measurements/{made.body['id']}")
    again = _confirmed(call, cell_path, begun)
    assert (again.status, again.content) == (201, made.content)
    assert confirm(call, cell_path, begun).status == 404


def _confirmed(call, cell_path, begun):
    body = {"cell_instance_id": cell_path.rpartition("/")[2], "measurement": {"name": "t"}}
    path = f"/cell_measurements/{begun['measurement_id']}/confirm-upload"
    return call("POST", path, body, idempotency_key="c")


def test_an_extension_is_begun_once(call, cell_path):
    from upload_tools import upload

    test = upload(call, cell_path)
    path = f"/cell_measurements/{test['id']}/initiate-extend"
    begun = call("POST", path, {}, idempotency_key="e").body
    assert call("POST", path, {}, idempotency_key="e").body == begun
    assert initiate(call, cell_path, "another")


@pytest.mark.parametrize("size", [40, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_eight_threads_that_repeat_change_a_record_once_for_each_key(call, cell_path, size):
    def send():
        for number in range(size // 8):
            body = {"notes": str(number)}
            while call("PATCH", cell_path, body, idempotency_key=f"k-{number}").status == 409:
                threading.Event().wait(0.001)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert call("GET", cell_path).body["version"] == 1 + size // 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.nightly)])
def test_killed_before_its_answer_it_is_not_carried_out_again(opened, folder, kills):
    opened().service.close()
    said, _ = started(KILLED, folder, kills).communicate()
    assert said.splitlines() == ["201 true"] * kills
    assert opened()("GET", SPECS).body["total"] == kills


def test_two_processes_carry_each_key_out_once(opened, folder):
    opened().service.close()
    both = [started(TWICE, folder, 20) for _ in range(2)]
    for one in both:
        assert one.stdout.readline() == "open\n"
    for one in both:
        one.stdin.write("\n")
        one.stdin.flush()
    said = [one.communicate()[0].split() for one in both]
    assert said == [["201"] * 20] * 2
    assert json.loads(opened()("GET", SPECS).content)["total"] == 20
