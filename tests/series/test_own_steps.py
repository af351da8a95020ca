"""Steps that are sent along are those of the series, each once."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.contract.series import DISCHARGE_CAPACITY, STEP
from cellframe.errors import MeasurementError
from cellframe.series.checked import check_series
from tests.series.made import made_spectrum, made_steps
from tests.series.variants import at, shifted

STRANGE = {
    "no count": (lambda s: s.drop(STEP), "steps_step_count_missing", "no column 'Step count'"),
    "something else": (
        lambda _: pl.DataFrame({"foo": [1]}),
        "steps_step_count_missing",
        "no column 'Step count'",
    ),
    "the first three": (
        lambda s: s.head(3),
        "steps_not_of_series",
        "steps 3, 4, 5, 6, 7 are missing",
    ),
    "one twice": (
        lambda s: pl.concat([s, s[2]]),
        "steps_not_of_series",
        "step 2 is doubled",
    ),
    "all twice": (lambda s: pl.concat([s, s]), "steps_not_of_series", "are doubled"),
    "counted from 1": (
        shifted(STEP, 1),
        "steps_not_of_series",
        "step 0 is missing, step 8 is unknown",
    ),
    "turned round": (lambda s: s.reverse(), "steps_not_of_series", "in another order"),
    "a gap": (at(STEP, 3, None), "steps_not_of_series", "is empty in row 3 of the steps"),
    "none": (lambda s: s.clear(), "steps_not_of_series", "and 3 more are missing"),
    "half": (lambda s: s.with_columns(pl.col(STEP) / 2), "steps_count_not_whole", "rows 1, 3"),
    "late": (shifted("Start index", 1000), "steps_index_differs", "1000 instead of 0"),
    "long": (at("End index", 2, 9**9), "steps_index_differs", "in row 2: 387420489 instead of"),
    "negative": (at(DISCHARGE_CAPACITY, 1, -0.5), "steps_value_negative", "in row 1: -0.5"),
    "back": (at("Duration [s]", 1, -9.0), "steps_value_negative", "'Duration [s]' is negative"),
    "worded": (
        lambda s: s.with_columns(pl.col(DISCHARGE_CAPACITY).cast(pl.String)),
        "steps_value_not_a_number",
        "holds String, not numbers",
    ),
    "listed": (
        lambda s: s.with_columns(pl.concat_list(STEP).alias("Step type")),
        "steps_value_not_text",
        "not text",
    ),
    "wide": (
        lambda s: s.with_columns(pl.lit(1, pl.Int128).alias("own")),
        "type_not_storable",
        "'own' holds Int128",
    ),
}


@pytest.fixture
def own(whole) -> pl.DataFrame:
    """The steps of the whole series, with the rows they are of."""
    rows = whole.with_row_index("row").group_by(STEP, maintain_order=True)
    indices = rows.agg(
        pl.col("row").first().cast(pl.Int64).alias("Start index"),
        pl.col("row").last().cast(pl.Int64).alias("End index"),
    )
    return made_steps(whole).join(indices, on=STEP, maintain_order="left")


@pytest.mark.parametrize("fault", STRANGE)
def test_steps_that_are_not_those_of_the_series_are_refused(whole, own, find, fault):
    change, code, said = STRANGE[fault]
    found = find(whole, steps=change(own))
    assert (found[code].severity, said in found[code].message) == ("error", True)
    assert set(found) == {code}


def test_the_series_own_steps_are_accepted_in_any_library(whole, own, find):
    for steps in (own, own.to_pandas(), own.to_dict(as_series=False), own.cast({STEP: pl.UInt8})):
        assert find(whole, steps=steps) == {}


def test_numbers_that_differ_from_derived_ones_are_the_persons_word(whole, own, find):
    word = own.with_columns(pl.col(DISCHARGE_CAPACITY) * 2, pl.lit("formation").alias("Step type"))
    assert find(whole, steps=word) == {}


def test_a_column_named_like_a_key_is_told_with_the_name_it_will_have(whole, own, find):
    (found,) = find(whole, steps=own.with_columns(pl.lit("x").alias("cell"))).values()
    assert (found.severity, found.column) == ("warning", "cell")
    assert "'cell (own)'" in found.message


def test_a_spectrum_by_itself_is_one_step(find):
    steps = {STEP: [0], "Step type": ["EIS"]}
    assert find(made_spectrum(), data_type="eis", steps=steps) == {}
    assert "steps_not_of_series" in find(made_spectrum(), data_type="eis", steps={STEP: [1]})


def test_steps_of_a_series_that_does_not_count_are_not_compared(whole, own, find):
    assert set(find(whole.drop(STEP), steps=own)) == {"step_count_missing"}


def test_what_is_no_table_of_steps_is_refused_as_that(whole):
    with pytest.raises(MeasurementError, match="A list is no table of steps"):
        check_series(whole, steps=[1])
