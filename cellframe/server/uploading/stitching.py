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
        types = before.collect_schema()
        same = after.select(pl.col(name).cast(types[name]) for name in columns)
        pl.concat([before, same]).sink_parquet(target)
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


def _refuse_overlap(stored: pl.LazyFrame, more: pl.LazyFrame) -> None:
    time = pl.col(TIME).drop_nulls()
    last = stored.select(time.last()).collect().item()
    first = more.select(time.first()).collect().item()
    if first is None:
        raise _refused(f"It has no row with a {TIME!r}.")
    if last is not None and not first > last:
        raise _refused(f"It begins at {first} s, but the stored series ends at {last} s.")
