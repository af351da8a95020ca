"""Two files of the battery data format, each with a fault: refused as they are, then repaired."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.errors import MeasurementError
from tests import real_series
from tests.journeys.conftest import need, rated_cell, upload
from tests.journeys.repairs import split_where_counters_restart

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = real_series.COUNTERS

RATES = {  # discharge current in A: A.h and W.h, trapezoids within each step
    0.6538: (7.2797, 28.193),
    6.5495: (7.2539, 27.7823),
    13.1005: (7.2377, 27.4663),
    32.7505: (7.2113, 26.8263),
    59.4582: (7.1930, 26.1919),
}
CHARGES = (4.0428, 7.2950, 7.2648, 7.2476, 7.2097)


def rate_test_as_it_is() -> pl.DataFrame:
    """The rate test with its 19 rows whose time starts again."""
    (path,) = (path for path in need("bdf-reference").iterdir() if "Time_Bug" in path.name)
    raw = pl.read_csv(path, infer_schema_length=None)
    return raw.select(
        pl.col("test_time_second").alias("Time [s]"),
        pl.col("voltage_volt").alias("Voltage [V]"),
        (-pl.col("current_ampere")).alias("Current [A]"),
        pl.col("step_index").rle_id().cast(pl.Int64).alias("Step count"),
        pl.col("cycle_count").rle_id().cast(pl.Int64).alias("Cycle count"),
    )


@pytest.fixture(scope="module")
def pouch(lab):
    return rated_cell(lab, "SLPBA842124HV", 7.0)


@pytest.fixture(scope="module")
def can(lab):
    return rated_cell(lab, "G20M7", 4.0)


@pytest.fixture(scope="module")
def frames(lab, pouch, can):
    """Both cells with their repaired tests; the slow cycle also without its counters."""
    upload(lab, pouch, "rates", real_series.rate_test_repaired())
    slow = split_where_counters_restart(real_series.slow_cycle_repaired())
    upload(lab, can, "slow", slow)
    upload(lab, can, "no counters", slow.drop(real_series.COUNTERS))
    return lab.cell_instance.detail_frames([pouch, can])


def of_test(frame, name):
    return frame.filter(pl.col("test") == name)


def test_time_that_starts_again_is_refused_with_every_row(lab, pouch):
    with pytest.raises(
        MeasurementError, match="the clock restarted, add the time before"
    ) as caught:
        upload(lab, pouch, "as it is", rate_test_as_it_is())
    (finding,) = (one for one in caught.value.findings if one.code == "time_not_monotonic")
    assert (finding.column, len(finding.rows), set(finding.values)) == ("Time [s]", 19, {0})
    assert "as it is" not in [test.name for test in lab.cell_measurement.list(pouch)]


def test_without_those_rows_the_rate_test_is_taken(frames):
    assert rate_test_as_it_is().height == 13086
    rows = of_test(frames.time_series, "rates").select(pl.len()).collect().item()
    assert (rows, of_test(frames.steps, "rates").height) == (13067, 20)
    assert of_test(frames.cycles, "rates").height == 1


def test_discharges_of_the_rate_test(frames):
    steps = of_test(frames.steps, "rates").filter(pl.col("Mean current [A]") > 0)
    assert steps["Mean current [A]"].to_list() == pytest.approx(list(RATES), abs=5e-4)
    capacities, energies = zip(*RATES.values(), strict=True)
    assert steps[DISCHARGE].to_list() == pytest.approx(capacities, abs=5.1e-5)
    assert steps[ENERGY_OUT].to_list() == pytest.approx(energies, abs=5.1e-4)
    assert set(steps["Capacity source"]) == {"integral"}


def test_charges_of_the_rate_test(frames):
    steps = of_test(frames.steps, "rates")
    charges = steps.filter(pl.col("Mean current [A]") < 0)
    assert charges[CHARGE].to_list() == pytest.approx(CHARGES, abs=5.1e-5)
    assert steps[CHARGE][1] == pytest.approx(4.0428, abs=5.1e-5)


def test_the_fastest_discharge_is_the_hottest(frames):
    rows = of_test(frames.time_series, "rates").collect()
    hottest = rows.group_by("Step count").agg(pl.col("Temperature [degC]").max()).sort("Step count")
    fastest = of_test(frames.steps, "rates")["Mean current [A]"].arg_max()
    assert rows["Temperature [degC]"].max() == pytest.approx(50.4, abs=0.05)
    assert hottest["Temperature [degC]"][fastest] == rows["Temperature [degC]"].max()


def test_a_cycle_count_of_two_pi_is_refused(lab, can):
    series = real_series.slow_cycle_repaired().drop(real_series.COUNTERS)
    wrong = series.with_columns(pl.lit(6.283185).alias("Cycle count"))
    with pytest.raises(MeasurementError, match=r"no whole number .*6\.283185") as caught:
        upload(lab, can, "two pi", wrong)
    (finding,) = caught.value.findings
    assert (finding.code, finding.column) == ("count_not_whole", "Cycle count")
    assert finding.payload["count"] == 17587


def test_a_counter_that_restarts_inside_a_step_is_refused(lab, can):
    with pytest.raises(MeasurementError, match=r"from 0\.134784 to 0") as caught:
        upload(lab, can, "restarts", real_series.slow_cycle_repaired())
    found = {(one.code, one.column, len(one.rows)) for one in caught.value.findings}
    columns = (DISCHARGE, ENERGY_OUT)
    assert found == {("cumulative_value_decreased", column, 2) for column in columns}


def test_charges_of_the_slow_cycle_are_the_counters(frames):
    steps = of_test(frames.steps, "slow")
    found = [(steps[CHARGE][row], steps[ENERGY_IN][row]) for row in (1, 2)]
    assert found[0] == pytest.approx((3.802155, 14.788551), abs=1e-6)
    assert found[1] == pytest.approx((0.036613, 0.153762), abs=1e-6)
    assert of_test(frames.time_series, "slow").select(pl.len()).collect().item() == 17587


def test_the_discharge_was_interrupted_twice_and_adds_up_to_the_integral(frames):
    steps = of_test(frames.steps, "slow").filter(pl.col("Mean current [A]") > 0)
    # 3.716034 A.h is what the counter shows in the end, after two restarts: 3.6 % too little.
    assert steps[DISCHARGE].to_list() == pytest.approx((0.134784, 0.004354, 3.716034), abs=2e-6)
    assert steps[ENERGY_OUT][2] == pytest.approx(14.220910, abs=1e-6)
    assert set(steps["Capacity source"]) == {"counter"}
    (counted,) = of_test(frames.cycles, "slow").rows(named=True)
    (integrated,) = of_test(frames.cycles, "no counters").rows(named=True)
    assert integrated[CHARGE] == pytest.approx(3.8388, abs=5e-5)
    assert integrated[DISCHARGE] == pytest.approx(3.85517, abs=2e-5)
    assert counted[DISCHARGE] == pytest.approx(integrated[DISCHARGE], rel=1e-5)


def test_the_last_counters_alone_would_make_the_published_efficiencies(frames):
    (cycle,) = of_test(frames.cycles, "slow").rows(named=True)
    last = of_test(frames.steps, "slow").filter(pl.col(DISCHARGE) > 1).row(0, named=True)
    assert last[DISCHARGE] / cycle[CHARGE] == pytest.approx(0.968027, abs=1e-6)
    assert last[ENERGY_OUT] / cycle[ENERGY_IN] == pytest.approx(0.951720, abs=1e-6)
    # The whole discharge gives more than went in: the cell was not empty at the start.
    assert cycle["Coulombic efficiency"] == pytest.approx(3.855172 / 3.838768, abs=1e-6)
