"""What was answered before is given out in time, and in no case instead of what is so."""

from __future__ import annotations

import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cellframe.contract.wire import Reply, Request, Walk
from cellframe.errors import OfflineMissError, TransportError
from cellframe.transport.caching import answers as answering
from cellframe.transport.caching.aged import AgedWire
from cellframe.transport.caching.answers import Answers
from cellframe.transport.caching.tables import UNWRITTEN, Kept
from tests.transport.shelf import Shelf, get, opened, write

A, CELLS = "/cell_instances/a", "/cell_instances"
SERIES = "/cell_measurements/t/time_series/download"


@pytest.fixture
def shelf():
    found = Shelf()
    for name in "abcde":
        write(found, f"{CELLS}/{name}", notes="first")
    found.asked.clear()
    return found


@pytest.fixture
def wire(shelf, tmp_path):
    """One whose answers may be a minute old."""
    found = opened(shelf, tmp_path, max_age=60.0)
    yield found
    found.close()


@pytest.fixture
def asking(shelf, tmp_path):
    """One that asks each time."""
    found = opened(shelf, tmp_path)
    yield found
    found.close()


def page(wire, walk, offset, limit=2):
    query = (("limit", str(limit)), ("offset", str(offset)))
    return wire.send(Request("GET", CELLS, query, walk=walk)).content


def test_each_time_it_is_asked_by_tag_and_answered_in_a_word(asking, shelf):
    assert [get(asking)["notes"] for _ in range(3)] == ["first"] * 3
    assert shelf.statuses == [200, 304, 304]


def test_a_service_without_tags_is_asked_in_full(asking, shelf):
    shelf.tags = False
    assert get(asking) == get(asking)
    assert shelf.statuses == [200, 200]


def test_an_answer_that_is_young_enough_is_given_without_asking(wire, shelf):
    shelf.tags = False
    assert get(wire) == get(wire) == get(wire)
    assert shelf.statuses == [200]


def test_the_next_process_finds_it_too(wire, shelf, tmp_path):
    get(wire)
    wire.close()
    again = opened(shelf, tmp_path, max_age=60.0)
    assert get(again)["notes"] == "first"
    again.close()
    assert shelf.statuses == [200]


@pytest.mark.law("R3")
def test_what_others_write_shows_after_max_age(shelf, tmp_path):
    now = [1000.0]
    wire = opened(shelf, tmp_path, clock=lambda: now[0], max_age=60.0)
    get(wire)
    write(shelf, A, notes="theirs")
    for later, notes in ((30.0, "first"), (59.9, "first"), (60.1, "theirs")):
        now[0] = 1000.0 + later
        assert get(wire)["notes"] == notes
    wire.close()


@pytest.mark.law("R3")
def test_an_answer_of_a_clock_that_was_ahead_is_not_given(shelf, tmp_path):
    now = [5000.0]
    wire = opened(shelf, tmp_path, clock=lambda: now[0], max_age=60.0)
    get(wire)
    write(shelf, A, notes="theirs")
    now[0] = 1000.0
    assert get(wire)["notes"] == "theirs"
    wire.close()


@pytest.mark.law("R1")
@pytest.mark.parametrize("who", ["me", "another key of mine"])
def test_ones_own_write_shows_at_once_in_records_and_lists(wire, shelf, tmp_path, who):
    other = opened(shelf, tmp_path, who=who)
    get(wire), get(wire, CELLS, limit="10")
    write(other, A, notes="mine")
    assert get(wire)["notes"] == "mine"
    assert get(wire, CELLS, limit="10")["items"][0]["notes"] == "mine"
    other.close()


@pytest.mark.law("R1")
@pytest.mark.parametrize("method", ["PATCH", "POST", "PUT"])
def test_a_write_whose_answer_was_lost_shows_too(wire, shelf, method):
    get(wire)
    shelf.loses = (method,)
    with pytest.raises(TransportError):
        write(wire, A, method, notes="mine")
    assert get(wire)["notes"] == "mine"


