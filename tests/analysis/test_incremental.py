from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

import cellframe.accessors  # noqa: F401 - registers
from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests import real_series
from tests.cycling import cycling
from tests.journeys.conftest import need

DQDV, DVDQ, PASSED = "dQ/dV [A.h/V]", "dV/dQ [V/A.h]", "Charge passed [A.h]"
WHICH = ["Cycle count", "Step count", "Direction"]


@pytest.fixture(scope="module")
def check_up() -> pl.DataFrame:
    return real_series.lgm50_check_up()


@pytest.fixture(scope="module")
def curves(check_up) -> pl.DataFrame:
    return analysis.incremental_capacity(check_up)


def of(curves: pl.DataFrame, direction: str) -> pl.DataFrame:
    return curves.filter(pl.col("Direction") == direction)


def integrals(curves: pl.DataFrame, spacing: float = 0.002) -> pl.DataFrame:
    return curves.group_by(WHICH, maintain_order=True).agg(pl.col(DQDV).sum() * spacing)


def bare(curves: pl.DataFrame) -> pl.DataFrame:
    return curves.drop("Finding", "Definition")


def test_the_integral_over_the_voltage_is_the_capacity(curves):
    found = dict(integrals(curves).select("Direction", DQDV).iter_rows())
    assert found["discharge"] == pytest.approx(4.813670, rel=1e-3)
    assert found["charge"] == pytest.approx(4.732060, rel=1e-3)
    assert curves["Finding"].null_count() == curves.height


def test_a_slow_discharge_of_graphite_against_nmc_has_three_peaks(curves):
    table = analysis.peaks(curves)
    voltages = of(table, "discharge")["Voltage [V]"].to_list()
    assert voltages == pytest.approx([3.453, 3.599, 4.061], abs=0.004)
    assert of(table, "discharge")["Peak"].to_list() == [0, 1, 2]
    assert (table["Area [A.h]"] > 0.2).all()
    assert (table["Width [V]"] < 0.1).all()


def test_each_row_says_what_made_it(curves):
    (definition,) = curves["Definition"].cast(pl.String).unique()
    for said in ("capacity column", "2 mV apart", "Dubarry", "10 mV", "constant current"):
        assert said in definition


def test_voltages_are_the_same_for_both_directions_and_rise(curves):
    for direction in ("charge", "discharge"):
        places = of(curves, direction)["Voltage [V]"].to_numpy() / 0.002 - 0.5
        assert np.abs(places - places.round()).max() < 1e-9
        assert (np.diff(places) > 0).all()


def test_a_window_keeps_what_lies_in_it_and_changes_no_value(check_up, curves):
    part = analysis.incremental_capacity(check_up, window=(3.4, 3.7))
    whole = curves.filter(pl.col("Voltage [V]").is_between(3.4, 3.7))
    assert bare(part).equals(bare(whole))
    assert "kept from 3.4 to 3.7 V" in part["Definition"].cast(pl.String)[0]


def test_a_window_beside_the_curve_is_told_and_not_left_out():
    curve = analysis.incremental_capacity(cycling(1, points=50), window=(9, 10))
    assert curve[DQDV].to_list() == [None, None]
    assert "nothing in the window" in curve["Finding"].cast(pl.String)[0]


def test_normalised_curves_have_the_area_one(check_up):
    curves = analysis.incremental_capacity(check_up, normalise=True)
    areas = curves.group_by("Direction").agg(pl.col("Normalised dQ/dV [1/V]").sum() * 0.002)
    assert areas["Normalised dQ/dV [1/V]"].to_list() == pytest.approx([1, 1], rel=1e-3)


def test_the_part_at_a_held_voltage_is_left_out_also_within_one_step():
    curves = analysis.incremental_capacity(real_series.rate_of_lgm50("cRate_1C"))
    assert 4.2 < of(curves, "charge")[PASSED].max() < 4.2698  # of 4.7364
    assert of(curves, "charge")["Finding"].null_count() == of(curves, "charge").height


def test_a_step_that_holds_its_voltage_throughout_has_no_curve(check_up):
    curves = analysis.incremental_capacity(check_up, every_step=True)
    assert curves["Step count"].unique().sort().to_list() == [1, 5, 8]


