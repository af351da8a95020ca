from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import FrameError
from tests import real_series
from tests.cycling import cycling

CC, CV, SHARE = "CC capacity [A.h]", "CV capacity [A.h]", "CC share of capacity"
CC_TIME, CV_TIME = "CC duration [s]", "CV duration [s]"


def charge(series: pl.DataFrame) -> dict:
    (row,) = analysis.cccv(series).filter(pl.col("Direction") == "charge").rows(named=True)
    return row


def test_a_charge_of_two_steps_is_split_as_the_cycler_does():
    series = real_series.lgm50_check_up().filter(pl.col("Step count") < 5)
    row = charge(series)
    assert (row[CC], row[CV]) == pytest.approx((2.678873, 0.469475), abs=1e-6)
    assert row[SHARE] == pytest.approx(2.678873 / (2.678873 + 0.469475))
    assert (row[CC_TIME], row[CV_TIME]) == pytest.approx((6428.24, 3473.08), abs=0.01)
    assert "capacity column" in row["Definition"]


def test_counters_of_the_cycler_are_kept():
    row = charge(real_series.slow_cycle_repaired())
    assert (row[CC], row[CV]) == pytest.approx((3.802155, 0.036613), abs=1e-6)


def test_a_charge_in_one_step_is_split_where_the_current_begins_to_fall():
    series = real_series.rate_of_lgm50("cRate_1C")
    row = charge(series)
    assert row[CC] + row[CV] == pytest.approx(4.73660, abs=1e-4)
    current = series.filter(pl.col("Step count") == 3, pl.col("Voltage [V]") < 4.19)["Current [A]"]
    assert row[CC] == pytest.approx(-current.mean() * row[CC_TIME] / 3600, rel=1e-3)
    assert row[CV] == pytest.approx(0.4668, abs=0.005)


def test_a_counter_that_falls_inside_a_step_is_not_believed():
    table = analysis.cccv(real_series.slow_cycle_repaired())
    (row,) = table.filter(pl.col("Direction") == "discharge").rows(named=True)
    assert row[CC] == pytest.approx(3.85517, abs=5e-5)  # its counter ends at 3.716034
    assert row["Definition"].endswith("charge by integral")


def test_a_discharge_at_constant_current_holds_nothing():
    table = analysis.cccv(real_series.rate_of_lgm50("cRate_0p5C"))
    (row,) = table.filter(pl.col("Direction") == "discharge").rows(named=True)
    assert (row[CV], row[SHARE], row[CV_TIME]) == (0.0, 1.0, 0.0)


def test_parts_add_up_to_what_flowed_in_each_cycle():
    series = real_series.maccor_cycles()
    table = analysis.cccv(series).filter(pl.col("Cycle count") == 1)
    whole = {row["Direction"]: row[CC] + row[CV] for row in table.iter_rows(named=True)}
    assert whole == pytest.approx({"charge": 2.583298, "discharge": 1.839455}, rel=1e-4)


def test_cycles_of_a_coin_cell_are_no_rest():
    table = analysis.cccv(real_series.arbin_half_cell())
    assert table.height == 2 * 18 - 1  # the last cycle was cut before its charge
    assert table.filter(pl.col("Cycle count") == 1)[CC].to_list() == pytest.approx(
        [0.001567475110, 0.001699563705], abs=2e-7
    )


def test_without_times_durations_are_null_and_that_is_told():
    series = real_series.arbin_half_cell().drop("Time [s]")
    table = analysis.cccv(series)
    assert table[CC_TIME].null_count() == table.height
    assert set(table["Finding"].cast(pl.String)) == {"no times"}


@pytest.mark.parametrize("factor", [1e-3, 30.0])
def test_a_cell_of_another_size_has_the_same_share(factor):
    series = real_series.rate_of_lgm50("cRate_0p5C")
    scaled = series.with_columns(pl.col("Current [A]") * factor)
    assert charge(scaled)[SHARE] == pytest.approx(charge(series)[SHARE])
    assert charge(scaled)[CC] == pytest.approx(charge(series)[CC] * factor)


def test_order_of_cells_and_the_library_change_nothing():
    series = cycling(3, points=20)
    fleet = pl.concat(series.with_columns(cell=pl.lit(name)) for name in "ba")
    table = analysis.cccv(fleet)
    alone = analysis.cccv(series)
    assert table.filter(pl.col("cell") == "a").drop("cell").equals(alone)
    assert analysis.cccv(fleet.lazy()).equals(table)
    assert analysis.cccv(fleet.to_pandas())[CC].to_list() == table[CC].to_list()


def test_a_series_without_a_current_is_refused():
    with pytest.raises(FrameError, match=r"no column 'Current \[A\]'"):
        analysis.cccv(cycling().drop("Current [A]"))


def test_a_charge_at_constant_power_holds_no_voltage():
    part = np.linspace(0, 1, 500)
    volts = 3.0 + np.minimum(part, 0.5) + 0.006 * part  # rises, then hardly
    series = pl.DataFrame(
        {
            "Time [s]": 3600 * part,
            "Voltage [V]": volts,
            "Current [A]": -3.5 / volts,
            "Step count": np.zeros(500, dtype=np.int64),
        }
    )
    assert charge(series)[CV] == 0.0


def test_a_time_that_runs_back_is_told_where_charge_is_its_integral():
    series = cycling(2, points=20)
    broken = series.with_columns(
        pl.when(pl.int_range(pl.len()).over("Step count") == 0)
        .then(0.0)
        .otherwise(pl.col("Time [s]"))
        .alias("Time [s]")
    )
    told = analysis.cccv(broken)["Finding"].cast(pl.String)
    assert told[0] is None
    assert told[1:].str.starts_with("the time runs back where the step begins").all()
    curves = analysis.incremental_capacity(broken).filter(pl.col("Step count") == 3)
    assert "the time runs back" in curves["Finding"].cast(pl.String)[0]


def test_rows_without_a_time_are_passed_over():
    series = cycling(1, points=50)
    gap = series.with_columns(
        pl.when(pl.int_range(pl.len()) != 20).then(pl.col("Time [s]")).alias("Time [s]")
    )
    whole, holed = (charge(frame)[CC] for frame in (series, gap))
    assert holed == pytest.approx(whole)
