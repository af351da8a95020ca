"""`cellframe doctor`: what is wrong here, and what to do about it."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
import tomllib
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from cellframe.cli.checks import disk, machine, service
from cellframe.cli.checks.finding import State
from cellframe.cli.checks.machine import SETTINGS
from cellframe.cli.profiles import Profile, config_file, save
from cellframe.store.journals import Journals
from cellframe.store.places import cache_folder, state_folder
from tests.conftest import CANARY, with_cell

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def examine(call):
    """Run the doctor; return its code, and what it found by topic."""

    def examine_(*arguments: str):
        ran = call("doctor", "--json", *arguments)
        assert ran.err == ""
        found = json.loads(ran.out)
        assert found["exit_code"] == ran.code
        topics: dict[str, list[SimpleNamespace]] = {}
        for check in found["checks"]:
            topics.setdefault(check["topic"], []).append(SimpleNamespace(**check))
        return ran.code, topics

    return examine_


@pytest.fixture
def lab(client, tmp_path):
    """A folder of records."""
    return str(tmp_path / "lab")


@pytest.fixture
def served(server, monkeypatch):
    """A running service, as the default profile, with its key."""
    save(config_file(), Profile("lab", url=server.url, key_env="LAB_KEY"), "lab", "lab")
    monkeypatch.setenv("LAB_KEY", CANARY)
    return server


class Strange(BaseHTTPRequestHandler):
    """A service that differs from what it should be."""

    date: str | None = None
    answers: Mapping[str, tuple[int, object]] = MappingProxyType({})

    def do_GET(self):
        status, body = self.answers.get(self.path, (404, {}))
        content = json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if self.date:
            self.send_header("Date", self.date)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def strange(monkeypatch):
    """Start a strange service, which the environment names."""
    started = []

    def strange_(date: str | None = None, **answers: tuple[int, object]):
        usual = {
            "/healthz": (200, {}),
            "/users/me": (200, {"email": "ada@x.example"}),
            "/discovery/capabilities": (200, {}),
        }
        kind = type("One", (Strange,), {"date": date, "answers": usual | answers})
        web = HTTPServer(("127.0.0.1", 0), kind)
        started.append(web)
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("CELLFRAME_API_URL", f"http://127.0.0.1:{web.server_port}")
        monkeypatch.setenv("CELLFRAME_API_KEY", CANARY)

    yield strange_
    for web in started:
        web.shutdown()
        web.server_close()


def test_a_folder_of_records_is_well(call, lab):
    ran = call("doctor", "--data", lab)
    assert (ran.code, ran.err) == (0, "All is well.\n")
    assert f"none: the folder {lab}" in ran.out
    assert "0 specs, in the folder" in ran.out


def test_a_service_is_well_and_its_key_is_shown_nowhere(call, served):
    ran = call("doctor")
    assert (ran.code, ran.err) == (0, "All is well.\n")
    assert f"{served.url}, of the default profile lab" in ran.out
    assert re.search(r"ok +Address +http://\S+ answers in \d+ ms", ran.out)
    assert "agrees with the service's" in ran.out
    assert "accepted, as lab@localhost of Local lab" in ran.out
    assert "each write is guarded by the version" in ran.out
    assert CANARY not in ran.out


def test_a_wrong_key_is_a_fault_that_names_its_variable(examine, served, monkeypatch):
    monkeypatch.setenv("LAB_KEY", "another")
    code, found = examine("--profile", "lab")
    (key,) = found["Key"]
    assert (code, key.state) == (1, "fault")
    assert key.words == f"{served.url} does not accept the key that LAB_KEY holds"
    assert "set LAB_KEY to it" in key.advice
    assert "Abilities" not in found


def test_a_key_that_is_not_set_is_a_fault_and_the_disk_is_looked_at(examine):
    save(config_file(), Profile("lab", url="https://x.example", key_env="NO_KEY"), "lab", "lab")
    code, found = examine()
    assert (code, found["Service"][-1].state) == (1, "fault")
    assert "NO_KEY, which is not set" in found["Service"][-1].words
    assert "History" in found


def test_nothing_set_up_is_a_fault_that_says_how(examine):
    code, found = examine()
    assert code == 1
    assert "cellframe config add lab" in found["Service"][0].words


@pytest.mark.parametrize(
    ("host", "advice"), [("localhost", "is known here"), ("no.such.invalid", "leads nowhere")]
)
def test_a_service_that_is_away_is_6(examine, monkeypatch, host, advice):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("CELLFRAME_API_URL", f"https://{host}:{free.getsockname()[1]}")
        monkeypatch.setenv("CELLFRAME_API_KEY", CANARY)
        code, found = examine()
    assert (code, found["Address"][0].state) == (6, "away")
    assert advice in found["Address"][0].advice


def test_a_fault_counts_more_than_a_service_that_is_away(examine, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CELLFRAME_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("CELLFRAME_API_URL", "http://localhost:1")
    monkeypatch.setenv("CELLFRAME_API_KEY", CANARY)
    code, found = examine()
    assert (code, found["History"][0].state, found["Address"][0].state) == (1, "fault", "away")
    assert "Set CELLFRAME_HOME" in found["History"][0].advice


def test_profiles_that_cannot_be_read_are_a_fault_beside_what_the_environment_names(
    examine, strange
):
    config_file().parent.mkdir(parents=True)
    config_file().write_text("nonsense", "utf-8")
    strange()
    code, found = examine()
    assert (code, found["Profiles"][0].state, found["Key"][0].state) == (1, "fault", "ok")


@pytest.mark.parametrize(("seconds", "words"), [(-90, "ahead of"), (90, "behind")])
def test_a_clock_that_is_off_is_a_fault(examine, strange, seconds, words):
    strange(formatdate(time.time() + seconds, usegmt=True))
    code, found = examine()
    assert (code, found["Clock"][0].state) == (1, "fault")
    assert re.fullmatch(
        rf"this computer's is (89|90|91) s {words} the service's", found["Clock"][0].words
    )


def test_a_clock_that_is_a_little_off_is_well(examine, strange):
    strange(formatdate(time.time() + 50, usegmt=True))
    assert examine()[1]["Clock"][0].state == "ok"


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_service_without_the_time_is_no_fault(examine, strange, date):
    strange(date)
    code, found = examine()
    assert (code, found["Clock"][0].words) == (0, "the service does not tell the time")


@pytest.mark.parametrize("said", [(200, {}), (404, {}), (200, {"extensions": {"if_match": False}})])
def test_a_service_that_does_not_guard_writes_needs_attention(examine, strange, said):
    strange(**{"/discovery/capabilities": said})
    code, found = examine()
    assert (code, found["Abilities"][0].state) == (0, "attention")


@pytest.mark.parametrize("path", ["/healthz", "/users/me", "/discovery/capabilities"])
def test_a_service_that_fails_is_away(examine, strange, path):
    strange(**{path: (503, {})})
    assert examine()[0] == 6


def test_a_service_that_wants_a_key_for_its_health_is_there(examine, strange):
    strange(**{"/healthz": (401, {}), "/users/me": (403, {})})
    code, found = examine()
    assert (code, found["Key"][0].state, found["Address"][0].state) == (1, "fault", "ok")


@pytest.mark.parametrize("who", [[], {}, {"email": None, "authorized_organization": "x"}])
def test_whoever_the_key_is_of_it_is_accepted(examine, strange, who):
    strange(**{"/users/me": (200, who)})
    assert examine()[1]["Key"][0].words == "accepted, as somebody without a name"


def test_a_service_of_the_environment_hides_the_default_profile(examine, strange, lab):
    strange()
    assert examine()[1]["Service"][0].state == "ok"
    save(config_file(), Profile("bench", data=lab), "bench", "bench")
    (used,) = examine()[1]["Service"]
    assert used.state == "attention"
    assert used.advice == "To use the profile: --profile bench, or unset CELLFRAME_API_URL."


def test_settings_are_shown_and_keys_are_not(examine, monkeypatch, lab):
    monkeypatch.setenv("CELLFRAME_API_KEY", CANARY)
    monkeypatch.setenv("IONWORKS_PROJECT_ID", "p-1")
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:geheim@proxy.example")
    monkeypatch.setenv("CELLFRAME_DEBUG", "")
    words = examine("--data", lab)[1]["Settings"][0].words
    assert "CELLFRAME_API_KEY is set" in words
    assert "IONWORKS_PROJECT_ID=p-1" in words
    assert "HTTPS_PROXY is set" in words
    assert "CELLFRAME_DEBUG is empty" in words
    assert CANARY not in words


def test_a_setting_that_nobody_reads_is_told_unless_a_profile_names_it(examine, monkeypatch, lab):
    monkeypatch.delenv("CELLFRAME_PEERS", raising=False)
    monkeypatch.setenv("CELLFRAME_APIKEY", CANARY)
    _, wrong = examine("--data", lab)[1]["Settings"]
    assert wrong.words == "CELLFRAME_APIKEY means nothing to cellframe"
    assert wrong.advice == "Is it meant to be CELLFRAME_API_KEY?"
    profile = Profile("far", url="https://x.example", key_env="CELLFRAME_APIKEY")
    save(config_file(), profile, "far", None)
    assert len(examine("--data", lab)[1]["Settings"]) == 1


def test_every_variable_that_is_heeded_is_known_to_the_doctor():
    source = [path.read_text("utf-8") for path in (PROJECT / "cellframe").rglob("*.py")]
    named = {
        name for text in source for name in re.findall(r'"((?:CELLFRAME|IONWORKS)_[A-Z_]+)"', text)
    }
    assert named <= set(SETTINGS)


def test_the_packages_are_those_of_the_project():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(machine.PACKAGES) <= {re.split("[<>=]", one)[0] for one in project["dependencies"]}


def test_packages_that_are_missing_are_told(examine, monkeypatch, lab):
    monkeypatch.setattr(machine, "PACKAGES", ("polars", "nope"))
    code, found = examine("--data", lab)
    assert (code, found["Packages"][0].state) == (1, "fault")
    assert found["Packages"][0].words.endswith("missing: nope")


def test_a_terminal_without_letters_needs_attention(run, lab):
    ran = run("doctor", "--data", lab, PYTHONIOENCODING="ascii")
    assert ran.code == 0
    assert "attention  Terminal     ascii" in ran.out


def test_a_folder_that_is_none_of_records_is_a_fault(examine, tmp_path):
    code, found = examine("--data", str(tmp_path / "typo"))
    assert (code, found["Service"][-1].state) == (1, "fault")
    assert not (tmp_path / "typo").exists()


def test_a_damaged_folder_is_a_fault(examine, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "cellframe.sqlite").write_text("no database" * 100)
    code, found = examine("--data", str(tmp_path / "bad"))
    assert (code, found["Records"][0].state) == (1, "fault")
    assert "cellframe server verify" in found["Records"][0].advice


@pytest.mark.skipif(os.name == "nt", reason="rights differ there")
def test_a_history_that_others_can_read_needs_attention(examine, served):
    for folder, mode in ((state_folder(), 0o755), (cache_folder(), 0o700)):
        folder.mkdir(parents=True)
        folder.chmod(mode)
    code, found = examine()
    assert [one.state for one in found["History"]] == ["ok", "attention"]
    assert found["History"][1].advice.endswith(f"chmod 700 {state_folder()}")
    assert (code, len(found["Downloads"])) == (0, 1)


@pytest.mark.parametrize(
    ("free", "state"), [(10**10, "ok"), (10**8, "attention"), (10**6, "fault")]
)
def test_a_disk_that_is_full_is_told(examine, monkeypatch, lab, free, state):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    (folder,) = [one for one in examine("--data", lab)[1]["Folder"] if "free" in one.words]
    assert folder.state == state


def test_a_file_with_two_names_counts_once(tmp_path):
    (tmp_path / "one").write_bytes(b"x" * 1000)
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    assert disk._bytes(tmp_path) == 1000


def test_the_last_apply_is_looked_at(examine, client, cells, lab):
    assert examine("--data", lab)[1]["Last apply"][0].words == "none yet"
    client.apply(client.cell_instance.plan(with_cell(cells, "c-001", "cell.mass [g]", 40.0)))
    assert examine("--data", lab)[1]["Last apply"][0].words == "finished"
    (journal,) = Path(lab).rglob("*.jsonl")
    *lines, _ = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines))
    (last,) = examine("--data", lab)[1]["Last apply"]
    assert (last.state, last.words) == ("attention", f"not finished, or under way: {journal}")
    journal.write_bytes(b"x\n" + b"".join(lines))
    assert "cannot be read" in examine("--data", lab)[1]["Last apply"][0].words


def test_rows_that_were_left_open_are_counted(examine, lab):
    with Journals(Path(lab) / ".cellframe" / "one" / "journals").open_new({}) as journal:
        journal.append([{"type": "end", "counts": {"ok": 4, "unknown": 1, "not_attempted": 2}}])
    (last,) = examine("--data", lab)[1]["Last apply"]
    assert last.words == f"3 rows left open: {journal.path}"


def test_a_slow_service_needs_attention():
    assert service._address("https://x.example", 2.5).state is State.ATTENTION
    assert service._address("https://x.example", 0.5).state is State.OK


def test_it_changes_nothing(examine, lab):
    before = sorted(map(str, Path(lab).rglob("*")))
    examine("--data", lab)
    assert sorted(map(str, Path(lab).rglob("*"))) == before
