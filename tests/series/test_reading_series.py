"""What a person has becomes one polars frame, without copies and without guesses."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from cellframe.contract.series import CURRENT, CYCLE, FREQUENCY, STEP, TIME, VOLTAGE
from cellframe.errors import MeasurementError
from cellframe.series.checked import check_extension, check_series, read_series, read_steps
from tests.series.variants import at, shifted, with_sweep

NAN, INF = float("nan"), float("inf")


def address(column) -> int:
    return column.to_numpy(allow_copy=False).__array_interface__["data"][0]


def refusal(given) -> MeasurementError:
    with pytest.raises(MeasurementError) as caught:
        read_series(given)
    return caught.value


@pytest.mark.parametrize(
    "convert",
    [
        lambda frame: frame,
        lambda frame: frame.lazy(),
        lambda frame: frame.to_pandas(),
        lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
        lambda frame: frame.to_pandas().convert_dtypes(),
        lambda frame: frame.to_pandas().astype(object),
        lambda frame: frame.to_pandas().set_index(TIME),
        lambda frame: frame.to_arrow(),
        lambda frame: frame.to_dict(as_series=False),
        lambda frame: frame.to_dict(),
        lambda frame: {label: frame[label].to_numpy() for label in frame.columns},
        lambda frame: dict(frame.to_pandas().items()),
        lambda frame: frame.cast({STEP: pl.Float64, CYCLE: pl.UInt8}),
    ],
    ids=[
        "polars",
        "lazy",
        "pandas",
        "arrow-backed",
        "nullable",
        "objects",
        "indexed",
        "arrow",
        "lists",
        "series",
        "numpy",
        "pandas-series",
        "other-types",
    ],
)
def test_every_library_gives_the_same_series(whole, convert):
    assert_frame_equal(read_series(convert(whole)), whole)


def test_a_polars_frame_is_not_copied(whole):
    read = read_series(whole)
    assert [address(read[label]) for label in read.columns] == [
        address(whole[label]) for label in whole.columns
    ]


def test_floats_of_a_pandas_frame_are_not_copied():
    frame = pd.DataFrame({label: np.arange(1e5) for label in (TIME, VOLTAGE, "own")})
    read = read_series(frame)
    for label in (TIME, VOLTAGE, "own"):
        assert address(read[label]) == frame[label].to_numpy().__array_interface__["data"][0]


def test_whole_numbers_are_taken_for_floats(find):
    read = read_series({TIME: [0, 1], VOLTAGE: [3, 4], CURRENT: [0, 0.5], STEP: [0.0, 1.0]})
    assert read.dtypes == [pl.Float64, pl.Float64, pl.Float64, pl.Int64]


def test_other_columns_are_kept_as_they_are(whole):
    own = whole.with_columns(
        note=pl.lit("x"), flag=pl.lit(True), odd=pl.lit(NAN), day=pl.date(2026, 1, 5)
    )
    assert_frame_equal(read_series(own), own)


def test_nan_is_a_gap_where_it_can_be_nothing_else(whole):
    read = read_series(at("Temperature [degC]", 3, NAN)(whole))
    assert read["Temperature [degC]"].null_count() == 1


@pytest.mark.parametrize("label", [TIME, VOLTAGE, CURRENT])
@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_value_that_is_no_number_is_told_with_its_row(whole, find, label, value):
    found = find(at(label, 7, value)(whole))
    assert found["value_not_finite"].rows == (7,)
    assert "in row 7" in found["value_not_finite"].message


def test_infinity_is_refused_in_any_known_column(whole, find):
    assert find(at("Temperature [degC]", 3, INF)(whole))["value_not_finite"].rows == (3,)


def test_a_sweep_may_have_nan_where_nothing_was_measured(whole, find):
    sweep = with_sweep(whole)
    assert find(sweep.with_columns(pl.col(pl.Float64).fill_null(NAN))) == {}
    assert find(sweep.to_pandas()) == {}
    assert read_series(sweep.to_pandas())[FREQUENCY].null_count() == whole.height


def test_a_decimal_that_is_no_number_is_a_gap_or_text(find):
    series = {TIME: [0.0, 1.0], VOLTAGE: [Decimal("3.7"), Decimal("NaN")], STEP: [0, 0]}
    assert find(series)["value_not_a_number"].column == VOLTAGE


@pytest.mark.parametrize("label", [VOLTAGE, CURRENT])
def test_a_gap_in_what_is_measured_is_a_warning(whole, find, label):
    found = find(at(label, 5, None)(whole))["value_missing"]
    assert (found.severity, found.rows) == ("warning", (5,))


def test_an_empty_voltage_is_an_error(whole, find):
    found = find(whole.with_columns(pl.lit(None).alias(VOLTAGE)))
    assert found["value_missing"].severity == "error"


def test_text_is_told_with_its_rows(whole, find):
    text = whole.with_columns(pl.col(VOLTAGE).cast(pl.String))
    assert "numbers written as text" in find(text)["value_not_a_number"].message
    counted = whole.with_columns(pl.col(STEP).cast(pl.String))
    assert "to whole numbers" in find(counted)["value_not_a_number"].message
    odd = at(VOLTAGE, 4, "3,7")(text)
    assert find(odd)["value_not_a_number"].rows == (4,)
    assert "'3,7'" in find(odd)["value_not_a_number"].message


def test_clock_times_are_told_how_to_become_seconds(whole, find):
    span = whole.with_columns(pl.duration(seconds=pl.col(TIME)).alias(TIME))
    assert "total_microseconds() / 1e6" in find(span)["value_not_a_number"].message
    moment = whole.with_columns(pl.lit("2026-01-05").str.to_datetime().alias(TIME))
    assert "seconds since the first row" in find(moment)["value_not_a_number"].message


def test_a_count_that_is_not_whole_is_told(whole, find):
    assert find(whole.with_columns(pl.lit(6.283).alias(CYCLE)))["count_not_whole"].rows[0] == 0


def test_steps_have_null_where_a_statistic_is_no_number():
    steps = read_steps(
        {STEP: [0, 1, 2], "Std current [A]": [NAN, INF, 0.1], "note": ["a", "b", "c"]}
    )
    assert steps["Std current [A]"].to_list() == [None, None, 0.1]
    assert steps.columns == [STEP, "Std current [A]", "note"]


def test_columns_of_unequal_lengths_are_all_named():
    told = str(refusal({TIME: [0, 1, 2], VOLTAGE: [3.0, 4.0, 5.0], CURRENT: [1.0], STEP: [0, 0]}))
    assert "'Current [A]' has 1, 'Step count' has 2, the others have 3 values" in told


def test_two_columns_of_one_name_are_refused():
    twice = pd.DataFrame([[0.0, 1.0, 2.0]], columns=[TIME, VOLTAGE, VOLTAGE])
    assert "2 columns are named 'Voltage [V]'" in str(refusal(twice))
    arrow = pa.table([[0.0], [1.0]], names=[TIME, TIME])
    assert [finding.code for finding in refusal(arrow).findings] == ["column_twice"]


@pytest.mark.parametrize("given", [None, 7, "series.parquet", [1, 2], np.zeros((2, 2))])
def test_what_is_no_table_is_refused_by_its_type(given):
    assert type(given).__name__ in str(refusal(given))


@pytest.mark.parametrize("given", [{}, pl.DataFrame(), pd.DataFrame()])
def test_no_columns_are_refused(given):
    assert [finding.code for finding in refusal(given).findings] == ["no_columns"]


@pytest.mark.parametrize("value", [3.7, "3.7", None, np.zeros((2, 2)), iter([1.0])])
def test_what_is_no_column_is_refused(value):
    found = refusal({TIME: [0.0, 1.0], VOLTAGE: value}).findings
    assert [(finding.code, finding.column) for finding in found] == [("not_a_column", VOLTAGE)]


def test_a_lazy_frame_that_cannot_be_collected_is_refused(whole):
    told = str(refusal(whole.lazy().select("nothing")))
    assert "cannot be collected: ColumnNotFoundError" in told
    assert "plan" not in told


def broken(_):
    return 1 / 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pl.scan_parquet("missing.parquet"), "FileNotFoundError: "),
        (pl.LazyFrame({TIME: [0.0]}).map_batches(broken), "ZeroDivisionError: division by zero"),
        (
            pl.LazyFrame({TIME: [0.0]}).with_columns(
                pl.col(TIME).map_elements(broken, return_dtype=pl.Float64)
            ),
            "ZeroDivisionError: division by zero",
        ),
    ],
    ids=["file", "frame", "element"],
)
def test_whatever_a_lazy_frame_raises_is_told_in_a_line(given, said):
    refused = refusal(given)
    assert len(refused.findings[0].message.splitlines()) == 1
    assert said in refused.findings[0].message
    assert refused.__cause__ is not None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (pl.DataFrame(), "The steps have no columns"),
        ([1], "A list is no table of steps"),
        ({STEP: [0, 1], "a": [1]}, "columns are not of one length"),
    ],
)
def test_faults_of_steps_are_told_as_such(given, said):
    with pytest.raises(MeasurementError, match=said) as caught:
        read_steps(given)
    assert "The steps are not fit to upload" in str(caught.value)
    assert "series" not in str(caught.value)


def test_every_fault_is_told_at_once_and_as_a_frame(whole):
    odd = at(CURRENT, 7, INF)(shifted(TIME, 5)(whole)).drop(STEP)
    with pytest.raises(MeasurementError) as caught:
        check_series(odd.rename({"Temperature [degC]": "Temperature [K]"}))
    failures = caught.value.failures
    codes = [
        "unit_differs",
        "value_not_finite",
        "time_does_not_start_at_zero",
        "step_count_missing",
    ]
    assert failures["code"].to_list() == codes
    assert failures.row(1)[1:5] == ("error", 7, CURRENT, "inf")
    assert all(message in str(caught.value) for message in failures["message"])
    assert isinstance(caught.value, ValueError)


def test_rows_that_continue_a_series_may_start_at_any_time(whole):
    assert check_extension(shifted(STEP, 12)(shifted(TIME, 1e5)(whole))) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda frame: frame.head(0), "no_rows"),
        (lambda frame: frame.drop(TIME), "time_column_missing"),
        (lambda frame: frame.drop(STEP), "step_count_missing"),
        (lambda frame: frame.reverse(), "time_not_monotonic"),
        (at(VOLTAGE, 3, INF), "value_not_finite"),
    ],
)
def test_rows_that_cannot_continue_a_series_are_refused(whole, change, code):
    with pytest.raises(MeasurementError) as caught:
        check_extension(change(whole))
    assert code in [finding.code for finding in caught.value.findings]
