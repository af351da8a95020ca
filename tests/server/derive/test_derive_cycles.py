"""What do cycles say, and what do they leave open?"""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.server.derive import Unreadable
from tests.real_series import COUNTERS
from tests.server.derive.samples import Part, series

DISCHARGE, CHARGE, ENERGY_OUT, ENERGY_IN = COUNTERS


def fading(derived, *rates):
    """Cycles of one charge at 0.5 A, and a discharge at each of the rates."""
    parts = [part for rate in rates for part in (Part(-0.5), Part(rate))]
    rows = series(parts).with_columns((pl.col("Step count") // 2).alias("Cycle count"))
    return derived(rows).cycles


def test_efficiencies_are_ratios_of_one_cycle(derived):
    cycles = fading(derived, 0.5, 0.4)
    assert cycles["Coulombic efficiency"].to_list() == pytest.approx([1.0, 0.8])
    first = cycles.row(0, named=True)
    assert first["Energy efficiency"] == pytest.approx(first[ENERGY_OUT] / first[ENERGY_IN])


def test_retention_is_of_the_first_cycle(derived):
    cycles = fading(derived, 0.5, 0.4, 0.6)
    assert cycles["Capacity retention"].to_list() == pytest.approx([1.0, 0.8, 1.2])
    assert cycles["Capacity fade"].to_list() == pytest.approx([0.0, 0.2, -0.2])
    assert cycles["Energy fade"].to_list() == pytest.approx(
        (1 - cycles["Energy retention"]).to_list()
    )


def test_what_cannot_be_divided_is_left_open(derived):
    cycles = derived(series((Part(0.0), Part(0.0)))).cycles
    open_ = ["Coulombic efficiency", "Energy efficiency", "Capacity retention", "Energy fade"]
    open_ += ["Mean discharge current [A]", "Mean charge current [A]", "Mean temperature [degC]"]
    assert cycles.select(pl.col(open_).is_null().all()).row(0) == (True,) * len(open_)
    assert cycles.select(COUNTERS).row(0) == (0.0,) * 4


def test_currents_are_weighted_by_how_long_they_flowed(derived):
    rows = series((Part(-0.2), Part(1.0, 11), Part(0.5, 31), Part(0.0)))
    cycle = derived(rows).cycles.row(0, named=True)
    assert cycle["Mean discharge current [A]"] == pytest.approx((1.0 * 100 + 0.5 * 300) / 400)
    assert cycle["Mean charge current [A]"] == pytest.approx(-0.2)
    assert (cycle["Discharge duration [s]"], cycle["Charge duration [s]"]) == (400.0, 190.0)


def test_throughput_runs_on(derived):
    cycles = fading(derived, 0.5, 0.4)
    moved = cycles[DISCHARGE] + cycles[CHARGE]
    assert cycles["Capacity throughput [A.h]"].to_list() == pytest.approx(moved.cum_sum().to_list())


def test_the_mean_temperature_leaves_blanks_out(derived):
    warm = pl.when(pl.int_range(pl.len()) % 4 > 0).then(20.0 + pl.col("Step count"))
    rows = series().with_columns(warm.alias("Temperature [degC]"))
    assert derived(rows).cycles["Mean temperature [degC]"].item() == pytest.approx(21.5)


def test_a_cycle_with_two_sources_says_so(derived):
    at = pl.int_range(pl.len()) == 75
    rows = series().with_columns(
        pl.when(at).then(0.0).otherwise(name).alias(name) for name in (DISCHARGE, CHARGE)
    )
    cycle = derived(rows).cycles.row(0, named=True)
    assert (cycle["Capacity source"], cycle["Energy source"]) == ("mixed", "counter")


def test_steps_that_came_along_win(derived):
    own = derived(series(cycles=2)).steps
    told = own.select(
        pl.col("Step count", "Cycle count").cast(pl.Int16),
        pl.lit("formation").alias("Step type"),
        (pl.col(DISCHARGE) * 2).cast(pl.Float32),
        CHARGE,
        pl.lit("x").alias("Operator"),
        pl.lit("y").alias("_cycle"),
    )
    found = derived(series(cycles=2), steps=told)
    assert found.steps.schema == {**own.schema, "Operator": pl.String, "_cycle": pl.String}
    assert set(found.steps["Step type"]) == {"formation"}
    assert found.steps["Duration [s]"].null_count() == 8
    assert found.cycles["Coulombic efficiency"].to_list() == pytest.approx([2.0, 2.0])


def test_steps_that_came_along_keep_the_temperature_of_the_series(derived):
    rows = series(cycles=2).with_columns((20.0 + pl.col("Cycle count")).alias("Temperature [degC]"))
    told = derived(rows).steps.select("Step count", "Cycle count")
    assert derived(rows, steps=told).cycles["Mean temperature [degC]"].to_list() == [20.0, 21.0]


STRANGE = {
    "none": ([], "Step 0 and 3 more are missing"),
    "too few": ([0, 1, 2], "Step 3 is missing"),
    "doubled": ([0, 1, 1, 2, 3], "Step 1 is there more than once"),
    "of another series": ([0, 1, 2, 3, 4], "Step 4 is not in the series"),
    "turned round": ([3, 2, 1, 0], "not in the order of the series"),
    "half": ([0.0, 1.0, 2.5, 3.0], "holds '2.5' in row 2, which is not a whole number"),
    "blank": ([0, 1, None, 3], "blank in row 2"),
}


@pytest.mark.parametrize("fault", STRANGE)
def test_steps_that_came_along_and_are_not_the_series_own_are_refused(derived, fault):
    numbers, said = STRANGE[fault]
    steps = pl.DataFrame({"Step count": numbers, "Step type": ["Rest"] * len(numbers)})
    with pytest.raises(Unreadable, match=f"supplied steps cannot be used.*{said}"):
        derived(series(), steps=steps)


def test_steps_that_came_along_without_their_count_are_refused(derived):
    with pytest.raises(Unreadable, match="no column 'Step count'"):
        derived(series(), steps=pl.DataFrame({"foo": [1]}))


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pl.Series("Duration [s]", ["long"]), "'Duration \\[s\\]' holds 'long' in row 0"),
        (pl.Series("Step type", [[1]]), "'Step type' holds List"),
    ],
)
def test_steps_that_came_along_and_fit_nothing_are_refused(derived, column, said):
    with pytest.raises(ValueError, match=f"supplied steps cannot be used.*{said}"):
        derived(series(), steps=column.to_frame())


def test_steps_that_came_along_without_cycles_are_in_the_cycles_of_the_series(derived):
    own = derived(series(cycles=2)).steps
    found = derived(series(cycles=2), steps=own.select("Step count", DISCHARGE, CHARGE))
    assert found.steps["Cycle count"].to_list() == own["Cycle count"].to_list()
    assert found.cycles.height == 2
