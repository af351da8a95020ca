"""Laws A3, A7, A9, A12: wherever an apply ends, it is finished later, and nothing is made twice."""

from __future__ import annotations

import random
import signal
import time
from dataclasses import replace

import pytest

from cellframe import failpoints
from cellframe.errors import StoreError
from cellframe.store import journal
from tests.faults.edits import begin
from tests.faults.processes import Service, Work, finished
from tests.faults.proxy import PASS, Proxy


def nightly(*values):
    return pytest.param(*values, marks=[pytest.mark.nightly, pytest.mark.timeout(900)])


LESSER = [(), nightly(("batch",)), ("batch", "version", "idempotency_key")]


@pytest.fixture
def lab(tmp_path):
    return tmp_path / "lab"


@pytest.fixture
def serving(lab):
    """Serve the folder, without some extensions."""
    started = []

    def serve(*without):
        started.append(Service(lab, without))
        return started[-1]

    yield serve
    for service in started:
        service.kill()


@pytest.mark.law("A3")
@pytest.mark.parametrize("times", [1, nightly(2)])
@pytest.mark.parametrize("point", failpoints.CLIENT)
def test_a_client_that_ends_at_any_point_finishes_later(serving, lab, tmp_path, point, times):
    edits = begin(lab, point, 6, 4, 2)
    work = Work(serving().url, tmp_path / "home", edits)
    assert replace(work, fail=f"{point}:{times}").go().end() == failpoints.KILLED
    work.finish()
    assert edits.wrong(lab) == []


@pytest.mark.law("A7")
@pytest.mark.parametrize("without", LESSER)
@pytest.mark.parametrize("point", failpoints.SERVICE)
def test_a_service_that_ends_at_any_point_is_written_to_once(
    serving, lab, tmp_path, point, without
):
    edits = begin(lab, point, 6, 4, 2)
    service = serving(*without)
    work = Work(service.url, tmp_path / "home", edits)
    running = work.plan()
    service.kill()
    service.start(fail=f"{point}:2")
    running.let_go()
    assert service.end() == failpoints.KILLED
    service.start()
    if finished(running) is None:
        work.finish()
    assert edits.wrong(lab) == []


@pytest.mark.law("A9")
@pytest.mark.parametrize("count", [4, nightly(200)])
def test_an_interrupted_apply_returns_soon_and_is_finished_later(serving, lab, tmp_path, count):
    thrown, url = random.Random(count), serving().url
    for number in range(count):
        edits = begin(lab, f"interrupted {number}", 60, 20, 10)
        work = Work(url, tmp_path / f"home {number}", edits)
        seconds = interrupted(work.go(), thrown.uniform(0, 0.4), number)
        assert seconds < 5
        assert all(journal.read(path) for path in work.home.rglob("*.jsonl"))
        work.finish()
        assert edits.wrong(lab) == []


def interrupted(running, delay, number):
    """Send a signal to an apply under way; return the seconds until it ended."""
    time.sleep(delay)
    if running.process.is_alive():
        running.signal(signal.SIGTERM if number % 4 == 3 else signal.SIGINT)
    before = time.monotonic()
    running.hear()
    running.end()
    return time.monotonic() - before


@pytest.mark.law("A12")
@pytest.mark.parametrize("room", [0, 40_000])
def test_nothing_is_sent_once_the_disk_is_full(serving, lab, tmp_path, room):
    edits = begin(lab, "full", 150)
    with Proxy(serving("batch").port, iter(lambda: PASS, "")) as proxy:
        work = Work(proxy.url, tmp_path / "home", edits)
        running = replace(work, room=room + 1).go()
        assert isinstance(running.hear(), StoreError)
        lines = [line for path in work.home.rglob("*.jsonl") for line in journal.read(path)]
        assert proxy.edits <= sum(line["type"] == "intent" for line in lines) < 150
        work.finish()
    assert edits.wrong(lab) == []
