"""Are the steps that a person sends along those of the series, each once?

They stand in for the derived ones, and cycles are summed of them: a step that is doubled doubles
a capacity. Numbers that differ from what would be derived are the person's word.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from cellframe.contract.series import COUNTERS, EIS, STEP, STEPS
from cellframe.frames.long import apart
from cellframe.series.dtypes import check_dtypes
from cellframe.series.findings import Finding, name_rows, of_rows
from cellframe.series.rows import COUNTER_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellframe.series.arrays import Columns, Rows

_NEVER_NEGATIVE = (
    "Duration [s]",
    *COUNTERS,
    *(f"Cycle {name[0].lower()}{name[1:]}" for name in COUNTERS),
)


def check_steps(steps: pl.DataFrame, series: Columns) -> list[Finding]:
    """Say what keeps steps from standing in for those of a series.

    Parameters
    ----------
    steps : DataFrame, shape (n_steps, n_columns)
        As `read_steps` returns it.
    series : Columns
        The series that they come with.
    """
    unfit = [finding for column in steps for finding in _unfit(column)]
    bad = {finding.column for finding in unfit}
    unstorable = [finding for finding in check_dtypes(steps) if finding.column not in bad]
    findings = [*unstorable, *_keys(steps), *unfit]
    findings += [
        finding
        for label in _NEVER_NEGATIVE
        if label in steps.columns and label not in bad
        for finding in _negative(steps[label])
    ]
    if STEP not in steps.columns:
        what = f"The steps have no column {STEP!r}. Add it: it says which step a row is of."
        return [*findings, Finding("steps_step_count_missing", what, column=STEP)]
    runs = _runs(series)
    if runs is None or STEP in bad:
        return findings
    differing = _differing(steps[STEP], runs[0])
    rows = () if differing else _rows_of(steps, bad, runs[1], series.height)
    return [*findings, *differing, *rows]


def _runs(series: Columns) -> tuple[list[int], Rows] | None:
    """Return numbers and first rows of the series' steps, None where its own count is at fault."""
    if STEP not in series:
        # A spectrum by itself is one step.
        is_spectrum = STEP not in series.labels and {*EIS} <= {*series.labels}
        return ([0], np.zeros(1, dtype=np.intp)) if is_spectrum else None
    numbers = series[STEP][series.starts]
    if not len(numbers) or not np.isfinite(numbers).all() or (np.diff(numbers) <= 0).any():
        return None
    return [int(number) for number in numbers], series.starts


def _differing(given: pl.Series, numbers: list[int]) -> list[Finding]:
    """Say which steps of the series are missing or there twice, and which are not its own."""
    known, there = set(numbers), given.to_list()
    twice = given.filter(given.is_duplicated() & given.is_not_null()).unique().sort().to_list()
    named = {
        "missing": sorted(known - {*there}),
        "doubled": [number for number in twice if number in known],
        "unknown": sorted({*there} - known - {None}),
    }
    empty = given.is_null().arg_true().to_list()
    said = [
        f"{name_rows(found, 'step')} {_be(found)} {what}" for what, found in named.items() if found
    ]
    said += [f"{STEP!r} is empty in {name_rows(empty)} of the steps"] if empty else []
    if not said and any(after < before for before, after in pairwise(there)):
        said = ["they are in another order"]
    if not said:
        return []
    what = (
        f"The steps are not those of the series, 0 to {numbers[-1]}: {', '.join(said)}. Give one "
        "row per step of the series, in its order, or leave the steps out."
    )
    counts = {name: len(found) for name, found in named.items()}
    return [Finding("steps_not_of_series", what, column=STEP, payload=counts)]


def _be(found: list[int]) -> str:
    return "is" if len(found) == 1 else "are"


def _rows_of(
    steps: pl.DataFrame, bad: set[str | None], starts: Rows, height: int
) -> Iterator[Finding]:
    """Say where a step is told to begin or end in another row than it does."""
    ends = np.append(starts[1:], height) - 1
    for label, expected in (("Start index", starts), ("End index", ends)):
        if label not in steps.columns or label in bad:
            continue
        given = steps[label]
        rows = (given != pl.Series(expected)).fill_null(value=False).arg_true().to_list()
        if rows:
            what = (
                f"In the steps {label!r} is not that of the series in {{rows}}: {given[rows[0]]} "
                f"instead of {expected[rows[0]]}. Rows are counted from 0; correct it or leave "
                "the column out."
            )
            yield of_rows("steps_index_differs", what, label, rows, given)


def _negative(given: pl.Series) -> list[Finding]:
    rows = (given < -COUNTER_TOLERANCE).fill_null(value=False).arg_true().to_list()
    if not rows:
        return []
    what = (
        f"In the steps {given.name!r} is negative in {{rows}}: {given[rows[0]]:g}. Correct it or "
        "leave the column out."
    )
    return [of_rows("steps_value_negative", what, given.name, rows, given)]


def _unfit(given: pl.Series) -> list[Finding]:
    """Say where a known column does not hold what it is to hold."""
    held, dtype, advice = STEPS.get(given.name), given.dtype, "Correct it or leave it out."
    if held is None or dtype == pl.Null:
        return []
    is_text = held == "text"
    opaque = dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Object)
    if opaque if is_text else not dtype.is_numeric():
        kind = "text" if is_text else "numbers"
        what = f"In the steps {given.name!r} holds {dtype}, not {kind}. {advice}"
        code = "steps_value_not_text" if is_text else "steps_value_not_a_number"
        return [Finding(code, what, column=given.name)]
    if held != "int":
        return []
    whole = given.cast(pl.Int64, strict=False)
    rows = (given.is_not_null() & ~whole.eq_missing(given)).arg_true().to_list()
    if not rows:
        return []
    what = f"In the steps {given.name!r} is no whole number in {{rows}}: {given[rows[0]]}. {advice}"
    return [of_rows("steps_count_not_whole", what, given.name, rows, given)]


def _keys(steps: pl.DataFrame) -> list[Finding]:
    """Warn of columns that are called otherwise beside the keys of a long frame."""
    return [
        Finding(
            "steps_column_named_like_key",
            f"In the steps a column is named {label!r}, as a key of many tests' frames is. It is "
            f"{renamed!r} there; rename it, if that is not what you want.",
            "warning",
            label,
        )
        for label, renamed in apart(steps.columns).items()
    ]
