"""Laws S1 and S4: kill -9 under load, many clients, and several processes on one folder."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import cellframe as cf
from cellframe.server.schema import FILE_NAME
from tests.faults.writers import Writers, ask, connected
from tests.wire.conftest import start, stop

ROOT = Path(__file__).parents[2]


def nightly(*values):
    return pytest.param(*values, marks=[pytest.mark.nightly, pytest.mark.timeout(600)])


@pytest.fixture
def serving(folder):
    """Serve the folder in a process of its own, as often as a test says."""
    started = []

    def serve():
        started.append(start(folder))
        return started[-1]

    yield serve
    for served in started:
        stop(served)


def missing(folder, versions):
    """Acknowledged versions that are not in a sound database."""
    with closing(sqlite3.connect(folder / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = dict(connection.execute("SELECT id, version FROM cell_instances").fetchall())
    return [key for key, version in versions.items() if found.get(key, 0) < version]


def first_answer(serving):
    """Start a service; return it, and the seconds until it answered."""
    before = time.monotonic()
    served = serving()
    with closing(connected(served.url)) as line:
        assert ask(line, "GET", "/cell_instances?limit=1")[0] == 200
    return served, time.monotonic() - before


def slowness():
    """Tell how much longer than its own work a process takes that only computes, here and now."""
    before = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", "import cellframe.server.app"], cwd=ROOT)
    _, process.returncode, used = os.wait4(process.pid, 0)
    return max(1, (time.monotonic() - before) / (used.ru_utime + used.ru_stime))


@pytest.mark.law("S1")
@pytest.mark.parametrize("kills", [3, nightly(100)])
def test_no_kill_under_eight_writers_loses_what_was_acknowledged(serving, folder, kills):
    dice, versions, seconds, slower = random.Random(kills), {}, [], 1
    for number in range(kills):
        # Other processes slow a restart down, a lock that is waited for does as well: the time
        # is scaled by what the others take, so that the second is still seen.
        if number % 10 == 0:
            slower = slowness()
        served, took = first_answer(serving)
        seconds.append(took / slower)
        writers = Writers([served.url]).start()
        writers.acknowledged(dice.randrange(20, 120))
        served.process.kill()
        writers.finish()
        assert set(writers.statuses) <= {200, 201}
        versions |= writers.versions
        assert missing(folder, versions) == []
    assert len(versions) > 10 * kills / 2
    assert sorted(seconds)[kills // 2] <= 3


@pytest.mark.law("S4")
@pytest.mark.parametrize("writes", [6, nightly(300)])
def test_many_clients_wait_for_each_other_and_lose_nothing(serving, folder, writes):
    writers = Writers([serving().url], clients=32, writes=writes).start()
    writers.finish()
    assert set(writers.statuses) == {200, 201}
    assert len(writers.statuses) == 32 * writes
    assert missing(folder, writers.versions) == []
    assert sorted(writers.seconds)[len(writers.seconds) * 99 // 100] <= 2


@pytest.mark.law("S4")
@pytest.mark.parametrize("writes", [12, nightly(300)])
def test_two_services_and_a_notebook_write_to_one_folder(serving, folder, writes):
    urls = [serving().url, serving().url]
    with cf.open_local(folder) as client:
        spec = client.cell_spec.create({"name": "notebook"})
        writers = Writers(urls, clients=8, writes=writes).start()
        names = [f"c-{number}" for number in range(writes)]
        for name in names:
            client.cell_instance.create(spec, {"name": name})
        writers.finish()
        assert sorted(client.cell_instance.to_frame(spec)["cell"]) == sorted(names)
    assert set(writers.statuses) == {200, 201}
    assert missing(folder, writers.versions) == []
