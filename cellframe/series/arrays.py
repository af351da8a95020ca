"""The columns of a series as arrays, looked at in pieces.

A test has millions of rows. Columns are viewed, not copied, and whatever a check derives from
them is made for a piece of the rows at a time: it stays in the processor's cache, and memory
stays flat.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl

from cellframe.contract.series import STEP, TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Rows: TypeAlias = NDArray[np.intp]
    Flags: TypeAlias = NDArray[np.bool_]

PIECE = 1 << 16
"""Rows of one piece: eight columns of them are 4 MiB."""


class Columns:
    """A series as arrays, one per column: int64 of whole numbers, else float64 with NaN for gaps.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        A series as `read_series` returns it.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self._known: dict[str, Floats] = {}
        self.height = frame.height
        self.labels = frame.columns

    def __contains__(self, label: str) -> bool:
        """Whether there is a column of numbers with this label."""
        dtype = self._frame.schema.get(label)
        return dtype is not None and (dtype.is_numeric() or dtype == pl.Null)

    def has(self, *labels: str) -> bool:
        """Whether all of these columns are there, as numbers."""
        return all(label in self for label in labels)

    def __getitem__(self, label: str) -> Floats:
        """One column; a view of the frame's own memory where it has no gap."""
        if label not in self._known:
            column = self._frame[label]
            is_whole = column.dtype == pl.Int64 and not column.null_count()
            self._known[label] = (column if is_whole else column.cast(pl.Float64)).to_numpy()
        return self._known[label]

    @cached_property
    def timed(self) -> Rows | None:
        """Rows that have a time; None where all have. A sweep of frequencies has none."""
        missing = np.isnan(self[TIME])
        return np.flatnonzero(~missing) if missing.any() else None

    @cached_property
    def starts(self) -> Rows:
        """First row of each step: wherever ``Step count`` changes."""
        return run_starts(self[STEP])


def run_starts(values: NDArray[np.generic]) -> Rows:
    """First row of each run of equal values."""
    if not len(values):
        return np.zeros(0, dtype=np.intp)
    return np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])


def pieces(height: int) -> Iterator[slice]:
    """Cut rows into pieces; each begins with the last row of the piece before."""
    for start in range(0, max(height - 1, 1), PIECE):
        yield slice(start, min(height, start + PIECE + 1))


def find_pairs(values: Floats, is_bad: Callable[[Floats], Flags]) -> Rows:
    """Rows whose difference from the row before is bad."""
    found = [
        np.flatnonzero(is_bad(np.diff(values[piece]))) + piece.start + 1
        for piece in pieces(len(values))
    ]
    return np.concatenate(found)


def find_rows(values: Floats, is_bad: Callable[[Floats], Flags]) -> Rows:
    """Rows whose value is bad."""
    found = [
        np.flatnonzero(is_bad(values[start : start + PIECE])) + start
        for start in range(0, len(values), PIECE)
    ]
    return np.concatenate([np.zeros(0, dtype=np.intp), *found])
