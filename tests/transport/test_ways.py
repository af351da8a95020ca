"""Whose certificates does a connection trust?"""

from __future__ import annotations

import pytest

from cellframe.contract.wire import Request
from cellframe.errors import ConfigError, TransportError
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire
from tests.conftest import CANARY

GET = Request("GET", "/x")


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
