"""Real cells: public data sets that lie beside the project, where they do."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"


def need(*parts: str) -> Path:
    """A file of real data; the test is skipped, visibly, where it is absent."""
    path = DATA.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data absent: {'/'.join(parts)}")
    return path


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
