"""The sign of the current: what the steps say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from cellframe.contract.series import CURRENT, STEP, TIME, VOLTAGE
from cellframe.series import sums
from cellframe.series.arrays import Columns
from cellframe.series.fits import fit_steps
from cellframe.series.sign import check_sign, rest_current
from cellframe.series.sums import step_sums
from tests import real_series
from tests.series.made import made_test
from tests.series.variants import only_sign_of, scaled

REAL = [
    "arbin_half_cell",
    "ife_full_cell",
    "lgm50_check_up",
    "maccor_cycles",
    "neware_half_cell",
    "rate_test_repaired",
]


def codes(series: pl.DataFrame) -> list[str]:
    return [finding.code for finding in check_sign(Columns(series))]


def share_of(series: pl.DataFrame) -> float:
    found = check_sign(Columns(series))
    return found[0].payload["share"] if found else 0.0


@pytest.mark.parametrize("name", REAL)
def test_real_data_is_accepted_and_refused_with_its_sign_reversed(name):
    series = getattr(real_series, name)()
    assert codes(series) == []
    assert codes(scaled(CURRENT, -1)(series)) == ["current_sign_reversed"]


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-4, 1e-2, 1.0, 300.0]))
def test_a_made_test_is_accepted_at_any_size_of_cell_and_refused_reversed(seed, scale):
    series = made_test(seed, scale=scale, steps=4)
    assert codes(series) == []
    assert codes(scaled(CURRENT, -1)(series)) == ["current_sign_reversed"]


def test_a_current_that_is_never_negative_is_unsigned(whole):
    assert codes(whole.with_columns(pl.col(CURRENT).abs())) == ["current_sign_unsigned"]


def test_a_sign_that_changes_from_step_to_step_is_indeterminate(whole):
    assert codes(only_sign_of(3)(whole)) == ["current_sign_indeterminate"]


def test_the_message_says_how_many_steps_and_what_to_do(whole):
    (found,) = check_sign(Columns(scaled(CURRENT, -1)(whole)))
    steps, reversed_steps = found.payload["steps"], found.payload["reversed_steps"]
    assert f"in {reversed_steps} of {steps} steps (100% by charge)" in found.message
    assert "multiply the column by -1" in found.message


def test_the_check_of_the_sign_can_be_left_out_and_is_told_as_not_made(whole, find):
    turned = scaled(CURRENT, -1)(whole)
    assert find(turned)["current_sign_reversed"].message.endswith(
        "If it is right as it is: skip_checks=['current_sign']."
    )
    (found,) = find(turned, skip_checks=["current_sign"]).values()
    assert (found.code, found.severity) == ("current_sign_not_checked", "warning")


def test_rest_and_a_flat_voltage_say_nothing(whole):
    assert codes(scaled(CURRENT, 0)(whole)) == []
    assert codes(whole.with_columns(pl.lit(3.7).alias(VOLTAGE))) == []


def test_steps_of_three_samples_say_nothing():
    reversed_ = scaled(CURRENT, -1)(made_test(1))
    short = reversed_.filter(pl.int_range(pl.len()).over(STEP) < 3)
    assert codes(short) == []


def test_rows_with_a_gap_do_not_vote(whole):
    odd = pl.int_range(pl.len()) % 7 == 0
    gapped = scaled(CURRENT, -1)(whole).with_columns(pl.when(~odd).then(pl.col(VOLTAGE)))
    assert codes(gapped) == ["current_sign_reversed"]


def test_without_steps_the_current_itself_makes_them(whole):
    assert codes(whole.drop(STEP)) == []
    assert codes(scaled(CURRENT, -1)(whole).drop(STEP)) == ["current_sign_reversed"]


@given(piece=st.integers(2, 900))
def test_the_vote_does_not_depend_on_how_rows_are_cut(piece):
    series = scaled(CURRENT, -1)(made_test(5))
    with pytest.MonkeyPatch.context() as patch:
        expected = share_of(series)
        patch.setattr(sums, "PIECE", piece)
        assert share_of(series) == pytest.approx(expected, rel=1e-9)


@given(seed=st.integers(0, 10_000))
def test_a_fit_is_the_least_squares_fit_within_its_bounds(seed):
    rng = np.random.default_rng(seed)
    time, current = np.arange(30.0), rng.normal(1, 0.5, 30)
    voltage = rng.normal(3.5, 0.2, 30)
    found = step_sums(time, current, voltage, np.array([0]))
    low, high, reach = voltage.min(), voltage.max(), np.ptp(voltage)
    bounds = ([low - reach, 0, 0], [high + reach, 2 * reach, np.inf])
    for sign in (1, -1):
        charge = -sign * np.cumsum(np.append(0, (current[1:] + current[:-1]) / 2))
        soc = (charge - charge.min()) / np.ptp(charge)
        terms = np.stack([np.ones(30), soc, -sign * current], axis=1)
        best = lsq_linear(terms, voltage, bounds=bounds, method="bvls")
        ours = fit_steps(found, sign)
        assert ours.error[0] == pytest.approx(best.cost, rel=1e-6)
        assert (ours.k[0], ours.resistance[0]) == pytest.approx(best.x[1:], rel=1e-5, abs=1e-7)


@pytest.mark.parametrize(
    ("amperes", "expected"), [(10.0, 1e-3), (0.05, 1e-3), (0.04, 8e-4), (3e-4, 6e-6)]
)
def test_rest_is_below_a_milliampere_or_two_percent(amperes, expected):
    assert rest_current(np.full(1000, amperes)) == pytest.approx(expected)


def test_ten_thousand_steps_are_one_vote_each():
    n = 50_000
    step = np.arange(n) // 5
    current = np.where(step % 2, -1.0, 1.0)
    voltage = 3.5 - 1e-3 * np.cumsum(current)
    series = pl.DataFrame(
        {TIME: np.arange(n) * 1.0, VOLTAGE: voltage, STEP: step, CURRENT: -current}
    )
    assert check_sign(Columns(series))[0].payload["steps"] == 10_000
