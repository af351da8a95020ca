"""Sending: what travels together, under which keys, and what is asked of a write that was lost."""

from __future__ import annotations

from dataclasses import replace

import orjson
import polars as pl
import pytest
from writeback_tools import Once, Tapped, edit, new_rows

from cellframe.client import Client
from cellframe.contract.wire import Reply
from cellframe.errors import PartialApplyError, RefusedError, StoreError, TransportError
from cellframe.server.lesser import Lesser
from cellframe.store.blobs import Blobs
from cellframe.store.journals import read
from cellframe.transport.caching.keeping import Keeping
from cellframe.transport.caching.wire import CachedWire
from cellframe.writeback.steps import Action

KEY = "idempotency-key"
NO = b'{"error_code": "X", "message": "no", "detail": null}'


class Less(Tapped):
    """A wire to a service that leaves extensions out."""

    without: tuple[str, ...] = ("batch",)

    def send(self, request):
        return Lesser(self.without).told(request, super().send(Lesser(self.without).heard(request)))


def over(wire, tmp_path) -> Client:
    return Client.over(wire, tmp_path / "lab" / ".cellframe")


@pytest.fixture
def all_in_one(client, tmp_path) -> Client:
    """A client that sends a hundred rows in one request, over a wire that can be listened to."""
    return over(Tapped(client._wire, together=True), tmp_path)


@pytest.fixture
def alone(client, tmp_path) -> Client:
    """A client of a service that knows no request again."""
    wire = Less(client._wire)
    wire.without = ("batch", "idempotency_key")
    return over(wire, tmp_path)


def lose(wire, method: str, times: int, *, carried_out: bool = True) -> None:
    """Lose the answers to the first requests of one method, or the requests."""
    left = [times]

    def lost(request, reply=None):
        if request.method == method and left[0]:
            left[0] -= 1
            raise TransportError("lost", request=str(request), sent=True)
        return reply

    if carried_out:
        wire.after = lost
    else:
        wire.before = lost


def drafts(client, cells, count: int, text: str = "x"):
    return client.cell_instance.plan(cells.head(count).with_columns(notes=pl.lit(text)))


def made(client, spec, name: str) -> int:
    return client.cell_instance.to_frame(spec)["cell"].to_list().count(name)


@pytest.mark.rule("W36")
def test_a_wave_is_one_request(all_in_one, cells):
    assert all_in_one.apply(drafts(all_in_one, cells, 9)).counts == {"ok": 9}
    (sent,) = all_in_one._wire.methods("POST")
    operations = orjson.loads(sent.body)["operations"]
    assert [one["body"] for one in operations] == [{"notes": "x"}] * 9
    assert all(one["if_match"] == '"1"' and len(one["idempotency_key"]) == 64 for one in operations)


@pytest.mark.rule("W36")
def test_a_number_of_workers_means_a_request_for_each_row(all_in_one, cells):
    assert all_in_one.apply(drafts(all_in_one, cells, 3), workers=2)
    assert len(all_in_one._wire.methods("PATCH")) == 3


@pytest.mark.law("A5")
@pytest.mark.law("A6")
def test_a_bad_row_of_a_wave_sinks_no_other(all_in_one, cells, spec):
    new = new_rows(cell=["n", "m"], notes=["x", "x"])
    edited = pl.concat([edit(cells, "c-000", notes="x"), new], how="diagonal")
    plan = all_in_one.cell_instance.plan(edited, spec=spec)
    all_in_one.cell_instance.create(spec, {"name": "n", "notes": "theirs"})
    receipt = all_in_one.apply(plan)
    assert [result.outcome.value for result in receipt.results] == ["ok", "conflict", "ok"]


@pytest.mark.law("A4")
@pytest.mark.rule("W35")
def test_a_row_of_a_wave_that_moved_is_compared_again(all_in_one, colleague, cells):
    plan = drafts(all_in_one, cells, 3)
    colleague.cell_instance.update("c-001", {"date_manufactured": "2020-01-01"})
    colleague.cell_instance.update("c-002", {"notes": "theirs"})
    receipt = all_in_one.apply(plan)
    assert receipt.counts == {"ok": 2, "conflict": 1}
    assert len(all_in_one._wire.methods("POST")) == 2
    merged = all_in_one.cell_instance.get("c-001")
    assert (merged.notes, str(merged.date_manufactured)[:10]) == ("x", "2020-01-01")
    assert all_in_one.cell_instance.get("c-002").notes == "theirs"


