"""Is positive current discharge? The steps of the test vote.

A step under current is read twice as V = V0 + k·SOC - I·R0 with k and R0 not negative: once with
the current as it is given, once with it negated. In the right reading the open-circuit voltage
rises with the charge, so the reading with the larger k wins. A step that does not tell them apart
has no weight; others weigh by the charge they moved.
Source of the rule and of its numbers: the service's checks before an upload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cellframe.contract.series import CURRENT, STEP, TIME, VOLTAGE
from cellframe.series.arrays import PIECE, Columns, run_starts
from cellframe.series.findings import Finding
from cellframe.series.fits import fit_steps
from cellframe.series.sums import StepSums, step_sums

if TYPE_CHECKING:
    from cellframe.series.arrays import Flags, Floats, Rows

REVERSED_FROM, AMBIGUOUS_FROM = 0.75, 0.25
"""Share of the votes."""
REST_CURRENT = 1e-3
"""A: below it a step is a rest, or below 2 % of the current that 95 % of the rows stay under."""
_REST_SHARE, _REST_QUANTILE = 0.02, 0.95
_FEWEST_SAMPLES = 4
_FLAT = 1e-6
"""Of the voltage: a step held at one voltage says nothing of the sign."""
_NOTHING = 1e-12
_NO_SLOPE = _NO_ERROR = 1e-10
SIGN_CHECK = "current_sign"
"""Name of this check: noise on a flat voltage may outvote a sign that is right."""
_OTHERWISE = f"If it is right as it is: skip_checks=[{SIGN_CHECK!r}]."


class Vote(NamedTuple):
    """What the steps say: arrays of shape (n_steps,)."""

    is_reversed: Flags
    weight: Floats


def check_sign(columns: Columns) -> list[Finding]:
    """Say whether the current is reversed, has no sign, or cannot be told.

    Parameters
    ----------
    columns : Columns
        A series of a cycler.
    """
    if not columns.height or not columns.has(TIME, VOLTAGE, CURRENT):
        return []
    time, current, voltage, starts, least = _without_gaps(columns)
    if not len(time):
        return []
    ballot = vote(step_sums(time, current, voltage, starts), least)
    total = float(ballot.weight.sum())
    if total <= 0:
        return []
    share = float(ballot.weight[ballot.is_reversed].sum()) / total
    if share < AMBIGUOUS_FROM:
        return []
    counted = ballot.weight > 0
    said = {
        "share": share,
        "steps": int(counted.sum()),
        "reversed_steps": int((counted & ballot.is_reversed).sum()),
    }
    return [_finding(said, is_unsigned=not _any_negative(current, least))]


def _finding(said: dict[str, float], *, is_unsigned: bool) -> Finding:
    steps = f"{said['reversed_steps']} of {said['steps']} steps ({said['share']:.0%} by charge)"
    if said["share"] >= REVERSED_FROM:
        code = "current_sign_reversed"
        what = (
            f"{CURRENT!r} looks reversed: in {steps} the voltage rises while the current is "
            "positive, or falls while it is negative. Positive current is discharge here: "
            "multiply the column by -1."
        )
    elif is_unsigned:
        code = "current_sign_unsigned"
        what = (
            f"{CURRENT!r} has no sign: it is never negative, but {steps} look like charging. "
            "Positive current is discharge here: make it negative where the cell is charged, "
            "by the cycler's own mode or status."
        )
    else:
        code = "current_sign_indeterminate"
        what = (
            f"The sign of {CURRENT!r} is not the same everywhere: {steps} look reversed, the "
            "others do not. Positive current is discharge and negative is charge, in every step."
        )
    return Finding(code, f"{what} {_OTHERWISE}", column=CURRENT, payload=said)


def not_checked(columns: Columns) -> list[Finding]:
    """Warn that the sign was not looked at, as somebody asked for.

    Parameters
    ----------
    columns : Columns
        A series of a cycler.
    """
    if CURRENT not in columns:
        return []
    what = (
        f"The sign of {CURRENT!r} was not checked, by skip_checks. Positive current is "
        "discharge: capacities, types of steps and efficiencies follow from it."
    )
    return [Finding("current_sign_not_checked", what, "warning", CURRENT)]


def _without_gaps(columns: Columns) -> tuple[Floats, Floats, Floats, Rows, float]:
    """Return time, current and voltage where all are there, first rows of steps, and rest."""
    time, current, voltage = columns[TIME], columns[CURRENT], columns[VOLTAGE]
    # One gap makes the whole sum no number: cheaper than to ask every row.
    whole = bool(np.isfinite(time.sum() + current.sum() + voltage.sum()))
    keep = slice(None)
    if not whole:
        keep = np.isfinite(time) & np.isfinite(current) & np.isfinite(voltage)
        time, current, voltage = time[keep], current[keep], voltage[keep]
    least = rest_current(current) if len(current) else 0.0
    if STEP not in columns:
        starts = run_starts(np.sign(current) * (np.abs(current) > least))
    else:
        starts = columns.starts if whole else run_starts(columns[STEP][keep])
    return time, current, voltage, starts, least


def rest_current(current: Floats) -> float:
    """Return the current below which a step is a rest, in A."""
    enough = REST_CURRENT / _REST_SHARE
    above = sum(
        int((np.abs(current[n : n + PIECE]) > enough).sum()) for n in range(0, len(current), PIECE)
    )
    # Counting is ten times faster than the quantile, which only a small cell needs.
    if above > (1 - _REST_QUANTILE) * len(current) + 1:
        return REST_CURRENT
    scale = float(np.quantile(np.abs(current), _REST_QUANTILE, overwrite_input=True))
    return min(REST_CURRENT, max(_REST_SHARE * scale, _NOTHING))


def vote(sums: StepSums, least: float) -> Vote:
    """Let every step say how it reads.

    Parameters
    ----------
    sums : StepSums
        Of all steps.
    least : float
        Mean current below which a step is a rest, in A.
    """
    (k, _, error), (k_negated, _, error_negated) = fit_steps(sums, 1), fit_steps(sums, -1)
    is_reversed = k_negated > k
    larger, smaller = np.maximum(k, k_negated), np.minimum(k, k_negated)
    won = np.where(is_reversed, error_negated, error)
    lost = np.where(is_reversed, error, error_negated)
    k_ratio = smaller / np.maximum(larger, _NO_SLOPE)
    error_ratio = np.where(lost > _NO_ERROR, won / np.maximum(lost, _NO_ERROR), 0.0)
    confidence = 1 - np.minimum(1, k_ratio + error_ratio)
    height = np.maximum(np.maximum(np.abs(sums.least_voltage), np.abs(sums.most_voltage)), 1)
    speaks = (
        (sums.n >= _FEWEST_SAMPLES)
        & (np.abs(sums.mean_current) >= least)
        & (sums.charge_span >= _NOTHING)
        & (sums.most_voltage - sums.least_voltage > _FLAT * height)
        & (larger >= _NO_SLOPE)
    )
    return Vote(is_reversed, np.where(speaks, confidence * np.maximum(sums.moved, 0), 0.0))


def _any_negative(current: Floats, least: float) -> bool:
    return bool((current < -least).any())
