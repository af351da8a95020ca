"""Resume: what was left half done is finished once, by whoever holds the journal."""

from __future__ import annotations

import os
import random
import shutil
import time
from itertools import count

import polars as pl
import pytest
from writeback_tools import edit

from cellframe.client import Client
from cellframe.contract.wire import Reply
from cellframe.errors import JournalLockedError, StalePlanError, StoreError
from cellframe.store.journal import Journal, read
from cellframe.writeback import run

NIGHTLY = os.environ.get("CELLFRAME_PROFILE") == "nightly"
DOWN = Reply(503, {}, b'{"error_code": "UNAVAILABLE", "message": "later", "detail": null}')
WRITES = ("POST", "PATCH", "DELETE")


class CrashError(BaseException):
    """The process is gone."""


def writes(wire) -> list:
    return [request for request in wire.sent if request.method in WRITES]


def crash_at(wire, number: int, *, carried_out: bool = False) -> None:
    """Let the process go at a write, before or after the service has carried it out."""
    passed = count()

    def gone(request):
        if request.method in WRITES and (at := next(passed)) >= number:
            if carried_out and at == number:
                wire.wire.send(request)
            raise CrashError

    wire.before = gone


def well(wire) -> None:
    wire.before = lambda _request: None
    wire.sent.clear()


@pytest.fixture
def plan(tapped, cells):
    """Three cells with other notes, a new lot with one of them, and two new cells."""
    edited = edit(edit(edit(cells, "c-000", notes="x"), "c-001", notes="y"), "c-002", batch="L9")
    new = cells.head(2).with_columns(
        instance_id=pl.lit(None, dtype=pl.String),
        instance_version=pl.lit(None, dtype=pl.String),
        cell=pl.Series(["n-0", "n-1"]),
    )
    return tapped.cell_instance.plan(pl.concat([edited, new]))


@pytest.fixture
def half_done(tapped, wire, plan):
    """A client whose apply went at the third write, which the service had carried out."""
    crash_at(wire, 2, carried_out=True)
    with pytest.raises(CrashError):
        tapped.apply(plan, workers=1, note="why")
    well(wire)
    return tapped


def again(wire, tmp_path) -> Client:
    """Return the client of a new process."""
    with pytest.warns(match="was not finished"):
        return Client.over(wire, tmp_path / "lab" / ".cellframe")


@pytest.mark.rule("W42")
def test_a_new_process_finishes_with_nothing_in_hand(half_done, wire, plan, spec, tmp_path):
    receipt = again(wire, tmp_path).resume()
    assert receipt, receipt
    assert receipt.counts == {"ok": 5, "unchanged": 9}
    assert [result.row for result in receipt.results] == [None, 0, 1, 2, 12, 13]
    assert len(writes(wire)) == 3
    names = half_done.cell_instance.to_frame(spec)["cell"].to_list()
    assert (len(names), len(set(names))) == (14, 14)


@pytest.mark.rule("W42")
@pytest.mark.law("A2")
def test_a_second_resume_writes_nothing_and_tells_the_same(half_done, wire, tmp_path):
    first = again(wire, tmp_path).resume()
    well(wire)
    second = Client.over(wire, tmp_path / "lab" / ".cellframe").resume()
    assert writes(wire) == []
    assert second.counts == first.counts
    assert [(r.row, r.id, r.outcome) for r in second.results] == [
        (r.row, r.id, r.outcome) for r in first.results
    ]


@pytest.mark.rule("W42")
def test_resuming_what_is_done_leaves_its_journal_as_it_is(tapped, plan):
    path = tapped.apply(plan).journal
    before = path.read_bytes()
    assert tapped.resume().counts == {"ok": 5, "unchanged": 9}
    assert path.read_bytes() == before


@pytest.mark.law("A2")
def test_a_resume_elsewhere_while_one_is_at_work_is_refused(half_done, wire):
    (path,) = half_done._connection.journals.unfinished()
    with Journal.reopen(path):
        started = time.monotonic()
        with pytest.raises(JournalLockedError):
            half_done.resume()
        assert time.monotonic() - started < 1.0
    assert writes(wire) == []


@pytest.mark.law("A2")
def test_a_copied_journal_is_resumed_on_another_machine(half_done, wire, tmp_path):
    (path,) = half_done._connection.journals.unfinished()
    copied = shutil.copy(path, tmp_path / "copied.jsonl")
    elsewhere = Client.over(wire, tmp_path / "elsewhere")
    assert elsewhere.resume(copied).counts == {"ok": 5, "unchanged": 9}
    assert elsewhere.resume(copied)
    assert len(writes(wire)) == 3


@pytest.mark.law("A3")
def test_a_request_has_the_key_that_it_had_wherever_it_is_sent_again(tapped, wire, plan, tmp_path):
    crash_at(wire, 2)
    with pytest.raises(CrashError):
        tapped.apply(plan, workers=1)
    before = keys(wire)
    well(wire)
    (path,) = tapped._connection.journals.unfinished()
    copied = shutil.copy(path, tmp_path / "copied.jsonl")
    assert Client.over(wire, tmp_path / "elsewhere").resume(copied)
    again = keys(wire)
    assert len(before.keys() & again.keys()) == 1
    assert all(before[request] == key for request, key in again.items() if request in before)
    assert len({*before.values(), *again.values()}) == 6


