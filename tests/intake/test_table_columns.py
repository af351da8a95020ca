"""What each column of a table of cells is taken for, and what stays a question."""

from __future__ import annotations

import polars as pl
import pytest

from cellframe.intake.columns import propose_columns
from cellframe.intake.values import Looks, has_commas, look, to_date
from tests.journeys.conftest import need


def proposed(comma=False, **columns):
    frame = pl.DataFrame(columns, schema_overrides=dict.fromkeys(columns, pl.String))
    return {line.key: line for line in propose_columns(frame, comma=comma)}


def labels(comma=False, **columns):
    return {key: line.value for key, line in proposed(comma, **columns).items()}


def of(header, *values, **others):
    """The line of one column, beside a name for each row."""
    names = [f"c-{row}" for row in range(len(values))]
    return proposed(cell=names, **{header: list(values)}, **others)[header]


def test_the_table_of_severson_needs_no_answer():
    lines = propose_columns(pl.read_csv(need("severson-lfp", "cells.csv"), infer_schema=False))
    assert [line.value for line in lines] == [
        "cell",
        "cell.split",
        "cell.index_in_split [1]",
        "batch",
        "cell.charging_policy",
        "cell.cycle_life [1]",
    ]
    assert not [line for line in lines if line.doubt]


@pytest.mark.parametrize(
    "header", ["Cell barcode", "Cell ID", "CellID", "Name", "Zelle", "Serial #"]
)
def test_the_column_of_names_is_found_by_its_header(header):
    found = labels(**{"Other": ["x", "y"], header: ["a", "b"]})
    assert found[header] == "cell"


def test_names_without_a_word_are_a_question():
    line = proposed(Kennung=["a", "b"], Lab=["x", "x"])["Kennung"]
    assert line.value == "cell"
    assert "taken for the cells' names" in line.doubt.message
    assert not line.doubt.changes_numbers


def test_numbered_cells_have_numbers_for_names():
    assert labels(**{"Cell no.": ["1", "2"], "Mass (g)": ["1.5", "2"]})["Cell no."] == "cell"


def test_names_that_occur_twice_are_no_names():
    assert "cell" not in labels(Cell=["a", "a"], Mass=["1", "2"]).values()


@pytest.mark.parametrize(
    ("header", "values", "label"),
    [
        ("Mass (g)", ("41.2", "42"), "cell.mass [g]"),
        ("Anode loading [mg/cm²]", ("4", "5"), "anode.loading [mg/cm**2]"),
        ("Kathodendicke (µm)", ("70", "71"), "cathode.thickness [um]"),
        ("Electrolyte volume (uL)", ("50", "51"), "electrolyte.volume [uL]"),
        ("N/P", ("1.05", "1.1"), "cell.n_p_ratio [1]"),
        ("Ah", ("1.1", "1.2"), "cell.capacity [A.h]"),
        ("OCV (V)", ("3.1", "n/a"), "cell.ocv [V]"),
        ("Lot", ("7", "7"), "batch"),
        ("Charge", ("A", "B"), "batch"),
        ("Datum", ("05.01.2026", "6.1.2026"), "date_manufactured"),
        ("Bemerkung", ("ok", None), "notes"),
        ("Datei", ("a.csv", "b.csv"), "_file"),
        ("cell.mass [mg]", ("1", "2"), "cell.mass [mg]"),
        ("instance_id", ("a", "b"), "_instance_id"),
        ("Policy", ("007", "008"), "cell.policy"),
    ],
)
def test_a_column_becomes_what_its_header_and_values_say(header, values, label):
    line = of(header, *values)
    assert (line.value, line.doubt) == (label, None)


@pytest.mark.parametrize(
    ("header", "value", "words"),
    [
        ("Mass", "41.2", "says no unit; g is usual"),
        ("Force", "1.5", "says no unit, and is taken for pure numbers such as 1.5"),
        ("count_g", "3", "'g' may be a unit, or a part of the name"),
        ("Built", "5/1/26", "has the day first, or the month first"),
    ],
)
def test_what_would_change_numbers_is_a_question_for_a_person(header, value, words):
    line = of(header, value, value)
    assert words in line.doubt.message
    assert line.doubt.changes_numbers
    assert line.doubt.line


def test_a_loading_of_no_electrode_is_a_question_that_changes_no_number():
    line = of("Loading (mg/cm2)", "12", "13")
    assert line.value == "cathode.loading [mg/cm**2]"
    assert "does not say of which part" in line.doubt.message
    assert not line.doubt.changes_numbers


def test_empty_columns_and_row_numbers_are_left_out():
    found = labels(**{"Unnamed: 0": ["0", "1"], "Cell": ["a", "b"], "leer": [None, None]})
    assert found == {"Unnamed: 0": "_Unnamed: 0", "Cell": "cell", "leer": "_leer"}


def test_two_columns_of_one_property_are_not_one_column():
    found = proposed(Cell=["a", "b"], Mass_g=["1", "2"], **{"Weight (g)": ["1", "3"]})
    assert found["Mass_g"].value == "cell.mass [g]"
    assert found["Weight (g)"].value == "cell.weight_g [g]"
    assert "Is it a second one?" in found["Weight (g)"].doubt.message


def test_a_column_of_ours_keeps_its_label_before_a_guess():
    found = labels(cell=["a", "b"], Mass_g=["1", "2"], **{"cell.mass [g]": ["1", "3"]})
    assert found["cell.mass [g]"] == "cell.mass [g]"
    assert found["Mass_g"] != "cell.mass [g]"


def test_one_bad_value_does_not_make_a_quantity_a_text():
    line = of("OCV (V)", "3.1", "bad", "3.2", "3.3")
    assert line.value == "cell.ocv [V]"
    assert "'bad' is no number, and its row will be refused" in line.why


@pytest.mark.parametrize(
    ("values", "orders"),
    [
        (["2026-01-05"], ("year first",)),
        (["05.01.2026"], ("day first",)),
        (["5/12/17", "6/30/17"], ("month first",)),
        (["31/12/2017"], ("day first",)),
        (["5/12/17"], ("day first", "month first")),
        (["3 Jan 2026"], ("day first",)),
    ],
)
def test_the_order_of_dates_is_what_every_value_allows(values, orders):
    found = look(pl.Series(values))
    assert (found.looks, found.orders) == (Looks.DATES, orders)


def test_a_date_loses_its_midnight_and_a_text_is_none():
    assert to_date("2026-01-05 00:00:00", "year first").isoformat() == "2026-01-05"
    assert to_date("soon", "day first") is None


def test_decimal_commas_are_decided_for_the_whole_file():
    assert has_commas(pl.DataFrame({"a": ["1,5", "2"], "b": ["x", "1,25"]}))
    assert not has_commas(pl.DataFrame({"a": ["1.5", "2"], "b": ["x", "1,25"]}))
    assert look(pl.Series(["1,5", "2"]), comma=True).looks is Looks.NUMBERS
