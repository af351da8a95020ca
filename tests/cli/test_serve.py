"""`cellframe serve`, in a real process and over a real socket."""

from __future__ import annotations

import re
import signal
import urllib.error
import urllib.request

import pytest

import cellframe as cf


def status(url: str, key: str | None) -> int:
    headers = {} if key is None else {"X-API-Key": key}
    request = urllib.request.Request(f"{url}/cell_specifications", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def test_one_line_says_where_as_soon_as_it_answers(serve):
    running = serve()
    assert re.fullmatch(r"cellframe is serving lab at http://127\.0\.0\.1:\d+", running.line)
    assert status(running.url, "any") == 200


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_silently(serve, sign):
    running = serve()
    running.process.send_signal(sign)
    page = f"Without Python: {running.url} in a browser.\n"
    assert running.process.stdout.readline() == page
    assert running.process.communicate(timeout=20) == ("", "")
    assert running.process.returncode == 0


def test_a_client_edits_what_it_serves(serve, tmp_path, monkeypatch):
    monkeypatch.setenv("CELLFRAME_HOME", str(tmp_path / "home"))
    with cf.Client(serve().url, "any key") as client:
        spec = client.cell_spec.create({"name": "LFP 18650"})
    with cf.open_local(tmp_path / "lab") as client:
        assert client.cell_spec.get("LFP 18650") == spec


def test_only_the_named_keys_are_accepted(serve):
    running = serve("--key-env", "ONE", "--key-env", "TWO", ONE="first key", TWO="second key")
    keys = ["first key", "second key", "third key", None]
    assert [status(running.url, key) for key in keys] == [200, 200, 401, 401]
    assert "key" not in running.line


@pytest.mark.parametrize(("value", "said"), [({}, "not set"), ({"KEY": " "}, "empty")])
def test_a_key_that_is_not_there_is_said(run, value, said):
    code, out, err = run("serve", "--data", "lab", "--key-env", "KEY", **value)
    assert (code, out) == (1, "")
    assert f"the environment variable KEY is {said}" in err


def test_without_keys_no_other_machine_is_served(run, tmp_path):
    code, out, err = run("serve", "--data", "lab", "--host", "0.0.0.0", "--port", "0")
    assert (code, out) == (1, "")
    assert "--key-env" in err
    assert not (tmp_path / "lab").exists()


def test_a_port_in_use_is_said(serve, run):
    port = serve().url.rpartition(":")[2]
    code, out, err = run("serve", "--data", "other", "--port", port)
    assert (code, out) == (1, "")
    assert f"port {port}" in err
    assert "--port 0" in err


def test_a_public_url_that_is_none_is_said(run):
    ran = run("serve", "--data", "lab", "--port", "0", "--public-url", "lab.example")
    assert ran.code == 1
    assert "'lab.example' is no address; it begins with https://" in ran.err


def test_the_page_can_be_left_out(serve):
    running = serve("--no-page")
    assert [status_of(f"{running.url}{path}") for path in ("/", "/desk", "/desk/enter")] == [
        401
    ] * 3
    running.process.terminate()
    # What came along with the first line is in a buffer that `communicate` leaves alone.
    assert running.process.stdout.read() == ""


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
