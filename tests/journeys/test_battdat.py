"""A pouch cell of 0.037 A.h with the laboratory's own results, and pulses made by a formula."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.errors import MeasurementError
from tests import real_series
from tests.journeys.conftest import need, rated_cell, row_where, upload
from tests.journeys.repairs import without_falling_counters

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = real_series.COUNTERS
CE, EE = "Coulombic efficiency", "Energy efficiency"

CHECKS = {  # capacity checks: discharge in A.h, relative to the first
    2: (0.02173834, 1),
    36: (0.02149000, 0.988576),
    95: (0.02132271, 0.980880),
    153: (0.02117534, 0.974101),
    262: (0.02088748, 0.960859),
}
FULL_CYCLES = {20: 13.906710, 200: 158.785542, 267: 226.449904}


def summary() -> pl.DataFrame:
    """The laboratory's results, a row per cycle, NaN where there is none."""
    return pl.read_csv(need("battdat", "p492-13-summary.csv"), infer_schema_length=None)


def by_cycle(table: pl.DataFrame) -> pl.DataFrame:
    """The results as a series: a charge and a discharge of two rows each, where there was one."""
    known = table.with_columns(pl.col("Q_chg", "Q_dis", "E_chg", "E_dis").fill_nan(None))
    ends = ((0, "chg", "V_min"), (1, "chg", "V_max"), (0, "dis", "V_max"), (1, "dis", "V_min"))
    rows = pl.concat(_end(known, *end) for end in ends).sort("Cycle count", "way", "share")
    step = pl.struct("Cycle count", "way").rle_id().cast(pl.Int64).alias("Step count")
    return rows.select(step, pl.exclude("way", "share"))


def _end(known: pl.DataFrame, share: int, way: str, voltage: str) -> pl.DataFrame:
    """The first or the last row of each charge or discharge: share 0 or 1 of what it moved."""
    capacity, energy = share * pl.col(f"Q_{way}"), share * pl.col(f"E_{way}")
    on_charge = int(way == "chg")
    return known.filter(pl.col(f"Q_{way}").is_not_null()).select(
        pl.col("Cycle_Index").alias("Cycle count"),
        pl.lit(way).alias("way"),
        pl.lit(share).alias("share"),
        pl.col(voltage).alias("Voltage [V]"),
        capacity.alias("Capacity [A.h]"),
        (on_charge * capacity).alias(CHARGE),
        (on_charge * energy).alias(ENERGY_IN),
        ((1 - on_charge) * capacity).alias(DISCHARGE),
        ((1 - on_charge) * energy).alias(ENERGY_OUT),
    )


def with_every_charge(table: pl.DataFrame) -> pl.DataFrame:
    """The results with all that a cycle moved: where it charges twice they name the second one."""
    moved = pl.col("Absolute_Charge_Throughput_Ah").diff().fill_null(0.0)
    every = moved - pl.col("Q_dis").fill_nan(0.0)
    return table.with_columns(pl.when(every > 0).then(every).alias("Q_chg"))


@pytest.fixture(scope="module")
def cell(lab):
    return rated_cell(lab, "XCEL R2 pouch", 0.037)


@pytest.fixture(scope="module")
def frames(lab, cell):
    """The cell with nine cycles as recorded, the same without counters, and all cycles by result."""
    raw = without_falling_counters(real_series.pouch_cell())
    upload(lab, cell, "cycling", raw)
    upload(lab, cell, "no counters", raw.drop(real_series.COUNTERS))
    upload(lab, cell, "by cycle", by_cycle(summary()), data_type="ocp")
    upload(lab, cell, "throughput", by_cycle(with_every_charge(summary())), data_type="ocp")
    return lab.cell_instance.detail_frames(cell)


def cycle(frames, number, test="cycling"):
    """The row of one cycle; as recorded they count from 0, by result as the laboratory does."""
    first = 0 if test == "by cycle" else 1
    return row_where(frames.cycles, {"test": test, "Cycle count": number - first})


def test_a_counter_that_runs_backwards_is_refused(lab, cell):
    with pytest.raises(MeasurementError, match="apart, each only upwards") as caught:
        upload(lab, cell, "as it is", real_series.pouch_cell())
    found = {(finding.code, finding.column) for finding in caught.value.findings}
    # In the charge pulses of the HPPC cycle the cycler counts charge downwards.
    assert found == {("cumulative_value_decreased", name) for name in (CHARGE, ENERGY_IN)}


def test_the_repair_blanks_charge_in_pulses_of_the_hppc_cycle_alone():
    raw, repaired = real_series.pouch_cell(), without_falling_counters(real_series.pouch_cell())
    blanked = repaired.filter(repaired[CHARGE].is_null() & raw[CHARGE].is_not_null())
    assert set(blanked["Cycle from cycler"]) == {5}
    assert blanked["Current [A]"].max() <= 0


def test_2021_rows_of_nine_cycles(frames):
    rows = frames.time_series.filter(pl.col("test") == "cycling").select(pl.len()).collect().item()
    assert (rows, frames.failures.height) == (2021, 0)
    assert frames.cycles.filter(pl.col("test") == "cycling").height == 9


