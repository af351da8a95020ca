from __future__ import annotations

import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import FrameError
from tests import real_series
from tests.journeys.conftest import need

CYCLE, Q, BACK, TIME, CURRENT = (
    *(
        "Cycle count",
        "Discharge capacity [A.h]",
        "Charge capacity [A.h]",
        "Time [s]",
        "Current [A]",
    ),
)


def checks(frame) -> list[str]:
    return analysis.quality(frame)["Check"].to_list()


def found(frame, check: str) -> dict:
    (row,) = analysis.quality(frame).filter(pl.col("Check") == check).rows(named=True)
    return row


def bdf(part: str, step: str) -> pl.DataFrame:
    """A file of the battery data format as it is, with the sign turned."""
    (path,) = (one for one in need("bdf-reference").iterdir() if part in one.name)
    return pl.read_csv(path, infer_schema_length=None).select(
        pl.col("test_time_second").alias(TIME),
        pl.col("voltage_volt").alias("Voltage [V]"),
        (-pl.col("current_ampere")).alias(CURRENT),
        pl.col("cycle_count").alias(CYCLE),
        pl.col(step).rle_id().cast(pl.Int64).alias("Step count"),
    )


def even(n: int = 12, **columns: list) -> pl.DataFrame:
    return pl.DataFrame({CYCLE: range(n), Q: [1.0] * n, BACK: [1.0] * n, **columns})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lgm50_check_up", []),
        ("rate_test_repaired", []),
        ("resistor_pulse", []),
        ("maccor_paused", []),
        ("ife_full_cell", ["first_partial"]),
        ("neware_half_cell", ["last_cut"]),
        ("arbin_half_cell", ["last_cut", "last_cut"]),
        ("maccor_cycles", ["first_partial"]),
    ],
)
def test_real_series_are_told_of_nothing_that_is_not_so(name, told):
    assert checks(getattr(real_series, name)()) == told


def test_the_four_glitches_of_84_cells_are_named_and_nothing_else():
    path = need("severson-lfp", "discharge_capacity_by_cycle.parquet")
    made = analysis.quality(pl.read_parquet(path).rename({"Cell barcode": "cell"}))
    assert set(made["Check"]) == {"glitch"}
    told = made.select("cell", CYCLE, pl.col("Value").round(3)).sort("cell").rows()
    assert told == [
        ("EL150800463871", 13, 31.039),
        ("EL150800464002", 13, 31.028),
        ("EL150800464865", 12, 30.973),
        ("EL150800464977", 12, 30.971),
    ]


def test_a_reversed_sign_is_told_by_the_charge_that_steps_move():
    series = real_series.arbin_half_cell().with_columns(-pl.col(CURRENT))
    row = found(series, "current_sign_reversed")
    assert (row["Column"], row["Value"], row[CYCLE]) == (CURRENT, 1.0, None)


def test_a_current_without_a_sign_is_told():
    series = real_series.ife_full_cell().with_columns(pl.col(CURRENT).abs())
    assert "current_sign_unsigned" in checks(series)


def test_milliseconds_read_as_seconds_are_told_once():
    series = real_series.arbin_half_cell().with_columns(pl.col(TIME) * 1000)
    row = found(series, "time_thousandfold")
    assert row["Value"] == pytest.approx(1000, rel=1e-3)
    assert checks(series).count("gap") == 1
    assert "counter_differs" not in checks(series)


def test_time_that_starts_again_in_19_steps_is_told_once_and_is_no_gap():
    row = found(bdf("Time_Bug", "step_index"), "time_falls")
    assert row["Value"] == 19
    assert row["Finding"].startswith("time runs back in 19 rows, 19 times to 0")
    assert "gap" not in checks(bdf("Time_Bug", "step_index"))


def test_equal_time_stamps_are_legal():
    series = real_series.ife_full_cell()
    assert (series[TIME].diff() == 0).sum() == 113
    assert "time_falls" not in checks(series)


def test_a_cycle_count_of_two_pi_is_told():
    row = found(bdf("G20M7", "step_count"), "cycle_count_broken")
    assert row["Value"] == pytest.approx(6.283185, abs=1e-6)
    assert "17587 rows" in row["Finding"]


def test_a_counter_3_6_percent_off_its_integral_is_told_and_why():
    series = real_series.slow_cycle_repaired()
    made = analysis.quality(series).filter(pl.col("Column") == Q)
    assert made["Check"].to_list() == ["counter_falls", "counter_differs"]
    assert made["Value"].to_list() == pytest.approx([1, 0.9639], abs=1e-4)


def test_thinned_rows_are_told_of_by_cycle():
    made = analysis.quality(real_series.pouch_cell())
    apart = made.filter((pl.col("Check") == "counter_differs") & (pl.col("Column") == Q))
    assert apart.select(CYCLE, pl.col("Value").round(3)).rows() == [(5, 1.023)]


def test_a_gap_names_its_hours_its_row_and_its_cycle():
    series = real_series.ife_full_cell()
    late = pl.int_range(pl.len()) >= 5000
    gapped = series.with_columns(pl.when(late).then(pl.col(TIME) + 36_000).otherwise(TIME))
    row = found(gapped, "gap")
    assert row["Finding"].startswith("no sample for 10 h before row 5000")
    assert row[CYCLE] == series[CYCLE][5000]


def test_a_sensor_that_reads_one_value_or_none_is_absent():
    series = real_series.ife_full_cell().with_columns(pl.lit(0.0).alias("Temperature [degC]"))
    assert (
        found(series, "sensor_absent")["Finding"] == "Temperature [degC] reads 0 in all 9295 rows"
    )
    blank = series.with_columns(pl.lit(None, pl.Float64).alias("Temperature [degC]"))
    assert found(blank, "sensor_absent")["Finding"] == "Temperature [degC] has no value"


