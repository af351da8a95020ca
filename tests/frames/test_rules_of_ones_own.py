"""Rules of the caller's own: put to every frame, told all at once, whatever library they are for."""

from __future__ import annotations

import warnings
from datetime import date

import pandas as pd
import pandera.pandas as pp
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

import cellframe as cf
from cellframe.errors import ConfigError, FrameError, FrameWarning
from cellframe.frames.bounds import holds
from cellframe.frames.explain import explain

MASS = "cell.mass [g]"
HEAVY = pa.DataFrameSchema({MASS: pa.Column(float, pa.Check.lt(42))})


class Light(pa.DataFrameModel):
    cell: str = pa.Field(unique=True)
    mass: float = pa.Field(alias=MASS, lt=42)


class LightPandas(pp.DataFrameModel):
    cell: str = pp.Field(unique=True)
    mass: float = pp.Field(alias=MASS, lt=42)


FRAME = pl.DataFrame(
    {
        "cell": ["a", "b", "b", "d"],
        "n": [1, None, 3, 4],
        "x": [1.0, float("nan"), -1.0, None],
        "t": [date(2026, 1, 1)] * 4,
    },
    schema_overrides={"t": pl.Datetime("us")},
)


def told(schema, frame=FRAME):
    return [(fault.row, fault.column, fault.rule) for fault in explain(frame, schema, "cell")]


def of(**columns):
    return pa.DataFrameSchema(columns)


@pytest.mark.parametrize("schema", [HEAVY, Light, Light.to_schema(), LightPandas])
@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_a_schema_of_either_library_is_put_to_frames_of_either(
    client, cells, spec, schema, backend
):
    with pytest.raises(FrameError, match="2 faults") as caught:
        client.cell_instance.to_frame(spec, schema=schema, backend=backend)
    found = caught.value.failures
    assert found["name"].to_list() == ["c-010", "c-011"]
    assert set(found["column"]) == {MASS}
    assert "Row 11 ('c-011'), 'cell.mass [g]': 42.1 breaks the rule less_than(42)." in str(
        caught.value
    )


def test_a_lone_schema_of_a_client_is_that_of_cells(client, cells, spec, tmp_path):
    with cf.open_local(tmp_path / "lab", schema=HEAVY) as strict:
        assert strict.cell_spec.to_frame().height == 1
        with pytest.raises(FrameError):
            strict.cell_instance.to_frame(spec)


def test_a_client_has_a_schema_by_table_and_a_call_adds_its_own(client, cells, spec, tmp_path):
    by_table = {
        "cell_spec": of(spec=pa.Column(str, pa.Check.str_length(1, 3))),
        "cell_instance": HEAVY,
    }
    named = of(cell=pa.Column(str, pa.Check.ne("c-001")))
    with cf.open_local(tmp_path / "lab", schema=by_table) as strict:
        with pytest.raises(FrameError, match="LFP 18650"):
            strict.cell_spec.to_frame()
        with pytest.raises(FrameError, match="3 faults"):
            strict.cell_instance.to_frame(spec, schema=named)


def test_a_table_that_there_is_not_is_named_with_the_nearest(tmp_path):
    with pytest.raises(ConfigError, match="Did you mean 'cell_instance'"):
        cf.open_local(tmp_path / "lab", schema={"cell_instanc": HEAVY})


@pytest.mark.parametrize("schema", [42, "rules", pl.DataFrame, {MASS: float}, pa.Column(float)])
def test_what_is_no_schema_is_told(client, cells, spec, schema):
    with pytest.raises(ConfigError, match="schema="):
        client.cell_instance.to_frame(spec, schema=schema)


def test_report_marks_the_rows_and_warns(client, cells, spec):
    with pytest.warns(FrameWarning, match="Rows are marked") as caught:
        frame = client.cell_instance.to_frame(spec, schema=HEAVY, on_invalid="report")
    marked = frame.filter(pl.col("_faults").is_not_null())
    assert marked["cell"].to_list() == ["c-010", "c-011"]
    assert marked["_faults"][1] == "'cell.mass [g]': 42.1 breaks the rule less_than(42)."
    assert caught[0].message.failures.height == 2
    assert caught[0].filename == __file__
    assert not client.cell_instance.plan(frame)


def test_report_without_faults_has_the_column_too(client, cells, spec):
    frame = client.cell_instance.to_frame(spec, on_invalid="report")
    assert frame["_faults"].null_count() == 12


def test_drop_leaves_rows_out_and_says_which(client, cells, spec):
    with pytest.warns(FrameWarning, match=r"2 rows were left out.*\n.*c-010.*\n.*c-011"):
        frame = client.cell_instance.to_frame(
            spec, schema=HEAVY, on_invalid="drop", backend="pandas"
        )
    assert len(frame) == 10
    assert not client.cell_instance.plan(frame)