@pytest.mark.law("A3")
def test_a_row_that_is_merged_anew_has_its_intent_on_the_disk_too(all_in_one, colleague, cells):
    plan = drafts(all_in_one, cells, 1)
    colleague.cell_instance.update("c-000", {"date_manufactured": "2020-01-01"})
    lines = read(all_in_one.apply(plan).journal)
    keys = [line["key"] for line in lines if line["type"] == "intent"]
    sent = [orjson.loads(request.body) for request in all_in_one._wire.methods("POST")]
    assert [one["operations"][0]["idempotency_key"] for one in sent] == keys
    assert len(set(keys)) == 2


@pytest.mark.rule("W38")
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_wave_whose_answer_was_lost_is_made_once(all_in_one, cells, spec, carried_out):
    edited = pl.concat([edit(cells, "c-000", notes="x"), new_rows(cell=["n", "m"])], how="diagonal")
    plan = all_in_one.cell_instance.plan(edited, spec=spec)
    lose(all_in_one._wire, "POST", 2, carried_out=carried_out)
    receipt = all_in_one.apply(plan)
    assert receipt.counts == {"ok": 3, "unchanged": 11}
    assert {result.attempts for result in receipt.results} == {3}
    assert ("Recovered" in receipt.results[0].message) is carried_out
    assert made(all_in_one, spec, "n") == 1
    assert all_in_one.cell_instance.get("c-000").version == 2


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_is_not_taken_together_is_sent_apart(all_in_one, cells, status):
    wire = all_in_one._wire
    wire.before = lambda r: Reply(status, {}, NO) if r.path == "/batch" else None
    assert all_in_one.apply(drafts(all_in_one, cells, 5)).counts == {"ok": 5}


def test_an_answer_that_fits_no_wave_settles_nothing_wrongly(all_in_one, cells):
    wire = all_in_one._wire
    wire.after = lambda r, reply: (
        Reply(200, {}, b'{"results": []}') if r.path == "/batch" else reply
    )
    receipt = all_in_one.apply(drafts(all_in_one, cells, 2))
    assert receipt.counts == {"ok": 2}
    assert all("Recovered" in result.message for result in receipt.results)


@pytest.mark.law("A3")
def test_a_write_has_the_key_that_its_intent_has(tapped, wire, cells, spec):
    edited = pl.concat([edit(cells, "c-000", notes="x"), new_rows(cell=["n"])], how="diagonal")
    receipt = tapped.apply(tapped.cell_instance.plan(edited, spec=spec))
    keys = {line["key"] for line in read(receipt.journal) if line["type"] == "intent"}
    sent = {r.headers[KEY] for r in (*wire.methods("PATCH"), *wire.methods("POST"))}
    assert sent == keys
    assert len(keys) == 2


@pytest.mark.rule("W38")
def test_a_create_whose_answer_was_lost_is_made_once(tapped, wire, spec):
    lose(wire, "POST", 2)
    receipt = tapped.apply(tapped.cell_instance.plan(new_rows(cell=["n"]), spec=spec))
    (result,) = receipt.results
    assert (result.outcome.value, result.attempts) == ("ok", 3)
    assert "Recovered" in result.message
    assert made(tapped, spec, "n") == 1


@pytest.mark.rule("W38")
@pytest.mark.law("A7")
@pytest.mark.parametrize(
    ("happens", "outcome"),
    [("carried out", "ok"), ("somebody else", "conflict"), ("nothing", "unknown")],
)
def test_a_lost_create_without_keys_is_settled_by_its_name(alone, client, spec, happens, outcome):
    plan = alone.cell_instance.plan(new_rows(cell=["n"], notes=["x"]), spec=spec)
    lose(alone._wire, "POST", 1, carried_out=happens == "carried out")
    if happens == "somebody else":
        client.cell_instance.create(spec, {"name": "n", "notes": "theirs"})
    (result,) = alone.apply(plan).results
    assert result.outcome.value == outcome
    assert len(alone._wire.methods("POST")) == 1
    assert ("client.resume()" in result.message) is (outcome == "unknown")


