"""What is kept between calls never reaches a plan, another user, or a socket when offline."""

from __future__ import annotations

import os
import sys
from itertools import product
from pathlib import Path

import polars as pl
import pytest

import cellframe as cf
from cellframe.client import Client
from cellframe.contract.wire import Reply
from cellframe.errors import ConfigError, OfflineMissError
from cellframe.store.blobs import Blobs
from cellframe.transport.caching.keeping import Keeping
from cellframe.transport.caching.wire import CachedWire, folders
from cellframe.transport.policy import Policy, Secret
from cellframe.transport.replies import make_request
from tests.conftest import CANARY, with_cell
from tests.cycling import cycling

_connects: list[object] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect":
        _connects.append(arguments[1])


sys.addaudithook(_audit)  # cannot be taken out again; one list is all that it costs


class Counted:
    """A wire to a service here, with what it was asked."""

    in_place = False

    def __init__(self, wire):
        self._wire, self.asked = wire, []
        self.origin = wire.origin

    def send(self, request):
        self.asked.append(request)
        return self._wire.send(request)

    def fetch(self, request, folder):
        self.asked.append(request)
        return self._wire.fetch(request, folder)

    def put(self, *given):
        return self._wire.put(*given)

    def close(self):
        pass


@pytest.fixture
def line(client):
    return Counted(client._wire)


@pytest.fixture
def patient(line, tmp_path):
    """A client that uses every answer for an hour."""
    files = Blobs(tmp_path / "downloads")
    wire = CachedWire(line, tmp_path / "a", tmp_path / "a" / "me", files, Keeping(3600.0))
    yield Client.over(wire, tmp_path / "state")
    wire.close()


def reads(line) -> list[str]:
    found = [f"{request.method} {request.path}" for request in line.asked]
    line.asked.clear()
    return found


@pytest.mark.law("R2")
def test_every_row_that_a_plan_changes_is_asked_for_again(patient, line, client, cells, spec):
    frame = patient.cell_instance.to_frame(spec)
    edited = frame.with_columns(notes=pl.lit("mine"))[:3]
    client.cell_instance.update(frame["instance_id"][0], {"notes": "theirs"})
    patient.cell_instance.plan(edited)
    reads(line)
    plan = patient.cell_instance.plan(edited)
    assert plan.summary["conflict"] == 1
    assert {f"GET /cell_instances/{id_}" for id_ in edited["instance_id"]} <= set(reads(line))


@pytest.mark.law("R2")
def test_a_plan_of_many_rows_asks_for_their_lists_again(patient, line, client, cells, spec):
    for number in range(12, 24):
        client.cell_instance.create(spec, {"name": f"c-{number:03}"})
    edited = patient.cell_instance.to_frame(spec).with_columns(notes=pl.lit("mine"))
    patient.cell_instance.plan(edited)
    client.cell_instance.update(edited["instance_id"][3], {"notes": "theirs"})
    assert patient.cell_instance.plan(edited).summary["conflict"] == 1


@pytest.mark.law("R1")
def test_what_was_applied_is_in_every_frame_after_it(patient, line, cells, spec):
    frame = patient.cell_instance.to_frame(spec)
    again = patient.cell_instance.to_frame(spec)
    assert again.equals(frame)
    patient.apply(patient.cell_instance.plan(with_cell(frame, "c-001", "notes", "mine")))
    shown = patient.cell_instance.to_frame(spec)
    assert shown.filter(cell="c-001")["notes"].item() == "mine"
    assert patient.cell_instance.get("LFP 18650::c-001").notes == "mine"


def test_within_its_age_a_frame_costs_no_request(patient, line, cells, spec):
    frame = patient.cell_instance.to_frame(spec)
    reads(line)
    assert patient.cell_instance.to_frame(spec).equals(frame)
    assert reads(line) == []


@pytest.mark.law("R4")
def test_users_organizations_and_services_never_share_a_folder(tmp_path):
    policies = [
        Policy(address, organization_id=organization, **credential)
        for address in ("https://a.example.org", "https://b.example.org", "https://a.example.org/x")
        for organization in (None, "o1", "o2")
        for credential in (
            {"key": Secret("one")}, {"key": Secret("two")}, {"token": Secret("one")}
        )
    ]  # fmt: skip
    found = [folders(tmp_path, policy) for policy in policies]
    assert len({own for _, own in found}) == len(policies)
    assert len({service for service, _ in found}) == 3
    assert found == [folders(tmp_path, policy) for policy in policies]


