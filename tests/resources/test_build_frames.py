"""A build sheet's frame: names that count on, the columns to fill in, and cells made of it."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.errors import ConfigError, NotFoundError
from cellframe.resources.building import names, numbered

PATTERN = "NCM622-GR-{:03}"


def test_names_count_from_one_where_there_are_none():
    assert names(PATTERN, 3, [], None) == ["NCM622-GR-001", "NCM622-GR-002", "NCM622-GR-003"]


def test_names_go_on_after_the_highest_and_leave_gaps_as_they_are():
    taken = ["NCM622-GR-001", "NCM622-GR-007", "NCM622-GR-0099", "NCM622-GR-x", "other-500"]
    assert names(PATTERN, 2, taken, None) == ["NCM622-GR-008", "NCM622-GR-009"]


def test_names_grow_longer_when_the_digits_are_used_up():
    assert names(PATTERN, 2, ["NCM622-GR-999"], None) == ["NCM622-GR-1000", "NCM622-GR-1001"]


def test_names_begin_where_they_are_told():
    assert names("c{}", 2, ["c40"], 12) == ["c12", "c13"]
    assert names("c{}", 1, [], 0) == ["c0"]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("{:02}-{{x}}", "07-{x}"), ("a{}b", "a7b"), ("{:d}", "7"), ("{:04d} µ", "0007 µ")],
)
def test_a_pattern_may_have_the_number_anywhere(pattern, name):
    assert numbered(pattern).name(7) == name
    assert numbered(pattern).number(name) == 7


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("NCM622", "has no place for the number"),
        ("", "has no place for the number"),
        ("{:03}-{:02}", "has 2 places for a number"),
        ("NCM-{:03", "has a brace without its partner"),
        ("NCM-}", "has a brace without its partner"),
        ("{:3}", "writes its number in a way that is not known"),
        ("{:x}", "writes its number in a way that is not known"),
        ("{:0003}", "writes its number in a way that is not known"),
        ("{n}", "writes its number in a way that is not known"),
        ("{0!r}", "writes its number in a way that is not known"),
        ("{:{}}", "writes its number in a way that is not known"),
    ],
)
def test_a_pattern_that_is_not_fit_is_said_with_one_that_is(pattern, what):
    with pytest.raises(ConfigError, match=r"as in 'NCM622-GR-\{:03\}'") as told:
        names(pattern, 1, [], None)
    assert what in str(told.value)


@pytest.mark.parametrize("count", [0, -1, 100_001, 2.0, True, "3"])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(ConfigError, match="is no whole number from 1 to 100,000"):
        names(PATTERN, count, [], None)


@pytest.mark.parametrize("start", [-1, 1.5, True])
def test_a_start_that_is_none_is_refused(start):
    with pytest.raises(ConfigError, match="start="):
        names(PATTERN, 1, [], start)


def test_names_that_are_taken_are_counted_and_the_first_is_named():
    with pytest.raises(ConfigError, match=r"2 names are taken already, 'c5' first\. Leave out"):
        names("c{}", 4, ["c5", "c6"], 3)


def test_a_name_in_another_spelling_of_its_letters_is_taken_too():
    decomposed = "Ze\u0301lle-1"
    assert names("Z\u00e9lle-{}", 1, [decomposed], None) == ["Z\u00e9lle-2"]


def test_a_name_that_is_too_long_is_refused():
    with pytest.raises(ConfigError, match="has 256 characters, and 255 are the most"):
        names("x" * 255 + "{}", 1, [], None)


def test_a_build_frame_has_the_columns_of_the_cells_in_their_order(client, cells):
    frame = client.cell_instance.build_frame("LFP 18650", 3, name="c-{:03}", batch="L3")
    assert frame.columns == [c for c in cells.columns if c != "spec_id"]
    assert frame.schema == cells.select(frame.columns).schema
    assert frame["cell"].to_list() == ["c-012", "c-013", "c-014"]
    assert frame.select("spec", "batch").unique().rows() == [("LFP 18650", "L3")]
    rest = frame.drop("cell", "spec", "batch")
    assert rest.null_count().row(0) == (3,) * rest.width


def test_a_spec_without_cells_gives_the_quantities_that_it_speaks_of(client, spec):
    frame = client.cell_instance.build_frame(spec, 1, name="c-{}")
    assert frame.columns == [
        *("instance_id", "cell", "spec", "batch", "date_manufactured"),
        *("cell.capacity [A.h]", "cathode.loading [mg/cm**2]", "notes", "instance_version"),
    ]
    assert frame["batch"].to_list() == [None]


def test_texts_and_limits_of_a_spec_are_nothing_to_measure(client):
    case = {"properties": {"supplier": "ACME", "height": {"value": 6.5, "unit": "cm"}}}
    ratings = {"voltage_max": {"value": 3.6, "unit": "V"}, "energy": {"value": 3, "unit": "Wh"}}
    client.cell_spec.create({"name": "S", "ratings": ratings, "case": case})
    frame = client.cell_instance.build_frame("S", 1, name="c-{}")
    assert frame.columns[5:] == [
        "cell.energy [W.h]",
        "case.height [cm]",
        "notes",
        "instance_version",
    ]


def test_units_of_the_client_are_those_of_the_frame(client, spec):
    client._connection.settings = client._connection.settings._replace(
        units={"cell.capacity": "mA.h"}
    )
    frame = client.cell_instance.build_frame(spec, 1, name="c-{}")
    assert "cell.capacity [mA.h]" in frame.columns


def test_a_build_frame_becomes_cells_once(client, spec):
    frame = client.cell_instance.build_frame(spec, 3, name="c-{:02}", batch="B7")
    filled = frame.with_columns(pl.Series("cell.capacity [A.h]", [1.08, None, 1.1]))
    receipt = client.apply(client.cell_instance.plan(filled))
    assert receipt.counts == {"ok": 3}
    assert client.cell_instance.plan(filled).summary["already_there"] == 3
    assert not client.cell_instance.plan(filled)
    assert client.cell_instance.to_frame(spec)["batch"].to_list() == ["B7"] * 3


def test_a_build_frame_comes_in_pandas_too(client, spec):
    frame = client.cell_instance.build_frame(spec, 2, name="c-{}", backend="pandas")
    assert type(frame).__module__.startswith("pandas")
    assert client.cell_instance.plan(frame).summary["create"] == 2


def test_a_spec_that_there_is_not_is_said(client, spec):
    with pytest.raises(NotFoundError, match="Did you mean 'LFP 18650'"):
        client.cell_instance.build_frame("LFP 18560", 1, name="c-{}")
