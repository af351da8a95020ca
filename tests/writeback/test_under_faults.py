"""Laws A1, A7, A8: whatever the network does and whoever is killed, each edit is made once."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager

import pytest

from tests.faults.edits import Families, begin
from tests.faults.processes import GOOD, Service, Work, finished
from tests.faults.proxy import CUT, HALF, LOST, RATES, RESET, TWICE, Proxy, deck, dice

BATCHES = dict.fromkeys((*RATES, TWICE, HALF), 0.06)
"""Ten requests for many edits would hardly meet a fault at the rates of single ones."""
LESSER = {
    "versions and keys": ("batch",),
    "versions alone": ("batch", "idempotency_key"),
    "keys alone": ("batch", "version"),
    "neither": ("batch", "version", "idempotency_key"),
}


def nightly(*values):
    return pytest.param(*values, marks=[pytest.mark.nightly, pytest.mark.timeout(900)])


def small(*edits):
    return pytest.param(1, edits, 4, marks=pytest.mark.timeout(180))


@pytest.fixture
def bench(tmp_path):
    """Set up a service, edits to make, and a proxy in between."""

    @contextmanager
    def set_up(verdicts, *counts, without=(), timeout=0.5, families=None):
        edits = families or begin(tmp_path / "lab", "under faults", *counts)
        service = Service(tmp_path / "lab", without)
        try:
            with Proxy(service.port, verdicts) as proxy:
                yield service, proxy, Work(proxy.url, tmp_path / "home", edits, timeout=timeout)
        finally:
            service.kill()

    return set_up


def reached(proxy, edits, running, work):
    """Wait until so many edits came by; a client that gave up goes on."""
    while proxy.edits < edits:
        if not running.process.is_alive():
            running.end()
            running = work.go_on()
        time.sleep(0.001)
    return running


def carried_through(work, service, proxy, kills, seed):
    """Kill client and service in turn, `kills` times in all, and finish what was begun."""
    thrown, running = random.Random(seed), work.go()
    moments = sorted(thrown.sample(range(work.edits.count * 9 // 10), kills))
    for number, moment in enumerate(moments):
        running = reached(proxy, moment, running, work)
        time.sleep(thrown.uniform(0, 0.02))
        if number % 3 == 1:
            service.kill()
            service.start()
        else:
            running.kill()
            running = work.go_on()
    if finished(running) is None:
        work.finish()


@pytest.mark.law("A1")
@pytest.mark.parametrize(
    ("seed", "edits", "kills"),
    [small(300, 150, 50), *(nightly(s, (6000, 3000, 1000), 30) for s in range(1, 6))],
)
def test_many_edits_row_by_row_are_made_once_each(bench, tmp_path, seed, edits, kills):
    with bench(dice(seed, RATES), *edits, without=["batch"]) as (service, proxy, work):
        carried_through(work, service, proxy, kills, seed)
        assert work.edits.wrong(tmp_path / "lab") == []
        assert set(RATES) <= set(proxy.counts)
        assert proxy.early == []


@pytest.mark.law("A1")
@pytest.mark.parametrize(
    ("seed", "edits", "kills"),
    [small(600, 300, 100), *(nightly(s, (6000, 3000, 1000), 30) for s in range(1, 6))],
)
def test_many_edits_in_batches_are_made_once_each(bench, tmp_path, seed, edits, kills):
    with bench(deck(seed, 8), *edits, timeout=2.0) as (service, proxy, work):
        carried_through(work, service, proxy, kills, seed)
        assert work.edits.wrong(tmp_path / "lab") == []
        assert set(BATCHES) <= set(proxy.counts)
        assert proxy.early == []


@pytest.mark.law("A1")
@pytest.mark.parametrize("without", [(), ("batch",)], ids=["batches", "rows"])
@pytest.mark.parametrize("families", [Families(4, 10), nightly(Families(100, 10))])
def test_records_below_new_ones_are_made_once_too(bench, tmp_path, families, without):
    verdicts = deck(len(without), 14, (RESET, LOST, CUT, TWICE))
    with bench(verdicts, without=without, families=families) as (service, proxy, work):
        carried_through(work, service, proxy, 2, len(without))
        assert families.wrong(tmp_path / "lab") == []


@pytest.mark.law("A7")
@pytest.mark.parametrize(
    "lesser",
    ["versions and keys", nightly("versions alone"), nightly("keys alone"), "neither"],
)
@pytest.mark.parametrize("edits", [(24, 12, 4), nightly((1200, 600, 200))])
def test_a_service_without_help_is_written_to_once_each_too(bench, tmp_path, lesser, edits):
    verdicts = deck(len(lesser), 12)
    with bench(verdicts, *edits, without=LESSER[lesser]) as (service, proxy, work):
        carried_through(work, service, proxy, 1, len(lesser))
        assert work.edits.wrong(tmp_path / "lab") == []
        assert set(BATCHES) <= set(proxy.counts)


@pytest.mark.law("A8")
def test_few_requests_are_sent_more_than_there_are_edits(bench, tmp_path):
    with bench(dice(3, RATES), 160, 40, without=["batch"]) as (_, proxy, work):
        told = work.go()
        counts = finished(told) or work.finish()
        assert set(counts) <= GOOD
        assert work.edits.wrong(tmp_path / "lab") == []
        assert proxy.requests <= 1.25 * work.edits.count
