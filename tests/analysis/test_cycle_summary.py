from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from cellframe import analysis
from cellframe.errors import FrameError
from cellframe.server.derive import derive
from tests import real_series
from tests.journeys.conftest import need

Q, BACK, E_OUT, E_BACK = real_series.COUNTERS
CYCLE, SOURCE = "Cycle count", "Capacity source"
RATIO, RATIO_BACK = (f"{way} capacity, counted to integrated" for way in ("Discharge", "Charge"))


def row(frame: pl.DataFrame, number: int) -> dict:
    return frame.filter(pl.col(CYCLE) == number).row(0, named=True)


@pytest.mark.parametrize(
    "name",
    [
        *("arbin_half_cell", "ife_full_cell", "neware_half_cell", "pouch_cell", "maccor_cycles"),
        *("slow_cycle_repaired", "rate_test_repaired", "resistor_pulse", "lgm50_check_up"),
    ],
)
def test_a_summary_of_a_series_is_what_the_service_derives(name, tmp_path):
    series = getattr(real_series, name)()
    series.write_parquet(tmp_path / "series.parquet")
    ours, theirs = analysis.cycle_summary(series), derive(tmp_path / "series.parquet").cycles
    same = [CYCLE, *real_series.COUNTERS, SOURCE, "Energy source"]
    assert_frame_equal(ours.select(same), theirs.select(same))


@pytest.mark.parametrize("table", ["steps", "cycles"])
def test_steps_and_cycles_of_the_service_sum_to_the_same(table, tmp_path):
    series = real_series.pouch_cell()
    series.write_parquet(tmp_path / "series.parquet")
    derived = derive(tmp_path / "series.parquet")
    same = [CYCLE, *real_series.COUNTERS, SOURCE]
    ours = analysis.cycle_summary(getattr(derived, table))
    assert_frame_equal(ours.select(same), derived.cycles.select(same))


ARBIN = {  # charge and discharge in A.h and W.h
    0: (0.001625405999, 0.001755093529, 0.000723454823, 0.000192979456),
    1: (0.001699563705, 0.001567475110, 0.000715499051, 0.000304779945),
    9: (0.001528125264, 0.001463215585, 0.000673113752, 0.000306202095),
    16: (0.001525362328, 0.001464807818, 0.000663093635, 0.000299664496),
}


def test_counters_that_restart_with_each_cycle_are_cellpys_own():
    made = analysis.cycle_summary(real_series.arbin_half_cell())
    reference = pl.read_parquet(need("cellpy-arbin", "reference_summary.parquet"))
    for ours, theirs in ((Q, "discharge_capacity"), (BACK, "charge_capacity")):
        assert made[ours].to_list() == pytest.approx(reference[theirs].to_list(), rel=1e-4)
    for number, told in ARBIN.items():
        found = [row(made, number)[label] for label in (BACK, Q, E_BACK, E_OUT)]
        assert found == pytest.approx(told, rel=1e-4)


def test_integrals_of_a_half_cell_are_beside_its_counters():
    found = row(analysis.cycle_summary(real_series.arbin_half_cell()), 1)
    assert found["Integrated charge capacity [A.h]"] == pytest.approx(0.001699754, rel=2e-5)
    assert found["Integrated discharge capacity [A.h]"] == pytest.approx(0.001567390, rel=2e-5)
    assert (found[RATIO], found[RATIO_BACK]) == pytest.approx((1, 1), abs=2e-4)


IFE = {  # charge, discharge in A.h and W.h; cycles counted from 1
    2: (0.32780, 0.33172, 1.46454, 1.35982),
    3: (0.33180, 0.32663, 1.48259, 1.33992),
    20: (0.26738, 0.26320, 1.19643, 1.07859),
}


