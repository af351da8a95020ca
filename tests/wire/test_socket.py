"""The service as a process: framing, hosts, signals, ports."""

from __future__ import annotations

import gc
import http.client
import json
import signal
import socket
import time
from contextlib import closing

import pytest

from cellframe.contract.wire import Request
from cellframe.errors import ConfigError, StoreError
from cellframe.server.app import serve
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.session import HttpWire

HEADERS = {"X-API-Key": "k", "Content-Type": "application/json"}


def ask(served, method, path, body=None, **headers):
    sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    with closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=5)) as connection:
        connection.request(method, path, body, sent)
        reply = connection.getresponse()
        return reply, reply.read()


def speak(served, raw):
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


BROKEN = {
    "no HTTP": b"HELLO\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "length of -1": b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "endless header": b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000,
    "space in a name": b"GET / HTTP/1.1\r\nHost: localhost\r\nX y: z\r\n\r\n",
    "TLS": bytes.fromhex("16030100a5010000a10303") + b"\r\n\r\n",
    "query no text": b"GET /healthz?a=%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.law("S6")
@pytest.mark.parametrize("case", BROKEN)
def test_broken_framing_is_answered_with_a_problem(shared, case):
    head, _, body = speak(shared, BROKEN[case]).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 4")
    assert b"content-type: application/json\r\n" in head
    assert set(json.loads(body)) == {"error_code", "message", "detail"}


@pytest.mark.law("X11")
@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost:1/healthz", 200),
        ("HTTP://127.0.0.1/cell_specifications?limit=1", 200),
        ("http://evil.example/healthz", 400),
        ("http://u@localhost/healthz", 400),
        ("http://localhost", 404),
        ("http:///healthz", 400),
    ],
)
def test_a_whole_address_is_taken_and_its_host_counts(shared, target, status):
    assert ask(shared, "GET", target, host="localhost")[0].status == status


@pytest.mark.law("S6")
def test_a_request_that_breaks_off_while_it_is_refused_leaves_no_traceback(served):
    # Refused for its host at once, and broken in the same packet.
    assert speak(served, BROKEN["bad chunk"].replace(b"localhost", b"evil")).count(b"HTTP/1.1") == 1
    served.process.terminate()
    assert "Traceback" not in served.process.communicate(timeout=10)[1]


@pytest.mark.law("X11")
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:1", 200),
        ("127.0.0.1:8765", 200),
        ("[::1]:8765", 200),
        ("[::1]", 200),
        ("evil.example", 400),
        ("evil.example:8765", 400),
        ("localhost.evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost:x", 400),
        ("evil@localhost", 400),
        ("", 400),
    ],
)
def test_only_this_machines_names_are_answered(shared, host, status):
    assert ask(shared, "GET", "/healthz", Host=host)[0].status == status


@pytest.mark.law("X11")
def test_replies_are_plain_and_say_nothing_of_the_software(shared):
    reply, _ = ask(shared, "GET", "/healthz", Origin="https://evil.example")
    headers = {name.lower(): value for name, value in reply.getheaders()}
    assert headers["content-type"] == "application/json"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-correlation-id"]
    assert not {name for name in headers if name.startswith("access-control")} | (
        {"server"} & set(headers)
    )


@pytest.mark.law("X11")
@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/cell_instances/"])
def test_there_are_no_pages_and_no_redirects(shared, path):
    assert ask(shared, "GET", path)[0].status == 404


def test_a_preflight_is_not_granted(shared):
    reply, _ = ask(shared, "OPTIONS", "/cell_specifications", Origin="https://evil.example")
    assert (reply.status, reply.getheader("allow")) == (405, "GET, POST")


