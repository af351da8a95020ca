"""What each column of a table of cells is taken for, and what stays a question."""

from __future__ import annotations

from datetime import timedelta

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
    assert line.doubt.needs_answer


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
    assert line.doubt.needs_answer
    assert line.doubt.line


def test_a_loading_of_no_electrode_is_a_question_that_changes_no_number():
    line = of("Loading (mg/cm2)", "12", "13")
    assert line.value == "cathode.loading [mg/cm**2]"
    assert "does not say of which part" in line.doubt.message
    assert not line.doubt.needs_answer


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


@pytest.mark.parametrize(
    ("header", "values", "words"),
    [
        ("Kapazität (mAh)", ("2.500", "2.480"), "decimals, or a thousands separator"),
        ("Kapazität (mAh)", ("2.500", "980"), "decimals, or a thousands separator"),
        ("Kapazität (mAh)", ("2.500,5", "2.480,1"), "none of its values is a number"),
        ("Capacity (mAh)", ("2,500", "2,480"), "none of its values is a number"),
        ("Capacity", ("1,002,500", "1,002,480"), "has numbers that cannot be read"),
        ("Capacity", ("2.500,5", "2.480,1"), "has numbers that cannot be read"),
        ("Masse", ("g", "41.5"), "says no unit; g is usual"),
        ("Voltage min", ("2.5", "2.6"), "says no unit; V is usual"),
        ("Voltage (min)", ("2.5", "2.6"), "'min' may be a unit, or a part of the name"),
        ("Charge rate (C)", ("1", "2"), "'C' may be a unit, or a part of the name"),
        ("Spannung [MV]", ("3", "4"), "'MV' is no unit that is known here"),
        ("Ri (M\u03a9)", ("3", "4"), "'M\u03a9' is no unit that is known here"),
        ("Höhe [in]", ("1", "2"), "'in' is no unit that is known here"),
        ("Date", ("26-01-05", "26-01-12"), "has the year first, or the day first"),
        ("Date", ("26/01/05", "26/01/12"), "has the year first, or the day first"),
        ("Date", ("2026-01-05", "12.01.2026"), "is a date by its name"),
        ("Date", ("46027", "46030"), "is a date by its name"),
        ("Datum", ("5. Mai 2026", "6. Mai 2026"), "is a date by its name"),
        ("Built", ("2026-01-05T10:00:00Z",), "is a date by its name"),
    ],
)
def test_what_looks_right_and_may_be_wrong_is_a_question_for_a_person(header, values, words):
    line = of(header, *values)
    assert words in line.doubt.message
    assert line.doubt.needs_answer


def test_a_decimal_comma_may_be_a_thousands_separator():
    names = {"cell": ["c-0", "c-1"]}
    line = proposed(comma=True, **names, Masse_g=["2,500", "980"])["Masse_g"]
    assert "decimals, or a thousands separator" in line.doubt.message


def test_three_decimals_are_decimals_where_another_column_tells():
    assert of("Mass (g)", "41.123", "41.250", Height_mm=["1.5", "2.25"]).doubt is None
    assert of("Mass (g)", "0.123", "1.250").doubt is None


def test_a_least_value_is_no_minute():
    found = labels(
        Cell=["a"], SOC_min=["5"], U_min=["2.5"], **{"Time min": ["5"], "Temp (F)": ["70"]}
    )
    assert list(found.values()) == [
        "cell",
        "cell.soc_min [1]",
        "cell.u_min [V]",
        "cell.time [min]",
        "cell.temperature [degF]",
    ]


def test_a_line_of_units_makes_no_names():
    found = proposed(comma=True, Zelle=[None, "z1"], Masse=["g", "41,5"], Dicke=["mm", "1,2"])
    assert found["Zelle"].value == "cell"
    assert found["Masse"].value == "cell.mass [g]"
    assert "'g' is no number, and its row will be refused" in found["Masse"].why


def test_numbers_are_not_taken_for_names():
    assert "cell" not in labels(Masse=["g", "41.5", "41.6"], Lab=["x", "x", "x"]).values()


@pytest.mark.parametrize("name", ["Summe", "Total (3)", "Mittelwert"])
def test_a_row_of_sums_is_a_question(name):
    doubt = proposed(Zelle=["z1", "z2", name])["Zelle"].doubt
    assert "is it a cell?" in doubt.message
    assert doubt.needs_answer
    assert proposed(Zelle=[name, "z1"])["Zelle"].doubt is None


def test_a_time_of_day_is_left_out_and_said():
    line = of("Date", "2026-01-05 10:00", "2026-01-06 00:00:00")
    assert line.why == "the date of manufacture; the time of day is left out"
    assert of("Date", "2026-01-06 00:00:00").why == "the date of manufacture"


@pytest.mark.parametrize(
    "column",
    [[timedelta(hours=1)], [[1, 2]], [{"a": 1}], [b"x"]],
)
def test_what_no_cell_holds_is_left_out(column):
    (_, line) = propose_columns(pl.DataFrame({"Cell": ["a"], "odd": column}))
    assert (line.value, line.why) == (
        "_odd",
        "lists, durations or bytes, which a cell does not hold",
    )
