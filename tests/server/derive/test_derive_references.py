"""Do real files give the numbers that their READMEs, and their cyclers, state?

What a cycler counts between the last row of a step and the first of the next belongs to neither
step; where a counter restarts per cycle, sums of steps lie below it by that much, about 1e-4.
"""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests import real_series
from tests.journeys.conftest import need

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = real_series.COUNTERS
CHARGE_FIRST = (CHARGE, DISCHARGE, ENERGY_IN, ENERGY_OUT)
CE, EE = "Coulombic efficiency", "Energy efficiency"


def of_cycle(derived, number: int) -> dict:
    """The row of one cycle, numbered from 1 as cyclers do."""
    return derived.cycles.row(number - 1, named=True)


def of_step(derived, number: int) -> dict:
    return derived.steps.row(number, named=True)


ARBIN = {
    1: (0.001625405999, 0.001755093529, 0.000723454823, 0.000192979456),
    2: (0.001699563705, 0.001567475110, 0.000715499051, 0.000304779945),
    10: (0.001528125264, 0.001463215585, 0.000673113752, 0.000306202095),
    17: (0.001525362328, 0.001464807818, 0.000663093635, 0.000299664496),
}


@pytest.mark.parametrize("cycle", ARBIN)
def test_arbin_cycles_are_as_counted(derived, cycle):
    row = of_cycle(derived(real_series.arbin_half_cell()), cycle)
    assert [row[name] for name in CHARGE_FIRST] == pytest.approx(ARBIN[cycle], rel=1e-4)
    assert row["Capacity source"] == row["Energy source"] == "counter"


def test_arbin_efficiencies_are_ratios_of_discharge_to_charge(derived):
    series = derived(real_series.arbin_half_cell())
    reference = pl.read_parquet(need("cellpy-arbin", "reference_summary.parquet"))
    # The reference is of an anode half cell, in percent: charge over discharge.
    inverted = 100 / reference["coulombic_efficiency"][:17]
    assert series.cycles[CE][:17].to_list() == pytest.approx(inverted.to_list(), rel=2e-4)
    assert of_cycle(series, 2)[EE] == pytest.approx(0.425968, abs=1e-5)
    assert of_cycle(series, 10)[EE] == pytest.approx(0.454904, abs=1e-5)


def test_an_arbin_cycle_cut_short_has_no_efficiency(derived):
    last = of_cycle(derived(real_series.arbin_half_cell()), 18)
    assert last[DISCHARGE] == pytest.approx(0.000239313, rel=1e-3)
    assert (last[CHARGE], last[CE], last[EE]) == (0, None, None)


def test_arbin_integrals_agree_with_the_counters(derived):
    bare = real_series.arbin_half_cell().drop(real_series.COUNTERS)
    row = of_cycle(derived(bare), 2)
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((0.001699754, 0.001567390), rel=1e-4)
    assert row["Capacity source"] == "integral"


def test_steps_of_a_cell_of_a_third_of_a_milliampere_are_no_rests(derived):
    steps = derived(real_series.arbin_half_cell()).steps
    kinds = need("cellpy-arbin", "reference_steps.csv")
    reference = pl.read_csv(kinds, separator=";").rename({"type": "told"})
    keys = {"Cycle from cycler": "cycle", "Step from cycler": "step"}
    told = steps.rename(keys).join(reference, on=["cycle", "step"], how="inner")
    typed = told.group_by("told").agg(pl.col("Step type").unique())
    found = {row["told"]: set(row["Step type"]) for row in typed.rows(named=True)}
    assert found["discharge"] == {"Constant current discharge"}
    assert found["charge"] == {"Constant current charge"}
    assert found["ocvrlx_up"] == found["ocvrlx_down"] == {"Rest"}


