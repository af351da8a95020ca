"""``frame.cell`` in both libraries: columns without their unit, other units, rules, near names."""

from __future__ import annotations

import pandas as pd
import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cellframe.accessors  # noqa: F401 - registers
from cellframe.errors import ConfigError, FrameError
from cellframe.frames.backend import to_backend, to_polars

LOADING, MASS = "cathode.loading [mg/cm**2]", "cell.mass [g]"
PLAIN = pl.DataFrame({LOADING: [11.5, None], MASS: [4.1, 2.0], "cell": ["a", "b"], "n": [1, None]})
both = pytest.mark.parametrize("backend", ["polars", "pandas"])


def of(frame, backend):
    return to_backend(frame, backend)


def rows(frame):
    return to_polars(frame).frame.rows()


@both
def test_a_column_is_found_without_its_unit(backend):
    column = of(PLAIN, backend).cell["cathode.loading"]
    assert column.to_list()[0] == 11.5
    assert of(PLAIN, backend).cell.units() == {"cathode.loading": "mg/cm**2", "cell.mass": "g"}


@both
def test_a_text_beside_a_quantity_does_not_pass_for_it(backend):
    frame = of(PLAIN.with_columns(pl.lit("n/a").alias("cell.mass")), backend)
    with pytest.raises(KeyError, match=r"several columns: 'cell.mass \[g\]', 'cell.mass'"):
        frame.cell["cell.mass"]
    assert frame.cell[MASS].to_list() == [4.1, 2.0]


def test_the_accessor_says_what_it_is_and_where_the_column_is():
    assert repr(PLAIN.cell).endswith("the column itself is frame['cell']")


@both
def test_a_name_that_there_is_not_is_told_with_the_nearest(backend):
    with pytest.raises(KeyError, match=r"no column. Did you mean 'cathode.loading \[mg"):
        of(PLAIN, backend).cell["cathode.laoding"]
    with pytest.raises(KeyError, match=r"There are: cathode.loading"):
        of(PLAIN, backend).cell["zzz"]


@both
def test_a_column_in_another_unit_keeps_its_place(backend):
    frame = of(PLAIN, backend).cell.to_unit("cathode.loading", "g/m**2")
    assert list(frame.columns) == ["cathode.loading [g/m**2]", MASS, "cell", "n"]
    assert rows(frame)[0][0] == 115.0
    assert rows(frame)[1][0] is None


@both
def test_several_columns_in_other_units(backend):
    frame = of(PLAIN, backend).cell.to_unit({"cell.mass": "kg", LOADING: "mg.cm-2"})
    assert list(frame.columns)[:2] == [LOADING, "cell.mass [kg]"]
    assert rows(frame)[0] == (11.5, 0.0041, "a", 1)


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), max_size=4))
def test_a_unit_and_back_is_what_it_was(values):
    frame = pl.DataFrame({MASS: pl.Series(values, dtype=pl.Float64)})
    there = frame.cell.to_unit("cell.mass", "kg")
    assert there.cell.to_unit("cell.mass", "kg").equals(there)
    assert there.columns == ["cell.mass [kg]"]


@pytest.mark.parametrize("unit", ["mV", "uV", "kV"])
def test_voltages_come_back_as_they_were(unit):
    frame = pl.DataFrame({"Voltage [V]": [4.2, 3.3, 0.1, -0.07]})
    there = frame.cell.to_unit("Voltage", unit)
    assert there.cell.to_unit("Voltage", "V").equals(frame)


def test_a_pandas_frame_keeps_its_index_and_numpy_its_type():
    frame = pd.DataFrame({MASS: [1000.0, None]}, index=[7, 9])
    made = frame.cell.to_unit("cell.mass", "kg")
    assert made.index.to_list() == [7, 9]
    assert str(made["cell.mass [kg]"].dtype) == "float64"
    assert made["cell.mass [kg]"].iloc[0] == 1.0