def test_the_cyclers_own_cycle_rows():
    made = analysis.cycle_summary(real_series.ife_full_cell())
    for number, told in IFE.items():
        found = [row(made, number - 1)[label] for label in (BACK, Q, E_BACK, E_OUT)]
        assert found == pytest.approx(told, abs=1.1e-5)
    rows = pl.read_csv(need("cellpy-neware", "ife_cycles.csv"))
    for ours, theirs in ((Q, "DChg. Cap.(Ah)"), (BACK, "Chg. Cap.(Ah)")):
        assert made[ours].to_list() == pytest.approx(rows[theirs].to_list(), abs=1.1e-5)


def test_integrals_of_a_full_cell_agree_with_its_cycler():
    found = row(analysis.cycle_summary(real_series.ife_full_cell()), 2)
    integrals = [found[f"Integrated {way} capacity [A.h]"] for way in ("charge", "discharge")]
    assert integrals == pytest.approx((0.33189, 0.32663), abs=1e-5)


def test_several_discharges_of_one_cycle_add_up():
    made = analysis.cycle_summary(real_series.neware_half_cell())
    assert made[Q][:3].to_list() == pytest.approx([0.00508628, 0.00436841, 0.00797423], abs=1e-8)
    assert made[BACK][1] == pytest.approx(0.00424668, abs=1e-8)


def test_mean_voltages_and_their_gap_at_a_tenth_of_the_rate():
    series = real_series.lgm50_check_up().filter(pl.col("Step count") > 3)
    (found,) = analysis.cycle_summary(series.drop("Capacity [A.h]")).rows(named=True)
    assert found["Mean discharge voltage [V]"] == pytest.approx(3.66151, abs=1e-5)
    gap = 17.82786 / 4.73207 - 17.62530 / 4.81367
    assert found["Voltage gap [V]"] == pytest.approx(gap, abs=1e-5)
    assert analysis.cycle_summary(series)[SOURCE].to_list() == ["capacity column"]


def test_a_counter_that_restarts_inside_its_step_is_3_6_percent_off_and_told():
    (found,) = analysis.cycle_summary(real_series.slow_cycle_repaired()).rows(named=True)
    assert found["Counted discharge capacity [A.h]"] == pytest.approx(3.716034, abs=1e-6)
    assert found["Integrated discharge capacity [A.h]"] == pytest.approx(3.85517, abs=1e-5)
    assert found[RATIO] == pytest.approx(1 - 0.036, abs=5e-4)
    assert found[Q] == found["Integrated discharge capacity [A.h]"]
    assert "the counter of discharge capacity falls within a step" in found["Finding"]
    assert "discharge capacity: counted is 0.9639 of integrated" in found["Finding"]


def test_counters_of_thinned_rows_are_believed_and_integrals_told():
    made = analysis.cycle_summary(real_series.pouch_cell())
    assert row(made, 3)[Q] == pytest.approx(0.0196206, rel=1e-5)
    assert row(made, 5)["Finding"].startswith("discharge capacity: counted is 1.023 of integrated")


def test_maccor_cycles_whose_counters_restart():
    made = analysis.cycle_summary(real_series.maccor_cycles())
    found = [row(made, 1)[label] for label in (BACK, Q, E_BACK, E_OUT)]
    assert found == pytest.approx((2.583298, 1.839455, 10.617759, 6.372357), rel=1e-4)
    assert (row(made, 2)[BACK], row(made, 2)[Q]) == pytest.approx((2.421629, 1.746085), rel=1e-4)


def test_a_fleet_is_summed_cell_by_cell_in_its_order():
    one = real_series.neware_half_cell()
    both = [one.with_columns(cell=pl.lit(name)) for name in ("second", "first")]
    made = analysis.cycle_summary(pl.concat(both))
    assert made["cell"].to_list() == ["second"] * 4 + ["first"] * 4
    assert made[Q][:4].to_list() == made[Q][4:].to_list()


