"""Real files of cyclers: is everything found on them that their README says?

A mapping is proposed, the file is read by it, and the series is the one that was mapped by hand
for the journeys, which prove its numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from polars.testing import assert_frame_equal

from cellframe.contract.series import CHARGE_CAPACITY, DISCHARGE_CAPACITY
from cellframe.intake import series as intake
from tests import real_series
from tests.journeys.conftest import lab, need, rated_cell, row_where, upload  # noqa: F401
from tests.journeys.repairs import split_where_counters_restart, without_falling_counters

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


class Real(NamedTuple):
    """A file, the same mapped by hand, and what is to be found on it."""

    path: tuple[str, str]
    by_hand: Callable[[], pl.DataFrame]
    counters: str
    repairs: tuple[str, ...] = ()


G20M7 = "SINTEF__G20M7-202512-Gru6mV__20251228__C30__25degC__Neware.bdf.csv"
SLPBA = "SINTEF__SLPBA842124HV__2024-10-23__Rate_25degC__Neware__Time_Bug.bdf.csv"

REAL = {
    "arbin": Real(("cellpy-arbin", "raw.parquet"), real_series.arbin_half_cell, "cycle"),
    "neware": Real(("cellpy-neware", "neware_uio.csv"), real_series.neware_half_cell, "step"),
    "neware records": Real(
        ("cellpy-neware", "ife_records.parquet"), real_series.ife_full_cell, "step"
    ),
    "maccor": Real(
        ("beep", "BEEPDatapath_maccor_parameterized_memloaded.csv"),
        real_series.maccor_cycles,
        "cycle",
    ),
    "paused": Real(
        ("beep", "BEEPDatapath_maccor_paused_memloaded.csv"), real_series.maccor_paused, "test"
    ),
    "net counter": Real(
        ("pyprobe-lgm50", "LGM50_RPT0.parquet"), real_series.lgm50_check_up, "none"
    ),
    "battdat": Real(
        ("battdat", "p492-13-raw.csv"),
        lambda: without_falling_counters(real_series.pouch_cell()),
        "step",
        ("leave out counters that fall",),
    ),
    "bdf rates": Real(
        ("bdf-reference", SLPBA),
        real_series.rate_test_repaired,
        "none",
        ("drop rows where time restarts",),
    ),
    "bdf slow": Real(
        ("bdf-reference", G20M7),
        lambda: split_where_counters_restart(real_series.slow_cycle_repaired()),
        "step",
        ("new step where a counter restarts",),
    ),
}


@pytest.fixture(params=REAL, scope="module")
def real(request):
    """Each file in turn, with its mapping."""
    found = REAL[request.param]
    path = need(*found.path)
    return found, path, intake.propose([path])


def test_sign_counters_and_repairs_are_found(real):
    expected, _, proposal = real
    assert proposal.map.current == "charge positive"
    assert (proposal.map.counters, proposal.map.repairs) == (expected.counters, expected.repairs)


def test_the_series_is_the_one_that_was_mapped_by_hand(real):
    expected, path, proposal = real
    found, by_hand = intake.read(path, proposal.map), expected.by_hand()
    # Where the cycler counts no cycles the service does.
    columns = [
        name for name in by_hand.columns if name in found.columns or not name.startswith("Cycle")
    ]
    assert_frame_equal(found.select(columns), by_hand.select(columns), rel_tol=1e-14, abs_tol=0)


def test_whatever_is_repaired_is_doubted_first(real):
    expected, _, proposal = real
    for repair in expected.repairs:
        assert any(repr(repair) in doubt for doubt in proposal.doubts)


NUMBERS = {  # cycle, charge and discharge in A.h, and how far sums of steps lie from it
    "arbin": (1, 0.001699563705, 0.001567475110, 5e-6),
    "neware": (1, 0.00424668, 0.00436841, 2e-6),
    "neware records": (1, 0.32780, 0.33172, 7e-5),
    "maccor": (1, 2.583298, 1.839455, 5e-5),
    "net counter": (0, 2.678873 + 0.469475 + 4.732060, 4.813670, 1e-6),
    "battdat": (1, 0.02187029, 0.02173834, 1e-6),
    "bdf slow": (0, 3.802155 + 0.036613, 3.855172, 1e-6),
    "bdf rates": (0, 33.0598, 36.1758, 1e-5),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_what_goes_up_has_the_numbers_of_its_readme(lab, name):  # noqa: F811
    path = need(*REAL[name].path)
    cell = rated_cell(lab, name, 1.0)
    series = intake.read(path, intake.propose([path]).map)
    upload(lab, cell, "test", series)
    number, charge, discharge, apart = NUMBERS[name]
    row = row_where(lab.cell_instance.detail_frames(cell).cycles, {"Cycle count": number})
    found = (row[CHARGE_CAPACITY], row[DISCHARGE_CAPACITY])
    assert found == pytest.approx((charge, discharge), rel=apart)


def test_a_file_of_many_pulses_is_taken_apart():
    path = need("lgm50-pulse-rate", "pulses_25degC.parquet")
    by = ("Cell", "SoC label")
    proposal = intake.propose([path], by)
    assert (proposal.map.current, proposal.doubts) == ("charge positive", ())
    found = dict(intake.parts(path, proposal.map, by))
    assert len(found) == 54
    series, by_hand = found["Cell1", "SoC5"], real_series.pulse_of_lgm50("Cell1", "SoC5")
    columns = [name for name in by_hand.columns if not name.startswith("Cycle")]
    assert_frame_equal(series.select(columns), by_hand.select(columns), check_exact=True)


def test_a_rate_test_without_steps_has_one_per_direction():
    path = need("lgm50-pulse-rate", "rate_25degC.parquet")
    by = ("C-rate label",)
    proposal = intake.propose([path], by)
    found = dict(intake.parts(path, proposal.map, by))
    columns = ["Time [s]", "Voltage [V]", "Current [A]", "Temperature [degC]", "Step count"]
    for (name,), series in found.items():
        assert_frame_equal(series.select(columns), real_series.rate_of_lgm50(name).select(columns))


def test_an_analytic_pulse_is_turned_round():
    path = need("battdat", "single_resistor_pulse.parquet")
    series = intake.read(path, intake.propose([path]).map)
    assert series["Current [A]"].unique().sort().to_list() == [-2, -1, 1, 2]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("baumhofer", "capacity.csv"), "no column of time or voltage or current"),
        (("severson-lfp", "cells.csv"), "no column of time or voltage or current"),
        (("cellpy-neware", "ife_steps.csv"), "has time, but no column of voltage or current"),
        (("battdat", "p492-13-summary.csv"), "has time and current, but no column of voltage"),
        (
            ("beep", "maccor_test_file_4267-66-6519.EDA0001.041"),
            "has time, but no column of voltage or current",
        ),
    ],
)
def test_what_is_no_time_series_is_told_from_one(path, said):
    found = need(*path)
    assert intake.propose([found]) is None
    assert said in intake.lacks(found)
