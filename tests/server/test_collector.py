"""What nobody needs goes a day later; what is none of ours is left alone."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from faulty_disks import CountingDisk
from upload_tools import blobs, confirm, initiate, put, upload, upload_files

HOUR = 3600 * 1_000_000
DAY = 24 * HOUR
AB = "ab" * 32


@pytest.fixture
def timed_cell(timed):
    """The path of a cell in the service whose clock the test sets."""
    spec = timed.made("/cell_specifications", {"name": "s"})
    cell = timed.made(f"/cell_specifications/{spec['id']}/cell_instances", {"name": "c"})
    return f"/cell_instances/{cell['id']}"


def lay(folder, place):
    """Put a file into the folder, past the service."""
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


@pytest.mark.law("U5")
def test_a_day_after_the_last_test_its_content_goes(timed, timed_cell, clock, folder, opened):
    path = upload_files(timed, timed_cell, {"a": b"x"})
    put(timed, initiate(timed, timed_cell, "never confirmed"))
    timed("DELETE", path)
    opened(clock=clock)
    clock.now += DAY
    opened(clock=clock)
    assert blobs(folder) == set() == set(timed.service._blobs.staged_at())


@pytest.mark.law("U5")
def test_what_an_interrupted_confirm_left_goes_too(timed, clock, folder, opened):
    stray = lay(folder, f"blobs/ab/{AB}")
    for pause in (HOUR, HOUR):
        clock.now += pause
        opened(clock=clock)
        assert stray.exists()
    clock.now += DAY - HOUR
    opened(clock=clock)
    assert not stray.exists()


STRANGE = [
    "staging/my-notes.txt",
    "staging/1-2",
    f"staging/\N{ARABIC-INDIC DIGIT ONE}-{AB[:32]}",
    f"staging/1-{AB[:32]}/notes.txt",
    "blobs/ab/abstract.txt",
    f"blobs/ab/{AB.upper()}",
    f"blobs/cd/{AB}",
    f"blobs/ab/{AB}/notes.txt",
]


@pytest.mark.law("U5")
@pytest.mark.parametrize("place", STRANGE)
def test_a_file_of_other_people_keeps_no_service_from_opening_and_stays(
    opened, clock, folder, caplog, place
):
    theirs = lay(folder, place)
    ours = lay(folder, f"staging/1-{'0' * 32}")
    for _ in range(3):
        opened(clock=clock)
        clock.now += DAY
    assert (theirs.exists(), ours.exists()) == (True, False)
    with closing(sqlite3.connect(folder / "cellframe.sqlite")) as connection:
        assert connection.execute("SELECT * FROM blobs").fetchall() == []
    assert [one.message for one in caplog.records if one.levelname == "WARNING"] == []


@pytest.mark.law("U5")
def test_a_folder_that_is_opened_again_is_not_read_again_for_an_hour(timed, opened, clock, folder):
    stray = lay(folder, f"blobs/ab/{AB}")
    for later in (HOUR - 1, DAY, DAY - 1):
        clock.now += later  # found by the second of these, a day and an hour after the first
        opened(clock=clock)
        assert stray.exists()
    clock.now += HOUR
    opened(clock=clock)
    assert not stray.exists()


@pytest.mark.law("U5")
def test_a_clock_that_was_set_back_holds_no_collection_up(timed, opened, clock, folder):
    stray = lay(folder, f"blobs/ab/{AB}")
    clock.now -= 30 * DAY
    for _ in range(2):
        opened(clock=clock)
        clock.now += DAY
    assert not stray.exists()


@pytest.mark.law("U5")
def test_a_file_that_an_upload_waits_with_stays_however_old_it_seems(
    timed, timed_cell, clock, folder
):
    begun = initiate(timed, timed_cell)
    clock.now -= 2 * HOUR
    put(timed, begun)
    lay(folder, f"staging/1-{'0' * 32}")
    clock.now += DAY + HOUR
    timed.service._collector.run()
    assert len(timed.service._blobs.staged_at()) == 1
    assert confirm(timed, timed_cell, begun).status == 201


class Slow(int):
    """A time whose comparison takes so long that every thread gets to it."""

    def __lt__(self, other):
        time.sleep(0.05)
        return int(self) < other


def test_of_many_threads_one_collects(opened, clock):
    changes = []
    call = opened(clock=lambda: Slow(clock.now))
    CountingDisk(changes.append).watch(call.service)
    call.service._collector.run()
    once, clock.now = len(changes), clock.now + HOUR
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: call.service._collector.run_when_due(), range(8)))
    assert len(changes) == 2 * once


@pytest.mark.law("U5")
def test_a_file_that_gets_its_record_while_strays_are_listed_is_none(
    opened, cell_path, clock, folder
):
    listed, runs = threading.Event(), []
    collecting = opened(clock=lambda: (listed.set(), clock.now)[1]).service._collector
    listed.clear()

    def strike(word):
        if word == "fsync_dir" and blobs(folder) and not runs:
            runs.append(pool.submit(collecting.run))
            assert listed.wait(5)

    with ThreadPoolExecutor(1) as pool:
        upload(opened(file_system=CountingDisk(strike), clock=clock), cell_path)
    assert [run.exception() for run in runs] == [None]
    assert len(blobs(folder)) == 3