@both
@pytest.mark.parametrize(
    ("name", "unit", "said"),
    [
        ("cell.mass", "V", r"cannot be given in 'V': 'g' is mass, 'V' is voltage"),
        ("cell.mass", "stars", r"'stars' is not a unit"),
        ("cell.mass", None, r"say the unit too"),
        ("n", "g", r"'n' has no unit"),
    ],
)
def test_what_cannot_be_converted_is_told(backend, name, unit, said):
    with pytest.raises(ConfigError, match=said):
        of(PLAIN, backend).cell.to_unit(name, unit)


def test_a_label_that_is_taken_is_told():
    frame = pl.DataFrame({MASS: [1.0], "cell.mass [kg]": [1.0]})
    with pytest.raises(ConfigError, match="has that column already"):
        frame.cell.to_unit(MASS, "kg")


@both
def test_a_frame_in_other_units_is_an_empty_plan(client, cells, spec, backend):
    frame = client.cell_instance.to_frame(spec, backend=backend)
    made = frame.cell.to_unit({"cell.mass": "mg", "cathode.loading": "g/m**2"})
    assert not client.cell_instance.plan(made)


@both
def test_a_sound_frame_passes_and_goes_on(client, cells, spec, backend):
    frame = client.cell_instance.to_frame(spec, backend=backend)
    assert frame.cell.check() is frame


@both
def test_every_fault_of_an_edited_frame_is_told_at_once(cells, backend):
    edited = cells.with_columns(
        pl.when(pl.col("cell") == "c-001").then(float("inf")).otherwise(MASS).alias(MASS),
        date_manufactured=pl.lit("yesterday"),
        cell=pl.when(pl.col("cell") == "c-002").then(None).otherwise("cell"),
    )
    with pytest.raises(FrameError) as caught:
        of(edited, backend).cell.check()
    found = caught.value.failures
    assert set(found["column"]) == {MASS, "date_manufactured", "cell"}
    assert found.filter(pl.col("column") == MASS)["name"].to_list() == ["c-001"]
    assert found.filter(pl.col("column") == "cell")["row"].to_list() == [2]


@both
def test_an_id_that_is_there_twice_is_a_fault_and_a_blank_one_is_none(cells, backend):
    twice = pl.concat([cells, cells.head(1)])
    with pytest.raises(FrameError, match="is there more than once"):
        of(twice, backend).cell.check()
    new = cells.with_columns(pl.lit(None, dtype=pl.String).alias("instance_id"))
    of(new, backend).cell.check()


@both
def test_a_frame_that_came_through_joins_is_checked(cells, backend):
    ids = cells["instance_id"].head(2)
    cycles = pl.DataFrame(
        {
            "measurement_id": ["m", "m", "m"],
            "instance_id": ids[[0, 0, 1]],
            "fade [1]": [0.1, 0.2, 0.3],
        }
    )
    joined = cycles.join(cells, on="instance_id", how="left")
    of(joined, backend).cell.check()
    wrong = joined.with_columns(pl.lit(float("-inf")).alias("fade [1]"))
    with pytest.raises(FrameError, match="3 faults"):
        of(wrong, backend).cell.check()


@both
def test_rules_of_ones_own_are_put_to_a_frame_at_hand(cells, backend):
    schema = pa.DataFrameSchema({MASS: pa.Column(float, pa.Check.lt(42))})
    with pytest.raises(FrameError, match="c-010"):
        of(cells, backend).cell.check(schema)


@both
def test_names_that_need_no_quoting(backend):
    frame = of(PLAIN, backend).cell.plain_names()
    assert list(frame.columns)[:2] == ["cathode_loading_mg_per_cm2", "cell_mass_g"]


def test_what_is_gone_is_known_of_a_frame_of_changes_alone(cells):
    with pytest.raises(ConfigError, match="changed_since"):
        cells.cell.deleted()
