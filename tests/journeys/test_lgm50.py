"""LG M50 cells of 5 A.h: a check-up at C/10, discharges at four rates, and pulses of 7.5 A."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests import real_series
from tests.journeys.conftest import need, rated_cell, row_where, upload

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = real_series.COUNTERS
CHARGES = [f"SoC{number}" for number in range(9, 0, -1)]

CHECK_UP = {  # by step: net capacity and its integral in A.h, energy in W.h
    1: (2.678873, 2.67887, 10.56078),
    2: (0.469475, 0.46964, 1.97229),
    5: (4.813670, 4.81367, 17.62530),
    8: (4.732060, 4.73207, 17.82786),
}
RATES = {  # discharge in A.h, W.h and s, then the charge after it in A.h: right-hand sums
    "cRate_0p1C": (4.94461, 18.07894, 35608, 4.88091),
    "cRate_0p5C": (4.84205, 17.28354, 6973, 4.78064),
    "cRate_1C": (4.78252, 16.60111, 3443.5, 4.73640),
    "cRate_2C": (4.85981, 16.06094, 1749.6, 4.81306),
}
PULSES = {  # mean of six cells: OCV in V, resistance in ohm at first load, 1 s, 10 s; its sd
    "SoC9": (4.08615, 0.030114, 0.031460, 0.034720, 0.002183),
    "SoC5": (3.69967, 0.029307, 0.030843, 0.034104, 0.002238),
    "SoC1": (3.39110, 0.034312, 0.037222, 0.045263, 0.003040),
}


@pytest.fixture(scope="module")
def frames(lab):
    """One cell with its check-up and a test per rate."""
    cell = rated_cell(lab, "LG M50", 5.0)
    series = real_series.lgm50_check_up()
    upload(lab, cell, "check-up", series, protocol={"name": "C/10", "ambient_temperature_degc": 25})
    upload(lab, cell, "no counter", series.drop("Capacity [A.h]"))
    for rate in RATES:
        upload(lab, cell, rate, real_series.rate_of_lgm50(rate))
    return lab.cell_instance.detail_frames(cell)


def step(frames, test, number):
    return row_where(frames.steps, {"test": test, "Step count": number})


def moved(row):
    return row[DISCHARGE] + row[CHARGE]


@pytest.mark.parametrize("number", CHECK_UP)
def test_steps_of_a_check_up(frames, number):
    counted, integrated, energy = CHECK_UP[number]
    row = step(frames, "check-up", number)
    assert moved(row) == pytest.approx(counted, abs=1e-6)
    assert row[ENERGY_OUT] + row[ENERGY_IN] == pytest.approx(energy, abs=1e-5)
    assert (row["Capacity source"], row["Energy source"]) == ("capacity column", "integral")
    assert moved(step(frames, "no counter", number)) == pytest.approx(integrated, abs=2e-5)


def test_a_check_up_of_81661_rows_has_ten_steps(frames):
    named = {1: "Constant current charge", 2: "Constant voltage charge"}
    named |= {5: "Constant current discharge", 8: "Constant current charge"}
    steps = frames.steps.filter(pl.col("test") == "check-up")
    assert steps["Step type"].to_list() == [named.get(number, "Rest") for number in range(10)]
    rows = frames.time_series.filter(pl.col("test") == "check-up").select(pl.len()).collect()
    assert rows.item() == 81661


def test_durations_and_voltages_of_the_slow_steps(frames):
    out, back = step(frames, "check-up", 5), step(frames, "check-up", 8)
    assert (out["Duration [s]"], back["Duration [s]"]) == pytest.approx(
        (34658.1, 34071.4), abs=0.05
    )
    assert out[ENERGY_OUT] / out[DISCHARGE] == pytest.approx(3.66151, abs=1e-5)
    points = [row["End index"] - row["Start index"] + 1 for row in (out, back)]
    assert points == [34661, 34074]


def test_charging_slowly_takes_a_tenth_of_a_volt_more(frames):
    # The README prints 0.10593; the quotient that it gives for it makes 0.105945.
    out, back = step(frames, "no counter", 5), step(frames, "no counter", 8)
    apart = back[ENERGY_IN] / back[CHARGE] - out[ENERGY_OUT] / out[DISCHARGE]
    published = 17.82786 / 4.73207 - 17.62530 / 4.81367
    assert apart == pytest.approx(published, abs=5e-6) == pytest.approx(0.10593, abs=2e-5)


@pytest.mark.parametrize("rate", RATES)
def test_sums_over_the_series_of_a_rate_are_the_published(frames, rate):
    series = frames.time_series.filter(pl.col("test") == rate).collect()
    moved = pl.col("Current [A]") * pl.col("Time [s]").diff() / 3600
    series = series.with_columns(moved=moved, energy=moved * pl.col("Voltage [V]"))
    out, back = (series.filter(sign * pl.col("Current [A]") > 0) for sign in (1, -1))
    capacity, energy, _, charge = RATES[rate]
    assert (out["moved"].sum(), -back["moved"].sum()) == pytest.approx((capacity, charge), abs=1e-5)
    assert out["energy"].sum() == pytest.approx(energy, abs=1e-5)


@pytest.mark.parametrize("rate", RATES)
def test_steps_of_a_rate(frames, rate):
    steps = frames.steps.filter(pl.col("test") == rate)
    capacity, energy, duration, charge = RATES[rate]
    discharge = steps.filter(pl.col("Mean current [A]") > 0).row(0, named=True)
    assert discharge[DISCHARGE] == pytest.approx(capacity, abs=2e-5)
    assert discharge["Duration [s]"] == pytest.approx(duration, abs=0.1)
    # Trapezoids, where the published sums take the value at the end of each interval: the
    # voltage falls and the current tapers, so that those lie below.
    assert discharge[ENERGY_OUT] == pytest.approx(energy, rel=1e-3)
    assert steps[CHARGE].sum() == pytest.approx(charge, rel=3e-3)


def test_a_faster_discharge_may_give_more(frames):
    cycles = {row["test"]: row for row in frames.cycles.rows(named=True)}
    assert cycles["cRate_2C"][DISCHARGE] > cycles["cRate_1C"][DISCHARGE]
    warmth = [cycles[rate]["Mean temperature [degC]"] for rate in RATES]
    assert warmth[3] > warmth[2] > warmth[0]


@pytest.fixture(scope="module")
def pulses(lab):
    """Six cells with a test of nine pulses each."""
    need("lgm50-pulse-rate", "pulses_25degC.parquet")
    spec = lab.cell_spec.create({"name": "LG M50, pulsed"})
    for number in range(1, 7):
        cell = lab.cell_instance.create(spec, {"name": f"Cell{number}"})
        for charge in CHARGES:
            upload(lab, cell, charge, real_series.pulse_of_lgm50(f"Cell{number}", charge))
    return lab.cell_instance.detail_frames(spec=spec)


def resistances(pulses, charge):
    """One row per cell: OCV, and resistance at first load, 1 s and 10 s of the discharge step."""
    steps = pulses.steps.filter(pl.col("test") == charge)
    series = pulses.time_series.filter(pl.col("test") == charge).collect()
    names = ["cell", "ocv", "first", "1 s", "10 s"]
    of_cells = series.partition_by("cell", as_dict=True, maintain_order=True)
    rows = [
        (cell, *_resistance(of_cell, *steps.filter(pl.col("cell") == cell).rows(named=True)[:2]))
        for (cell,), of_cell in of_cells.items()
    ]
    return pl.DataFrame(rows, schema=names, orient="row")


def _resistance(series, rest, pulse):
    rows = series[pulse["Start index"] : pulse["End index"] + 1]
    loaded = rows["Current [A]"] > 1
    # 7.4996 A flowed; the fifth digit of the published numbers tells it from 7.5 A.
    current = rows["Current [A]"].filter(loaded).median()
    ohm = (rest["End voltage [V]"] - rows["Voltage [V]"]) / current
    seconds = rows["Time [s]"] - rows["Time [s]"][0]
    return rest["End voltage [V]"], ohm.filter(loaded)[0], *np.interp([1.0, 10.0], seconds, ohm)


@pytest.mark.parametrize("charge", PULSES)
def test_resistances_of_six_cells(pulses, charge):
    found = resistances(pulses, charge)
    ocv, first, one, ten, spread = PULSES[charge]
    assert found.height == 6
    assert found["ocv"].mean() == pytest.approx(ocv, abs=5.1e-6)
    means = [found[name].mean() for name in ("first", "1 s", "10 s")]
    assert means == pytest.approx((first, one, ten), abs=1.5e-6)
    assert found["10 s"].std() == pytest.approx(spread, abs=1e-6)


def test_the_resistance_of_one_cell(pulses):
    (row,) = resistances(pulses, "SoC5").filter(pl.col("cell") == "Cell1").rows(named=True)
    assert (row["ocv"], row["10 s"]) == pytest.approx((3.70106, 0.036160), abs=1e-6)


def test_pulses_are_split_by_step_and_not_by_current(pulses):
    loaded = pulses.steps.filter(pl.col("Step count") == 1)
    late = loaded.filter(pl.col("Min current [A]") == 0)
    assert (loaded.height, late.height) == (54, 14)
    row = row_where(late, {"cell": "Cell1", "test": "SoC5"})
    assert row["Start voltage [V]"] == pytest.approx(3.46707, abs=1e-5)
    assert set(loaded["Step type"]) == {"Constant current discharge"}


def test_all_rows_of_all_pulses_are_there(pulses):
    assert pulses.time_series.select(pl.len()).collect().item() == 6472
    assert pulses.failures.height == 0
