"""Time, steps and counters: each check fires, and is silent at its tolerance."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.contract.series import CYCLE, CYCLE_FROM_CYCLER, DISCHARGE_CAPACITY, STEP, TIME
from tests.series.made import made_test
from tests.series.variants import CHANGES, at, bumped, scaled, shifted, with_sweep

FIRES = {
    "time from 1.1 us": "time_does_not_start_at_zero",
    "time back": "time_not_monotonic",
    "time missing": "time_missing_on_non_eis_row",
    "time missing at first": "time_missing_on_non_eis_row",
    "no time": "time_column_missing",
    "no step count": "step_count_missing",
    "steps from 1": "step_count_does_not_start_at_zero",
    "steps by 2": "step_count_non_sequential",
    "steps back": "step_count_non_sequential",
    "half steps": "step_count_non_sequential",
    "counter from 1.1e-6": "cumulative_value_not_reset",
    "counter over all": "cumulative_value_not_reset",
}
SILENT = [
    "as it is",
    "time from 0.9 us",
    "time repeated",
    "time back within tolerance",
    "sweep at the end",
    "steps as floats",
    "counter from 0.9e-6",
    "counter falls within tolerance",
    "gap over 5 h",
]


@pytest.mark.parametrize("name", FIRES)
def test_it_is_found(whole, find, name):
    assert FIRES[name] in find(CHANGES[name](whole))


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_found(whole, find, name):
    assert find(CHANGES[name](whole)) == {}


def test_time_that_goes_back_is_named_by_row_and_both_values(find):
    found = find({TIME: [0.0, 2.0, 1.0, 3.0], "Voltage [V]": [3.0] * 4, STEP: [0] * 4})
    assert found["time_not_monotonic"].rows == (2,)
    assert "in row 2, first from 2 to 1 s" in found["time_not_monotonic"].message


def test_time_that_goes_back_across_a_sweep_is_found_in_the_row_it_has(whole, find):
    sweep = with_sweep(whole)
    after = whole.tail(1).with_columns(pl.lit(1.0).alias(TIME), pl.col(STEP) + 2)
    found = find(pl.concat([sweep, after], how="diagonal"))
    assert found["time_not_monotonic"].rows == (sweep.height,)


@pytest.mark.parametrize("row", [65_535, 65_536, 65_537, 131_072])
def test_faults_where_one_piece_of_the_rows_ends_are_found(find, row):
    n = 140_000
    series = {TIME: [float(i) for i in range(n)], "Voltage [V]": [3.0] * n, STEP: [0] * n}
    series[TIME][row] = 0.5
    assert find(series)["time_not_monotonic"].rows == (row,)


def test_a_counter_that_falls_is_told_with_its_row(whole, find):
    moving = whole.filter(pl.col(DISCHARGE_CAPACITY) > 0.1)[TIME][3]
    row = whole[TIME].to_list().index(moving)
    found = find(bumped(DISCHARGE_CAPACITY, row, -0.1)(whole))
    assert row in found["cumulative_value_decreased"].rows


@pytest.mark.parametrize("row", [0, 9])
def test_a_step_count_with_a_gap_is_told_by_its_row(whole, find, row):
    found = find(at(STEP, row, None)(whole))
    assert found["step_count_non_sequential"].rows == (row,)
    assert f"is empty in row {row}." in found["step_count_non_sequential"].message
    assert not any("nan" in finding.message for finding in found.values())


def test_time_starts_at_zero_once_the_first_value_is_subtracted_as_told(whole, find):
    late = shifted(TIME, 1804443.1234567)(whole)
    said = find(late)["time_does_not_start_at_zero"].message
    first = float(said.rsplit("Subtract ", 1)[1].rstrip("."))
    assert find(shifted(TIME, -first)(late)) == {}


def test_a_skipped_cycle_is_a_warning(whole, find):
    found = find(scaled(CYCLE, 2)(whole))["cycle_count_non_sequential"]
    assert found.severity == "warning"
    assert "goes from 0 to 2" in found.message


def test_cycles_that_begin_late_are_kept_with_a_warning(whole, find):
    (found,) = find(shifted(CYCLE, 1)(whole)).values()
    assert (found.code, found.severity) == ("cycle_count_does_not_start_at_zero", "warning")
    assert "cycles will be counted from 1" in found.message


def test_the_cyclers_own_cycles_may_begin_anywhere(whole, find):
    assert find(shifted(CYCLE, 86)(whole).rename({CYCLE: CYCLE_FROM_CYCLER})) == {}


def test_a_test_that_is_a_few_rows_is_fit(find):
    assert find(made_test(3, steps=1).head(2)) == {}


def test_no_rows_are_an_error(whole, find):
    assert set(find(whole.head(0))) == {"no_rows"}