@pytest.mark.rule("W38")
@pytest.mark.law("A7")
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_lost_update_without_keys_is_settled_by_the_record(alone, cells, carried_out):
    plan = drafts(alone, cells, 1)
    lose(alone._wire, "PATCH", 1, carried_out=carried_out)
    (result,) = alone.apply(plan).results
    assert result.outcome.value == "ok"
    assert len(alone._wire.methods("PATCH")) == (1 if carried_out else 2)
    assert alone.cell_instance.get("c-000").version == 2


@pytest.mark.rule("W37")
def test_what_the_service_does_not_say_is_unknown(tapped, wire, cells):
    plan = drafts(tapped, cells, 1)
    wire.before = lambda r: lose_all() if wire.methods("PATCH") else None
    (result,) = tapped.apply(plan).results
    assert result.outcome.value == "unknown"
    assert "client.resume()" in result.message


def lose_all():
    raise TransportError("lost", sent=True)


def deleting(plan, **more):
    """The plan with deletes in the place of its updates."""
    steps = tuple(replace(s, action=Action.DELETE, changes=(), **more) for s in plan.steps)
    return replace(plan, steps=steps)


@pytest.mark.rule("W46")
@pytest.mark.parametrize("without", [("batch",), ("batch", "if_match", "idempotency_key"), ()])
def test_a_delete_is_guarded_by_what_was_compared(client, colleague, cells, tmp_path, without):
    wire = Less(client._wire, together=True)
    wire.without = without
    writer = over(wire, tmp_path)
    plan = deleting(drafts(writer, cells, 3))
    colleague.cell_instance.update("c-001", {"notes": "theirs"})
    colleague.cell_instance.delete("c-002")
    receipt = writer.apply(plan, max_deletes=3)
    assert [one.outcome.value for one in receipt.results] == ["ok", "conflict", "unchanged"]
    assert "c-000" not in client.cell_instance.to_frame()["cell"].to_list()


@pytest.mark.rule("W34")
def test_a_delete_needs_its_count(tapped, wire, cells):
    plan = deleting(drafts(tapped, cells, 2))
    for count in (None, 1):
        assert "max_deletes=2" in tapped.apply(plan, max_deletes=count).refused
    assert wire.methods("DELETE") == []


@pytest.mark.rule("W38")
@pytest.mark.parametrize("carried_out", [True, False])
def test_a_delete_whose_answer_was_lost_is_done(alone, cells, carried_out):
    plan = deleting(drafts(alone, cells, 1))
    lose(alone._wire, "DELETE", 1, carried_out=carried_out)
    (result,) = alone.apply(plan, max_deletes=1).results
    assert result.outcome.value == "ok"
    assert "c-000" not in alone.cell_instance.to_frame()["cell"].to_list()


@pytest.mark.rule("W48")
def test_an_exception_has_the_receipt(tapped, colleague, cells):
    colleague.cell_instance.update("c-000", {"notes": "theirs"})
    plan = drafts(tapped, cells, 2)
    with pytest.raises(RefusedError) as refused:
        tapped.apply(plan, raise_on="conflict")
    assert refused.value.receipt is tapped.last_receipt
    with pytest.raises(PartialApplyError) as partial:
        tapped.apply(plan, on_conflict="skip", raise_on="any")
    assert partial.value.receipt.counts == {"ok": 1, "conflict": 1}


@pytest.mark.rule("W48")
def test_what_is_asked_for_alone_raises(tapped, wire, cells):
    wire.before = lambda r: Reply(422, {}, NO) if r.method == "PATCH" else None
    assert tapped.apply(drafts(tapped, cells, 1), raise_on="conflict").counts == {"invalid": 1}
    with pytest.raises(ValueError, match="none of 'any', 'conflict'"):
        tapped.apply(drafts(tapped, cells, 1), raise_on="all")