class Answering:
    """A service that answers each user with the user's own name."""

    in_place = False

    def __init__(self, policy: Policy, who: str):
        self.origin, self.who = policy.address, who

    def send(self, request):
        body = f'{{"of": "{self.who}", "at": "{request.path}"}}'.encode()
        return Reply(200, {"content-type": "application/json"}, body)

    def close(self):
        pass


def _cross_hits(tmp_path, requests: int) -> int:
    """Count answers of somebody else, where users take turns at one folder and the same paths."""
    policies = [
        Policy(f"https://{host}.example.org", Secret(key), organization_id=organization)
        for host, key, organization in product("ab", ("one", "two"), (None, "o1"))
    ]
    foreign = 0
    for first in range(0, requests, 40):
        at = first // 40 % len(policies)
        where = folders(tmp_path, policies[at])
        wire = CachedWire(
            Answering(policies[at], str(at)), *where, Blobs(tmp_path / "f"), Keeping(60)
        )
        for turn in range(first, first + 40):
            request = make_request("GET", f"/cell_instances/{turn % 23}")
            foreign += f'"of": "{at}"'.encode() not in wire.send(request).body
        wire.close()
    return foreign


@pytest.mark.law("R4")
def test_nobody_is_given_the_answer_of_somebody_else(tmp_path):
    assert _cross_hits(tmp_path, 2000) == 0


@pytest.mark.nightly
@pytest.mark.law("R4")
def test_nobody_is_given_the_answer_of_somebody_else_in_ten_thousand(tmp_path):
    assert _cross_hits(tmp_path, 10_000) == 0


@pytest.mark.law("R1")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://localhost:8765", "http://127.0.0.1:8765"),
        ("http://[::1]:8765/x", "http://LOCALHOST:8765/x"),
        ("https://Lab.example.org", "https://lab.example.org:443"),
    ],
)
def test_a_write_by_one_spelling_of_an_address_is_one_by_the_other(tmp_path, one, other):
    policies = [Policy(address, key=Secret("k")) for address in (one, other)]
    (service, own), (same, other_own) = (folders(tmp_path, policy) for policy in policies)
    assert service == same
    assert own != other_own


@pytest.mark.law("R5")
def test_offline_frames_are_as_they_were_and_no_socket_is_opened(server, remote):
    spec = remote.cell_spec.create({"name": "S"})
    cell = remote.cell_instance.create(spec, {"name": "c"})
    detail = {"measurement": {"name": "t"}, "time_series": cycling()}
    remote.cell_measurement.create(cell, detail)
    online = remote.cell_instance.to_frame("S")
    remote.cell_instance.get("S::c")
    tests = remote.cell_instance.detail_frames(spec=spec).time_series.collect()
    remote.close()
    _connects.clear()
    with cf.Client(server.url, CANARY, offline=True) as offline:
        assert offline.cell_instance.to_frame(spec).equals(online)
        assert offline.cell_instance.to_frame("S").equals(online)
        assert offline.cell_instance.get("S::c").id == cell.id
        with pytest.raises(OfflineMissError, match="cell_specifications/T"):
            offline.cell_instance.to_frame("T")
        found = offline.cell_instance.detail_frames(spec=spec).time_series.collect()
        assert found.equals(tests)
        with pytest.raises(OfflineMissError, match="Connect and read it once"):
            offline.cell_spec.list()
        with pytest.raises(OfflineMissError, match="Connect, and plan again"):
            offline.cell_instance.plan(online.with_columns(notes=pl.lit("x")))
        with pytest.raises(OfflineMissError, match="was not sent"):
            offline.cell_spec.create({"name": "T"})
    assert _connects == []
    check_that_files_are_private(Path(os.environ["CELLFRAME_HOME"], "cache"))


def check_that_files_are_private(folder):
    kept = list(folder.rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in kept if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in kept if path.is_file()} == {0o600}
    assert not [path for path in kept if path.is_file() and CANARY.encode() in path.read_bytes()]


def test_offline_is_also_a_matter_of_the_environment(monkeypatch):
    monkeypatch.setenv("CELLFRAME_OFFLINE", "1")
    offline = cf.Client("https://nowhere.example.org", "k")
    with offline, pytest.raises(OfflineMissError, match="always asked"):
        offline.health_check()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"max_age": -1}, "max_age=-1 is no number of seconds"),
        ({"max_age": "soon"}, "max_age='soon'"),
        ({"cache_size": "a lot"}, "take a size such as '20 GB'"),
        ({"offline": True, "cache_size": 0}, "cache_size=0 keeps nothing"),
    ],
)
def test_what_cannot_be_meant_is_told(given, told):
    with pytest.raises(ConfigError, match=told):
        cf.Client("https://a.example.org", "k", **given)
