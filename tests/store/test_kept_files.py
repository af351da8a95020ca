"""What is kept stays within its room, and what can be read again can be cleared."""

from __future__ import annotations

import os
import time

import pytest

from cellframe.contract.wire import FileBody, Request
from cellframe.resources.upkeep import Cache
from cellframe.store.blobs import Blobs
from cellframe.store.places import write_whole
from cellframe.store.trees import Leaf, grow
from tests.transport.shelf import Shelf, get, opened, write

SERIES = "/cell_measurements/{}/time_series/download"


def taken(blobs, tmp_path, content, days_ago=0.0):
    path = tmp_path / "draft"
    path.write_bytes(content)
    _, kept = blobs.take(FileBody(path, movable=True))
    age(kept, days_ago)
    return kept


def age(path, days):
    then = time.time() - days * 86400
    os.utime(path, (then, path.stat().st_mtime))


def test_the_files_that_were_not_used_for_longest_make_way(tmp_path):
    blobs = Blobs(tmp_path / "downloads", most=35_000)
    kept = [taken(blobs, tmp_path, bytes([n]) * 10_000, days_ago=10 - n) for n in range(4)]
    assert [path.exists() for path in kept] == [False, True, True, True]
    blobs.sound(kept[1].stem)
    taken(blobs, tmp_path, b"x" * 10_000)
    assert [path.exists() for path in kept] == [False, True, False, True]


def test_what_was_used_just_now_stays_however_little_room_there_is(tmp_path):
    blobs = Blobs(tmp_path / "downloads", most=1000)
    kept = [taken(blobs, tmp_path, bytes([n]) * 10_000) for n in range(4)]
    assert all(path.exists() for path in kept)


def test_what_a_fleet_has_a_link_to_stays(tmp_path):
    blobs = Blobs(tmp_path / "downloads", most=15_000)
    first = taken(blobs, tmp_path, b"a" * 10_000, days_ago=5)
    (leaf,) = grow(
        tmp_path / "s" / "fleets", [Leaf({"instance_id": "c", "measurement_id": "t"}, first)]
    )
    taken(blobs, tmp_path, b"b" * 10_000, days_ago=3)
    taken(blobs, tmp_path, b"c" * 10_000)
    assert first.exists()
    assert leaf.read_bytes() == b"a" * 10_000


def test_when_it_was_last_used_is_no_change_of_a_file(tmp_path):
    blobs = Blobs(tmp_path / "downloads")
    kept = taken(blobs, tmp_path, b"a" * 100, days_ago=5)
    before = kept.stat().st_mtime_ns
    assert blobs.sound(kept.stem) == kept
    assert kept.stat().st_mtime_ns == before
    assert time.time() - kept.stat().st_atime < 60


def test_the_older_half_of_the_answers_makes_way(tmp_path):
    shelf, now = Shelf(), [0.0]
    wire = opened(shelf, tmp_path, clock=lambda: now[0], max_age=1e9, most=6_400_000)
    write(shelf, "/discovery/capabilities")
    get(wire, "/discovery/capabilities")
    for number in range(60):
        now[0] += 1
        write(shelf, f"/x/{number}", notes=f"{number:06}" * 8_000)
        get(wire, f"/x/{number}")
        wire._answers.settle()
    shelf.asked.clear()
    get(wire, "/discovery/capabilities")
    assert get(wire, "/x/59")["notes"]
    assert shelf.asked == []
    get(wire, "/x/0")
    assert len(shelf.asked) == 1
    wire.close()
    assert (tmp_path / "answers" / "me" / "answers.sqlite").stat().st_size < 3_200_000


@pytest.fixture
def filled(tmp_path):
    """A folder with all four things in it, and a wire to fill it from."""
    shelf = Shelf(files={SERIES.format(n): bytes([n]) * 5000 for n in range(3)})
    write(shelf, notes="first")
    wire = opened(shelf, tmp_path / "cache")
    wire.close()
    service = tmp_path / "cache" / "answers" / "s"
    (service).mkdir(parents=True)
    wire = opened(shelf, tmp_path / "cache", who="s/me")
    get(wire)
    for number in range(3):
        wire.fetch(Request("GET", SERIES.format(number)), tmp_path / "drafts")
    wire.close()
    write_whole(tmp_path / "state" / "s" / "versions" / "page.json", b"x" * 70)
    write_whole(tmp_path / "state" / "s" / "journals" / "j.jsonl", b"x" * 80)
    return Cache(tmp_path / "cache", tmp_path / "state"), wire, shelf


def test_the_four_things_are_told_with_their_sizes(filled):
    cache, *_ = filled
    sizes = {part.name: part.size for part in cache.info().parts}
    assert list(sizes) == ["answers", "downloads", "read", "history"]
    assert sizes["downloads"] == 15_000
    assert (sizes["read"], sizes["history"]) == (70, 80)
    assert "what you have read, which edits are compared with" in str(cache.info())


def test_clearing_touches_answers_and_downloads_alone(filled):
    cache, wire, shelf = filled
    cleared = cache.clear()
    sizes = {part.name: part.size for part in cleared.left}
    assert sizes["downloads"] == 0
    assert (sizes["read"], sizes["history"]) == (70, 80)
    assert cleared.freed >= 15_000
    assert "Left as it was: what you have read" in str(cleared)
    shelf.asked.clear()
    get(wire)
    assert shelf.statuses == [200]
    wire.close()


@pytest.mark.law("R5")
def test_what_a_service_can_do_outlives_the_answers_since_nobody_asks_twice(filled, tmp_path):
    cache, wire, shelf = filled
    shelf.records["/discovery/capabilities"] = {"extensions": {"cell_list": True}}
    get(wire, "/discovery/capabilities")
    wire.close()
    cache.clear()
    get(wire)
    wire.close()
    offline = opened(shelf, tmp_path / "cache", who="s/me", offline=True)
    assert get(offline)["notes"] == "first"
    assert get(offline, "/discovery/capabilities")["extensions"] == {"cell_list": True}


def test_a_fleet_that_may_be_open_keeps_its_files(filled, tmp_path):
    cache, *_ = filled
    path = next(Blobs(tmp_path / "cache" / "downloads").all())
    (leaf,) = grow(
        tmp_path / "cache" / "svc" / "fleets",
        [Leaf({"instance_id": "c", "measurement_id": "t"}, path)],
    )
    cleared = cache.clear()
    assert leaf.stat().st_size == 5000
    assert "Left 5 kB of downloads" in str(cleared)


def test_damage_is_found_and_put_aside(filled, tmp_path):
    cache, *_ = filled
    assert cache.verify().is_whole
    path = next(Blobs(tmp_path / "cache" / "downloads").all())
    path.write_bytes(b"y" * 5000)
    found = cache.verify()
    assert [one.parent.name for one in found.downloads] == ["damaged"]
    assert not path.exists()
    assert "is put aside as" in str(found)
