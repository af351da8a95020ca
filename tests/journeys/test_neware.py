"""Two cells on Neware cyclers: one with the cycler's own cycles and steps, one with a trap."""

from __future__ import annotations

import polars as pl
import pytest

from tests import real_series
from tests.journeys.conftest import need, rated_cell, row_where, upload

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = real_series.COUNTERS
PRINTED = 1.1e-5
"""A.h, W.h: records, steps and cycles are each printed with five digits."""

CYCLES = {  # from 1: charge, discharge in A.h, efficiency in percent, charge, discharge in W.h
    2: (0.32780, 0.33172, 101.20, 1.46454, 1.35982),
    3: (0.33180, 0.32663, 98.44, 1.48259, 1.33992),
    20: (0.26738, 0.26320, 98.44, 1.19643, 1.07859),
}


@pytest.fixture(scope="module")
def frames(lab):
    """Both cells, each with its test; the first one without counters too."""
    full, half = rated_cell(lab, "LNMO", 0.33), rated_cell(lab, "UiO", 0.0047)
    series = real_series.ife_full_cell()
    upload(lab, full, "cycling", series)
    upload(lab, full, "no counters", series.drop(real_series.COUNTERS))
    upload(lab, half, "half cell", real_series.neware_half_cell())
    return lab.cell_instance.detail_frames([full, half])


def cycle(frames, test, number):
    return row_where(frames.cycles, {"test": test, "Cycle count": number - 1})


def of_test(frame, name="cycling"):
    return frame.filter(pl.col("test") == name)


def test_the_series_spans_what_the_cycler_measured(frames):
    series = of_test(frames.time_series).collect()
    assert series.height == 9295
    assert series["Time [s]"].max() == pytest.approx(100543, abs=0.5)
    ends = (series["Voltage [V]"].min(), series["Voltage [V]"].max())
    assert ends == pytest.approx((3.8999, 4.7001))


def test_81_steps_are_the_cyclers_own(frames):
    steps = of_test(frames.steps)
    reference = pl.read_csv(need("cellpy-neware", "ife_steps.csv"))
    assert steps.height == reference.height == 81
    moved, energy = steps[DISCHARGE] + steps[CHARGE], steps[ENERGY_OUT] + steps[ENERGY_IN]
    assert moved.to_list() == pytest.approx(reference["Capacity(Ah)"].to_list(), abs=PRINTED)
    assert energy.to_list() == pytest.approx(reference["Energy(Wh)"].to_list(), abs=PRINTED)
    assert steps["End voltage [V]"].to_list() == reference["End Voltage(V)"].to_list()


def test_step_types_are_the_cyclers_own(frames):
    reference = pl.read_csv(need("cellpy-neware", "ife_steps.csv"))
    words = {"CC Chg": "Constant current charge", "CC DChg": "Constant current discharge"}
    told = reference["Step Type"].replace(words)
    assert of_test(frames.steps)["Step type"].to_list() == told.to_list()


def test_20_cycles_are_the_cyclers_own(frames):
    cycles = of_test(frames.cycles)
    reference = pl.read_csv(need("cellpy-neware", "ife_cycles.csv"))
    labels = ("Chg. Cap.(Ah)", "DChg. Cap.(Ah)", "Chg. Energy(Wh)", "DChg. Energy(Wh)")
    for ours, theirs in zip((CHARGE, DISCHARGE, ENERGY_IN, ENERGY_OUT), labels, strict=True):
        # A cycle has two steps in each direction at most, each of them printed.
        told = reference[theirs].to_list()
        assert cycles[ours].to_list() == pytest.approx(told, abs=2 * PRINTED)
    percent = (100 * cycles["Coulombic efficiency"]).to_list()
    assert percent == pytest.approx(reference["Chg.-DChg. Eff(%)"].to_list(), rel=1e-3)


@pytest.mark.parametrize("number", CYCLES)
def test_capacities_energies_and_efficiency_of_a_cycle(frames, number):
    row = cycle(frames, "cycling", number)
    charge, discharge, percent, energy_in, energy_out = CYCLES[number]
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((charge, discharge), abs=PRINTED)
    assert (row[ENERGY_IN], row[ENERGY_OUT]) == pytest.approx((energy_in, energy_out), abs=PRINTED)
    assert 100 * row["Coulombic efficiency"] == pytest.approx(percent, abs=0.005)


def test_a_top_up_before_the_first_discharge_makes_an_efficiency_of_15(frames):
    first = cycle(frames, "cycling", 1)
    assert first["Charge duration [s]"] == pytest.approx(171, abs=1)
    # Five digits of a small charge leave three digits of the ratio.
    assert 100 * first["Coulombic efficiency"] == pytest.approx(1465.46, rel=5e-4)


def test_retention_is_told_between_cycles_that_are_whole(frames):
    discharges = of_test(frames.cycles)[DISCHARGE]
    assert discharges[19] / discharges[1] == pytest.approx(0.793440, abs=5e-5)
    assert of_test(frames.cycles)["Capacity retention"][0] == 1


def test_records_without_counters_are_integrated(frames):
    row = cycle(frames, "no counters", 3)
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((0.33189, 0.32663), abs=1e-5)
    assert row["Capacity source"] == "integral"


def test_113_records_that_share_a_second_stay_in_their_order(frames):
    series = of_test(frames.time_series).collect()
    assert (series["Time [s]"].diff() == 0).sum() == 113
    assert of_test(frames.steps)["Duration [s]"].min() >= 0


def test_a_half_cell_has_four_cycles_of_six_days(frames):
    series = of_test(frames.time_series, "half cell").collect()
    assert series.height == 9065
    assert series["Time [s]"].max() == 144 * 3600 + 2 * 60 + 18
    assert (series["Voltage [V]"].min(), series["Voltage [V]"].max()) == pytest.approx(
        (0.05, 2.957), abs=5e-4
    )
    assert of_test(frames.cycles, "half cell").height == 4


def test_several_discharges_of_a_cycle_add_up(frames):
    found = of_test(frames.cycles, "half cell")
    assert found[DISCHARGE][:2].to_list() == pytest.approx((0.00508628, 0.00436841), abs=1e-8)
    assert found[CHARGE][1] == pytest.approx(0.00424668, abs=1e-8)


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        (1, (0.00468031, 0.00028183, 0.00012414)),
        (2, (0.00406473, 0.00019820, 0.00010548)),
    ],
)
def test_the_largest_of_several_discharges_is_not_the_cycles(frames, number, parts):
    steps = of_test(frames.steps, "half cell").filter(pl.col("Cycle count") == number - 1)
    discharges = steps.filter(pl.col(DISCHARGE) > 0)
    assert discharges[DISCHARGE].to_list() == pytest.approx(parts, abs=1e-8)
    repeated = discharges["Cycle discharge capacity [A.h]"].to_list()
    assert repeated == pytest.approx([sum(parts)] * 3, abs=1e-8)


def test_a_cycle_with_two_pairs_has_both(frames):
    steps = of_test(frames.steps, "half cell").filter(pl.col("Cycle count") == 2)
    charges = steps.filter(pl.col(CHARGE) > 0)
    assert charges.height == 2
    assert steps.filter(pl.col(DISCHARGE) > 0.003).height == 2
    row = cycle(frames, "half cell", 3)
    assert row[DISCHARGE] == pytest.approx(steps[DISCHARGE].sum()) == pytest.approx(0.00797423)
