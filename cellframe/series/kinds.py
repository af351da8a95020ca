"""What a series of open-circuit voltage, or of impedance, needs instead of a cycler's columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cellframe.contract.series import EIS, FREQUENCY, OCP_AXES, VOLTAGE, Z_IMAGINARY, Z_REAL
from cellframe.series.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.series.arrays import Columns, Floats

POSITIVE_FROM = 0.75
"""Share of the arc, by size."""
EXPECTED_PRODUCT, MOST_TIMES = 0.05, 100.0
"""Ohm.A.h: resistance times capacity of a usual cell; how far off is still believed."""
_FEWEST_POINTS = 3


def check_ocp(labels: Sequence[str]) -> list[Finding]:
    """Say whether open-circuit data has no voltage, or nothing to plot it against."""
    findings: list[Finding] = []
    if VOLTAGE not in labels:
        what = f"Open-circuit data has no column {VOLTAGE!r}. Add it, or leave out data_type."
        findings.append(Finding("ocp_voltage_column_missing", what, column=VOLTAGE))
    if not any(label in labels for label in OCP_AXES):
        axes = ", ".join(repr(label) for label in OCP_AXES)
        what = f"Open-circuit data needs one of {axes}, to have a voltage of something."
        findings.append(Finding("ocp_x_axis_column_missing", what))
    return findings


def check_eis(labels: Sequence[str]) -> list[Finding]:
    """Say which columns a spectrum lacks."""
    missing = [label for label in EIS if label not in labels]
    if not missing:
        return []
    listed = " and ".join(repr(label) for label in missing)
    what = f"A spectrum has no column {listed}. Add it, or leave out data_type."
    return [Finding("eis_columns_missing", what, column=missing[0], payload={"missing": missing})]


def check_arc(columns: Columns) -> list[Finding]:
    """Say whether the imaginary part is negated.

    The capacitive arc is what lies at lower frequencies than the least real part; its raw
    imaginary part is negative. Plots often show -Im(Z), and exports of plots do too.
    """
    arc = _arc(columns)
    size = np.abs(arc)
    total = float(size.sum())
    share = float(size[arc > 0].sum()) / total if total > 0 else 0.0
    if share < POSITIVE_FROM:
        return []
    what = (
        f"{Z_IMAGINARY!r} looks negated: {share:.0%} of the capacitive arc is positive. It is "
        "the raw imaginary part, negative on the arc: multiply the column by -1."
    )
    return [Finding("eis_zim_sign_reversed", what, column=Z_IMAGINARY, payload={"share": share})]


def _arc(columns: Columns) -> Floats:
    frequency, real, imaginary = (columns[label] for label in (FREQUENCY, Z_REAL, Z_IMAGINARY))
    keep = np.isfinite(frequency) & np.isfinite(real) & np.isfinite(imaginary)
    if keep.sum() < _FEWEST_POINTS:
        return np.zeros(0)
    order = np.argsort(frequency[keep])
    end = int(np.argmin(real[keep][order])) + 1
    return imaginary[keep][order][:end]


def check_magnitude(columns: Columns, rated: float | None) -> list[Finding]:
    """Say whether the resistance is beyond what a cell of this capacity can have.

    Parameters
    ----------
    columns : Columns
        A spectrum.
    rated : float or None
        Rated capacity in A.h.
    """
    real = columns[Z_REAL][np.isfinite(columns[Z_REAL])]
    least = float(real.min()) if len(real) else 0.0
    if not rated or rated <= 0 or least <= 0:
        return []
    expected = EXPECTED_PRODUCT / rated
    if expected / MOST_TIMES <= least <= expected * MOST_TIMES:
        return []
    what = (
        f"The least {Z_REAL!r} is {least:.3g} Ohm; a cell of {rated:g} A.h has about "
        f"{expected:.1g} Ohm, and {MOST_TIMES:g} times more or less is not believed. Is it in "
        "another unit?"
    )
    payload = {"least": least, "expected": expected}
    code = "eis_impedance_magnitude_implausible"
    return [Finding(code, what, column=Z_REAL, payload=payload)]