@pytest.mark.parametrize("test", ["cycling", "by cycle"])
def test_the_capacity_check_of_cycle_2(frames, test):
    row = cycle(frames, 2, test)
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((0.02187029, 0.02173834), abs=1e-8)
    assert (row[ENERGY_IN], row[ENERGY_OUT]) == pytest.approx((0.08079519, 0.07969905), abs=1e-8)
    assert (row[CE], row[EE]) == pytest.approx((0.993966701, 0.986433103), abs=1e-6)


@pytest.mark.parametrize("test", ["cycling", "by cycle"])
def test_the_aging_cycle_9(frames, test):
    row = cycle(frames, 9, test)
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((0.01899663, 0.01901047), abs=1e-8)
    assert (row[CE], row[EE]) == pytest.approx((1.000728550, 0.976520153), abs=1e-6)


def test_thinned_rows_are_not_integrated_where_there_are_counters(frames):
    counted = frames.steps.filter((pl.col("test") == "cycling") & (pl.col("Cycle count") == 3))
    assert set(counted["Capacity source"]) == {"counter"}
    assert counted[DISCHARGE].sum() == pytest.approx(0.0196206, abs=1e-7)
    # The cycle charges twice; what the laboratory prints as its charge is the second one.
    last = counted.filter(pl.col("Step from cycler").is_in([116, 118]))
    assert last[CHARGE].sum() == pytest.approx(0.0196421, abs=2e-7)


@pytest.mark.parametrize(
    ("number", "charge", "discharge"), [(4, 0.030756, 0.019544), (5, 0.004531, 0.041070)]
)
def test_trapezoids_over_thinned_rows_are_as_wrong_as_published(frames, number, charge, discharge):
    rows = (pl.col("test") == "cycling") & (pl.col("Cycle from cycler") == number)
    series = frames.time_series.filter(rows).collect()
    mean = (series["Current [A]"] + series["Current [A]"].shift(1)) / 2
    moved = (mean * series["Time [s]"].diff() / 3600).drop_nulls()
    found = (-moved.filter(moved < 0).sum(), moved.filter(moved > 0).sum())
    assert found == pytest.approx((charge, discharge), abs=1e-6)


def test_our_own_integrals_end_with_each_step(frames):
    # Cycle 4 was stored without gaps between steps. In cycle 5 the rows between the pulses are
    # gone, and no straight line is drawn from one pulse to the next.
    row = cycle(frames, 4, "no counters")
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((0.030756, 0.019544), abs=1e-6)
    assert row["Capacity source"] == "integral"
    row = cycle(frames, 5, "no counters")
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((0.00095680, 0.01601517), abs=1e-8)


def test_what_flowed_before_the_first_stored_row_of_a_step_is_in_no_series(frames):
    raw = pl.read_csv(need("battdat", "p492-13-raw.csv"), infer_schema_length=None)
    of_cycle = raw.filter(pl.col("Cycle_Index") == 5)
    steps = of_cycle.group_by(pl.col("Step").rle_id().alias("run"))
    lasts = steps.agg(pl.col("Discharge_Capacity_Ah").last())["Discharge_Capacity_Ah"]
    # A step whose first rows were thinned away begins with a counter above 0, and the contract
    # begins each step at 0: 3.5 of 19.6 mA.h are lost to it in this diagnostic cycle.
    assert lasts.sum() == pytest.approx(0.01962704, abs=1e-8)
    assert cycle(frames, 5)[DISCHARGE] == pytest.approx(0.0160882, abs=1e-7)


def test_pulses_whose_counter_was_blanked_are_integrated_and_say_so(frames):
    hppc = frames.steps.filter((pl.col("Cycle count") == 4) & (pl.col("Mean current [A]") < -0.01))
    told, integrals = (hppc.filter(pl.col("test") == name) for name in ("cycling", "no counters"))
    assert told[CHARGE].to_list() == integrals[CHARGE].to_list()
    # Discharge is still counted in these steps.
    assert (told.height, set(told["Capacity source"])) == (9, {"mixed"})
    assert cycle(frames, 5)["Capacity source"] == "mixed"


def test_a_sweep_of_impedance_is_a_step_of_78_rows(frames):
    sweeps = frames.steps.filter(pl.col("Step type") == "EIS")
    assert set((sweeps["End index"] - sweeps["Start index"] + 1).to_list()) == {78}
    assert set(sweeps["Cycle from cycler"]) == {7}
    series = frames.time_series.filter(
        (pl.col("test") == "cycling") & pl.col("Z_Re [Ohm]").is_not_null()
    )
    assert series.select(pl.len()).collect().item() == 78


@pytest.mark.parametrize("number", CHECKS)
def test_health_is_told_between_capacity_checks(frames, number):
    capacity, relative = CHECKS[number]
    row = cycle(frames, number, "by cycle")
    assert row[DISCHARGE] == pytest.approx(capacity, abs=1e-8)
    reference = cycle(frames, 2, "by cycle")[DISCHARGE]
    assert row[DISCHARGE] / reference == pytest.approx(relative, abs=1e-6)


