from __future__ import annotations

import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import FrameError
from tests import real_series
from tests.journeys.conftest import need

CYCLE, Q, BACK = "Cycle count", "Discharge capacity [A.h]", "Charge capacity [A.h]"
PASSED, FULL = "Capacity throughput [A.h]", "Equivalent full cycles"


def moved_by_cycle() -> pl.DataFrame:
    """What each of 267 cycles moved, by the lab's running sum (battdat)."""
    raw = pl.read_csv(need("battdat", "p492-13-summary.csv"), infer_schema_length=None)
    each = pl.col("Absolute_Charge_Throughput_Ah").diff()
    out = pl.col("Q_dis").fill_nan(0.0)
    return raw.select(
        pl.col("Cycle_Index").alias(CYCLE),
        out.alias(Q),
        (pl.coalesce(each, pl.col("Absolute_Charge_Throughput_Ah")) - out).alias(BACK),
    )


def test_equivalent_full_cycles_of_the_laboratory():
    made = analysis.throughput(moved_by_cycle(), capacity=0.02173834)
    told = {20: 13.906710, 200: 158.785542, 267: 226.449904}
    found = made.filter(pl.col(CYCLE).is_in(list(told)))[FULL]
    assert found.to_list() == pytest.approx(list(told.values()), abs=1e-6)
    assert made["Definition"][0] == "running sum of Qd + Qc; full cycles over 2 x 0.02173834 A.h"


def test_without_a_capacity_there_are_no_full_cycles():
    made = analysis.throughput(moved_by_cycle())
    assert made[FULL].null_count() == made.height
    assert made[PASSED].null_count() == 0
    assert "no full cycles, the capacity is not known" in made["Definition"][0]


def test_a_rating_may_stand_in_a_column():
    rows = pl.DataFrame({CYCLE: [0], Q: [1.0], BACK: [1.0], "Rated capacity [mA.h]": [500.0]})
    assert analysis.throughput(rows)[FULL].to_list() == [2.0]


def test_a_glitch_in_the_sum_is_told():
    rows = pl.DataFrame({CYCLE: range(6), Q: [1.0, 1.0, 31.0, 1.0, 1.0, 1.0], BACK: [1.0] * 6})
    told = analysis.throughput(rows)["Finding"]
    assert told[:2].null_count() == 2
    assert "31.0 A.h is a glitch" in told[2]
    assert told[3:].to_list() == ["a glitch before counts, too"] * 3


def test_a_cycle_that_is_there_twice_or_known_one_way_says_so():
    rows = pl.DataFrame({CYCLE: [0, 1, 1, 2], Q: [1.0] * 4, BACK: [1.0, 1.0, 1.0, None]})
    told = analysis.throughput(rows)["Finding"].to_list()
    twice = "the cycle is there twice, and counts twice"
    assert told == [None, twice, twice, "what this cycle moved is known one way alone"]


def test_a_cycle_of_which_nothing_is_known_adds_nothing_and_says_so():
    rows = pl.DataFrame({CYCLE: [0, 1], Q: [1.0, None], BACK: [1.0, None]})
    made = analysis.throughput(rows)
    assert made[PASSED].to_list() == [2.0, 2.0]
    assert made["Finding"][1] == "what this cycle moved is not known"


@pytest.mark.parametrize("absent", ["column", "values"])
def test_of_one_way_alone_a_full_cycle_is_that_way_once(absent):
    rows = pl.DataFrame({CYCLE: [0, 1], Q: [1.0, 1.0]})
    if absent == "values":
        rows = rows.with_columns(pl.lit(None, pl.Float64).alias(BACK))
    made = analysis.throughput(rows, capacity=2.0)
    assert made[FULL].to_list() == [0.5, 1.0]
    assert made[PASSED].null_count() == 2
    rule = "running sum of one way, the other is not known; full cycles over 2.0 A.h"
    assert made["Definition"].unique().to_list() == [rule]
    both = analysis.throughput(rows.with_columns(pl.lit(1.0).alias(BACK)), capacity=2.0)
    assert both[FULL].to_list() == [0.5, 1.0]


def test_one_cell_that_counted_both_ways_says_nothing_of_another():
    rows = pl.DataFrame({"cell": ["a", "b"], CYCLE: [0, 0], Q: [1.0, 1.0], BACK: [1.0, None]})
    made = analysis.throughput(rows, capacity=1.0)
    assert made[FULL].to_list() == [1.0, 1.0]
    assert made[PASSED].to_list() == [2.0, None]


def test_without_any_capacity_there_is_no_full_cycle():
    rows = pl.DataFrame({CYCLE: [0], Q: [None], BACK: [None]}, schema_overrides={Q: pl.Float64})
    made = analysis.throughput(rows, capacity=1.0)
    assert (made[FULL][0], made[PASSED][0]) == (None, None)
    with pytest.raises(FrameError, match="This is not a table of cycles"):
        analysis.throughput(pl.DataFrame({CYCLE: [0]}))


def test_a_series_is_integrated_over_every_row():
    made = analysis.throughput(real_series.resistor_pulse(), capacity=1.0)
    # 3800 s at 1 A one way and as much the other, by a formula.
    assert made[PASSED].to_list() == pytest.approx([2 * 3800 / 3600], abs=1e-6)
    assert made[FULL].to_list() == pytest.approx([3800 / 3600], abs=1e-6)


def test_time_that_runs_back_adds_nothing_and_is_told():
    series = pl.DataFrame(
        {"Time [s]": [0.0, 3600.0, 0.0, 3600.0], "Current [A]": [1.0, 1.0, -1.0, -1.0]}
    )
    (row,) = analysis.throughput(series).rows(named=True)
    assert row[PASSED] == pytest.approx(2.0)
    assert row["Finding"] == "time runs back 1 times, which adds nothing"


def test_a_series_agrees_with_its_cycles():
    series = real_series.arbin_half_cell()
    rows, cycles = (analysis.throughput(one) for one in (series, analysis.cycle_summary(series)))
    assert rows[PASSED].to_list() == pytest.approx(cycles[PASSED].to_list(), rel=5e-3)
