"""Later pages of a list show the state that its first page saw (law R7)."""

from __future__ import annotations

import random
import threading

import pytest
from random_writes import writes
from test_dry_run import cases

from cellframe.server import snapshots

pytestmark = pytest.mark.law("R7")

SPECS = "/cell_specifications"
LISTS = [
    "/cell_instances?order=asc",
    "/cell_instances?order_by=name",
    "/cell_instances?order_by=updated_at&name=ilike.%25n%25",
    "/cell_measurements?order=desc",
    "/cell_specifications?full=true",
]


def walk(call, target, meanwhile=lambda: None, limit=3):
    """Read a list page by page as of its first, and return the items of all pages."""
    first = call("GET", f"{target}&limit={limit}").body
    items, as_of = first["items"], first["as_of"]
    while len(items) < first["total"]:
        meanwhile()
        page = call("GET", f"{target}&limit={limit}&offset={len(items)}&as_of={as_of}").body
        assert (page["total"], page["as_of"]) == (first["total"], as_of)
        assert page["items"]
        items += page["items"]
    return items


@pytest.mark.parametrize("walks", [15, pytest.param(1000, marks=pytest.mark.nightly)])
def test_a_walk_shows_one_state_whatever_is_written_meanwhile(call, cells_path, walks):
    chance = random.Random(7)
    for number in range(12):
        call.made(cells_path, {"name": f"n {number}"})

    def write():
        for _ in range(2):
            method, path, body, headers = writes(call, chance)
            keeps_most = method == "DELETE" and path.startswith(SPECS)
            assert keeps_most or call(method, path, body, **headers).status < 500

    for _ in range(walks):
        write()
        target = chance.choice(LISTS)
        whole = call("GET", target).body["items"]
        assert walk(call, target, write) == whole


def test_walks_beside_writers_miss_nothing_and_double_nothing(call, cells_path):
    stay = {call.made(cells_path, {"name": f"stays {n}"})["id"] for n in range(20)}
    done = threading.Event()

    def write():
        number = 0
        while not done.is_set():
            number += 1
            made = call.made(cells_path, {"name": f"{threading.get_ident()} {number}"})
            call("DELETE", f"/cell_instances/{made['id']}")

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(6):
            found = [item["id"] for item in walk(call, "/cell_instances?order=desc", limit=7)]
            assert len(found) == len(set(found))
            assert stay <= set(found)
    finally:
        done.set()
        for writer in writers:
            writer.join()


def test_every_list_tells_the_change_that_it_saw(call, service, cell, cells_path, spec_path):
    for target in (SPECS, "/cell_instances", cells_path, f"{spec_path}/cell_batches", "/projects"):
        before = call("GET", target).body["as_of"]
        call.made(SPECS, {"name": f"another {target}"})
        assert call("GET", target).body["as_of"] == before + 1


def test_the_present_state_may_be_asked_for_by_its_number(call, cell):
    now = call("GET", "/cell_instances").body
    assert call("GET", f"/cell_instances?as_of={now['as_of']}").body == now


def begun(call, count=5):
    """A list of three pages, of which one was read; return where the second is."""
    for number in range(count):
        call.made(SPECS, {"name": f"s {number}"})
    as_of = call("GET", f"{SPECS}?limit=2").body["as_of"]
    call.made(SPECS, {"name": "later"})
    return f"{SPECS}?limit=2&offset=2&as_of={as_of}"


def test_a_state_ends_a_minute_after_it_was_read(timed, clock):
    target = begun(timed)
    for _ in range(3):
        clock.now += snapshots.KEPT_FOR - 1
        assert timed("GET", target).status == 200
    clock.now += snapshots.KEPT_FOR
    answer = timed("GET", target)
    assert (answer.status, answer.body["error_code"]) == (410, "GONE")


def test_a_state_ends_soon_after_its_last_page(timed, clock):
    target = begun(timed)
    last = target.replace("offset=2", "offset=4")
    clock.now += snapshots.KEPT_FOR - 1
    assert timed("GET", last).status == 200
    clock.now += snapshots.LINGERS_FOR - 1
    assert timed("GET", target).status == 200
    assert timed("GET", last).status == 200
    clock.now += snapshots.LINGERS_FOR
    assert timed("GET", target).status == 410


def test_a_clock_set_back_keeps_no_state_for_ever(timed, clock):
    target = begun(timed)
    clock.now -= 3_600_000_000
    timed.made(SPECS, {"name": "written"})
    assert timed("GET", target).status == 410


