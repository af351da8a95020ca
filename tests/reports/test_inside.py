"""What the time series add to a report."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import cellframe as cf
from cellframe.errors import FrameError
from tests.reports.fleets import fleet

pytest.importorskip("altair")
pytest.importorskip("vl_convert")
OHM = 0.05
TITLES = ("DC resistance of pulses", "Voltage curves", "Incremental capacity")


def running(test: str, cell: str, cycles: int = 3, fade: float = 0.1) -> pl.DataFrame:
    """Cycles of a cell that is a sloping voltage and a resistor, with a pulse in each."""
    parts = []
    start = step = 0.0
    for cycle in range(cycles):
        long = 3600 * (1 - fade * cycle)
        for current, seconds, every in (
            (-1.0, long, 10),
            (0, 100, 1),
            (2.0, 20, 1),
            (0, 100, 1),
            (1.0, long, 10),
        ):
            time = np.arange(0, seconds, every)
            passed = -current * time / 3600
            level = passed if current <= 0 else 1 + passed
            voltage = 3.0 + 0.8 * (level if seconds == long else 1.0) - OHM * current
            parts.append(
                pl.DataFrame(
                    {
                        "Time [s]": start + time,
                        "Current [A]": np.full(len(time), float(current)),
                        "Voltage [V]": np.broadcast_to(voltage, len(time)),
                        "Step count": np.full(len(time), int(step)),
                        "Cycle count": np.full(len(time), cycle),
                    }
                )
            )
            start += time[-1] + 1
            step += 1
    keys = {
        "measurement_id": test,
        "instance_id": f"i-{cell}",
        "cell": f"c-{cell}",
        "test": "ageing",
    }
    return pl.concat(parts).select(
        *(pl.lit(value).alias(key) for key, value in keys.items()), pl.all()
    )


def with_series(frames: SimpleNamespace, *rows: pl.DataFrame) -> SimpleNamespace:
    series = pl.concat(rows).lazy()
    return SimpleNamespace(**{**vars(frames), "time_series": series})


@pytest.fixture(scope="module")
def frames() -> SimpleNamespace:
    return with_series(fleet(cells=4), *(running(f"m-{n}", str(n)) for n in range(4)))


def drawn(page: str) -> list[str]:
    return [title for title in TITLES if re.search(f">{title}", page)]


def test_series_add_resistances_and_curves(frames):
    made = cf.report(frames, series=True)
    assert drawn(made.html) == list(TITLES)
    found = made.tables["Resistances"]
    assert found["Resistance [ohm]"].to_list() == pytest.approx([OHM] * found.height)
    assert set(found["Point"]) == {"first", "1 s", "10 s", "end"}
    assert "Resistance" in made.definitions["Of"].to_list()
    assert "current with the wrong sign" in made.html


def test_without_asking_no_series_is_read(frames):
    made = cf.report(frames)
    assert drawn(made.html) == []
    assert "Resistances" not in made.tables
    assert "current with the wrong sign" not in made.html


def test_what_the_series_show_is_among_the_findings(frames):
    turned = frames.time_series.with_columns(-pl.col("Current [A]"))
    made = cf.report(SimpleNamespace(**{**vars(frames), "time_series": turned}), series=True)
    assert set(made.findings["Check"]) == {"current_sign_reversed"}
    assert made.flagged == 4


def test_tests_in_another_order_make_the_same_page(frames):
    other = with_series(frames, *(running(f"m-{n}", str(n)) for n in (2, 0, 3, 1)))
    assert cf.report(other, series=True).html == cf.report(frames, series=True).html


def test_of_a_cell_with_several_tests_the_longest_is_drawn():
    frames = fleet(cells=1, lots=1)
    short = frames.cycles.head(2).with_columns(measurement_id=pl.lit("m-short"))
    both = SimpleNamespace(**{**vars(frames), "cycles": pl.concat([short, frames.cycles])})
    rows = running("m-short", "0", cycles=1), running("m-0", "0", cycles=5)
    page = cf.report(with_series(both, *rows), series=True).html
    only = cf.report(with_series(both, rows[1]), series=True).html
    curves = re.compile(r">Voltage curves.*?</svg>", re.DOTALL)
    assert curves.findall(page) == curves.findall(only) != []


@pytest.mark.parametrize(
    ("without", "left"),
    [
        ("Voltage [V]", []),
        ("Current [A]", []),
        ("Cycle count", ["DC resistance of pulses"]),
    ],
)
def test_what_a_series_does_not_have_is_not_drawn(frames, without, left):
    less = SimpleNamespace(**{**vars(frames), "time_series": frames.time_series.drop(without)})
    assert drawn(cf.report(less, series=True).html) == left


@pytest.mark.parametrize("kept", [None, ["instance_id", "measurement_id"]])
def test_frames_read_without_series_say_how_to_read_them(frames, kept):
    series = None if kept is None else frames.time_series.select(kept)
    less = SimpleNamespace(**{**vars(frames), "time_series": series})
    for ask in (cf.report, cf.check):
        with pytest.raises(FrameError, match="include_time_series=True"):
            ask(less, series=True)


def test_cells_without_tests_have_no_series_and_no_fault():
    frames = fleet(cells=2)
    bare = SimpleNamespace(instances=frames.instances, time_series=pl.LazyFrame())
    assert drawn(cf.report(bare, series=True).html) == []
