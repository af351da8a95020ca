"""What stands between: it leads on, hears neither key nor record, and never holds a call up."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from cellframe.contract.wire import FileBody, Request
from cellframe.errors import ConfigError, TransportError
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire
from tests.conftest import CANARY
from tests.transport.ends import Ends, hear, lead_on

GET = Request("GET", "/x")
KINDS = ["http", "https", "socks5", "socks5h"]
LETS_IN = b"HTTP/1.1 200 Connection established\r\n\r\n"


def leads_on(port, context):
    """A proxy of every kind, as what it hears first tells; it knows one host alone."""

    def deal(ends, line):
        first = line.recv(1, socket.MSG_PEEK)
        if first == b"\x05":
            socks(ends, line)
        else:
            if first == b"\x16":
                line = context.wrap_socket(line, server_side=True)
            ends.heard += hear(line)
            line.sendall(ends.says)
        with line:
            lead_on(ends, line, port)

    return deal


def socks(ends, line):
    ways = line.recv(257)
    line.sendall(bytes([5, ways[-1]]))
    if ways[-1] == 2:
        ends.heard += line.recv(513)
        line.sendall(b"\x01\x00")
    ends.heard += line.recv(263)
    line.sendall(ends.says if ends.says != LETS_IN else bytes([5, 0, 0, 3, 3]) + b"lab\x00\x00")


@pytest.fixture
def proxy(lab, lab_context, certificate, monkeypatch):
    """One that leads to the lab; its certificate is trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    ends = Ends(leads_on(lab.port, lab_context))
    ends.says = LETS_IN
    yield ends
    ends.close()


@pytest.fixture
def wire(lab):
    policy = Policy(f"https://lab.test:{lab.port}", Secret(CANARY), read_timeout=5.0)
    made = HttpWire(policy, sleep=lambda _: None)
    yield made
    made.close()


@pytest.mark.law("X1")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_tunnels_and_never_sees_the_key(wire, lab, proxy, monkeypatch, name, kind):
    monkeypatch.setenv(name, f"{kind}://127.0.0.1:{proxy.port}")
    assert wire.send(GET).content == b"{}"
    assert b"lab.test" in proxy.heard
    assert f"Host: lab.test:{lab.port}\r\n".encode() in lab.heard
    assert CANARY.encode() in lab.heard
    assert CANARY.encode() not in proxy.heard


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_is_told_who_asks_and_the_service_is_not(wire, lab, proxy, monkeypatch, kind):
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://me:pass%40word@127.0.0.1:{proxy.port}")
    assert wire.send(GET).content == b"{}"
    told = b"\x02me\x09pass@word" if "socks" in kind else b"Basic bWU6cGFzc0B3b3Jk\r\n"
    assert told in proxy.heard
    assert b"Proxy-Authorization" not in lab.heard


