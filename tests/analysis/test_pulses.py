from __future__ import annotations

import polars as pl
import pytest

import cellframe.accessors  # noqa: F401 - registers
from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests import real_series
from tests.cycling import cycling
from tests.journeys.conftest import need

OCV, R = "Open-circuit voltage [V]", "Resistance [ohm]"
VOLTAGE, CURRENT = "Voltage [V]", "Current [A]"
PUBLISHED = {  # mean of six cells: OCV in V, resistance in ohm at first load, 1 s, 10 s; its sd
    "SoC9": (4.08615, 0.030114, 0.031460, 0.034720, 0.002183),
    "SoC5": (3.69967, 0.029307, 0.030843, 0.034104, 0.002238),
    "SoC1": (3.39110, 0.034312, 0.037222, 0.045263, 0.003040),
}


@pytest.fixture(scope="module")
def fleet() -> pl.DataFrame:
    """54 pulses of 7.5 A: six cells at nine states of charge, a test each."""
    return pl.concat(
        real_series.pulse_of_lgm50(f"Cell{cell}", f"SoC{tenth}").with_columns(
            measurement_id=pl.lit(f"{cell}-{tenth}"),
            test=pl.lit(f"SoC{tenth}"),
            cell=pl.lit(f"Cell{cell}"),
            SOC=pl.lit(tenth / 10),
        )
        for cell in range(1, 7)
        for tenth in range(9, 0, -1)
    )


@pytest.fixture(scope="module")
def pulses(fleet) -> pl.DataFrame:
    return analysis.resistance(fleet, origin="step")


def samsung(name: str, sheet: str) -> pl.DataFrame:
    """Pulses without a step column; the current is positive on discharge."""
    raw = pl.read_excel(need("samsung-hppc", name), sheet_name=sheet)
    return raw.rename({"Time": "Time [s]", "Current": CURRENT, "Voltage": VOLTAGE})


def points(table: pl.DataFrame, event: str, column: str = R) -> dict:
    return dict(table.filter(pl.col("Event") == event).select("Point", column).iter_rows())


@pytest.mark.parametrize("charge", PUBLISHED)
def test_resistances_of_54_pulses_are_the_published(pulses, charge):
    ocv, *expected, spread = PUBLISHED[charge]
    table = pulses.filter(pl.col("test") == charge, pl.col("Event") == "application")
    assert table[OCV].mean() == pytest.approx(ocv, abs=1e-5)
    # They are made with 7.5 A, and ours with the current that flowed.
    table = table.with_columns(published=(pl.col(OCV) - pl.col(VOLTAGE)) / 7.5)
    by_point = {point: rows for (point,), rows in table.group_by("Point")}
    for point, value in zip(("first", "1 s", "10 s"), expected, strict=True):
        assert by_point[point]["published"].mean() == pytest.approx(value, abs=2e-6)
        assert by_point[point][R].mean() == pytest.approx(value, rel=1e-3)
    assert by_point["10 s"][R].std() == pytest.approx(spread, rel=1e-2)


def test_resistance_goes_with_the_state_of_charge(pulses):
    table = pulses.filter(pl.col("Point") == "10 s", pl.col("Event") == "application")
    assert table.height == 54
    assert table["SOC"].unique().sort().to_list() == [n / 10 for n in range(1, 10)]
    means = table.group_by("SOC").agg(pl.col(R).mean()).sort("SOC")[R].to_list()
    assert means[0] == max(means)


def test_one_pulse_of_one_cell(pulses):
    one = pulses.filter(pl.col("cell") == "Cell1", pl.col("test") == "SoC5")
    assert one[OCV][0] == pytest.approx(3.70106, abs=1e-6)
    assert points(one, "application")["10 s"] == pytest.approx(0.036160, rel=1e-3)
    assert set(one["Direction"]) == {"discharge"}


