"""Files on the way: whole, verified, and never with the key."""

from __future__ import annotations

import gzip
import hashlib
import logging
import os
import stat
import threading
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest

from cellframe.contract.wire import FileBody, Request
from cellframe.errors import StoreError, TransportError
from cellframe.transport.policy import PROXY_VARIABLE, Policy, Secret
from cellframe.transport.replies import ask
from cellframe.transport.session import HttpWire
from tests.conftest import CANARY as KEY
from tests.conftest import COOKIE, SIGNATURE

GET = Request("GET", "/x/download")
PLACE = f"/storage/files/{SIGNATURE}?sig={SIGNATURE}"
CONTENT = os.urandom(3_000_000)


def named(url: str) -> str:
    return url.removeprefix("http://")


@pytest.fixture
def wire(service, stranger):
    """A wire whose user trusts the second listener with files."""
    policy = Policy(
        service.url,
        Secret(KEY),
        organization_id="canary-organization",
        read_timeout=0.4,
        bulk_timeout=0.4,
        storage_hosts=(named(stranger.url),),
    )
    found = HttpWire(policy)
    yield found
    found.close()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "series.parquet"
    path.write_bytes(CONTENT)
    return FileBody(path)


def digest(content: bytes) -> str:
    return f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"


def chain(fault: BaseException | None):
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__


def test_a_file_goes_up_as_it_lies(wire, stranger, file):
    assert wire.put(f"{stranger.url}{PLACE}", file, {}).status == 200
    ((method, path, headers, body),) = stranger.asked
    assert (method, path, body) == ("PUT", PLACE, CONTENT)
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-digest"] == digest(CONTENT)


@pytest.mark.law("X2")
def test_nothing_of_identity_goes_to_a_storage(wire, service, stranger, file, tmp_path):
    stranger.answers[:] = []
    stranger.will(Set_Cookie=f"a={COOKIE}").will()
    service.will(303, Location=f"{stranger.url}{PLACE}", Set_Cookie=f"c={COOKIE}; Domain=127.0.0.1")
    wire.fetch(GET, tmp_path / "got")
    wire.put(f"{stranger.url}{PLACE}", file, {})
    for _, _, headers, _ in stranger.asked:
        assert not {"X-API-Key", "Authorization", "X-Organization-Id", "Cookie"} & set(headers)
    assert KEY not in stranger.words
    assert "canary-organization" not in stranger.words


@pytest.mark.law("X2")
def test_a_password_of_netrc_does_not_go_to_a_storage(wire, stranger, file, tmp_path, monkeypatch):
    secrets = tmp_path / "netrc"
    secrets.write_text("machine 127.0.0.1 login me password netrc-password\n")
    monkeypatch.setenv("NETRC", str(secrets))
    wire.put(f"{stranger.url}{PLACE}", file, {})
    assert "Authorization" not in stranger.words


@pytest.mark.parametrize(("start", "stop"), [(0, 10), (5, 1_500_000), (7, None), (0, 0)])
def test_a_part_of_a_file_goes_up_alone(wire, service, file, start, stop):
    service.will()
    wire.put("/storage/uploads/x", FileBody(file.path, start, stop), {})
    (_, _, headers, body) = service.asked[0]
    assert body == CONTENT[start:stop]
    assert headers["Content-Length"] == str(len(body))
    assert "Transfer-Encoding" not in headers


def test_a_request_may_have_a_file_for_its_body(wire, service, file):
    service.will()
    wire.send(Request("POST", "/x", body=file))
    assert service.asked[0][3] == CONTENT


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_a_put_is_sent_once(wire, service, file, status):
    service.will(status)
    assert wire.put("/storage/uploads/x", file, {}).status == status
    assert service.methods == ["PUT"]


def test_a_put_whose_connection_broke_is_sent_once(wire, service, file):
    service.will(cut=True)
    with pytest.raises(TransportError, match="the connection broke") as fault:
        wire.put("/storage/uploads/x", file, {})
    assert fault.value.sent
    assert service.methods == ["PUT"]


def test_a_file_that_is_gone_is_a_plain_error(wire, service, tmp_path):
    with pytest.raises(StoreError, match="cannot be read"):
        wire.put("/storage/uploads/x", FileBody(tmp_path / "gone"), {"content-digest": "x"})
    assert service.asked == []


