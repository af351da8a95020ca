from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests import real_series
from tests.analysis.steps_of import derived
from tests.cycling import cycling

STEP, CYCLE, TYPE = "Step count", "Cycle count", "Step type"


@pytest.fixture(scope="module")
def steps() -> pl.DataFrame:
    """A C/10 check-up of an LG M50: rest, CC charge, CV, rests, discharge, rests, charge, rest."""
    return derived(real_series.lgm50_check_up(), 5.0).steps


def numbers(steps: pl.DataFrame) -> list[int]:
    return steps[STEP].to_list()


def test_steps_are_chosen_by_the_begin_of_their_type(steps):
    choose = analysis.filter_steps
    assert numbers(choose(steps, type="Constant current")) == [1, 5, 8]
    assert numbers(choose(steps, type="Constant current charge")) == [1, 8]
    assert numbers(choose(steps, type=["Constant voltage", "Rest"])) == [0, 2, 3, 4, 6, 7, 9]


def test_steps_are_chosen_by_direction_rate_and_duration(steps):
    choose = analysis.filter_steps
    assert numbers(choose(steps, direction="discharge")) == [5]
    assert numbers(choose(steps, direction="charge")) == [1, 2, 8]
    assert numbers(choose(steps, rate=(0.05, 0.11), capacity=5.0)) == [2, 5, 8]
    assert numbers(choose(steps, rate=(0.2, None), capacity=5.0)) == [1]
    assert numbers(choose(steps, duration=(None, 121))) == [0, 4, 7]


def test_a_rest_whose_current_is_a_little_off_zero_has_no_direction(steps):
    drifting = steps.with_columns(pl.col("Mean current [A]").fill_null(0) + 1e-6)
    assert numbers(analysis.filter_steps(drifting, direction="discharge")) == [5]


def test_filters_chain_and_their_order_does_not_matter(steps):
    slow = analysis.filter_steps(steps, rate=(None, 0.15), capacity=5.0)
    one = analysis.filter_steps(slow, type="Constant current")
    two = analysis.filter_steps(steps, type="Constant current", rate=(None, 0.15), capacity=5.0)
    assert one.equals(two)
    assert numbers(one) == [5, 8]


def test_a_rate_is_of_the_rated_capacity_where_the_frame_has_it(steps):
    rated = steps.with_columns(pl.lit(5.0).alias("Rated capacity [A.h]"))
    assert numbers(analysis.filter_steps(rated, rate=(0.2, None))) == [1]
    with pytest.raises(ConfigError, match=r"rate= needs capacity= in A\.h"):
        analysis.filter_steps(steps, rate=(0.2, None))


def test_steps_and_cycles_are_chosen_by_label():
    frame = pl.DataFrame({CYCLE: [0, 1, 2], "Label": ["formation", "ageing", "check-up"]})
    assert analysis.filter_cycles(frame, label="check-up")[CYCLE].to_list() == [2]
    both = analysis.filter_steps(frame, label=["formation", "ageing"])
    assert both[CYCLE].to_list() == [0, 1]


@pytest.mark.parametrize(
    ("cycles", "expected"),
    [
        (1, [1]),
        ((1, 2), [1, 2]),
        ((None, 1), [0, 1]),
        ((2, None), [2, 3]),
        ([0, 3], [0, 3]),
        (range(2), [0, 1]),
    ],
)
def test_cycles_are_chosen_by_one_a_range_or_a_list(cycles, expected):
    series = cycling(4)
    chosen = analysis.filter_cycles(series, cycles=cycles)
    assert chosen[CYCLE].unique().sort().to_list() == expected
    assert chosen.columns == series.columns


def test_rows_of_a_series_are_those_of_the_steps_chosen(steps):
    series = real_series.lgm50_check_up()
    discharge = analysis.filter_steps(steps, direction="discharge")
    rows = analysis.rows_of(series, discharge)
    assert rows.height == 34661
    assert analysis.incremental_capacity(rows)["Direction"].unique().to_list() == ["discharge"]


def test_rows_of_a_fleet_are_told_apart_by_test():
    series = pl.concat(cycling(2).with_columns(measurement_id=pl.lit(m)) for m in "ab")
    chosen = pl.DataFrame({"measurement_id": ["a", "b"], STEP: [0, 3]})
    rows = analysis.rows_of(series, chosen)
    assert rows.select("measurement_id", STEP).unique().sort(STEP).rows() == [("a", 0), ("b", 3)]
    with pytest.raises(FrameError, match="no column 'measurement_id'"):
        analysis.rows_of(series, chosen.drop("measurement_id"))


def test_lazy_frames_stay_lazy_and_pandas_stays_pandas(steps):
    lazy = analysis.filter_steps(steps.lazy(), direction="charge")
    assert isinstance(lazy, pl.LazyFrame)
    assert numbers(lazy.collect()) == [1, 2, 8]
    theirs = analysis.filter_steps(steps.to_pandas(), direction="charge")
    assert theirs[STEP].tolist() == [1, 2, 8]
    assert isinstance(analysis.rows_of(cycling().lazy(), steps), pl.LazyFrame)


def test_a_unit_other_than_the_contracts_is_read_and_stays(steps):
    milli = steps.with_columns(pl.col("Mean current [A]") * 1000)
    milli = milli.rename({"Mean current [A]": "Mean current [mA]"})
    chosen = analysis.filter_steps(milli, rate=(0.2, None), capacity=5.0)
    assert numbers(chosen) == [1]
    assert chosen.columns == milli.columns


