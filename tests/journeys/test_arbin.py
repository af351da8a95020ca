"""A silicon half cell of 0.3 mA on an Arbin cycler: 18 cycles, and the summary of another tool.

The cycler's counters restart per cycle. What it counts between the last row of a step and the
first of the next belongs to neither, so that sums of steps lie up to 4e-6 below its cycles.
"""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cellframe.errors import MeasurementError
from tests import real_series
from tests.journeys.conftest import need, rated_cell, row_where, upload

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = real_series.COUNTERS
BETWEEN_STEPS = 5e-6

CYCLES = {  # from 1: charge and discharge in A.h, charge and discharge in W.h
    1: (0.001625405999, 0.001755093529, 0.000723454823, 0.000192979456),
    2: (0.001699563705, 0.001567475110, 0.000715499051, 0.000304779945),
    10: (0.001528125264, 0.001463215585, 0.000673113752, 0.000306202095),
    17: (0.001525362328, 0.001464807818, 0.000663093635, 0.000299664496),
}


@pytest.fixture(scope="module")
def cell(lab):
    return rated_cell(lab, "silicon half cell", 0.0017)


@pytest.fixture(scope="module")
def frames(lab, cell):
    """The cell with its test, and the same test without the cycler's counters."""
    series = real_series.arbin_half_cell()
    upload(lab, cell, "cycling", series, test_setup={"cycler": "Arbin"})
    upload(lab, cell, "no counters", series.drop(real_series.COUNTERS))
    return lab.cell_instance.detail_frames(cell)


@pytest.fixture
def reference():
    """The summary of cellpy, a row per cycle."""
    return pl.read_parquet(need("cellpy-arbin", "reference_summary.parquet"))


def of_test(frame, name="cycling"):
    return frame.filter(pl.col("test") == name)


def cycle(frames, number, test="cycling"):
    """The row of one cycle, counted from 1 as the cycler does."""
    return row_where(frames.cycles, {"test": test, "Cycle count": number - 1})


def test_the_series_comes_back_as_it_was_mapped(frames):
    found = of_test(frames.time_series).collect()
    sent = real_series.arbin_half_cell()
    assert_frame_equal(found.select(sent.columns), sent)
    assert found.height == 10261
    raw = pl.read_parquet(need("cellpy-arbin", "raw.parquet"), columns=["test_time"]).to_series()
    # The cycler's clock ran for 300 s before the first record; ours starts with it.
    assert found["Time [s]"].max() + raw[0] == pytest.approx(859077.24, abs=0.005)
    ends = (found["Voltage [V]"].min(), found["Voltage [V]"].max())
    assert ends == pytest.approx((0.04989, 3.11671), abs=5e-6)
    currents = (found["Current [A]"].min(), found["Current [A]"].max())
    assert currents == pytest.approx((-0.000306, 0.000305), abs=5e-7)


def test_there_are_18_cycles_of_103_steps(frames):
    assert of_test(frames.cycles).height == 18
    assert of_test(frames.steps).height == 103
    assert frames.failures.height == 0


@pytest.mark.parametrize("number", CYCLES)
def test_capacities_and_energies_are_the_cyclers(frames, number):
    row = cycle(frames, number)
    found = [row[name] for name in (CHARGE, DISCHARGE, ENERGY_IN, ENERGY_OUT)]
    assert found == pytest.approx(CYCLES[number], rel=BETWEEN_STEPS)
    assert (row["Capacity source"], row["Energy source"]) == ("counter", "counter")


def test_every_cycle_agrees_with_the_summary_of_another_tool(frames, reference):
    cycles = of_test(frames.cycles)
    for ours, theirs in ((CHARGE, "charge_capacity"), (DISCHARGE, "discharge_capacity")):
        assert cycles[ours].to_list() == pytest.approx(
            reference[theirs].to_list(), rel=BETWEEN_STEPS
        )


def test_efficiency_is_discharge_over_charge_of_a_half_cell_too(frames, reference):
    found = 100 * of_test(frames.cycles)["Coulombic efficiency"]
    assert found[:2].to_list() == pytest.approx((107.978778, 92.228088), rel=BETWEEN_STEPS)
    # The reference takes the cell for an anode: charge over discharge.
    inverted = 10000 / reference["coulombic_efficiency"][:17]
    assert reference["coulombic_efficiency"][:3].to_list() == pytest.approx(
        (92.610791, 108.426838, 109.193730), abs=1e-6
    )
    assert found[:17].to_list() == pytest.approx(inverted.to_list(), rel=2 * BETWEEN_STEPS)


def test_energy_efficiency_of_a_half_cell_is_low(frames):
    found = [cycle(frames, number)["Energy efficiency"] for number in (2, 10)]
    assert found == pytest.approx((0.425968, 0.454904), abs=2e-6)


def test_a_cycle_cut_short_has_no_efficiency(frames):
    last = cycle(frames, 18)
    assert last[DISCHARGE] == pytest.approx(0.000239313, abs=5.1e-10)
    assert (last[CHARGE], last["Coulombic efficiency"], last["Energy efficiency"]) == (
        0,
        None,
        None,
    )


def test_without_counters_the_current_is_integrated(frames):
    row = cycle(frames, 2, "no counters")
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx(
        (0.001699754, 0.001567390), rel=BETWEEN_STEPS
    )
    assert (row["Capacity source"], row["Energy source"]) == ("integral", "integral")
    counted = cycle(frames, 2)
    apart = (row[CHARGE] / counted[CHARGE] - 1, 1 - row[DISCHARGE] / counted[DISCHARGE])
    assert apart == pytest.approx((0.00011, 0.00005), abs=5.1e-6)


def test_a_third_of_a_milliampere_is_no_rest(frames):
    told = pl.read_csv(need("cellpy-arbin", "reference_steps.csv"), separator=";")
    keys = {"cycle": "Cycle from cycler", "step": "Step from cycler"}
    joined = of_test(frames.steps).join(told.rename(keys), on=list(keys.values()))
    types = joined.group_by("type").agg(pl.col("Step type").unique())
    found = {row["type"]: row["Step type"] for row in types.rows(named=True)}
    assert found["discharge"] == ["Constant current discharge"]
    assert found["charge"] == ["Constant current charge"]
    assert found["ocvrlx_up"] == found["ocvrlx_down"] == ["Rest"]


def test_the_charge_of_cycle_5_has_as_many_points_as_the_published_curve(frames):
    curve = pl.read_parquet(need("cellpy-arbin", "reference_curve_get_ccap_c5.parquet"))
    steps = of_test(frames.steps).filter(pl.col("Cycle count") == 4)
    charge = row_where(steps, {"Step type": "Constant current charge"})
    assert charge["End index"] - charge["Start index"] + 1 == curve.height == 214
    ends = (charge["Start voltage [V]"], charge["End voltage [V]"])
    assert ends == pytest.approx((curve["potential"][0], curve["potential"][-1]), abs=1e-6)


def test_current_as_the_cycler_signs_it_is_refused(lab, cell):
    turned = real_series.arbin_half_cell().with_columns(-pl.col("Current [A]"))
    with pytest.raises(MeasurementError, match="discharge") as caught:
        upload(lab, cell, "turned", turned)
    assert [finding.code for finding in caught.value.findings] == ["current_sign_reversed"]


def test_strict_checks_refuse_steps_of_one_point(lab, cell):
    detail = {"measurement": {"name": "strict"}, "time_series": real_series.arbin_half_cell()}
    with pytest.raises(MeasurementError) as caught:
        lab.cell_measurement.create(cell, detail, strict=True)
    assert "step_too_few_points" in {finding.code for finding in caught.value.findings}