def test_a_diagnostic_cycle_says_nothing_of_efficiency(frames):
    row = cycle(frames, 5, "by cycle")
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx((0.00025246, 0.00190004), abs=6e-8)
    assert row[CE] == pytest.approx(7.526, abs=5e-4)
    labelled = summary().filter(pl.col("Cycle_Label") == "Aging cycle")["Cycle_Index"]
    cycles = frames.cycles.filter(pl.col("test") == "by cycle")
    aging = cycles.filter(pl.col("Cycle count").is_in(labelled.implode()))[CE].drop_nulls()
    assert (aging - 1).abs().median() < 1e-3


def test_every_cycle_has_the_efficiencies_of_the_laboratory(frames):
    cycles = frames.cycles.filter(pl.col("test") == "by cycle")
    told = summary().filter(~pl.col("CE").is_nan())
    joined = cycles.join(told, left_on="Cycle count", right_on="Cycle_Index", suffix=" told")
    assert joined.height == told.height == 245
    assert (joined[CE] - joined["CE"]).abs().max() < 1e-6
    assert (joined[EE] - joined["EE"]).abs().max() < 1e-6


@pytest.mark.parametrize("number", FULL_CYCLES)
def test_equivalent_full_cycles_are_throughput_over_two_capacities(frames, number):
    # The last of the 267 is a sweep that moves nothing, and has no row.
    until = (pl.col("test") == "throughput") & (pl.col("Cycle count") <= number)
    throughput = frames.cycles.filter(until)["Capacity throughput [A.h]"].max()
    # The laboratory's sum misses what flowed in rows that it does not print, 1e-6 of it.
    assert throughput / (2 * CHECKS[2][0]) == pytest.approx(FULL_CYCLES[number], rel=1e-6)


def test_throughput_counts_every_charge_of_a_cycle(frames):
    labs = summary()["Absolute_Charge_Throughput_Ah"]
    found = frames.cycles.filter(pl.col("test") == "cycling")["Capacity throughput [A.h]"]
    assert found[:4].to_list() == pytest.approx(labs[:4].to_list(), rel=1e-4)
    # The laboratory's results name one charge and one discharge per cycle, and miss the others.
    by_result = cycle(frames, 4, "by cycle")["Capacity throughput [A.h]"]
    assert labs[3] - by_result == pytest.approx(0.01112, abs=1e-5)


@pytest.fixture(scope="module")
def pulses(lab):
    """A cell of 1 A.h and 0.1 ohm, with its steps."""
    cell = rated_cell(lab, "a resistor", 1.0)
    upload(lab, cell, "pulses", real_series.resistor_pulse())
    return lab.cell_instance.detail_frames(cell)


def test_pulses_made_by_a_formula_have_five_steps_and_no_rest(pulses):
    ways = [
        f"Constant current {way}"
        for way in ("charge", "discharge", "charge", "charge", "discharge")
    ]
    assert pulses.steps["Step type"].to_list() == ways
    assert pulses.steps["Mean current [A]"].to_list() == pytest.approx([-1, 2, -2, -1, 1])


def test_what_flows_between_two_steps_counts_for_neither(pulses):
    (row,) = pulses.cycles.rows(named=True)
    steps = pulses.steps
    exact = (steps["Mean current [A]"].abs() * steps["Duration [s]"] / 3600).to_list()
    flowing = steps[DISCHARGE] + steps[CHARGE]
    assert flowing.to_list() == pytest.approx(exact)
    # 3800 A.s both ways, less one sample of 2 s at each change of step.
    assert 3800 / 3600 - row[CHARGE] == pytest.approx((2 + 4 + 2) / 3600, abs=1e-3)
    assert 3800 / 3600 - row[DISCHARGE] == pytest.approx(4 / 3600, abs=1e-3)


def test_trapezoids_over_the_whole_series_are_the_published(pulses):
    series = pulses.time_series.collect()
    mean = (series["Current [A]"] + series["Current [A]"].shift(1)) / 2
    moved = (mean * series["Time [s]"].diff() / 3600).drop_nulls()
    assert -moved.filter(moved < 0).sum() == pytest.approx(1.054722, abs=1e-6)
    assert moved.filter(moved > 0).sum() == pytest.approx(1.054167, abs=1e-6)


@pytest.mark.parametrize(
    ("seconds", "ohm"), [(1800, 0.100370), (1900, 0.100278), (2000, 0.099444), (3800, 0.100278)]
)
def test_the_resistance_at_a_change_of_current(pulses, seconds, ohm):
    series = pulses.time_series.collect()
    change = series.select(
        "Time [s]", v=pl.col("Voltage [V]").diff(), i=-pl.col("Current [A]").diff()
    )
    near = change.filter((pl.col("Time [s]") - seconds).abs() <= 4).filter(pl.col("i").abs() > 0.5)
    assert (near["v"] / near["i"]).to_list() == pytest.approx([ohm], abs=1e-6)
