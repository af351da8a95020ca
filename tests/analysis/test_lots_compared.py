from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests.journeys.conftest import need

Q, CYCLE, LOT = "Discharge capacity [A.h]", "Cycle count", "Batch date"
GLITCHES = {"EL150800464977", "EL150800464865"}


@pytest.fixture(scope="module")
def severson() -> pl.DataFrame:
    rows = pl.read_parquet(need("severson-lfp", "discharge_capacity_by_cycle.parquet"))
    cells = pl.read_csv(need("severson-lfp", "cells.csv")).rename({"Cell barcode": "cell"})
    return analysis.with_cells(rows.rename({"Cell barcode": "cell"}), cells, LOT)


def weighed(*masses: float | None, lot: str = "a") -> pl.DataFrame:
    cells = [f"{lot}-{n}" for n in range(len(masses))]
    mass = pl.Series("cell.mass [g]", masses, dtype=pl.Float64)
    return pl.DataFrame({"cell": cells, "batch": lot}).with_columns(mass)


def test_two_batches_of_84_cells_at_cycles_2_and_100(severson):
    table = analysis.lots(severson, Q, by=LOT, at=[2, 100])
    found = table.select(LOT, CYCLE, "n", "Mean [A.h]", "Standard deviation [A.h]").rows()
    assert [row[:3] for row in found] == [
        *(("5/12/17", 2, 41), ("5/12/17", 100, 41), ("6/30/17", 2, 43), ("6/30/17", 100, 43)),
    ]
    reference = [
        (1.062349, 0.008719),
        (1.059407, 0.008470),
        (1.055391, 0.008716),
        (1.042895, 0.020332),
    ]
    for row, numbers in zip(found, reference, strict=True):
        assert row[3:] == pytest.approx(numbers, abs=1e-6)
    assert table.filter(pl.col(CYCLE) == 2)["Median [A.h]"].to_list() == pytest.approx(
        [1.0635, 1.0562], abs=1e-4
    )


def test_a_mean_with_glitches_stands_beside_the_median_and_names_them(severson):
    fleet = analysis.lots(severson, Q, by=None, at=12).row(0, named=True)
    assert fleet["Mean [A.h]"] == pytest.approx(1.773589, abs=1e-6)
    assert fleet["Median [A.h]"] == pytest.approx(1.0628, abs=1e-4)
    assert fleet["Mean without odd [A.h]"] == pytest.approx(1.0628, abs=2e-3)
    assert all(cell in fleet["Odd cells"] for cell in GLITCHES)
    assert "30.97 A.h" in fleet["Odd cells"]
    assert "odd; the mean without them is 1.06" in fleet["Finding"]


def test_odd_cells_are_told_in_a_sentence(severson):
    odd = analysis.odd_cells(severson, Q, by=LOT, at=12)
    told = odd.filter(pl.col("Value") > 5)
    assert set(told["cell"]) == GLITCHES
    sentence = told.filter(pl.col("cell") == "EL150800464977")["Finding"][0]
    assert sentence.startswith("EL150800464977: 30.97 A.h at cycle 12, where the median of")


def test_lots_are_apart_by_any_columns_and_a_cell_without_a_lot_is_not_lost():
    cells = pl.concat([weighed(1.0, 2.0), weighed(3.0, lot="b")]).with_columns(
        batch=pl.when(pl.col("cell") == "a-1").then(None).otherwise("batch")
    )
    table = analysis.lots(cells, "cell.mass [g]")
    assert table.select("batch", "n", "Mean [g]").rows() == [
        ("a", 1, 1.0),
        ("b", 1, 3.0),
        (None, 1, 2.0),
    ]


def test_what_is_not_known_is_counted_as_missing():
    row = analysis.lots(weighed(1.0, None, float("nan"), 3.0), "cell.mass [g]").row(0, named=True)
    assert (row["Cells"], row["Missing"], row["n"], row["Mean [g]"]) == (4, 2, 2, 2.0)
    nothing = analysis.lots(weighed(None, None), "cell.mass [g]").row(0, named=True)
    assert (nothing["n"], nothing["Mean [g]"], nothing["Finding"]) == (0, None, "nothing is known")


