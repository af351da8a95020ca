"""Do the steps that a person sends with a series fit each other and the cell?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import polars as pl

from cellframe.contract.series import (
    CHARGE_CAPACITY,
    CHARGE_ENERGY,
    DISCHARGE_CAPACITY,
    DISCHARGE_ENERGY,
    STEP,
    STEP_TYPE,
)
from cellframe.series.findings import Finding, name_rows

FULL_STEP, TOO_FULL = 2.0, 5.0
"""Times the rated capacity: from there a step counts as full, and as too much for one step."""
SWAPPED_FROM = 0.75
"""Share of what was moved."""
_REST_CURRENT, _SHORTEST = 1e-3, 60.0
_STEADY, _DOMINANT = 0.5, 4.0
MEAN_CURRENT = "Mean current [A]"
_PAIRS = (
    ("capacity", DISCHARGE_CAPACITY, CHARGE_CAPACITY),
    ("energy", DISCHARGE_ENERGY, CHARGE_ENERGY),
)


def check_direction(steps: pl.DataFrame) -> list[Finding]:
    """Say whether capacity or energy stands in the columns of the other direction.

    Steps whose current is plainly of one sign vote, by what they moved.

    Parameters
    ----------
    steps : DataFrame, shape (n_steps, n_columns)
        One row per step, labels as the contract has them. Current positive on discharge.
    """
    if MEAN_CURRENT not in steps.columns or not steps.height:
        return []
    voters = steps.filter(_has_one_direction(steps.schema))
    found = (_swapped(voters, *pair) for pair in _PAIRS if {*pair[1:]} <= {*voters.columns})
    return [finding for finding in found if finding is not None]


def _number(label: str, schema: pl.Schema) -> pl.Expr:
    """Return one column as floats, null where it is not finite, no number or not there."""
    if label not in schema or not schema[label].is_numeric():
        return pl.lit(None, dtype=pl.Float64)
    cell = pl.col(label).cast(pl.Float64, strict=False)
    return pl.when(cell.is_finite()).then(cell)


def _has_one_direction(schema: pl.Schema) -> pl.Expr:
    mean, std = _number(MEAN_CURRENT, schema), _number("Std current [A]", schema)
    least, most = _number("Min current [A]", schema), _number("Max current [A]", schema)
    one_sided = (
        pl.when(mean > 0).then(least >= -_REST_CURRENT).otherwise(most <= _REST_CURRENT)
        & least.is_not_null()
        & most.is_not_null()
    )
    steady = std <= _STEADY * mean.abs()
    found = (mean.abs() >= _REST_CURRENT) & (
        one_sided.fill_null(value=False) | steady.fill_null(value=False)
    )
    if "Duration [s]" in schema:
        found &= _number("Duration [s]", schema) >= _SHORTEST
    return found


def _swapped(voters: pl.DataFrame, what: str, discharge: str, charge: str) -> Finding | None:
    schema = voters.schema
    out, back = (_number(label, schema).abs().fill_null(0) for label in (discharge, charge))
    moved = pl.max_horizontal(out, back)
    plain = (moved > 0) & (moved >= _DOMINANT * pl.min_horizontal(out, back))
    wrong = pl.when(_number(MEAN_CURRENT, schema) > 0).then(back > out).otherwise(out > back)
    ballots = voters.filter(plain).select(moved=moved, wrong=wrong)
    total = float(ballots["moved"].sum())
    if total <= 0:
        return None
    share = float(ballots.filter("wrong")["moved"].sum()) / total
    if share < SWAPPED_FROM:
        return None
    count = int(ballots["wrong"].sum())
    text = (
        f"{discharge!r} and {charge!r} look swapped in the steps: {count} of {ballots.height} "
        f"clear steps ({share:.0%} of the {what}) count in the column of the other direction. "
        "Positive current is discharge: swap the two labels."
    )
    code = f"charge_discharge_{what}_columns_swapped"
    return Finding(code, text, column=discharge, payload={"share": share})


def check_full_steps(steps: pl.DataFrame, rated: float | None) -> list[Finding]:
    """Say which full steps follow each other in one direction, as bundled tests do.

    Parameters
    ----------
    steps : DataFrame, shape (n_steps, n_columns)
        One row per step.
    rated : float or None
        Rated capacity in A.h.
    """
    labels = steps.columns
    if not rated or rated <= 0 or not {STEP_TYPE, DISCHARGE_CAPACITY, CHARGE_CAPACITY} <= {*labels}:
        return []
    full = [
        (row, direction)
        for row, direction, moved in _directions(steps)
        if moved is not None and abs(moved) > FULL_STEP * rated
    ]
    twice = [(row, after) for (row, one), (after, other) in pairwise(full) if one == other]
    if not twice:
        return []
    number = steps[STEP].to_list() if STEP in labels else range(steps.height)
    listed = ", ".join(f"{number[row]} and {number[after]}" for row, after in twice[:5])
    what = (
        f"Steps that moved more than {FULL_STEP:g} times the rated capacity ({rated:g} A.h) "
        f"follow each other in one direction: {listed}. Send independent runs as tests of their "
        "own."
    )
    rows = tuple(after for _, after in twice)
    return [Finding("consecutive_same_direction_full_steps", what, column=STEP_TYPE, rows=rows)]


def _directions(steps: pl.DataFrame) -> list[tuple[int, str, Any]]:
    """Return row, direction and what was moved that way, of every step that has a direction."""
    if not isinstance(steps.schema[STEP_TYPE], pl.String | pl.Categorical | pl.Enum):
        return []
    kind = pl.col(STEP_TYPE).cast(pl.String).str.to_lowercase()
    discharges, charges = kind.str.contains("discharge"), kind.str.contains("charge")
    schema = steps.schema
    found = steps.select(
        direction=pl.when(discharges)
        .then(pl.lit("discharge"))
        .when(charges)
        .then(pl.lit("charge")),
        moved=pl.when(discharges)
        .then(_number(DISCHARGE_CAPACITY, schema))
        .otherwise(_number(CHARGE_CAPACITY, schema)),
    )
    return [
        (row, direction, moved)
        for row, (direction, moved) in enumerate(found.iter_rows())
        if direction is not None
    ]


def check_rated(steps: pl.DataFrame, rated: float | None) -> list[Finding]:
    """Warn of steps that moved more than five times the rated capacity."""
    labels = [label for label in (DISCHARGE_CAPACITY, CHARGE_CAPACITY) if label in steps.columns]
    if not rated or rated <= 0 or not labels:
        return []
    most = steps.select(pl.max_horizontal(_number(label, steps.schema).abs() for label in labels))
    rows = (most.to_series() > TOO_FULL * rated).fill_null(value=False).arg_true().to_list()
    if not rows:
        return []
    what = (
        f"More than {TOO_FULL:g} times the rated capacity ({rated:g} A.h) was moved in one step, "
        f"{name_rows(rows)} of the steps. Check where steps begin, and the rated capacity."
    )
    code = "step_capacity_exceeds_rated"
    return [Finding(code, what, "warning", labels[0], rows=tuple(rows[:1000]))]
