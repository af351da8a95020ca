"""Whatever comes in, the answer is a series or a MeasurementError, and the same for each library."""

from __future__ import annotations

from contextlib import suppress

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.contract.series import SERIES, STEP, TIME
from cellframe.errors import MeasurementError
from cellframe.series.checked import check_extension, check_series, read_series

CELLS = (
    st.floats(),
    st.none() | st.floats(-5, 5),
    st.none() | st.integers(-(2**63), 2**64),
    st.integers(0, 3),
    st.none() | st.text(max_size=3),
    st.none() | st.booleans(),
    st.none() | st.datetimes(),
    st.none() | st.timedeltas(),
    st.none() | st.decimals(-99, 99, places=2),
    st.lists(st.floats(), max_size=2),
    st.floats(-5, 5) | st.text(max_size=2),
    st.binary(max_size=2) | st.complex_numbers(),
)
pytestmark = pytest.mark.filterwarnings("ignore:.*is kept as text")
NO_FRAME = (Exception, pl.exceptions.PanicException)
LABELS = st.sampled_from([*SERIES, "Voltage / V", "own", "Cycle number"])


@st.composite
def tables(draw) -> dict[str, list[object]]:
    height = draw(st.integers(0, 6))
    labels = draw(st.sets(LABELS, max_size=8)) | draw(st.sampled_from([set(), {TIME, STEP}]))
    return {
        label: draw(st.lists(draw(st.sampled_from(CELLS)), min_size=height, max_size=height))
        for label in sorted(labels)
    }


def codes(given_, **options) -> list[str]:
    try:
        return [finding.code for finding in check_series(read_series(given_), **options)]
    except MeasurementError as refusal:
        return refusal.failures["code"].unique(maintain_order=True).to_list()


@given(table=tables(), kind=st.sampled_from([None, "ocp", "eis"]))
def test_any_table_is_checked_or_refused(table, kind):
    codes(table, data_type=kind)
    asked = {"steps": table, "rated_capacity": 1.0, "voltage_window": (2.5, 4.2)}
    codes(table, data_type=kind, strict=True, **asked)


@given(table=tables())
def test_any_table_continues_a_series_or_is_refused(table):
    with suppress(MeasurementError):
        check_extension(read_series(table))


@given(table=tables())
def test_a_frame_is_found_to_be_what_its_columns_are(table):
    try:
        frame = pl.DataFrame(table, strict=False)
    except NO_FRAME:
        return
    assert codes(frame.lazy()) == codes(frame)
    assert codes(frame.to_dict()) == codes(frame)
