"""93 cells of a check-up study (BEEP): one measured property per check-up."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal


def as_records(table: pl.DataFrame) -> pl.DataFrame:
    """One row per cell: its capacity at the check-ups of cycles 4 and 39, as part of the first."""
    capacities = table.filter(
        (pl.col("metric") == "discharge_capacity") & pl.col("cycle_index").is_in([4, 39])
    )
    wide = capacities.pivot("cycle_index", index=["seq_num", "file"], values="fractional_metric")
    return wide.sort("seq_num").select(
        pl.lit(None, dtype=pl.String).alias("instance_id"),
        pl.col("seq_num").cast(pl.String).str.zfill(6).alias("cell"),
        pl.col("file").alias("cell.source_file"),
        pl.col("4").alias("cell.retention_cycle_4 [1]"),
        pl.col("39").alias("cell.retention_cycle_39 [1]"),
    )


@pytest.fixture
def fleet(client, retention):
    """The 93 cells as records; the spec."""
    spec = client.cell_spec.create({"name": "check-up study"})
    assert client.apply(client.cell_instance.plan(as_records(retention), spec=spec))
    return spec


def test_93_cells_read_back_as_their_table(client, fleet, retention):
    frame = client.cell_instance.to_frame(fleet)
    table = as_records(retention).drop("instance_id")
    assert frame.height == 93
    assert_frame_equal(frame.select(table.columns), table)


def test_the_numbers_of_the_study_are_found_again(client, fleet):
    frame = client.cell_instance.to_frame(fleet)
    last = frame.cell["cell.retention_cycle_39"]
    assert round(last.mean(), 6) == 0.933241
    assert round(last.std(), 6) == 0.020381
    assert frame.filter(pl.col("cell") == "000100").cell[
        "cell.retention_cycle_4"
    ].item() == pytest.approx(0.954940, abs=1e-6)


def test_a_serial_number_with_zeros_that_became_a_number_is_refused(client, fleet):
    frame = client.cell_instance.to_frame(fleet)
    plan = client.cell_instance.plan(frame.with_columns(pl.col("cell").cast(pl.Int64)))
    assert plan.summary["invalid"] == 93
    assert "is a number where text belongs" in plan.to_frame()["message"][0]
    assert client.apply(plan).refused


def test_lots_given_in_bulk_collide_with_a_colleague_and_are_settled(client, colleague, fleet):
    frame = client.cell_instance.to_frame(fleet)
    plan = client.cell_instance.plan(frame.with_columns(batch=pl.lit("PD-1")))
    taken = frame["instance_id"][7]
    colleague.cell_instance.update(taken, {"batch": "PD-2"})
    again = client.cell_instance.plan(frame.with_columns(batch=pl.lit("PD-1")))
    assert again.summary["conflict"] == 1
    assert client.apply(plan, max_updates=93).counts == {"ok": 92, "conflict": 1}
    settled = client.cell_instance.plan(frame.with_columns(batch=pl.lit("PD-1")))
    receipt = client.apply(settled, on_conflict="mine")
    assert receipt.counts == {"ok": 1, "unchanged": 92}
    assert client.cell_instance.get(taken).batch == "PD-1"
