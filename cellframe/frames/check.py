"""Whether a frame of records fits its table: one fused query decides, pandera explains.

The rules are generated from the columns. The query counts what breaks them in one pass; only
where the count is not zero is the pandera schema asked which rows, and why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import NAME_LENGTH, Type
from cellframe.frames.columns import Column, Leaf
from cellframe.frames.decode import dtype_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.frames.faults import Fault


def find_faults(
    frame: pl.DataFrame,
    columns: Sequence[Column],
    *,
    name: str,
    faults: Sequence[Fault] = (),
) -> list[Fault]:
    """Return every fault of a frame by our own rules.

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
    """
    found = list(faults)
    if _broken(frame, columns):
        from cellframe.frames.explain import explain
        from cellframe.frames.schemas import schema_for

        # A value that could not be read is a fault already; the gap in its place is none.
        told = {(fault.row, fault.column) for fault in found}
        ours = explain(frame, schema_for(columns), name)
        found += [fault for fault in ours if (fault.row, fault.column) not in told]
    return found


def break_rules(
    frame: pl.DataFrame | pl.LazyFrame, schemas: Sequence[Any], name: str
) -> list[Fault]:
    """Return what schemas of the caller's own find in a frame of any kind.

    A LazyFrame is collected where a pass over its columns does not let it pass.

    Raises
    ------
    ConfigError
        A schema is none, or cannot be put to a frame.
    """
    if not schemas:
        return []
    from cellframe.frames.explain import explain

    return [fault for schema in schemas for fault in explain(frame, schema, name)]


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
