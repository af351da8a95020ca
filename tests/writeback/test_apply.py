"""Apply: the intent is on the disk first, each row has one outcome, and failures come back whole."""

from __future__ import annotations

import errno
import os

import orjson
import polars as pl
import pytest
from writeback_tools import MASS, edit, new_rows

from cellframe.contract.wire import Reply
from cellframe.errors import PartialApplyError, StoreError
from cellframe.store.journals import read
from cellframe.transport.replies import ask

NO = Reply(422, {}, b'{"error_code": "VALIDATION_ERROR", "message": "no", "detail": null}')
DOWN = Reply(500, {}, b'{"error_code": "INTERNAL_ERROR", "message": "oh", "detail": null}')


def answer(reply, method="PATCH", *ids):
    """Answer requests of one method, or those for some ids alone."""
    return lambda r: reply if r.method == method and (not ids or r.path.endswith(ids)) else None


@pytest.mark.rule("W41")
@pytest.mark.law("A3")
def test_the_intent_is_on_the_disk_before_the_request(tapped, wire, cells):
    seen = []

    def look(request):
        if request.method in ("PATCH", "POST"):
            (path,) = tapped._connection.journals.folder.glob("*.jsonl")
            seen.append([line["body"] for line in read(path) if line["type"] == "intent"])

    wire.before = look
    assert tapped.apply(tapped.cell_instance.plan(edit(cells, "c-000", notes="x")))
    assert seen == [[{"notes": "x"}]]


@pytest.mark.rule("W41")
@pytest.mark.law("A3")
def test_every_intent_is_synced_before_the_request(tapped, wire, cells, monkeypatch):
    synced, at_patch = [], []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (sync(handle), synced.append(handle)))
    wire.before = lambda r: at_patch.append(len(synced)) if r.method == "PATCH" else None
    tapped.apply(tapped.cell_instance.plan(edit(cells, "c-000", notes="x")))
    assert at_patch[0] >= 2


@pytest.mark.rule("W41")
def test_the_journal_has_header_intent_outcome_and_end(client, cells):
    plan = client.cell_instance.plan(edit(cells, "c-000", notes="x"))
    lines = list(read(client.apply(plan, note="why").journal))
    assert [line["type"] for line in lines] == ["plan", "reviewed", "intent", "outcome", "end"]
    header, _, _, outcome, _ = lines
    assert (header["plan"], header["base"], header["note"]) == (
        plan.digest,
        plan.base_digest,
        "why",
    )
    assert outcome["before"]["notes"] is None
    assert outcome["after"]["notes"] == "x"


@pytest.mark.rule("W41")
@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_nothing_is_sent_when_the_journal_cannot_be_written(
    tapped, wire, cells, monkeypatch, fault
):
    plan = tapped.cell_instance.plan(edit(cells, "c-000", notes="x"))

    def full(handle, text):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match="cannot be written"):
        tapped.apply(plan)
    assert wire.methods("PATCH") == []


@pytest.mark.rule("W41")
def test_nothing_is_sent_when_the_sync_of_an_intent_fails(tapped, wire, cells, monkeypatch):
    plan = tapped.cell_instance.plan(edit(cells, "c-000", notes="x"))
    count = iter(range(99))

    def fails_later(handle):
        if next(count) >= 2:
            raise OSError(errno.EIO, "I/O error")

    monkeypatch.setattr(os, "fsync", fails_later)
    with pytest.raises(StoreError):
        tapped.apply(plan)
    assert wire.methods("PATCH") == []


@pytest.mark.rule("W41")
def test_nothing_is_sent_when_the_folder_is_a_file(tapped, wire, cells):
    folder = tapped._connection.journals.folder
    folder.write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        tapped.apply(tapped.cell_instance.plan(edit(cells, "c-000", notes="x")))
    assert wire.methods("PATCH") == []


