"""What holds of steps and cycles, whatever the series?"""

from __future__ import annotations

from unittest.mock import patch

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cellframe.server.derive import derive, opening
from tests.real_series import COUNTERS
from tests.server.derive.samples import Part, series

RATES = st.sampled_from([-1.0, -0.5, 0.0, 0.2, 1.0])
PARTS = st.lists(st.builds(Part, RATES, st.integers(1, 12)), min_size=1, max_size=6)


def derive_at(path, rows, **written):
    rows.write_parquet(path, **written)
    return derive(path)


@given(parts=PARTS, cycles=st.integers(1, 4))
@settings(max_examples=40)
def test_the_steps_of_a_cycle_add_up_to_it(tmp_path, parts, cycles):
    found = derive_at(tmp_path / "s.parquet", series(parts, cycles=cycles))
    summed = found.steps.group_by("Cycle count").agg(pl.col(COUNTERS).sum()).sort("Cycle count")
    assert_frame_equal(
        found.cycles.select("Cycle count", *COUNTERS), summed, rel_tol=1e-12, abs_tol=1e-15
    )


@given(parts=PARTS)
@settings(max_examples=40)
def test_counters_and_integrals_agree_on_exact_series(tmp_path, parts):
    counted = derive_at(tmp_path / "s.parquet", series(parts)).steps
    integrated = derive_at(tmp_path / "s.parquet", series(parts, counters=False)).steps
    assert_frame_equal(
        counted.select(COUNTERS), integrated.select(COUNTERS), rel_tol=1e-9, abs_tol=1e-12
    )


@given(
    parts=PARTS,
    whole=st.sampled_from([pl.Int8, pl.Int32, pl.UInt16, pl.Float32, pl.Float64, pl.String]),
    group=st.integers(1, 50),
    padded=st.booleans(),
)
@settings(max_examples=60)
def test_neither_types_nor_layout_of_the_file_matter(tmp_path, parts, whole, group, padded):
    rows = series(parts)
    expected = derive_at(tmp_path / "s.parquet", rows)
    other = rows.with_columns(pl.col("Step count", "Cycle count").cast(whole))
    if padded:
        other = other.with_columns(pl.lit(None).alias("Temperature [degC]"), pl.lit("x").alias("y"))
    found = derive_at(tmp_path / "s.parquet", other, row_group_size=group)
    assert_frame_equal(found.steps, expected.steps)
    assert_frame_equal(found.cycles, expected.cycles)


@given(parts=PARTS, at_once=st.integers(1, 30), group=st.integers(1, 50))
@settings(max_examples=40)
def test_a_series_read_in_parts_gives_the_same_steps(tmp_path, parts, at_once, group):
    rows = series(parts, cycles=2).with_columns(
        (20 + pl.int_range(pl.len()) % 7).alias("Temperature [degC]"),
        pl.when(pl.col("Step count") == 1).then(10.0).alias("Frequency [Hz]"),
    )
    expected = derive_at(tmp_path / "s.parquet", rows)
    with patch.object(opening, "ROWS_AT_ONCE", at_once):
        found = derive_at(tmp_path / "s.parquet", rows, row_group_size=group)
    assert found.rows == expected.rows == rows.height
    assert_frame_equal(found.steps, expected.steps)
    assert_frame_equal(found.cycles, expected.cycles)


@given(parts=PARTS)
@settings(max_examples=30)
def test_numbers_of_half_the_width_give_the_same_steps(tmp_path, parts):
    rows = series(parts)
    expected = derive_at(tmp_path / "s.parquet", rows).steps
    narrow = rows.with_columns(pl.col(pl.Float64).cast(pl.Float32))
    found = derive_at(tmp_path / "s.parquet", narrow).steps
    assert found["Step type"].to_list() == expected["Step type"].to_list()
    assert_frame_equal(
        found.select(COUNTERS), expected.select(COUNTERS), rel_tol=1e-5, abs_tol=1e-9
    )


@given(parts=PARTS, scale=st.sampled_from([1.0, 1e-1, 1e-2, 1e-3, 1e-4]), rated=st.booleans())
@settings(max_examples=60)
def test_a_smaller_cell_has_the_same_steps(tmp_path, parts, scale, rated):
    def kinds(current):
        path = tmp_path / "s.parquet"
        series(parts, current=current).write_parquet(path)
        found = derive(path, rated_capacity=current if rated else None)
        return found.steps["Step type"].to_list()

    assert kinds(scale) == kinds(1.0)


@given(parts=PARTS)
@settings(max_examples=30)
def test_turning_the_sign_swaps_charge_and_discharge(tmp_path, parts):
    turned = [Part(-part.rate, part.rows) for part in parts]
    steps = derive_at(tmp_path / "s.parquet", series(parts)).steps
    other = derive_at(tmp_path / "s.parquet", series(turned)).steps
    assert steps[COUNTERS[0]].to_list() == other[COUNTERS[1]].to_list()
    assert steps[COUNTERS[1]].to_list() == other[COUNTERS[0]].to_list()
