"""A service at fault: what is borne, how long it is left alone, and when nothing further is sent."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import polars as pl
import pytest
from writeback_tools import Tapped

from cellframe.client import Client
from cellframe.contract.wire import Reply
from cellframe.errors import TransportError
from cellframe.writeback.patience import MOST_FAULTS, Patience

NO = b'{"error_code": "X", "message": "no", "detail": null}'
OK = Reply(200, {}, b"{}")
pytestmark = pytest.mark.law("A8")


@pytest.fixture
def plan(tapped, cells):
    return tapped.cell_instance.plan(cells.head(9).with_columns(notes=pl.lit("x")))


def down():
    raise TransportError("nobody is there")


def busy(**headers) -> Reply:
    return Reply(429, {name.replace("_", "-"): value for name, value in headers.items()}, NO)


@pytest.mark.parametrize("workers", [1, 16])
def test_a_service_that_is_down_is_asked_a_few_times_and_left(tapped, wire, plan, workers):
    wire.before = lambda request: down() if request.method == "PATCH" else None
    receipt = tapped.apply(plan, workers=workers)
    assert len(wire.methods("PATCH")) <= MOST_FAULTS
    counts = receipt.counts
    assert counts.get("failed", 0) + counts.get("not_attempted", 0) == 9


@pytest.mark.rule("W37")
def test_what_was_not_come_to_says_how_to_finish(tapped, wire, plan):
    wire.before = lambda request: down() if request.method == "PATCH" else None
    left = [r for r in tapped.apply(plan, workers=1).results if r.outcome.value == "not_attempted"]
    assert left
    assert all("client.resume()" in result.message for result in left)


def test_a_service_that_is_down_is_asked_by_one_at_a_time():
    borne, at_once, most = Patience(), [], []

    def send():
        at_once.append(1)
        most.append(len(at_once))
        time.sleep(0.001)
        at_once.pop()
        down()

    for _ in range(4):
        borne.carry(send)
    most.clear()
    threads = [threading.Thread(target=borne.carry, args=(send,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}


def test_a_service_that_comes_back_is_gone_on_with(tapped, wire, plan):
    faults = iter(range(6))
    wire.before = lambda r: (
        down() if r.method == "PATCH" and next(faults, None) is not None else None
    )
    assert tapped.apply(plan, workers=4).counts == {"ok": 9}


def test_a_fault_in_between_costs_one_request_more(tapped, wire, plan):
    fails = iter([False, True] * 3)
    wire.before = lambda r: (
        Reply(503, {}, NO) if r.method == "PATCH" and next(fails, False) else None
    )
    assert tapped.apply(plan, workers=1).counts == {"ok": 9}
    assert len(wire.methods("PATCH")) == 12


@pytest.mark.parametrize(
    ("said", "least"),
    [
        ("0.08", 0.08),
        (format_datetime(datetime.now(UTC) - timedelta(days=9)), 0.0),
        ("-5", 0.0),
        ("soon", 0.0),
        ("", 0.0),
    ],
    ids=["soon", "a date that is past", "less than nothing", "a word", "nothing"],
)
def test_no_request_comes_before_the_time_that_was_said(said, least):
    borne = Patience()
    borne.carry(lambda: busy(retry_after=said))
    started = time.monotonic()
    assert borne.carry(lambda: OK) is OK
    assert least <= time.monotonic() - started < least + 5


@pytest.mark.parametrize(
    "said",
    ["3600", "999999999999", format_datetime(datetime.now(UTC) + timedelta(days=3650))],
    ids=["an hour", "for ever", "ten years"],
)
def test_a_service_that_wants_to_be_left_alone_for_long_is(tapped, wire, plan, said):
    wire.before = lambda r: busy(retry_after=said) if r.method == "PATCH" else None
    receipt = tapped.apply(plan, workers=1)
    assert len(wire.methods("PATCH")) == 1
    assert receipt.counts == {"failed": 1, "not_attempted": 8}
    assert "longer than a minute" in receipt.results[1].message


def test_pauses_that_overlap_count_once():
    borne = Patience()
    for _ in range(4):
        borne._bear(busy(retry_after="40"), time.monotonic())
    assert not borne.stopped


def test_a_refusal_is_never_sent_again(tapped, wire, plan):
    wire.before = lambda r: Reply(422, {}, NO) if r.method == "PATCH" else None
    assert tapped.apply(plan).counts == {"invalid": 9}
    assert len(wire.methods("PATCH")) == 9


def test_requests_that_are_still_carried_out_are_waited_for(tapped, wire, plan):
    running = iter([True, True])
    wire.before = lambda r: (
        Reply(409, {"retry-after": "0"}, NO)
        if r.method == "PATCH" and next(running, False)
        else None
    )
    assert tapped.apply(plan, workers=1).counts == {"ok": 9}


def test_a_wave_is_left_as_a_row_is(client, cells, tmp_path):
    wire = Tapped(client._wire, together=True)
    writer = Client.over(wire, tmp_path / "lab" / ".cellframe")
    plan = writer.cell_instance.plan(cells.head(9).with_columns(notes=pl.lit("x")))
    wire.before = lambda request: down() if request.path == "/batch" else None
    receipt = writer.apply(plan)
    assert receipt.counts == {"failed": 9}
    assert len(wire.methods("POST")) <= MOST_FAULTS


@pytest.mark.law("A9")
def test_one_that_waits_for_an_answer_keeps_nobody_from_leaving(tapped, wire, plan, monkeypatch):
    from cellframe.writeback import crew

    monkeypatch.setattr(crew, "_LAST_WORDS", 0.05)
    never, hanging, asked = threading.Event(), threading.Event(), iter([True])

    def hang(request):
        if request.method != "PATCH":
            return
        if next(asked, False):
            assert hanging.wait(5)
            raise KeyboardInterrupt
        hanging.set()
        never.wait(30)

    wire.before = hang
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        tapped.apply(plan, workers=4)
    never.set()
    assert time.monotonic() - started < 5
    assert tapped.last_receipt.counts.keys() <= {"unknown", "not_attempted", "ok"}
