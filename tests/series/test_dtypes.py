"""Which types of columns go through a file and the service, and what is said of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cellframe.errors import MeasurementError
from cellframe.series.checked import check_extension, read_series
from cellframe.series.dtypes import check_dtypes
from cellframe.server.derive import derive

HELD = {
    "small": pl.Series([1], dtype=pl.Int8),
    "unsigned": pl.Series([2**64 - 1], dtype=pl.UInt64),
    "half": pl.Series([1.5], dtype=pl.Float16),
    "decimal": pl.Series([Decimal("1.5")]),
    "null": pl.Series([None]),
    "flag": pl.Series([True]),
    "text": pl.Series(["x"]),
    "bytes": pl.Series([b"x"]),
    "category": pl.Series(["x"], dtype=pl.Categorical),
    "enum": pl.Series(["x"], dtype=pl.Enum(["x"])),
    "date": pl.Series([date(2026, 1, 5)]),
    "time": pl.Series([time(8)]),
    "span": pl.Series([timedelta(1)]),
    "moment": pl.Series([datetime(2026, 1, 5, tzinfo=UTC)]),
    "list": pl.Series([[1.0]]),
    "array": pl.Series([[1.0]], dtype=pl.Array(pl.Float64, 1)),
    "struct": pl.Series([{"a": [{"b": "x"}]}]),
}
REFUSED = {
    "wide": (pl.Series([1], dtype=pl.Int128), "Cast it to Int64"),
    "wide and unsigned": (pl.Series([1], dtype=pl.UInt128), "Cast it to Int64"),
    "wide inside": (pl.Series([{"a": [1]}], dtype=pl.Struct({"a": pl.List(pl.Int128)})), "Cast"),
    "objects": (pl.Series([object()], dtype=pl.Object), "Make it numbers or text"),
    "nothing inside": (pl.Series([{}], dtype=pl.Struct([])), "Drop it"),
    "big": ([2**70], "Cast it to Int64"),
    "huge": ([2**200], "more than 64 bits"),
    "complex": ([1j], "two columns"),
    "period": (pd.Series(pd.period_range("2026", periods=1, freq="D")), "astype(str)"),
    "interval": (pd.Series(pd.interval_range(0, 1)), "astype(str)"),
}
TEXT = {
    "mixed": ([1, "a", None], "int and str"),
    "complex": (pd.Series([1j, None, 2j]), "complex128"),
    "mixed objects": (pd.Series([1, "a", None], dtype=object), "int and str"),
}


@pytest.mark.parametrize("name", HELD)
def test_what_is_held_comes_back_from_the_file_and_is_derived_of(whole, tmp_path, name):
    frame = whole.head(1).with_columns(HELD[name].alias("own"))
    assert check_dtypes(frame) == []
    path = tmp_path / "series.parquet"
    frame.write_parquet(path, compression="zstd")
    assert pl.read_parquet(path).schema == frame.schema
    assert derive(path).rows == 1


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_held_is_refused_by_column_with_what_to_do(whole, find, name):
    column, advice = REFUSED[name]
    table = pd.DataFrame if isinstance(column, pd.Series) else dict
    found = find(table({**whole.head(1).to_dict(as_series=False), "own": column}))
    assert [one.column for one in found.values() if one.severity == "error"] == ["own"]
    assert any(advice in finding.message for finding in found.values())


def test_a_known_column_of_objects_is_told_once(whole, find):
    odd = whole.head(1).with_columns(pl.Series("Voltage [V]", [object()], dtype=pl.Object))
    assert "value_not_a_number" in find(odd)
    assert "type_not_storable" not in find(odd)


def test_rows_that_continue_a_series_can_be_stored_too(whole):
    with pytest.raises(MeasurementError, match="'own' holds Int128"):
        check_extension(whole.with_columns(pl.lit(1, pl.Int128).alias("own")))


@pytest.mark.parametrize("name", TEXT)
def test_a_column_that_becomes_text_is_a_warning_that_names_it(name):
    column, held = TEXT[name]
    table = pd.DataFrame if isinstance(column, pd.Series) else dict
    with pytest.warns(UserWarning, match=f"'own' holds {held} and is kept as text"):
        read = read_series(table({"Time [s]": [0.0, 1.0, 2.0], "own": column}))
    assert read.schema["own"] == pl.String


def test_a_pandas_frame_on_which_polars_ends_in_a_panic_is_refused():
    wide = pd.Series([Decimal(1)], dtype=pd.ArrowDtype(pa.decimal256(50, 2)))
    with pytest.raises(MeasurementError, match="cannot be read"):
        read_series(pd.DataFrame({"Time [s]": [0.0], "own": wide}))
