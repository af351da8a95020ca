"""Tests are edited like cells: names, times, protocol, setup, tags and properties."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest

from cellframe.resources.sheets import write_for_reading

PROTOCOL = {"name": "C/20", "ambient_temperature_degc": 25.0, "definition": {"steps": [1, 2]}}
SETUP = {"cycler": "Maccor 4000", "channel_number": 7, "rig": "B"}


@pytest.fixture
def teardown(client, cells) -> str:
    """The id of a test with tags, a protocol, a setup and a property."""
    made = client.cell_measurement.create_properties(
        cells["instance_id"][0],
        "teardown",
        {"impedance": {"value": 12.1, "unit": "mohm"}},
        tags=["Formation", "screened"],
        protocol=PROTOCOL,
        test_setup=SETUP,
        start_time="2026-01-31T08:00:00Z",
        notes="first",
    )
    return made.id


@pytest.fixture
def tests_read(client, teardown) -> pl.DataFrame:
    """The frame of that one test."""
    return client.cell_measurement.to_frame()


def with_values(frame: pl.DataFrame, **values: object) -> pl.DataFrame:
    """The frame with other values; a dot in a label is written as two underscores."""
    new = {label.replace("__", "."): value for label, value in values.items()}
    return frame.with_columns(
        pl.lit(value, dtype=frame.schema[label]).alias(label) for label, value in new.items()
    )


def test_an_untouched_frame_of_tests_is_an_empty_plan(client, tests_read):
    assert not client.cell_measurement.plan(tests_read)


def test_a_frame_with_every_column_is_an_empty_plan(client, teardown):
    assert not client.cell_measurement.plan(client.cell_measurement.to_frame(columns="all"))


@pytest.mark.rule("W20")
def test_an_edited_key_of_a_protocol_leaves_the_others_of_it(client, tests_read, teardown):
    edited = with_values(tests_read, protocol__name="C/10")
    assert client.apply(client.cell_measurement.plan(edited))
    assert client.cell_measurement.get(teardown).to_dict()["protocol"] == {
        **PROTOCOL,
        "name": "C/10",
    }


@pytest.mark.rule("W20")
def test_a_colleagues_edit_of_another_key_of_the_object_is_kept(
    client, colleague, tests_read, teardown
):
    colleague.cell_measurement.update(teardown, {"test_setup": {**SETUP, "rig": "C"}})
    edited = with_values(tests_read, test_setup__cycler="Arbin")
    assert client.apply(client.cell_measurement.plan(edited))
    now = client.cell_measurement.get(teardown).to_dict()["test_setup"]
    assert now == {**SETUP, "rig": "C", "cycler": "Arbin"}


def test_the_last_key_that_is_cleared_takes_its_object_along(client, cells):
    made = client.cell_measurement.create_properties(
        cells["instance_id"][1], "t", {}, protocol={"name": "C/20"}
    )
    edited = with_values(
        client.cell_measurement.to_frame(cells["instance_id"][1]), protocol__name=None
    )
    assert client.apply(client.cell_measurement.plan(edited))
    assert client.cell_measurement.get(made.id).to_dict().get("protocol") is None


def test_a_time_is_sent_in_utc(client, tests_read, teardown):
    edited = with_values(tests_read, **{"start_time [UTC]": datetime(2026, 2, 1, 9, 30)})  # noqa: DTZ001 - as frames hold times
    assert client.apply(client.cell_measurement.plan(edited))
    assert (
        client.cell_measurement.get(teardown)
        .to_dict()["start_time"]
        .startswith("2026-02-01T09:30:00")
    )


@pytest.mark.rule("W13")
def test_tags_in_another_order_and_case_are_no_edit(client, tests_read):
    assert not client.cell_measurement.plan(with_values(tests_read, tags="SCREENED; formation"))


@pytest.mark.rule("W36")
def test_tags_that_two_people_add_are_both_kept(client, colleague, tests_read, teardown):
    colleague.cell_measurement.add_tags(teardown, ["theirs"])
    edited = with_values(tests_read, tags="Formation; mine")
    assert client.apply(client.cell_measurement.plan(edited)).counts["ok"] == 1
    tags = client.cell_measurement.get(teardown).to_dict()["tags"]
    assert sorted(tags) == ["Formation", "mine", "theirs"]


def test_every_tag_is_cleared_by_an_empty_cell(client, tests_read, teardown):
    plan = client.cell_measurement.plan(with_values(tests_read, tags=None))
    assert plan.summary["cells_cleared"] == 1
    assert client.apply(plan)
    assert client.cell_measurement.get(teardown).to_dict()["tags"] == []


def test_a_property_and_a_channel_and_notes_are_edited_at_once(client, tests_read, teardown):
    edited = with_values(
        tests_read,
        notes="second",
        test_setup__channel_number="8",
        **{"properties.impedance [ohm]": 0.0125},
    )
    assert client.apply(client.cell_measurement.plan(edited)).counts == {"ok": 1}
    now = client.cell_measurement.get(teardown).to_dict()
    assert (now["notes"], now["test_setup"]["channel_number"]) == ("second", "8")
    assert now["properties"] == {"impedance": {"value": 12.5, "unit": "mohm"}}


def test_a_new_row_of_a_test_is_invalid_and_says_how_one_is_made(client, tests_read):
    edited = with_values(tests_read, measurement_id=None, test="another")
    (step,) = client.cell_measurement.plan(edited)
    assert step.action.value == "invalid"
    assert "client.cell_measurement.create" in step.message


def test_a_test_stays_with_its_cell(client, cells, tests_read):
    edited = with_values(tests_read, instance_id=cells["instance_id"][2])
    assert client.cell_measurement.plan(edited).summary["invalid"] == 1


@pytest.mark.rule("W23")
@pytest.mark.parametrize("label", ["spec", "spec_id"])
def test_another_spec_of_a_test_is_an_invalid_row(client, tests_read, label):
    edited = with_values(tests_read, **{label: "other"})
    (step,) = client.cell_measurement.plan(edited)
    assert step.action.value == "invalid"
    assert step.message.startswith(f"Row 0, {label!r}: does not change")
    assert client.apply(client.cell_measurement.plan(edited)).refused


def test_an_edit_beside_another_spec_is_not_sent(client, tests_read):
    (step,) = client.cell_measurement.plan(with_values(tests_read, spec="other", notes="second"))
    assert (step.action.value, step.changes[0].label) == ("invalid", "notes")


def test_a_spec_beside_many_tests_is_looked_at_too(client, cells, spec):
    for id_ in client.cell_instance.create_many(
        [{"cell": f"n-{n}"} for n in range(21)], spec
    ).to_frame()["id"]:
        client.cell_measurement.create_properties(id_, "t", {})
    read = client.cell_measurement.to_frame()
    assert not client.cell_measurement.plan(read)
    for label in ("spec", "spec_id"):
        edited = read.with_columns(pl.lit("other").alias(label))
        assert client.cell_measurement.plan(edited).summary["invalid"] == 21


def test_a_spec_that_a_file_guards_against_formulas_is_no_edit(client, tmp_path):
    spec = client.cell_spec.create({"name": "=made of"})
    cell = client.cell_instance.create(spec, {"name": "c"})
    client.cell_measurement.create_properties(cell.id, "t", {})
    path = tmp_path / "tests.csv"
    write_for_reading(client.cell_measurement.to_frame(), path, "tests")
    assert "'=made of" in path.read_text("utf-8-sig")
    assert not client.plan_file(path)