def keys(wire) -> dict[tuple, str]:
    """The key of every write, by what was written."""
    found = ((r.method, r.path, r.body, r.headers["idempotency-key"]) for r in writes(wire))
    return {tuple(request): key for *request, key in found}


def test_the_journal_tells_of_the_resume_and_keeps_its_header(half_done):
    receipt = half_done.resume()
    lines = read(receipt.journal)
    kinds = [line["type"] for line in lines]
    assert kinds.index("resumed") > kinds.index("intent")
    assert (kinds[0], kinds[-1], kinds.count("plan")) == ("plan", "end", 1)
    assert lines[-1]["counts"] == receipt.counts
    assert half_done._connection.journals.unfinished() == []


@pytest.mark.rule("W42")
def test_what_somebody_changed_since_is_a_conflict_and_the_rest_is_written(
    half_done, colleague, wire, spec
):
    theirs = colleague.cell_instance.to_frame(spec)
    assert colleague.apply(colleague.cell_instance.plan(edit(theirs, "c-001", notes="theirs")))
    receipt = half_done.resume()
    assert receipt.counts == {"ok": 4, "unchanged": 9, "conflict": 1}
    assert half_done.cell_instance.get("c-001").notes == "theirs"
    assert half_done._connection.journals.unfinished() == []


@pytest.mark.rule("W38")
@pytest.mark.parametrize(("date", "outcome"), [("2026-01-05", "ok"), ("2026-01-06", "conflict")])
def test_a_create_whose_answer_was_lost_is_found_by_its_name(
    tapped, wire, colleague, plan, spec, date, outcome
):
    crash_at(wire, 4)
    with pytest.raises(CrashError):
        tapped.apply(plan, workers=1)
    well(wire)
    properties = colleague.cell_instance.get("c-000").measured_properties
    made = {"name": "n-0", "batch": "L1", "date_manufactured": date}
    colleague.cell_instance.create(spec, {**made, "measured_properties": properties})
    (result,) = [result for result in tapped.resume().results if result.name == "n-0"]
    assert result.outcome.value == outcome


@pytest.mark.rule("W42")
def test_failed_rows_are_sent_again(tapped, wire, plan):
    wire.before = lambda request: DOWN if request.path.endswith(plan.steps[1].id) else None
    first = tapped.apply(plan)
    assert first.left == 1
    well(wire)
    assert tapped.resume().counts == {"ok": 5, "unchanged": 9}
    assert len(writes(wire)) == 1


def test_rows_keep_their_numbers_and_their_columns(tapped, wire, plan):
    crash_at(wire, 0)
    with pytest.raises(CrashError):
        tapped.apply(plan, workers=1)
    wire.before = lambda request: DOWN if request.method in WRITES else None
    receipt = tapped.resume()
    assert receipt.failed["cell"].to_list() == ["c-000", "c-001", "c-002", "n-0", "n-1"]
    assert set(plan.edited.columns) < set(receipt.failed.columns)


def test_the_terms_of_the_apply_hold(tapped, wire, colleague, cells, spec):
    mine = edit(edit(cells, "c-000", notes="mine"), "c-001", notes="mine")
    theirs = colleague.cell_instance.to_frame(spec)
    colleague.apply(colleague.cell_instance.plan(edit(theirs, "c-001", notes="theirs")))
    crash_at(wire, 0)
    with pytest.raises(CrashError):
        tapped.apply(tapped.cell_instance.plan(mine), on_conflict="mine", workers=1)
    well(wire)
    assert tapped.resume().counts == {"ok": 2, "unchanged": 10}
    assert tapped.cell_instance.get("c-001").notes == "mine"


def test_rows_that_were_left_out_stay_left_out(tapped, wire, colleague, cells, spec):
    mine = edit(edit(cells, "c-000", notes="mine"), "c-001", notes="mine")
    theirs = colleague.cell_instance.to_frame(spec)
    colleague.apply(colleague.cell_instance.plan(edit(theirs, "c-001", notes="theirs")))
    crash_at(wire, 0)
    with pytest.raises(CrashError):
        tapped.apply(tapped.cell_instance.plan(mine), on_conflict="skip", workers=1)
    well(wire)
    for _ in range(2):
        assert tapped.resume().counts == {"ok": 1, "unchanged": 10, "conflict": 1}


@pytest.mark.rule("W42")
def test_a_journal_of_another_plan_is_refused(half_done, wire):
    (path,) = half_done._connection.journals.unfinished()
    header, reviewed, *rest = read(path)
    forged = path.with_name("forged.jsonl")
    with Journal.begin(forged, {**header, "plan": "another"}) as journal:
        journal.append([reviewed, *rest])
    with pytest.raises(StalePlanError, match="another plan than the one that was applied"):
        half_done.resume(forged)
    assert writes(wire) == []