@pytest.mark.law("R1")
def test_an_answer_that_was_on_its_way_during_a_write_is_not_given_again(wire, shelf):
    shelf.meanwhile = lambda asked: asked.method == "GET" and write(wire, A, notes="mine")
    assert get(wire)["notes"] == "first"
    shelf.meanwhile = lambda _: None
    assert get(wire)["notes"] == "mine"


@pytest.mark.law("R1")
def test_an_answer_that_came_during_a_write_is_not_given_after_it(wire, shelf):
    def read_before_it_is_done(asked):
        if asked.method == "PATCH":
            shelf.meanwhile = lambda _: None
            shelf.records[A]["notes"] = "half"
            get(wire)
            shelf.records[A]["notes"] = "mine"

    shelf.meanwhile = read_before_it_is_done
    write(wire, A, notes="mine")
    assert get(wire)["notes"] == "mine"


@pytest.mark.law("R1")
def test_a_write_whose_process_ends_before_its_answer_shows(wire, shelf, tmp_path):
    """It was carried out, and nobody is left to say that it has ended."""
    other, found = opened(shelf, tmp_path, max_age=60.0), []
    get(wire)
    shelf.meanwhile = lambda asked: asked.method == "PATCH" and found.append(get(other)["notes"])
    write(wire, A, notes="mine")
    other.close()
    assert found == ["mine"]


@pytest.mark.law("R1")
def test_a_file_put_into_storage_is_a_write_as_well(wire, shelf):
    get(wire)
    wire.put("/storage/x", b"", {})
    get(wire)
    assert shelf.statuses == [200, 304]


@pytest.mark.law("R2")
def test_a_call_may_ask_whatever_the_client_was_set_up_with(wire, shelf):
    get(wire)
    write(shelf, A, notes="theirs")
    assert get(AgedWire(wire, 0))["notes"] == "theirs"
    assert get(AgedWire(wire, 0))["notes"] == "theirs"
    assert shelf.statuses[-2:] == [200, 304]


@pytest.mark.parametrize("path", ["/healthz", "/users/me"])
def test_whether_it_is_there_and_who_one_is_are_always_asked(wire, shelf, path):
    shelf.records[path] = {"ok": True}
    get(wire, path), get(wire, path)
    assert shelf.statuses == [200, 200]


@pytest.mark.parametrize(
    "says", [{"cache-control": "private, no-store"}, {"content-type": "text/html"}]
)
def test_some_answers_are_not_kept(wire, shelf, says):
    shelf.says = says
    get(wire), get(wire)
    assert shelf.statuses == [200, 200]


def test_a_refusal_is_not_kept_and_forgets_what_was(wire, asking, shelf):
    get(wire)
    wire._answers.settle()
    gone = shelf.records.pop(A)
    assert asking.send(Request("GET", A)).status == 404
    asking.close()
    shelf.records[A] = {**gone, "notes": "again"}
    assert get(wire)["notes"] == "again"


def test_a_condition_of_the_callers_own_passes_by(wire, shelf):
    asked = Request("GET", A, headers={"if-none-match": '"x"'})
    assert [wire.send(asked).status for _ in range(2)] == [200, 200]
    assert shelf.statuses == [200, 200]


@pytest.mark.parametrize(
    "asks", [get, lambda wire: wire.fetch(Request("GET", SERIES), wire._files.folder)]
)
def test_sixteen_threads_that_want_the_same_ask_once(wire, shelf, asks):
    shelf.pause = 0.05
    shelf.files[SERIES] = b"PAR1" * 1000
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: asks(wire), range(16)))
    assert shelf.statuses == [200]


@pytest.mark.law("R6")
def test_what_landed_between_a_look_and_a_turn_is_not_asked_for_again(wire, monkeypatch, shelf):
    seen, others = wire._changes.seen, [get]

    def late():
        if others:
            others.pop()(wire)  # as another thread would, just now
        return seen()

    monkeypatch.setattr(wire._changes, "seen", late)
    assert get(wire)["notes"] == "first"
    assert shelf.statuses == [200]


def test_a_fault_is_told_to_all_who_wait_and_the_next_asks_again(wire, shelf):
    shelf.loses, shelf.pause = ("GET",), 0.05
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(get, wire) for _ in range(8)]
    assert {type(one.exception()) for one in waiting} == {TransportError}
    assert len(shelf.statuses) < 8
    shelf.loses = ()
    assert get(wire)["notes"] == "first"


