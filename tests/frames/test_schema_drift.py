"""A service that changes what it answers is told loudly, or its values are shown as they are."""

from __future__ import annotations

import copy
import random

import orjson
import pytest

from cellframe.client import Client
from cellframe.contract.wire import Reply
from cellframe.errors import FrameError, TransportError
from cellframe.frames import rows as rows_of

PATH = "/cell_specifications/s/cell_instances"
FOREIGN = (None, 5, -1.5, True, "text", "", [], [1, "x"], {}, {"a": {"b": [None]}}, 2**60, "2026-13-01")  # fmt: skip


def cells():
    return [
        {
            "id": f"i{n}",
            "cell_specification_id": "s",
            "name": f"c{n}",
            "batch_name": "L1",
            "batch_id": "b",
            "date_manufactured": "2026-01-05T00:00:00Z",
            "measured_properties": {"cell": {"mass": {"value": 41.5, "unit": "g"}, "by": "x"}},
            "notes": "n",
            "created_at": f"2026-01-01T00:00:0{n}Z",
            "version": 1,
        }
        for n in range(4)
    ]


class Drifting:
    """A service with four cells, as they are given."""

    origin, in_place = "https://lab", False

    def __init__(self, items):
        self.body = orjson.dumps({"items": items, "count": len(items), "total": len(items)})

    def send(self, request):
        if request.path == PATH:
            return Reply(200, {}, self.body)
        return Reply(404, {}, b'{"error_code": "NOT_FOUND", "message": "no", "detail": null}')

    def close(self):
        pass


def mutated(number):
    """The cells with one thing changed in one or all of them: a value, a key, a new key."""
    chance = random.Random(number)
    items, foreign = cells(), chance.choice(FOREIGN)
    key = chance.choice([*items[0], "from_the_future"])
    inner = chance.choice([None, "mass", "by", "value", "unit", "new"])
    for item in items if number % 2 else items[2:3]:
        place = item
        if key == "measured_properties" and inner is not None:
            cell = item[key]["cell"]
            place = cell["mass"] if inner in ("value", "unit") else cell
        name = inner if place is not item else key
        if number % 3 == 0:
            place.pop(name, None)
        else:
            place[name] = copy.deepcopy(foreign)
    return items


def weighed(item):
    """The number that a cell's mass has, wherever it still is one."""
    found = item
    for key in ("measured_properties", "cell", "mass", "value"):
        found = found.get(key) if isinstance(found, dict) else None
    return found if type(found) in (int, float) else None


@pytest.mark.law("R9")
@pytest.mark.filterwarnings("ignore:The units of")
@pytest.mark.parametrize("few", [0, rows_of.FEW], ids=["by column", "cell by cell"])
@pytest.mark.parametrize("start", range(0, 200, 50))
def test_what_changes_is_an_error_or_shown_as_it_is(tmp_path, monkeypatch, start, few):
    monkeypatch.setattr(rows_of, "FEW", few)
    told = 0
    for number in range(start, start + 50):
        items = mutated(number)
        try:
            frame = Client.over(Drifting(items), tmp_path).cell_instance.to_frame("s")
        except (FrameError, TransportError):
            told += 1
            continue
        assert frame.height == 4
        for item, row in zip(items, frame.iter_rows(named=True), strict=True):
            for name, label in (("name", "cell"), ("notes", "notes"), ("id", "instance_id")):
                assert row[label] == item.get(name)
            value = weighed(item)
            if value is not None:
                assert value in row.values() or str(value) in str(row["cell.mass"])
    assert told
