"""The same journey over a socket: a real series goes up, is derived there, and comes back once."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cellframe.errors import MeasurementError
from tests import real_series
from tests.journeys.conftest import need, rated_cell, upload

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = real_series.COUNTERS


def test_a_full_cell_travels_and_its_steps_are_the_cyclers_own(remote):
    cell = rated_cell(remote, "LNMO", 0.33)
    series = real_series.ife_full_cell()
    made = upload(remote, cell, "cycling", series)
    assert (made.processing_status, made.steps_created) == ("ready", 81)
    frames = remote.cell_instance.detail_frames(cell)
    found = frames.time_series.collect()
    assert_frame_equal(found.select(series.columns), series)
    reference = pl.read_csv(need("cellpy-neware", "ife_steps.csv"))
    moved = (frames.steps[DISCHARGE] + frames.steps[CHARGE]).to_list()
    assert moved == pytest.approx(reference["Capacity(Ah)"].to_list(), abs=1.1e-5)
    cycles = frames.cycles[DISCHARGE]
    assert cycles[19] / cycles[1] == pytest.approx(0.793440, abs=5e-5)


def test_a_series_of_the_wrong_sign_does_not_leave_this_side(remote):
    cell = rated_cell(remote, "LNMO", 0.33)
    turned = real_series.ife_full_cell().with_columns(-pl.col("Current [A]"))
    with pytest.raises(MeasurementError, match="nothing was sent"):
        upload(remote, cell, "turned", turned)
    assert remote.cell_measurement.list(cell).total == 0
