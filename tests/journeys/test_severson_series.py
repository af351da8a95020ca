"""The 84 cells of Severson et al. 2019 and the capacities of their cycles, as series.

The source has no current and no time. A cycle is a discharge of two rows, from 3.6 V and 0 A.h to
2.0 V and its capacity, and counts as the source counts: from 2 to 100.
"""

from __future__ import annotations

import polars as pl
import pytest

from tests.journeys.conftest import need, upload
from tests.journeys.test_severson import SPEC, as_records

CAPACITY = "Discharge capacity [A.h]"
BY_CYCLE = "capacity by cycle"
LOTS = ["5/12/17", "6/30/17"]
GLITCHES = {  # cell: cycle, capacity in A.h, as the source has them
    "EL150800464977": (12, 30.971),
    "EL150800463871": (13, 31.039),
    "EL150800464865": (12, 30.973),
    "EL150800464002": (13, 31.028),
}


def capacity_by_cycle(table: pl.DataFrame) -> pl.DataFrame:
    """The capacities of one cell as a series of two rows per cycle."""
    ends = ((0, 3.6, pl.lit(0.0)), (1, 2.0, pl.col(CAPACITY)))
    rows = pl.concat(
        table.select(
            pl.col("Cycle count").cast(pl.Int64),
            pl.lit(end).alias("end"),
            pl.lit(voltage).alias("Voltage [V]"),
            capacity.alias(CAPACITY),
            capacity.alias("Capacity [A.h]"),
        )
        for end, voltage, capacity in ends
    ).sort("Cycle count", "end")
    step = pl.col("Cycle count").rle_id().cast(pl.Int64).alias("Step count")
    return rows.drop("end").with_columns(step)


@pytest.fixture(scope="module")
def frames(lab):
    """84 cells with lot, policy and life, and all that was measured on them."""
    table = pl.read_csv(need("severson-lfp", "cells.csv"))
    capacities = pl.read_parquet(need("severson-lfp", "discharge_capacity_by_cycle.parquet"))
    spec = lab.cell_spec.create(SPEC)
    assert lab.apply(lab.cell_instance.plan(as_records(table), spec=spec))
    by_cell = capacities.partition_by("Cell barcode", as_dict=True)
    for cell in lab.cell_instance.list(spec):
        upload(lab, cell, BY_CYCLE, capacity_by_cycle(by_cell[(cell.name,)]), data_type="ocp")
    return lab.cell_instance.detail_frames(spec=spec)


@pytest.fixture(scope="module")
def cycles(frames):
    """The 99 cycles of each cell with its lot and life."""
    about = frames.instances.select("instance_id", "batch", "cell.cycle_life [1]")
    return frames.cycles.join(about, on="instance_id")


def test_84_cells_have_a_test_each_and_nothing_failed(frames):
    assert (frames.instances.height, frames.measurements.height) == (84, 84)
    assert frames.failures.height == 0
    assert frames.time_series.select(pl.len()).collect().item() == 84 * 2 * 99


def test_8316_cycles_have_the_capacities_of_the_source(cycles):
    source = pl.read_parquet(need("severson-lfp", "discharge_capacity_by_cycle.parquet"))
    keys = {"cell": "Cell barcode", "Cycle count": "Cycle count"}
    told = source.with_columns(pl.col("Cycle count").cast(pl.Int64))
    joined = cycles.join(told, left_on=list(keys), right_on=list(keys.values()), suffix=" told")
    assert joined.height == cycles.height == 8316
    assert joined[CAPACITY].to_list() == joined[f"{CAPACITY} told"].to_list()
    assert set(cycles["Capacity source"]) == {"counter"}


def test_capacities_of_cycle_2_by_lot(cycles):
    second = (
        cycles.filter(pl.col("Cycle count") == 2)
        .group_by("batch")
        .agg(
            pl.len().alias("n"),
            pl.col(CAPACITY).mean().alias("mean"),
            pl.col(CAPACITY).std().alias("sd"),
            pl.col(CAPACITY).median().alias("median"),
        )
        .sort("batch")
    )
    assert second["batch"].to_list() == LOTS
    assert second["n"].to_list() == [41, 43]
    assert second["mean"].to_list() == pytest.approx([1.062349, 1.055391], abs=5.1e-7)
    assert second["sd"].to_list() == pytest.approx([0.008719, 0.008716], abs=5.1e-7)
    assert second["median"].to_list() == pytest.approx([1.0635, 1.0562], abs=1e-9)


def test_capacities_of_cycle_100_spread_more_in_the_second_lot(cycles):
    last = (
        cycles.filter(pl.col("Cycle count") == 100)
        .group_by("batch")
        .agg(pl.col(CAPACITY).mean().alias("mean"), pl.col(CAPACITY).std().alias("sd"))
        .sort("batch")
    )
    assert last["mean"].to_list() == pytest.approx([1.059407, 1.042895], abs=5.1e-7)
    assert last["sd"].to_list() == pytest.approx([0.008470, 0.020332], abs=5.1e-7)


def test_retention_from_cycle_2_to_100_may_exceed_1(cycles):
    last = cycles.filter(pl.col("Cycle count") == 100).sort("Capacity retention")
    retention = last["Capacity retention"]
    found = (retention.mean(), retention.min(), retention.max())
    assert found == pytest.approx((0.992590, 0.900731, 1.004837), abs=5.1e-7)
    worst = last.row(0, named=True)
    assert (worst["cell"], worst["cell.cycle_life [1]"]) == ("EL150800460605", 148)


@pytest.mark.parametrize("cell", GLITCHES)
def test_glitches_of_31_ampere_hours_stay_as_they_are(cycles, cell):
    number, capacity = GLITCHES[cell]
    row = cycles.filter((pl.col("cell") == cell) & (pl.col("Cycle count") == number))
    assert row[CAPACITY].to_list() == pytest.approx([capacity], abs=5.1e-4)
    assert cycles.filter(pl.col(CAPACITY) > 2).height == len(GLITCHES)


def test_the_median_of_a_cycle_does_not_see_its_glitches(cycles):
    twelfth = cycles.filter(pl.col("Cycle count") == 12)[CAPACITY]
    assert twelfth.mean() == pytest.approx(1.773589, abs=5.1e-7)
    assert twelfth.median() == pytest.approx(1.0628, abs=5.1e-5)
