"""Series in the Battery Data Format: right sign, right names, and equal when they come back."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import cellframe as cf
from cellframe import accessors, analysis
from cellframe.errors import ConfigError, FrameError, MeasurementError
from cellframe.series.bdf import to_bdf
from cellframe.series.convention import CONVENTION, in_convention
from tests import real_series
from tests.cycling import cycling
from tests.journeys.conftest import need
from tests.journeys.repairs import split_where_counters_restart

COUNTED = {
    "Charge capacity [A.h]": "Step Charging Capacity / Ah",
    "Discharge capacity [A.h]": "Step Discharging Capacity / Ah",
    "Charge energy [W.h]": "Step Charging Energy / Wh",
    "Discharge energy [W.h]": "Step Discharging Energy / Wh",
}


def test_positive_current_charges_and_labels_are_those_of_the_format():
    series = cycling().with_columns(pl.lit(25.0).alias("Temperature [degC]"))
    made = series.cell.to_bdf()
    assert made.columns == [
        *("Test Time / s", "Voltage / V", "Current / A", "Cycle Count / 1", "Step Count / 1"),
        "Surface Temperature T1 / degC",
    ]
    assert (made["Current / A"] + series["Current [A]"]).to_list() == [0.0] * series.height
    rising = made.filter(pl.col("Current / A") > 0)
    assert rising["Voltage / V"].diff().drop_nulls().median() > 0


def test_machines_have_names_of_their_own():
    made = cycling().cell.to_bdf(names="machine")
    assert made.columns[:3] == ["test_time_second", "voltage_volt", "current_ampere"]
    with pytest.raises(ConfigError, match="names is 'label' or 'machine'"):
        cycling().cell.to_bdf(names="short")


def test_every_library_gives_the_same_and_a_lazy_frame_stays_lazy():
    series = cycling()
    made = to_bdf(series)
    lazy = to_bdf(series.lazy())
    assert isinstance(lazy, pl.LazyFrame)
    assert_frame_equal(lazy.collect(), made)
    pandas = series.to_pandas()
    accessors.register()
    pandas = pandas.cell.to_bdf()
    assert_frame_equal(pl.from_pandas(pandas), made)


def test_other_units_are_converted_and_other_columns_kept():
    series = cycling().with_columns(
        (pl.col("Current [A]") * 1000).alias("Current [mA]"), pl.lit("x").alias("Remark")
    )
    made = to_bdf(series.drop("Current [A]"))
    assert made["Current / A"].to_list() == pytest.approx(
        to_bdf(cycling())["Current / A"].to_list()
    )
    assert made.columns[-1] == "Remark"
    assert "Current [mA]" not in made.columns


def test_what_is_no_series_is_told_at_once():
    with pytest.raises(FrameError) as fault:
        to_bdf(pl.DataFrame({"Voltage [V]": [3.0], "Cycle count": [0]}))
    assert [row[0] for row in fault.value.failures.select("column").rows()] == [
        *("Time [s]", "Current [A]"),
    ]


def test_a_current_of_texts_and_lists_in_a_text_are_told(tmp_path):
    texts = cycling().with_columns(pl.col("Current [A]").cast(pl.String))
    accessors.register()
    for frame in (texts, texts.lazy(), texts.to_pandas()):
        with pytest.raises(FrameError, match=r"'Current \[A\]' holds texts, not numbers"):
            to_bdf(frame)
        with pytest.raises(FrameError, match="holds texts"):
            in_convention(frame)
    lists = cycling().with_columns(pl.concat_list("Time [s]").alias("Spectrum"))
    with pytest.raises(ConfigError, match="'Spectrum' holds lists, which text cannot"):
        to_bdf(lists, tmp_path / "s.bdf.csv")
    to_bdf(lists, tmp_path / "s.bdf.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["s.bdf.parquet"]


def test_nothing_is_turned_twice():
    series = cycling()
    once = series.cell.in_convention("charge_positive")
    assert_frame_equal(once.cell.in_convention("charge_positive"), once)
    assert_frame_equal(once.cell.to_bdf(), series.cell.to_bdf())
    assert_frame_equal(once.cell.in_convention("discharge_positive"), series)
    assert_frame_equal(series.cell.in_convention("discharge_positive"), series)
    assert once[CONVENTION].unique().to_list() == ["charge_positive"]


def test_a_rest_is_zero_and_not_minus_zero():
    series = cycling().with_columns(pl.lit(0.0).alias("Current [A]"))
    assert "-0.0" not in series.cell.to_bdf().write_csv()


def test_power_turns_with_the_current_and_pandas_stays_pandas():
    series = cycling().with_columns(
        (pl.col("Voltage [V]") * pl.col("Current [A]")).alias("Power [W]")
    )
    made = in_convention(series.to_pandas())
    assert (made["Power [W]"] + series["Power [W]"].to_pandas()).abs().max() == 0
    back = in_convention(made, "discharge_positive")
    assert_frame_equal(pl.from_pandas(back), series)
    with pytest.raises(ConfigError, match="convention is 'discharge_positive' or"):
        in_convention(series, "positive")
    with pytest.raises(FrameError, match="This is no time series"):
        in_convention(pl.DataFrame({"Mean current [A]": [1.0]}))


def test_a_turned_series_is_taken_for_no_other(client, cells):
    turned = cycling().cell.in_convention("charge_positive")
    for question in (analysis.cycle_summary, analysis.resistance, analysis.quality):
        with pytest.raises(ConfigError, match="positive on charge, and here on discharge"):
            question(turned)
    with pytest.raises(ConfigError, match="turns it back"):
        analysis.cycle_summary(turned.lazy())
    with pytest.raises(MeasurementError, match="Turn it back by"):
        client.cell_measurement.create(
            "c-001", {"measurement": {"name": "t"}, "time_series": turned}
        )


@pytest.mark.parametrize("name", ["s.bdf.csv", "s.bdf", "s.bdf.parquet", "s.csv"])
@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6, allow_nan=False)] * 3), min_size=1, max_size=8))
@settings(max_examples=20)
def test_a_file_has_every_number_to_the_last_digit(tmp_path_factory, name, rows):
    place = tmp_path_factory.mktemp("bdf") / name
    series = pl.DataFrame(
        rows, schema=["Time [s]", "Voltage [V]", "Current [A]"], orient="row"
    ).with_columns(pl.lit("c-1").alias("cell"))
    made = series.cell.to_bdf(place)
    found = pl.read_parquet(place) if place.suffix == ".parquet" else pl.read_csv(place)
    assert_frame_equal(found.cast(pl.Float64), made.drop("cell"), check_exact=True)


def test_a_file_is_of_one_test_and_of_a_kind(tmp_path):
    two = pl.concat([cycling().with_columns(cell=pl.lit(name)) for name in ("a", "b")])
    assert to_bdf(two)["cell"].n_unique() == 2
    with pytest.raises(FrameError, match="would hold 2 tests"):
        to_bdf(two, tmp_path / "s.bdf.csv")
    with pytest.raises(ConfigError, match=r"written as \.bdf\.csv"):
        to_bdf(cycling(), tmp_path / "s.xlsx")
    assert list(tmp_path.iterdir()) == []


def came_back(tmp_path, series: pl.DataFrame, names: str, kind: str = ".bdf.csv") -> pl.DataFrame:
    """The series after `to_bdf`, an import of the file, and a reading of the test."""
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    (incoming / "cells.csv").write_text("Cell\nK-1\nK-2\n")
    to_bdf(series, incoming / f"K-1{kind}", names=names)
    with cf.open_local(tmp_path / "lab") as client:
        cf.import_cells(client, incoming, spec="s", progress=False).raise_for_failures()
        (test,) = client.cell_measurement.list()
        return client.cell_measurement.time_series(test)


@pytest.mark.parametrize("kind", [".bdf.csv", ".bdf.parquet", ".bdf"])
@pytest.mark.parametrize("names", ["label", "machine"])
def test_a_series_comes_back_equal_by_an_import(tmp_path, names, kind):
    series = cycling(6, 9)
    found = came_back(tmp_path, series, names, kind)
    assert_frame_equal(found.select(series.columns), series, check_dtypes=False)


@pytest.mark.parametrize("which", ["rate", "slow"])
def test_files_of_the_alliance_come_back_equal(tmp_path, which):
    need("bdf-reference")
    series = (
        real_series.rate_test_repaired()
        if which == "rate"
        else split_where_counters_restart(real_series.slow_cycle_repaired())
    )
    found = came_back(tmp_path, series, "label")
    shared = [label for label in series.columns if label in found.columns]
    assert set(shared) >= {"Time [s]", "Voltage [V]", "Current [A]", "Step count"}
    assert_frame_equal(found.select(shared), series.select(shared), check_dtypes=False)
    assert set(series.columns) - set(shared) <= {"Cycle count"}


def test_power_comes_back_with_the_sign_of_the_current(tmp_path):
    power = (pl.col("Voltage [V]") * pl.col("Current [A]")).alias("Power [W]")
    series = cycling().with_columns(power)
    found = came_back(tmp_path, series, "label")
    assert found["Power [W]"].to_list() == pytest.approx(series["Power [W]"].to_list(), abs=1e-12)
