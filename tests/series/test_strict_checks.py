"""The strict checks: each fires, is silent at its tolerance, and can be skipped."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.contract.series import CURRENT, STEP, TIME, VOLTAGE
from cellframe.errors import ConfigError
from cellframe.series.checked import STRICT_CHECKS, check_series
from tests.series.made import CAPACITY, made_spectrum, made_steps
from tests.series.variants import CHANGES, SPECTRA, STEP_CHANGES

WINDOW = {"strict": True, "voltage_window": (3.0, 4.0)}
FIRES = {
    "one row in the last step": ("step_too_few_points", "minimum_points_per_step"),
    "cycle inside a step": ("cycle_changes_within_step", "cycle_constant_within_step"),
    "cycle from cycler inside a step": ("cycle_changes_within_step", "cycle_constant_within_step"),
    "gap over 5 h": ("time_gap_too_large", "time_gaps"),
    "voltage jumps": ("voltage_continuity", "voltage_continuity"),
    "discharge capacity 13 % off": (
        "discharge_capacity_integral_mismatch",
        "capacity_energy_from_current_power",
    ),
    "charge capacity 13 % off": (
        "charge_capacity_integral_mismatch",
        "capacity_energy_from_current_power",
    ),
    "own power off": ("discharge_energy_integral_mismatch", "capacity_energy_from_current_power"),
    "energies in J": ("charge_energy_integral_mismatch", "capacity_energy_from_current_power"),
}
SILENT = ["as it is", "discharge capacity 8 % off", "own power", "sweep at the end"]


@pytest.mark.parametrize("name", FIRES)
def test_it_is_found_if_strict_and_not_skipped(whole, find, name):
    code, check = FIRES[name]
    series = CHANGES[name](whole)
    assert code in find(series, **WINDOW)
    assert code not in find(series)
    assert code not in find(series, **WINDOW, skip_checks=[check])


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_found(whole, find, name):
    assert find(CHANGES[name](whole), **WINDOW) == {}


def test_a_gap_of_five_hours_is_none(find):
    series = {TIME: [0.0, 18_000.0, 36_000.0], VOLTAGE: [3.0] * 3, CURRENT: [0.0] * 3}
    series[STEP] = [0, 0, 0]
    assert find(series, strict=True) == {}
    series[TIME][2] = 36_000.1
    assert find(series, strict=True)["time_gap_too_large"].rows == (2,)


def test_one_jump_in_twenty_is_no_disorder(find):
    volts = [3.0] * 20 + [4.0]
    series = {TIME: [float(n) for n in range(21)], VOLTAGE: volts, STEP: [0] * 21}
    series[CURRENT] = [0.0] * 21
    assert find(series, **WINDOW) == {}
    series[VOLTAGE] = [*volts[:-2], 4.0, 3.0]
    assert find(series, **WINDOW)["voltage_continuity"].rows == (19, 20)


def test_a_counter_is_told_with_its_worst_row_and_both_values(whole, find):
    found = find(CHANGES["discharge capacity 13 % off"](whole), strict=True)
    told = found["discharge_capacity_integral_mismatch"]
    assert whole["Discharge capacity [A.h]"].arg_max() == told.rows[0]
    assert "(12% apart, at most 10% expected)" in told.message


@pytest.mark.parametrize("what", ["capacity", "energy"])
def test_swapped_columns_of_steps_are_found(whole, find, what):
    plural = {"capacity": "capacities", "energy": "energies"}[what]
    steps = STEP_CHANGES[f"{plural} swapped"](made_steps(whole))
    assert f"charge_discharge_{what}_columns_swapped" in find(whole, strict=True, steps=steps)
    assert find(whole, steps=steps) == {}


def test_steps_of_a_minute_vote_and_shorter_ones_do_not(whole, find):
    swapped = STEP_CHANGES["capacities swapped"](made_steps(whole))
    for seconds, fires in ((60.0, True), (59.9, False)):
        steps = swapped.with_columns(pl.lit(seconds).alias("Duration [s]"))
        assert bool(find(whole, strict=True, steps=steps)) is fires


def test_two_full_steps_in_one_direction_are_found_beyond_twice_the_capacity(whole, find):
    whole = whole.filter(pl.col(STEP) < 3)
    discharges = {
        STEP: [0, 1, 2],
        "Step type": ["Constant current discharge", "Rest", "Constant power discharge"],
        "Discharge capacity [A.h]": [2.1, 0.0, 2.1],
        "Charge capacity [A.h]": [0.0, 0.0, 0.0],
    }
    code = "consecutive_same_direction_full_steps"
    assert code in find(whole, strict=True, steps=discharges, rated_capacity=1.0)
    assert find(whole, strict=True, steps=discharges, rated_capacity=1.05) == {}


def test_more_than_five_times_the_capacity_in_a_step_is_a_warning(whole, find):
    whole = whole.filter(pl.col(STEP) < 2)
    steps = {
        STEP: [0, 1],
        "Discharge capacity [A.h]": [5.0, 0.0],
        "Charge capacity [A.h]": [0.0, 0.0],
    }
    assert find(whole, strict=True, steps=steps, rated_capacity=1.0) == {}
    (found,) = find(whole, strict=True, steps=steps, rated_capacity=0.99).values()
    assert (found.code, found.severity) == ("step_capacity_exceeds_rated", "warning")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("negated", "eis_zim_sign_reversed"),
        ("in mOhm", "eis_impedance_magnitude_implausible"),
        ("no frequency", "eis_columns_missing"),
    ],
)
def test_a_spectrum_is_refused(find, name, code):
    asked = {"data_type": "eis", "strict": True, "rated_capacity": CAPACITY}
    assert set(find(SPECTRA[name](made_spectrum()), **asked)) == {code}
    assert find(made_spectrum(), **asked) == {}


def test_a_resistance_is_believed_up_to_a_hundred_times(find):
    asked = {"data_type": "eis", "strict": True, "rated_capacity": 1.0}
    series = {"Frequency [Hz]": [1.0, 2.0], "Z_Im [Ohm]": [-1.0, -1.0]}
    assert find({**series, "Z_Re [Ohm]": [5.0, 6.0]}, **asked) == {}
    assert find({**series, "Z_Re [Ohm]": [5.1, 6.0]}, **asked) != {}


def test_a_spectrum_needs_no_steps_and_no_time(find):
    assert find(made_spectrum(), data_type="eis") == {}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"SOC": [0.0], STEP: [0]}, "ocp_voltage_column_missing"),
        ({VOLTAGE: [3.0], STEP: [0]}, "ocp_x_axis_column_missing"),
        ({VOLTAGE: [3.0], "SOC": [0.0]}, "step_count_missing"),
    ],
)
def test_open_circuit_data_is_refused(find, given, code):
    assert set(find(given, data_type="ocp")) == {code}


def test_a_check_that_is_not_there_is_told_with_the_nearest(whole):
    with pytest.raises(ConfigError, match="did you mean 'time_gaps'"):
        check_series(whole, skip_checks=["time_gap"])
    with pytest.raises(ConfigError, match="neither 'ocp' nor 'eis'"):
        check_series(whole, data_type="gitt")
    assert len(STRICT_CHECKS) == 10