def test_a_file_is_fetched_once_and_then_asked_for_in_a_word(asking, shelf, tmp_path):
    shelf.files[SERIES] = b"PAR1" * 1000
    replies = [asking.fetch(Request("GET", SERIES), tmp_path / "drafts") for _ in range(2)]
    assert [reply.content for reply in replies] == [shelf.files[SERIES]] * 2
    assert shelf.statuses == [200, 304]
    assert replies[0].body.path == replies[1].body.path
    assert not replies[0].body.movable


def flipped(path):
    path.write_bytes(b"PAR1" * 999 + b"PAR2")


def folder_instead(path):
    path.unlink()
    path.mkdir()


@pytest.mark.law("R6")
@pytest.mark.parametrize(
    "harm",
    [flipped, folder_instead, lambda path: path.write_bytes(b""), lambda path: path.unlink()],
)
def test_a_file_that_was_damaged_here_is_fetched_again(asking, shelf, tmp_path, harm):
    shelf.files[SERIES] = b"PAR1" * 1000
    harm(asking.fetch(Request("GET", SERIES), tmp_path / "drafts").body.path)
    again = asking.fetch(Request("GET", SERIES), tmp_path / "drafts")
    assert again.content == shelf.files[SERIES]
    assert shelf.statuses == [200, 304, 200]


def test_pages_are_given_without_asking_where_all_are_of_one_reading(wire, shelf):
    first, second = Walk(), Walk()
    read = [page(wire, first, offset) for offset in (0, 2, 4)]
    assert [page(wire, second, offset) for offset in (0, 2, 4)] == read
    assert shelf.statuses == [200, 200, 200]


def test_a_later_page_without_a_reading_is_not_kept(wire, shelf):
    for offset in ("0", "2", "2"):
        get(wire, CELLS, limit="2", offset=offset)
    assert shelf.statuses == [200, 200, 200]


def test_where_the_first_page_is_asked_for_so_are_the_later_ones(wire, shelf):
    walk = Walk()
    page(wire, walk, 0), page(wire, walk, 2)
    again = Walk()
    wire.send(Request("GET", CELLS, (("limit", "2"), ("offset", "0")), max_age=0, walk=again))
    page(wire, again, 2)
    assert shelf.statuses == [200, 200, 304, 304]


@pytest.mark.law("R5")
def test_offline_a_list_is_read_of_one_reading_or_not_at_all(asking, shelf, tmp_path):
    whole, begun = Walk(), Walk()
    pages = [page(asking, whole, offset) for offset in (0, 2, 4)]
    asking.close()
    offline = opened(shelf, tmp_path, offline=True)
    walk = Walk()
    assert [page(offline, walk, offset) for offset in (0, 2, 4)] == pages
    page(asking, begun, 0)
    asking.close()
    again = Walk()
    page(offline, again, 0)
    with pytest.raises(OfflineMissError, match="Connect and read it once"):
        page(offline, again, 2)


@pytest.mark.law("R5")
def test_offline_nobody_is_asked_and_what_is_missing_is_named(asking, shelf, tmp_path):
    get(asking)
    asking.close()
    shelf.asked.clear()
    offline = opened(shelf, tmp_path, offline=True)
    assert get(offline)["notes"] == "first"
    with pytest.raises(OfflineMissError, match=r"GET /cell_instances/b is not kept here"):
        get(offline, f"{CELLS}/b")
    with pytest.raises(OfflineMissError, match="a plan compares with what the service has now"):
        offline.send(Request("GET", A, max_age=0))
    with pytest.raises(OfflineMissError, match="was not sent"):
        write(offline)
    with pytest.raises(OfflineMissError, match="always asked"):
        get(offline, "/healthz")
    assert shelf.asked == []


@pytest.mark.law("R5")
@pytest.mark.law("R1")
def test_offline_what_was_read_before_ones_own_write_is_not_given(asking, shelf, tmp_path):
    shelf.records["/discovery/capabilities"] = {"extensions": {}}
    get(asking, "/discovery/capabilities"), get(asking)
    write(asking, f"{CELLS}/b", notes="mine")
    asking.close()
    offline = opened(shelf, tmp_path, offline=True)
    assert get(offline, "/discovery/capabilities") == {"extensions": {}}
    with pytest.raises(OfflineMissError, match="before your last write"):
        get(offline)


