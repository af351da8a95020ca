from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from cellframe import analysis, plots
from cellframe.errors import ConfigError, FrameError
from cellframe.plots.drawing import HEIGHT
from tests.journeys.conftest import need

pytest.importorskip("altair")
pytest.importorskip("vl_convert")
Q, CYCLE = "Discharge capacity [A.h]", "Cycle count"


def fading(cells: int, cycles: int = 30, lots: int = 2) -> pl.DataFrame:
    cycle = np.arange(cycles)
    return pl.concat(
        pl.DataFrame(
            {
                "cell": f"c-{n}",
                "batch": f"lot {n % lots}",
                CYCLE: cycle,
                Q: 1.1 * (1 - (1 + n % 5 / 10) * 1e-3 * cycle),
                "Charge capacity [A.h]": 1.101 * (1 - (1 + n % 5 / 10) * 1e-3 * cycle),
            }
        )
        for n in range(cells)
    )


@pytest.fixture(scope="module")
def severson() -> pl.DataFrame:
    rows = pl.read_parquet(need("severson-lfp", "discharge_capacity_by_cycle.parquet"))
    cells = pl.read_csv(need("severson-lfp", "cells.csv")).rename({"Cell barcode": "cell"})
    return analysis.with_cells(rows.rename({"Cell barcode": "cell"}), cells, "Batch date")


def told(chart) -> dict:
    """The chart as Vega-Lite reads it, every layer with its own rows."""
    whole = chart.to_dict()
    _fill(whole, whole.get("datasets", {}))
    return whole


def _fill(part, sets) -> None:
    if isinstance(part, dict):
        data = part.get("data")
        if isinstance(data, dict) and "name" in data:
            data["values"] = sets[data["name"]]
        for key in ("layer", "vconcat", "hconcat", "concat"):
            for inner in part.get(key, []):
                _fill(inner, sets)


def _first_rows(chart) -> list[dict]:
    drawn = told(chart)
    return (drawn["layer"][0].get("data") or drawn["data"])["values"]


def caption(chart) -> str:
    return " ".join(told(chart)["title"]["subtitle"])


def domain(chart) -> list[float]:
    return told(chart)["layer"][0]["encoding"]["y"]["scale"]["domain"]


def kinds(chart) -> list[str]:
    return [layer["mark"]["type"] for layer in told(chart)["layer"]]


def test_84_cells_are_medians_and_bands_with_glitches_at_the_edge_and_counted(severson):
    chart = plots.fade(severson, by="Batch date")
    low, high = domain(chart)
    assert 0.85 < low < 0.91
    assert 1.005 < high < 1.1
    assert kinds(chart)[:2] == ["area", "line"]
    assert "5/12/17: 41, 6/30/17: 43" in caption(chart)
    assert "4 values are beyond the axis, drawn at its edge" in caption(chart)
    assert "EL150800464977 at 12 (29.11)" in caption(chart)
    assert "Definition: Discharge capacity over the first cycle, 2." in caption(chart)


def test_cells_that_stay_odd_are_drawn_and_named(severson):
    chart = plots.fade(severson, by="Batch date")
    assert "EL150800460605" in caption(chart)
    names = [layer for layer in told(chart)["layer"] if layer["mark"]["type"] == "text"]
    assert "EL150800460605" in [row["cell"] for row in names[0]["data"]["values"]]


def test_few_cells_have_a_line_each_in_the_colours_of_their_lots():
    chart = plots.fade(fading(4), by="batch")
    first = told(chart)["layer"][0]
    assert first["mark"]["type"] == "line"
    assert first["encoding"]["color"]["scale"]["range"] == ["#0072B2", "#E69F00"]
    assert first["encoding"]["strokeDash"]["scale"]["domain"] == ["lot 0", "lot 1"]
    assert caption(chart).startswith("4 cells, a line each.")


def test_1000_cells_are_a_small_picture():
    chart = plots.fade(fading(1000, 40, 12), by="batch")
    drawn = plots.svg(chart)
    assert len(drawn) < 300_000
    assert "5 smaller groups are drawn as 'all others'." in caption(chart)
    assert len(told(chart)["layer"][0]["encoding"]["color"]["scale"]["domain"]) == 8


