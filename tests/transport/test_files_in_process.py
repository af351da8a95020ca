"""A wire without a socket hands files over where they lie."""

from __future__ import annotations

import pytest

from cellframe.contract.wire import FileBody, Reply, Request
from cellframe.errors import TransportError
from cellframe.transport.inprocess import InProcessWire

GET = Request("GET", "/x")


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "kept"
    path.write_bytes(b"0123456789")
    return path


def fetch(folder, *replies):
    """What a wire fetches, and what its service was asked."""
    asked = []
    said = iter(replies)

    def answer(request):
        asked.append(request.target)
        return next(said)

    return InProcessWire(answer, "lab", lambda: None).fetch(GET, folder), asked


def test_a_file_is_given_in_place_and_stays_the_services(kept, tmp_path):
    reply, _ = fetch(tmp_path / "got", Reply(200, {"etag": "a"}, FileBody(kept, movable=True)))
    assert reply.body == FileBody(kept)
    assert reply.headers == {"etag": "a"}
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize("make", [lambda path: FileBody(path, 2, 5), lambda _: b"234"])
def test_what_is_no_whole_file_becomes_one(kept, tmp_path, make):
    reply, _ = fetch(tmp_path / "got", Reply(200, {}, make(kept)))
    assert (reply.body.path.read_bytes(), reply.body.movable) == (b"234", True)
    assert reply.body.path.stat().st_mode & 0o777 == 0o600


def test_a_redirect_to_the_service_is_followed_once(kept, tmp_path):
    onward = Reply(303, {"location": "/storage/files/a%2Fb?c=d+e"})
    reply, asked = fetch(tmp_path, onward, Reply(200, {}, FileBody(kept)))
    assert reply.content == b"0123456789"
    assert asked == ["/x", "/storage/files/a%2Fb?c=d+e"]
    with pytest.raises(TransportError, match="from one place to the next"):
        fetch(tmp_path, onward, onward)


@pytest.mark.law("X2")
@pytest.mark.parametrize("place", ["https://a/b", "//a/b", "b", "", "file:///etc/passwd"])
def test_a_place_outside_the_service_is_refused(tmp_path, place):
    with pytest.raises(TransportError, match="outside itself"):
        fetch(tmp_path, Reply(303, {"location": place}))


def test_a_refusal_is_handed_on(tmp_path):
    assert fetch(tmp_path, Reply(404, {}, b"{}"))[0] == Reply(404, {}, b"{}")


def test_a_put_is_a_request_with_the_file_in_it(kept):
    asked = []

    def answer(request):
        asked.append(request)
        return Reply(200)

    wire = InProcessWire(answer, "lab", lambda: None)
    wire.put("/storage/uploads/a?b=c", FileBody(kept, movable=True), {"content-digest": "d"})
    (request,) = asked
    assert (request.method, request.target) == ("PUT", "/storage/uploads/a?b=c")
    assert request.body == FileBody(kept, movable=True)
    assert request.headers == {"content-type": "application/octet-stream", "content-digest": "d"}
