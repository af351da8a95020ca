"""Where a record stands is found by its id, in whatever order rows come back."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.writeback.bases import Places, taken

IDS = [f"i{n}" for n in range(400)]
STRETCHES = st.lists(
    st.tuples(st.integers(0, 399), st.integers(0, 300), st.sampled_from([[], [None], ["new"]])),
    max_size=12,
)


def texts(values):
    return pl.Series("id", values, dtype=pl.String)


@pytest.mark.rule("W5")
@given(STRETCHES, st.sets(st.integers(0, 399), max_size=5))
def test_rows_in_stretches_of_any_order_find_their_own_records(stretches, unwanted):
    own = [None if n in unwanted else id_ for n, id_ in enumerate(IDS)]
    asked = [id_ for start, length, more in stretches for id_ in [*IDS[start:][:length], *more]]
    found = Places(texts(own)).of(texts(asked)).to_list()
    assert found == [own.index(id_) if id_ in own and id_ is not None else None for id_ in asked]


@given(st.lists(st.none() | st.integers(0, 49)))
def test_rows_are_taken_where_they_stand_and_a_row_that_is_nowhere_is_empty(places):
    frame = pl.DataFrame({"id": IDS[:50], "n": range(50)})
    rows = taken(frame, pl.Series(places, dtype=pl.UInt32)).rows()
    assert rows == [(None, None) if at is None else (IDS[at], at) for at in places]