def test_a_lazy_frame_in_pandas_and_in_polars_sums_to_the_same():
    series = real_series.neware_half_cell()
    plain, lazy = (analysis.cycle_summary(one) for one in (series, series.lazy()))
    assert_frame_equal(plain, lazy)
    pandas = analysis.cycle_summary(series.to_pandas())
    assert pandas[Q].to_list() == plain[Q].to_list()


def test_other_units_are_read_as_what_they_are():
    series = real_series.ife_full_cell()
    other = series.with_columns(pl.col("Current [A]") * 1000, pl.col(Q) * 1000)
    other = other.rename({"Current [A]": "Current [mA]", Q: "Discharge capacity [mA.h]"})
    ours, plain = analysis.cycle_summary(other), analysis.cycle_summary(series)
    for label in (Q, BACK, RATIO, RATIO_BACK):
        assert ours[label].to_list() == pytest.approx(plain[label].to_list())


def test_a_frame_without_steps_says_what_is_missing():
    with pytest.raises(FrameError) as caught:
        analysis.cycle_summary(pl.DataFrame({"Current [A]": [1.0]}))
    assert caught.value.failures["column"].to_list() == ["Step count"]


def test_a_voltage_that_is_missing_is_read_off_the_line_and_none_is_made_up_at_the_ends(tmp_path):
    series = real_series.ife_full_cell().drop(real_series.COUNTERS)
    row_ = pl.int_range(pl.len())
    blank = (row_ % 7 == 3) | (row_ < 4) | (row_ > 9280)
    holed = series.with_columns(pl.when(~blank).then("Voltage [V]").alias("Voltage [V]"))
    holed.write_parquet(tmp_path / "series.parquet")
    theirs = derive(tmp_path / "series.parquet").cycles
    ours = analysis.cycle_summary(holed)
    assert_frame_equal(ours.select(real_series.COUNTERS), theirs.select(real_series.COUNTERS))


def test_time_that_runs_back_adds_nothing_as_in_the_service(tmp_path):
    series = real_series.ife_full_cell().drop(real_series.COUNTERS)
    some = pl.int_range(pl.len()) % 50 == 7
    jumping = series.with_columns(pl.when(some).then(pl.col("Time [s]") - 90).otherwise("Time [s]"))
    jumping.write_parquet(tmp_path / "series.parquet")
    theirs = derive(tmp_path / "series.parquet").cycles
    ours = analysis.cycle_summary(jumping)
    assert_frame_equal(ours.select(real_series.COUNTERS), theirs.select(real_series.COUNTERS))
    back = pl.DataFrame({"Time [s]": [9.0, 0.0], "Current [A]": [1.0, 1.0], "Step count": [0, 0]})
    assert analysis.cycle_summary(back)[Q].to_list() == [0.0]


def test_rows_whose_steps_are_interleaved_sum_to_the_same():
    series = real_series.ife_full_cell()
    # The first row of every step, then the second of each, and so on.
    turned = series.sort(pl.int_range(pl.len()).over("Step count"), maintain_order=True)
    ours, plain = analysis.cycle_summary(turned), analysis.cycle_summary(series)
    assert_frame_equal(ours.select(CYCLE, Q, BACK), plain.select(CYCLE, Q, BACK))


def test_nothing_charged_is_0_and_has_no_sign():
    series = pl.DataFrame({"Time [s]": [0.0, 9.0], "Current [A]": [1.0, 1.0], "Step count": [0, 0]})
    assert str(analysis.cycle_summary(series)[BACK][0]) == "0.0"


def test_noise_of_a_current_is_compared_with_no_counter():
    series = pl.DataFrame(
        {
            "Time [s]": [0.0, 3600.0, 3600.0, 7200.0],
            "Current [A]": [1.0, 1.0, -1e-6, -1e-6],
            "Step count": [0, 0, 1, 1],
            Q: [0.0, 1.0, 0.0, 0.0],
            BACK: [0.0, 0.0, 0.0, 0.0],
        }
    )
    (found,) = analysis.cycle_summary(series).rows(named=True)
    assert (found[RATIO], found[RATIO_BACK]) == (1.0, None)