@pytest.mark.law("X1")
def test_a_proxy_that_nobody_knows_is_told_no_password(wire, lab, proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", f"https://me:word@localhost:{proxy.port}")
    with pytest.raises(TransportError, match=r"localhost:\d+ does not lead there: its certificate"):
        wire.send(GET)
    assert (proxy.heard, lab.heard) == (b"", b"")


@pytest.mark.law("X1")
@pytest.mark.parametrize("kind", KINDS)
def test_a_certificate_of_another_host_is_refused_behind_a_proxy(lab, proxy, monkeypatch, kind):
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:{proxy.port}")
    other = HttpWire(Policy("https://other.test", Secret(CANARY)))
    with pytest.raises(TransportError, match="test failed: its certificate could not be verified"):
        other.send(GET)
    assert lab.heard == b""


@pytest.mark.parametrize("kind", KINDS)
def test_requests_share_a_connection_through_a_proxy(wire, lab, proxy, monkeypatch, kind):
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:{proxy.port}")
    lab.says = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    assert [wire.send(GET).content for _ in range(3)] == [b"{}"] * 3
    wire.close()
    assert (lab.lines, lab.heard.count(b"GET /x")) == (1, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_large_travels_through_a_proxy_unchanged(wire, lab, proxy, monkeypatch, kind):
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:{proxy.port}")
    large = bytes(range(256)) * 8192
    lab.says = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(large)
    lab.says += large
    assert wire.send(Request("POST", "/x", body=large)).content == large
    assert lab.heard.endswith(large)


@pytest.mark.law("R8")
@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_that_is_cut_behind_a_proxy_is_an_error(wire, lab, proxy, monkeypatch, kind):
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:{proxy.port}")
    lab.says = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{}"
    with pytest.raises(TransportError, match="the connection broke"):
        wire.send(GET)


@pytest.mark.parametrize(
    ("kind", "says", "why"),
    [
        ("http", b"HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n", "it answered 407"),
        ("https", b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "it answered 503"),
        ("http", b"SSH-2.0\r\n", "nothing answers"),
        ("socks5", b"\x05\x02\x00\x01", "its rules do not allow it"),
        ("socks5", b"\x05\x63\x00\x01", "it answered 99"),
        ("socks5", b"\x04\x5a\x00\x01", "it does not speak SOCKS 5"),
    ],
)
def test_what_a_proxy_refuses_is_told(wire, lab, proxy, monkeypatch, kind, says, why):
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:{proxy.port}")
    proxy.says = says
    with pytest.raises(TransportError, match=f"does not lead there: {why}$") as refused:
        wire.send(GET)
    assert not refused.value.sent
    assert lab.heard == b""


@pytest.mark.parametrize("says", [b"\x05\xff", b"\x05\x02\x01\x01"])
def test_a_proxy_that_does_not_let_in_is_told(wire, monkeypatch, says):
    def deal(_, line):
        line.recv(65536)
        line.sendall(says)
        line.recv(65536)

    ends = Ends(deal)
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://me:word@127.0.0.1:{ends.port}")
    with pytest.raises(TransportError, match="it does not let you in"):
        wire.send(GET)
    ends.close()


@pytest.mark.law("R10")
@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_that_trickles_is_given_up(monkeypatch, kind):
    def deal(_, line):
        with contextlib.suppress(OSError):
            while True:
                line.sendall(b"\x05" if "socks" in kind else b"H")
                time.sleep(0.02)

    slow = Ends(deal)
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:{slow.port}")
    started = time.monotonic()
    policy = Policy("https://lab.test", Secret(CANARY), connect_timeout=0.1)
    wire = HttpWire(policy, sleep=lambda _: None)
    with pytest.raises(TransportError, match="does not lead there"):
        wire.send(GET)
    assert time.monotonic() - started < 5
    slow.close()


@pytest.mark.law("R10")
@pytest.mark.parametrize("kind", KINDS)
def test_a_greeting_that_trickles_behind_a_proxy_is_given_up(
    lab_context, certificate, monkeypatch, kind
):
    """A record of TLS is announced, and comes byte by byte."""

    def deal(_, line):
        with contextlib.suppress(OSError):
            line.recv(65536)
            line.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
            while True:
                line.sendall(b"\x00")
                time.sleep(0.02)

    slow = Ends(deal)
    proxy = Ends(leads_on(slow.port, lab_context))
    proxy.says = LETS_IN
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:{proxy.port}")
    started = time.monotonic()
    policy = Policy("https://lab.test", Secret(CANARY), connect_timeout=0.15)
    wire = HttpWire(policy, sleep=lambda _: None)
    with pytest.raises(TransportError, match="nothing answers"):
        wire.send(GET)
    assert time.monotonic() - started < 5
    slow.close()
    proxy.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_goes_to_its_storage_through_a_proxy(lab, proxy, tmp_path, monkeypatch, kind):
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:{proxy.port}")
    (tmp_path / "file").write_bytes(large := bytes(range(256)) * 8192)
    hosts = (f"lab.test:{lab.port}",)
    policy = Policy("https://x.test", Secret(CANARY), storage_hosts=hosts, storage_proxy=True)
    with contextlib.closing(HttpWire(policy)) as wire:
        wire.put(f"https://lab.test:{lab.port}/f", FileBody(tmp_path / "file"), {})
    assert lab.heard.endswith(large)
    assert CANARY.encode() not in lab.heard


@pytest.mark.parametrize("spared", ["lab.test", ".test", "*"])
def test_a_host_that_is_spared_goes_past_the_proxy(wire, proxy, monkeypatch, spared):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", spared)
    with pytest.raises(TransportError, match="Nothing answers"):
        wire.send(GET)  # a name that nobody knows
    assert proxy.heard == b""


@pytest.mark.parametrize("kind", ["socks4", "ftp"])
def test_a_proxy_of_another_kind_is_refused_in_plain_words(wire, monkeypatch, kind):
    monkeypatch.setenv("HTTPS_PROXY", f"{kind}://127.0.0.1:1")
    with pytest.raises(ConfigError, match="speaks to http://, https:// and socks5:// ones"):
        wire.send(GET)


def test_clear_text_to_a_trusted_network_goes_through_its_proxy(service, monkeypatch):
    monkeypatch.setenv("http_proxy", service.url)
    service.will()
    with contextlib.closing(HttpWire(Policy("http://lab.test:8000/api"))) as wire:
        assert wire.send(GET).content == b"{}"
    ((_, path, headers, _),) = service.asked
    assert (path, headers["Host"]) == ("http://lab.test:8000/api/x", "lab.test:8000")
