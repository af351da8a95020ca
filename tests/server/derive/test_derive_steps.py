"""What is a step, and what is known of it?"""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.real_series import COUNTERS
from tests.server.derive.samples import CYCLE, Part, series

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = COUNTERS


def test_a_step_is_a_run_of_rows(derived):
    steps = derived(series(cycles=2)).steps
    assert steps["Step count"].to_list() == list(range(8))
    assert steps["Start index"].to_list() == list(range(0, 160, 20))
    assert steps["End index"].to_list() == list(range(19, 160, 20))
    assert steps["Duration [s]"].to_list() == [190.0] * 8
    assert steps["Cycle count"].to_list() == [0] * 4 + [1] * 4


def test_a_step_is_named_by_what_it_held(derived):
    kinds = derived(series()).steps["Step type"].to_list()
    assert kinds == [
        "Rest",
        "Constant current charge",
        "Rest",
        "Constant current discharge",
    ]


def test_voltage_and_power_can_be_held(derived):
    held = series((Part(1.0, 60),), counters=False).with_columns(
        pl.lit(4.2).alias("Voltage [V]"), -(2.0 - pl.col("Time [s]") / 400).alias("Current [A]")
    )
    assert derived(held).steps["Step type"].item() == "Constant voltage charge"
    power = held.with_columns(pl.col("Current [A]").abs()).with_columns(
        (5.0 / pl.col("Current [A]")).alias("Voltage [V]")
    )
    assert derived(power).steps["Step type"].item() == "Constant power discharge"


def test_the_ends_of_a_step_do_not_unsettle_it(derived):
    ends = pl.col("Step count") != pl.col("Step count").shift(-1)
    current = pl.when(ends).then(0.3).otherwise("Current [A]").alias("Current [A]")
    kinds = derived(series().with_columns(current)).steps["Step type"]
    assert kinds[3] == "Constant current discharge"


def test_without_counters_the_current_is_integrated(derived):
    counted, integrated = derived(series()).steps, derived(series(counters=False)).steps
    assert_frame_equal(counted.select(COUNTERS), integrated.select(COUNTERS), rel_tol=1e-12)
    assert set(counted["Capacity source"]) == set(counted["Energy source"]) == {"counter"}
    assert set(integrated["Capacity source"]) == {"integral"}


@pytest.mark.parametrize("fault", [None, float("nan")])
def test_a_counter_of_nothing_but_blanks_is_none(derived, fault):
    blank = series().with_columns(pl.lit(fault, pl.Float64).alias(name) for name in COUNTERS)
    steps = derived(blank).steps
    assert set(steps["Capacity source"]) == {"integral"}
    assert steps[DISCHARGE].sum() == pytest.approx(0.5 * 190 / 3600)


def test_a_counter_that_falls_inside_a_step_is_integrated_there_alone(derived):
    at = (pl.col("Step count") == 3) & (pl.int_range(pl.len()) > 70)
    falls = series().with_columns(pl.when(at).then(0.0).otherwise(DISCHARGE).alias(DISCHARGE))
    steps = derived(falls).steps
    assert steps[DISCHARGE][3] == pytest.approx(0.5 * 190 / 3600)
    assert steps["Capacity source"].to_list() == ["counter"] * 3 + ["mixed"]
    assert set(steps["Energy source"]) == {"counter"}


def test_a_last_digit_that_wavers_is_no_fall(derived):
    wavering = series().with_columns(
        pl.col(DISCHARGE) + 1e-9 * (pl.int_range(pl.len()) % 2) * (pl.col(DISCHARGE) > 0)
    )
    held = wavering.with_columns(pl.col(DISCHARGE).round(9))
    assert set(derived(held).steps["Capacity source"]) == {"counter"}


def test_a_capacity_column_is_split_by_the_current(derived):
    net = (pl.col(CHARGE) - pl.col(DISCHARGE)).alias("Capacity [A.h]")
    steps = derived(series().with_columns(net).drop(COUNTERS)).steps
    assert steps[DISCHARGE].to_list() == pytest.approx([0, 0, 0, 0.5 * 190 / 3600])
    assert steps[CHARGE].to_list() == pytest.approx([0, 0.5 * 190 / 3600, 0, 0])
    assert set(steps["Capacity source"]) == {"capacity column"}
    assert set(steps["Energy source"]) == {"integral"}


