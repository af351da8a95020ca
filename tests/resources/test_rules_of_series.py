"""Rules of one's own for what was measured: one test, many, eager and lazy."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import FrameError, FrameWarning
from tests.cycling import cycling

LOW = pa.DataFrameSchema({"Voltage [V]": pa.Column(float, pa.Check.lt(3.4))})
SOUND = pa.DataFrameSchema({"Voltage [V]": pa.Column(float, pa.Check.in_range(0, 5))})
TYPED = pa.DataFrameSchema({"Step type": pa.Column(str, pa.Check.isin(["none"]))})
FEW = pa.DataFrameSchema({"Cycle count": pa.Column(int, pa.Check.lt(1))})


@pytest.fixture
def test(client, cells):
    """A test of one cell with three cycles."""
    return client.cell_measurement.create(
        "c-001", {"measurement": {"name": "ageing"}, "time_series": cycling()}
    )


def test_series_steps_and_cycles_are_held_to_rules(client, test):
    measured = client.cell_measurement
    assert measured.time_series(test, schema=SOUND).height
    for read, schema in (
        (measured.time_series, LOW),
        (measured.steps, TYPED),
        (measured.cycles, FEW),
    ):
        with pytest.raises(FrameError) as caught:
            read(test, schema=schema)
        assert caught.value.failures["row"].null_count() == 0


def test_rows_of_a_series_are_left_out_or_marked(client, test):
    whole = client.cell_measurement.time_series(test)
    low = whole.filter(pl.col("Voltage [V]") < 3.4)
    with pytest.warns(FrameWarning, match="left out"):
        found = client.cell_measurement.time_series(test, schema=LOW, on_invalid="drop")
    assert found.equals(low)
    with pytest.warns(FrameWarning, match="marked"):
        found = client.cell_measurement.time_series(test, schema=LOW, on_invalid="report")
    assert found["_faults"].null_count() == low.height


def test_columns_that_were_not_asked_for_are_not_missing(client, test, tmp_path):
    with cf.open_local(tmp_path / "lab", schema={"time_series": SOUND}) as strict:
        assert strict.cell_measurement.time_series(test, columns=["Time [s]"]).width == 1


@pytest.mark.parametrize("table", ["time_series", "steps", "cycles"])
def test_a_clients_rules_hold_for_details_and_for_fleets(client, test, tmp_path, table):
    schema = {"time_series": LOW, "steps": TYPED, "cycles": FEW}[table]
    with cf.open_local(tmp_path / "lab", schema={table: schema}) as strict:
        with pytest.raises(FrameError):
            strict.cell_instance.detail("c-001")
        with pytest.raises(FrameError):
            strict.cell_instance.detail_frames("c-001")


def test_a_series_that_breaks_a_rule_is_a_failure_of_a_fleet(client, test):
    frames = client.cell_instance.detail_frames(
        "c-001", schema={"time_series": LOW}, on_invalid="report"
    )
    assert frames.time_series.collect().height == 0
    assert frames.failures["part"].to_list() == ["time_series"]
    assert "series of test 'ageing'" in frames.failures["message"][0]


def test_a_lone_schema_is_that_of_the_cells_of_a_fleet(client, test):
    heavy = pa.DataFrameSchema({"tests": pa.Column(int, pa.Check.gt(1))})
    with pytest.raises(FrameError, match="c-001"):
        client.cell_instance.detail_frames("c-001", schema=heavy)
