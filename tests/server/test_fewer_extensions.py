"""A service that leaves extensions out neither tells of them nor hears them."""

from __future__ import annotations

import subprocess
import sys

import orjson
import pytest

from cellframe.contract.wire import Request
from cellframe.errors import ConfigError
from cellframe.server.answer import Service
from cellframe.server.lesser import EXTENSIONS

JSON = {"content-type": "application/json"}


@pytest.fixture
def lesser(tmp_path):
    """Open services without some extensions; each is asked by a function."""
    opened = []

    def open_(*without):
        opened.append(Service(tmp_path / "lab", open_door=True, without=without))
        return lambda method, path, body=None, **headers: asked(
            opened[-1], method, path, body, **headers
        )

    yield open_
    for service in opened:
        service.close()


def asked(service, method, path, body=None, **headers):
    sent = None if body is None else orjson.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = service.answer(Request(method, path, headers={**JSON, **named}, body=sent))
    return reply.status, orjson.loads(reply.content or b"null"), reply.headers


def offered(ask):
    return set(ask("GET", "/discovery/capabilities")[1]["extensions"])


@pytest.mark.law("A7")
@pytest.mark.parametrize("name", EXTENSIONS)
def test_what_is_left_out_is_not_told_of(lesser, name):
    assert name in offered(lesser())
    assert name not in offered(lesser(name))


@pytest.mark.law("A7")
def test_a_stale_write_is_carried_out_without_if_match(lesser):
    ask = lesser("if_match")
    spec = ask("POST", "/cell_specifications", {"name": "s"})[1]["id"]
    path = f"/cell_specifications/{spec}"
    assert ask("PATCH", path, {"notes": "x"}, if_match='"7"')[0] == 200
    stale = {"method": "PATCH", "path": path, "body": {"notes": "y"}, "if_match": '"7"'}
    _, told, _ = ask("POST", "/batch", {"operations": [stale]})
    assert told["results"][0]["status"] == 200


@pytest.mark.law("A7")
def test_a_repeated_create_is_no_replay_without_keys(lesser):
    ask = lesser("idempotency_key")
    for status in (201, 409):
        told = ask("POST", "/cell_specifications", {"name": "s"}, idempotency_key="k")
        assert told[0] == status
    twice = {
        "method": "POST",
        "path": "/cell_specifications",
        "body": {"name": "t"},
        "idempotency_key": "k",
    }
    _, told, _ = ask("POST", "/batch", {"operations": [twice, twice]})
    assert [one["status"] for one in told["results"]] == [201, 409]


@pytest.mark.law("A7")
def test_no_record_has_a_version_without_versions(lesser):
    ask = lesser("version")
    _, made, headers = ask("POST", "/cell_specifications", {"name": "s"})
    _, told, _ = ask("GET", "/cell_specifications")
    change = {"method": "PATCH", "path": f"/cell_specifications/{made['id']}", "body": {}}
    _, batch, _ = ask("POST", "/batch", {"operations": [change]})
    records = [made, *told["items"], batch["results"][0]["body"]]
    assert not [record for record in records if "version" in record]
    assert "etag" not in headers
    assert "if_match" not in offered(ask)


def test_a_batch_that_is_none_is_refused_by_its_own_reader(lesser):
    assert lesser("if_match")("POST", "/batch", {"operations": 7})[0] == 422
    assert lesser("batch")("POST", "/batch", {"operations": []})[0] == 404


def test_what_cannot_be_left_out_is_named(tmp_path):
    with pytest.raises(ConfigError, match="dry_run cannot be left out; what can be is version"):
        Service(tmp_path / "lab", open_door=True, without=["dry_run"])


def test_the_shell_says_so_too(tmp_path):
    command = [sys.executable, "-m", "cellframe", "serve", "--data", str(tmp_path / "lab")]
    said = subprocess.run(
        [*command, "--port", "0", "--without", "etags"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 1
    assert "etags cannot be left out" in said.stderr
