"""A small fleet of simulated cells: made up, seeded, and labelled so wherever it is seen."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

NAME = "Simulated LFP 18650"
"""Name of the spec; a later demo in the same folder counts on: ``Simulated LFP 18650 (2)``."""
LABEL = "Simulated by cellframe demo"
"""How the notes of every record of the demo begin."""
CELLS = 24
_PER_LOT = 8
_SEED = 20260202
_FIRST_DAY = date(2026, 1, 26)


def spec(name: str) -> dict[str, Any]:
    """Return the fields of the simulated spec.

    Parameters
    ----------
    name : str
        What to call it.

    Returns
    -------
    dict
        Capacity in A.h, mass in g, loading in mg/cm**2.
    """
    return {
        "name": name,
        "form_factor": "18650",
        "notes": f"{LABEL}: no such cell exists.",
        "ratings": {"capacity": {"value": 1.1, "unit": "A.h"}},
        "properties": {"mass": {"value": 39.0, "unit": "g"}},
        "cathode": {"properties": {"loading": {"value": 11.6, "unit": "mg/cm**2"}}},
    }


def cells() -> pl.DataFrame:
    """Return the cells as a frame of new records: their ids are blank.

    Returns
    -------
    DataFrame, shape (24, 8)
        Three lots of eight; masses in g, loadings in mg/cm**2, capacities in A.h. The same
        numbers every time.
    """
    import polars as pl

    chance = random.Random(_SEED)  # noqa: S311 - a simulation, no secret
    rows = [_cell(number, chance) for number in range(CELLS)]
    return pl.DataFrame(rows, schema_overrides={"instance_id": pl.String})


def _cell(number: int, chance: random.Random) -> dict[str, Any]:
    loading = chance.gauss(11.6, 0.15)
    day = _FIRST_DAY + timedelta(weeks=number // _PER_LOT, days=number % 5)
    return {
        "instance_id": None,
        "cell": f"sim-{number + 1:03}",
        "batch": f"{day:%G-W%V}",
        "date_manufactured": day,
        "cell.mass [g]": round(38.9 + 0.4 * (loading - 11.6) + chance.gauss(0, 0.05), 2),
        "cathode.loading [mg/cm**2]": round(loading, 2),
        "cell.capacity [A.h]": round(1.07 * loading / 11.6 + chance.gauss(0, 0.003), 3),
        "notes": f"{LABEL}, not measured.",
    }