def test_a_slash_in_an_id_is_part_of_the_id(shared):
    reply, content = ask(shared, "GET", "/cell_instances/a%2Fb")
    assert (reply.status, json.loads(content)["message"]) == (404, "Cell instance not found.")


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_limit_is_told_so(shared, declared):
    body = bytes(11 * 2**20)
    sent = body if declared else iter([body[: 2**20]] * 11)
    reply, content = ask(shared, "POST", "/cell_specifications", sent)
    assert (reply.status, json.loads(content)["error_code"]) == (413, "BODY_TOO_LARGE")


@pytest.mark.law("S6")
def test_an_endless_body_is_cut_off(shared):
    head = b"POST /cell_specifications HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection(("127.0.0.1", shared.port), timeout=5) as line:
        line.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        assert flood(line, 200) < 60


def flood(line, most):
    """Send chunks of one MiB until the other side has enough; count them."""
    for sent in range(most):
        try:
            line.sendall(b"100000\r\n" + bytes(2**20) + b"\r\n")
        except OSError:
            return sent
    return most


def test_an_unchanged_list_travels_without_a_body(shared):
    etag = ask(shared, "GET", "/cell_batches/none")[0].getheader("etag")
    assert etag is None
    etag = ask(shared, "GET", "/cell_instances")[0].getheader("etag")
    reply, content = ask(shared, "GET", "/cell_instances", If_None_Match=etag)
    assert (reply.status, content, reply.getheader("etag")) == (304, b"", etag)


def test_one_connection_serves_many_requests(shared):
    connection = http.client.HTTPConnection("127.0.0.1", shared.port, timeout=5)
    for method, status in [("GET", 200), ("DELETE", 405), ("GET", 200), ("POST", 405)] * 5:
        connection.request(method, "/healthz", None, HEADERS)
        reply = connection.getresponse()
        assert reply.read()
        assert reply.status == status
    connection.close()


@pytest.mark.law("S12")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(served, number):
    assert ask(served, "GET", "/healthz")[0].status == 200
    served.process.send_signal(number)
    said, complained = served.process.communicate(timeout=10)
    assert (served.process.returncode, said, complained) == (0, "", "")


def test_two_processes_serve_one_folder(serving):
    first, second = serving(), serving()
    _, made = ask(first, "POST", "/cell_specifications", '{"name": "x"}')
    _, read = ask(second, "GET", f"/cell_specifications/{json.loads(made)['id']}")
    assert made == read


def test_given_keys_are_the_only_ones(serving):
    served = serving(0, "secret")
    assert ask(served, "GET", "/users/me")[0].status == 401
    assert ask(served, "GET", "/users/me", X_API_Key="secret")[0].status == 200


def test_it_answers_soon_after_its_start(serving):
    before = time.monotonic()
    assert ask(serving(), "GET", "/healthz")[0].status == 200
    assert time.monotonic() - before < 4


@pytest.mark.law("X11")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_other_machines_are_not_served_without_a_key(tmp_path, host):
    with pytest.raises(ConfigError, match="--key-env NAME"):
        serve(tmp_path / "lab", host=host, port=0, ready=print)
    assert not (tmp_path / "lab").exists()


def test_a_taken_port_is_named(shared, tmp_path):
    with pytest.raises(ConfigError, match=f"port {shared.port}.*--port"):
        serve(tmp_path / "lab", port=shared.port, ready=print)


@pytest.mark.parametrize("options", [{"port": 70000}, {"port": -1}, {"host": "no.such.invalid"}])
def test_an_address_that_is_none_is_refused(tmp_path, options):
    with pytest.raises(ConfigError):
        serve(tmp_path / "lab", **{"port": 0, **options}, ready=print)


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "lab").write_text("x")
    with pytest.raises(StoreError, match="Choose another folder"):
        serve(tmp_path / "lab", port=0, ready=print)


def test_a_client_that_is_left_hangs_up(shared, recwarn):
    left = HttpWire(Policy(shared.url, Secret("k")))
    left.send(Request("GET", "/healthz"))
    (line,) = (one for resting in left._lines._all.values() for one in resting)
    del left
    gc.collect()
    assert line.connection.sock is None
    assert not recwarn.list