def test_the_last_sample_without_current_is_loaded_already_in_14_of_54_pulses(fleet, pulses):
    key = "measurement_id"
    zero = fleet.filter((pl.col(CURRENT) == 0) & (pl.col("Step count") < 2)).group_by(key)
    naive = zero.agg(pl.col(VOLTAGE).last())
    both = pulses.filter(pl.col("Event") == "application").group_by(key).agg(pl.col(OCV).first())
    both = both.join(naive, on=key)
    wrong = both.filter((pl.col(OCV) - pl.col(VOLTAGE)).abs() > 0.1)
    assert wrong.height == 14
    assert wrong.filter(pl.col(key) == "1-5")[VOLTAGE].item() == pytest.approx(3.46707)


def test_a_rest_that_begins_with_the_voltage_of_the_pulse_gives_no_resistance_of_0(pulses):
    release = pulses.filter(pl.col("Event") == "release", pl.col("Point") == "first")
    assert release[R].min() > 0.02
    early = pulses.filter(pl.col("Event") == "release", pl.col("Point") == "1 s")
    told = early.filter(pl.col(R).is_null())["Finding"].cast(pl.String)
    assert told.str.starts_with("the first sample after the change is 1.").all()


def test_a_pulse_of_a_workbook_from_the_last_rest_sample():
    series = samsung("sample_hppc_pulse.xlsx", "Sheet3")
    table = analysis.resistance(series, at=("first", 1, 2, 5, 10, "end"))
    expected = (0.007344, 0.012867, 0.014335, 0.017263, 0.020640, 0.020663)
    assert list(points(table, "application").values()) == pytest.approx(expected, abs=1e-6)
    assert points(table, "release")["first"] == pytest.approx(0.006958, abs=1e-6)
    assert points(table, "application", "Time [s]")["first"] == pytest.approx(9.918001)
    assert "steps told by the current" in table["Definition"].cast(pl.String)[0]


def test_the_origin_of_the_time_matters_and_is_stated():
    series = samsung("sample_hppc_pulse.xlsx", "Sheet3")
    table = analysis.resistance(series, at=(1,), origin="load")
    assert points(table, "application")["1 s"] == pytest.approx(0.013081, abs=1e-6)
    assert "time from the first sample after the change" in table["Definition"].cast(pl.String)[0]


def test_pulses_of_both_directions_in_one_test():
    table = analysis.resistance(samsung("multipulse_hppc.xlsx", "Sheet1"), at=(1.0,))
    applied = table.filter(pl.col("Event") == "application")
    directions = ["discharge", "charge", "charge", "discharge", "discharge"]
    assert applied["Direction"].to_list() == directions
    found = applied[R].to_list()
    assert (found[0], found[4]) == pytest.approx((0.012867, 0.012676), abs=1e-6)
    assert "10.01 s after" in applied["Finding"].cast(pl.String)[1]  # sampled every 10 s


def test_a_change_of_current_without_a_rest_has_a_resistance_too():
    series = real_series.resistor_pulse()
    table = analysis.resistance(series, after="any", longest=1e6, at=("first",))
    assert table["Time [s]"].to_list() == [1800, 1900, 2000, 3800]
    expected = [0.100370, 0.100278, 0.099444, 0.100278]
    assert table[R].to_list() == pytest.approx(expected, abs=1e-6)
    assert analysis.resistance(series).height == 0


def test_what_comes_after_the_pulse_is_not_reached():
    series = real_series.pulse_of_lgm50("Cell1", "SoC5")
    table = analysis.resistance(series, at=(30.0,)).row(0, named=True)
    assert (table[R], table[VOLTAGE], table["After [s]"]) == (None, None, None)
    assert table["Finding"].startswith("not reached: the last sample is 10.0")


def test_the_state_of_charge_is_counted_where_the_series_has_none():
    series = samsung("multipulse_hppc.xlsx", "Sheet1")
    table = analysis.resistance(series, at=("end",), capacity=3.0, initial_soc=1.0)
    soc = table.filter(pl.col("Event") == "application")["SOC"].to_list()
    assert soc[0] == 1.0
    # Ten seconds of 3 A, but for the first sample, which no time of the pulse goes before.
    assert soc[1] == pytest.approx(1 - 3.001 * 9.907 / 3600 / 3, abs=1e-6)
    assert "counted from 1 with 3 A.h" in table["Definition"].cast(pl.String)[0]
    unknown = analysis.resistance(series)
    assert unknown["SOC"].null_count() == unknown.height


