"""Frames, exactly: which columns there are, in which order, and what stands in them."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd
import polars as pl
import pytest

from cellframe.errors import ConfigError

G = {"value": 41.0, "unit": "g"}


def made(client, spec, *properties, **fields):
    """The frame of cells with these measured properties."""
    for number, one in enumerate(properties):
        body = {"name": f"c-{number}", "measured_properties": one, **fields}
        client.cell_instance.create(spec, body)
    return client.cell_instance.to_frame(spec)


def test_columns_come_in_one_order(cells):
    assert cells.columns == [
        *["instance_id", "spec_id", "cell", "spec", "batch", "date_manufactured"],
        *["cell.mass [g]", "cathode.loading [mg/cm**2]", "cell.policy", "notes"],
        "instance_version",
    ]


def test_types_are_the_tables(cells):
    assert cells.schema["date_manufactured"] == pl.Date
    assert cells.schema["cell.mass [g]"] == pl.Float64
    assert cells["date_manufactured"][0] == date(2026, 1, 5)
    assert cells["instance_version"][0] == "v1"
    assert set(cells["spec"]) == {"LFP 18650"}


def test_rows_come_in_order_of_creation(cells):
    assert cells["cell"].to_list() == sorted(cells["cell"])


def test_no_record_is_an_empty_frame_with_its_types(client, spec):
    frame = client.cell_instance.to_frame(spec)
    assert frame.shape == (0, 8)
    assert frame.schema["date_manufactured"] == pl.Date
    assert not client.cell_instance.plan(frame)


def test_an_empty_lab_is_an_empty_frame(client):
    assert client.cell_instance.to_frame().height == 0
    assert client.cell_spec.to_frame().height == 0


def test_a_property_of_the_last_record_alone_is_a_column(client, spec):
    frame = made(client, spec, *[{}] * 5, {"cell": {"mass": G}})
    assert frame["cell.mass [g]"].to_list() == [None] * 5 + [41.0]


def test_whole_numbers_and_parts_share_a_column(client, spec):
    whole = {"cell": {"mass": {"value": 1, "unit": "g"}}}
    part = {"cell": {"mass": {"value": 1.5, "unit": "g"}}}
    assert made(client, spec, whole, part)["cell.mass [g]"].to_list() == [1.0, 1.5]


def test_a_property_without_a_component_is_a_column(client, spec):
    frame = made(client, spec, {"capacity": {"value": 2500.0, "unit": "mA*h"}})
    assert frame["capacity [A.h]"].to_list() == [2.5]
    assert not client.cell_instance.plan(frame)
    edited = frame.with_columns(pl.lit(2.6).alias("capacity [A.h]"))
    assert client.apply(client.cell_instance.plan(edited))
    stored = client.cell_instance.get("c-0").measured_properties
    assert stored == {"capacity": {"value": 2600.0, "unit": "mA*h"}}


def test_a_text_beside_quantities_is_a_column_of_its_own(client, spec):
    frame = made(client, spec, {"cell": {"mass": G}}, {"cell": {"mass": "not weighed"}})
    assert frame["cell.mass [g]"].to_list() == [41.0, None]
    assert frame["cell.mass"].to_list() == [None, "not weighed"]
    assert not client.cell_instance.plan(frame)


def test_a_unit_that_nobody_knows_is_shown_as_it_is(client, spec):
    frame = made(client, spec, {"cell": {"grade": {"value": 3.0, "unit": "stars"}}})
    assert frame["cell.grade [stars]"].to_list() == [3.0]
    assert not client.cell_instance.plan(frame)
    edited = frame.with_columns(pl.lit(4.0).alias("cell.grade [stars]"))
    assert client.apply(client.cell_instance.plan(edited))


def test_a_pure_number_is_labelled_1(client, spec):
    frame = made(client, spec, {"cell": {"porosity": {"value": 0.3, "unit": ""}}})
    assert frame["cell.porosity [1]"].to_list() == [0.3]
    assert not client.cell_instance.plan(frame)


def test_units_that_clash_make_two_columns_and_a_warning(client, spec):
    volts = {"cell": {"dcr": {"value": 3.0, "unit": "V"}}}
    ohms = {"cell": {"dcr": {"value": 0.1, "unit": "ohm"}}}
    with pytest.warns(UserWarning, match="'V', 'ohm'"):
        frame = made(client, spec, volts, ohms, {})
    assert frame["cell.dcr"].to_list() == [3.0, 0.1, None]
    assert frame["cell.dcr.unit"].to_list() == ["V", "ohm", None]


@pytest.mark.parametrize("name", ["a.b", "a[b", "a]b", "a\\b", "a [g]", " a", "a ", "é", "a.unit"])
def test_a_property_of_any_name_is_read_and_edited(client, spec, name):
    frame = made(client, spec, {"cell": {name: G, "b": "x"}})
    assert not client.cell_instance.plan(frame)
    (label,) = [label for label in frame.columns if label.endswith(" [g]")]
    assert client.apply(client.cell_instance.plan(frame.with_columns(pl.lit(5.0).alias(label))))
    now = client.cell_instance.get("c-0").measured_properties["cell"]
    assert now == {name: {"value": 5.0, "unit": "g"}, "b": "x"}


@pytest.mark.parametrize(
    "name", ["notes", "batch", "spec", "name", "_action", "#x", "instance_version"]
)
def test_a_property_named_like_a_column_is_read_and_edited(client, spec, name):
    frame = made(client, spec, {name: "x"}, notes="n")
    assert not client.cell_instance.plan(frame)
    edited = frame.with_columns(pl.lit("y").alias(f"measured_properties.{name}"))
    assert client.apply(client.cell_instance.plan(edited))
    now = client.cell_instance.get("c-0")
    assert (now.measured_properties, now.notes) == ({name: "y"}, "n")


def test_what_nobody_declared_is_json_on_request(client):
    client.cell_spec.create({"name": "s", "source": {"b": [1, {"c": None}], "a": "x"}})
    assert "source" not in client.cell_spec.to_frame().columns
    frame = client.cell_spec.to_frame(columns="all")
    assert frame["source"].to_list() == ['{"a":"x","b":[1,{"c":null}]}']
    assert not client.cell_spec.plan(frame)
    plan = client.cell_spec.plan(frame.with_columns(source=pl.lit("{}")))
    assert "is not edited here" in plan.rows[0].message


def test_all_columns_add_times_without_zone_and_creators(client, cells, spec):
    frame = client.cell_instance.to_frame(spec, columns="all")
    more = [label for label in frame.columns if label not in cells.columns]
    assert "created_at [UTC]" in more
    assert frame.schema["created_at [UTC]"] == pl.Datetime("us")
    assert abs(frame["created_at [UTC]"][0].timestamp() - datetime.now().timestamp()) < 90_000  # noqa: DTZ005
    assert frame.columns[-1] == "instance_version"


@pytest.mark.parametrize("wanted", ["anode.loading", "anode.loading [mg/cm**2]"])
def test_a_wanted_column_is_there_when_nobody_filled_it(client, cells, spec, wanted):
    frame = client.cell_instance.to_frame(spec, columns=[wanted, "cell.mass", "notes"])
    assert frame["anode.loading [mg/cm**2]"].null_count() == 12
    assert frame.width == cells.width + 1
    assert not client.cell_instance.plan(frame)


def test_a_wanted_column_that_cannot_be_is_refused(client, spec):
    with pytest.raises(ConfigError, match="Did you mean 'notes'"):
        client.cell_instance.to_frame(spec, columns=["ntes"])
    with pytest.raises(ConfigError, match="give a list"):
        client.cell_instance.to_frame(spec, columns="notes")


def test_the_lab_is_read_without_a_spec(client, cells):
    other = client.cell_spec.create({"name": "other"})
    made(client, other, {"cell": {"mass": G}})
    frame = client.cell_instance.to_frame()
    assert set(frame["spec"]) == {"LFP 18650", "other"}
    assert frame.height == 13
    assert not client.cell_instance.plan(frame)


def test_pandas_columns_are_arrow_backed(client, cells, spec):
    frame = client.cell_instance.to_frame(spec, backend="pandas")
    assert isinstance(frame, pd.DataFrame)
    kinds = {str(dtype) for dtype in frame.dtypes}
    assert kinds <= {
        "large_string[pyarrow]",
        "string[pyarrow]",
        "double[pyarrow]",
        "date32[day][pyarrow]",
    }


@pytest.mark.parametrize("backend", ["polars", "pandas"])
@pytest.mark.parametrize("kind", ["csv", "parquet", "excel"])
def test_every_frame_can_be_saved_as_it_is(client, cells, spec, tmp_path, backend, kind):
    for number, resource in enumerate([client.cell_instance, client.cell_spec]):
        frame = resource.to_frame(backend=backend, columns="all")
        write = getattr(frame, f"{'write' if backend == 'polars' else 'to'}_{kind}")
        path = tmp_path / f"{number}.{'xlsx' if kind == 'excel' else kind}"
        write(path) if backend == "polars" else write(path, index=False)
        assert path.stat().st_size > 0


@pytest.mark.law("D4")
@pytest.mark.parametrize("route", ["polars csv", "polars parquet", "pandas csv", "pandas parquet"])
def test_a_file_that_nobody_edited_is_an_empty_plan(client, cells, tmp_path, route):
    library, kind = route.split()
    path = tmp_path / f"f.{kind}"
    (cells.write_csv if kind == "csv" else cells.write_parquet)(path)
    read = getattr(pl if library == "polars" else pd, f"read_{kind}")
    assert not client.cell_instance.plan(read(path))


def test_frames_know_their_columns_without_units(cells):
    assert cells.cell["cathode.loading"].to_list() == cells["cathode.loading [mg/cm**2]"].to_list()
    assert cells.cell.units() == {"cell.mass": "g", "cathode.loading": "mg/cm**2"}
    assert "cathode_loading_mg_per_cm2" in cells.cell.plain_names().columns
    with pytest.raises(KeyError, match="no column"):
        cells.cell["nothing"]