def test_without_current_nothing_is_known_of_charge(derived):
    steps = derived(series().drop("Current [A]", *COUNTERS)).steps
    unknown = [*COUNTERS, "Capacity source", "Mean current [A]", "Max power [W]"]
    assert steps.select(pl.col(unknown).is_null().all()).row(0) == (True,) * len(unknown)
    assert set(steps["Step type"]) == {"Unknown step type"}


def test_an_equilibrium_curve_is_one_step_without_times(derived):
    curve = pl.DataFrame(
        {"SOC": [0.0, 0.5, 1.0], "Voltage [V]": [3.0, 3.6, 4.2], "Step count": [0, 0, 0]}
    )
    found = derived(curve)
    step = found.steps.row(0, named=True)
    assert (step["Start voltage [V]"], step["End voltage [V]"]) == (3.0, 4.2)
    assert (step["Duration [s]"], step[DISCHARGE], step["Step type"]) == (
        *(None, None),
        "Unknown step type",
    )
    assert found.cycles["Coulombic efficiency"].to_list() == [None]


def test_rows_of_impedance_have_no_time_and_break_no_duration(derived):
    sweep = pl.col("Step count") == 2
    series_ = series().with_columns(
        pl.when(~sweep).then("Time [s]"), pl.when(sweep).then(1000.0).alias("Frequency [Hz]")
    )
    steps = derived(series_).steps
    assert steps["Step type"][2] == "EIS"
    assert steps["Duration [s]"].to_list() == [190.0, 190.0, None, 190.0]
    assert steps["Mean frequency [Hz]"].to_list() == [0.0, 0.0, 1000.0, 0.0]


def test_a_missing_value_is_not_counted_and_not_spread(derived):
    broken = pl.int_range(pl.len()) == 70
    for fault in (float("nan"), float("inf"), None):
        series_ = series().with_columns(
            pl.when(broken).then(fault).otherwise(name).alias(name)
            for name in ("Voltage [V]", "Current [A]")
        )
        step = derived(series_).steps.row(3, named=True)
        assert step["Mean current [A]"] == pytest.approx(0.5)
        assert not any(value != value for value in step.values())  # noqa: PLR0124  no NaN


def test_a_gap_in_the_current_is_bridged(derived):
    broken = pl.int_range(pl.len()).is_between(65, 72)
    series_ = series(counters=False).with_columns(
        pl.when(broken).then(None).otherwise("Current [A]").alias("Current [A]")
    )
    assert derived(series_).steps[DISCHARGE][3] == pytest.approx(0.5 * 190 / 3600)


def test_time_that_runs_back_adds_nothing(derived):
    at = pl.int_range(pl.len()) == 70
    back = pl.when(at).then(0.0).otherwise("Time [s]").alias("Time [s]")
    steps = derived(series(counters=False).with_columns(back)).steps
    assert steps[DISCHARGE].min() >= 0


def test_a_step_of_one_row_lasts_no_time(derived):
    steps = derived(series((Part(0.0), Part(1.0, 1), Part(0.0)))).steps
    assert (steps["Duration [s]"][1], steps[DISCHARGE][1]) == (0.0, 0.0)
    assert steps["Std voltage [V]"][1] is None


def test_cycles_come_from_the_cycler_where_none_are_counted(derived):
    told = series(cycles=3).rename({"Cycle count": "Cycle from cycler"})
    numbered = told.with_columns(pl.col("Cycle from cycler") * 2 + 86)
    assert derived(numbered).cycles["Cycle count"].to_list() == [0, 1, 2]
    assert derived(told.drop("Cycle from cycler")).cycles["Cycle count"].to_list() == [0]


def test_what_a_cycle_sums_up_to_stands_on_each_of_its_steps(derived):
    found = derived(series(cycles=2))
    joined = found.steps.join(found.cycles, on="Cycle count", suffix=" of cycle")
    for name in COUNTERS:
        label = f"Cycle {name[0].lower()}{name[1:]}"
        assert joined[label].to_list() == joined[f"{name} of cycle"].to_list()


def test_a_series_without_any_current_rests(derived):
    assert set(derived(series((Part(0.0), Part(0.0)))).steps["Step type"]) == {"Rest"}


def test_a_rating_that_is_none_is_not_used(derived):
    series_ = series(CYCLE, current=1e-4)
    for rating in (0.0, -1.0, float("nan"), float("inf")):
        kinds = derived(series_, rated_capacity=rating).steps["Step type"]
        assert kinds[3] == "Constant current discharge"