def test_a_long_line_keeps_its_single_peak():
    cycles = fading(1, 5000).with_columns(
        pl.when(pl.col(CYCLE) == 3210).then(1.05).otherwise(1.1 - 1e-6 * pl.col(CYCLE)).alias(Q)
    )
    values = _first_rows(plots.fade(cycles, Q))
    assert len(values) <= 400
    assert {"cell": "c-0", "x": 3210, "y": 1.05, "lot": "all"} in values


@pytest.mark.parametrize("cells", [1, 30])
def test_one_cycle_is_marks_not_an_empty_picture(cells):
    chart = plots.fade(fading(cells, 1), Q)
    assert "circle" in kinds(chart)


def test_what_cannot_be_drawn_is_said_in_the_picture():
    nothing = fading(2).with_columns(pl.lit(None, pl.Float64).alias(Q))
    assert "There is no value of" in plots.svg(plots.fade(nothing, Q))
    assert "No cell has a value of" in plots.svg(plots.histogram(nothing, Q, by=None))
    uncharged = fading(2).with_columns(pl.lit(None, pl.Float64).alias("Charge capacity [A.h]"))
    assert "No cycle has both" in plots.svg(plots.efficiencies(uncharged))


HOSTILE = "x]' \"<script>alert(1)</script> & 電池.a[b]"


def test_names_of_people_are_text_in_a_picture():
    cells = fading(2).with_columns(pl.lit(HOSTILE).alias("cell"), pl.lit(HOSTILE).alias("batch"))
    drawn = plots.svg(plots.fade(cells, Q, by="batch", title=HOSTILE))
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn
    assert "電池" in drawn


def test_a_picture_is_the_same_each_time_in_whatever_order_the_rows_come():
    cells = fading(30)
    mixed = cells.sample(fraction=1, shuffle=True, seed=3)
    assert plots.svg(plots.fade(cells, Q, by="batch")) == plots.svg(
        plots.fade(mixed, Q, by="batch")
    )


def test_the_cycles_of_the_cycler_are_on_the_axis_where_they_are_known():
    chart = plots.fade(fading(2).with_columns((pl.col(CYCLE) + 1).alias("Cycle from cycler")))
    assert told(chart)["layer"][0]["encoding"]["x"]["title"] == "Cycle (as the cycler counts)"
    assert min(row["x"] for row in _first_rows(chart)) == 1


def test_efficiencies_are_one_under_the_other_as_far_as_they_are_known():
    chart = told(plots.efficiencies(fading(3), by="batch"))
    assert [part["layer"][0]["encoding"]["y"]["title"] for part in chart["vconcat"]] == [
        "Coulombic efficiency"
    ]


def test_a_histogram_has_a_row_per_lot_and_counts_each_cell_once(severson):
    second = severson.filter(pl.col(CYCLE) == 12)
    chart = told(plots.histogram(second, Q, by="Batch date"))
    bars = [bar for panel in chart["vconcat"] for bar in panel["layer"][0]["data"]["values"]]
    assert len(chart["vconcat"]) == 2
    assert sum(bar["n"] for bar in bars) == 84 - 2
    assert "Far beyond the axis, and not drawn: EL150800464" in " ".join(chart["title"]["subtitle"])


def test_of_few_values_only_one_of_another_size_is_beyond_the_axis():
    few = pl.DataFrame({"cell": list("abc"), "life": [29.8, 32.8, 35.8]})
    assert "beyond" not in caption(plots.histogram(few, "life", by=None))
    odd = pl.DataFrame({"cell": list("abcd"), "life": [1.04, 1.05, 1.06, 31.0]})
    assert "not drawn: d (31)" in caption(plots.histogram(odd, "life", by=None))


def test_a_histogram_of_equal_values_is_one_bar():
    chart = plots.histogram(
        pl.DataFrame({"cell": ["a", "b"], "mass [g]": [39.0, 39.0]}), "mass [g]", by=None
    )
    bars = told(chart)["vconcat"][0]["layer"][0]["data"]["values"]
    assert [bar["n"] for bar in bars] == [2]


