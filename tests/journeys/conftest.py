"""Real cells: public data sets that lie beside the project, where they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

import cellframe as cf
from tests.journeys.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).parents[3] / "shared" / "data"


def need(*parts: str) -> Path:
    """A file of real data; the test is skipped, visibly, where it is absent."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data absent: {'/'.join(parts)}")
    return path


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A client of a service that the tests of one file share: real series go up once."""
    with cf.open_local(tmp_path_factory.mktemp("lab")) as local:
        yield local


@pytest.fixture
def desk(tmp_path) -> Desk:
    """A folder to work in, and a shell."""
    return Desk(tmp_path)


def rated_cell(client, name: str, capacity: float):
    """The only cell of a new spec, rated in A.h."""
    ratings = {"capacity": {"value": capacity, "unit": "A*h"}}
    spec = client.cell_spec.create({"name": name, "ratings": ratings})
    return client.cell_instance.create(spec, {"name": f"{name} 1"})


def upload(client, cell, name: str, series: pl.DataFrame, **fields: Any):
    """A series of one cell, uploaded with the checks that everybody gets."""
    detail = {"measurement": {"name": name, **fields}, "time_series": series}
    return client.cell_measurement.create(cell, detail)


def row_where(frame: pl.DataFrame, where: Mapping[str, Any]) -> dict[str, Any]:
    """The one row that has these values."""
    return frame.row(
        by_predicate=pl.all_horizontal(pl.col(k) == v for k, v in where.items()), named=True
    )


@pytest.fixture
def severson() -> pl.DataFrame:
    """84 fast-charged LFP cells, as their table came (Severson et al. 2019)."""
    return pl.read_csv(need("severson-lfp", "cells.csv"))


@pytest.fixture
def severson_capacities() -> pl.DataFrame:
    """Discharge capacity of the same cells, cycles 2 to 100."""
    return pl.read_parquet(need("severson-lfp", "discharge_capacity_by_cycle.parquet"))


@pytest.fixture
def retention() -> pl.DataFrame:
    """Capacity of 93 cells at their check-ups, relative to the first diagnostic (BEEP)."""
    return pl.read_csv(need("beep", "rpt_1C_retention.csv"))
