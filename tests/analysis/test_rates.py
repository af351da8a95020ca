from __future__ import annotations

import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests import real_series
from tests.analysis.steps_of import derived

DISCHARGE, RATIO, C_RATE = "Discharge capacity [A.h]", "Ratio to slowest", "C-rate"
PUBLISHED = {  # right-hand sums: A.h, W.h, s
    "cRate_0p1C": (4.94461, 18.07894, 35608),
    "cRate_0p5C": (4.84205, 17.28354, 6973),
    "cRate_1C": (4.78252, 16.60111, 3443.5),
    "cRate_2C": (4.85981, 16.06094, 1749.6),
}
REPAIRED = {  # A: A.h, W.h
    0.6538: (7.2797, 28.193),
    6.5495: (7.2539, 27.7823),
    13.1005: (7.2377, 27.4663),
    32.7505: (7.2113, 26.8263),
    59.4582: (7.1930, 26.1919),
}


@pytest.fixture(scope="module")
def steps() -> pl.DataFrame:
    """One LG M50 of 5 A.h, a test for each rate."""
    return pl.concat(
        derived(real_series.rate_of_lgm50(rate), 5.0).steps.with_columns(
            measurement_id=pl.lit(rate), instance_id=pl.lit("m50"), test=pl.lit(rate)
        )
        for rate in PUBLISHED
    )


@pytest.fixture(scope="module")
def repaired() -> pl.DataFrame:
    return derived(real_series.rate_test_repaired(), 7.25).steps


def test_four_rates_give_what_was_published(steps):
    table = analysis.rate_capability(steps)
    assert table["test"].to_list() == list(PUBLISHED)
    for row, (capacity, energy, lasted) in zip(
        table.iter_rows(named=True), PUBLISHED.values(), strict=True
    ):
        assert row[DISCHARGE] == pytest.approx(capacity, rel=1e-5)
        assert row["Discharge energy [W.h]"] == pytest.approx(energy, rel=1e-3)
        assert row["Duration [s]"] == pytest.approx(lasted, abs=0.6)


def test_a_cell_that_heats_itself_gives_more_at_a_faster_rate_and_that_is_told(steps):
    table = analysis.rate_capability(steps)
    assert table[RATIO].to_list() == pytest.approx([1, 0.97926, 0.96722, 0.98285], abs=1e-5)
    told = table["Finding"].cast(pl.String).to_list()
    assert told == [None, None, None, "more than at 1.01 C, which is slower"]


def test_five_rates_of_a_test_whose_time_was_repaired(repaired):
    table = analysis.rate_capability(repaired)
    assert table["Mean current [A]"].to_list() == pytest.approx(list(REPAIRED), rel=1e-3)
    capacities, energies = zip(*REPAIRED.values(), strict=True)
    assert table[DISCHARGE].to_list() == pytest.approx(capacities, abs=5e-5)
    assert table["Discharge energy [W.h]"].to_list() == pytest.approx(energies, abs=1e-3)
    assert table[RATIO].is_sorted(descending=True)
    assert table["Finding"].null_count() == 5


def test_the_rate_is_of_what_is_given_else_rated_else_measured(steps):
    given = analysis.rate_capability(steps, capacity=5.0)
    rated = analysis.rate_capability(steps.with_columns(pl.lit(4.8).alias("Rated capacity [A.h]")))
    measured = analysis.rate_capability(steps)
    firsts = [table[C_RATE][0] for table in (given, rated, measured)]
    assert firsts == pytest.approx([0.49990 / 5, 0.49990 / 4.8, 0.49990 / 4.9446], rel=1e-4)
    for table, word in (
        (given, "5.0 A.h (given)"),
        (rated, "4.8 A.h (rated)"),
        (measured, "measured"),
    ):
        assert word in table["Definition"].cast(pl.String)[0]


def test_a_step_that_is_no_whole_discharge_is_left_out(repaired):
    pulses = repaired.with_columns(
        pl.when(pl.col("Step count") == 7).then(0.3).otherwise(pl.col(DISCHARGE)).alias(DISCHARGE)
    )
    assert 7 not in analysis.rate_capability(pulses)["Step count"]
    assert 7 in analysis.rate_capability(pulses, least=0.0)["Step count"]


def test_charges_have_rates_too():
    steps = derived(real_series.ife_full_cell()).steps
    table = analysis.rate_capability(steps, direction="charge")
    assert table["Charge capacity [A.h]"][0] == pytest.approx(
        0.32780, abs=1e-5
    )  # the cycler says so
    assert (table["Mean current [A]"] < 0).all()
    assert (table[C_RATE] > 0).all()


def test_cycles_at_one_rate_stay_in_their_order():
    table = analysis.rate_capability(derived(real_series.ife_full_cell()).steps)
    assert table.height == 20
    assert table["Cycle count"].to_list() == list(range(20))
    assert table["Finding"].null_count() == 20


def test_cells_are_compared_with_themselves_alone(steps):
    other = steps.with_columns(
        pl.lit("small").alias("instance_id"), pl.col(DISCHARGE, "Mean current [A]") / 1000
    )
    table = analysis.rate_capability(pl.concat([steps, other]))
    one, two = (table.filter(pl.col("instance_id") == name) for name in ("m50", "small"))
    assert two[RATIO].to_list() == pytest.approx(one[RATIO].to_list())
    assert two[C_RATE].to_list() == pytest.approx(one[C_RATE].to_list())


def test_order_of_rows_and_the_library_change_nothing(steps):
    expected = analysis.rate_capability(steps)
    mixed = steps.sample(fraction=1, shuffle=True, seed=4)
    assert analysis.rate_capability(mixed).equals(expected)
    theirs = analysis.rate_capability(steps.to_pandas())
    assert theirs[RATIO].to_list() == expected[RATIO].to_list()


def test_a_table_without_a_whole_step_has_no_rows(steps):
    table = analysis.rate_capability(steps.filter(pl.col("Step type") == "Rest"))
    assert table.height == 0
    assert table.columns[-2:] == ["Finding", "Definition"]


def test_what_means_nothing_is_refused(steps):
    for wrong in ({"direction": "both"}, {"least": 2.0}, {"capacity": 0.0}):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            analysis.rate_capability(steps, **wrong)
    with pytest.raises(FrameError, match="table of steps"):
        analysis.rate_capability(real_series.resistor_pulse())