def test_of_few_values_none_is_called_odd():
    row = analysis.lots(weighed(1, 1, 1, 31), "cell.mass [g]").row(0, named=True)
    assert row["Odd values"] == 0
    assert row["Finding"] == "4 of at least 5 values: none is called odd"


def test_equal_values_do_not_hide_the_odd_one_and_are_not_odd_by_rounding():
    odd = analysis.odd_cells(weighed(*[39.0] * 20, 31.0), "cell.mass [g]")
    assert odd["cell"].to_list() == ["a-20"]
    equal = weighed(*[0.1 + 0.2] * 10, *[0.3] * 3)
    assert analysis.odd_cells(equal, "cell.mass [g]").is_empty()


def test_pandas_goes_in_and_comes_back():
    cells = weighed(1.0, 2.0, 3.0).to_pandas()
    table = analysis.lots(cells, "cell.mass [g]")
    assert type(table).__module__.startswith("pandas")
    assert table["Median [g]"].to_list() == [2.0]


def test_what_cannot_be_compared_is_said():
    cells = weighed(1.0, 2.0)
    with pytest.raises(FrameError, match="not a table to compare") as error:
        analysis.lots(cells, "cell.length [mm]", by="line")
    assert error.value.failures["column"].to_list() == ["line", "cell.length [mm]"]
    with pytest.raises(ConfigError, match="holds String"):
        analysis.lots(cells, "cell")
    with pytest.raises(ConfigError, match="has no 'Cycle count'"):
        analysis.lots(cells, "cell.mass [g]", at=3)
    with pytest.raises(
        ConfigError, match="No cell has the cycle 7: 'Cycle count' goes from 0 to 0"
    ):
        analysis.lots(cells.with_columns(pl.lit(0).alias(CYCLE)), "cell.mass [g]", at=7)


def test_a_lot_compared_with_another_by_the_formulas_of_the_books():
    a, b = [1.0, 2.0, 3.0, 4.0], [3.0, 5.0, 5.0, 7.0, 9.0]
    cells = pl.concat([weighed(*a), weighed(*b, lot="b")])
    row = analysis.compare_lots(cells, "cell.mass [g]").row(0, named=True)
    va, vb = np.var(a, ddof=1) / 4, np.var(b, ddof=1) / 5
    freedom = (va + vb) ** 2 / (va**2 / 3 + vb**2 / 4)
    pooled = np.sqrt((3 * np.var(a, ddof=1) + 4 * np.var(b, ddof=1)) / 7)
    wins = np.sign(np.subtract.outer(b, a)).mean()
    assert row["Difference of means [g]"] == pytest.approx(5.8 - 2.5)
    # Student's t of 97.5 % for Welch's degrees of freedom, between the tables' 6 and 7.
    assert freedom == pytest.approx(6.4638, abs=1e-3)
    assert row["Difference of means to [g]"] == pytest.approx(
        3.3 + 2.4056 * np.sqrt(va + vb), abs=2e-3
    )
    assert row["Effect size"] == pytest.approx((1 - 3 / 27) * 3.3 / pooled)
    assert row["Cliff's delta"] == pytest.approx(wins)
    assert row["Shift [g]"] == np.median(np.subtract.outer(b, a))
    assert "Welch 95% interval" in row["Definition"]


def test_the_faded_batch_of_severson_differs_at_cycle_100(severson):
    row = analysis.compare_lots(severson, Q, by=LOT, at=100).row(0, named=True)
    assert row["Difference of means [A.h]"] == pytest.approx(1.042895 - 1.059407, abs=2e-6)
    assert row["Difference of means to [A.h]"] < 0 < -row["Effect size to"]
    assert row["p (Mann-Whitney)"] < 0.001