def test_a_voltage_that_is_linear_in_charge_has_a_flat_slope():
    series = real_series.resistor_pulse().filter(pl.col("Step count") == 4)  # V = 2 + Q - 0.1
    over_voltage = analysis.incremental_capacity(series)
    over_charge = analysis.differential_voltage(series, points=100)
    assert over_voltage[DQDV].to_list() == pytest.approx([1.0] * over_voltage.height, abs=1e-5)
    assert over_charge[DVDQ].to_list() == pytest.approx([1.0] * 100, abs=1e-5)


def test_an_integral_that_does_not_return_the_charge_is_told():
    curves = analysis.incremental_capacity(real_series.maccor_cycles())
    told = curves.filter(pl.col("Step count") == 4)["Finding"].cast(pl.String)[0]
    assert told.startswith("the integral is 0.3843 A.h and not 1.452")
    assert curves.filter(pl.col("Step count") == 8)["Finding"].null_count() > 0


def test_points_that_are_far_apart_are_told():
    curves = analysis.incremental_capacity(real_series.pouch_cell())
    told = curves.filter(pl.col("Step count") == 20)["Finding"].cast(pl.String)[0]
    assert told == "coarse: points are 66 mV apart"


def test_the_shape_is_that_of_the_cyclers_own_column():
    raw = pl.read_csv(need("cellpy-neware", "neware_uio.csv"), infer_schema_length=None)
    raw = raw.filter((pl.col("Cycle Index") == 2) & (pl.col("Step Type") == "CC Chg"))
    at = ((pl.col("Voltage [V]") / 0.02).floor() * 0.02).round(3).alias("at")
    theirs = raw.select(
        pl.col("Voltage(V)").alias("Voltage [V]"), pl.col("dQ/dV(mAh/V)").abs() / 1000
    )
    theirs = theirs.group_by(at).agg(pl.col("dQ/dV(mAh/V)").median())
    ours = analysis.incremental_capacity(real_series.neware_half_cell())
    ours = of(ours, "charge").filter(pl.col("Cycle count") == 1).group_by(at)
    both = theirs.join(ours.agg(pl.col(DQDV).median()), on="at").filter(pl.col("at") < 0.96)
    assert both.height > 35
    assert both.select(pl.corr("dQ/dV(mAh/V)", DQDV)).item() > 0.95


def test_the_integral_over_the_charge_is_the_way_of_the_voltage(check_up):
    curves = analysis.differential_voltage(check_up)
    for direction, way in (("discharge", 4.1694884 - 2.5001597), ("charge", 4.1999679 - 2.9287248)):
        curve = of(curves, direction)
        cell = curve[PASSED][1] - curve[PASSED][0]
        assert curve[DVDQ].sum() * cell == pytest.approx(way, rel=1e-3)


def test_a_curve_of_voltage_over_charge_has_peaks_between_the_plateaus(check_up):
    table = analysis.peaks(analysis.differential_voltage(check_up))
    assert of(table, "discharge")[PASSED].to_list() == pytest.approx([1.023, 3.526], abs=0.02)
    assert of(table, "discharge")["Height [V/A.h]"].to_list() == pytest.approx(
        [0.24, 0.25], abs=0.01
    )
    assert "dV/dQ" in table["Definition"].cast(pl.String)[0]


@settings(max_examples=30)
@given(heights=st.lists(st.integers(0, 6), min_size=3, max_size=40))
def test_peaks_are_those_of_an_independent_library(heights):
    values = np.array(heights, dtype=float)
    curve = pl.DataFrame(
        {"Voltage [V]": np.arange(len(values)) * 0.5, PASSED: values, DQDV: values}
    ).with_columns(pl.lit(0).alias("Step count"), pl.lit("charge").alias("Direction"))
    table = analysis.peaks(curve, prominence=0.3).drop_nulls("Peak")
    least = 0.3 * values.max() or 1e-9
    rows, told = signal.find_peaks(values, prominence=least, width=0)
    assert (table["Voltage [V]"] / 0.5).to_list() == rows.tolist()
    assert table["Prominence [A.h/V]"].to_list() == told["prominences"].tolist()
    assert table["Width [V]"].to_list() == pytest.approx(told["widths"] * 0.5)


