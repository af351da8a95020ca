"""Do start and end of a test fit the clock, each other and the data? Doubts are warnings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from cellframe.contract.series import TIME
from cellframe.series.findings import Finding

if TYPE_CHECKING:
    from cellframe.series.arrays import Columns

SHORTEST_TOLERANCE, TOLERANCE = 60.0, 0.05
"""s; of the time that the data spans."""


def check_timing(
    columns: Columns, start: datetime | str | None, end: datetime | str | None
) -> list[Finding]:
    """Warn of a start or end that cannot be.

    Parameters
    ----------
    columns : Columns
        The series.
    start, end : datetime, str or None
        As in the record: ISO 8601. Two are compared only if both or none have a zone.
    """
    begun, ended = _moment(start), _moment(end)
    findings = [
        Finding(f"{name}_in_future", f"{name} is in the future: {moment.isoformat()}.", "warning")
        for name, moment in (("start_time", begun), ("end_time", ended))
        if moment is not None and moment.tzinfo is not None and moment > datetime.now(UTC)
    ]
    if begun is None or ended is None or (begun.tzinfo is None) != (ended.tzinfo is None):
        return findings
    lasted = (ended - begun).total_seconds()
    if lasted < 0:
        what = f"end_time {ended.isoformat()} is before start_time {begun.isoformat()}."
        return [*findings, Finding("end_time_before_start_time", what, "warning")]
    return findings + _duration(columns, lasted)


def _duration(columns: Columns, lasted: float) -> list[Finding]:
    if TIME not in columns or not columns.height or np.isnan(columns[TIME]).all():
        return []
    span = float(np.nanmax(columns[TIME]) - np.nanmin(columns[TIME]))
    allowed = max(SHORTEST_TOLERANCE, TOLERANCE * span)
    if span <= 0 or abs(lasted - span) <= allowed:
        return []
    what = (
        f"From start_time to end_time are {lasted:.0f} s, but the data spans {span:.0f} s. "
        "Check both times, and whether the test was paused."
    )
    return [Finding("duration_mismatch", what, "warning", TIME, payload={"span": span})]


def _moment(given: datetime | str | None) -> datetime | None:
    """Return a time; text that is none is left to the record's own check."""
    if not isinstance(given, str):
        return given
    try:
        return datetime.fromisoformat(given)
    except ValueError:
        return None
