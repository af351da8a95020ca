"""Two values of one column are compared as two columns are."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import COLUMNS, values

from cellframe.frames.columns import Column, Leaf
from cellframe.frames.decode import dtype_of
from cellframe.writeback.diff import is_same, same


@st.composite
def pairs(draw):
    """A column, and two values that it may hold, often the same but for the last digits."""
    label = draw(st.sampled_from(list(COLUMNS)))
    left, right = draw(values[label]), draw(values[label])
    if draw(st.booleans()):
        right = (
            left * (1 + draw(st.sampled_from([0, 1e-15, 1e-9])))
            if isinstance(left, float)
            else left
        )
    return COLUMNS[label], left, right


@pytest.mark.rule("W13")
@settings(max_examples=300)
@given(pairs())
def test_two_values_are_compared_as_two_columns_are(pair):
    column, left, right = pair
    lefts, rights = (pl.Series(column.label, [v], dtype=dtype_of(column)) for v in (left, right))
    assert is_same(column, lefts[0], rights[0]) == same(column, lefts, rights)[0]


@pytest.mark.rule("W13")
def test_a_lot_is_the_same_in_any_case_and_a_note_is_not():
    from cellframe.contract.records import CELL_INSTANCE

    lot, note = (Column(name, Leaf.PLAIN, CELL_INSTANCE.field(name)) for name in ("batch", "notes"))
    assert is_same(lot, "STRASSE", "stra\u00dfe")
    assert not is_same(note, "A", "a")
    assert is_same(note, "e\u0301", "\u00e9")
    assert is_same(note, "", None)
