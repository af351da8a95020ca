"""Steps and cycles of many tests under each other; tags as one text."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import cellframe as cf
from cellframe.contract.series import CYCLES, STEPS
from cellframe.errors import FrameError
from cellframe.frames.long import KEYS, Owner, conform, stack
from cellframe.frames.tags import join_tags, split_tags

OWNER = Owner("m", "i", "s", "aging", "c-1", "LFP")


def cycles(**columns: object) -> pl.DataFrame:
    return conform(pl.DataFrame({"Cycle count": [0, 1], **columns}), CYCLES, "cycles")


def test_declared_columns_come_first_and_any_other_is_kept():
    frame = cycles(**{"Label": ["a", "b"], "Min voltage [V]": [3, 3]})
    assert frame.columns == [*CYCLES, "Label"]
    assert frame["Min voltage [V]"].dtype == pl.Float64
    assert frame["Max voltage [V]"].null_count() == 2


@pytest.mark.parametrize("counts", [[0.0, 1.0], pl.Series([0, 1], dtype=pl.UInt8), [0, 1]])
def test_whole_numbers_are_whole_in_whatever_they_came(counts):
    assert cycles(**{"Cycle count": counts})["Cycle count"].to_list() == [0, 1]


@pytest.mark.law("R9")
@pytest.mark.parametrize(
    ("label", "values", "said"),
    [
        ("Cycle count", [0.5, 1.0], "should hold whole numbers and holds Float64"),
        ("Min voltage [V]", ["3", "x"], "should hold numbers and holds String"),
        ("Capacity source", [1, 2], "should hold text and holds Int64"),
        ("Cycle count", [2**63, 2**63 + 1], "should hold whole numbers and holds UInt64"),
    ],
)
def test_a_column_that_holds_something_else_is_never_cast_in_silence(label, values, said):
    with pytest.raises(FrameError, match=said) as caught:
        cycles(**{label: values})
    assert caught.value.failures["column"].to_list() == [label]


def test_rows_of_tests_stand_under_each_other_with_their_keys():
    long = stack([(OWNER, cycles()), (OWNER._replace(test="rpt"), cycles().head(1))], CYCLES)
    assert long.columns == [*KEYS, *CYCLES]
    assert long["test"].to_list() == ["aging", "aging", "rpt"]


def test_a_gap_is_null_whatever_the_service_wrote():
    long = stack([(OWNER, cycles(**{"Min voltage [V]": [float("nan"), 3.0]}))], CYCLES)
    assert long["Min voltage [V]"].to_list() == [None, 3.0]


def test_no_tests_are_a_frame_with_all_columns():
    assert stack([], CYCLES).schema == stack([(OWNER, cycles())], CYCLES).schema


@pytest.mark.parametrize("columns", [STEPS, CYCLES], ids=["steps", "cycles"])
def test_a_long_frame_fits_its_pandera_schema(columns):
    schema = cf.schemas.steps_schema() if columns is STEPS else cf.schemas.cycles_schema()
    frame = stack([(OWNER, conform(pl.DataFrame({"Cycle count": [0]}), columns, "x"))], columns)
    assert_frame_equal(schema.validate(frame), frame)


@given(st.lists(st.text(min_size=1).filter(lambda tag: tag == tag.strip()), max_size=5))
def test_tags_survive_as_one_text(tags):
    assert split_tags(join_tags(tags)) == tags


@pytest.mark.parametrize(
    ("text", "tags"), [(None, []), ("", []), (" a ;b;; c", ["a", "b", "c"]), (r"a\;b", ["a;b"])]
)
def test_tags_are_read_as_people_write_them(text, tags):
    assert split_tags(text) == tags


def test_keys_win_over_columns_of_steps_with_their_names():
    long = stack([(OWNER, cycles(cell=["slot 3", "slot 4"]))], CYCLES)
    assert long["cell"].to_list() == ["c-1", "c-1"]
    assert long["cell (own)"].to_list() == ["slot 3", "slot 4"]