@pytest.mark.rule("W37")
@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (NO, "invalid"),
        (DOWN, "failed"),
        (Reply(404, {}, NO.body), "conflict"),
        (Reply(409, {}, NO.body), "conflict"),
        (Reply(429, {}, NO.body), "failed"),
        (Reply(403, {}, NO.body), "failed"),
        (Reply(200, {}, b"<html>"), "unknown"),
        (Reply(200, {}, b"[]"), "unknown"),
        (Reply(200, {}, b"null"), "unknown"),
        (Reply(204, {}, b""), "unknown"),
        (Reply(200, {}, b'{"name": "n"}'), "unknown"),
        (Reply(302, {}, b""), "unknown"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_every_answer_is_an_outcome(tapped, wire, cells, spec, reply, outcome, method):
    new = new_rows(cell=["n"])
    edited = new if method == "POST" else edit(cells, "c-000", notes="x")
    plan = tapped.cell_instance.plan(edited, spec=spec)
    wire.before = answer(reply, method)
    assert tapped.apply(plan).results[0].outcome.value == outcome


@pytest.mark.rule("W36")
def test_a_failed_row_does_not_sink_the_others(tapped, wire, cells):
    plan = tapped.cell_instance.plan(edit(edit(cells, "c-000", notes="x"), "c-001", notes="y"))
    wire.before = answer(NO, "PATCH", cells["instance_id"][0])
    receipt = tapped.apply(plan)
    assert receipt.counts == {"ok": 1, "unchanged": 10, "invalid": 1}
    assert not receipt
    with pytest.raises(PartialApplyError, match=r"1 of 2 rows were not written.*receipt\.failed"):
        receipt.raise_for_failures()


@pytest.mark.rule("W36")
def test_on_error_stop_sends_nothing_further(tapped, wire, cells):
    plan = tapped.cell_instance.plan(cells[:9].with_columns(notes=pl.lit("x")))
    wire.before = answer(NO, "PATCH", cells["instance_id"][2])
    receipt = tapped.apply(plan, on_error="stop", workers=1)
    assert receipt.counts == {"ok": 2, "invalid": 1, "not_attempted": 6}
    assert len(wire.methods("PATCH")) == 3


@pytest.mark.rule("W36")
def test_a_skipped_conflict_is_no_error_to_stop_for(client, colleague, cells):
    colleague.cell_instance.update("c-000", {"notes": "theirs"})
    plan = client.cell_instance.plan(edit(edit(cells, "c-000", notes="x"), "c-001", notes="y"))
    receipt = client.apply(plan, on_conflict="skip", on_error="stop", workers=1)
    assert receipt.counts == {"ok": 1, "conflict": 1, "unchanged": 10}


@pytest.mark.rule("W36")
def test_a_refused_key_stops_the_rest(tapped, wire, cells):
    plan = tapped.cell_instance.plan(cells[:9].with_columns(notes=pl.lit("x")))
    wire.before = answer(Reply(401, {}, NO.body))
    receipt = tapped.apply(plan, workers=1)
    assert receipt.counts == {"failed": 1, "not_attempted": 8}
    assert len(wire.methods("PATCH")) == 1


@pytest.mark.rule("W36")
@pytest.mark.law("D3")
def test_one_patch_per_record_with_the_changed_fields_alone(tapped, wire, cells):
    edited = edit(edit(cells, "c-000", notes="x", date_manufactured=None), "c-001", notes="y")
    tapped.apply(tapped.cell_instance.plan(edited))
    bodies = sorted(orjson.loads(request.body).items() for request in wire.methods("PATCH"))
    assert [dict(body) for body in bodies] == [
        {"date_manufactured": None, "notes": "x"},
        {"notes": "y"},
    ]


@pytest.mark.rule("W40")
def test_a_value_that_the_service_did_not_keep_is_noted(tapped, wire, cells):
    plan = tapped.cell_instance.plan(edit(cells, "c-000", notes="x"))

    def ignore(request, reply):
        if request.method != "PATCH":
            return reply
        return Reply(200, reply.headers, reply.body.replace(b'"x"', b'"X"'))

    wire.after = ignore
    assert "stored other values: 'notes' is 'X'" in tapped.apply(plan).results[0].message


@pytest.mark.rule("W47")
@pytest.mark.law("A5")
def test_failed_rows_come_back_in_the_users_own_columns(tapped, wire, cells):
    edited = edit(edit(cells, "c-000", notes="x"), "c-001", notes="y").with_columns(_mine=pl.lit(1))
    edited = edited[["notes", "_mine", "instance_id", "instance_version", MASS]]
    wire.before = answer(NO, "PATCH", cells["instance_id"][0])
    failed = tapped.apply(tapped.cell_instance.plan(edited)).failed
    assert failed.columns == [*edited.columns, "_error"]
    assert failed["notes"].to_list() == ["x"]


@pytest.mark.rule("W47")
def test_failed_rows_are_fixed_and_sent_again_alone(tapped, wire, cells):
    edited = edit(edit(cells, "c-000", notes="x"), "c-001", notes="y")
    wire.before = answer(NO, "PATCH", cells["instance_id"][0])
    failed = tapped.apply(tapped.cell_instance.plan(edited)).failed
    wire.before = lambda _request: None
    assert tapped.apply(tapped.cell_instance.plan(failed)).counts == {"ok": 1}
    assert not tapped.cell_instance.plan(edited)


@pytest.mark.rule("W47")
def test_the_receipt_has_the_new_ids(client, spec):
    receipt = client.apply(client.cell_instance.plan(new_rows(cell=["n"]), spec=spec))
    assert receipt.to_frame()["id"].to_list() == [client.cell_instance.get("n").id]


@pytest.mark.rule("W47")
@pytest.mark.law("A5")
def test_outcomes_add_up_to_the_rows(tapped, wire, colleague, cells, spec):
    colleague.cell_instance.update("c-001", {"notes": "theirs"})
    edited = edit(edit(cells, "c-000", notes="x"), "c-001", notes="y")
    edited = pl.concat([edited, new_rows(cell=["n", "m"])], how="diagonal")
    plan = tapped.cell_instance.plan(edited, spec=spec)
    wire.before = answer(DOWN, "POST")
    receipt = tapped.apply(plan, on_conflict="skip")
    assert receipt.counts == {"ok": 1, "unchanged": 10, "conflict": 1, "failed": 2}
    assert tapped.last_receipt is receipt


@pytest.mark.rule("W36")
def test_new_records_keep_the_order_of_the_rows(client, spec):
    names = [f"n-{number}" for number in range(130)]
    client.apply(client.cell_instance.plan(new_rows(cell=names), spec=spec))
    assert client.cell_instance.to_frame(spec)["cell"].to_list() == names


@pytest.mark.rule("W44")
@pytest.mark.law("R1")
def test_what_was_written_is_what_is_read_next(client, cells, spec):
    client.apply(client.cell_instance.plan(edit(cells, "c-000", mass=50.0)))
    assert client.cell_instance.to_frame(spec)[MASS][0] == 50.0


def test_an_empty_plan_sends_nothing_and_is_done(tapped, wire, cells):
    receipt = tapped.apply(tapped.cell_instance.plan(cells))
    assert receipt
    assert receipt.journal is None
    assert {request.method for request in wire.sent} == {"GET"}


@pytest.mark.rule("W47")
def test_an_update_refused_for_its_name_keeps_its_own_id(client, cells):
    receipt = client.apply(client.cell_instance.plan(edit(cells, "c-000", cell="c-001")))
    assert receipt.results[0].id == cells["instance_id"][0]


def test_the_service_is_as_it_was_after_a_refusal(client, wire, cells, spec):
    path = f"/cell_specifications/{spec.id}/cell_instances"
    before = ask(wire, "GET", path)
    client.apply(client.cell_instance.plan(edit(cells, "c-000", cell="", batch="L9")))
    assert ask(wire, "GET", path) == before
