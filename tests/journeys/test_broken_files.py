"""Five small files of an instrument, four of them with a fault: what is a person told of each?"""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.errors import MeasurementError
from tests.journeys.conftest import need, rated_cell, upload

NAMES = {"test_time": "Time [s]", "voltage": "Voltage [V]"}


def series(fault: str) -> pl.DataFrame:
    """A file as a series; the cycler's own cycle numbers are kept."""
    path = need("cellpy-bad", f"custom_{fault}.csv")
    lines = path.read_text().splitlines()
    head = next(row for row, line in enumerate(lines) if line.startswith("index;"))
    raw = pl.read_csv(path, separator=";", skip_rows=head, truncate_ragged_lines=True)
    return raw.rename(NAMES, strict=False).select(
        pl.col("Time [s]") - pl.col("Time [s]").first(),
        *(["Voltage [V]"] if "voltage" in raw.columns else []),
        (0.0 - pl.col("current")).alias("Current [A]"),
        pl.struct("cycle", "step").rle_id().cast(pl.Int64).alias("Step count"),
        pl.col("cycle").cast(pl.Int64).alias("Cycle from cycler"),
    )


@pytest.fixture(scope="module")
def cell(lab):
    return rated_cell(lab, "silicon", 0.0012)


def findings(lab, cell, fault):
    with pytest.raises(MeasurementError) as caught:
        upload(lab, cell, fault, series(fault))
    assert fault not in [test.name for test in lab.cell_measurement.list(cell)]
    return caught.value.findings


def test_the_good_file_is_taken(lab, cell):
    made = upload(lab, cell, "good", series("good_small"))
    assert (made.steps_created, made.kept["rows"]) == (2, 60)


def test_a_missing_voltage_is_named(lab, cell):
    (found,) = findings(lab, cell, "missing_column")
    assert (found.code, found.column) == ("voltage_column_missing", "Voltage [V]")


def test_infinities_are_named_by_row_and_gaps_beside_them(lab, cell):
    found = {one.code: one for one in findings(lab, cell, "nan_inf")}
    assert found["value_not_finite"].rows == (7, 11)
    assert (found["value_missing"].rows, found["value_missing"].severity) == ((3,), "warning")


def test_a_cycle_that_is_missing_is_asked_about(lab, cell):
    with pytest.warns(UserWarning, match="goes from 1 to 3 in row 20. Are all cycles there"):
        made = upload(lab, cell, "no cycle 2", series("missing_cycle"))
    assert lab.cell_measurement.cycles(made).height == 2


def test_a_line_cut_off_is_told_as_a_gap(lab, cell):
    cut = series("truncated")
    with pytest.warns(UserWarning, match="drop a row that was cut off"):
        made = upload(lab, cell, "cut", cut)
    assert lab.cell_measurement.time_series(made).height == cut.height == 60
