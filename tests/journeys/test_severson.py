"""The 84 cells of Severson et al. 2019: a table becomes records, is edited in bulk, and comes back."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cellframe as cf
from cellframe.errors import RefusedError

CAPACITY = "Discharge capacity [A.h]"
SPEC = {
    "name": "A123 APR18650M1A",
    "form_factor": "18650",
    "ratings": {"capacity": {"value": 1.1, "unit": "A*h"}},
    "properties": {"mass": {"value": 39.0, "unit": "g"}},
}


def as_records(table: pl.DataFrame) -> pl.DataFrame:
    """The table with the columns of a cell frame, every row new."""
    return table.select(
        pl.lit(None, dtype=pl.String).alias("instance_id"),
        pl.col("Cell barcode").alias("cell"),
        pl.col("Batch date").alias("batch"),
        pl.col("Charging policy").alias("cell.charging_policy"),
        pl.col("Split").alias("cell.split"),
        pl.col("Index in split").alias("cell.index_in_split [1]"),
        pl.col("Cycle life").alias("cell.cycle_life [1]"),
    )


def as_table(frame: pl.DataFrame) -> pl.DataFrame:
    """A cell frame with the columns of the table."""
    return frame.select(
        pl.col("cell").alias("Cell barcode"),
        pl.col("cell.split").alias("Split"),
        pl.col("cell.index_in_split [1]").cast(pl.Int64).alias("Index in split"),
        pl.col("batch").alias("Batch date"),
        pl.col("cell.charging_policy").alias("Charging policy"),
        pl.col("cell.cycle_life [1]").cast(pl.Int64).alias("Cycle life"),
    )


@pytest.fixture
def fleet(client, severson):
    """The 84 cells as records; the spec."""
    spec = client.cell_spec.create(SPEC)
    plan = client.cell_instance.plan(as_records(severson), spec=spec)
    assert plan.summary["create"] == 84
    assert plan.summary["lots_created"] == 2
    assert client.apply(plan, note="Severson et al. 2019")
    return spec


def test_the_table_of_84_cells_becomes_records_and_reads_back_equal(client, fleet, severson):
    frame = client.cell_instance.to_frame(fleet)
    assert frame.height == 84
    assert_frame_equal(as_table(frame), severson, check_row_order=True)


def test_the_same_table_planned_again_would_create_nothing(client, fleet, severson):
    plan = client.cell_instance.plan(as_records(severson), spec=fleet)
    assert not plan
    assert plan.summary["already_there"] == 84


def test_cells_join_their_capacities_by_lot(client, fleet, severson_capacities):
    frame = client.cell_instance.to_frame(fleet)
    joined = severson_capacities.join(frame, left_on="Cell barcode", right_on="cell")
    second = joined.filter(pl.col("Cycle count") == 2)
    found = second.group_by("batch").agg(pl.col(CAPACITY).mean(), pl.len()).sort("batch")
    assert found["len"].to_list() == [41, 43]
    assert found[CAPACITY].round(6).to_list() == [1.062349, 1.055391]


def edited(frame: pl.DataFrame) -> pl.DataFrame:
    """Lots renamed as the lab writes them, and 84 weighings."""
    lots = {"5/12/17": "2017-05-12", "6/30/17": "2017-06-30"}
    masses = 38.5 + pl.int_range(pl.len()) / 100
    return frame.with_columns(
        pl.col("batch").replace(lots), masses.cast(pl.Float64).alias("cell.mass [g]")
    )


def test_a_bulk_edit_of_every_cell_asks_for_its_count(client, fleet):
    plan = client.cell_instance.plan(edited(client.cell_instance.to_frame(fleet)))
    receipt = client.apply(plan)
    assert "client.apply(plan, max_updates=84)" in receipt.refused
    assert set(receipt.to_frame()["outcome"]) == {"not_attempted"}
    with pytest.raises(RefusedError, match="84 of the 84 rows"):
        receipt.raise_for_failures()


def test_a_bulk_edit_is_planned_collided_with_applied_and_read_again(client, colleague, fleet):
    frame = client.cell_instance.to_frame(fleet)
    plan = client.cell_instance.plan(edited(frame))
    assert plan.summary == {"create": 0, "update": 84, "unchanged": 0, "lots_created": 2}
    first, second = frame["instance_id"][:2]
    colleague.cell_instance.update(first, {"batch": "set aside"})
    colleague.cell_instance.update(second, {"notes": "dent in the can"})
    receipt = client.apply(plan, max_updates=84, note="weighed")
    assert receipt.counts == {"ok": 83, "conflict": 1}
    assert receipt.failed["cell"].to_list() == [frame["cell"][0]]
    after = client.cell_instance.to_frame(fleet)
    assert after["batch"].value_counts().sort("batch")["count"].to_list() == [40, 43, 1]
    assert after["notes"][1] == "dent in the can"
    assert after["cell.mass [g]"].to_list() == [None, *edited(frame)["cell.mass [g]"].to_list()[1:]]


def test_a_bulk_edit_survives_pandas(client, fleet):
    frame = client.cell_instance.to_frame(fleet, backend="pandas")
    frame["cell.mass [g]"] = 38.5
    assert client.apply(client.cell_instance.plan(frame), max_updates=84)
    again = client.cell_instance.to_frame(fleet, backend="pandas")
    assert not client.cell_instance.plan(again)
    assert again["cell.mass [g]"].tolist() == [38.5] * 84


def test_the_mass_takes_the_unit_of_the_spec(client, fleet):
    cell = client.cell_instance.list(fleet, limit=1, offset=0)[0]
    properties = {"cell": {"mass": {"value": 38500, "unit": "mg"}}}
    client.cell_instance.update(cell, {"measured_properties": properties})
    frame = client.cell_instance.to_frame(fleet)
    assert frame.cell["cell.mass"].drop_nulls().to_list() == [38.5]
    assert not client.cell_instance.plan(frame)


def test_a_frame_survives_the_process_that_read_it(client, fleet, tmp_path):
    edited(client.cell_instance.to_frame(fleet)).write_parquet(tmp_path / "cells.parquet")
    client.close()
    with cf.open_local(tmp_path / "lab") as later:
        plan = later.cell_instance.plan(pl.read_parquet(tmp_path / "cells.parquet"))
        assert plan.summary["update"] == 84


def shown(frame: pl.DataFrame) -> str:
    """The frame as the README prints it: without ids, which are new in every folder."""
    with pl.Config(tbl_rows=6, tbl_cols=-1, tbl_width_chars=140, tbl_hide_dtype_separator=True):
        return str(
            frame.drop("instance_id", "spec_id", "spec", "date_manufactured", "notes", "cell.split")
        )


def test_the_readme_shows_this_frame(client, fleet):
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    block = readme.split("<!-- frame: severson -->")[1].split("<!-- /frame -->")[0]
    assert shown(client.cell_instance.to_frame(fleet)) in block