@pytest.mark.law("R5")
def test_offline_a_service_that_does_not_say_what_it_can_is_remembered_as_such(
    asking, shelf, tmp_path
):
    asked = Request("GET", "/discovery/capabilities")
    assert asking.send(asked).status == 404
    asking.close()
    assert opened(shelf, tmp_path, offline=True).send(asked).status == 404


@pytest.mark.law("R1")
def test_threads_never_read_what_was_before_their_own_write(wire, shelf):
    """Readers and a writer at once: whoever begins to read after a write reads it, or later."""
    written = [0]
    stale: list[tuple[int, int]] = []

    def read(_):
        for _ in range(60):
            least = written[0]
            found = get(wire)["number"]
            if found < least:
                stale.append((found, least))

    def count():
        for number in range(1, 120):
            write(wire, A, number=number)
            written[0] = number

    write(wire, A, number=0)
    writer = threading.Thread(target=count)
    writer.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(read, range(4)))
    writer.join()
    assert stale == []


@pytest.mark.parametrize(("total", "shown"), [(5, b'"as_of": 3'), (1, b'"as_of": 1')])
def test_a_first_page_of_a_state_that_is_gone_is_read_anew(asking, shelf, total, shown):
    """Where others follow: they would be asked for of that state."""
    states = iter("123")

    def send(request):
        state = next(states)
        told = {"content-type": "application/json", "etag": f'W/"{state}-same"'}
        if "if-none-match" in request.headers:
            return Reply(304, told)
        body = b'{"items": [{}], "count": 1, "total": %d, "as_of": %s}' % (total, state.encode())
        return Reply(200, told, body)

    shelf.send = send
    assert b'"as_of": 1' in page(asking, Walk(), 0)
    assert shown in page(asking, Walk(), 0)


def test_a_wire_is_never_pickled_or_copied(wire):
    with pytest.raises(TypeError, match="never pickled or copied"):
        pickle.dumps(wire)


def test_a_body_is_never_that_of_another_answer_to_the_same_question(tmp_path):
    answers = Answers(tmp_path, most=10**6)
    first, second = (Kept("/a", UNWRITTEN, tag, 0.0, 0.0, "", "", 200, {}) for tag in ("1", "2"))
    answers.keep(first, b"first")
    assert answers.body(first) == b"first"
    answers.keep(second, b"second")
    assert (answers.body(first), answers.body(second)) == (None, b"second")
    answers.settle()
    assert (answers.body(first), answers.body(second)) == (None, b"second")
    answers.close()


def test_what_was_found_once_is_looked_for_again_after_a_write(tmp_path):
    answers, other = Answers(tmp_path, 10**6), Answers(tmp_path, 10**6)
    for asked, body in ((1.0, b"{}"), (2.0, None)):
        answers.keep(Kept(A, UNWRITTEN, None, asked, asked, "", "", 200, {}), body)
        answers.settle()
        assert [each.find(A).asked for each in (answers, other)] == [asked, asked]
    answers.clear()
    assert [each.find(A) for each in (answers, other)] == [None, None]
    answers.close()
    other.close()


@pytest.mark.parametrize("bound", ["_QUIET", "_LATEST", "_MANY"])
def test_answers_are_written_when_none_came_for_a_while_or_there_are_many(
    tmp_path, monkeypatch, bound
):
    for name, most in {"_QUIET": 60.0, "_LATEST": 60.0, "_MANY": 10**6, bound: 0}.items():
        monkeypatch.setattr(answering, name, most)
    answers, other = Answers(tmp_path, 10**6), Answers(tmp_path, 10**6)
    answers.keep(Kept(A, UNWRITTEN, None, 1.0, 1.0, "", "", 200, {}), b"{}")
    latest = time.monotonic() + 5
    while other.find(A) is None and time.monotonic() < latest:
        time.sleep(0.01)
    assert other.find(A) is not None
    answers.close()
    other.close()
