"""How is an export read whose rows are of several kinds?

Neware writes a row per cycle, below it a row per step, below that the records. Each kind has a
header of its own, one empty cell deeper than the kind above, and so have its rows; the first step
stands in the same line as its cycle. Records are taken, with the numbers of their cycle and step.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.series import CYCLE_FROM_CYCLER, STEP_FROM_CYCLER
from cellframe.errors import SheetError
from cellframe.intake.cycler.mapping import STATE
from cellframe.intake.cycler.names import recognise

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOLD = (CYCLE_FROM_CYCLER, STEP_FROM_CYCLER, STATE)
"""What a record is told of the rows above it."""
_MOST_NAMED = 5


def depth(cells: Sequence[str]) -> int:
    """Return how many empty cells a header or a row begins with."""
    return next((at for at, cell in enumerate(cells) if cell.strip()), 0)


def are_layers(headers: Sequence[Sequence[str]]) -> bool:
    """Whether lines are headers of several kinds of rows, each one cell deeper than the last."""
    return len(headers) > 1 and all(
        depth(cells) == at and any(cells) for at, cells in enumerate(headers)
    )


def told_from_above(headers: Sequence[Sequence[str]]) -> list[tuple[int, int, str]]:
    """Return kind, place and header of what the rows above tell of a record."""
    own = {*headers[-1]}
    found: list[tuple[int, int, str]] = []
    for kind, cells in enumerate(headers[:-1]):
        for place, name in enumerate(cells):
            known = recognise(name) if any(map(str.isalpha, name)) else None
            if known is not None and known.label in _TOLD and name not in own:
                found.append((kind, place, name))
    return found


def read_layers(
    name: str,
    lines: Sequence[str],
    headers: Sequence[Sequence[str]],
    skip: int,
    delimiter: str,
    place: str,
) -> pl.DataFrame:
    """Read the records of such an export.

    Parameters
    ----------
    name : str
        Of the file.
    lines : sequence of str
        Every line of the file.
    headers : sequence of sequence of str
        One of each kind of row; the last is that of the records.
    skip : int
        Lines before the last header.
    delimiter : str
        Between cells.
    place : str
        Label of the column for where each record stands.

    Returns
    -------
    DataFrame of String
        The records' own columns after those of the rows above, and `place`.

    Raises
    ------
    SheetError
        A record has more or fewer cells than its header, or two columns have one header.
    """
    body = pl.DataFrame({"line": pl.Series(lines[skip + 1 :], dtype=pl.String)})
    body = body.with_row_index(place, offset=skip + 2).filter(pl.col("line") != "")
    leading = pl.col("line").str.extract(rf"^({re.escape(delimiter)}*)").str.len_chars()
    cells = pl.col("line").str.split(delimiter)
    body = body.with_columns(leading.alias("depth"), cells.alias("cells"))
    above = told_from_above(headers)
    body = body.with_columns(_above(kind, at, headers).alias(told) for kind, at, told in above)
    records = body.filter(pl.col("depth") >= len(headers) - 1)
    _refuse_misfits(name, records, headers[-1], place)
    own = [
        pl.col("cells").list.get(at).replace("", None).alias(label)
        for at, label in enumerate(headers[-1])
        if label
    ]
    return records.select(place, *(told for _, _, told in above), *own)


def _above(kind: int, at: int, headers: Sequence[Sequence[str]]) -> pl.Expr:
    """Return what the last row of a kind says, beside its own line or in that of its parent."""
    own = pl.when(pl.col("depth") == kind).then(pl.col("cells").list.get(at, null_on_oob=True))
    if kind == 0:
        return own.forward_fill()
    parent = len(headers[kind - 1])
    is_joined = (pl.col("depth") == kind - 1) & (pl.col("cells").list.len() > parent)
    joined = pl.when(is_joined).then(pl.col("cells").list.get(parent + at - kind, null_on_oob=True))
    return pl.coalesce(own, joined).forward_fill()


def _refuse_misfits(name: str, records: pl.DataFrame, header: Sequence[str], place: str) -> None:
    width = len(header)
    odd = records.filter(pl.col("cells").list.len() != width)
    twice = sorted({label for label in header if label and header.count(label) > 1})
    if odd.is_empty() and not twice:
        return
    said = [f"{label!r} is the header of several columns of the records." for label in twice]
    said += [
        f"Line {line} has {cells} cells where the header of the records has {width}."
        for line, cells in odd.head(_MOST_NAMED).select(place, pl.col("cells").list.len()).rows()
    ]
    more = f"\n  and {odd.height - _MOST_NAMED} more." if odd.height > _MOST_NAMED else ""
    raise SheetError("\n  ".join([f"{name} cannot be read as a table.", *said]) + more)
