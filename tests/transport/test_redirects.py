"""Law X1: wherever a service sends one on to, the key stays at its own address."""

from __future__ import annotations

from itertools import product

import pytest

from cellframe.contract.wire import FileBody, Request
from cellframe.errors import TransportError
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire
from tests.conftest import CANARY as KEY
from tests.conftest import COOKIE

STATUSES = (301, 302, 303, 307, 308)
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")
PLACES = [
    "http://127.0.0.1:{port}/y",
    "http://localhost:{port}/y",
    "http://LOCALHOST:{port}/y",
    "http://127.1:{port}/y",
    "http://2130706433:{port}/y",
    "http://0x7f000001:{port}/y",
    "http://[::ffff:127.0.0.1]:{port}/y",
    "http://0.0.0.0:{port}/y",
    "http://127.0.0.1:{own}@127.0.0.1:{port}/y",
    "http://me:pass@127.0.0.1:{port}/y",
    "http://127.0.0.1:{port}#@127.0.0.1:{own}/y",
    "http://127.0.0.1:{port}\\@127.0.0.1:{own}/y",
    "http://sub.localhost:{port}/y",
    "//127.0.0.1:{port}/y",
    "\\\\127.0.0.1:{port}/y",
    "https://127.0.0.1:{port}/y",
    "HTTP://127.0.0.1:{port}/y",
    "http://127.0.0.1:{own}/y",
    "/y",
    "y?next=http://127.0.0.1:{port}/y",
]


def port_of(url: str) -> str:
    return url.rpartition(":")[2]


@pytest.fixture
def wire(service):
    found = HttpWire(Policy(service.url, Secret(KEY), organization_id="canary-organization"))
    yield found
    found.close()


@pytest.mark.law("X1")
def test_there_are_five_hundred_cases():
    assert len(STATUSES) * len(METHODS) * len(PLACES) >= 500


@pytest.mark.law("X1")
@pytest.mark.parametrize(("status", "method"), list(product(STATUSES, METHODS)))
def test_no_redirect_is_followed_with_the_key(wire, service, stranger, status, method):
    for place in PLACES:
        service.answers[:] = []
        service.will(
            status, b"", Location=place.format(port=port_of(stranger.url), own=port_of(service.url))
        )
        with pytest.raises(TransportError, match="redirect, which is not followed") as refused:
            wire.send(Request(method, "/x", body=None if method in ("GET", "DELETE") else b"{}"))
        assert KEY not in repr(refused.value)
    assert [path for _, path, *_ in service.asked] == ["/x"] * len(PLACES)
    assert stranger.asked == []


@pytest.mark.law("X1")
@pytest.mark.parametrize("status", STATUSES)
def test_no_file_is_fetched_with_the_key_from_anywhere(wire, service, stranger, tmp_path, status):
    (tmp_path / "file").write_bytes(b"abc")
    for place in PLACES:
        service.answers[:] = []
        place = place.format(port=port_of(stranger.url), own=port_of(service.url))  # noqa: PLW2901
        service.will(status, b"", Location=place).will(200, b"abc")
        try:
            wire.fetch(Request("GET", "/x"), tmp_path / "got")
            wire.put(place, FileBody(tmp_path / "file"), {})
        except TransportError as refused:
            assert KEY not in repr(refused)  # noqa: PT017 - some of the places are the service's own
    onward = [headers for _, path, headers, _ in service.asked if path != "/x"]
    assert not any({"X-API-Key", "X-Organization-Id"} & set(headers) for headers in onward)
    assert stranger.asked == []


@pytest.mark.law("X1")
@pytest.mark.parametrize("name", ["next", "links", "Link"])
def test_a_place_that_an_answer_names_is_not_gone_to(service, stranger, name):
    """Pages are counted, and never followed from one to the next."""
    from cellframe.client import Client

    place = f"{stranger.url}/cell_specifications?offset=1"
    body = f'{{"items": [], "count": 0, "total": 0, "{name}": {{"next": "{place}"}}}}'.encode()
    service.will(404).will(200, body, Link=f'<{place}>; rel="next"')
    with Client(service.url, KEY) as client:
        assert len(client.cell_spec.list()) == 0
    assert stranger.asked == []


@pytest.mark.law("X1")
@pytest.mark.parametrize("name", ["X-API-Key", "x-api-key"])
def test_a_cookie_and_a_key_of_an_answer_are_not_sent_back(wire, service, name):
    service.will(200, b"{}", **{"Set-Cookie": f"session={COOKIE}", name: "other"})
    wire.send(Request("GET", "/x"))
    wire.send(Request("GET", "/x"))
    assert [headers["X-API-Key"] for _, _, headers, _ in service.asked] == [KEY, KEY]
    assert not any("Cookie" in headers for _, _, headers, _ in service.asked)
