"""Laws S6 and S7: whatever comes in is stored or refused, and nothing else happens."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from cellframe.server import database
from cellframe.server.answer import Service
from cellframe.server.asgi import Publisher
from tests.faults.conversation import conversation, mutated, scope

ROOT = Path(__file__).parents[2]
MODULE = "tests.server.test_durability_fuzz"
SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 20))]
EACH = 5000
PROBLEM = {"error_code", "message", "detail"}
_ELSEWHERE: list[str] = []
_WATCHED: list[Path] = []
FILES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}
OURS = (sys.prefix, sys.base_prefix, str(ROOT), os.devnull, "/proc/", "/sys/")


def _audit(event, arguments):
    if not _WATCHED:
        return
    if event in {"socket.connect", "subprocess.Popen", "os.system", "pickle.find_class"}:
        _ELSEWHERE.append(f"{event} {arguments}")
    elif event in FILES and isinstance(arguments[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if not path.startswith((str(_WATCHED[0]), *OURS)):
            _ELSEWHERE.append(f"{event} {path}")


sys.addaudithook(_audit)  # cannot be taken out again: it looks only while a folder is watched


@pytest.fixture
def watched(folder):
    """What is opened, started or connected to outside the folder."""
    _ELSEWHERE.clear()
    _WATCHED.append(folder.resolve())
    yield _ELSEWHERE
    _WATCHED.clear()


@pytest.fixture
def hasty(folder, monkeypatch):
    """A service that does not wait for the disk: nobody cuts the power here."""
    pragmas = (pragma.replace("FULL", "OFF") for pragma in database._PRAGMAS)
    monkeypatch.setattr(database, "_PRAGMAS", tuple(pragmas))
    service = Service(folder)
    yield service
    service.close()


async def ask(publisher, message):
    """Hand a request to the published service, and take its reply apart."""
    found, body = scope(message)
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(part):
        sent.append(part)

    await publisher(found, receive, send)
    content = b"".join(part.get("body", b"") for part in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), content


def check(status, headers, content):
    assert status < 500, content
    if status >= 400:
        assert headers[b"content-type"] == b"application/json"
        assert set(json.loads(content)) == PROBLEM


def statuses_of(service, messages, dice, count):
    """Change requests and send them; every answer is checked."""
    publisher = Publisher(service, loopback_only=True)
    statuses = set()

    async def fuzz():
        for _ in range(count):
            message = mutated(dice.choice(messages), dice)
            status, headers, content = await ask(publisher, message)
            try:
                check(status, headers, content)
            except (AssertionError, ValueError) as fault:
                pytest.fail(f"{message!r}: {status} {content[:500]!r} ({fault})")
            statuses.add(status)

    asyncio.run(fuzz())
    return statuses


@pytest.mark.law("S7")
@pytest.mark.parametrize("seed", SEEDS)
def test_bytes_of_requests_that_are_changed_make_no_fault(hasty, watched, seed):
    statuses = statuses_of(hasty, conversation(hasty), random.Random(seed), EACH)
    assert {200, 204, 400, 404, 409, 422} <= statuses
    assert watched == []


def resident():
    """Bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def tell_memory(folder):
    """Print what a process has in memory after the first fifth of so many requests, and after all."""
    service, dice = Service(Path(folder)), random.Random(7)
    messages = conversation(service)
    for count in (4_000, 16_000):
        statuses_of(service, messages, dice, count)
        gc.collect()
        print(resident())
    service.close()


@pytest.mark.law("S7")
@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells no memory")
def test_memory_grows_by_no_more_than_a_tenth_over_the_changed_requests(folder):
    code = f"import {MODULE} as fuzz; fuzz.tell_memory({str(folder)!r})"
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before, after = map(int, told.stdout.split())
    assert after <= 1.1 * before


@pytest.mark.law("S7")
def test_the_audit_sees_what_is_opened_elsewhere(tmp_path, watched):
    (tmp_path / "elsewhere").write_text("x")
    assert [line.rpartition("/")[2] for line in watched] == ["elsewhere"]


DEEP = b'{"name": "a", "notes": %s1%s}' % (b"[" * 80, b"]" * 80)
HOSTILE = {
    "NaN": (b'{"name": NaN}', 422, "NaN is no JSON number"),
    "Infinity": (b'{"name": -Infinity}', 422, "-Infinity is no JSON number"),
    "1e400": (b'{"name": 1e400}', 422, "must be finite"),
    "65 bits": (b'{"name": 18446744073709551616}', 422, "must fit 64 bits"),
    "half a pair": (b'{"name": "\\ud800"}', 422, "half a surrogate pair"),
    "U+0000": (b'{"name": "\\u0000"}', 422, "U+0000"),
    "twice": (b'{"name": "a", "name": "b"}', 422, "is there twice"),
    "unknown field": (b'{"colour of money": 1}', 422, "colour of money"),
    "too deep": (DEEP, 422, "64 deep"),
    "11 MB": (b'{"name": "%s"}' % (b"x" * 11 * 2**20), 413, "larger than 10 MiB"),
    "no UTF-8": (b'{"name": "\xff"}', 400, "not UTF-8"),
    "a list": (b"[]", 422, "An object is required"),
    "cut off": (b'{"name":', 400, "not JSON"),
    "text": (b'{"name": "a"}', 415, "not text/plain", "text/plain"),
    "klingon": (b'{"name": "a"}', 415, "not in klingon", "application/json; charset=klingon"),
}


def writes(messages):
    """One message's head for every route that takes an object."""
    found = {}
    for message in messages:
        head, _, body = message.partition(b"\r\n\r\n")
        method, *steps = head.split(b"\r\n")[0].replace(b" ", b"/").split(b"/")
        if body.startswith(b"{") and b"storage" not in steps:
            found.setdefault((method, *(step for step in steps if len(step) < 30)), head)
    return found.values()


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    """A published service, and the heads of requests for each of its doors."""
    service = Service(tmp_path_factory.mktemp("doors") / "lab")
    yield Publisher(service, loopback_only=True), list(writes(conversation(service)))
    service.close()


@pytest.mark.law("S6")
@pytest.mark.parametrize("case", HOSTILE)
def test_every_route_that_takes_a_body_has_the_strict_door(doors, case):
    publisher, heads = doors
    body, wanted, said, *kind = HOSTILE[case]
    assert len(heads) > 10
    for head in heads:
        typed = head.replace(b"application/json", kind[0].encode()) if kind else head
        status, headers, content = asyncio.run(ask(publisher, typed + b"\r\n\r\n" + body))
        assert (status, said in content.decode()) == (wanted, True), (head, content)
        check(status, headers, content)
