from __future__ import annotations

import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError
from tests.journeys.conftest import need

CYCLE, Q, REACHED = "Cycle count", "Discharge capacity [A.h]", "Cycles to threshold"


def baumhofer() -> pl.DataFrame:
    """Full lives of 48 cells of 1.85 A.h."""
    raw = pl.read_csv(need("baumhofer", "capacity.csv"), infer_schema_length=None)
    return raw.rename({"Cell": "cell"})


def fading(*capacities: float | None) -> pl.DataFrame:
    return pl.DataFrame({CYCLE: range(len(capacities)), Q: pl.Series(capacities, dtype=pl.Float64)})


def test_48_lives_to_80_and_70_percent_of_their_own_first_capacity():
    made = analysis.cycles_to(baumhofer(), (0.8, 0.7))
    at_80, at_70 = (made.filter(pl.col("Threshold") == share)[REACHED] for share in (0.8, 0.7))
    assert at_80[:3].to_list() == pytest.approx([1164.044, 1076.150, 1211.662], abs=1e-3)
    numbers = (at_80.mean(), at_80.std(), at_80.min(), at_80.max())
    assert numbers == pytest.approx((1143.379, 101.627, 977.723, 1361.024), abs=1e-3)
    assert at_70[0] == pytest.approx(1348.611, abs=1e-3)
    assert (at_70.mean(), at_70.std()) == pytest.approx((1328.539, 104.559), abs=1e-3)


def test_a_cell_whose_first_capacity_is_not_known_reaches_nothing():
    made = analysis.cycles_to(baumhofer())
    missing = made.filter(pl.col(REACHED).is_null())
    assert missing["cell"].to_list() == ["ep_sanyo_039"]
    assert missing["Finding"].to_list() == ["of the first cycle (0) nothing is known"]


def test_the_last_row_of_a_cycle_that_is_there_twice_counts():
    made = analysis.cycles_to(baumhofer())
    twice = made.filter(pl.col("Finding").str.contains("there twice"))
    assert twice.height == 6


def test_a_limit_in_ampere_hours_is_near_the_compilers_own_crossing():
    made = analysis.cycles_to(baumhofer(), below=1.2025)
    assert made[REACHED].null_count() == 0
    assert made[REACHED].mean() == pytest.approx(1396.23, abs=10)
    assert "below 1.2025 A.h" in made["Definition"][0]


def test_check_ups_of_93_cells_that_fall_below_80_and_70_percent():
    table = pl.read_csv(need("beep", "rpt_1C_retention.csv"))
    table = table.filter(pl.col("metric") == "discharge_capacity").select(
        pl.col("seq_num").alias("cell"),
        pl.col("cycle_index").alias(CYCLE),
        pl.col("fractional_metric").alias("Relative capacity"),
    )
    ever = [
        analysis.cycles_to(table, below=share, of="Relative capacity", min_consecutive=1)
        for share in (0.8, 0.7)
    ]
    assert [made[REACHED].count() for made in ever] == [64, 58]


def test_what_is_not_reached_is_null_and_tells_the_last_retention():
    (row,) = analysis.cycles_to(fading(1.0, 0.95, 0.9)).rows(named=True)
    assert row[REACHED] is None
    assert (row["Last cycle count"], row["Last retention"]) == (2, 0.9)
    assert row["Finding"] == "not reached; last retention 0.9 at cycle 2"


def test_the_crossing_lies_on_the_line_between_two_cycles():
    assert analysis.cycles_to(fading(1.0, 0.9, 0.7, 0.6))[REACHED].to_list() == pytest.approx([1.5])


def test_one_bad_cycle_is_no_end_of_life():
    bad = fading(1.0, 0.99, 0.1, 0.98, 0.97, 0.7, 0.6)
    (reached,) = analysis.cycles_to(bad)[REACHED]
    assert 4 < reached < 5
    (first,) = analysis.cycles_to(bad, min_consecutive=1)[REACHED]
    assert 1 < first < 2


def test_one_high_cycle_bends_no_line():
    glitch = fading(1.0, 0.98, 0.96, 0.94, 31.0, 0.7, 0.6, 0.5)
    (row,) = analysis.cycles_to(glitch).rows(named=True)
    assert 3 < row[REACHED] < 5
    assert row["Finding"] == "1 glitch left out"


def test_below_at_the_very_end_is_not_yet_lasting():
    (row,) = analysis.cycles_to(fading(1.0, 0.9, 0.7)).rows(named=True)
    assert row[REACHED] is None
    assert row["Finding"].startswith("below at the end, but not 2 in a row; not reached")


def test_below_from_the_first_cycle_has_no_crossing():
    made = analysis.cycles_to(fading(0.7, 0.6, 0.5), below=0.8)
    assert (made[REACHED][0], made["Finding"][0]) == (None, "below from the first cycle")


def test_percent_is_refused():
    with pytest.raises(ConfigError, match=r"to=80 is no share of the reference: 80 % is 0\.8"):
        analysis.cycles_to(fading(1.0), 80)


def test_a_cell_that_comes_back_is_said_to():
    kept = [1.0] * 5 + [0.5, 0.5] + [0.99] * 50
    row = analysis.cycles_to(pl.DataFrame({"Cycle count": range(57), Q: kept}), 0.8).row(
        0, named=True
    )
    assert row["Finding"] == "above again at the end: 0.99 at cycle 56"
