"""Law X12 below JSON: HTTP that is none, or that says two things at once."""

from __future__ import annotations

import gzip
import logging
import time
import zlib

import pytest

from cellframe.contract.wire import FileBody, Request
from cellframe.errors import TransportError
from cellframe.transport import waits
from cellframe.transport.meter import Meter
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire

GET = Request("GET", "/x")
OK = b"HTTP/1.1 200 OK\r\n"
PACKED = gzip.compress(b'{"a": 1}')
BODY = b'{"a": 1}'


def plain(*headers: bytes, body: bytes = BODY) -> bytes:
    return OK + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


def packed(coding: bytes, body: bytes) -> bytes:
    return plain(b"Content-Encoding: " + coding, b"Content-Length: %d" % len(body), body=body)


REFUSED = {
    "nothing": b"",
    "no http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a web page": b"<!doctype html>",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another http": b"HTTP/9.9 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status too small": b"HTTP/1.1 099 OK\r\n\r\n",
    "a status too large": b"HTTP/1.1 1000 OK\r\n\r\n",
    "a negative status": b"HTTP/1.1 -20 OK\r\n\r\n",
    "processing": b"HTTP/1.1 102 Processing\r\n\r\n" + plain(b"Content-Length: 8"),
    "early hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" + plain(b"Content-Length: 8"),
    "switching": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "a long line": b"HTTP/1.1 200 " + b"O" * 70_000 + b"\r\n\r\n",
    "a long header": plain(b"X: " + b"y" * 70_000),
    "many headers": plain(*[b"X-%d: y" % n for n in range(200)]),
    "a body too short": plain(b"Content-Length: 9"),
    "a body far too short": plain(b"Content-Length: 60000000"),
    "more than may come": plain(b"Content-Length: 99999999999"),
    "more than there is": plain(b"Content-Length: 9" + b"9" * 30),
    "nothing, without an end": plain(body=b""),
    "a chunk cut": plain(b"Transfer-Encoding: chunked", body=b"8\r\n{"),
    "a chunk of -1": plain(b"Transfer-Encoding: chunked", body=b"-1\r\n" + BODY),
    "a chunk of what": plain(b"Transfer-Encoding: chunked", body=b"zz\r\n" + BODY),
    "a chunk without end": plain(b"Transfer-Encoding: chunked", body=b"8\r\n" + BODY + b"\r\n"),
    "a huge chunk": plain(b"Transfer-Encoding: chunked", body=b"f" * 300 + b"\r\n" + BODY),
    "gzip cut": packed(b"gzip", PACKED[:-4]),
    "gzip of nothing": packed(b"gzip", BODY),
    "gzip twice": packed(b"gzip, gzip", gzip.compress(PACKED)),
    "gzip and more": packed(b"gzip", PACKED + b"x"),
    "two gzips": packed(b"gzip", PACKED + PACKED),
    "gzip with a wrong sum": packed(b"gzip", PACKED[:-8] + b"\0" * 8),
    "deflate": packed(b"deflate", zlib.compress(BODY)),
    "brotli": packed(b"br", BODY),
    "zstd": packed(b"zstd", BODY),
    "an encoding of no name": packed(b"\x1b[31m", BODY),
    "chunks in gzip": plain(
        b"Content-Encoding: gzip", b"Transfer-Encoding: chunked", body=b"2\r\n\x1f\x8b\r\n0\r\n\r\n"
    ),
}
TAKEN = {
    "a length": plain(b"Content-Length: 8"),
    "no length": plain(),
    "gzip": packed(b"gzip", PACKED),
    "GZip": packed(b"GZip", PACKED),
    "identity": packed(b"identity", BODY),
    "chunks": plain(
        b"Transfer-Encoding: chunked", body=b'4;a=b\r\n{"a"\r\n4\r\n: 1}\r\n0\r\nX: y\r\n\r\n'
    ),
    "continue": b"HTTP/1.1 100 Continue\r\n\r\n" + plain(b"Content-Length: 8"),
    "a length twice": plain(b"Content-Length: 8", b"Content-Length: 8"),
    "more than its length": plain(b"Content-Length: 8", body=BODY + b"HTTP/1.1 200 OK\r\n\r\n"),
    "a folded header": plain(b"ETag: a\r\n b", b"Content-Length: 8"),
    "old http": b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
}


