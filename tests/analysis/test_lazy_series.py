"""A LazyFrame is read test by test, in whatever order and pieces its rows come."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cellframe import analysis

ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 3)), max_size=40)


def cycling(rows: int) -> pl.DataFrame:
    """One test of a charge and a discharge, again and again."""
    step = pl.int_range(rows, eager=True) // 50
    current = pl.select(pl.when(step % 2 == 0).then(-1.0).otherwise(1.5)).to_series()
    seconds = pl.int_range(rows, eager=True).cast(pl.Float64)
    voltage = 3.3 - current / 10
    return pl.DataFrame(
        {
            "Time [s]": seconds,
            "Current [A]": current,
            "Voltage [V]": voltage,
            "Step count": step,
            "Cycle count": step // 2,
        }
    )


@given(ROWS)
def test_rows_in_any_order_are_of_the_test_they_name(rows: list[tuple[str | None, int]]):
    names, steps = zip(*rows, strict=True) if rows else ((), ())
    series = pl.DataFrame(
        {"measurement_id": names, "Step count": steps},
        schema={"measurement_id": pl.String, "Step count": pl.Int64},
    ).with_columns(
        pl.int_range(pl.len()).cast(pl.Float64).alias("Time [s]"),
        pl.lit(1.0).alias("Current [A]"),
    )
    assert_frame_equal(analysis.cycle_summary(series.lazy()), analysis.cycle_summary(series))


def test_a_test_that_comes_in_pieces_is_one(tmp_path):
    one = cycling(30_000)
    for piece in range(3):
        part = one[piece * 10_000 : (piece + 1) * 10_000]
        part.with_columns(measurement_id=pl.lit("long")).write_parquet(
            tmp_path / f"{piece}.parquet"
        )
    short = cycling(100).with_columns(measurement_id=pl.lit("short"))
    short.write_parquet(tmp_path / "3.parquet")
    lazy = pl.scan_parquet(tmp_path / "*.parquet")
    pieces = list(lazy.collect_batches(maintain_order=True))
    assert len(pieces) > 1, "the rows of a test are to come in more than one piece"
    made = analysis.cycle_summary(lazy)
    assert_frame_equal(made, analysis.cycle_summary(lazy.collect()))
    assert made["measurement_id"].to_list() == ["long"] * 300 + ["short"]


def test_tests_that_follow_each_other_are_read_once():
    read: list[int] = []

    def counting(rows: pl.DataFrame) -> pl.DataFrame:
        read.append(rows.height)
        return rows

    names = [f"test {number}" for number in range(20)]
    series = pl.concat(cycling(100).with_columns(measurement_id=pl.lit(name)) for name in names)
    lazy = series.lazy().map_batches(counting, schema=series.schema)
    assert analysis.cycle_summary(lazy)["measurement_id"].to_list() == names
    assert sum(read) == series.height


def test_a_fault_in_one_test_ends_the_reading():
    series = pl.concat(cycling(100).with_columns(measurement_id=pl.lit(name)) for name in "ab")

    def failing(rows: pl.DataFrame) -> pl.DataFrame:
        raise OSError(f"{rows.height} rows cannot be read")

    lazy = series.lazy().map_batches(failing, schema=series.schema)
    with pytest.raises((OSError, pl.exceptions.ComputeError), match="cannot be read"):
        analysis.cycle_summary(lazy)
