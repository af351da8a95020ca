"""Nobody gets in who may not, and nobody else presses a visitor's buttons."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from knocking import HOST, ORIGIN, Browser, parts_of

import cellframe as cf
from cellframe.cli import fleet
from cellframe.contract.wire import FROM, Reply, Request
from cellframe.desk import forms, visits
from cellframe.desk.app import Desk
from cellframe.desk.guard import MOST_FAILURES, Names, Refused
from cellframe.desk.links import LASTS, Links, invitation
from cellframe.desk.pages.table import PAGES
from cellframe.errors import ConfigError
from cellframe.server.answer import Service
from cellframe.server.asgi import Publisher
from cellframe.transport.inprocess import InProcessWire
from tests.conftest import CANARY

HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
POSTS = [pattern for method, pattern, _ in PAGES if method == "POST"] + ["/desk/leave"]
GETS = [pattern for method, pattern, _ in PAGES if method == "GET"]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "lab"


@pytest.fixture
def service(folder):
    found = Service(folder, keys=[CANARY, "another key"])
    yield found
    found.close()


@pytest.fixture
def desk(service, folder):
    found = Desk(service.answer, folder, needs_key=True, guests_key=CANARY, address=ORIGIN)
    yield found
    found.close()


@pytest.fixture
def ada(desk):
    found = Browser(desk)
    assert found.enter().status == 303
    return found


def own(folder):
    return folder / ".cellframe" / "desk"


def address(pattern):
    return re.sub(r"\{\w+\}", "x", pattern)


@pytest.mark.law("X9")
@pytest.mark.parametrize("pattern", GETS)
def test_a_page_without_a_visit_is_the_door(desk, pattern):
    for cookie in ("", "cellframe-8765=made-up"):
        reply = Browser(desk, cookie).get(address(pattern))
        assert (reply.status, reply.headers["location"]) == (303, "/desk/enter")


@pytest.mark.law("X9")
@pytest.mark.parametrize("pattern", GETS)
def test_a_page_of_a_visit_that_has_ended_is_the_door(desk, ada, pattern, monkeypatch):
    now = desk._visits._now()
    monkeypatch.setattr(desk._visits, "_now", lambda: now + visits.LASTS)
    assert ada.get(address(pattern)).headers["location"] == "/desk/enter"
    assert list((own(desk._folder.parents[1]) / "files").iterdir()) == []


@pytest.mark.law("X9")
@pytest.mark.parametrize("pattern", POSTS)
def test_a_button_is_pressed_by_the_visitor_on_their_page_alone(desk, ada, pattern, monkeypatch):
    path, mine = address(pattern), {"token": ada.token}
    other = Browser(desk)
    other.enter("another key")
    assert Browser(desk).post(path, mine).status == 401
    assert ada.post(path, {}).status == 403
    assert ada.post(path, {"token": other.token}).status == 403
    foreign = [{"origin": f"http://{name}"} for name in ("evil.test", "127.0.0.1:9", "localhost")]
    foreign += [{"origin": "null"}, {"origin": None}, {"sec_fetch_site": "same-site"}]
    foreign += [{"origin": None, "sec_fetch_site": "cross-site"}, {"origin": f"https://{HOST}"}]
    assert [ada.post(path, mine, **said).status for said in foreign] == [403] * len(foreign)
    now = desk._visits._now()
    monkeypatch.setattr(desk._visits, "_now", lambda: now + visits.LASTS)
    assert ada.post(path, mine).status == 401


@pytest.mark.law("X9")
def test_a_plan_of_another_visitor_is_as_one_that_never_was(desk, ada):
    other = Browser(desk)
    other.enter("another key")
    visit = desk._visits.of(ada.cookie.partition("=")[2])
    visit.drafts.add(SimpleNamespace(name="secret"))
    found = [other.get(f"/desk/plans/{name}") for name in ("secret", "nobody")]
    assert [reply.status for reply in found] == [404, 404]
    assert found[0].content == found[1].content


@pytest.mark.law("X8")
def test_every_answer_says_what_a_browser_may_do_with_it(desk, ada):
    style = re.search(rb'href="(/desk/static/[^"]+\.css)"', ada.get("/desk").content)[1].decode()
    replies = [
        ada.get(path) for path in ("/", "/desk", "/desk/enter", "/desk/zzz", "/desk/specs/z")
    ]
    replies += [ada.post("/desk/files", {}), desk.refuse(413, ""), Browser(desk).get("/desk")]
    replies += [ada.ask("PUT", "/desk"), ada.get("/desk", host="evil.test")]
    for reply in [*replies, ada.get(style)]:
        said = {**HEADERS, "cache-control": reply.headers["cache-control"]}
        assert said.items() <= reply.headers.items()
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not [name for name in reply.headers if name.startswith("access-control")]
    assert {reply.headers["cache-control"] for reply in replies} == {"no-store"}


@pytest.mark.law("X11")
def test_a_cookie_is_for_this_page_alone(desk):
    said = Browser(desk).enter().headers["set-cookie"]
    value, *flags = said.split("; ")
    assert flags == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"]
    assert len(value.partition("=")[2]) == 43


@pytest.mark.law("X11")
def test_behind_a_proxy_a_cookie_travels_encrypted_and_its_name_is_the_proxys(service, folder):
    public = "https://cells.example.org"
    desk = Desk(service.answer, folder, needs_key=True, public_url=public)
    browser = Browser(desk, about={"origin": public, "host": "cells.example.org"})
    said = browser.enter().headers["set-cookie"]
    assert said.startswith("__Host-cellframe=")
    assert said.endswith("; Secure")
    assert browser.get("/desk").status == 200


@pytest.mark.law("X11")
@pytest.mark.parametrize(
    ("host", "is_known"),
    [
        ("127.0.0.1:8765", True),
        ("[::1]:8765", True),
        ("localhost", True),
        ("10.0.0.7:8765", True),
        ("lab-pc:8765", True),
        ("cells.example.org", True),
        ("evil.test", False),
        ("evil.test:8765", False),
        ("cells.example.org.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("127.0.0.1:8765x", False),
        ("", False),
    ],
)
def test_the_page_is_there_under_its_own_names_alone(host, is_known):
    names = Names.of("https://cells.example.org/", "lab-pc")
    with nullcontext() if is_known else pytest.raises(Refused, match="not known"):
        names.check({"host": host})


@pytest.mark.law("X11")
def test_without_keys_one_enters_by_a_button_of_the_page_alone(folder):
    service = Service(folder)
    desk = Desk(service.answer, folder, needs_key=False)
    browser = Browser(desk)
    assert browser.post("/desk/enter", {}, origin="http://evil.test").status == 403
    assert not browser.cookie
    assert browser.post("/desk/enter", {}).status == 303
    assert browser.get("/desk").status == 200
    desk.close()
    service.close()


@pytest.mark.law("X10")
@pytest.mark.parametrize(
    "key", ["", " ", "wrong", CANARY[:-1], CANARY + "x", "ü\ud800", "k" * 5000]
)
def test_a_wrong_key_does_not_open(desk, key):
    browser = Browser(desk)
    assert browser.enter(key.encode(errors="replace").decode()).status == 403
    assert not browser.cookie


@pytest.mark.law("X10")
def test_twenty_wrong_keys_a_minute_and_a_source_waits(desk):
    guess = Browser(desk)
    assert [guess.enter("wrong").status for _ in range(MOST_FAILURES)] == [403] * MOST_FAILURES
    reply = guess.enter()
    assert (reply.status, reply.headers["retry-after"]) == (429, "60")
    assert guess.post("/desk/enter", {"link": "x"}).status == 429
    assert Browser(desk, about={FROM: "192.0.2.8"}).enter().status == 303
    now = desk._failures._now()
    desk._failures._now = lambda: now + 60
    assert guess.enter().status == 303


@pytest.mark.law("X10")
def test_right_keys_are_no_failures_and_a_network_is_one_source(desk):
    assert {Browser(desk).enter().status for _ in range(MOST_FAILURES + 5)} == {303}
    for number in range(MOST_FAILURES):
        Browser(desk, about={FROM: f"2001:db8::{number}"}).enter("wrong")
    assert Browser(desk, about={FROM: "2001:db8::ffff"}).enter().status == 429
    assert Browser(desk, about={FROM: "2001:db8:1::1"}).enter().status == 303


@pytest.mark.law("X10")
def test_a_key_that_is_taken_away_ends_the_visit(service, folder):
    keys = {"is_good": True}

    def answer(request):
        gone = {name: "gone" for name in ("x-api-key",) if not keys["is_good"]}
        return service.answer(
            Request(request.method, request.path, request.query, {**request.headers, **gone})
        )

    desk = Desk(answer, folder, needs_key=True)
    browser = Browser(desk)
    browser.enter()
    assert browser.get("/desk").status == 200
    keys["is_good"] = False
    assert browser.get("/desk").status == 401
    assert browser.get("/desk").headers["location"] == "/desk/enter"


def test_a_link_opens_once_by_its_button_and_says_who_came(desk, folder):
    link = invitation(folder, "Ada", "").removeprefix(ORIGIN)
    secret = link.partition("link=")[2]
    assert all(secret not in path.name for path in own(folder).rglob("*"))
    for _ in range(3):  # a preview of a mail presses nothing
        assert secret.encode() in Browser(desk).get(link).content
    browser = Browser(desk)
    assert browser.post("/desk/enter", {"link": secret}).status == 303
    assert b"Ada" in browser.get("/desk").content
    assert Browser(desk).post("/desk/enter", {"link": secret}).status == 403


def test_of_two_who_open_a_link_at_once_one_gets_in(desk, folder):
    secret = Links(own(folder)).make()
    together = threading.Barrier(8)

    def enter(number):
        together.wait()
        who = Browser(desk, about={FROM: f"192.0.2.{number}"})
        return who.post("/desk/enter", {"link": secret}).status

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(enter, range(8))) == [303] + [403] * 7


def test_an_old_a_strange_and_a_damaged_link_do_not_open(folder):
    now = {"is": 1000.0}
    links = Links(own(folder), lambda: now["is"])
    old, damaged = links.make(), links.make()
    links._place(damaged).write_text("{")
    now["is"] += LASTS
    assert [links.use(secret) for secret in (old, damaged, "x", "", "../../x")] == [None] * 5


def test_an_invitation_names_an_address_or_says_what_to_do(tmp_path):
    with pytest.raises(ConfigError, match="Start it first: cellframe serve --data"):
        invitation(tmp_path, "", "")
    with pytest.raises(ConfigError, match="it begins with https://"):
        invitation(tmp_path, "", "cells.example.org")
    assert invitation(tmp_path, "", "https://c.example/").startswith("https://c.example/desk/enter")


def test_who_logs_out_is_out_in_every_tab(desk, ada, folder):
    was = ada.cookie
    assert ada.post("/desk/leave", {"token": ada.token}).headers["location"] == "/desk/enter"
    assert Browser(desk, was).get("/desk").status == 303
    assert list((own(folder) / "files").iterdir()) == []


def test_who_enters_again_ends_the_visit_before(desk, ada):
    was = ada.cookie
    ada.enter()
    assert ada.cookie != was
    assert Browser(desk, was).get("/desk").status == 303


def test_too_many_visits_end_the_one_that_was_away_longest(desk, ada, monkeypatch):
    monkeypatch.setattr(visits, "MOST", 3)
    others = [Browser(desk) for _ in range(3)]
    for other in others:
        other.enter()
        ada.get("/desk")
    assert [one.get("/desk").status for one in (ada, *others)] == [200, 303, 200, 200]


def test_one_visitor_does_not_take_every_thread(desk, ada):
    visit = desk._visits.of(ada.cookie.partition("=")[2])
    while visit.turns.acquire(blocking=False):
        pass
    assert ada.get("/desk").status == 429
    visit.turns.release()
    assert ada.get("/desk").status == 200


@pytest.mark.law("X7")
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("my cells.csv", "my cells.csv"),
        ("..\\..\\x.csv", "x.csv"),
        ("/etc/passwd", "passwd"),
        ("..", "cells"),
        ("a:b.xlsx", "a-b.xlsx"),
        ("x" * 500 + ".csv", "x" * 80 + ".csv"),
    ],
)
def test_a_file_lies_under_a_plain_name_in_the_visitors_folder(desk, ada, said, kept, tmp_path):
    seen = []
    desk._turn = lambda form: seen.append(form.file) or nullcontext()
    ada.bring(tmp_path, {"token": ada.token}, (said, b"x,y\n"))
    assert seen[-1].name == kept
    assert seen[-1].parents[4] == own(desk._folder.parents[1])
    assert not seen[-1].parent.exists()


def test_what_is_brought_is_no_more_than_a_file_of_fifty_megabytes(
    desk, ada, tmp_path, monkeypatch
):
    monkeypatch.setattr(forms, "LARGEST_FILE", 1000)
    monkeypatch.setattr(forms, "_LARGEST_FIELDS", 100)
    monkeypatch.setattr(forms, "_MOST_FIELDS", 5)
    mine = {"token": ada.token}
    large, small = ("x.csv", b"x" * 1001), ("x.csv", b"x")
    assert ada.bring(tmp_path, mine, large).status == 413
    assert ada.bring(tmp_path, mine, small, small).status == 413
    assert ada.bring(tmp_path, {**mine, "note": "x" * 200}, small).status == 413
    assert ada.bring(tmp_path, {**mine, **dict.fromkeys("abcdefg", "")}, small).status == 413
    assert ada.post("/desk/files", {**mine, "note": "x" * 200}).status == 413
    assert ada.post("/desk/files", {**mine, **dict.fromkeys("abcdefg", "")}).status == 400
    visit = desk._visits.of(ada.cookie.partition("=")[2])
    assert list(visit.folder.iterdir()) == []


@pytest.mark.parametrize("body", [b"", b"x", b"--a-line-between-parts\r\n", b"\0" * 99])
def test_a_form_that_did_not_come_whole_does_nothing(ada, tmp_path, body, monkeypatch):
    monkeypatch.setattr("knocking.parts_of", lambda *_: body)
    assert ada.bring(tmp_path, {}).status == 400


def test_a_file_is_not_even_read_off_the_line_for_somebody_outside(desk, ada):
    def admit(**said):
        about = {"host": HOST, "origin": ORIGIN, "cookie": ada.cookie, **said}
        kind = {"content-type": "multipart/form-data; boundary=x"}
        return desk.admit(Request("POST", "/desk/files", (), {**about, **kind}))

    assert admit().parent == desk._spool
    assert admit(cookie="").status == 401
    assert admit(origin="http://evil.test").status == 403
    assert admit(host="evil.test").status == 400
    for number in range(8):
        (desk._spool / str(number)).touch()
    assert admit().status == 503


def test_a_page_that_fails_says_neither_where_nor_with_what(desk, ada, folder, monkeypatch, caplog):
    def fails(*_):
        raise ValueError(f"{folder} {CANARY}")

    monkeypatch.setattr("cellframe.desk.routing.find", fails)
    with caplog.at_level(logging.ERROR):
        reply = ada.get("/desk")
    name = re.search(r"under (\w{16})", reply.content.decode())[1]
    assert reply.status == 500
    assert name in caplog.text
    assert "ValueError at cellframe.desk.app" in caplog.text
    assert str(folder) not in reply.content.decode() + caplog.text


def test_an_error_that_names_a_file_of_ours_is_shown_without_its_place(desk, ada, monkeypatch):
    place = own(desk._folder.parents[1]) / "files" / ("0" * 16) / ("1" * 16) / "x.csv"

    def fails(_):
        raise cf.errors.SheetError(f"{place} is empty.")

    monkeypatch.setattr("cellframe.desk.routing.find", lambda *_: (fails, {}))
    said = ada.get("/desk").content.decode()
    assert "x.csv is empty." in said
    assert str(desk._folder.parents[1]) not in said


def test_a_button_pressed_by_two_tabs_at_once_writes_once(service, desk, ada, folder, tmp_path):
    wire = InProcessWire(
        lambda one: service.answer(
            Request(one.method, one.path, one.query, {**one.headers, "x-api-key": CANARY}, one.body)
        ),
        "lab",
        lambda: None,
    )
    with cf.Client.over(wire, tmp_path / "state") as colleague:
        spec = colleague.cell_spec.create(fleet.spec("LFP"))
        sheet = tmp_path / "cells.csv"
        fleet.cells().head(3).write_csv(sheet)
        mine = {"token": ada.token}
        about = {"spec": spec.id, "by_name": "1"}
        reply = ada.bring(tmp_path, {**mine, **about}, ("cells.csv", sheet.read_bytes()))
        assert reply.status == 303, reply.content.decode()
        at = f"{reply.headers['location']}/apply"
        with ThreadPoolExecutor(3) as threads:
            tabs = [Browser(desk, ada.cookie) for _ in range(3)]
            came = list(threads.map(lambda tab: tab.post(at, mine), tabs))
        assert {one.status for one in came} == {303}
        assert {one.headers["location"] for one in came} == {f"{at.removesuffix('/apply')}/receipt"}
        assert colleague.cell_instance.list(spec).total == 3
        assert ada.get("/desk/history").content.count(b"/undo") == 1


@pytest.mark.law("X11")
def test_what_the_desk_keeps_is_its_owners_alone_and_holds_no_key(desk, ada, folder):
    Links(own(folder)).make("Ada")
    for path in own(folder).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0
    told = [path.read_text() for path in (own(folder) / "links").iterdir()]
    assert [set(json.loads(text)) for text in told] == [{"name", "until"}]
    assert CANARY not in repr(desk._visits.of(ada.cookie.partition("=")[2]))


def scope(method, path, **headers):
    said = {"host": HOST, "origin": ORIGIN, **headers}
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in said.items()]
    about = {"query_string": b"", "scheme": "http", "client": ("192.0.2.7", 1)}
    return {"type": "http", "method": method, "path": path, "headers": pairs, **about}


async def sent(publisher, about, *pieces):
    """The status and the body of one request at the publisher."""
    left, got = list(pieces or [b""]), []

    async def receive():
        piece = left.pop(0) if left else b""
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    async def send(part):
        got.append(part)

    await publisher(about, receive, send)
    return got[0]["status"], b"".join(part.get("body", b"") for part in got[1:])


def test_pages_that_take_long_hold_up_no_client(service):
    begun, go_on = threading.Event(), threading.Event()

    def slow(_):
        begun.set()
        go_on.wait(5)
        return Reply(200, {}, b"")

    pages = SimpleNamespace(largest=1, admit=lambda _: None, answer=slow)
    publisher = Publisher(service, loopback_only=True, pages=pages)

    async def at_once():
        waiting = [asyncio.ensure_future(sent(publisher, scope("GET", "/desk"))) for _ in range(60)]
        await asyncio.to_thread(begun.wait, 5)
        await asyncio.sleep(0.05)
        found = await sent(publisher, scope("GET", "/healthz"))
        is_first = not any(one.done() for one in waiting)
        go_on.set()
        return found[0], is_first, {status for status, _ in await asyncio.gather(*waiting)}

    assert asyncio.run(at_once()) == (200, True, {200})


def test_a_file_comes_off_the_line_by_way_of_the_disk_and_nothing_of_it_stays(
    service, desk, ada, monkeypatch, tmp_path
):
    publisher = Publisher(service, loopback_only=True, pages=desk)
    kind = "multipart/form-data; boundary=a-line-between-parts"
    about = {"cookie": ada.cookie, "content_type": kind}
    body = parts_of({"token": ada.token}, ("own.csv", b"Name,x\n1,2\n"))
    upload = scope("POST", "/desk/files", **about)
    status, said = asyncio.run(sent(publisher, upload, body[:90], body[90:]))
    assert (status, b"own.csv" in said) == (422, True)
    monkeypatch.setattr(Desk, "largest", 100)
    status, said = asyncio.run(sent(publisher, upload, body[:90], body[90:]))
    assert (status, b"larger than 50 MB" in said) == (413, True)
    outside = scope("POST", "/desk/files", content_type=kind)
    assert asyncio.run(sent(publisher, outside, body))[0] == 401
    assert list(desk._spool.iterdir()) == []


def test_the_paths_of_the_contract_are_none_of_the_pages(service):
    pages = SimpleNamespace(largest=1, admit=lambda _: None, answer=lambda _: Reply(299, {}, b""))
    publisher = Publisher(service, loopback_only=True, pages=pages)
    paths = ("/", "/desk", "/desk/x", "/healthz", "/desktop", "/cell_specifications", "//desk")
    found = [asyncio.run(sent(publisher, scope("GET", path)))[0] for path in paths]
    assert found[:4] == [299, 299, 299, 200]
    assert 299 not in found[3:]


def test_a_page_of_its_own_words_is_shown_without_our_places_too(desk, ada, monkeypatch):
    place = own(desk._folder.parents[1]) / "files" / ("0" * 16) / "x.csv"
    reply = Reply(422, {"content-type": "text/html; charset=utf-8"}, f"<p>{place}</p>".encode())
    monkeypatch.setattr("cellframe.desk.routing.find", lambda *_: (lambda _: reply, {}))
    assert ada.get("/desk").content == b"<p>x.csv</p>"