@pytest.fixture
def wire(stub, monkeypatch):
    monkeypatch.setattr(waits, "_RETRIES", 0)
    found = HttpWire(Policy(stub.url, Secret("canary/key"), read_timeout=2.0, bulk_timeout=2.0))
    yield found
    found.close()


@pytest.mark.law("X12")
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_whole_answer_is_refused(wire, stub, tmp_path, caplog, name):
    caplog.set_level(logging.DEBUG)
    stub.says = REFUSED[name]
    started = time.monotonic()
    for act in (lambda: wire.send(GET), lambda: wire.fetch(GET, tmp_path / "got")):
        with pytest.raises(TransportError) as refused:
            act()
        said = str(refused.value)
        assert said.isprintable()
        assert "GET /x" in said
        assert len(said) < 300
    assert time.monotonic() - started < 1.5
    assert not [*tmp_path.rglob("*.part")]
    assert "canary/key" not in caplog.text


@pytest.mark.law("X12")
@pytest.mark.parametrize("name", TAKEN)
def test_a_whole_answer_is_taken_however_it_is_framed(stub, name):
    stub.says = TAKEN[name]
    wire = HttpWire(Policy(stub.url, Secret("k")))
    for _ in range(3):
        reply = wire.send(GET)
        assert reply.content == BODY
        assert all(value.isprintable() for value in reply.headers.values())
    wire.close()


@pytest.mark.law("X12")
def test_what_follows_an_answer_is_never_another_one(stub):
    """A service that answers more than it was asked speaks of other records."""
    stub.says = plain(b"Content-Length: 8") + plain(b"Content-Length: 7", body=b'{"b":2}')
    wire = HttpWire(Policy(stub.url, Secret("k")))
    assert [wire.send(GET).content for _ in range(4)] == [BODY] * 4
    wire.close()
    assert stub.calls == 4


@pytest.mark.law("X6")
def test_a_body_without_a_length_is_held_to_its_limit_too(stub):
    stub.says = plain(
        b"Transfer-Encoding: chunked", body=b"7d0\r\n" + b" " * 2000 + b"\r\n0\r\n\r\n"
    )
    wire = HttpWire(Policy(stub.url, Secret("k"), most_json=1000))
    with pytest.raises(TransportError, match="larger than 1000 bytes"):
        wire.send(GET)
    wire.close()


@pytest.mark.law("X6")
def test_what_is_no_body_is_held_to_the_limit_too():
    meter = Meter(10.0, 1000)
    meter.received(1000)
    with pytest.raises(TransportError, match="larger than 1000 bytes"):
        meter.received(2 * 1024**2)


def test_a_write_does_not_go_onto_a_connection_that_has_ended(stub):
    """It would be lost there, and nobody could say whether it was carried out."""
    stub.says = plain(b"Content-Length: 8")
    wire = HttpWire(Policy(stub.url, Secret("k")))
    for number in range(1, 4):
        assert wire.send(Request("POST", "/x", body=b"{}")).content == BODY
        assert stub.calls == number
        time.sleep(0.05)  # until the end has arrived
    wire.close()


@pytest.mark.parametrize("header", ["a\r\nX-Evil: 1", "a\nb", "a\0b", "\u0416"])
def test_a_header_that_holds_more_than_one_is_never_sent(wire, stub, header):
    stub.says = plain(b"Content-Length: 8")
    with pytest.raises(TransportError, match="holds what no request can") as refused:
        wire.send(Request("GET", "/x", headers={"if-match": header}))
    assert not refused.value.sent


@pytest.mark.parametrize("path", ["/x y", "/x\r\nX-Evil: 1", "/x\0", "/\u0416"])
def test_a_path_is_one_word_of_the_request_line(service, path):
    service.will()
    wire = HttpWire(Policy(service.url, Secret("k")))
    wire.send(Request("GET", path))
    wire.close()
    ((_, asked, headers, _),) = service.asked
    assert asked.isascii()
    assert " " not in asked
    assert "X-Evil" not in headers


def test_a_refused_upload_is_heard_before_it_is_sent_whole(stub, tmp_path):
    (tmp_path / "file").write_bytes(bytes(20_000_000))
    stub.says = (
        b"HTTP/1.1 413 Too Large\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )
    wire = HttpWire(Policy(stub.url, Secret("k"), bulk_timeout=5.0))
    try:
        assert wire.put("/x", FileBody(tmp_path / "file"), {"content-digest": "x"}).status == 413
    except TransportError as broken:  # the line may be gone before its last words are read
        assert broken.sent  # noqa: PT017
    wire.close()
