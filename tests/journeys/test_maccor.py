"""Cells on Maccor cyclers: fast-charge cycles, a test that was paused, a frequency sweep."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.errors import MeasurementError
from tests import real_series
from tests.journeys.conftest import need, rated_cell, row_where, upload

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = real_series.COUNTERS
FIRST_CYCLE = 86
BETWEEN_STEPS = 5e-5
"""The counters restart per cycle: what flows between two steps counts for neither."""

CYCLES = {  # charge and discharge in A.h
    87: (2.583298, 1.839455),
    88: (2.421629, 1.746085),
}


def spectrum() -> pl.DataFrame:
    """A frequency sweep; its file has the impedance as it is, negative on the arc."""
    name = "maccor_test_file_4267-66-6519.EDA0001.041"
    lines = need("beep", name).read_text(encoding="latin-1").splitlines()
    (head,) = (number for number, line in enumerate(lines) if line.startswith("Freq(Hz)"))
    labels = ["Freq(Hz)", "time(sec)", "Z'(a)", "Z''(b)", "V-DC"]
    places = [lines[head].split("\t").index(label) for label in labels]
    cells = [line.split("\t") for line in lines[head + 1 :] if line]
    names = ["Frequency [Hz]", "Time [s]", "Z_Re [Ohm]", "Z_Im [Ohm]", "Voltage [V]"]
    rows = [[float(row[place]) for place in places] for row in cells]
    sweep = pl.DataFrame(rows, schema=names, orient="row")
    time = pl.col("Time [s]")
    return sweep.with_columns(time - time.first(), pl.lit(0).alias("Step count"))


@pytest.fixture(scope="module")
def cell(lab):
    return rated_cell(lab, "fast-charged", 4.84)


@pytest.fixture(scope="module")
def frames(lab, cell):
    """The cell with its cycles and a paused test."""
    setup = {"cycler": "Maccor"}
    upload(lab, cell, "cycles", real_series.maccor_cycles(), test_setup=setup)
    upload(lab, cell, "paused", real_series.maccor_paused(), test_setup=setup)
    return lab.cell_instance.detail_frames(cell)


def cycle(frames, number):
    return row_where(frames.cycles, {"test": "cycles", "Cycle count": number - FIRST_CYCLE})


@pytest.mark.parametrize("number", CYCLES)
def test_capacities_are_the_cyclers(frames, number):
    row = cycle(frames, number)
    assert (row[CHARGE], row[DISCHARGE]) == pytest.approx(CYCLES[number], rel=BETWEEN_STEPS)
    ratio = CYCLES[number][1] / CYCLES[number][0]
    assert row["Coulombic efficiency"] == pytest.approx(ratio, rel=BETWEEN_STEPS)
    assert row["Capacity source"] == "counter"


def test_energies_are_the_cyclers(frames):
    row = cycle(frames, 87)
    found = (row[ENERGY_IN], row[ENERGY_OUT])
    assert found == pytest.approx((10.617759, 6.372357), rel=BETWEEN_STEPS)


def test_cycles_keep_the_cyclers_numbers_beside_their_own(frames):
    steps = frames.steps.filter(pl.col("test") == "cycles")
    pairs = steps.select("Cycle count", "Cycle from cycler").unique(maintain_order=True).rows()
    assert pairs == [(0, 86), (1, 87), (2, 88), (3, 89)]


def test_no_step_mixes_the_states_of_the_cycler(frames):
    name = "BEEPDatapath_maccor_parameterized_memloaded.csv"
    states = pl.read_csv(need("beep", name), infer_schema_length=None)["_state"]
    counts = dict(states.value_counts().rows())
    assert counts == {"R": 126, "C": 883, "D": 1155, "O": 1}
    series = frames.time_series.filter(pl.col("test") == "cycles").collect()
    by_state = (
        series.with_columns(states)
        .group_by("_state")
        .agg(pl.col("Current [A]").min().alias("least"), pl.col("Current [A]").max().alias("most"))
    )
    found = {row["_state"]: row for row in by_state.rows(named=True)}
    assert found["R"]["least"] == found["R"]["most"] == 0
    assert (found["C"]["most"] <= 0, found["D"]["least"] >= 0) == (True, True)


def test_a_paused_test_is_three_seconds_of_one_step(frames):
    (step,) = frames.steps.filter(pl.col("test") == "paused").rows(named=True)
    assert step["Step type"] == "Constant current discharge"
    assert step["Duration [s]"] == pytest.approx(769270.56 - 769267.25, abs=1e-6)
    assert step["Cycle from cycler"] == 37
    assert step["End index"] == 331


def test_a_pause_on_the_clock_is_warned_of(lab, cell):
    # The pause that the source tells of, on a clock: 7201 s, and 3 s of data.
    clock = {"start_time": "2019-10-21T10:59:59Z", "end_time": "2019-10-21T13:00:00Z"}
    series = real_series.maccor_paused()
    with pytest.warns(UserWarning, match="7201 s, but the data spans 3 s.*the test was paused"):
        upload(lab, cell, "clocked", series, **clock)


def test_counters_that_restart_per_cycle_are_refused_until_they_restart_per_step(lab, cell):
    name = "BEEPDatapath_maccor_parameterized_memloaded.csv"
    raw = pl.read_csv(need("beep", name), infer_schema_length=None)
    series = real_series.maccor_cycles().with_columns(raw["charge_capacity"].alias(CHARGE))
    with pytest.raises(MeasurementError, match="Subtract its first value from each step") as caught:
        upload(lab, cell, "per cycle", series)
    assert {one.code for one in caught.value.findings} == {"cumulative_value_not_reset"}


def test_a_sweep_goes_up_as_a_spectrum_and_comes_back(lab, cell):
    made = upload(lab, cell, "sweep", spectrum(), data_type="eis")
    first = lab.cell_measurement.time_series(made).row(0, named=True)
    found = [first[name] for name in ("Frequency [Hz]", "Z_Re [Ohm]", "Z_Im [Ohm]")]
    assert found == pytest.approx((999999, 0.773446, -0.849201), abs=1e-6)
    assert lab.cell_measurement.steps(made)["Step type"].to_list() == ["EIS"]