def test_the_state_read_longest_ago_makes_way(timed, clock):
    targets = [begun(timed)]
    for number in range(snapshots.MOST):
        clock.now += 1
        timed.made(SPECS, {"name": f"more {number}"})
        as_of = timed("GET", f"{SPECS}?limit=1").body["as_of"]
        targets.append(f"{SPECS}?limit=1&offset=1&as_of={as_of}")
    timed.made(SPECS, {"name": "last"})
    statuses = [timed("GET", target).status for target in targets]
    assert statuses == [410] + [200] * snapshots.MOST


def test_a_state_of_which_every_page_was_read_is_not_kept(call, service):
    call.made(SPECS, {"name": "a"})
    as_of = call("GET", SPECS).body["as_of"]
    call.made(SPECS, {"name": "b"})
    assert service._database.snapshots._held == {}
    assert call("GET", f"{SPECS}?as_of={as_of}").status == 410


def test_states_end_where_the_log_gets_long(call, monkeypatch):
    target = begun(call)
    monkeypatch.setattr(snapshots, "LARGEST_LOG", 1000)
    call.made(SPECS, {"name": "written"})
    assert call("GET", target).status == 410


def test_a_state_ends_though_nobody_reads_a_list_again(timed, clock):
    begun(timed)
    assert timed.service._database.snapshots._held
    clock.now += snapshots.KEPT_FOR
    timed.made(SPECS, {"name": "written"})
    assert timed.service._database.snapshots._held == {}


def test_the_log_is_begun_anew_once_no_state_is_kept(timed, clock, folder, spec):
    begun(timed)
    log = folder / "cellframe.sqlite-wal"
    sizes = []
    for round_ in range(3):
        clock.now += snapshots.KEPT_FOR * (round_ == 2)
        for number in range(80):
            notes = f"{number:02}" * 30_000
            assert timed("PATCH", f"{SPECS}/{spec['id']}", {"notes": notes}).status == 200
        sizes.append(log.stat().st_size)
    assert sizes[1] > sizes[0] * 1.5
    assert sizes[2] < sizes[1] * 1.1


def test_the_folder_can_be_closed_while_a_state_is_kept(opened, folder):
    first = opened()
    target = begun(first)
    first.service.close()
    assert opened()("GET", target).status == 410
    assert not list(folder.glob("*-wal")) or opened()("GET", SPECS).status == 200


@pytest.mark.parametrize("number", ["x", "-1", "", "1.5", "99999999999999999999"])
def test_what_is_no_number_is_refused(call, number):
    assert call("GET", f"{SPECS}?as_of={number}").status == 422


def test_a_state_to_come_is_not_there(call, spec):
    assert call("GET", f"{SPECS}?as_of=99").status == 410


def test_a_list_that_changed_has_another_tag_whatever_changed_it(call, cell_path, folder):
    targets = [SPECS, f"{SPECS}?full=true", "/cell_instances", "/cell_measurements", "/projects"]
    # A deletion would take what the next write is about.
    for method, path, body in sorted(
        cases(call, cell_path, folder), key=lambda case: case[0] == "DELETE"
    ):
        before = {target: call("GET", target) for target in targets}
        call(method, path, body)
        for target, old in before.items():
            now = call("GET", target)
            same = now.body | {"as_of": 0} == old.body | {"as_of": 0}
            again = call("GET", target, if_none_match=old.headers["etag"])
            assert again.status == (304 if same else 200), (method, path, target)


def test_an_unchanged_list_is_not_read_again(call, service, spec):
    etag = call("GET", SPECS).headers["etag"]
    with service._database.write() as work:
        # Behind the service's back, without a number: who renders the list would see it.
        work.connection.exec_driver_sql("UPDATE cell_specifications SET name = 'other'")
    assert call("GET", SPECS, if_none_match=etag).status == 304
    assert call("GET", f"{SPECS}?limit=5", if_none_match=etag).status == 200


def test_a_tag_of_before_the_start_is_compared_by_content(opened):
    first = opened()
    first.made(SPECS, {"name": "a"})
    etag = first("GET", SPECS).headers["etag"]
    second = opened()
    assert second("GET", SPECS, if_none_match=etag).status == 304
    with second.service._database.write() as work:
        work.connection.exec_driver_sql("UPDATE cell_specifications SET name = 'other'")
    assert second("GET", SPECS, if_none_match=etag).status == 200


def test_a_change_elsewhere_leaves_a_list_unchanged(call, cells_path, cell):
    etag = call("GET", cells_path).headers["etag"]
    call.made(SPECS, {"name": "elsewhere"})
    assert call("GET", cells_path, if_none_match=etag).status == 304
