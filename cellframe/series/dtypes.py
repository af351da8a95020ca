"""Does a parquet file hold this column, and does the service read it?

Found by writing each type and having steps derived of it: all others come back as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import SERIES
from cellframe.series.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polars._typing import PolarsDataType

_WIDE = "Cast it to Int64 or Float64, or make it text."
_OBJECTS = "Make it numbers or text; give a complex number as two columns."
_FOREIGN = "Take its plain values, or make it text (pandas: `.astype(str)`)."
_EMPTY = "Drop it."


def check_dtypes(frame: pl.DataFrame) -> list[Finding]:
    """Say which columns have a type that cannot be stored.

    Parameters
    ----------
    frame : DataFrame
        Of a series or of steps. A known column that holds no numbers is told elsewhere.
    """
    return [
        Finding(
            "type_not_storable",
            f"{label!r} holds {dtype}, which cannot be stored. {how}",
            column=label,
        )
        for label, dtype in frame.schema.items()
        if label not in SERIES or dtype.is_numeric()
        for how in _advice(dtype)
    ]


def _advice(dtype: pl.DataType) -> Iterator[str]:
    """Say what to do instead; nothing where the type is held."""
    for part in _parts(dtype):
        if isinstance(part, pl.Int128 | pl.UInt128):
            # pyarrow, which reads the footer, knows no integers of 128 bits.
            yield _WIDE
        elif isinstance(part, pl.Object):
            yield _OBJECTS
        elif isinstance(part, pl.BaseExtension):
            yield _FOREIGN
        elif isinstance(part, pl.Struct) and not part.fields:
            yield _EMPTY
        else:
            continue
        return


def _parts(dtype: pl.DataType) -> Iterator[pl.DataType]:
    """Go through a type and the types inside it."""
    yield dtype
    if isinstance(dtype, pl.Struct):
        for field in dtype.fields:
            yield from _parts(_made(field.dtype))
    elif isinstance(dtype, pl.List | pl.Array):
        yield from _parts(_made(dtype.inner))


def _made(dtype: PolarsDataType) -> pl.DataType:
    return dtype if isinstance(dtype, pl.DataType) else dtype()