CELLS = {
    "arbin_half_cell": 0.0016,
    "neware_half_cell": 0.0045,
    "ife_full_cell": 0.33,
    "lgm50_check_up": 5.0,
    "rate_test_repaired": 7.25,
    "pouch_cell": 0.037,
}


@pytest.mark.parametrize("cell", CELLS)
def test_types_are_those_that_the_service_tells(cell):
    steps = derived(getattr(real_series, cell)(), CELLS[cell]).steps
    steps = steps.filter(pl.col(TYPE) != "EIS")  # told by rows without times too
    told = analysis.step_types(steps.drop(TYPE), capacity=CELLS[cell])
    assert told[TYPE].to_list() == steps[TYPE].to_list()


def test_limits_without_the_capacity_would_call_every_step_of_a_coin_cell_a_rest():
    steps = derived(real_series.arbin_half_cell(), 0.0016).steps
    assert (steps["Mean current [A]"].abs() < 1e-3).all()  # 1 mA: the absolute limit
    hosted = steps.with_columns(pl.lit("Rest").alias(TYPE))
    told = analysis.step_types(hosted, capacity=0.0016)
    assert told.columns == [*steps.columns, "Definition"]
    assert analysis.filter_steps(told, type="Constant current").height == 35
    without = analysis.step_types(hosted)  # 1 % of the largest current does as well
    assert analysis.filter_steps(without, type="Constant current").height == 35


def test_a_large_cell_keeps_the_absolute_limits():
    steps = pl.DataFrame(
        {
            "Mean current [A]": [2e-3, 5e-4],
            "Std current [A]": [1e-4] * 2,
            "Std voltage [V]": [0.1] * 2,
        }
    )
    told = analysis.step_types(steps, capacity=280.0)
    assert told[TYPE].to_list() == ["Constant current discharge", "Rest"]


def test_what_means_nothing_is_refused(steps):
    for wrong, said in (
        ({"type": "constant"}, "begins no step type. There are 'Rest'"),
        ({"direction": "up"}, "neither 'discharge' nor 'charge'"),
        ({"duration": 5}, "duration=5 is two numbers"),
        ({"cycles": [1.5]}, "are numbers as in 'Cycle count'"),
    ):
        with pytest.raises(ConfigError, match=said):
            analysis.filter_steps(steps, **wrong)


def test_columns_that_are_asked_about_and_missing_are_named_at_once(steps):
    bare = steps.select(STEP, TYPE)
    with pytest.raises(FrameError) as caught:
        analysis.filter_steps(bare, type="Rest", duration=(0, 1), label="x", direction="charge")
    missing = ["Duration [s]", "Label", "Mean current [A]"]
    assert caught.value.failures["column"].to_list() == missing


def test_rows_of_pandas_keep_their_index_and_all_that_is_in_them(steps):
    pandas = steps.with_columns(Remark=pl.lit(float("inf"))).to_pandas()
    pandas.index = range(1000, 1000 + len(pandas))
    kept = analysis.filter_steps(pandas, type="Rest")
    assert kept.equals(pandas.loc[kept.index])
    assert kept.index.to_list() == [1000 + n for n in (0, 3, 4, 6, 7, 9)]


def test_a_lazy_frame_keeps_its_infinities(steps):
    lazy = steps.lazy().with_columns(Remark=pl.lit(float("inf")))
    kept = analysis.filter_cycles(lazy, cycles=0).collect()
    assert kept["Remark"].to_list() == [float("inf")] * kept.height


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["a", "b"])])
def test_categories_are_texts(dtype):
    series = pl.concat(cycling().with_columns(cell=pl.lit(name)) for name in "ab")
    steps = series.select("cell", STEP).unique(maintain_order=True).filter(pl.col(STEP) == 1)
    typed = series.with_columns(pl.col("cell").cast(dtype), pl.col(STEP).cast(pl.Float64))
    assert analysis.rows_of(typed, steps).height == analysis.rows_of(series, steps).height > 0
    told = steps.with_columns(pl.lit("Rest").cast(pl.Categorical).alias(TYPE))
    assert analysis.filter_steps(told, type="Rest").height == 2


def test_numbers_of_numpy_are_numbers():
    series = cycling(4, 9)
    one = analysis.filter_cycles(series, cycles=1)
    for cycles in (np.int64(1), np.array([1]), [np.int8(1)]):
        assert analysis.filter_cycles(series, cycles=cycles).equals(one)
    cells = pl.DataFrame({"cell": list("aab"), CYCLE: [0, 1, 1], "Q [A.h]": [1.0, 0.9, 0.8]})
    assert analysis.lots(cells, "Q [A.h]", by=None, at=np.int64(1))["n"].to_list() == [2]
    flowed = cells.rename({"Q [A.h]": "Discharge capacity [A.h]"})
    crossed = analysis.cycles_to(flowed, np.float32(0.8), reference=np.int64(1))
    assert crossed["Cycles to threshold"].null_count() == 2
    assert analysis.resistance(series, at=np.array([1.0])).columns
    with pytest.raises(ConfigError, match="is a list of times"):
        analysis.resistance(series, at=10.0)
