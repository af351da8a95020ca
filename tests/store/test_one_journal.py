"""One journal: held by one process, gone on with after a crash, marked until it is finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from cellframe.errors import CorruptStoreError, JournalLockedError, StoreError
from cellframe.store.journal import Journal, header, is_held, read
from cellframe.store.journals import Journals, left_open, user

HOLD = """
import sys, time
from pathlib import Path
from cellframe.store.journal import Journal
journal = Journal.reopen(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def journals(tmp_path):
    return Journals(tmp_path / "service" / "journals")


@pytest.fixture
def path(journals):
    """A journal that was left without an end."""
    with journals.open_new({"origin": "here"}) as journal:
        journal.append([{"n": 1}, {"n": 2}])
    return journal.path


def numbers(path):
    return [line["n"] for line in read(path) if "n" in line]


@pytest.mark.law("A2")
def test_a_second_hand_is_refused_within_a_second(journals):
    with journals.open_new({}) as journal:
        started = time.monotonic()
        with pytest.raises(JournalLockedError, match="is being worked on"):
            Journal.reopen(journal.path)
        assert time.monotonic() - started < 1.0
    Journal.reopen(journal.path).close()


@pytest.mark.law("A2")
def test_a_lock_survives_that_somebody_reads(journals):
    with journals.open_new({}) as journal:
        read(journal.path)
        header(journal.path)
        assert is_held(journal.path)
        with pytest.raises(JournalLockedError):
            Journal.reopen(journal.path)


@pytest.mark.law("A2")
def test_a_killed_process_lets_go(path):
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(JournalLockedError):
            Journal.reopen(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
    Journal.reopen(path).close()


@pytest.mark.law("A3")
def test_what_is_appended_after_a_torn_line_is_read(path):
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for length in range(last, len(whole) + 1):
        path.write_bytes(whole[:length])
        with Journal.reopen(path) as journal:
            journal.append([{"n": 3}])
        assert numbers(path) == [1, *([2] if length >= len(whole) - 1 else []), 3]


@pytest.mark.law("A3")
def test_a_last_line_of_zeros_is_cut_off(path):
    with path.open("ab") as file:
        file.write(b"\0" * 4096 + b"\n")
    with Journal.reopen(path) as journal:
        journal.append([{"n": 3}])
    assert numbers(path) == [1, 2, 3]


@pytest.mark.law("A3")
def test_the_cut_is_on_the_disk_before_anything_follows_it(path, monkeypatch):
    path.write_bytes(path.read_bytes()[:-3])
    synced = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), sync(handle)))
    with Journal.reopen(path):
        assert len(synced) == 1


def test_a_journal_that_is_damaged_before_its_end_is_not_gone_on_with(path):
    path.write_bytes(b"x\n" + path.read_bytes())
    with pytest.raises(CorruptStoreError, match="Line 1 of"):
        Journal.reopen(path)
    assert not is_held(path)


def test_a_journal_that_is_gone_is_a_store_error(tmp_path):
    with pytest.raises(StoreError, match="cannot be written"):
        Journal.reopen(tmp_path / "none.jsonl")


def test_a_journal_is_marked_until_nothing_is_left(journals, path):
    assert journals.unfinished() == [path]
    with Journal.reopen(path) as journal:
        journal.end({"unknown": 1}, left=1)
        assert journals.unfinished() == [path]
        journal.end({"ok": 1}, left=0)
    assert journals.unfinished() == []
    assert read(path)[-1] == {"type": "end", "counts": {"ok": 1}, "left": 0}


def here(about):
    return about["origin"] == "here"


def test_the_newest_unfinished_apply_of_a_service_is_found(journals, path, tmp_path):
    with journals.open_new({"origin": "elsewhere"}):
        pass
    assert left_open(tmp_path, here) == (path, header(path))
    with journals.open_new({"origin": "here"}) as journal:
        # Somebody is at work on it.
        assert left_open(tmp_path, here) == (path, header(path))
    assert left_open(tmp_path, here) == (journal.path, header(journal.path))


def test_what_somebody_else_left_in_a_shared_folder_is_not_told(journals, tmp_path):
    with journals.open_new({"user": f"not {user()}", "origin": "here"}):
        pass
    assert left_open(tmp_path, here) is None


def test_no_journal_is_looked_into_where_nothing_waits(journals, tmp_path, monkeypatch):
    with journals.open_new({}) as journal:
        journal.end({}, left=0)
    monkeypatch.setattr("cellframe.store.journals.header", None)
    assert left_open(tmp_path, here) is None
    assert left_open(tmp_path / "none", here) is None


def test_a_journal_is_found_by_name_and_by_path(journals, path):
    assert journals.find(path.stem) == journals.find(path) == journals.find(str(path)) == path
    with pytest.raises(StoreError, match="No journal is named 'x'"):
        journals.find("x")