def test_a_fault_of_the_whole_frame_is_raised_where_rows_are_dropped(client, cells, spec):
    schema = of(gizmo=pa.Column(str))
    with pytest.raises(FrameError, match="'gizmo' is missing from the frame"):
        client.cell_instance.to_frame(spec, schema=schema, on_invalid="drop")


def test_a_word_that_there_is_not_is_refused_before_anything_is_read(client, cells, spec):
    with pytest.raises(ConfigError, match="none of 'raise', 'report' and 'drop'"):
        client.cell_instance.to_frame(spec, on_invalid="ignore")


def test_a_value_that_cannot_be_read_is_reported_and_planned_as_nothing(client, spec):
    client.cell_instance.create(spec, {"name": "c-1", "notes": "n"})
    schema = of(notes=pa.Column(str, pa.Check.eq("m")))
    with pytest.warns(FrameWarning):
        frame = client.cell_instance.to_frame(spec, schema=schema, on_invalid="report")
    assert not client.cell_instance.plan(frame.to_pandas())


def test_tests_are_held_to_rules_of_the_columns_that_they_are_shown_with(client, cells):
    cell = client.cell_instance.get("c-001")
    mass = {"mass": {"value": 1.0, "unit": "g"}}
    client.cell_measurement.create_properties(cell, "weighing", mass)
    schema = of(spec=pa.Column(str, pa.Check.eq("NMC")))
    with pytest.raises(FrameError, match="LFP 18650"):
        client.cell_measurement.to_frame(cell, schema=schema)


# pandera's traps: each would end in its own error, or in silence.


def test_a_missing_column_with_coerce_is_a_fault():
    schema = pa.DataFrameSchema({"gone": pa.Column(int), "n": pa.Column(int)}, coerce=True)
    assert told(schema) == [(None, "gone", "column_in_dataframe"), (1, "n", "is missing")]


def test_a_value_that_cannot_be_coerced_is_told_once_with_its_column():
    schema = pa.DataFrameSchema({"cell": pa.Column(float), "x": pa.Column(int)}, coerce=True)
    frame = pl.DataFrame({"cell": ["1.5", "b"], "x": [1.0, 1.5]})
    assert told(schema, frame) == [(1, "cell", "is no Float64"), (1, "x", "is no Int64")]


def test_rows_are_never_dropped_nor_columns_filtered_in_silence():
    column = pa.Column(float, pa.Check.ge(0), nullable=True)
    kept = pa.DataFrameSchema({"x": column}, drop_invalid_rows=True, strict="filter")
    assert told(kept) == [(2, "x", "greater_than_or_equal_to(0)")]


def test_nan_is_a_gap():
    rows = [row for row, _, rule in told(of(x=pa.Column(float))) if rule == "is missing"]
    assert rows == [1, 3]


def test_times_of_another_zone_are_named():
    ((row, column, rule),) = told(of(t=pa.Column(pl.Datetime("us", "UTC"))))
    assert (row, column) == (None, "t")
    assert "UTC" in rule


def test_an_annotation_that_pandera_cannot_read_is_told():
    class Odd(pa.DataFrameModel):
        t: pl.Datetime = pa.Field(dtype_kwargs={"time_unit": "us", "time_zone": "UTC"})

    with pytest.raises(ConfigError, match="no model that pandera can read"):
        explain(FRAME, Odd, "cell")


def test_a_pattern_finds_its_columns_or_is_a_fault():
    schema = pa.DataFrameSchema(
        {"^[nx]$": pa.Column(None, pa.Check.ge(0), regex=True, nullable=True)}
    )
    assert told(schema) == [(2, "x", "greater_than_or_equal_to(0)")]
    none = pa.DataFrameSchema({"^z": pa.Column(float, regex=True)})
    assert [(row, column) for row, column, _ in told(none)] == [(None, "^z")]


def test_checks_of_whole_rows_name_the_row():
    schema = pa.DataFrameSchema(checks=pa.Check(lambda d: d.lazyframe.select(pl.col("n") < 4)))
    assert [row for row, _, _ in told(schema)] == [3]
    assert [row for row, _, _ in told(pa.DataFrameSchema(unique=["cell"]))] == [1, 2]


def test_a_check_that_fails_itself_is_a_fault():
    schema = of(n=pa.Column(int, pa.Check(lambda _: 1 / 0), nullable=True))
    (fault,) = explain(FRAME, schema, "cell")
    assert "ZeroDivisionError" in fault.message
    assert fault.row is None


def test_strict_names_the_columns_that_are_too_many():
    faults = told(pa.DataFrameSchema({"cell": pa.Column(str)}, strict=True))
    assert [column for _, column, _ in faults] == ["n", "x", "t"]


