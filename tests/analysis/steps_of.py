"""What are the steps and cycles of a series? As the service derives them, without a service."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from cellframe.server.derive import derive

if TYPE_CHECKING:
    import polars as pl

    from cellframe.server.derive import Derived


def derived(series: pl.DataFrame, capacity: float | None = None) -> Derived:
    """Steps and cycles of a series of a cell of this rated capacity in A.h."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "series.parquet")
        series.write_parquet(path)
        return derive(path, rated_capacity=capacity)