def test_ife_steps_are_the_cyclers_own(derived):
    steps = derived(real_series.ife_full_cell()).steps
    reference = pl.read_csv(need("cellpy-neware", "ife_steps.csv"))
    moved = steps[DISCHARGE] + steps[CHARGE]
    assert moved.to_list() == pytest.approx(reference["Capacity(Ah)"].to_list(), abs=1.1e-5)
    energy = steps[ENERGY_OUT] + steps[ENERGY_IN]
    assert energy.to_list() == pytest.approx(reference["Energy(Wh)"].to_list(), abs=1.1e-5)
    assert steps["End voltage [V]"].to_list() == reference["End Voltage(V)"].to_list()
    kinds = reference["Step Type"].replace({"CC Chg": "charge", "CC DChg": "discharge"})
    assert steps["Step type"].str.split(" ").list.last().to_list() == kinds.to_list()


def test_ife_cycles_are_the_cyclers_own(derived):
    cycles = derived(real_series.ife_full_cell()).cycles
    reference = pl.read_csv(need("cellpy-neware", "ife_cycles.csv"))
    labels = ("Chg. Cap.(Ah)", "DChg. Cap.(Ah)", "Chg. Energy(Wh)", "DChg. Energy(Wh)")
    for ours, theirs in zip(CHARGE_FIRST, labels, strict=True):
        assert cycles[ours].to_list() == pytest.approx(reference[theirs].to_list(), abs=2.1e-5)
    assert (100 * cycles[CE]).to_list() == pytest.approx(
        reference["Chg.-DChg. Eff(%)"].to_list(), rel=1e-3
    )
    assert cycles[DISCHARGE][19] / cycles[DISCHARGE][1] == pytest.approx(0.793440, abs=1e-5)


def test_ife_integrals_agree_with_its_cycler(derived):
    bare = real_series.ife_full_cell().drop(real_series.COUNTERS)
    row = of_cycle(derived(bare), 3)
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((0.33189, 0.32663), abs=1e-5)


def test_repeated_time_stamps_are_legal(derived):
    series = real_series.ife_full_cell()
    assert (series["Time [s]"].diff() == 0).sum() == 113
    assert derived(series).steps["Duration [s]"].min() >= 0


def test_several_discharges_of_one_cycle_add_up(derived):
    cycles = derived(real_series.neware_half_cell()).cycles
    assert cycles[DISCHARGE].to_list()[:2] == pytest.approx((0.00508628, 0.00436841), abs=1e-8)
    assert cycles[CHARGE][1] == pytest.approx(0.00424668, abs=1e-8)
    assert cycles[DISCHARGE][2] == pytest.approx(0.00797423, abs=1e-8)


CHECK_UP = {  # net capacity and its integral in A.h, energy in W.h, as the README says
    1: (2.678873, 2.67887, 10.56078),
    2: (0.469475, 0.46964, 1.97229),
    5: (4.813670, 4.81367, 17.62530),
    8: (4.732060, 4.73207, 17.82786),
}


@pytest.mark.parametrize("step", CHECK_UP)
def test_check_up_of_an_lgm50(derived, step):
    series = real_series.lgm50_check_up()
    counted, integrated, energy = CHECK_UP[step]
    row = of_step(derived(series), step)
    assert row[DISCHARGE] + row[CHARGE] == pytest.approx(counted, abs=1e-6)
    assert row[ENERGY_OUT] + row[ENERGY_IN] == pytest.approx(energy, abs=1e-5)
    assert (row["Capacity source"], row["Energy source"]) == ("capacity column", "integral")
    bare = of_step(derived(series.drop("Capacity [A.h]")), step)
    assert bare[DISCHARGE] + bare[CHARGE] == pytest.approx(integrated, abs=2e-5)


def test_the_steps_of_a_check_up_are_named(derived):
    steps = derived(real_series.lgm50_check_up(), rated_capacity=5.0).steps
    held = {1: "Constant current charge", 2: "Constant voltage charge"}
    held |= {5: "Constant current discharge", 8: "Constant current charge"}
    assert steps["Step type"].to_list() == [held.get(step, "Rest") for step in range(10)]
    assert steps["Duration [s]"][5] == pytest.approx(34658.1, abs=0.05)
    assert steps["Duration [s]"][8] == pytest.approx(34071.4, abs=0.05)


