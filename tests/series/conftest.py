"""A made test of a cell, and what is found in a series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cellframe.errors import MeasurementError
from cellframe.series.checked import check_series, read_series
from tests.series.made import made_test

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from cellframe.series.findings import Finding


@pytest.fixture(scope="session")
def whole() -> pl.DataFrame:
    """A test with nothing wrong: 8 steps, 2 cycles, every column."""
    return made_test(2)


@pytest.fixture
def find() -> Callable[..., dict[str, Finding]]:
    """Check a series and return what was found by code, errors and warnings."""

    def found(series: Any, **options: Any) -> dict[str, Finding]:
        try:
            findings = check_series(read_series(series), **options)
        except MeasurementError as refusal:
            findings = refusal.findings
        return {finding.code: finding for finding in findings}

    return found
