from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError
from tests.journeys.conftest import need

CYCLE, Q, KNEE = "Cycle count", "Discharge capacity [A.h]", "Knee cycle"


def baumhofer() -> pl.DataFrame:
    raw = pl.read_csv(need("baumhofer", "capacity.csv"), infer_schema_length=None)
    return raw.rename({"Cell": "cell"})


def fade(capacities) -> pl.DataFrame:
    return pl.DataFrame({CYCLE: range(len(capacities)), Q: pl.Series(capacities, dtype=pl.Float64)})


def bent(at: int = 60, before: float = 0.001, after: float = 0.004, n: int = 100):
    cycles = np.arange(n)
    return 1.0 - before * cycles - (after - before) * np.maximum(cycles - at, 0)


def test_knees_of_48_cells_over_all_points():
    made = analysis.knee(baumhofer())
    assert made[KNEE][:4].to_list() == [1050, 933, 1095, 1191]
    assert (made[KNEE].min(), made[KNEE].max()) == (825, 1356)
    assert made[KNEE].mean() == pytest.approx(1037.7, abs=0.05)


def test_the_window_moves_the_knee_and_is_told():
    made = analysis.knee(baumhofer(), above=1.0)
    assert made[KNEE][:4].to_list() == [1153, 1043, 1226, 1255]
    assert made[KNEE].mean() == pytest.approx(1134.7, abs=0.05)
    assert made["Definition"][0].endswith("points of at least 1 A.h")
    assert (made["First cycle count"][0], made["Last cycle count"][0], made["Points"][0]) == (
        *(0, 1572, 11),
    )


def test_a_knee_that_was_made_is_found_with_its_slopes():
    (row,) = analysis.knee(fade(bent())).rows(named=True)
    assert row[KNEE] == 60
    assert row["Capacity at knee [A.h]"] == pytest.approx(0.94)
    slopes = (row["Fade per cycle before [A.h]"], row["Fade per cycle after [A.h]"])
    assert slopes == pytest.approx((0.001, 0.004))
    assert (row["Slope ratio"], row["Residual [A.h]"]) == pytest.approx((4.0, 0.0), abs=1e-6)


def test_the_running_sums_find_what_least_squares_of_each_break_find():
    rng = np.random.default_rng(7)
    values = bent(40, n=70) + rng.normal(0, 0.003, 70)
    (row,) = analysis.knee(fade(values)).rows(named=True)
    x, squares = np.arange(70.0), {}
    for at in range(1, 69):
        design = np.column_stack([np.ones(70), x, np.maximum(x - at, 0)])
        found = design @ np.linalg.lstsq(design, values, rcond=None)[0]
        squares[at] = float(((values - found) ** 2).sum())
    best = min(squares, key=squares.__getitem__)
    assert row[KNEE] == best
    assert row["Residual [A.h]"] == pytest.approx(np.sqrt(squares[best] / 70))


def test_straight_fades_have_no_knee_whatever_their_noise():
    rng = np.random.default_rng(1)
    straight = [1 - 0.002 * np.arange(30) + rng.normal(0, 0.03, 30) for _ in range(50)]
    cells = [fade(one).with_columns(cell=pl.lit(f"{n}")) for n, one in enumerate(straight)]
    made = analysis.knee(pl.concat(cells))
    assert made[KNEE].null_count() == 50
    assert made["Finding"].str.contains("two lines fit hardly better than one").any()


def test_a_fade_that_slows_down_has_no_knee():
    (row,) = analysis.knee(fade(bent(before=0.004, after=0.001))).rows(named=True)
    assert (row[KNEE], row["Finding"]) == (
        None,
        "no knee: slope ratio 0.25, the fade becomes slower",
    )


def test_seven_points_have_no_knee():
    (row,) = analysis.knee(fade(bent(3, n=7))).rows(named=True)
    assert (row[KNEE], row["Finding"]) == (None, "no knee: 7 points, 8 are needed")


def test_one_value_has_no_break():
    (row,) = analysis.knee(fade([1.0] * 20)).rows(named=True)
    assert row[KNEE] is None
    assert row["Finding"].startswith("no knee: ")


def test_the_least_ratio_is_the_askers():
    rows = fade(bent(after=0.0016))
    assert analysis.knee(rows)[KNEE].to_list() == [60]
    made = analysis.knee(rows, least_ratio=2)
    assert (made[KNEE][0], made["Finding"][0]) == (None, "no knee: slope ratio 1.6")


def test_a_glitch_makes_no_knee():
    values = bent()
    values[30] = 31.0
    (row,) = analysis.knee(fade(values)).rows(named=True)
    assert (row[KNEE], row["Finding"], row["Points"]) == (60, "1 glitch left out", 99)


def test_a_window_that_ends_before_it_begins_is_refused():
    with pytest.raises(ConfigError, match="ends before it begins"):
        analysis.knee(fade(bent()), window=(50, 10))


def test_no_cycles_are_no_cells():
    made = analysis.knee(fade([]))
    assert (made.height, made[KNEE].dtype) == (0, pl.Float64)


def test_the_rise_of_the_first_cycles_and_a_fade_of_one_percent_are_no_knees():
    cycle = np.arange(100)
    risen = 1.06 + 0.0003 * np.minimum(cycle, 20) - 0.00008 * np.maximum(cycle - 20, 0)
    rises = analysis.knee(frame_of(cycle, risen))
    assert rises["Knee cycle"].to_list() == [None]
    assert rises["Finding"][0] == "no knee: the capacity rises before the break"
    faded = 1.06 - 0.00003 * cycle - 0.0002 * np.maximum(cycle - 50, 0)
    little = analysis.knee(frame_of(cycle, faded))
    assert little["Finding"][0] == "no knee: 0.012 of the capacity was lost, 0.05 is needed"
    assert analysis.knee(frame_of(cycle, faded), least_fade=0.01)["Knee cycle"].to_list() == [50.0]


def frame_of(cycle, capacity) -> pl.DataFrame:
    return pl.DataFrame({"Cycle count": cycle, "Discharge capacity [A.h]": capacity})