def check_up() -> pl.DataFrame:
    """A check-up without its own counter."""
    labels = ("Time [s]", "Voltage [V]", "Current [A]", "Step count", "Cycle count")
    return real_series.lgm50_check_up().select(labels)


@pytest.mark.parametrize("turn", ["shuffled", "reversed"])
def test_rows_in_another_order_sum_to_the_same(turn):
    series = check_up()
    other = (
        series.reverse() if turn == "reversed" else series.sample(fraction=1, shuffle=True, seed=3)
    )
    assert_frame_equal(analysis.cycle_summary(other), analysis.cycle_summary(series))


def test_a_time_that_runs_back_within_a_step_is_told():
    series = check_up().head(3000).with_columns(pl.lit(0).alias("Step count"))
    again = pl.when(pl.int_range(pl.len()) < 2000).then("Time [s]").otherwise(0.0)
    told = analysis.cycle_summary(series.with_columns(again.alias("Time [s]")))["Finding"][0]
    assert told.startswith("time runs back 1 times within steps, where an integral means nothing")


def test_a_voltage_that_is_known_in_part_makes_no_mean_voltage():
    series = check_up()
    row = pl.int_range(pl.len())
    cut = pl.when(row > 40_000).then(None).otherwise("Voltage [V]").alias("Voltage [V]")
    whole, part = (analysis.cycle_summary(one) for one in (series, series.with_columns(cut)))
    assert part[Q].to_list() == whole[Q].to_list()
    assert part["Mean discharge voltage [V]"].to_list() == [None]
    assert "no energy where the voltage is not known in all rows" in part["Finding"][0]
    # A gap between two samples is read off the line.
    hole = pl.when(row.is_between(39_990, 40_000)).then(None).otherwise("Voltage [V]")
    mended = analysis.cycle_summary(series.with_columns(hole.alias("Voltage [V]")))
    label = "Mean discharge voltage [V]"
    assert mended[label].to_list() == pytest.approx(whole[label].to_list(), rel=1e-6)


def test_the_capacity_of_the_cycler_is_compared_with_the_integral():
    series = real_series.lgm50_check_up().with_columns(pl.col("Time [s]") * 1000)
    assert analysis.cycle_summary(series)[RATIO][0] == pytest.approx(0.001, rel=1e-3)
    assert "time_thousandfold" in analysis.quality(series)["Check"].to_list()


@pytest.mark.parametrize("question", ["cycle_summary", "cccv", "resistance", "quality"])
@pytest.mark.parametrize(
    ("label", "wrong"),
    [
        ("Time [s]", pl.duration(seconds=pl.col("Time [s]"))),
        ("Current [A]", pl.lit("x")),
        ("Step count", pl.lit("x")),
        ("Cycle count", pl.lit("x")),
    ],
)
def test_a_column_that_holds_no_numbers_is_named(question, label, wrong):
    with pytest.raises(FrameError) as caught:
        getattr(analysis, question)(check_up().head(100).with_columns(wrong.alias(label)))
    assert caught.value.failures["column"].to_list() == [label]


@pytest.mark.parametrize(
    "question", ["cycle_summary", "cccv", "throughput", "incremental_capacity", "resistance"]
)
def test_cycles_that_are_not_whole_are_refused_and_none_is_cut_off(question):
    ask = getattr(analysis, question)
    broken = check_up().with_columns(pl.lit(6.283185307).alias("Cycle count"))
    for frame in (broken, broken.lazy()):
        with pytest.raises(FrameError, match=r"in whole numbers, and 6\.283185 is none"):
            ask(frame)
    whole = ask(broken.with_columns(pl.lit(6.0).alias("Cycle count")))
    assert set(whole["Cycle count"]) <= {6}
    assert "cycle_count_broken" in analysis.quality(broken)["Check"].to_list()