def test_a_curve_without_a_peak_says_so():
    table = analysis.peaks(analysis.incremental_capacity(cycling(1, points=200)))
    assert table["Peak"].to_list() == [None, None]
    assert table["Finding"].cast(pl.String).to_list() == ["no peak", "no peak"]


@settings(max_examples=10)
@given(factor=st.floats(1e-3, 1e3))
def test_a_cell_of_another_size_has_the_same_curve_scaled(factor):
    series = real_series_like()
    scaled = series.with_columns(pl.col("Current [A]") * factor)
    one, other = (analysis.incremental_capacity(frame) for frame in (series, scaled))
    assert other[DQDV].to_numpy() == pytest.approx(one[DQDV].to_numpy() * factor, rel=1e-6)
    assert other["Voltage [V]"].equals(one["Voltage [V]"])


def real_series_like() -> pl.DataFrame:
    """Two cycles whose voltage has steps of plateaus."""
    series = cycling(2, points=300)
    wave = 0.01 * (pl.col("Voltage [V]") * 40).sin()
    return series.with_columns(pl.col("Voltage [V]") + wave)


def test_rows_and_cells_in_another_order_have_the_same_curves():
    series = real_series_like()
    fleet = pl.concat(series.with_columns(pl.lit(name).alias("cell")) for name in "ab")
    mixed = fleet.sample(fraction=1, shuffle=True, seed=3)
    one, other = (analysis.incremental_capacity(frame) for frame in (fleet, mixed))
    keys = ["cell", "Step count", "Voltage [V]"]
    assert one.sort(keys).equals(other.sort(keys))
    alone = analysis.incremental_capacity(series)
    assert one.filter(pl.col("cell") == "b").drop("cell").equals(alone)


def test_a_voltage_in_millivolt_is_read_as_one():
    series = real_series_like()
    curve = analysis.incremental_capacity(series.cell.to_unit("Voltage", "mV"))
    expected = analysis.incremental_capacity(series)
    assert curve[DQDV].to_numpy() == pytest.approx(expected[DQDV].to_numpy(), rel=1e-6)


def test_lazy_frames_and_pandas_have_the_same_answer():
    series = real_series_like().with_columns(pl.lit("c-1").alias("cell"))
    expected = analysis.incremental_capacity(series)
    assert analysis.incremental_capacity(series.lazy()).equals(expected)
    theirs = analysis.incremental_capacity(series.to_pandas())
    assert type(theirs).__module__.startswith("pandas")
    assert theirs[DQDV].to_numpy() == pytest.approx(expected[DQDV].to_numpy())
    assert len(analysis.peaks(theirs)) == analysis.peaks(expected).height


def test_a_series_without_a_half_cycle_has_no_rows_and_all_columns():
    rest = cycling(1).with_columns(pl.lit(0.0).alias("Current [A]"))
    curves = analysis.incremental_capacity(rest)
    assert curves.height == 0
    assert curves.columns == [*WHICH, "Voltage [V]", PASSED, DQDV, "Finding", "Definition"]
    assert analysis.peaks(curves).height == 0


def test_all_missing_columns_are_named_at_once():
    with pytest.raises(FrameError, match="time series; the frame has 'Time") as caught:
        analysis.incremental_capacity(cycling().drop("Voltage [V]", "Step count"))
    assert caught.value.failures["column"].to_list() == ["Voltage [V]", "Step count"]


def test_a_column_of_text_is_named():
    series = cycling().with_columns(pl.lit("3.3 V").alias("Voltage [V]"))
    with pytest.raises(FrameError, match=r"'Voltage \[V\]' should hold numbers and holds String"):
        analysis.differential_voltage(series)


@pytest.mark.parametrize("wrong", [{"spacing": 0}, {"smoothing": -1}, {"window": (4, 3)}])
def test_widths_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        analysis.incremental_capacity(cycling(), **wrong)


def test_peaks_of_what_is_no_curve_are_refused():
    with pytest.raises(FrameError, match="not a curve of dQ/dV"):
        analysis.peaks(cycling())
