"""Does a table of any length keep within a schema? One pass over its columns decides.

A schema for polars says types, gaps and bounds. Where that is all it says, the least and the
largest value of each column answer for every row. Where it says more, or a column is out of its
bounds, the answer is no: pandera then looks at the rows, and has the last word.
"""

from __future__ import annotations

import operator
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Limit: TypeAlias = tuple[Callable[[Any, Any], bool], float]

PIECE = 1 << 18
"""Rows looked at together: a column of them is 2 MiB, and stays in the processor's cache."""
_LONG = 16 * PIECE
"""Rows from which threads are worth their start."""
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Bound:
    """What a column keeps to.

    Attributes
    ----------
    dtype : DataType
        Its type.
    nullable : bool
        Whether there may be gaps; NaN is one.
    unique : bool
        Whether every value is there once.
    least, most : tuple of (comparison, number)
        What its least and its largest value compare to.
    """

    dtype: pl.DataType
    nullable: bool
    unique: bool
    least: tuple[Limit, ...]
    most: tuple[Limit, ...]

    @property
    def is_looked_at(self) -> bool:
        """Whether its rows matter, and not its type alone."""
        return bool(self.least or self.most) or not self.nullable


def holds(frame: pl.DataFrame | pl.LazyFrame, schema: Any) -> bool:
    """Whether a frame surely fits a schema.

    Parameters
    ----------
    frame : DataFrame or LazyFrame, shape (n_rows, n_columns)
        A LazyFrame is read in pieces, and only the columns that the schema names.
    schema : pandera.polars DataFrameSchema
        Rules.

    Returns
    -------
    bool
        False where the frame does not fit, or where the schema asks for more than types, gaps,
        bounds and unique values.
    """
    bounds = _bounds(schema)
    dtypes = frame.collect_schema()
    if bounds is None or any(dtypes.get(label) != one.dtype for label, one in bounds.items()):
        return False
    if schema.strict and set(dtypes) != set(bounds):
        return False
    unique = [label for label, one in bounds.items() if one.unique]
    if unique and (isinstance(frame, pl.LazyFrame) or not _are_unique(frame, unique)):
        return False
    looked_at = {label: one for label, one in bounds.items() if one.is_looked_at}

    def keeps(piece: pl.DataFrame) -> bool:
        return all(_keeps(piece[label], one) for label, one in looked_at.items())

    pieces = _pieces(frame, list(looked_at))
    if isinstance(frame, pl.LazyFrame) or frame.height < _LONG:
        return all(map(keeps, pieces))
    # Pieces of a frame are views: any number may wait for a thread, and numpy lets go of Python.
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _THREADS)) as pool:
        return all(pool.map(keeps, pieces))


def _are_unique(frame: pl.DataFrame, labels: list[str]) -> bool:
    return all(frame[label].n_unique() == frame.height for label in labels)


def _pieces(frame: pl.DataFrame | pl.LazyFrame, labels: list[str]) -> Iterator[pl.DataFrame]:
    if not labels:
        return iter(())
    if isinstance(frame, pl.LazyFrame):
        return iter(frame.select(labels).collect_batches(chunk_size=PIECE, maintain_order=False))
    return frame.select(labels).iter_slices(PIECE)


def _keeps(column: pl.Series, bound: Bound) -> bool:
    """Whether a piece of a column keeps within its bounds."""
    if column.null_count():
        if not bound.nullable:
            return False
        column = column.drop_nulls()
    if not len(column) or not column.dtype.is_numeric():
        return True
    # numpy's least value is NaN where any is; polars' passes over it.
    values = column.to_numpy()
    least = values.min()
    if least != least or not all(keeps(least, limit) for keeps, limit in bound.least):  # noqa: PLR0124
        return False
    return not bound.most or all(keeps(values.max(), limit) for keeps, limit in bound.most)


def _bounds(schema: Any) -> dict[str, Bound] | None:
    """Return what each column keeps to; None where a schema says more than that."""
    more = (schema.checks, schema.unique, schema.dtype, schema.parsers, schema.ordered)
    if any(more) or schema.strict not in (True, False) or schema.add_missing_columns:
        return None
    found = {str(label): _bound(column) for label, column in schema.columns.items()}
    known = {label: bound for label, bound in found.items() if bound is not None}
    return known if len(known) == len(found) else None


def _bound(column: Any) -> Bound | None:
    if column.regex or column.parsers or not column.required or column.dtype is None:
        return None
    dtype = column.dtype.type
    limits = [_LIMITS[check.name](check.statistics) for check in column.checks if _is_plain(check)]
    if len(limits) < len(column.checks) or (limits and not dtype.is_numeric()):
        return None
    least, most = (tuple(one for pair in limits for one in pair[end]) for end in (0, 1))
    return Bound(dtype, column.nullable, column.unique, least, most)


def _is_plain(check: Any) -> bool:
    return check.name in _LIMITS and not check.element_wise and check.groupby is None


def _in_range(says: Any) -> tuple[list[Limit], list[Limit]]:
    above = operator.ge if says["include_min"] else operator.gt
    below = operator.le if says["include_max"] else operator.lt
    return [(above, says["min_value"])], [(below, says["max_value"])]


_LIMITS: dict[str, Callable[[Any], tuple[list[Limit], list[Limit]]]] = {
    "greater_than": lambda says: ([(operator.gt, says["min_value"])], []),
    "greater_than_or_equal_to": lambda says: ([(operator.ge, says["min_value"])], []),
    "less_than": lambda says: ([], [(operator.lt, says["max_value"])]),
    "less_than_or_equal_to": lambda says: ([], [(operator.le, says["max_value"])]),
    "in_range": _in_range,
}
"""What pandera's own checks say of the least and of the largest value."""
