"""Is this series fit to upload? Every check, and all findings at once.

The checks, their codes and their tolerances are those of the service's own clients. Checks that
are ours alone: labels that are nearly right, values that are no finite numbers, types that cannot
be stored, steps that are not those of the series.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from cellframe.contract.series import STEP, TIME
from cellframe.errors import ConfigError
from cellframe.series.arrays import Columns
from cellframe.series.convention import not_turned
from cellframe.series.dtypes import check_dtypes
from cellframe.series.findings import Finding, raise_errors
from cellframe.series.given_steps import check_direction, check_full_steps, check_rated
from cellframe.series.integrals import check_integrals
from cellframe.series.kinds import check_arc, check_eis, check_magnitude, check_ocp
from cellframe.series.labels import DataType, absent, check_current, misnamed
from cellframe.series.own_steps import check_steps
from cellframe.series.reading import read_series, read_steps
from cellframe.series.rows import check_counters, check_cycle_count, check_step_count, check_time
from cellframe.series.sign import SIGN_CHECK, check_sign, not_checked
from cellframe.series.strict import check_continuity, check_cycles, check_gaps, check_points
from cellframe.series.timing import check_timing
from cellframe.series.values import check_values

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    import polars as pl

__all__ = [
    "SKIPPABLE",
    "STRICT_CHECKS",
    "Finding",
    "check_extension",
    "check_series",
    "read_series",
    "read_steps",
]

STRICT_CHECKS = (
    "minimum_points_per_step",
    "cycle_constant_within_step",
    "time_gaps",
    "voltage_continuity",
    "capacity_energy_from_current_power",
    "charge_discharge_column_direction",
    "consecutive_same_direction_full_steps",
    "step_capacity_within_rated",
    "eis_zim_sign",
    "eis_impedance_magnitude",
)
"""Names of the strict checks."""
SKIPPABLE = (*STRICT_CHECKS, SIGN_CHECK)
"""Names of the checks that can be skipped; that of the sign is then told as not made."""


def check_series(  # noqa: PLR0913 - the options of an upload, by keyword
    frame: pl.DataFrame,
    *,
    data_type: DataType | None = None,
    strict: bool = False,
    skip_checks: Collection[str] = (),
    rated_capacity: float | None = None,
    voltage_window: tuple[float, float] | None = None,
    steps: Any = None,
    start_time: datetime | str | None = None,
    end_time: datetime | str | None = None,
) -> list[Finding]:
    """Check a time series before it is sent.

    Parameters
    ----------
    frame : DataFrame, shape (n_samples, n_columns)
        As `read_series` returns it. Current in A, positive on discharge.
    data_type : "ocp", "eis" or None
        Open-circuit voltage, a spectrum, or what a cycler records.
    strict : bool
        Whether the strict checks are put too.
    skip_checks : collection of str
        Checks to leave out, of `SKIPPABLE`.
    rated_capacity : float, optional
        Of the cell, in A.h; some strict checks need it.
    voltage_window : (float, float), optional
        Least and largest voltage of the cell, in V, for the strict check of continuity.
    steps : frame, optional
        The steps that are sent along; they are checked always, and more if strict.
    start_time, end_time : datetime or str, optional
        Of the record; doubts about them are warnings.

    Returns
    -------
    list of Finding
        Warnings: the series may be sent.

    Raises
    ------
    MeasurementError
        With every finding, in `.findings` and as a frame in `.failures`.
    ConfigError
        No such `data_type`, or no such check to skip.
    """
    skipped = _skipped(skip_checks)
    if data_type not in (None, *get_args(DataType)):
        message = f"data_type={data_type!r} is neither 'ocp' nor 'eis'; leave it out for a cycler."
        raise ConfigError(message)
    columns = Columns(frame)
    findings = _plain(frame, columns, data_type, skipped)
    table = None if steps is None else read_steps(steps)
    findings += [] if table is None else check_steps(table, columns)
    if strict:
        checks = _strict_checks(columns, data_type, rated_capacity, voltage_window, table)
        wanted = [check for name, check in checks.items() if name not in skipped]
        findings += [finding for check in wanted for finding in check()]
    findings += check_timing(columns, start_time, end_time)
    raise_errors(findings)
    return findings


def check_extension(frame: pl.DataFrame) -> list[Finding]:
    """Check rows that continue a series: whatever can be said without the series itself.

    Parameters
    ----------
    frame : DataFrame, shape (n_samples, n_columns)
        As `read_series` returns it.

    Returns
    -------
    list of Finding
        Warnings: the rows may be sent.

    Raises
    ------
    MeasurementError
        No rows, no time, no step count, or time that goes back.
    """
    columns, labels = Columns(frame), frame.columns
    findings = _of_columns(frame, None)
    if TIME not in labels:
        what = f"Rows that continue a series need {TIME!r}, counted on from the series' own."
        findings.append(Finding("time_column_missing", what, column=TIME))
    if STEP not in labels:
        findings += check_step_count(columns, labels)
    findings += check_time(columns, starts_at_zero=False)
    raise_errors(findings)
    return findings


def _no_rows(frame: pl.DataFrame) -> list[Finding]:
    return [] if frame.height else [Finding("no_rows", "The series has no rows.")]


def _of_columns(frame: pl.DataFrame, data_type: DataType | None) -> list[Finding]:
    """Check labels, types and values, whatever the columns are of."""
    labels = [*misnamed(frame.columns, data_type), *not_turned(frame.columns)]
    return [*_no_rows(frame), *labels, *check_dtypes(frame), *check_values(frame)]


def _plain(
    frame: pl.DataFrame, columns: Columns, data_type: DataType | None, skipped: set[str]
) -> list[Finding]:
    labels: Sequence[str] = frame.columns
    findings = _of_columns(frame, data_type)
    if data_type == "eis":
        return [*findings, *check_eis(labels)]
    if data_type == "ocp":
        return [*findings, *check_ocp(labels), *check_step_count(columns, labels)]
    return [
        *findings,
        *absent(labels, findings),
        *check_current(labels, findings),
        *check_time(columns),
        *check_step_count(columns, labels),
        *check_cycle_count(columns),
        *check_counters(columns),
        *(not_checked(columns) if SIGN_CHECK in skipped else check_sign(columns)),
    ]


def _strict_checks(
    columns: Columns,
    data_type: DataType | None,
    rated: float | None,
    window: tuple[float, float] | None,
    steps: pl.DataFrame | None,
) -> dict[str, Callable[[], list[Finding]]]:
    """Return the strict checks that this kind of series has, by name."""
    if data_type == "ocp":
        return {}
    if data_type == "eis":
        if check_eis([label for label in columns.labels if label in columns]):
            return {}
        return {
            "eis_zim_sign": lambda: check_arc(columns),
            "eis_impedance_magnitude": lambda: check_magnitude(columns, rated),
        }
    of_series: dict[str, Callable[[], list[Finding]]] = {
        "minimum_points_per_step": lambda: check_points(columns),
        "cycle_constant_within_step": lambda: check_cycles(columns),
        "capacity_energy_from_current_power": lambda: check_integrals(columns),
        "time_gaps": lambda: check_gaps(columns),
        "voltage_continuity": lambda: check_continuity(columns, window),
    }
    if steps is None:
        return of_series
    return {
        **of_series,
        "charge_discharge_column_direction": lambda: check_direction(steps),
        "consecutive_same_direction_full_steps": lambda: check_full_steps(steps, rated),
        "step_capacity_within_rated": lambda: check_rated(steps, rated),
    }


def _skipped(names: Collection[str]) -> set[str]:
    given = {names} if isinstance(names, str) else set(names)
    unknown = sorted(given - set(SKIPPABLE))
    if not unknown:
        return given
    told = [_near(name) for name in unknown]
    message = f"There is no check {', '.join(told)} to skip. There are: {', '.join(SKIPPABLE)}."
    raise ConfigError(message)


def _near(name: str) -> str:
    near = get_close_matches(name, SKIPPABLE, n=1)
    return f"{name!r} (did you mean {near[0]!r}?)" if near else repr(name)
