"""The pandera schema of a frame of records: it explains, and it carries rules of your own.

``cellframe.schemas.schema_for(columns)`` is generated from the same columns as the fused
checks, ``steps_schema()`` and ``cycles_schema()`` from the contract's. A schema that you pass as ``schema=`` is added to it, not put in its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandera.polars as pa
import polars as pl

from cellframe.contract.records import NAME_LENGTH, Type
from cellframe.contract.series import CYCLES, STEPS
from cellframe.frames.check import is_key, required
from cellframe.frames.decode import dtype_of
from cellframe.frames.long import HELD, KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pandera.api.polars.types import PolarsData

    from cellframe.contract.series import Held
    from cellframe.frames.columns import Column


def schema_for(columns: Sequence[Column]) -> pa.DataFrameSchema:
    """Return the schema of a frame with these columns.

    Parameters
    ----------
    columns : sequence of Column
        As `cellframe.frames.columns` arranges them.

    Returns
    -------
    pandera.polars.DataFrameSchema
        Types, which cells are never empty, unique ids, lengths of names, finite numbers.
    """
    return pa.DataFrameSchema({column.label: _column(column) for column in columns})


def steps_schema() -> pa.DataFrameSchema:
    """Return the schema of ``frames.steps``: keys, names and the columns of a step, by type."""
    return _long(STEPS)


def cycles_schema() -> pa.DataFrameSchema:
    """Return the schema of ``frames.cycles``: keys, names and the columns of a cycle, by type."""
    return _long(CYCLES)


def _long(columns: Mapping[str, Held]) -> pa.DataFrameSchema:
    required = ("measurement_id", "instance_id", "test")
    keys = {key: pa.Column(pl.String, nullable=key not in required) for key in KEYS}
    rest = {label: pa.Column(HELD[held], nullable=True) for label, held in columns.items()}
    return pa.DataFrameSchema({**keys, **rest})


def _column(column: Column) -> pa.Column:
    checks: list[pa.Check] = []
    if column.type is Type.NAME:
        checks.append(
            pa.Check.str_length(1, NAME_LENGTH, error=f"is not 1 to {NAME_LENGTH} characters long")
        )
    if column.is_number:
        checks.append(pa.Check(_finite, error="is not finite"))
    return pa.Column(dtype_of(column), checks, nullable=not required(column), unique=is_key(column))


def _finite(data: PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).is_finite())
