"""Law X12: whatever a service answers, a client says what is wrong with it, in time."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest

from cellframe.client import Client
from cellframe.contract.wire import Reply
from cellframe.errors import CellframeError
from cellframe.transport.inprocess import InProcessWire

SPEC = {"id": "s", "name": "LFP", "ratings": {}, "created_at": "2026-01-05T00:00:00Z", "version": 7}
CELL = {
    "id": "i",
    "name": "c-1",
    "cell_specification_id": "s",
    "measured_properties": {"cell": {"mass": {"value": 41.0, "unit": "g"}}},
    "created_at": "2026-01-05T00:00:00Z",
    "version": 7,
}


def listed(items: object, total: object = None, **more: object) -> object:
    count = len(items) if isinstance(items, list) else 0
    return {"items": items, "count": count, "total": count if total is None else total, **more}


TEST = {"id": "m", "name": "ageing", "cell_instance_id": "i", "measurement_type": "time_series"}
TEST |= {"start_time": "2026-01-05T00:00:00Z", "end_time": None, "tags": ["rpt"]}
CELLS, TESTS = "/cell_specifications/s/cell_instances", "/cell_instances/i/cell_measurements"
GOOD = {
    "/cell_specifications": listed([SPEC]),
    "/cell_specifications/s": SPEC,
    CELLS: listed([CELL]),
    "/cell_instances/i": CELL,
    TESTS: listed([TEST]),
    "/cell_measurements/m": TEST,
}
VALUES = (None, True, 7, -1, 1.5, 2**63, "x", "", "\x1b[31m", [], [[]], {}, {"value": {}}, [None])
"""What stands where something else belongs."""
NAMES = ("../x", "/etc/passwd", "..", ".", "a/b", "a\0b", "C:\\x", "x" * 5000)
WHOLES = [None, True, 7, -1, 10**7, 10**18, "x", [], {}]


def records(good: dict) -> list:
    """A record with something else in one place."""
    return [
        *({**good, field: value} for field in good for value in VALUES),
        *({**good, "id": name} for name in NAMES),
        *({**good, "measured_properties": {"cell": {"mass": value}}} for value in VALUES),
        *({**good, "version": version} for version in (6, 0, -7, 7.5, "7", 2**70)),
        *VALUES,
        {},
    ]


def lists(good: dict) -> list:
    """A list with something else in one place, or of something else."""
    return [
        *(listed([record]) for record in records(good)),
        *(listed(value) for value in VALUES),
        *(listed([good], total) for total in WHOLES),
        *(listed([good], 1, count=count) for count in WHOLES),
        *(listed([good], 1, as_of=value) for value in VALUES),
        listed([good, good]),
        listed([good] * 3, 3),
        [good, None],
        [[good]],
    ]


CALLS = {
    "list": (lambda client: list(client.cell_instance.list("s")), CELLS, lists(CELL)),
    "to_frame": (lambda client: client.cell_instance.to_frame("s"), CELLS, lists(CELL)),
    "names": (
        lambda client: client.cell_instance.to_frame("LFP"),
        "/cell_specifications",
        lists(SPEC),
    ),
    "specs": (lambda client: client.cell_spec.to_frame(), "/cell_specifications", lists(SPEC)),
    "get": (lambda client: client.cell_instance.get("i"), "/cell_instances/i", records(CELL)),
    "tests": (lambda client: client.cell_measurement.to_frame("i"), TESTS, lists(TEST)),
    "detail": (lambda client: client.cell_instance.detail("i"), TESTS, lists(TEST)),
    "frames": (lambda client: client.cell_instance.detail_frames("i"), TESTS, lists(TEST)),
    "series": (
        lambda client: client.cell_measurement.time_series("m"),
        "/cell_measurements/m/time_series/download",
        [*VALUES, *lists(TEST)[:20]],
    ),
}


class Scripted:
    """A service that answers one question in its own way, for ever."""

    def __init__(self, path: str, said: object) -> None:
        self._path = path
        self._said = said
        self.asked = 0

    def answer(self, request):
        self.asked += 1
        assert self.asked < 100, "it is asked for ever"
        said = self._said if request.path == self._path else GOOD.get(request.path)
        about = {"content-type": "application/json", "etag": '"7"'}
        status = 404 if said is None and request.path != self._path else 200
        return Reply(status, about, json.dumps(said).encode())


def tried(name: str, scripts: list, folder) -> None:
    """Make a call of a service that answers it in each of these ways."""
    call, path, _ = CALLS[name]
    for said in scripts:
        service = Scripted(path, said)
        wire = InProcessWire(service.answer, "hostile", lambda: None)
        started = time.monotonic()
        with Client.over(wire, folder / "state") as client, suppress(CellframeError):
            call(client)
        assert time.monotonic() - started < 5, said
    assert {found.name for found in folder.iterdir()} <= {"state"}


@pytest.mark.law("X12")
def test_there_are_two_hundred_replies():
    assert sum(len(scripts[::4]) for *_, scripts in CALLS.values()) >= 200


@pytest.mark.law("X12")
@pytest.mark.parametrize("name", CALLS)
def test_an_answer_of_any_shape_is_taken_or_refused(name, tmp_path):
    tried(name, CALLS[name][2][::4], tmp_path)


@pytest.mark.nightly
@pytest.mark.law("X12")
@pytest.mark.parametrize("name", CALLS)
def test_every_answer_of_any_shape_is_taken_or_refused(name, tmp_path):
    tried(name, CALLS[name][2], tmp_path)
