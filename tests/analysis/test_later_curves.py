from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests.journeys.conftest import need

DELTA, LOG_VARIANCE = "Delta Q [A.h]", "log10 variance of delta Q"


@pytest.fixture(scope="module")
def curves() -> pl.DataFrame:
    """Discharge curves of 84 cells at cycles 10 and 100 (Severson et al. 2019)."""
    raw = pl.read_parquet(need("severson-lfp", "qv_cycles_10_100.parquet"))
    return raw.rename({"Cell barcode": "cell"})


@pytest.fixture(scope="module")
def features(curves) -> pl.DataFrame:
    cells = pl.read_csv(need("severson-lfp", "cells.csv")).rename({"Cell barcode": "cell"})
    made = analysis.delta_q_features(analysis.delta_q(curves))
    return made.join(cells, on="cell").with_columns(
        pl.col("Cycle life").log10().alias("log10 life")
    )


def split(features: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Training cells, and the test cells without the one that died after 148 cycles."""
    train, test = (features.filter(pl.col("Split") == name) for name in ("train", "test1"))
    return train, test.filter(pl.col("Index in split") != 22)


def test_the_published_model_of_the_life_of_a_cell_is_reproduced(features):
    train, test = split(features)
    x, y = train[LOG_VARIANCE].to_numpy(), train["log10 life"].to_numpy()
    slope, intercept = np.polyfit(x, y, 1)
    assert (intercept, slope) == pytest.approx((1.346149, -0.395814), abs=2e-5)
    found = [
        (10 ** (intercept + slope * part[LOG_VARIANCE]) - part["Cycle life"]).to_numpy()
        for part in (train, test)
    ]
    errors = [np.sqrt(np.mean(one**2)) for one in found]
    assert errors == pytest.approx([103.57, 138.33], abs=0.01)


def test_the_feature_goes_with_the_life_of_the_cells(features):
    for name, expected in (("train", -0.9044), ("test1", -0.9370)):
        part = features.filter(pl.col("Split") == name)
        assert part.select(pl.corr(LOG_VARIANCE, "log10 life")).item() == pytest.approx(
            expected, abs=1e-4
        )


def test_features_are_population_moments_of_the_curve(curves):
    curve = analysis.delta_q(curves.filter(pl.col("cell") == "EL150800460486"))
    (row,) = analysis.delta_q_features(curve).rows(named=True)
    values = curve[DELTA].to_numpy()
    centred = values - values.mean()
    variance = np.mean(centred**2)
    assert row["Variance of delta Q [A.h**2]"] == pytest.approx(variance)
    assert row[LOG_VARIANCE] == pytest.approx(np.log10(variance))
    assert row["log10 abs minimum of delta Q"] == pytest.approx(np.log10(abs(values.min())))
    assert row["Skewness of delta Q"] == pytest.approx(np.mean(centred**3) / variance**1.5)
    assert row["Kurtosis of delta Q"] == pytest.approx(np.mean(centred**4) / variance**2)
    assert row["Delta Q at the lowest voltage [A.h]"] == values[-1]
    assert "cycle 100 minus that of cycle 10" in row["Definition"]


def test_the_curve_falls_in_voltage_and_has_the_points_asked_for(curves):
    curve = analysis.delta_q(curves, window=(2.5, 3.5), points=11)
    assert curve.height == 84 * 11
    first = curve.head(11)["Voltage [V]"].to_list()
    assert first == pytest.approx([3.5 - 0.1 * n for n in range(11)])
    assert set(curve.columns) >= {"cell", "Earlier capacity [A.h]", "Later capacity [A.h]"}


def discharging(fade: float, cycles: int = 2) -> pl.DataFrame:
    """Discharges from 3.5 to 2.5 V whose capacity fades, with charges between, 1 A."""
    part = np.linspace(0, 1, 101)
    parts = []
    for cycle in range(cycles):
        lasts = 3600 * (1 - fade * cycle)
        for step, (current, volts) in enumerate(((1.0, 3.5 - part), (-1.0, 2.5 + part))):
            count = 2 * cycle + step
            parts.append(
                pl.DataFrame(
                    {
                        "Time [s]": 4000.0 * count + lasts * part,
                        "Voltage [V]": volts,
                        "Current [A]": np.full(101, current),
                        "Step count": np.full(101, count),
                        "Cycle count": np.full(101, cycle),
                    }
                )
            )
    return pl.concat(parts)


def test_a_time_series_has_the_difference_of_its_discharges():
    curve = analysis.delta_q(discharging(0.1), cycles=(0, 1), window=(2.5, 3.5), points=3)
    assert curve["Later capacity [A.h]"].to_list() == pytest.approx([0, 0.45, 0.9], abs=1e-9)
    assert curve[DELTA].to_list() == pytest.approx([0, -0.05, -0.1], abs=1e-9)
    assert curve["Finding"].null_count() == 3


def test_a_cycle_that_is_not_there_is_told():
    curve = analysis.delta_q(discharging(0.1), cycles=(0, 100))
    assert curve.row(0, named=True)["Finding"] == "no discharge in cycle 100"
    assert curve[DELTA].to_list() == [None]
    assert analysis.delta_q_features(curve)[LOG_VARIANCE].to_list() == [None]


def test_a_window_wider_than_the_discharge_is_told():
    curve = analysis.delta_q(discharging(0.1), cycles=(0, 1), window=(2.0, 3.6))
    assert "cycle 0 goes from 3.500 to 2.500 V" in curve["Finding"].cast(pl.String)[0]


def test_cells_that_do_not_change_have_no_logarithm_and_no_shape():
    curve = analysis.delta_q(discharging(0.0), cycles=(0, 1), window=(2.5, 3.5))
    (row,) = analysis.delta_q_features(curve).rows(named=True)
    shapes = (
        LOG_VARIANCE,
        "log10 abs mean of delta Q",
        "Skewness of delta Q",
        "Kurtosis of delta Q",
    )
    assert [row[label] for label in shapes] == [None] * 4
    assert row["Finding"] == "the two cycles are the same"


def test_order_of_rows_and_cells_and_the_library_change_nothing(curves):
    some = curves.filter(pl.col("cell").is_in(curves["cell"].unique().sort().head(3).to_list()))
    mixed = some.sample(fraction=1, shuffle=True, seed=5)
    one, other = (
        analysis.delta_q_features(analysis.delta_q(frame)).sort("cell") for frame in (some, mixed)
    )
    assert one.equals(other)
    theirs = analysis.delta_q_features(analysis.delta_q(some.to_pandas()))
    assert sorted(theirs[LOG_VARIANCE]) == pytest.approx(sorted(one[LOG_VARIANCE]))


@pytest.mark.parametrize("factor", [1e-3, 40.0])
def test_a_cell_of_another_size_shifts_the_logarithm_alone(curves, factor):
    some = curves.filter(pl.col("cell") == "EL150800460486")
    scaled = some.with_columns(pl.col("Discharge capacity [A.h]") * factor)
    one, other = (analysis.delta_q_features(analysis.delta_q(frame)) for frame in (some, scaled))
    shift = other[LOG_VARIANCE][0] - one[LOG_VARIANCE][0]
    assert shift == pytest.approx(2 * np.log10(factor), abs=1e-6)
    assert other["Kurtosis of delta Q"][0] == pytest.approx(one["Kurtosis of delta Q"][0])


@pytest.mark.parametrize(
    "wrong", [{"cycles": (10, 10)}, {"window": (3.6, 2.0)}, {"points": 1}, {"cycles": (1,)}]
)
def test_what_means_nothing_is_refused(curves, wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        analysis.delta_q(curves, **wrong)


def test_a_frame_without_cycles_is_refused():
    with pytest.raises(FrameError, match="no column 'Cycle count'"):
        analysis.delta_q(discharging(0.1).drop("Cycle count"))
    with pytest.raises(FrameError, match="not what delta_q returns"):
        analysis.delta_q_features(discharging(0.1))