def test_a_curve_without_time_lacks_no_sensor():
    series = real_series.ife_full_cell()
    curve = series.with_columns(pl.lit(None, pl.Float64).alias(one) for one in (TIME, CURRENT))
    assert "sensor_absent" not in checks(curve)


def test_a_partial_first_cycle_is_told():
    rows = even(8).with_columns(pl.Series(Q, [0.01, *[1.0] * 7]))
    assert checks(rows) == ["first_partial"]


def test_a_last_cycle_is_cut_where_one_way_lacks_and_not_where_the_cell_fails():
    assert checks(even(8).with_columns(pl.Series(Q, [*[1.0] * 7, 0.2]))) == ["last_cut"]
    failed = even(8).with_columns(pl.Series(label, [*[1.0] * 7, 0.2]) for label in (Q, BACK))
    assert checks(failed) == []


def test_a_steep_fade_is_no_glitch():
    fade = [2.0 * 0.7**n for n in range(14)]
    assert checks(even(14).with_columns(pl.Series(Q, fade), pl.Series(BACK, fade))) == []


def test_a_slow_check_up_among_fast_cycles_is_no_glitch():
    slow = [1.0, *[0.45] * 10, 0.98, *[0.45] * 8]
    assert checks(even(20).with_columns(pl.Series(Q, slow), pl.Series(BACK, slow))) == []


def test_a_check_up_among_diagnostics_that_move_nothing_is_no_glitch():
    raw = pl.read_csv(need("battdat", "p492-13-summary.csv"), infer_schema_length=None)
    made = raw.select(pl.col("Cycle_Index").alias(CYCLE), pl.col("Q_dis").alias(Q))
    assert "glitch" not in checks(made)


def test_a_cycle_that_was_interrupted_is_a_dip():
    row = found(even().with_columns(pl.Series(Q, [*[1.0] * 6, 0.3, *[1.0] * 5])), "dip")
    assert (row[CYCLE], row["Value"]) == (6, 0.3)


def test_six_cycles_of_48_cells_are_there_twice():
    raw = pl.read_csv(need("baumhofer", "capacity.csv"), infer_schema_length=None)
    made = analysis.quality(raw.rename({"Cell": "cell"}))
    assert (made.height, set(made["Check"])) == (6, {"cycle_twice"})
    assert ("ep_sanyo_002", 932) in made.select("cell", CYCLE).rows()


def test_cycles_that_are_not_there_are_told_where_others_are_counted():
    row = found(even().filter(~pl.col(CYCLE).is_in([4, 5])), "cycles_missing")
    assert row["Finding"] == "cycles 4 to 5 are not there"
    assert checks(even().filter(pl.col(CYCLE) % 5 == 0)) == []


def test_percent_is_told_and_so_is_what_is_below_zero():
    percent = even(**{"Coulombic efficiency": [99.0] * 12})
    assert found(percent, "percent")["Value"] == 99
    below = even().with_columns(pl.Series(Q, [1.0, -1.0, *[1.0] * 10]))
    assert "negative" in checks(below)


def test_efficiencies_of_cellpy_are_percent():
    reference = pl.read_parquet(need("cellpy-arbin", "reference_summary.parquet"))
    names = {"cycle_num": CYCLE, "coulombic_efficiency": "Coulombic efficiency"}
    names |= {"charge_capacity": BACK, "discharge_capacity": Q}
    row = found(reference.select(pl.col(old).alias(new) for old, new in names.items()), "percent")
    assert row["Value"] == pytest.approx(104.3, abs=0.1)


def test_findings_name_test_cell_and_cycle_in_the_order_of_the_frame():
    rows = even().with_columns(pl.Series(Q, [*[1.0] * 6, 31.0, *[1.0] * 5]))
    named = [
        rows.with_columns(measurement_id=pl.lit(m), test=pl.lit(f"t{m}"), cell=pl.lit("c"))
        for m in ("2", "1")
    ]
    made = analysis.quality(pl.concat(named))
    assert made.columns[:5] == ["measurement_id", "test", "cell", "Check", CYCLE]
    assert made.select("test", CYCLE).rows() == [("t2", 6), ("t1", 6)]


def test_a_frame_that_is_neither_says_what_it_has():
    with pytest.raises(FrameError, match=r"neither a time series .* the frame has 'x'"):
        analysis.quality(pl.DataFrame({"x": [1]}))


@pytest.mark.parametrize(
    ("label", "value", "check"),
    [
        ("Voltage [V]", 31.0, "spike"),
        ("Voltage [V]", -3.0, "spike"),
        ("Current [A]", 500.0, "spike"),
        ("Voltage [V]", float("inf"), "infinite"),
        ("Current [A]", float("-inf"), "infinite"),
    ],
)
def test_a_single_sample_that_cannot_be_is_named(label, value, check):
    series = real_series.lgm50_check_up()
    one = pl.when(pl.int_range(pl.len()) == 40_000).then(value).otherwise(label).alias(label)
    found = analysis.quality(series.with_columns(one)).filter(pl.col("Column") == label)
    assert found["Check"].to_list() == [check]


def test_an_infinite_capacity_is_named_and_counts_nowhere():
    rows = pl.DataFrame(
        {"Cycle count": range(30), "Discharge capacity [A.h]": [1.0] * 29 + [float("inf")]}
    )
    found = analysis.quality(rows)
    assert (found["Check"].to_list(), found["Cycle count"].to_list()) == (["infinite"], [29])
    kept = analysis.retention(rows, reference="first")["Capacity retention"]
    assert kept.to_list() == [1.0] * 29 + [None]