def test_odd_cells_count_and_the_difference_without_them_is_told():
    cells = pl.concat(
        [weighed(1.0, 1.1, 0.9, 1.05, 0.95, 31.0), weighed(2.0, 2.1, 1.9, 2.05, 1.95, lot="b")]
    )
    row = analysis.compare_lots(cells, "cell.mass [g]").row(0, named=True)
    assert row["Difference of means [g]"] == pytest.approx(2.0 - 6.0)
    assert (
        row["Finding"]
        == "odd cells count (1 in 'a', beyond 3.5 robust spreads); the difference of means without them is 1"
    )


def test_several_pairs_are_corrected_for_their_number():
    chance = np.random.default_rng(1)
    cells = pl.concat(weighed(*chance.normal(n / 10, 1, 9), lot=f"lot {n}") for n in range(3))
    alone = analysis.compare_lots(cells, "cell.mass [g]", between=("lot 0", "lot 2"))
    together = analysis.compare_lots(cells, "cell.mass [g]")
    p = "p (Welch)"
    assert together.height == 3
    assert "for 3 pairs" in together["Definition"][0]
    assert together[p][1] >= alone[p][0]
    assert together[p].min() == pytest.approx(
        min(
            1.0,
            3
            * min(
                analysis.compare_lots(cells, "cell.mass [g]", between=pair)[p][0]
                for pair in together.select("Lot", "Other lot").rows()
            ),
        )
    )


def test_too_few_and_equal_values_give_null_not_a_number():
    few = analysis.compare_lots(
        pl.concat([weighed(1.0, 2.0), weighed(3.0, lot="b")]), "cell.mass [g]"
    )
    assert few["Difference of means [g]"].to_list() == [None]
    assert "fewer than 3 tell nothing of chance" in few["Finding"][0]
    equal = analysis.compare_lots(
        pl.concat([weighed(1, 1, 1), weighed(2, 2, 2, lot="b")]), "cell.mass [g]"
    )
    assert equal.select("Difference of means [g]", "Effect size", "p (Welch)").row(0) == (
        1.0,
        None,
        None,
    )


def test_lots_that_cannot_be_compared_are_said():
    one = weighed(1.0, 2.0, 3.0)
    with pytest.raises(ConfigError, match="makes 1 lot: two are compared"):
        analysis.compare_lots(one, "cell.mass [g]")
    with pytest.raises(ConfigError, match=r"There is no lot 'c'\. There are: 'a', 'b'"):
        analysis.compare_lots(
            pl.concat([one, weighed(1.0, lot="b")]), "cell.mass [g]", between=("a", "c")
        )
    cycles = pl.concat(one.with_columns(pl.lit(n).alias(CYCLE)) for n in (0, 1))
    with pytest.raises(ConfigError, match="say of which one"):
        analysis.compare_lots(cycles, "cell.mass [g]")
    with pytest.raises(ConfigError, match="between 0 and 1"):
        analysis.compare_lots(one, "cell.mass [g]", confidence=95)


def test_cells_are_joined_once_and_no_row_is_lost():
    cycles = pl.DataFrame({"cell": ["a", "b", "a", "z"], CYCLE: [0, 0, 1, 0]})
    cells = pl.DataFrame({"cell": ["b", "a"], "batch": ["B", "A"], CYCLE: [9, 9]})
    joined = analysis.with_cells(cycles, cells)
    assert joined.rows() == [("a", 0, "A"), ("b", 0, "B"), ("a", 1, "A"), ("z", 0, None)]
    with pytest.raises(ConfigError, match="'a' is there several times"):
        analysis.with_cells(cycles, pl.concat([cells, cells.tail(1)]))
    with pytest.raises(ConfigError, match="nothing to join them by"):
        analysis.with_cells(cycles, cells.rename({"cell": "name"}))


