"""pandas is as good as polars: every type goes there and back, also through what people do there."""

from __future__ import annotations

import io
import warnings
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from cellframe.frames.backend import to_backend, to_polars

moments = st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - as polars has them
TYPES = {
    "text": (pl.String(), st.text(st.characters(exclude_categories=["Cs"]), max_size=5)),
    "whole": (pl.Int64(), st.integers(-(2**63), 2**63 - 1) | st.just(2**60 + 1)),
    "number": (pl.Float64(), st.floats(allow_nan=False)),
    "truth": (pl.Boolean(), st.booleans()),
    "day": (pl.Date(), st.dates(date(1600, 1, 1), date(2400, 1, 1))),
    "time": (pl.Datetime("us"), moments),
    "utc": (pl.Datetime("us", "UTC"), moments.map(lambda one: one.replace(tzinfo=UTC))),
    "span": (pl.Duration("us"), st.timedeltas(timedelta(-999), timedelta(999))),
    "clock": (pl.Time(), st.times()),
    "small": (pl.Int32(), st.integers(-(2**31), 2**31 - 1)),
    "large": (pl.UInt64(), st.integers(0, 2**64 - 1)),
    "single": (pl.Float32(), st.floats(width=32, allow_nan=False)),
    "bytes": (pl.Binary(), st.binary(max_size=3)),
}
OURS = ("text", "whole", "number", "truth", "day", "time")
"""The types that frames of records have."""


@st.composite
def frames(draw, names=tuple(TYPES)):
    """Frames of every type, with gaps, and a key that is there once."""
    height = draw(st.integers(1, 4))
    columns = [pl.Series("key", [f"k{n}" for n in range(height)], dtype=pl.String)]
    for name in names:
        dtype, values = TYPES[name]
        cells = draw(st.lists(st.none() | values, min_size=height, max_size=height))
        columns.append(pl.Series(name, cells, dtype=dtype))
    return pl.DataFrame(columns)


def merged(frame):
    other = pd.DataFrame({"key": frame["key"].astype(object), "n": np.arange(len(frame))})
    return frame.merge(other, on="key").drop(columns="n")


def merged_onto_numpy(frame):
    other = pd.DataFrame({"key": frame["key"].astype(object)})
    return other.merge(frame, on="key")


def concatenated(frame):
    return pd.concat([frame.iloc[:1], frame.iloc[1:]], ignore_index=True)


def by_parquet(frame):
    file = io.BytesIO()
    frame.to_parquet(file)
    return pd.read_parquet(file)


WAYS = {
    "as it is": lambda frame: frame,
    "merge": merged,
    "merge onto numpy": merged_onto_numpy,
    "concat": concatenated,
    "groupby": lambda frame: frame.groupby("key", as_index=False).first(),
    "index": lambda frame: frame.set_index("key"),
    "reset_index": lambda frame: frame.set_index("key").reset_index(),
    "convert_dtypes": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "sort": lambda frame: frame.sort_values("key", ascending=False).sort_values("key"),
    "parquet": by_parquet,
}


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=8)
@given(frame=frames())
def test_every_type_comes_back_as_it_went(way, frame):
    edited = WAYS[way](to_backend(frame, "pandas"))
    assert_frame_equal(to_polars(edited).frame, frame)


@settings(max_examples=15)
@given(frame=frames((*OURS, "utc", "span", "clock", "large", "bytes")))
def test_columns_of_objects_come_back_with_their_values(frame):
    back = to_polars(to_backend(frame, "pandas").astype(object)).frame
    for name in frame.columns:
        gaps = frame[name].null_count() == frame.height
        # Midnights alone are days, and whole numbers that fit are Int64.
        same = back[name].cast(frame[name].dtype) if not gaps else frame[name]
        assert same.to_list() == frame[name].to_list()


ORDINARY = {"whole": "Int64", "number": float, "truth": "boolean", "time": "datetime64[us]"}


@settings(max_examples=15)
@given(frame=frames(OURS))
def test_ordinary_pandas_types_come_back_with_their_values(frame):
    back = to_polars(to_backend(frame, "pandas").astype({**ORDINARY, "text": object})).frame
    for name in ORDINARY:
        assert back[name].to_list() == frame[name].to_list()


def test_a_gap_keeps_whole_numbers_whole():
    frame = to_backend(pl.DataFrame({"n": [2**60 + 1, None]}), "pandas")
    assert str(frame["n"].dtype) == "int64[pyarrow]"
    assert frame["n"][0] == 2**60 + 1


def test_an_outer_merge_with_numpy_keeps_whole_numbers_whole():
    frame = to_backend(pl.DataFrame({"key": ["a", "b"], "n": [2**60 + 1, 5]}), "pandas")
    other = pd.DataFrame({"key": ["b", "c"], "m": [1, 2]})
    back = to_polars(frame.merge(other, on="key", how="outer")).frame
    assert back["n"].to_list() == [2**60 + 1, 5, None]
    assert back["n"].dtype == pl.Int64


def test_categories_are_text_in_pandas():
    kinds = pl.Series("kind", ["a", None], dtype=pl.Categorical)
    levels = pl.Series("level", ["x", None], dtype=pl.Enum(["x", "y"]))
    frame = to_backend(pl.DataFrame([kinds, levels]), "pandas")
    assert set(map(str, frame.dtypes)) == {"large_string[pyarrow]"}
    assert to_polars(frame).frame.rows() == [("a", "x"), (None, None)]


def test_objects_of_one_kind_keep_it():
    frame = pd.DataFrame(
        {
            "zoned": pd.Series([datetime(2026, 1, 1, 5, tzinfo=UTC), None], dtype=object),
            "moment": pd.Series([datetime(2026, 1, 1), datetime(2026, 1, 1, 5)], dtype=object),  # noqa: DTZ001
            "clock": pd.Series([time(5), None], dtype=object),
            "span": pd.Series([pd.Timedelta(5, "s"), None], dtype=object),
        }
    )
    dtypes = [pl.Datetime("us", "UTC"), pl.Datetime("us"), pl.Time, pl.Duration("us")]
    assert to_polars(frame).frame.dtypes == dtypes


def test_objects_with_and_without_a_zone_are_text():
    mixed = [datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2026, 1, 1, 5)]  # noqa: DTZ001
    back = to_polars(pd.DataFrame({"t": pd.Series(mixed, dtype=object)})).frame
    assert back["t"].to_list() == ["2026-01-01T05:00:00+00:00", "2026-01-01T05:00:00"]


WAYS_OF_A_FRAME = {
    **{name: way for name, way in WAYS.items() if name not in ("merge", "merge onto numpy")},
    "object": lambda frame: frame.astype(object),
    "csv": lambda frame: pd.read_csv(io.StringIO(frame.to_csv(index=False))),
    "records": lambda frame: pd.DataFrame(frame.to_dict("records")),
}


@pytest.mark.law("D4")
@pytest.mark.parametrize("way", WAYS_OF_A_FRAME)
def test_what_nobody_edited_is_an_empty_plan(client, cells, spec, way):
    frame = client.cell_instance.to_frame(spec, backend="pandas")
    frame = frame.rename(columns={"instance_id": "key"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        edited = WAYS_OF_A_FRAME[way](frame)
    if "key" not in edited.columns:
        edited = edited.reset_index()
    assert not client.cell_instance.plan(edited.rename(columns={"key": "instance_id"}))


def test_a_frame_without_rows_keeps_its_types():
    frame = pl.DataFrame(schema={name: dtype for name, (dtype, _) in TYPES.items()})
    assert_frame_equal(to_polars(to_backend(frame, "pandas")).frame, frame)