def series() -> pl.DataFrame:
    part = np.linspace(0, 1, 50)
    rows = [
        pl.DataFrame(
            {
                "cell": "c-0",
                "Time [s]": 3600 * (2 * cycle + way + part),
                "Voltage [V]": (3.0 + part if not way else 4.0 - part) + 0.05 * np.sin(6 * part),
                "Current [A]": -1.0 if not way else 1.0,
                "Step count": 2 * cycle + way,
                CYCLE: cycle,
            }
        )
        for cycle in range(12)
        for way in (0, 1)
    ]
    return pl.concat(rows)


def test_voltage_curves_are_of_chosen_cycles_by_charge():
    chart = told(plots.voltage_curves(series().lazy(), cycles=[0, 11]))
    rows = chart["data"]["values"]
    assert {row["cycle"] for row in rows} == {0, 11}
    assert {row["direction"] for row in rows} == {"charge", "discharge"}
    assert max(row["x"] for row in rows) == pytest.approx(1.0)
    assert len(told(plots.voltage_curves(series()))["data"]["values"]) == 8 * 2 * 50
    with pytest.raises(
        ConfigError, match="No test has the cycle 99: 'Cycle count' goes from 0 to 11"
    ):
        plots.voltage_curves(series(), cycles=[99])


def test_colour_bars_have_the_same_names_each_time_and_no_two_pictures_share_one():
    few, many = (plots.voltage_curves(series(), cycles=chosen) for chosen in ([0, 3], [0, 11]))
    drawn = plots.svg(few)
    assert plots.svg(few) == drawn
    names = [re.findall(r'id="([^"]+)"', picture) for picture in (drawn, plots.svg(many))]
    assert names[0]
    assert not set(names[0]) & set(names[1])
    assert set(re.findall(r"url\(#([^)]+)\)", drawn)) <= set(names[0])


def test_a_waterfall_has_its_cycles_apart_and_says_how_far():
    chart = told(plots.incremental_capacity(analysis.incremental_capacity(series())))
    assert [part["title"] for part in chart["hconcat"]] == ["charge", "discharge"]
    assert "stands" in " ".join(chart["title"]["subtitle"])
    rows = chart["hconcat"][0]["data"]["values"]
    apart = {row["cycle"]: row["y"] - row["value"] for row in rows}
    assert len(set(apart.values())) == 8


def test_resistance_is_over_the_state_of_charge_a_colour_for_each_time():
    table = pl.DataFrame(
        {
            "cell": ["a"] * 4,
            "Event": ["application"] * 3 + ["release"],
            "Point": ["1.0 s", "10.0 s", "1.0 s", "1.0 s"],
            "SOC": [0.5, 0.5, 0.2, 0.5],
            "Resistance [ohm]": [0.030, 0.034, 0.031, 0.9],
        }
    )
    chart = told(plots.resistance(table))
    rows = chart["layer"][1]["data"]["values"]
    assert [row["y"] for row in rows] == pytest.approx([30.0, 34.0, 31.0])
    assert chart["layer"][0]["encoding"]["y"]["title"] == "Resistance [mohm]"


@pytest.mark.parametrize(("cells", "mark"), [(3, "line"), (30, "area")])
def test_rate_capability_of_few_and_of_many(cells, mark):
    rows = [
        {"cell": f"c{n}", "C-rate": rate, Q: 5 - rate} for n in range(cells) for rate in (0.1, 1.0)
    ]
    chart = told(plots.rate_capability(pl.DataFrame(rows)))
    assert chart["layer"][0]["mark"]["type"] == mark
    assert chart["layer"][0]["encoding"]["x"]["scale"]["type"] == "log"


def test_a_frame_that_is_something_else_is_refused():
    other = pl.DataFrame({"cell": ["a"]})
    for draw in (
        plots.resistance,
        plots.rate_capability,
        plots.incremental_capacity,
        plots.voltage_curves,
    ):
        with pytest.raises(FrameError, match="the frame has 'cell'"):
            draw(other)


