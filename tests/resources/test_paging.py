"""Lists come whole: every record once, whatever the service's pages are like."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import orjson
import pytest

from cellframe.client import Client
from cellframe.contract.wire import Reply
from cellframe.errors import LimitExceededError, TransportError
from cellframe.store.blobs import Blobs
from cellframe.transport.caching.keeping import Keeping
from cellframe.transport.caching.wire import CachedWire

SPEC = {"id": "s", "name": "S"}
PATH = "/cell_specifications/s/cell_instances"


def cell(number):
    return {"id": f"i{number}", "cell_specification_id": "s", "name": f"c{number}", "version": 1}


class Listed:
    """A service with one spec, whose cells are answered in pages that `answer` makes."""

    origin, in_place = "https://lab", False

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def send(self, request):
        if request.path == "/cell_specifications/s":
            return Reply(200, {}, orjson.dumps(SPEC))
        if request.path != PATH:
            return Reply(404, {}, b'{"error_code": "NOT_FOUND", "message": "no", "detail": null}')
        query = dict(request.query)
        self.asked.append(query)
        body = self.answer(int(query["offset"]), int(query["limit"]))
        if isinstance(body, bytes):
            return Reply(200, {}, body)
        return Reply(200, {"content-type": "application/json"}, orjson.dumps(body))

    def close(self):
        pass


def read(answer, tmp_path):
    """Names of the cells that are read, and what was asked."""
    wire = Listed(answer)
    return Client.over(wire, tmp_path / "state").cell_instance.to_frame("s")["cell"].to_list(), wire


def pages_of(many, cap=100, **more):
    def answer(offset, limit):
        items = [cell(n) for n in range(many)][offset : offset + min(limit, cap)]
        return {"items": items, "count": len(items), "total": many, **more}

    return answer


@pytest.mark.parametrize(("many", "cap"), [(0, 100), (1, 100), (100, 100), (250, 100), (57, 7)])
def test_a_list_is_walked_by_what_came(tmp_path, many, cap):
    names, wire = read(pages_of(many, cap), tmp_path)
    assert names == [f"c{n}" for n in range(many)]
    assert len(wire.asked) == max(1, -(-many // cap))


@pytest.mark.parametrize("lie", [0, 5, 250, None, "many", True])
def test_a_count_that_is_none_is_counted(tmp_path, lie):
    def answer(offset, limit):
        return {**pages_of(250)(offset, limit), "count": lie if offset == 0 else 100}

    assert len(read(answer, tmp_path)[0]) == 250


@pytest.mark.parametrize("total", [None, -1, "250", 2.5, True])
def test_a_list_without_a_total_is_read_to_its_end(tmp_path, total):
    def answer(offset, limit):
        return {"items": pages_of(250, 70)(offset, limit)["items"], "total": total}

    assert len(read(answer, tmp_path)[0]) == 250


@pytest.mark.parametrize("many", [3, 100, 250])
def test_a_bare_array_is_a_whole_list(tmp_path, many):
    assert len(read(lambda *_: [cell(n) for n in range(many)], tmp_path)[0]) == many


@pytest.mark.law("R7")
@pytest.mark.parametrize(("many", "cap"), [(0, 100), (3, 100), (100, 100), (250, 100), (250, 70)])
def test_bare_arrays_that_are_pages_are_read_to_the_end(tmp_path, many, cap):
    names, _ = read(lambda *page: pages_of(many, cap)(*page)["items"], tmp_path)
    assert names == [f"c{n}" for n in range(many)]


FORMS = {
    "records last": b'{"total": 2, "count": 2, "items": [%s] }',
    "lists beside": b'{"items":[%s],"errors":[{"a":[1]}],"total":2}',
    "a list before": b'{"errors":[{"a":[1]}],"items":[%s],"total":2}',
    "an object behind": b'{"items":[%s],"more":{"a":[{"b":1}]},"total":2}',
    "several lines": b'{\n "items": [\n%s\n ],\n "total": 2\n}',
    "a text behind": b'{"items":[%s],"next":"https://else/?x=[1]","total":2}',
}


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
def test_the_envelope_has_any_form(tmp_path, form):
    body = form % b",\n".join(orjson.dumps({**cell(n), "tags": ["a"]}) for n in range(2))
    assert read(lambda *_: body, tmp_path)[0] == ["c0", "c1"]


@pytest.mark.law("X12")
@pytest.mark.parametrize("body", [b"", b"[", b"5", b'{"items":5}', b'{"items":[5],"total":1}', b"<html>"])  # fmt: skip
def test_what_is_no_list_is_told_as_such(tmp_path, body):
    with pytest.raises(TransportError, match=r"no list of records|not JSON"):
        read(lambda *_: body, tmp_path)


@pytest.mark.law("X12")
def test_a_claim_of_ten_million_records_is_refused(tmp_path):
    with pytest.raises(LimitExceededError, match="10,000,000 records"):
        read(lambda *_: {"items": [cell(0)], "total": 10**7}, tmp_path)


ENDLESS = {
    "the same page": lambda _, limit: {"items": [cell(n) for n in range(limit)], "total": 10**6},
    "the same page without a total": lambda *_: {"items": [cell(0)]},
    "empty pages": lambda offset, _: {"items": [] if offset else [cell(0)], "total": 10**6},
    "one record, then none": lambda offset, _: {"items": [cell(0)][offset:], "count": 1, "total": 9},
    "short pages": lambda offset, _: {"items": [cell(offset)], "count": 1, "total": 10**3, "as_of": offset}
    if offset < 300
    else {"items": [], "count": 0, "total": 10**3},
}  # fmt: skip


@pytest.mark.law("X12")
@pytest.mark.parametrize("answer", ENDLESS.values(), ids=list(ENDLESS))
def test_pages_without_end_are_given_up_soon(tmp_path, answer):
    wire = Listed(answer)
    with pytest.raises(TransportError, match="kept changing"):
        Client.over(wire, tmp_path / "state").cell_instance.to_frame("s")
    assert len(wire.asked) < 1000


def test_a_list_is_asked_for_no_more_than_it_says_it_gives(tmp_path):
    _, wire = read(pages_of(90, 10), tmp_path)
    assert {query["limit"] for query in wire.asked[1:]} == {"10"}


@pytest.mark.parametrize(("seconds", "most"), [(0.0, range(1, 5)), (0.02, range(10, 34))])
def test_the_farther_the_service_the_more_pages_are_under_way(tmp_path, seconds, most):
    under_way, peak = [], []

    def answer(offset, limit):
        under_way.append(offset)
        peak.append(len(under_way))
        time.sleep(seconds)
        under_way.remove(offset)
        return pages_of(120, 3)(offset, limit)

    assert len(read(answer, tmp_path)[0]) == 120
    assert max(peak) in most


# --- while others write ---------------------------------------------------------------------------


class Busy:
    """The embedded service in pages of three, with somebody who writes before each of them."""

    in_place = True

    def __init__(self, wire, write, *, snapshots=True):
        self.wire, self.write, self.snapshots = wire, write, snapshots
        self.origin = "busy"

    def send(self, request):
        if request.path.endswith("/cell_instances"):
            query = dict(request.query)
            if query["offset"] != "0":
                self.write()
            query["limit"] = str(min(3, int(query["limit"])))
            request = replace(request, query=tuple(query.items()))
        reply = self.wire.send(request)
        if request.path.endswith("/capabilities") and not self.snapshots:
            return Reply(404, {}, b'{"error_code": "NOT_FOUND", "message": "no", "detail": null}')
        return reply

    def close(self):
        pass


def writer(client, steady):
    """Makes and deletes cells other than those that were there throughout."""
    chance = random.Random(1)
    made = []

    def write():
        if made and chance.random() < 0.5:
            client.cell_instance.delete(made.pop(chance.randrange(len(made))))
        else:
            name = f"new-{chance.random()}"
            made.append(client.cell_instance.create(steady, {"name": name}).id)

    return write


def walk_often(client, cells, spec, tmp_path, times):
    busy = Client.over(Busy(client._wire, writer(client, spec)), tmp_path / "busy")
    there = set(cells["cell"])
    for _ in range(times):
        names = busy.cell_instance.to_frame(spec)["cell"].to_list()
        assert there <= set(names)
        assert len(names) == len(set(names))


@pytest.mark.law("R7")
def test_no_record_is_missed_or_doubled_while_others_write(client, cells, spec, tmp_path):
    walk_often(client, cells, spec, tmp_path, times=6)


@pytest.mark.law("R7")
@pytest.mark.nightly
def test_no_record_is_missed_or_doubled_in_a_thousand_walks(client, cells, spec, tmp_path):
    walk_often(client, cells, spec, tmp_path, times=1000)


@pytest.mark.law("R7")
def test_without_snapshots_a_list_that_keeps_changing_is_refused(client, cells, spec, tmp_path):
    wire = Busy(client._wire, writer(client, spec), snapshots=False)
    with pytest.raises(TransportError, match="kept changing"):
        Client.over(wire, tmp_path / "busy").cell_instance.to_frame(spec)


@pytest.mark.law("R7")
def test_without_snapshots_a_list_that_changed_once_is_walked_again(client, cells, spec, tmp_path):
    left = [lambda: client.cell_instance.create(spec, {"name": "new"})]
    wire = Busy(client._wire, lambda: left and left.pop()(), snapshots=False)
    frame = Client.over(wire, tmp_path / "busy").cell_instance.to_frame(spec)
    assert frame["cell"].to_list() == [*cells["cell"], "new"]


@pytest.mark.law("R7")
def test_pages_that_did_not_fit_together_are_not_given_again(tmp_path):
    totals = iter([250, 251, 252, 250, 251, 252])  # two walks, whose pages disagree

    def answer(offset, limit):
        return {**pages_of(250)(offset, limit), "total": next(totals, 250)}

    keeping, files = Keeping(3600.0), Blobs(tmp_path / "files")
    wire = CachedWire(Listed(answer), tmp_path / "a", tmp_path / "a" / "me", files, keeping)
    patient = Client.over(wire, tmp_path / "state")
    with pytest.raises(TransportError, match="kept changing"):
        patient.cell_instance.to_frame("s")
    assert patient.cell_instance.to_frame("s").height == 250
    wire.close()
