"""Law X1 and the HTTP wire: the key stays at its address, and faults are one sentence."""

from __future__ import annotations

import copy
import logging
import pickle
import socket
import time

import pytest

from cellframe.client import Client
from cellframe.errors import TransportError
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.replies import ask
from cellframe.transport.session import HttpWire
from tests.conftest import CANARY as KEY
from tests.conftest import COOKIE

PAGE = b"<!doctype html><title>Sign in</title>"


@pytest.fixture
def wire(service):
    """An HTTP wire with a key and short times."""
    found = HttpWire(Policy(service.url, Secret(KEY), connect_timeout=1.0, read_timeout=0.4))
    yield found
    found.close()


def failure(wire, method="GET", path="/x", body=None) -> TransportError:
    with pytest.raises(TransportError) as fault:
        ask(wire, method, path, body=body)
    assert KEY not in repr(fault.value)
    return fault.value


def test_the_key_is_sent_and_nothing_else_of_identity(wire, service):
    service.will(body=b'{"a": 1}')
    assert ask(wire, "GET", "/x", query={"name": "eq.a b", "limit": None}) == {"a": 1}
    ((method, path, headers, _),) = service.asked
    assert (method, path, headers["X-API-Key"]) == ("GET", "/x?name=eq.a+b", KEY)
    assert "Authorization" not in headers
    assert "Cookie" not in headers


@pytest.mark.law("X1")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_redirect_is_refused_and_the_key_stays(wire, service, stranger, status, method):
    service.will(status, Location=f"{stranger.url}/y")
    fault = failure(wire, method, body={} if method in ("POST", "PATCH") else None)
    assert "redirect, which is not followed" in str(fault)
    assert stranger.asked == []


@pytest.mark.law("X1")
@pytest.mark.parametrize("status", [300, 302, 304])
def test_a_redirect_that_names_no_place_is_no_answer(wire, service, status):
    service.will(status, b"")
    failure(wire, "PATCH", body={})


@pytest.mark.parametrize("status", [200, 404, 403])
def test_a_web_page_is_one_clear_sentence(wire, service, status):
    service.will(status, PAGE, "text/html; charset=utf-8")
    said = str(failure(wire))
    assert f"with text/html (status {status}), not JSON" in said
    assert "is this the address of a cell-record service?" in said
    assert "\n" not in said


@pytest.mark.law("R8")
@pytest.mark.parametrize("length", [1, 5, 12])
def test_a_body_that_was_cut_is_an_error(wire, service, length):
    service.will(body=b'{"name": "a"}'[:length])
    failure(wire)


def test_nothing_answers(wire, service):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = HttpWire(Policy(f"http://127.0.0.1:{free.getsockname()[1]}", Secret(KEY)))
        fault = failure(gone)
    gone.close()
    assert "Nothing answers" in str(fault)
    assert not fault.sent


@pytest.mark.law("R10")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_slow_service_is_given_up_in_time_and_asked_once(wire, service, method):
    service.will(pause=1.5)
    started = time.monotonic()
    fault = failure(wire, method)
    assert time.monotonic() - started < 1.2
    assert "no answer came within 0.4 s" in str(fault)
    assert fault.sent
    assert service.methods == [method]


@pytest.mark.rule("W38")
@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_get_is_sent_again(wire, service, status):
    service.will(status).will(body=b'{"a": 1}')
    assert ask(wire, "GET", "/x") == {"a": 1}
    assert service.methods == ["GET", "GET"]


@pytest.mark.rule("W38")
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_write_is_never_sent_again(wire, service, method, status):
    service.will(status)
    assert wire.send(_request(method)).status == status
    assert service.methods == [method]


@pytest.mark.rule("W38")
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_write_whose_connection_broke_is_never_sent_again(wire, service, method):
    service.will(cut=True)
    assert failure(wire, method).sent
    assert service.methods == [method]


def test_a_get_whose_connection_broke_is_sent_again(wire, service):
    service.will(cut=True).will(body=b"[]")
    assert ask(wire, "GET", "/x") == []


def _request(method):
    from cellframe.transport.replies import make_request

    return make_request(method, "/x")


@pytest.mark.law("X3")
def test_the_key_shows_nowhere(wire, service, caplog):
    caplog.set_level(logging.DEBUG)
    client = Client(service.url, KEY)
    shown = [repr(wire), str(wire), repr(client), repr(wire._policy), str(wire._policy.key)]
    service.will(500, b"{}")
    shown.append(str(client.__dict__))
    with pytest.raises(Exception) as fault:  # noqa: PT011 - whatever it is, it does not show the key
        client.health_check()
    client.close()
    assert KEY not in "".join([*shown, repr(fault.value), caplog.text])


@pytest.mark.law("X3")
@pytest.mark.parametrize("act", [pickle.dumps, copy.deepcopy, copy.copy])
def test_a_client_and_its_wire_are_never_pickled_or_copied(wire, service, act):
    client = Client(service.url, KEY)
    for thing in (client, wire, wire._policy.key):
        with pytest.raises(TypeError, match="never pickled or copied"):
            act(thing)
    client.close()


@pytest.mark.law("X1")
def test_no_password_of_netrc_is_added(wire, service, tmp_path, monkeypatch):
    secrets = tmp_path / "netrc"
    secrets.write_text("machine 127.0.0.1 login me password netrc-password\n")
    monkeypatch.setenv("NETRC", str(secrets))
    service.will()
    ask(wire, "GET", "/x")
    assert "Authorization" not in service.words


@pytest.mark.law("X1")
@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_clear_text_to_this_machine_goes_through_no_proxy(service, stranger, monkeypatch, name):
    monkeypatch.setenv(name, stranger.url)
    wire = HttpWire(Policy(service.will().url, Secret(KEY)))
    ask(wire, "GET", "/x")
    wire.close()
    assert stranger.asked == []


def test_a_cookie_of_the_service_does_not_reach_another_path_of_trust(wire, service):
    service.will(Set_Cookie=f"a={COOKIE}; Domain=example.org").will()
    ask(wire, "GET", "/x")
    ask(wire, "GET", "/y")
    assert "Cookie" not in service.asked[1][2]


@pytest.mark.law("X7")
@pytest.mark.parametrize("name", ["../x", "...", "a/b", "a?b#c", "%2e%2e", "é", "a b"])
def test_an_id_is_one_segment_of_the_path(wire, service, name):
    from cellframe.contract.routes import one

    service.will()
    ask(wire, "GET", one("/cells", name))
    path = service.asked[0][1]
    assert path.count("/") == 2
    assert path.rpartition("/")[2] not in (".", "..")
