"""What holds for every question about the inside of a cycle, whatever the rows are."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import cellframe as cf
from cellframe import analysis
from tests.cycling import cycling

QUESTIONS = {
    "dQ/dV": analysis.incremental_capacity,
    "dV/dQ": lambda frame: analysis.differential_voltage(frame, points=20),
    "peaks": lambda frame: analysis.peaks(analysis.incremental_capacity(frame)),
    "resistance": lambda frame: analysis.resistance(frame, after="any", longest=1e9),
    "CC and CV": analysis.cccv,
    "delta Q": lambda frame: analysis.delta_q(frame, cycles=(0, 1), window=(3, 4), points=9),
    "features": lambda frame: analysis.delta_q_features(
        analysis.delta_q(frame, cycles=(0, 1), window=(3, 4), points=9)
    ),
    "pseudo-OCV": lambda frame: analysis.pseudo_ocv(frame, points=9),
}
number = st.one_of(st.none(), st.just(float("nan")), st.floats(-5, 5, width=32))
rows = st.lists(
    st.fixed_dictionaries(
        {
            "Time [s]": st.one_of(st.none(), st.integers(0, 50).map(float)),
            "Voltage [V]": number,
            "Current [A]": st.one_of(number, st.sampled_from([0.0, 1.0, -1.0])),
            "Step count": st.integers(0, 4),
            "Cycle count": st.integers(0, 1),
            "Discharge capacity [A.h]": number,
        }
    ),
    max_size=25,
)
SCHEMA = {
    **dict.fromkeys(("Time [s]", "Voltage [V]", "Current [A]"), pl.Float64),
    "Step count": pl.Int64,
    "Cycle count": pl.Int64,
    "Discharge capacity [A.h]": pl.Float64,
}


@pytest.mark.parametrize("question", QUESTIONS)
@settings(max_examples=20)
@given(rows=rows)
def test_any_rows_have_an_answer_whose_numbers_are_numbers_or_gaps(question, rows):
    answer = QUESTIONS[question](pl.DataFrame(rows, schema=SCHEMA))
    numbers = answer.select(pl.selectors.float())
    assert all(column.drop_nulls().is_finite().all() for column in numbers)
    empty = QUESTIONS[question](pl.DataFrame(schema=SCHEMA))
    assert answer.schema == empty.schema  # labels never move


@pytest.mark.parametrize("question", QUESTIONS)
def test_keys_come_first_and_what_made_the_numbers_last(question):
    series = cycling(2, points=30)
    keys = ["measurement_id", "instance_id", "spec_id", "test", "cell", "spec"]
    answer = QUESTIONS[question](series.with_columns(pl.lit(key).alias(key) for key in keys[::-1]))
    assert answer.columns[:6] == keys
    assert answer.columns[-2:] == ["Finding", "Definition"]
    assert answer.height > 0
    assert answer["Definition"].null_count() == 0


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_test_has_the_same_answer_alone_and_in_company(question):
    one, other = cycling(2, points=30), cycling(3, points=20, capacity=2.0)
    fleet = pl.concat(
        frame.with_columns(measurement_id=pl.lit(name))
        for name, frame in (("a", one), ("b", other))
    )
    together = QUESTIONS[question](fleet).filter(pl.col("measurement_id") == "b")
    assert_frame_equal(together.drop("measurement_id"), QUESTIONS[question](other))


def test_series_of_a_service_are_asked_as_they_come_lazy_and_by_key(tmp_path):
    with cf.open_local(tmp_path) as client:
        spec = client.cell_spec.create(
            {"name": "LFP", "ratings": {"capacity": {"value": 1.1, "unit": "A*h"}}}
        )
        for name in ("c-1", "c-2"):
            cell = client.cell_instance.create(spec, {"name": name})
            detail = {"measurement": {"name": "cycling"}, "time_series": cycling(2, points=40)}
            client.cell_measurement.create(cell, detail)
        frames = client.cell_instance.detail_frames(spec=spec)
        lazy = frames.time_series
        curves = lazy.cell.incremental_capacity()
        assert_frame_equal(curves, analysis.incremental_capacity(lazy.collect()))
        slow = frames.steps.cell.filter_steps(type="Constant current", direction="discharge")
        parts = analysis.rows_of(lazy, slow).cell.cccv()
        rates = frames.steps.cell.rate_capability(capacity=1.1)
    assert curves["cell"].unique().sort().to_list() == ["c-1", "c-2"]
    assert curves["measurement_id"].n_unique() == 2
    assert set(parts["Direction"]) == {"discharge"}
    assert parts["CC capacity [A.h]"].to_list() == pytest.approx([1.1] * 4)
    assert rates["C-rate"].to_list() == pytest.approx([1.0] * 4)
