"""Law A8 for reads: a service that says when to come back is heard, for a minute at most."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.errors import RateLimitError, ServerError, TransportError
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.replies import ask
from cellframe.transport.session import HttpWire
from cellframe.transport.waits import MOST_WAITED, asked_wait

NOW = 1_790_000_000.0
TEN_YEARS = 315_360_000
ASKED = {
    "3": 3.0,
    " 3 ": 3.0,
    "0": 0.0,
    "0.5": 0.5,
    "-1": 0.0,
    "-0.5": 0.0,
    str(TEN_YEARS): float(TEN_YEARS),
    formatdate(NOW + 30, usegmt=True): 30.0,
    formatdate(NOW - 30, usegmt=True): 0.0,
    formatdate(NOW + TEN_YEARS, usegmt=True): float(TEN_YEARS),
    "soon": None,
    "": None,
    None: None,
    "nan": None,
    "inf": None,
    "1e400": None,
    "9" * 400: float("inf"),
    "1_0": None,
    "\u0663": None,
    "0x10": None,
    "3, 4": None,
    "Wed, 99 Foo 2026 00:00:00 GMT": None,
    "Wed, 01 Jan 99999 00:00:00 GMT": None,
}


@pytest.mark.law("A8")
@pytest.mark.parametrize("text", ASKED, ids=repr)
def test_what_a_service_asks_for_is_read(text):
    assert asked_wait(text, lambda: NOW) == ASKED[text]


@pytest.mark.law("A8")
@given(st.text(max_size=40))
def test_whatever_a_service_writes_there_is_no_exception(text):
    found = asked_wait(text)
    assert found is None or found >= 0


@pytest.fixture
def paused():
    """The pauses that were made, instead of them."""
    return []


@pytest.fixture
def wire(service, paused):
    found = HttpWire(Policy(service.url, Secret("k")), sleep=paused.append)
    yield found
    found.close()


@pytest.mark.law("A8")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("asked", ["2", "0.5", "0", "-3", formatdate(NOW - 30, usegmt=True)])
def test_a_read_comes_back_when_it_was_told_to(wire, service, paused, status, asked):
    service.will(status, Retry_After=asked).will(body=b'{"a": 1}')
    assert ask(wire, "GET", "/x") == {"a": 1}
    (pause,) = paused
    assert asked_wait(asked) <= pause <= asked_wait(asked) + 1


@pytest.mark.law("A8")
@pytest.mark.parametrize("asked", ["61", str(TEN_YEARS), "9" * 400])
def test_who_is_to_wait_longer_is_asked_at_once(wire, service, paused, asked):
    service.will(429, Retry_After=asked)
    with pytest.raises(RateLimitError) as refused:
        ask(wire, "GET", "/x")
    assert refused.value.retry_after == float(asked)
    assert (paused, service.methods) == ([], ["GET"])


@pytest.mark.law("A8")
def test_all_waits_of_a_call_are_a_minute_at_most(wire, service, paused):
    service.will(429, Retry_After="25")
    with pytest.raises(RateLimitError) as refused:
        ask(wire, "GET", "/x")
    assert refused.value.retry_after == 25.0
    assert 50 <= sum(paused) <= MOST_WAITED


@pytest.mark.law("A8")
@pytest.mark.parametrize("asked", ["0", "soon", None])
@pytest.mark.parametrize(("status", "kind"), [(429, RateLimitError), (503, ServerError)])
def test_attempts_have_an_end(wire, service, paused, asked, status, kind):
    service.will(status, **({} if asked is None else {"Retry_After": asked}))
    with pytest.raises(kind):
        ask(wire, "GET", "/x")
    assert len(service.asked) == (11 if asked == "0" else 3)
    assert paused == sorted(paused) or max(paused) <= 5


@pytest.mark.law("A8")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_a_write_is_never_repeated_however_it_is_asked(wire, service, paused, status, method):
    service.will(status, Retry_After="0")
    with pytest.raises((RateLimitError, ServerError)):
        ask(wire, method, "/x")
    assert (paused, service.methods) == ([], [method])


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 500, 501])
def test_another_refusal_is_final(wire, service, paused, status):
    service.will(status)
    with pytest.raises(Exception, match=str(status)):
        ask(wire, "GET", "/x")
    assert (paused, service.methods) == ([], ["GET"])


def test_a_write_that_reached_nobody_is_tried_again(paused):
    wire = HttpWire(Policy("http://127.0.0.1:9", Secret("k")), sleep=paused.append)
    with pytest.raises(TransportError, match="Nothing answers"):
        ask(wire, "POST", "/x", body={})
    assert len(paused) == 2
