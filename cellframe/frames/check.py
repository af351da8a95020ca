"""Whether a frame of records fits its table: one fused query decides, pandera explains.

The rules are generated from the columns. The query counts what breaks them in one pass; only
where the count is not zero is the pandera schema asked which rows, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import NAME_LENGTH, Type
from cellframe.errors import FrameError
from cellframe.frames.columns import Column, Leaf
from cellframe.frames.decode import dtype_of
from cellframe.frames.faults import Fault, table

if TYPE_CHECKING:
    from collections.abc import Sequence


def check(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    *,
    name: str,
    faults: Sequence[Fault] = (),
    schema: Any = None,
) -> None:
    """Raise every fault of a frame at once.

    Parameters
    ----------
    frame : DataFrame, shape (n_records, n_columns)
        A frame of records.
    columns : sequence of Column
        What its columns stand for.
    name : str
        Label of the column that says what to call a row.
    faults : sequence of Fault
        Found on the way already.
    schema : pandera DataFrameSchema or DataFrameModel for polars, optional
        Rules of the caller's own, added to ours.

    Raises
    ------
    FrameError
        With `.failures`, a row per fault.
    """
    found = list(faults)
    if _broken(frame, columns):
        from cellframe.frames.schemas import explain, schema_for

        found += explain(frame, schema_for(columns), name)
    if schema is not None:
        from cellframe.frames.schemas import explain

        found += explain(frame, schema, name)
    if found:
        many = "fault" if len(found) == 1 else "faults"
        message = f"The frame does not fit its schema: {len(found)} {many}."
        raise FrameError(message, table(found))


def required(column: Column) -> bool:
    """Whether a cell of this column is never empty."""
    return column.field is not None and column.field.required and column.leaf is Leaf.PLAIN


def is_key(column: Column) -> bool:
    """Whether the column holds the records' own ids."""
    return column.field is not None and column.field.name == "id"


def _broken(frame: pl.DataFrame, columns: Sequence[Column]) -> bool:
    if any(frame.schema.get(column.label) != dtype_of(column) for column in columns):
        return True
    counts: list[pl.Expr] = []
    for number, column in enumerate(columns):
        cell = pl.col(column.label)
        if required(column):
            counts.append(cell.null_count().alias(f"{number} null"))
        if is_key(column):
            counts.append((cell.len() - cell.n_unique()).alias(f"{number} unique"))
        if column.type is Type.NAME:
            length = cell.str.len_chars()
            counts.append(((length < 1) | (length > NAME_LENGTH)).sum().alias(f"{number} length"))
        if column.is_number:
            counts.append((~cell.is_finite()).sum().alias(f"{number} finite"))
    return any(frame.select(counts).row(0)) if counts and frame.height else False