POUCH = {  # charge, discharge, charge energy, discharge energy, CE, EE of the laboratory
    2: (0.02187029, 0.02173834, 0.08079519, 0.07969905, 0.993966701, 0.986433103),
    9: (0.01899663, 0.01901047, None, None, 1.000728550, 0.976520153),
}


@pytest.mark.parametrize("cycle", POUCH)
def test_cycles_of_the_pouch_cell_are_the_laboratorys(derived, cycle):
    row = of_cycle(derived(real_series.pouch_cell()), cycle)
    for name, number in zip((*CHARGE_FIRST, CE, EE), POUCH[cycle], strict=True):
        assert number is None or row[name] == pytest.approx(number, rel=1e-6)


def test_counters_win_over_integrals_of_thinned_rows(derived):
    series = real_series.pouch_cell()
    counted = derived(series)
    # Two charges in cycle 4: their last one alone is what the column ends at, 0.0196421.
    assert of_cycle(counted, 4)[DISCHARGE] == pytest.approx(0.0196206, rel=1e-5)
    assert of_cycle(counted, 4)[CHARGE] == pytest.approx(0.01111994 + 0.0196420, rel=1e-5)
    pulses = counted.steps.filter((pl.col("Cycle count") == 4) & (pl.col(DISCHARGE) > 0))
    assert set(pulses["Capacity source"]) == {"counter"}
    assert pulses[DISCHARGE][0] == pytest.approx(0.00025279)


def test_a_counter_that_runs_down_in_a_pulse_is_not_believed(derived):
    steps = derived(real_series.pouch_cell()).steps
    pulse = steps.row(41, named=True)
    assert pulse[CHARGE] == pytest.approx(0.071253 * 4.998 / 3600, rel=1e-4)
    assert pulse["Capacity source"] == "mixed"


def test_a_sweep_of_impedance_is_named_so(derived):
    steps = derived(real_series.pouch_cell()).steps
    sweep = steps.filter(pl.col("Step type") == "EIS")
    assert sweep.select(pl.col("End index") - pl.col("Start index") + 1).item() == 78
    assert sweep["Cycle from cycler"].to_list() == [7]


def test_a_slow_check_of_a_small_cell_is_no_rest_once_the_rating_is_known(derived):
    steps = derived(real_series.pouch_cell(), rated_capacity=0.037).steps
    told = steps.filter(pl.col("Cycle count") == 1)["Step type"].to_list()
    assert told == ["Constant current charge", "Rest", "Constant current discharge"]


def test_pulses_made_by_a_formula(derived):
    cycle = of_cycle(derived(real_series.resistor_pulse()), 1)
    # 3800 s at 1 A, but for four changes of step between two samples of 2 s.
    assert cycle[CHARGE] == pytest.approx(1.055556, abs=0.002)
    assert cycle[DISCHARGE] == pytest.approx(1.055556, abs=0.002)
    kinds = derived(real_series.resistor_pulse()).steps["Step type"].to_list()
    assert [kind.split()[-1] for kind in kinds] == [
        *("charge", "discharge", "charge", "charge", "discharge")
    ]


def test_the_repaired_rate_test(derived):
    steps = derived(real_series.rate_test_repaired(), rated_capacity=7.0).steps
    discharges = steps.filter(pl.col("Mean current [A]") > 0)
    rates = (0.6538, 6.5495, 13.1005, 32.7505, 59.4582)
    assert discharges["Mean current [A]"].to_list() == pytest.approx(rates, abs=5e-4)
    capacities = (7.2797, 7.2539, 7.2377, 7.2113, 7.1930)
    assert discharges[DISCHARGE].to_list() == pytest.approx(capacities, abs=1e-4)
    energies = (28.193, 27.7823, 27.4663, 26.8263, 26.1919)
    assert discharges[ENERGY_OUT].to_list() == pytest.approx(energies, abs=1e-3)
    charges = steps.filter(pl.col("Mean current [A]") < 0)[CHARGE].to_list()
    assert charges == pytest.approx((4.0428, 7.2950, 7.2648, 7.2476, 7.2097), abs=1e-4)


