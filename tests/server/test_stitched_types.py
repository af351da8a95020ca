"""An extension whose columns are held in other types: no value is cut short."""

from __future__ import annotations

import polars as pl
import pytest
from upload_tools import MORE, SERIES, parquet, path_of, put, read_frame, upload


def extended(call, cell_path, stored, more):
    """The answer of an extension, and the series after it."""
    made = upload(call, cell_path, content=parquet(stored))
    begun = call("POST", f"{path_of(made)}/initiate-extend", {}).body
    assert put(call, begun, parquet(more)).status == 200
    answer = call("POST", f"{path_of(made)}/confirm-extend", {})
    return answer, read_frame(call, f"{path_of(made)}/time_series/download")


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Null, pl.Float32])
def test_a_column_takes_the_type_that_holds_both(call, cell_path, dtype):
    stored = SERIES.with_columns(pl.lit(None if dtype == pl.Null else 0, dtype).alias("Pressure"))
    more = MORE.with_columns(pl.lit(0.75).alias("Pressure"))
    answer, series = extended(call, cell_path, stored, more)
    assert answer.status == 200, answer.content
    first = None if dtype == pl.Null else 0.0
    assert series["Pressure"].to_list() == [first] * 6 + [0.75] * 6


def test_whole_numbers_behind_parts_of_them_stay_what_they_are(call, cell_path):
    more = MORE.with_columns(pl.col("Time [s]").cast(pl.Int64))
    answer, series = extended(call, cell_path, SERIES, more)
    assert answer.status == 200
    assert series["Time [s]"].to_list() == [*SERIES["Time [s]"], *MORE["Time [s]"]]


def test_text_behind_numbers_is_refused_and_nothing_changes(call, cell_path):
    stored, more = (part.with_columns(pl.lit(1).alias("Slot")) for part in (SERIES, MORE))
    answer, series = extended(call, cell_path, stored, more.with_columns(pl.lit("a").alias("Slot")))
    assert (answer.status, series.height) == (422, 6)
    assert "'Slot' holds String, and Int32 in what is stored" in answer.message


def test_rows_below_the_stored_end_are_refused_wherever_they_stand(call, cell_path):
    more = MORE.with_columns(pl.col("Time [s]").reverse() - 20)
    answer, series = extended(call, cell_path, SERIES, more)
    assert (answer.status, series.height) == (422, 6)