@settings(max_examples=40)
@given(
    st.lists(st.floats(0.5, 50), min_size=5, max_size=30),
    st.randoms(use_true_random=False),
    st.sampled_from([1e-3, 0.5, 1000.0]),
)
def test_lots_do_not_depend_on_order_or_unit(values, random, factor):
    cells = weighed(*values)
    order = list(range(len(values)))
    random.shuffle(order)
    plain, mixed, scaled = (
        analysis.lots(frame, "cell.mass [g]").row(0, named=True)
        for frame in (cells, cells[order], cells.with_columns(pl.col("cell.mass [g]") * factor))
    )
    for label in ("Mean [g]", "Median [g]", "Robust spread [g]", "Upper quartile [g]"):
        assert mixed[label] == pytest.approx(plain[label])
        assert scaled[label] == pytest.approx(plain[label] * factor, rel=1e-9, abs=1e-12)
    assert mixed["Odd values"] == plain["Odd values"]


def begun(*starts: str | None) -> pl.DataFrame:
    begins = pl.Series("start_time [UTC]", starts, dtype=pl.String).str.to_datetime()
    ids = pl.Series("measurement_id", [f"m{n}" for n in range(len(starts))])
    ends = pl.col("start_time [UTC]") + pl.duration(hours=2)
    return pl.DataFrame([ids, begins]).with_columns(ends.alias("end_time [UTC]"))


def cycled(*tests: str, cell: str = "i1") -> pl.DataFrame:
    return pl.concat(
        pl.DataFrame({"measurement_id": test, "instance_id": cell, CYCLE: [0, 1], Q: [1.0, 0.9]})
        for test in tests
    )


def test_the_tests_of_a_cell_are_one_life_in_the_order_in_which_they_began():
    told = begun("2026-03-01T00:00:00", "2026-01-01T00:00:00")
    lived = analysis.life(cycled("m0", "m1"), told)
    assert lived[CYCLE].to_list() == [0, 1, 2, 3]
    assert lived["Cycle count of test"].to_list() == [0, 1, 0, 1]
    assert "measurement_id" not in lived.columns
    assert lived["Finding"].to_list() == [None] * 4
    kept = analysis.retention(lived)
    assert kept[CYCLE].to_list() == [0, 1, 2, 3]


def test_a_cell_with_one_test_keeps_the_lab_s_count_and_holes_stay():
    one = cycled("m0").with_columns(pl.Series(CYCLE, [2, 5]))
    assert analysis.life(one, begun(None))[CYCLE].to_list() == [2, 5]
    two = pl.concat([one, cycled("m1")])
    told = begun("2026-01-01T00:00:00", "2026-03-01T00:00:00")
    assert analysis.life(two, told)[CYCLE].to_list() == [2, 5, 6, 7]


def test_a_test_without_a_begin_has_no_place_in_a_life_and_one_that_overlaps_is_named():
    lived = analysis.life(cycled("m0", "m1"), begun("2026-03-01T00:00:00", None))
    assert lived[CYCLE].to_list() == [0, 1, None, None]
    assert lived["Finding"][2] == "'start_time [UTC]' of this test is not known, so it has no place"
    early = analysis.life(cycled("m0", "m1"), begun("2026-03-01T00:00:00", "2026-03-01T01:00:00"))
    assert early["Finding"].to_list() == [
        None,
        None,
        *["this test began before the one before it ended"] * 2,
    ]
    alone = analysis.life(cycled("m0"), begun(None))
    assert alone[CYCLE].to_list() == [0, 1]


def test_several_values_of_a_cell_are_no_proof():
    cells = pl.DataFrame({"cell": list("aabbccdd"), "batch": list("AAAABBBB"), "R [ohm]": range(8)})
    with pytest.raises(ConfigError, match=r"4 of 4 cells have several rows \('a' has 2\)"):
        analysis.compare_lots(cells, "R [ohm]")


def test_keys_of_other_kinds_are_refused_by_name():
    cells = pl.DataFrame({"cell": [1, 2], "batch": ["A", "B"]})
    with pytest.raises(ConfigError, match="'cell' holds String here and Int64 there"):
        analysis.with_cells(pl.DataFrame({"cell": ["1"]}), cells)
