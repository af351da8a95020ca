from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import cellframe.accessors
from cellframe import analysis
from tests.cycling import cycling

CYCLES = pl.DataFrame(
    {
        "cell": ["a"] * 3,
        "Cycle count": [0, 1, 2],
        "Discharge capacity [A.h]": [2.0, 1.8, 1.4],
        "Charge capacity [A.h]": [2.0, 1.9, 1.5],
    }
)


@pytest.mark.parametrize("name", ["retention", "cycles_to", "efficiencies", "throughput", "knee"])
def test_a_frame_is_asked_as_the_function_is(name):
    assert_frame_equal(getattr(CYCLES.cell, name)(), getattr(analysis, name)(CYCLES))


def test_questions_take_their_parameters():
    assert CYCLES.cell.retention(reference=1)["Capacity retention"][2] == pytest.approx(1.4 / 1.8)


def test_pandas_is_asked_and_answers_in_pandas():
    frame = CYCLES.to_pandas()
    cellframe.accessors.register()
    made = frame.cell.retention(reference="first")
    assert type(made).__module__.startswith("pandas")
    assert made["Capacity retention"].to_list() == [1.0, 0.9, 0.7]


def test_a_lazy_frame_is_asked_without_being_collected_first():
    series = cycling(3)
    assert_frame_equal(series.lazy().cell.cycle_summary(), analysis.cycle_summary(series))


def test_a_lazy_frame_says_what_it_can_be_asked():
    with pytest.raises(AttributeError, match=r"collect\(\) it first, or ask one of cccv"):
        CYCLES.lazy().cell.units  # noqa: B018
    assert "retention" in repr(CYCLES.lazy().cell)


def test_questions_are_listed_and_have_their_help():
    assert {"retention", "quality"} <= set(dir(CYCLES.cell)) & set(dir(CYCLES.lazy().cell))
    assert CYCLES.cell.retention.__doc__ == analysis.retention.__doc__


def test_every_question_has_a_home():
    assert all(callable(getattr(analysis, name)) for name in analysis.__all__)
    with pytest.raises(AttributeError, match="no attribute 'magic'"):
        analysis.magic  # noqa: B018


def test_cycles_of_a_service_are_asked_for_what_is_left(client, spec):
    cell = client.cell_instance.create(spec, {"name": "c-1"})
    client.cell_measurement.create(
        cell, {"measurement": {"name": "ageing"}, "time_series": cycling(3)}
    )
    frames = client.cell_instance.detail_frames(cell)
    kept = frames.cycles.cell.retention(reference="first")
    told = frames.cycles["Capacity retention"].to_list()
    assert kept["Capacity retention"].to_list() == pytest.approx(told)
    assert kept.columns[:6] == [
        *("measurement_id", "instance_id", "spec_id", "test", "cell", "spec"),
    ]
    summary = frames.time_series.cell.cycle_summary()
    for label in ("Discharge capacity [A.h]", "Charge energy [W.h]"):
        assert summary[label].to_list() == pytest.approx(frames.cycles[label].to_list())
    assert frames.time_series.cell.quality().is_empty()