def test_whoever_wants_to_know_is_told_how_far_it_is(client, cells):
    told = []
    client.apply(drafts(client, cells, 5), progress=lambda *now: told.append(now))
    assert told == [(5, 5)]


@pytest.mark.law("A12")
def test_a_disk_that_is_full_ends_the_sending(tapped, wire, spec, monkeypatch):
    from cellframe.store.journal import Journal

    plan = tapped.cell_instance.plan(new_rows(cell=[f"n-{n}" for n in range(120)]), spec=spec)
    real, calls = Journal.append, []

    def full(journal, lines):
        calls.append(1)
        if len(calls) > 3:
            raise StoreError("full")
        real(journal, lines)

    monkeypatch.setattr(Journal, "append", full)
    with pytest.raises(StoreError, match="full"):
        tapped.apply(plan)
    assert len(wire.methods("POST")) == 100
    assert tapped.last_receipt.counts == {"ok": 100, "not_attempted": 20}


@pytest.mark.law("A9")
@pytest.mark.parametrize("workers", [1, 4])
def test_an_interrupted_apply_returns_and_can_be_resumed(tapped, wire, cells, workers):
    plan = drafts(tapped, cells, 9)

    def interrupt():
        raise KeyboardInterrupt

    wire.before = Once("PATCH", interrupt)
    with pytest.raises(KeyboardInterrupt):
        tapped.apply(plan, workers=workers)
    counts = tapped.last_receipt.counts
    assert sum(counts.values()) == 9
    assert counts["unknown"] == 1
    assert tapped.resume().counts == {"ok": 9}


def below_new_parents(client, spec, *names: str):
    """A plan of a new spec and of cells, each below the new spec of a name."""
    specs = pl.DataFrame({"spec_id": pl.Series([None], dtype=pl.String), "spec": ["new"]})
    parents = client.cell_spec.plan(specs)
    cells = client.cell_instance.plan(
        new_rows(cell=[f"{at} under {n}" for at, n in enumerate(names)]), spec=spec
    )
    steps = (
        replace(s, parent_id=None, new_parent=n) for s, n in zip(cells.steps, names, strict=True)
    )
    return replace(cells, parts=(*parents.parts, *cells.parts), steps=(*parents.steps, *steps))


@pytest.mark.law("A6")
@pytest.mark.rule("W33")
def test_what_is_below_a_new_parent_comes_after_it_or_not_at_all(tapped, wire, spec):
    receipt = tapped.apply(below_new_parents(tapped, spec, "new", "gone"))
    assert receipt.counts == {"ok": 2, "not_attempted": 1}
    assert tapped.cell_instance.to_frame("new")["cell"].to_list() == ["0 under new"]
    assert "'gone' is not there" in receipt.failed["cells"]["_error"][0]
    assert len(wire.methods("POST")) == 2


@pytest.mark.law("A6")
def test_children_of_a_parent_that_failed_are_not_sent(tapped, wire, spec):
    plan = below_new_parents(tapped, spec, "new", "new")
    wire.before = lambda r: Reply(422, {}, NO) if r.path == "/cell_specifications" else None
    receipt = tapped.apply(plan)
    assert receipt.counts == {"invalid": 1, "not_attempted": 2}
    assert list(receipt.failed) == ["specs", "cells"]
    assert len(wire.methods("POST")) == 1


@pytest.mark.rule("W44")
def test_after_a_write_that_nobody_knows_of_no_kept_answer_counts(client, cells, spec, tmp_path):
    below = Tapped(client._wire)
    files = Blobs(tmp_path / "downloads")
    wire = CachedWire(below, tmp_path / "a", tmp_path / "a" / "me", files, Keeping(3600.0))
    writer = Client.over(wire, tmp_path / "state")
    plan = drafts(writer, writer.cell_instance.to_frame(spec), 1)
    assert len(writer.cell_instance.to_frame(spec)) == 12
    below.after = lambda _r, reply: lose_all() if below.methods("PATCH") else reply
    assert writer.apply(plan).counts == {"unknown": 1}
    below.after = lambda _r, reply: reply
    assert writer.cell_instance.to_frame(spec)["notes"][0] == "x"
    wire.close()
