"""Writes as people send them, a third of them wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

    from conftest import Caller

SPECS = "/cell_specifications"
NAMES = [f"n-{number}" for number in range(6)]
Write = tuple[str, str, Any, dict[str, str]]
"""Method, path, body, headers."""


def writes(call: Caller, chance: random.Random) -> Write:
    """One write to a service, on what it holds now."""
    specs, cells, tests = (
        _ids(call, path) for path in (SPECS, "/cell_instances", "/cell_measurements")
    )
    spec, cell, test = (chance.choice([*ids, "none"]) for ids in (specs, cells, tests))
    lot = chance.choice(
        [*_ids(call, f"{SPECS}/{specs[0]}/cell_batches"), "none"] if specs else ["none"]
    )
    path, body = chance.choice(
        [
            (SPECS, _spec(chance)),
            (f"{SPECS}/{spec}/cell_instances", _cell(chance, lot)),
            (f"{SPECS}/{spec}/cell_batches", _named(chance)),
            (f"/cell_instances/{cell}/cell_measurements/create", _test(chance)),
        ]
    )
    if chance.random() < 0.4:
        return "POST", path, body, {}
    path, body = chance.choice(
        [
            (f"{SPECS}/{spec}", _spec(chance)),
            (f"/cell_instances/{cell}", _cell(chance, lot)),
            (f"/cell_batches/{lot}", _named(chance)),
            (f"/cell_measurements/{test}", {"tags": ["a", "B"], **_named(chance)}),
        ]
    )
    match = {"if_match": f'"{chance.randint(1, 4)}"'} if chance.random() < 0.3 else {}
    if chance.random() < 0.15:
        return "DELETE", path, None, match
    return "PATCH", path, body, match


def _ids(call: Caller, path: str) -> list[str]:
    return [item["id"] for item in call("GET", f"{path}?order_by=name&order=asc").body["items"]]


def _named(chance: random.Random) -> dict[str, Any]:
    wrong: dict[str, Any] = {"colour": "red"} if chance.random() < 0.1 else {}
    return {"name": chance.choice(NAMES), "notes": str(chance.randint(0, 3)), **wrong}


def _spec(chance: random.Random) -> dict[str, Any]:
    loading = {"value": chance.choice([1.0, 2.0, "x"]), "unit": "mg/cm**2"}
    material = {"name": chance.choice(["LFP", "NMC"]), "definition": {"x": chance.randint(0, 2)}}
    cathode = {"properties": {"loading": loading}, "material": material}
    return {**_named(chance), "cathode": chance.choice([cathode, None])}


def _cell(chance: random.Random, lot: str) -> dict[str, Any]:
    lots = chance.choice([{"batch_id": lot}, {"batch": "L"}, {"batch": f"L{chance.random()}"}, {}])
    return {**_named(chance), **lots}


def _test(chance: random.Random) -> dict[str, Any]:
    value = chance.choice([41.5, None, "heavy"])
    return {**_named(chance), "properties": {"mass": {"value": value, "unit": "g"}}}