@pytest.mark.parametrize("factor", [1e-3, 0.5, 200.0])
def test_a_cell_of_another_size_has_the_same_voltages_and_scaled_resistances(factor):
    series = real_series.pulse_of_lgm50("Cell2", "SoC4")
    scaled = series.with_columns(pl.col(CURRENT) * factor)
    one, other = (analysis.resistance(frame) for frame in (series, scaled))
    assert other[VOLTAGE].equals(one[VOLTAGE])
    found = (other[R] * factor).drop_nulls().to_list()
    assert found == pytest.approx(one[R].drop_nulls().to_list())


def test_order_of_rows_unit_and_library_change_nothing(fleet):
    part = fleet.filter(pl.col("cell") == "Cell3", pl.col("test").is_in(["SoC2", "SoC3"]))
    part = part.unique(["measurement_id", "Time [s]"], keep="first", maintain_order=True)
    expected = analysis.resistance(part)
    mixed = part.sample(fraction=1, shuffle=True, seed=1).cell.to_unit("Voltage", "mV")
    keys = ["measurement_id", "Event", "Point"]
    values = analysis.resistance(mixed).sort(keys)[R].drop_nulls().to_list()
    assert values == pytest.approx(expected.sort(keys)[R].drop_nulls().to_list(), rel=1e-9)
    theirs = analysis.resistance(part.to_pandas())
    assert theirs[R].dropna().to_list() == pytest.approx(expected[R].drop_nulls().to_list())


@pytest.mark.parametrize(
    "wrong",
    [
        {"at": ()},
        {"at": ("last",)},
        {"at": (-1.0,)},
        {"origin": "pulse"},
        {"after": "charge"},
        {"capacity": 5.0},
        {"capacity": -1.0, "initial_soc": 1.0},
    ],
)
def test_what_means_nothing_is_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        analysis.resistance(cycling(), **wrong)


def test_a_series_without_a_voltage_is_refused():
    with pytest.raises(FrameError, match=r"no column 'Voltage \[V\]'"):
        analysis.resistance(cycling().drop(VOLTAGE))


def test_a_series_of_one_step_or_of_a_rest_has_no_pulse():
    assert analysis.resistance(cycling(1).filter(pl.col("Step count") == 0)).height == 0
    assert analysis.resistance(cycling().with_columns(pl.lit(0.0).alias(CURRENT))).height == 0


def test_a_current_that_is_the_same_before_and_after_has_no_resistance():
    series = pl.DataFrame(
        {
            "Time [s]": [0.0, 1, 2, 3, 4, 5],
            VOLTAGE: [4.0, 4.0, 3.9, 3.9, 3.89, 3.88],
            CURRENT: [0.0, 0.0, 1.0, 1.0, 1.005, 1.005],
            "Step count": [0, 0, 0, 1, 1, 1],
        }
    )
    (row,) = analysis.resistance(series, at=("first",)).rows(named=True)
    assert (row[R], row["Finding"]) == (None, "the current did not change")


def test_steps_told_by_the_current_are_a_doubt():
    pulse = real_series.pulse_of_lgm50("Cell1", "SoC5")
    counted, told = (analysis.resistance(one) for one in (pulse, pulse.drop("Step count")))
    assert not counted["Finding"].fill_null("").str.contains("steps told").any()
    assert told["Finding"].str.contains("steps told by the current").all()


def test_a_row_without_a_step_is_passed_over():
    pulse = real_series.pulse_of_lgm50("Cell1", "SoC5")
    gap = (
        pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise("Step count").alias("Step count")
    )
    made = analysis.resistance(pulse.with_columns(gap))
    assert (
        made["Resistance [ohm]"].to_list()
        == analysis.resistance(pulse)["Resistance [ohm]"].to_list()
    )
