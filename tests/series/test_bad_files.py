"""Files that a cycler's reader tripped over (cellpy): what is said of each."""

from __future__ import annotations

import polars as pl
import pytest

from tests.journeys.conftest import need

LABELS = {
    "test_time": "Time [s]",
    "voltage": "Voltage [V]",
    "current": "Current [A]",
    "cycle": "Cycle from cycler",
}
HEAD = 19
"""Lines before the header, as the file itself says."""


def read(name: str) -> pl.DataFrame:
    """The file as somebody would map it: time from 0, steps counted."""
    raw = pl.read_csv(
        need("cellpy-bad", name), separator=";", skip_lines=HEAD, truncate_ragged_lines=True
    )
    known = {old: new for old, new in LABELS.items() if old in raw.columns}
    return raw.select(
        *(pl.col(old).alias(new) for old, new in known.items()),
        pl.struct("cycle", "step").rle_id().cast(pl.Int64).alias("Step count"),
    ).with_columns(pl.col("Time [s]") - pl.col("Time [s]").first())


@pytest.mark.parametrize(
    ("name", "code", "severity", "said"),
    [
        ("missing_column", "voltage_column_missing", "error", "no column 'Voltage [V]'"),
        ("missing_cycle", "cycle_count_non_sequential", "warning", "from 1 to 3 in row 20"),
        ("nan_inf", "value_not_finite", "error", "in rows 7, 11"),
        ("nan_inf", "value_missing", "warning", "is empty in row 3"),
        ("truncated", "value_missing", "warning", "is empty in row 59"),
    ],
)
def test_a_bad_file_is_told_by_what_is_wrong(find, name, code, severity, said):
    found = find(read(f"custom_{name}.csv"))[code]
    assert found.severity == severity
    assert said in found.message


def test_the_good_one_is_fit(find):
    assert find(read("custom_good_small.csv")) == {}