def test_a_file_that_becomes_shorter_is_an_error_and_no_wait(service, file):
    """The listener waits for the byte that is missing, for as long as the line stands."""
    wire = HttpWire(Policy(service.will().url, Secret(KEY)))
    with pytest.raises(StoreError, match="became shorter while it was sent"):
        wire.put("/x", FileBody(file.path, 0, len(CONTENT) + 1), {"content-digest": "x"})
    wire.close()


def test_a_file_comes_down_whole_and_private(wire, service, tmp_path):
    service.will(body=CONTENT, kind="application/vnd.apache.parquet", ETag='"1"')
    reply = wire.fetch(GET, tmp_path / "a" / "b")
    assert reply.content == CONTENT
    assert reply.body.movable
    assert reply.headers["etag"] == '"1"'
    assert stat.S_IMODE(reply.body.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(reply.body.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_file_is_fetched_where_the_service_sends_one_on_to(
    wire, service, stranger, tmp_path, status
):
    stranger.answers[:] = []
    stranger.will(body=CONTENT, repr_digest=digest(CONTENT))
    service.will(status, Location=f"{stranger.url}{PLACE}", ETag='"1"')
    reply = wire.fetch(GET, tmp_path)
    assert (reply.content, reply.headers["etag"]) == (CONTENT, '"1"')
    assert [path for _, path, *_ in stranger.asked] == [PLACE]


@pytest.mark.parametrize(
    "place", ["/storage/files/a", "../storage/files/a", "{origin}/storage/files/a"]
)
def test_a_place_at_the_service_needs_no_setting(service, tmp_path, place):
    service.will(303, Location=place.format(origin=service.url)).will(body=b"abc")
    wire = HttpWire(Policy(service.url, Secret(KEY)))
    assert wire.fetch(GET, tmp_path).content == b"abc"
    wire.close()
    assert service.asked[1][1] == "/storage/files/a"
    assert "X-API-Key" not in service.asked[1][2]


def test_a_second_redirect_is_not_followed(wire, service, stranger, tmp_path):
    service.will(303, Location="/a").will(303, Location=f"{stranger.url}/b")
    with pytest.raises(TransportError, match="the storage answered 303"):
        wire.fetch(GET, tmp_path)
    assert stranger.asked == []


def test_a_refusal_is_handed_on_to_be_read(wire, service, tmp_path):
    service.will(404, b'{"error_code": "NOT_FOUND"}')
    reply = wire.fetch(GET, tmp_path)
    assert (reply.status, reply.body) == (404, b'{"error_code": "NOT_FOUND"}')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refusal_of_a_foreign_storage_is_one_sentence(wire, service, stranger, tmp_path, status):
    stranger.answers[:] = []
    stranger.will(status, f"<Error>{SIGNATURE}</Error>".encode(), "application/xml")
    service.will(303, Location=f"{stranger.url}{PLACE}")
    with pytest.raises(TransportError, match=f"answered {status} with 'application/xml'") as fault:
        wire.fetch(GET, tmp_path)
    assert SIGNATURE not in str(fault.value)


@pytest.mark.parametrize("status", [201, 206, 300])
def test_another_status_is_no_file(wire, service, tmp_path, status):
    service.will(status, b"abc")
    with pytest.raises(TransportError, match="which is no file"):
        wire.fetch(GET, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_compressed_file_is_refused(wire, service, tmp_path):
    service.will(body=gzip.compress(b"abc"), Content_Encoding="gzip")
    with pytest.raises(TransportError, match="came compressed"):
        wire.fetch(GET, tmp_path)
    assert service.asked[0][2]["accept-encoding"] == "identity"


def test_a_folder_that_cannot_be_written_is_a_plain_error(wire, service, tmp_path):
    (tmp_path / "file").touch()
    service.will(body=b"abc")
    with pytest.raises(StoreError, match="cannot be written"):
        wire.fetch(GET, tmp_path / "file")


@pytest.mark.law("X3")
@pytest.mark.parametrize("act", ["fetch", "put"])
@pytest.mark.parametrize("answer", [{}, {"cut": True}, {"status": 503}, {"pause": 0.8}])
def test_a_signed_address_shows_nowhere(wire, service, stranger, file, caplog, act, answer):
    caplog.set_level(logging.DEBUG)
    stranger.answers[:] = []
    stranger.will(**{"body": CONTENT, **answer})
    service.will(303, Location=f"{stranger.url}{PLACE}")
    said = []
    try:
        if act == "put":
            wire.put(f"{stranger.url}{PLACE}", file, {})
        else:
            wire.fetch(GET, file.path.parent)
    except TransportError as fault:
        said = [repr(one) for one in chain(fault)]
    assert stranger.asked
    assert said or not set(answer) & {"cut", "pause"}
    assert SIGNATURE not in "".join([caplog.text, repr(wire), *said])


@pytest.mark.law("X3")
@pytest.mark.parametrize("answer", [{"cut": True}, {"pause": 0.8}])
def test_what_was_caught_is_not_carried_along(wire, service, answer):
    service.will(**answer)
    with pytest.raises(TransportError) as fault:
        wire.send(Request("POST", "/x"))
    assert [type(one) for one in chain(fault.value)] == [TransportError]


@pytest.mark.law("X6")
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_an_answer_beyond_the_limit_is_refused(service, coding):
    wire = HttpWire(Policy(service.url, Secret(KEY), most_json=1_000_000))
    body = b'"' + b" " * 5_000_000 + b'"'
    body = gzip.compress(body) if coding == "gzip" else body
    service.will(body=body, Content_Encoding=coding)
    with pytest.raises(TransportError, match="larger than 1000000 bytes"):
        ask(wire, "GET", "/x")
    wire.close()


@pytest.mark.law("X6")
def test_a_bomb_costs_neither_time_nor_memory(service):
    wire = HttpWire(Policy(service.url, Secret(KEY)))
    service.will(body=gzip.compress(bytes(300_000_000), 1), Content_Encoding="gzip")
    started = time.monotonic()
    with pytest.raises(TransportError, match="larger than"):
        ask(wire, "GET", "/x")
    wire.close()
    assert time.monotonic() - started < 2


@pytest.mark.law("X6")
def test_the_body_of_a_redirect_is_read_no_further_than_its_limit(service, tmp_path):
    wire = HttpWire(Policy(service.url, Secret(KEY), most_json=1000))
    service.will(303, b" " * 2000, Location="/a")
    with pytest.raises(TransportError, match="larger than 1000 bytes"):
        wire.fetch(GET, tmp_path)
    wire.close()


@pytest.mark.law("R10")
def test_an_answer_that_trickles_is_given_up_in_time(wire, stub):
    stub.trickles, stub.says = (
        True,
        b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + b" " * 9000,
    )
    wire = HttpWire(Policy(stub.url, Secret(KEY), read_timeout=0.4))
    started = time.monotonic()
    with pytest.raises(TransportError, match=r"not whole after 0\.4 s"):
        wire.send(GET)
    wire.close()
    assert time.monotonic() - started < 1.4


def test_twenty_requests_at_once_share_a_wire(service, caplog, tmp_path):
    wire = HttpWire(Policy(service.will(body=CONTENT, pause=0.05).url, Secret(KEY)))
    at_once = threading.Barrier(20)

    def one(_):
        at_once.wait()
        return wire.fetch(GET, tmp_path).content == CONTENT

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(one, range(20)))
    wire.close()
    assert "Connection pool is full" not in caplog.text
    assert len(list(tmp_path.iterdir())) == 20


@pytest.mark.law("X2")
@pytest.mark.parametrize("asked_for", [False, True])
def test_a_proxy_of_the_environment_is_used_when_asked(
    service, stranger, file, monkeypatch, asked_for
):
    monkeypatch.setenv("http_proxy", stranger.url)
    if asked_for:
        monkeypatch.setenv(PROXY_VARIABLE, "1")
    policy = Policy(
        "https://cells.example.org",
        Secret(KEY),
        storage_hosts=(named(service.will().url),),
        storage_proxy=asked_for,
    )
    wire = HttpWire(policy)
    wire.put(f"{service.url}/a", file, {})
    wire.close()
    assert [len(service.asked), len(stranger.asked)] == [1 - asked_for, asked_for]
