from __future__ import annotations

import polars as pl
import pytest

from cellframe import analysis
from cellframe.errors import ConfigError, FrameError
from tests import real_series
from tests.cycling import cycling

OCV, GAP = "Pseudo open-circuit voltage [V]", "Voltage gap [V]"
OUT, BACK = "Discharge voltage [V]", "Charge voltage [V]"


@pytest.fixture(scope="module")
def curve() -> pl.DataFrame:
    return analysis.pseudo_ocv(real_series.lgm50_check_up())


def test_the_gap_is_the_difference_of_the_energies_per_charge(curve):
    inner = (curve[GAP][1:-1].sum() + (curve[GAP][0] + curve[GAP][-1]) / 2) / (curve.height - 1)
    # 0.10593 V is printed; the quotients that it is made of give 0.105945.
    assert inner == pytest.approx(17.82786 / 4.73207 - 17.62530 / 4.81367, abs=1e-4)


def test_the_open_circuit_voltage_rises_between_charge_and_discharge(curve):
    assert curve["SOC"].to_list() == pytest.approx([n / 1000 for n in range(1001)])
    assert ((curve[OCV] > curve[OUT]) & (curve[OCV] < curve[BACK])).all()
    assert (curve[OCV].rolling_mean(20).diff().drop_nulls() > 0).all()
    assert curve[OUT][0] == pytest.approx(2.50016, abs=1e-5)
    assert curve[BACK][-1] == pytest.approx(4.19997, abs=1e-5)


def test_it_says_which_charges_made_it(curve):
    (definition,) = curve["Definition"].cast(pl.String).unique()
    assert "4.8137 A.h out, 4.7321 A.h in, by capacity column" in definition
    assert curve["Finding"].null_count() == curve.height


def test_a_resistor_is_taken_out_by_the_mean():
    series = cycling(1, points=200, capacity=22.0)  # V = 3.2 + 0.3 SOC - 0.05 I, C/20
    curve = analysis.pseudo_ocv(series, points=11)
    assert curve[OCV].to_list() == pytest.approx([3.2 + 0.03 * n for n in range(11)], abs=1e-9)
    assert curve[GAP].to_list() == pytest.approx([0.11] * 11, abs=1e-9)
    assert curve["Finding"].null_count() == 11


def test_a_fast_cycle_is_told():
    curve = analysis.pseudo_ocv(cycling(1, points=200))
    told = curve["Finding"].cast(pl.String)[0]
    assert told == "the discharge at 1 C is not slow; the charge at 1 C is not slow"


def test_charges_that_differ_are_told():
    curve = analysis.pseudo_ocv(real_series.slow_cycle_repaired())
    assert curve["Finding"].null_count() == curve.height  # 3.86 out, 3.80 in
    series = real_series.lgm50_check_up().filter(pl.col("Step count") < 8)
    told = analysis.pseudo_ocv(series)["Finding"].cast(pl.String)[0]
    assert told.startswith("4.814 A.h went out and 2.679 A.h in")


def test_a_cycle_with_one_direction_says_which_is_missing():
    series = cycling(2, points=50).filter(pl.col("Step count") != 3)
    told = analysis.pseudo_ocv(series, points=5).filter(pl.col("Cycle count") == 1)
    assert told.select(OCV, "Finding").rows() == [(None, "no discharge in this cycle")]


def test_without_cycles_the_directions_come_from_the_whole_test():
    series = cycling(2, points=50).filter(pl.col("Step count").is_in([0, 3]))
    curve = analysis.pseudo_ocv(series.drop("Cycle count"), points=5)
    assert curve.columns[0] == "SOC"
    assert curve[OCV].null_count() == 0


@pytest.mark.parametrize("factor", [1e-3, 70.0])
def test_a_cell_of_another_size_has_the_same_voltages(curve, factor):
    series = real_series.lgm50_check_up()
    charges = pl.col("Current [A]", "Capacity [A.h]") * factor
    other = analysis.pseudo_ocv(series.with_columns(charges))
    assert other[OCV].to_list() == pytest.approx(curve[OCV].to_list())


def test_order_of_rows_and_the_library_change_nothing():
    series = cycling(2, points=50).with_columns(cell=pl.lit("a"))
    expected = analysis.pseudo_ocv(series)
    mixed = series.sample(fraction=1, shuffle=True, seed=2)
    assert analysis.pseudo_ocv(mixed).equals(expected)
    assert analysis.pseudo_ocv(series.to_pandas())[OCV].to_list() == expected[OCV].to_list()


def test_what_means_nothing_is_refused():
    with pytest.raises(ConfigError, match="points=1"):
        analysis.pseudo_ocv(cycling(), points=1)
    with pytest.raises(FrameError, match="no column 'Step count'"):
        analysis.pseudo_ocv(cycling().drop("Step count"))