@pytest.mark.parametrize(
    ("name", "begins"), [("a.svg", b"<svg"), ("a.png", b"\x89PNG"), ("a.json", b"{")]
)
def test_a_chart_is_saved_without_a_browser(tmp_path, name, begins):
    path = plots.save(plots.fade(fading(2)), tmp_path / name)
    assert path.read_bytes().startswith(begins)


def test_a_page_of_a_chart_needs_no_network(tmp_path):
    text = plots.save(plots.fade(fading(1)), tmp_path / "a.html").read_text("utf-8")
    assert 'src="http' not in text
    with pytest.raises(ConfigError, match=r"written as \.svg, \.png, \.html or \.json"):
        plots.save(plots.fade(fading(1)), tmp_path / "a.gif")


def test_without_altair_the_error_names_the_extra():
    code = "import sys; sys.modules['altair'] = None\nimport polars as pl\nfrom cellframe import plots\nplots.fade(pl.DataFrame({'Cycle count': [0], 'Discharge capacity [A.h]': [1.0]}))"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert 'pip install "cellframe[plot]"' in ended.stderr


def test_names_of_lines_that_end_together_do_not_meet():
    kept = {f"c{n:02}": 1 - 1e-4 * (n % 5) for n in range(25)}
    kept |= {f"odd{n}": 0.9 + 1e-5 * n for n in range(4)}
    rows = pl.DataFrame({"cell": list(kept), "kept": list(kept.values())})
    cycles = pl.DataFrame({CYCLE: list(range(1, 31))})
    drawn = plots.svg(plots.fade(rows.join(cycles, how="cross"), "kept"))
    heights = sorted(
        float(y) for y in re.findall(r"translate\([\d.]+,([\d.]+)\)[^<>]*>odd\d<", drawn)
    )
    assert len(heights) == 4
    assert min(np.diff(heights)) > 11
    assert 0 <= heights[0] <= heights[-1] <= HEIGHT


def test_cells_without_a_value_are_named():
    cells = fading(3).with_columns(pl.when(pl.col("cell") != "c-1").then(Q).alias(Q))
    assert "Not drawn, without a value of Discharge capacity [A.h]: c-1." in caption(
        plots.fade(cells, Q)
    )


def test_voltage_curves_are_of_the_cycles_that_the_cycler_counts():
    counted = series().with_columns((pl.col(CYCLE) + 1).alias("Cycle from cycler"))
    chart = told(plots.voltage_curves(counted, cycles=[12]))
    assert {row["cycle"] for row in chart["data"]["values"]} == {12}
    assert "Cycles as the cycler counts." in " ".join(chart["title"]["subtitle"])


def test_an_answer_keeps_the_count_of_the_cycler():
    counted = fading(2).with_columns((pl.col(CYCLE) + 1).alias("Cycle from cycler"))
    kept = analysis.retention(counted, reference="first")
    assert kept["Cycle from cycler"].to_list() == [*range(1, 31)] * 2
    chart = told(plots.fade(kept))
    assert chart["layer"][0]["encoding"]["x"]["title"] == "Cycle (as the cycler counts)"


def test_cells_looked_at_at_cycles_of_their_own_have_one_smooth_median():
    # Each cell loses 1 % in ten cycles; no two are looked at in the same cycle.
    cells = pl.concat(
        pl.DataFrame({"cell": f"c{n:02}", CYCLE: range(n, 1000, 100)}) for n in range(30)
    ).with_columns(
        (1 - pl.col(CYCLE) / 1000 + pl.col("cell").str.slice(1).cast(pl.Int64) / 1e3).alias("kept")
    )
    chart = plots.fade(cells, "kept")
    rows = [row for row in _first_rows(chart) if 100 <= row["x"] <= 900]
    slope = np.diff([row["y"] for row in rows]) / np.diff([row["x"] for row in rows])
    assert slope.tolist() == pytest.approx([-1e-3] * len(slope), abs=1e-4)
    assert "straight lines" in caption(chart)
    assert "straight lines" not in caption(plots.fade(fading(30), Q))
