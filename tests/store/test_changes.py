"""Every write looks like one, whatever the disk allows, and nothing else does."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cellframe.store.changes import UNKNOWN, Changes


@pytest.fixture
def changes(tmp_path):
    return Changes(tmp_path / "service" / "changes")


def test_every_write_is_seen_by_whoever_looks(changes, tmp_path):
    other = Changes(tmp_path / "service" / "changes")
    seen = [changes.seen()]
    for _ in range(20):
        changes.note()
        seen.append(other.seen())
    assert len(set(seen)) == 21
    assert changes.seen() == seen[-1]


def test_many_who_begin_at_once_see_no_write_of_each_other(tmp_path):
    start = threading.Barrier(16)

    def look(_):
        start.wait()
        return Changes(tmp_path / "changes").seen()

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(look, range(16)))) == 1


def test_a_disk_without_room_for_a_byte_takes_a_new_file_instead(changes, monkeypatch):
    changes.note()
    before = changes.seen()
    monkeypatch.setattr(os, "write", _refuse)
    changes.note()
    assert changes.seen() not in (before, UNKNOWN)


def test_where_nothing_can_be_noted_nothing_counts_any_more(changes, monkeypatch):
    changes.seen()
    monkeypatch.setattr(os, "open", _refuse)
    monkeypatch.setattr(os, "unlink", _refuse)
    changes.note()
    assert changes.seen() == UNKNOWN


def _refuse(*_, **__):
    raise OSError(28, "No space left on device")
