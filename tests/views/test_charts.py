"""Labels in charts: every one finds its column."""

from __future__ import annotations

import altair as alt
import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import ConfigError

LABELS = [
    "Voltage [V]",
    "cathode.loading [mg/cm**2]",
    "a:b",
    "it's",
    "a]b",
    "mean(x)",
    "count()",
    "Capacity (net) [A.h]",
    "ratio: 1",
    "é",
    "plain",
]


def field_of(text: str) -> str:
    """Whose value vega takes: it goes into nested data at a bare . or [, and takes away each \\."""
    name, characters = "", iter(text)
    for character in characters:
        assert character not in ".[]'\"", text
        name += next(characters) if character == "\\" else character
    return name


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("type_", ["Q", "nominal", None])
def test_every_label_finds_its_column(label, type_):
    frame = pl.DataFrame({label: [1.0, 2.0]})
    chart = alt.Chart(frame).mark_point().encode(x=cf.alt(label, type_)).to_dict()
    drawn = chart["encoding"]["x"]
    assert field_of(drawn["field"]) == label
    assert "aggregate" not in drawn
    assert drawn["type"] == ("nominal" if type_ == "nominal" else "quantitative")


@pytest.mark.parametrize("label", LABELS)
def test_every_label_is_drawn(label):
    vl_convert = pytest.importorskip("vl_convert")
    frame = pl.DataFrame({label: [1.0, 2.0]})
    chart = alt.Chart(frame).mark_point().encode(x=cf.alt(label, "Q"), y=cf.alt(label, "Q"))
    drawn = vl_convert.vegalite_to_svg(chart.to_dict())
    assert drawn.count('aria-roledescription="point"') == 2
    assert "NaN" not in drawn


def test_a_type_at_the_end_stays_one():
    assert cf.alt("Voltage [V]:Q") == r"Voltage \[V\]:Q"
    assert cf.alt("x:Q", "N") == r"x\:Q:N"


def test_an_aggregate_is_put_around_a_label():
    frame = pl.DataFrame({"Voltage [V]": [1.0]})
    chart = alt.Chart(frame).mark_bar().encode(y=f"mean({cf.alt('Voltage [V]')}):Q").to_dict()
    assert chart["encoding"]["y"]["aggregate"] == "mean"
    assert field_of(chart["encoding"]["y"]["field"]) == "Voltage [V]"


@pytest.mark.parametrize("label", ['say "x"', "back\\slash"])
def test_a_label_that_no_chart_can_draw_is_told(label):
    with pytest.raises(ConfigError, match="no chart can draw"):
        cf.alt(label)


def test_a_type_that_there_is_not_is_told():
    with pytest.raises(ConfigError, match="none of altair's"):
        cf.alt("x", "quantitive")
