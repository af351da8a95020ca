"""How is more of a series put behind what is there?

Both files are read and written in pieces; neither is in memory whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import TIME
from cellframe.server.derive.opening import Unreadable, columns_of
from cellframe.server.files.blobs import FULL
from cellframe.server.refusals import printable, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_BROKEN = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError)


def stitch(stored: Path, more: Path, target: Path) -> None:
    """Write a series and its extension into one file.

    Parameters
    ----------
    stored, more : Path
        Parquet; what is there, and what came.
    target : Path
        An empty file.

    Raises
    ------
    Refusal
        422 where the extension has other columns, does not begin after the stored end, or cannot
        be read.
    """
    try:
        columns = columns_of(stored)
        _refuse_other_columns(columns, columns_of(more))
        before, after = (pl.scan_parquet(path, glob=False) for path in (stored, more))
        _refuse_overlap(before, after)
        types = _types(before.collect_schema(), after)
        same = [part.select(pl.col(c).cast(types[c]) for c in columns) for part in (before, after)]
        pl.concat(same).sink_parquet(target)
    except Unreadable as fault:
        raise _refused(str(fault)) from None
    except _BROKEN as fault:
        if isinstance(fault, OSError) and fault.errno in FULL:
            raise
        reason = str(fault).partition("\n")[0]
        raise _refused(f"It does not go with the stored columns ({reason}).") from None


def _refused(reason: str) -> Exception:
    return refuse(422, f"The test was not extended. {reason}")


def _refuse_other_columns(stored: Iterable[str], more: Iterable[str]) -> None:
    missing, further = set(stored) - set(more), set(more) - set(stored)
    told = [
        f"{word} {', '.join(repr(printable(name)) for name in sorted(names))}"
        for word, names in (("lacks", missing), ("adds", further))
        if names
    ]
    if told:
        raise _refused(
            f"An extension has the columns of the stored series; it {' and '.join(told)}."
        )
    if TIME not in set(stored):
        raise _refused(f"A series without {TIME!r} has no end to go on from.")


def _types(stored: pl.Schema, after: pl.LazyFrame) -> dict[str, pl.DataType]:
    """Return a type for each column that holds both parts, and cuts no value short."""
    more = after.collect_schema()
    types: dict[str, pl.DataType] = {}
    for name, was in stored.items():
        came = more[name]
        if came in (was, pl.Null) or _is_exact(after, name, was):
            types[name] = was
        elif was == pl.Null:
            types[name] = came
        elif was.is_numeric() and came.is_numeric():
            parts = [pl.DataFrame(schema={name: dtype}) for dtype in (was, came)]
            types[name] = pl.concat(parts, how="vertical_relaxed").schema[name]
        else:
            raise _refused(
                "It does not go with the stored columns: "
                f"{printable(name)!r} holds {came}, and {was} in what is stored."
            )
    return types


def _is_exact(rows: pl.LazyFrame, name: str, dtype: pl.DataType) -> bool:
    """Whether a column of numbers can be held in another type of numbers, value by value."""
    held = rows.collect_schema()[name]
    if not (held.is_numeric() and dtype.is_numeric()):
        return False
    cast = pl.col(name).cast(dtype, strict=False)
    return bool(rows.select(cast.eq_missing(pl.col(name)).all()).collect().item())


def _refuse_overlap(stored: pl.LazyFrame, more: pl.LazyFrame) -> None:
    time = pl.col(TIME).drop_nulls()
    last = stored.select(time.max()).collect().item()
    first = more.select(time.min()).collect().item()
    if first is None:
        raise _refused(f"It has no row with a {TIME!r}.")
    if last is not None and not first > last:
        raise _refused(f"It begins at {first} s, but the stored series ends at {last} s.")
