"""Law D13: units convert exactly, there and back, and what measures another thing is refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellframe.contract.quantities import (
    UnitError,
    convert,
    default_unit,
    dimension,
    is_convertible,
    measures,
    spell,
)

pytestmark = pytest.mark.law("D13")
FAMILIES = [
    ["A.h", "mA.h", "C", "uA.h", "kA.h"],
    ["g", "kg", "mg", "ug", "lb"],
    ["mg/cm**2", "g/cm**2", "kg/m**2"],
    ["V", "mV", "kV"],
    ["um", "mm", "cm", "m", "inch"],
    ["ohm", "mohm"],
    ["W.h", "kW.h", "J"],
    ["W.h/kg", "mW.h/g"],
    ["1", "%"],
]
pairs = st.sampled_from([(a, b) for family in FAMILIES for a in family for b in family])
numbers = st.floats(-1e280, 1e280).filter(lambda x: x == 0 or abs(x) > 1e-280)


@given(pairs, numbers)
def test_there_and_back_is_within_two_ulps(units, number):
    # The law says one. A float between two units rounds once on each way: one pair in 700 is two.
    one, other = units
    back = convert(convert(number, one, other), other, one)
    assert abs(back - number) <= 2 * math.ulp(number)


@given(pairs, st.decimals(-9999, 9999, places=3).map(float))
def test_a_number_that_people_write_comes_back_as_it_was_among_decimal_units(units, number):
    one, other = units
    if not {"lb", "inch", "C", "J"} & {one, other}:
        assert convert(convert(number, one, other), other, one) == number


@pytest.mark.parametrize(
    ("value", "unit", "other", "wanted"),
    [
        (4.2, "V", "mV", 4200.0),
        (4199.999, "mV", "V", 4.199999),
        (2.5, "A*h", "mAh", 2500.0),
        (0.3, "A.h", "mA.h", 300.0),
        (25.0, "degC", "K", 298.15),
        (298.15, "K", "°C", 25.0),
        (12.1, "mg/cm**2", "g/cm^2", 0.0121),
        (1.0, "A.h", "C", 3600.0),
        (50.0, "%", "1", 0.5),
        (0.1, "kg", "g", 100.0),
    ],
)
def test_decimals_stay_exact(value, unit, other, wanted):
    assert convert(value, unit, other) == wanted


SPELLINGS = [("A*h", "A.h"), ("Ah", "A.h"), ("mg.cm-2", "mg/cm**2"), ("Ω", "ohm"), ("°C", "degC")]
SPELLINGS += [("", "1"), ("-", "1"), (" g ", "g"), ("mAh/cm2", "mA.h/cm**2"), ("Wh/kg", "W.h/kg")]


@pytest.mark.parametrize(("given_unit", "shown"), SPELLINGS)
def test_spellings_are_one_unit(given_unit, shown):
    assert spell(given_unit) == shown
    assert convert(1.1, given_unit, shown) == 1.1


@pytest.mark.rule("W20")
@pytest.mark.parametrize(
    ("unit", "other", "words"),
    [
        ("A.h", "V", "charge.*voltage"),
        ("g", "mg/cm**2", "mass.*mass per area"),
        ("g", "1", "pure number"),
    ],
)
def test_two_dimensions_are_both_named(unit, other, words):
    with pytest.raises(UnitError, match=words):
        convert(1.0, unit, other)


UNKNOWN = [
    "grmas",
    "A..h",
    "**",
    "1/0",
    "((",
    "g" * 100,
    "\0",
    "g;h",
    "__import__('os')",
    "5",
    "g +",
]


@pytest.mark.law("X4")
@pytest.mark.parametrize("unit", UNKNOWN)
def test_a_text_that_is_no_unit_is_unknown_and_runs_nothing(unit):
    assert not is_convertible(unit, "g")
    with pytest.raises(UnitError):
        convert(1.0, unit, "g")


@given(st.text(max_size=12))
def test_any_text_as_a_unit_is_a_dimension_or_a_unit_error(text):
    try:
        assert measures(text)
    except UnitError as fault:
        assert "is not a unit that is known here" in str(fault)  # noqa: PT017


@given(st.text(max_size=12))
def test_an_unknown_unit_converts_into_itself(text):
    assert is_convertible(text, text)
    assert convert(1.5, text, text) == 1.5


@pytest.mark.parametrize("number", [math.inf, -math.inf])
def test_an_infinity_stays_one(number):
    assert convert(number, "g", "kg") == number


def test_a_negative_zero_and_the_smallest_number_stay():
    assert math.copysign(1, convert(-0.0, "g", "g")) == -1
    assert convert(5e-324, "g", "g") == 5e-324


@pytest.mark.parametrize(
    ("path", "unit"),
    [(("cathode", "loading"), "mg/cm**2"), (("cell", "mass"), "g"), (("x",), None)],
)
def test_a_field_has_its_usual_unit(path, unit):
    assert default_unit(path) == unit


def test_every_default_is_a_unit():
    from cellframe.contract.quantities import _DEFAULTS, _MEASURES, _SPELLINGS

    for unit in {*_DEFAULTS.values(), *_MEASURES, *_SPELLINGS}:
        assert dimension(unit)
        assert spell(unit) == unit


def test_every_spelling_measures_what_its_unit_does():
    from cellframe.contract.quantities import _SPELLINGS

    for unit, others in _SPELLINGS.items():
        assert all(dimension(other) == dimension(unit) for other in others)
