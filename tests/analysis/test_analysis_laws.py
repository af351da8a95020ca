"""What no change of scale, unit, order or company may change."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import cellframe.accessors  # noqa: F401 - registers frame.cell
from cellframe import analysis

CYCLE, Q, BACK = "Cycle count", "Discharge capacity [A.h]", "Charge capacity [A.h]"
E_OUT, E_BACK = "Discharge energy [W.h]", "Charge energy [W.h]"
QUESTIONS = {
    "retention": analysis.retention,
    "median": lambda frame: analysis.retention(frame, reference=(1, 4)),
    "cycles_to": lambda frame: analysis.cycles_to(frame, (0.9, 0.7)),
    "efficiencies": lambda frame: analysis.efficiencies(frame, order="previous charge"),
    "throughput": analysis.throughput,
    "knee": analysis.knee,
    "quality": analysis.quality,
    "cycle_summary": analysis.cycle_summary,
}
few = settings(max_examples=max(4, settings.default.max_examples // 25))
amounts = st.one_of(
    st.none(), st.floats(0.05, 40, allow_subnormal=False).map(lambda x: round(x, 4))
)


@st.composite
def cells(draw, most: int = 3) -> pl.DataFrame:
    """Cycles of some cells, with gaps, glitches and cycles that are not there."""
    parts = []
    for number in range(draw(st.integers(1, most))):
        counts = sorted(draw(st.sets(st.integers(0, 40), min_size=1, max_size=20)))
        n = len(counts)
        columns = {label: draw(st.lists(amounts, min_size=n, max_size=n)) for label in (Q, BACK)}
        part = pl.DataFrame({"cell": [f"c{number}"] * n, CYCLE: counts, **columns}, strict=False)
        parts.append(part.cast({Q: pl.Float64, BACK: pl.Float64}))
    whole = pl.concat(parts)
    return whole.with_columns((pl.col(Q) * 3.5).alias(E_OUT), (pl.col(BACK) * 3.7).alias(E_BACK))


def ordered(made: pl.DataFrame) -> pl.DataFrame:
    keys = [one for one in ("cell", CYCLE, "Threshold", "Check", "Column") if one in made.columns]
    return made.with_columns(pl.col("Definition").cast(pl.String)).sort(keys, maintain_order=True)


@pytest.mark.parametrize("question", QUESTIONS)
@few
@given(frame=cells(), seed=st.integers(0, 9))
def test_the_order_of_rows_and_cells_changes_no_answer(question, frame, seed):
    ask = QUESTIONS[question]
    shuffled = frame.sample(fraction=1, shuffle=True, seed=seed)
    assert_frame_equal(ordered(ask(shuffled)), ordered(ask(frame)))


@pytest.mark.parametrize("question", QUESTIONS)
@few
@given(frame=cells())
def test_a_cell_has_the_same_answer_alone_and_in_company(question, frame):
    ask = QUESTIONS[question]
    alone = [ask(one) for one in frame.partition_by("cell", maintain_order=True)]
    parts = [one.with_columns(pl.col("Definition").cast(pl.String)) for one in alone]
    assert_frame_equal(ordered(pl.concat(parts)), ordered(ask(frame)))


@pytest.mark.parametrize("question", QUESTIONS)
@few
@given(frame=cells())
def test_another_unit_gives_the_same_answer(question, frame):
    ask = QUESTIONS[question]
    other = frame.cell.to_unit({"Discharge capacity": "mA.h", "Charge energy": "J"})
    assert other.columns != frame.columns
    if question in ("efficiencies", "throughput", "cycle_summary"):
        assert_frame_equal(ask(other).drop("Finding"), ask(frame).drop("Finding"))
    elif question != "quality":
        assert_frame_equal(
            ask(other).drop("Finding", "Definition"), ask(frame).drop("Finding", "Definition")
        )


@few
@given(frame=cells(), power=st.integers(-9, 9))
def test_a_cell_of_another_size_has_the_same_ratios(frame, power):
    larger = frame.with_columns(pl.col(Q, BACK, E_OUT, E_BACK) * 2.0**power)
    for question, columns in {
        "retention": ["Capacity retention", "Capacity fade"],
        "cycles_to": ["Cycles to threshold", "Last retention"],
        "efficiencies": ["Coulombic efficiency", "Energy efficiency", "Voltage efficiency"],
        "knee": ["Knee cycle", "Slope ratio", "Points"],
        "quality": ["Check", CYCLE, "Column"],
    }.items():
        ask = QUESTIONS[question]
        assert_frame_equal(ask(larger).select(columns), ask(frame).select(columns))


@few
@given(frame=cells())
def test_nothing_is_ever_no_number(frame):
    for ask in QUESTIONS.values():
        made = ask(frame)
        floats = made.select(pl.selectors.float())
        assert not floats.select(pl.any_horizontal(pl.all().is_nan().any())).item()
        assert not floats.select(pl.any_horizontal(pl.all().is_infinite().any())).item()


@few
@given(frame=cells())
def test_pandas_gives_the_same_answer(frame):
    made = analysis.retention(frame.to_pandas())
    told = analysis.retention(frame)
    assert list(made.columns) == told.columns
    back = pl.from_pandas(made).cast(dict(told.schema))
    assert_frame_equal(back, told)


@pytest.mark.parametrize("question", QUESTIONS)
@few
@given(frame=cells())
def test_labels_never_move(question, frame):
    ask = QUESTIONS[question]
    assert ask(frame.head(0)).schema == ask(frame).schema
