"""Certificates and proxies: whom a connection trusts, and what stands between sees."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading

import pytest

from cellframe.contract.wire import Request
from cellframe.errors import ConfigError, TransportError
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire
from tests.conftest import CANARY

GET = Request("GET", "/x")
SAYS = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class Ends:
    """A listener that deals with one connection after the other, and keeps what it heard."""

    def __init__(self, deal):
        self.heard = b""
        self._deal = deal
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            line.settimeout(5)
            with line, contextlib.suppress(OSError):
                self._deal(self, line)

    def close(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The certificate of a lab that nobody knows, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("lab")
    key, signed = folder / "key.pem", folder / "lab.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", key, "-out", signed, "-days", "2", "-subj", "/CN=lab.test"]
    subprocess.run(
        [*command, "-addext", "subjectAltName=DNS:lab.test,IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    return signed, key


@pytest.fixture
def lab(certificate):
    """A service with that certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def deal(ends, line):
        with context.wrap_socket(line, server_side=True) as safe:
            ends.heard += safe.recv(65536)
            safe.sendall(SAYS)

    ends = Ends(deal)
    yield ends
    ends.close()


@pytest.fixture
def proxy(lab):
    """What stands between: it hands over what it hears to the lab, and keeps it."""

    def deal(ends, line):
        ends.heard += line.recv(65536)
        line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", lab.port), 5) as onward:
            back = threading.Thread(target=_hand_on, args=(onward, line))
            back.start()
            ends.heard += _hand_on(line, onward)
            back.join()

    ends = Ends(deal)
    yield ends
    ends.close()


def _hand_on(source, target) -> bytes:
    heard = b""
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            heard += piece
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    return heard


def asked(url: str) -> bytes:
    wire = HttpWire(Policy(url, Secret(CANARY), connect_timeout=5.0, read_timeout=5.0))
    try:
        return wire.send(GET).content
    finally:
        wire.close()


@pytest.mark.law("X1")
def test_a_certificate_that_nobody_knows_is_refused_before_a_byte_is_sent(lab):
    with pytest.raises(TransportError, match="certificate could not be verified") as refused:
        asked(f"https://127.0.0.1:{lab.port}")
    assert not refused.value.sent
    assert lab.heard == b""


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_company_s_own_certificate_is_trusted_where_it_is_named(
    lab, certificate, monkeypatch, name
):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(name, str(certificate[0]))
    assert asked(f"https://127.0.0.1:{lab.port}") == b"{}"
    assert f"X-API-Key: {CANARY}".encode() in lab.heard


@pytest.mark.law("X1")
def test_a_certificate_of_another_host_is_refused(lab, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    with pytest.raises(TransportError, match="certificate could not be verified"):
        asked(f"https://localhost:{lab.port}")
    assert lab.heard == b""


def test_certificates_that_are_not_there_are_named(lab, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "gone.pem"))
    with pytest.raises(ConfigError, match=r"gone\.pem \(REQUESTS_CA_BUNDLE\) cannot be read"):
        asked(f"https://127.0.0.1:{lab.port}")


def test_a_service_without_tls_is_told_as_such(stub):
    stub.says = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    with pytest.raises(TransportError, match="does not speak https"):
        asked(stub.url.replace("http", "https"))


@pytest.mark.law("X1")
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_tunnels_and_never_sees_the_key(lab, proxy, certificate, monkeypatch, name):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    monkeypatch.setenv(name, f"http://me:pass%40word@127.0.0.1:{proxy.port}")
    assert asked(f"https://lab.test:{lab.port}") == b"{}"
    assert proxy.heard.startswith(f"CONNECT lab.test:{lab.port} HTTP/1.".encode())
    assert b"Proxy-Authorization: Basic bWU6cGFzc0B3b3Jk" in proxy.heard
    assert f"Host: lab.test:{lab.port}\r\n".encode() in lab.heard
    assert CANARY.encode() in lab.heard
    assert CANARY.encode() not in proxy.heard
    assert b"Proxy-Authorization" not in lab.heard


@pytest.mark.parametrize("spared", ["lab.test", ".test", "*"])
def test_a_host_that_is_spared_goes_past_the_proxy(lab, proxy, certificate, monkeypatch, spared):
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", spared)
    with pytest.raises(TransportError, match="Nothing answers"):
        asked(f"https://lab.test:{lab.port}")  # a name that nobody knows
    assert proxy.heard == b""


@pytest.mark.parametrize("named", ["https://127.0.0.1:1", "socks5://127.0.0.1:1"])
def test_a_proxy_of_another_kind_is_refused_in_plain_words(monkeypatch, named):
    monkeypatch.setenv("HTTPS_PROXY", named)
    with pytest.raises(ConfigError, match="speaks to http:// ones alone"):
        asked("https://lab.test")


def test_clear_text_to_a_trusted_network_goes_through_its_proxy(service, monkeypatch):
    monkeypatch.setenv("http_proxy", service.url)
    service.will()
    assert asked("http://lab.test:8000/api") == b"{}"
    ((_, path, headers, _),) = service.asked
    assert (path, headers["Host"]) == ("http://lab.test:8000/api/x", "lab.test:8000")
