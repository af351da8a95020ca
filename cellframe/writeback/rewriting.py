"""Some cells of an edited frame get other values; it keeps its columns, and their types where they fit.

A plan that is narrowed or decided says so in the frame too: one that is saved, or made again, is
made of its frame.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.views import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.writeback.diff import Value
    from cellframe.writeback.plan import Plan

    Cells = Mapping[str, Mapping[int, Value]]


def with_cells(plan: Plan, cells: Mapping[str, Cells], **more: Any) -> Plan:
    """Return a plan with other values in some cells of its frames.

    Parameters
    ----------
    cells : mapping of str to mapping
        New values of each frame, by what its rows are (cell, spec).
    **more
        Other attributes of the plan that change with them.
    """
    parts = (
        replace(part, edited=rewritten(part.edited, cells.get(part.kind.noun, {})))
        for part in plan.parts
    )
    return replace(plan, parts=tuple(parts), **more)


def rewritten(frame: pl.DataFrame, cells: Cells) -> pl.DataFrame:
    """Return a frame with other values in some of its cells.

    Parameters
    ----------
    cells : mapping of str to mapping of int to value
        New values by label and row. A column that is not there yet is made, of texts.
    """
    empty = pl.repeat(None, frame.height, dtype=pl.String, eager=True)
    columns = [
        _rewritten(frame.get_column(label, default=empty.alias(label)), values)
        for label, values in cells.items()
        if values
    ]
    return frame.with_columns(columns)


def _rewritten(column: pl.Series, values: Mapping[int, Value]) -> pl.Series:
    new = list(values.values())
    if column.dtype.is_integer() and any(isinstance(value, float) for value in new):
        column = column.cast(pl.Float64)
    fitting = _fitting(column, new)
    if fitting is None:
        column = column.cast(pl.String)
        fitting = pl.Series([text.value(value) for value in new], dtype=pl.String)
    return column.scatter(list(values), fitting)


def _fitting(column: pl.Series, values: list[Value]) -> pl.Series | None:
    """Return values as a column holds them; None where it cannot."""
    if isinstance(column.dtype, pl.String | pl.Null | pl.Categorical | pl.Enum):
        return None
    found = pl.Series(values, strict=False).cast(column.dtype, strict=False)
    return found if found.null_count() == sum(value is None for value in values) else None