@pytest.mark.parametrize("dtype", [float, "Float64", "double[pyarrow]"])
def test_pandas_numbers_may_be_of_any_backing(dtype):
    schema = pp.DataFrameSchema({"x": pp.Column(dtype, pp.Check.ge(0), nullable=True)})
    assert told(schema) == [(2, "x", "greater_than_or_equal_to(0)")]


@pytest.mark.parametrize("dtype", [str, object, pd.StringDtype(), "string[pyarrow]"])
def test_pandas_texts_may_be_of_any_backing(dtype):
    schema = pp.DataFrameSchema({"cell": pp.Column(dtype, unique=True)})
    assert told(schema) == [
        (1, "cell", "is there more than once"),
        (2, "cell", "is there more than once"),
    ]


def test_pandas_whole_numbers_with_gaps_are_named_where_the_schema_has_none():
    assert (1, "n", "is missing") in told(pp.DataFrameSchema({"n": pp.Column("Int64")}))
    assert told(pp.DataFrameSchema({"n": pp.Column("Int64", nullable=True)})) == []


# The fused check decides: where it says yes, pandera says nothing.

CHECKS = {
    "ge": pa.Check.ge(0),
    "gt": pa.Check.gt(0),
    "le": pa.Check.le(2),
    "lt": pa.Check.lt(2),
    "range": pa.Check.in_range(0, 2),
    "inner": pa.Check.in_range(0, 2, include_min=False, include_max=False),
    "ne": pa.Check.ne(1),
}
numbers = st.none() | st.sampled_from([0.0, -0.0, 1.0, 2.0, 3.0, -1.0, float("nan"), float("inf")])
wholes = st.none() | st.integers(-1, 3)
columns = st.tuples(st.just(pl.Float64), st.lists(numbers, max_size=5)) | st.tuples(
    st.just(pl.Int64), st.lists(wholes, max_size=5)
)


@given(columns, st.lists(st.sampled_from(sorted(CHECKS)), max_size=2), st.booleans(), st.booleans())
def test_what_the_fused_check_lets_pass_pandera_lets_pass(given_column, names, nullable, unique):
    dtype, values = given_column
    checks = [CHECKS[name] for name in names]
    schema = of(x=pa.Column(dtype, checks, nullable=nullable, unique=unique))
    frame = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    try:
        schema.validate(frame, lazy=True)
        passes = True
    except SchemaErrors:
        passes = False
    assert passes or not holds(frame, schema)
    assert passes or not holds(frame.lazy(), schema)


BOUNDED = of(x=pa.Column(float, pa.Check.in_range(-1, 1)), n=pa.Column(int, pa.Check.ge(0)))
SOUND = pl.DataFrame({"x": [0.5, -1.0], "n": [0, 1]})


def test_a_sound_frame_is_let_pass_without_pandera():
    assert holds(SOUND, BOUNDED)
    assert holds(SOUND.lazy(), BOUNDED)


@pytest.mark.parametrize(
    "broken",
    [
        SOUND.with_columns(x=pl.lit(float("nan"))),
        SOUND.with_columns(x=pl.lit(None, dtype=pl.Float64)),
        SOUND.with_columns(n=pl.lit(-1, dtype=pl.Int64)),
        SOUND.with_columns(x=pl.lit(1.5)),
        SOUND.with_columns(n=pl.lit(0, dtype=pl.Int32)),
        SOUND.drop("n"),
    ],
)
def test_each_way_to_be_broken_is_seen(broken):
    assert not holds(broken, BOUNDED)
    assert explain(broken, BOUNDED, "cell")


def test_nan_where_there_may_be_no_gap_is_seen_without_any_bound():
    assert not holds(SOUND.with_columns(x=pl.lit(float("nan"))), of(x=pa.Column(float)))


def test_a_schema_that_says_more_is_left_to_pandera():
    for more in (
        pa.DataFrameSchema({"x": pa.Column(float)}, checks=pa.Check(lambda _: False)),
        of(x=pa.Column(float, pa.Check(lambda _: False))),
        pa.DataFrameSchema({"x": pa.Column(float)}, unique=["x"]),
        pa.DataFrameSchema({"x": pa.Column(float)}, strict=True),
        of(x=pa.Column(None)),
    ):
        with warnings.catch_warnings():
            assert not holds(SOUND, more)


@pytest.mark.parametrize("row", [0, 2_000_000, 4_999_999])
def test_one_bad_value_among_millions_is_seen(row):
    frame = pl.DataFrame({"x": pl.zeros(5_000_000, eager=True)})
    assert holds(frame, of(x=pa.Column(float, pa.Check.ge(0))))
    bad = pl.when(pl.int_range(pl.len()) == row).then(float("nan")).otherwise("x")
    assert not holds(frame.with_columns(x=bad), of(x=pa.Column(float, pa.Check.ge(0))))