def test_a_journal_of_an_older_cellframe_is_refused_in_words(half_done, wire):
    (path,) = half_done._connection.journals.unfinished()
    header, _, *rest = read(path)
    older = path.with_name("older.jsonl")
    with Journal.begin(older, header) as journal:
        journal.append(rest)
    with pytest.raises(StalePlanError, match="does not hold its plan: an older cellframe"):
        half_done.resume("older")
    assert writes(wire) == []


def test_a_journal_of_another_lab_is_refused(half_done, tmp_path):
    (path,) = half_done._connection.journals.unfinished()
    import cellframe as cf

    with (
        cf.open_local(tmp_path / "other") as other,
        pytest.raises(StalePlanError, match="tells of"),
    ):
        other.resume(path)


def test_a_lab_that_nobody_wrote_to_has_nothing_to_finish(client):
    with pytest.raises(StoreError, match="Nothing was applied from here yet"):
        client.resume()


@pytest.mark.law("A2")
@pytest.mark.law("A3")
@pytest.mark.rule("W42")
@pytest.mark.parametrize("seed", range(500 if NIGHTLY else 25))
def test_every_state_of_a_crash_recovers(wire, tapped, plan, spec, tmp_path, monkeypatch, seed):
    chance = random.Random(seed)
    monkeypatch.setattr(run, "WAVE", chance.choice([1, 2, 100]))
    workers = chance.choice([1, 4, None])
    # Without a number of workers a wave is one request.
    crash_at(wire, chance.randrange(6 if workers else 2), carried_out=chance.random() < 0.5)
    sizes = []
    journals = tapped._connection.journals
    crash = wire.before

    def look(request):
        if request.method in WRITES:
            sizes.append(journals.newest_first()[0].stat().st_size)
        return crash(request)

    wire.before = look
    with pytest.raises(CrashError):
        tapped.apply(plan, workers=workers)
    (path,) = journals.unfinished()
    whole = path.read_bytes()
    path.write_bytes(whole[: chance.randint(sizes[-1], len(whole))])
    well(wire)
    receipt = again(wire, tmp_path).resume()
    assert receipt.counts == {"ok": 5, "unchanged": 9}, receipt
    check_once(tapped, spec)
    well(wire)
    assert tapped.resume()
    assert writes(wire) == []


def check_once(client, spec) -> None:
    """Every edit of `plan` is there, and was written once."""
    frame = client.cell_instance.to_frame(spec)
    found = {row["cell"]: row for row in frame.to_dicts()}
    assert sorted(found) == [*(f"c-{n:03}" for n in range(12)), "n-0", "n-1"]
    assert frame.height == 14
    assert [found[f"c-{n:03}"]["notes"] for n in range(3)] == ["x", "y", None]
    assert found["c-002"]["batch"] == "L9"
    assert [found[f"c-{n:03}"]["instance_version"] for n in range(4)] == ["v2", "v2", "v2", "v1"]
    assert [found[name]["instance_version"] for name in ("n-0", "n-1")] == ["v1", "v1"]


def new(key: str, **columns: list[str]) -> pl.DataFrame:
    """A frame of new records."""
    return pl.DataFrame(columns).with_columns(pl.lit(None, dtype=pl.String).alias(key))


@pytest.mark.rule("W33")
@pytest.mark.rule("W42")
@pytest.mark.law("A3")
@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("number", range(4))
def test_a_plan_of_parents_and_children_is_finished_wherever_it_stopped(
    tapped, wire, number, carried_out
):
    specs, lots = new("spec_id", spec=["New"]), new("batch_id", lot=["L"], spec=["New"])
    made = new("instance_id", cell=["a", "b"], spec=["New", "New"], batch=["L", "L"])
    crash_at(wire, number, carried_out=carried_out)
    with pytest.raises(CrashError):
        tapped.apply(tapped.plan(specs=specs, lots=lots, cells=made), workers=1)
    well(wire)
    receipt = tapped.resume()
    assert receipt.counts == {"ok": 4}, receipt
    assert [result.record for result in receipt.results] == ["spec", "lot", "cell", "cell"]
    rows = tapped.cell_instance.to_frame("New").select("cell", "batch", "instance_version").rows()
    assert rows == [("a", "L", "v1"), ("b", "L", "v1")]
    assert (len(tapped.cell_spec.list()), len(tapped.cell_batch.list("New"))) == (1, 1)


@pytest.mark.rule("W42")
@pytest.mark.rule("W46")
@pytest.mark.parametrize("carried_out", [False, True])
def test_deletes_are_finished_too(tapped, wire, cells, spec, carried_out):
    crash_at(wire, 1, carried_out=carried_out)
    with pytest.raises(CrashError):
        tapped.apply(tapped.cell_instance.plan_delete(cells.head(3), expect=3), workers=1)
    well(wire)
    assert tapped.resume().counts == {"ok": 3}
    assert tapped.cell_instance.to_frame(spec).height == 9