def test_the_slow_cycle_is_counted_but_for_the_step_whose_counter_restarts(derived):
    steps = derived(real_series.slow_cycle_repaired()).steps
    assert (steps[CHARGE][1], steps[ENERGY_IN][1]) == pytest.approx((3.802155, 14.788551), abs=1e-6)
    assert (steps[CHARGE][2], steps[ENERGY_IN][2]) == pytest.approx((0.036613, 0.153762), abs=1e-6)
    # The counter ends at 3.716034: it restarted twice, after 0.134784 and 0.004354 A.h.
    assert steps[DISCHARGE][4] == pytest.approx(3.85517, abs=1e-5)
    assert steps[DISCHARGE][4] == pytest.approx(3.716034 + 0.134784 + 0.004354, abs=2e-5)


def test_a_cycle_count_that_counts_nothing_is_refused(derived):
    series = real_series.slow_cycle_repaired()
    wrong = series.with_columns(pl.lit(6.283185307179586).alias("Cycle count"))
    with pytest.raises(ValueError, match=r"'Cycle count' holds '6\.283185307179586' in row 0"):
        derived(wrong)


MACCOR = {87: (2.583298, 1.839455, 10.617759, 6.372357), 88: (2.421629, 1.746085, None, None)}


@pytest.mark.parametrize("cycle", MACCOR)
def test_maccor_cycles_are_as_counted(derived, cycle):
    cycles = derived(real_series.maccor_cycles(), rated_capacity=4.84).cycles
    row = cycles.row(cycle - 86, named=True)
    for name, number in zip(CHARGE_FIRST, MACCOR[cycle], strict=True):
        assert number is None or row[name] == pytest.approx(number, rel=1e-4)


def test_a_paused_test_is_one_step(derived):
    steps = derived(real_series.maccor_paused()).steps
    assert steps["Step type"].to_list() == ["Constant current discharge"]
    assert steps["Duration [s]"].item() == pytest.approx(769270.56 - 769267.25)


RATES = {  # discharge in A.h, W.h and s, then the charge after it, from right-hand sums
    "cRate_0p1C": (4.94461, 18.07894, 35608, 4.88091),
    "cRate_0p5C": (4.84205, 17.28354, 6973, 4.78064),
    "cRate_1C": (4.78252, 16.60111, 3443.5, 4.73640),
    "cRate_2C": (4.85981, 16.06094, 1749.6, 4.81306),
}


@pytest.mark.parametrize("rate", RATES)
def test_rates_of_an_lgm50(derived, rate):
    steps = derived(real_series.rate_of_lgm50(rate), rated_capacity=5.0).steps
    capacity, energy, duration, charge = RATES[rate]
    discharge = steps.filter(pl.col("Mean current [A]") > 0).row(0, named=True)
    assert discharge[DISCHARGE] == pytest.approx(capacity, abs=2e-5)
    assert discharge[ENERGY_OUT] == pytest.approx(energy, rel=1e-3)
    assert discharge["Duration [s]"] == pytest.approx(duration, abs=0.1)
    assert steps[CHARGE].sum() == pytest.approx(charge, rel=3e-3)


def test_a_pulse_is_split_by_step_and_not_by_current(derived):
    steps = derived(real_series.pulse_of_lgm50("Cell1", "SoC5"), rated_capacity=5.0).steps
    assert steps["End voltage [V]"][0] == pytest.approx(3.70106, abs=1e-5)
    assert steps["Step type"].to_list()[1] == "Constant current discharge"
    # The first row of the pulse has no current yet, and its voltage has dropped already.
    assert steps["Min current [A]"][1] == 0
    assert steps["Start voltage [V]"][1] < 3.6


def test_a_derived_table_is_as_the_contract_says(derived):
    from cellframe.contract.series import CYCLES, STEPS

    held = {"float": pl.Float64, "int": pl.Int64, "text": pl.String}
    found = derived(real_series.pouch_cell())
    assert found.rows == 2021
    for frame, table in ((found.steps, STEPS), (found.cycles, CYCLES)):
        wanted = pl.DataFrame(schema={name: held[kind] for name, kind in table.items()})
        assert_frame_equal(frame.clear(), wanted)
