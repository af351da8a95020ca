"""Q(V) of the 84 cells of Severson et al. 2019, and the feature that foretells their lives.

The curves have no current and no time: voltage over ``Capacity [A.h]``, a step per cycle.
"""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.journeys.conftest import need, upload
from tests.journeys.test_severson import SPEC, as_records

pytestmark = pytest.mark.nightly  # 84 uploads; those of test_severson_series are in every run
LIFE, INDEX = "cell.cycle_life [1]", "cell.index_in_split [1]"


def curves(table: pl.DataFrame) -> pl.DataFrame:
    """Q(V) of cycles 10 and 100 of one cell, 1000 rows each."""
    return table.select(
        pl.col("Voltage [V]").cast(pl.Float64),
        pl.col("Discharge capacity [A.h]").alias("Capacity [A.h]"),
        pl.col("Cycle count").rle_id().cast(pl.Int64).alias("Step count"),
        pl.col("Cycle count").cast(pl.Int64),
    )


@pytest.fixture(scope="module")
def frames(lab):
    """84 cells with lot, policy and life, and the curves of two of their cycles."""
    table = pl.read_csv(need("severson-lfp", "cells.csv"))
    source = pl.read_parquet(need("severson-lfp", "qv_cycles_10_100.parquet"))
    spec = lab.cell_spec.create(SPEC)
    assert lab.apply(lab.cell_instance.plan(as_records(table), spec=spec))
    by_cell = source.partition_by("Cell barcode", as_dict=True)
    for cell in lab.cell_instance.list(spec):
        upload(lab, cell, "Q(V)", curves(by_cell[(cell.name,)]), data_type="ocp")
    return lab.cell_instance.detail_frames(spec=spec)


def test_168000_rows_come_back_with_their_cells(frames):
    rows = frames.time_series.group_by("cell").len().collect()
    assert rows["len"].unique().to_list() == [2000]
    assert sorted(rows["cell"]) == sorted(frames.instances["cell"])
    assert frames.failures.height == 0


def test_lives_are_in_the_order_of_the_source(frames):
    cells = frames.instances
    lives = cells.filter(pl.col("cell.split") == "train")[LIFE]
    second = cells.filter(pl.col("cell.split") == "test1")
    assert (lives.median(), second[LIFE].median()) == (527, 561)
    rest = second.filter(pl.col(INDEX) != 22)
    assert rest[LIFE].median() == 580
    assert second.filter(pl.col(INDEX) == 22)[LIFE].item() == 148


def test_the_first_cell_has_the_curves_of_the_source_as_it_came(frames):
    matrix = pl.read_csv(need("severson-lfp", "train_cell1_qv_cycles_2_100.csv"), has_header=False)
    assert matrix.shape == (1000, 99)
    own = pl.col("cell") == "EL150800460486"
    series = frames.time_series.filter(own).collect().partition_by("Cycle count", as_dict=True)
    for number in (10, 100):
        told = matrix.to_series(number - 2).to_list()
        assert series[(number,)]["Capacity [A.h]"].to_list() == pytest.approx(told, abs=1e-9)


@pytest.fixture(scope="module")
def features(frames):
    """One row per cell: x = log10 of the variance over voltage of Q100 - Q10, and its life."""
    capacity, cycle = pl.col("Capacity [A.h]"), pl.col("Cycle count")
    changes = frames.time_series.group_by("instance_id").agg(
        (capacity.filter(cycle == 100) - capacity.filter(cycle == 10)).alias("change")
    )
    x = pl.col("change").list.var(ddof=0).log10().alias("x")
    return changes.with_columns(x).collect().join(frames.instances, on="instance_id")


def of_split(features, split, *, whole=False):
    """x and life of one split; the paper leaves out the cell that lived 148 cycles."""
    chosen = features.filter(pl.col("cell.split") == split)
    if split == "test1" and not whole:
        chosen = chosen.filter(pl.col(INDEX) != 22)
    return chosen["x"].to_numpy(), chosen[LIFE].to_numpy()


def test_the_variance_model_of_the_paper_is_found_again(features):
    x, life = of_split(features, "train")
    slope, intercept = np.polyfit(x, np.log10(life), 1)
    assert (intercept, slope) == pytest.approx((1.346149, -0.395814), abs=1e-5)
    for split, published in (("train", 103.57), ("test1", 138.33)):
        x, life = of_split(features, split)
        errors = life - 10 ** (intercept + slope * x)
        assert np.sqrt(np.mean(errors**2)) == pytest.approx(published, abs=0.01)


def test_the_feature_correlates_with_life(features):
    found = []
    for split in ("train", "test1"):
        # The cell that fits the model worst is one of these.
        x, life = of_split(features, split, whole=True)
        found.append(np.corrcoef(x, np.log10(life))[0, 1])
    assert found == pytest.approx([-0.9044, -0.9370], abs=5.1e-5)
