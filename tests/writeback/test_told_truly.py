"""Laws A5, A6: a receipt says of every row what the service has, whatever the others met."""

from __future__ import annotations

from contextlib import closing
from itertools import count
from operator import itemgetter

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellframe.client import Client
from cellframe.contract.wire import Reply, Request
from cellframe.server.answer import Service
from cellframe.transport.inprocess import InProcessWire
from cellframe.transport.replies import ask

FINE = "fine"
REFUSED = {"invalid": 422, "forbidden": 403, "failed": 500}
"""What a service answers without doing anything, each time."""
HEARD = "done, and failed"
"""What it answers with 500 after it has done it."""
VERDICTS = (FINE, *REFUSED, HEARD)
OLD = 4
FEW = settings(max_examples=max(settings.default.max_examples // 8, 10))
_JSON = {"content-type": "application/json"}


class Unsteady:
    """A wire to a service that answers each write by the name of its record."""

    def __init__(self, wire, verdicts):
        self.wire, self.verdicts = wire, verdicts
        self.names = {}
        self.origin, self.in_place, self.close = wire.origin, True, wire.close

    def send(self, request):
        if request.path == "/batch":
            asked = orjson.loads(request.body)["operations"]
            results = [_result(self._one(_alone(one))) for one in asked]
            return Reply(200, _JSON, orjson.dumps({"results": results}))
        return self.wire.send(request) if request.method == "GET" else self._one(request)

    def _one(self, request):
        body = orjson.loads(request.body)
        known = self.names.get(request.path.rpartition("/")[2])
        verdict = self.verdicts.get(known or body["name"], FINE)
        reply = None if verdict in REFUSED else self.wire.send(request)
        status = 500 if verdict == HEARD else REFUSED.get(verdict)
        return _no(status) if status else reply


def _alone(operation):
    headers = {"if-match": operation.get("if_match"), **_JSON}
    headers["idempotency-key"] = operation.get("idempotency_key")
    sent = {name: value for name, value in headers.items() if value is not None}
    return Request(
        operation["method"], operation["path"], (), sent, orjson.dumps(operation["body"])
    )


def _result(reply):
    return {"status": reply.status, "body": orjson.loads(reply.content)}


def _no(status):
    return Reply(status, _JSON, b'{"error_code": "NO", "message": "no", "detail": null}')


def edited(cells, new):
    """Every cell gets a note; of the new ones, every third is in a lot that is new too."""
    names = [f"new-{number}" for number in range(new)]
    lots = [f"lot-{number}" if number % 3 == 2 else None for number in range(new)]
    rows = pl.DataFrame(
        {"cell": names, "batch": lots}, schema=dict.fromkeys(["cell", "batch"], str)
    )
    typed = rows.with_columns(pl.col("batch").cast(cells.schema["batch"]))
    return pl.concat([cells, typed], how="diagonal").with_columns(notes=pl.lit("mine"))


@pytest.fixture(scope="module", params=[(), ("batch",)], ids=["batches", "rows"])
def lab(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("told")
    turns = count()
    with closing(Service(folder / "lab", open_door=True, without=request.param)) as service:
        wire = InProcessWire(service.answer, "lab", lambda: None)
        yield lambda: (wire, folder / f"home {next(turns)}")


@pytest.mark.law("A5")
@pytest.mark.law("A6")
@FEW
@given(st.lists(st.sampled_from(VERDICTS), max_size=8), st.sets(st.integers(0, 2)))
def test_a_receipt_says_what_the_service_has(lab, verdicts, lots):
    wire, home = lab()
    names = [f"old-{n}" for n in range(OLD)] + [f"new-{n}" for n in range(len(verdicts))]
    meant = dict(zip(names, [*reversed(verdicts), *[FINE] * OLD, *verdicts], strict=False))
    meant |= {f"lot-{3 * number + 2}": "invalid" for number in lots}
    told, there = carried_out(wire, home, meant, len(verdicts))
    assert len(told) == len(set(told)) == len(names)
    for name in names:
        is_there = name in there and there[name]["notes"] == "mine"
        lot = f"lot-{name[4:]}"
        orphan = name.startswith("new") and int(name[4:]) % 3 == 2 and meant.get(lot) == "invalid"
        assert is_there == (told[name] == "ok"), (name, told[name])
        assert is_there == (not orphan and meant[name] in (FINE, HEARD)), (name, told[name])
        assert (told[name] == "not_attempted") == orphan
    assert list(there) == [name for name in names if name in there]


def carried_out(wire, home, meant, new):
    """Apply edits over an unsteady wire; return what was told, and the cells as they were made."""
    spec = ask(wire, "POST", "/cell_specifications", body={"name": home.name})["id"]
    cells_of = f"/cell_specifications/{spec}/cell_instances"
    for number in range(OLD):
        ask(wire, "POST", cells_of, body={"name": f"old-{number}"})
    unsteady = Unsteady(wire, meant)
    with closing(Client.over(unsteady, home)) as client:
        cells = client.cell_instance.to_frame(spec=spec)
        unsteady.names = dict(cells.select("instance_id", "cell").iter_rows())
        plan = client.cell_instance.plan(edited(cells, new), spec=spec)
        receipt = client.apply(plan, max_updates=OLD)
    told = {r.name: r.outcome.value for r in receipt.results if r.row is not None}
    assert sum(receipt.counts.values()) == OLD + new
    assert bool(receipt) == (set(told.values()) <= {"ok", "unchanged"})
    listed = ask(wire, "GET", cells_of, query={"limit": 100})["items"]
    return told, {cell["name"]: cell for cell in sorted(listed, key=itemgetter("created_at"))}
