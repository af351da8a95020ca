"""Faults of a frame: each named by row, column, value and rule, all at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a frame.

    Attributes
    ----------
    message : str
        What is wrong, where, and what to do.
    row : int or None
        Position of the row, counted from 0; None for a fault of the whole frame.
    name : str or None
        Name of the record in that row.
    column : str or None
        Label of the column.
    value : str or None
        The value as text.
    rule : str
        The rule it breaks, in a few words.
    """

    message: str
    row: int | None = None
    name: str | None = None
    column: str | None = None
    value: str | None = None
    rule: str = ""


def cell_fault(
    row: int,
    name: object,
    column: str,
    value: object,
    rule: str,
    advice: str = "",
    *,
    number: int | None = None,
) -> Fault:
    """Return a fault of one cell, in one sentence.

    Parameters
    ----------
    number : int, optional
        What the row is called, where that is not its position: a sheet counts its header too.
    """
    called = None if name is None else str(name)
    said = row if number is None else number
    who = f"Row {said} ('{called}')" if called else f"Row {said}"
    shown = "" if value is None else f"{_short(value)} "
    message = f"{who}, {column!r}: {shown}{rule}." + (f" {advice}" if advice else "")
    return Fault(message, row, called, column, None if value is None else str(value), rule)


def renamed(fault: Fault, name: str | None, place: str) -> Fault:
    """Return a fault of a cell that is now known by a name and by what its owner calls its place."""
    told = fault.message.partition(", ")[2]
    who = f"{place} ('{name}')" if name else place
    return replace(fault, name=name, message=f"{who}, {told}")


def table(faults: Iterable[Fault]) -> pl.DataFrame:
    """Faults as a frame, in the order of rows.

    Returns
    -------
    DataFrame, shape (n_faults, 6)
        ``row``, ``name``, ``column``, ``value``, ``rule``, ``message``.
    """
    import polars as pl

    schema = {
        "row": pl.Int64,
        "name": pl.String,
        "column": pl.String,
        "value": pl.String,
        "rule": pl.String,
        "message": pl.String,
    }
    return pl.DataFrame([asdict(fault) for fault in faults], schema=schema).sort(
        "row", nulls_last=False, maintain_order=True
    )


MISSING, NO_MATCH = "column_in_dataframe", "no_regex_column_match"
ABSENT = (MISSING, NO_MATCH)
"""Rules of pandera's that ask for a column which is not there."""
_LONGEST = 60


def _short(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
