"""What becomes of rows that break a rule: raise, report, or leave them out? Never in silence."""

from __future__ import annotations

import inspect
import warnings
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import polars as pl

from cellframe.errors import ConfigError, FrameError, FrameWarning
from cellframe.frames.faults import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.frames.faults import Fault

OnInvalid: TypeAlias = Literal["raise", "report", "drop"]
FAULTS = "_faults"
"""The column of what is wrong with a row. As a comment it comes along through joins, files and
both libraries, and is left out of every plan."""


def settle(
    frame: pl.DataFrame, faults: Sequence[Fault], on_invalid: OnInvalid, what: str = "frame"
) -> pl.DataFrame:
    """Return a frame without, or with, the rows that break a rule.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        What was read.
    faults : sequence of Fault
        Everything that was found in it.
    on_invalid : {"raise", "report", "drop"}
        Raise; or add the column ``_faults`` and warn; or leave the rows out and warn.
    what : str
        What to call the frame.

    Raises
    ------
    FrameError
        There are faults, and they are to be raised; or one is of the whole frame, which no
        dropped row puts right.
    """
    if not faults:
        return _reported(frame, faults) if on_invalid == "report" else frame
    many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    said = f"The {what} does not fit its schema: {many}."
    if on_invalid == "raise":
        raise FrameError(said, table(faults))
    if on_invalid == "report":
        said += f" Rows are marked in the column {FAULTS!r}."
        warnings.warn(FrameWarning(said, table(faults)), stacklevel=outside())
        return _reported(frame, faults)
    return _dropped(frame, faults, said)


def outside() -> int:
    """Return the `stacklevel` of a warning that names the line of the person who called."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith("cellframe."):
        level, frame = level + 1, frame.f_back
    return level


def check_choice(on_invalid: str) -> None:
    """Refuse a word that there is not.

    Raises
    ------
    ConfigError
        `on_invalid` is none of the three.
    """
    if on_invalid not in get_args(OnInvalid):
        message = f"on_invalid={on_invalid!r} is none of 'raise', 'report' and 'drop'."
        raise ConfigError(message)


def _reported(frame: pl.DataFrame, faults: Sequence[Fault]) -> pl.DataFrame:
    """Add what is wrong with each row, as text; null where nothing is."""
    said: dict[int, list[str]] = {}
    for fault in faults:
        if fault.row is not None:
            said.setdefault(fault.row, []).append(fault.message.partition(", ")[2])
    texts = [" ".join(said[row]) if row in said else None for row in range(frame.height)]
    return frame.with_columns(pl.Series(FAULTS, texts, dtype=pl.String))


def _dropped(frame: pl.DataFrame, faults: Sequence[Fault], said: str) -> pl.DataFrame:
    whole = [fault for fault in faults if fault.row is None]
    if whole:
        message = f"{said} Leaving rows out does not help: {len(whole)} of them is not of a row."
        raise FrameError(message, table([*whole, *(f for f in faults if f.row is not None)]))
    rows = {int(fault.row) for fault in faults if fault.row is not None}
    gone = "1 row was" if len(rows) == 1 else f"{len(rows)} rows were"
    warnings.warn(FrameWarning(f"{said} {gone} left out.", table(faults)), stacklevel=outside())
    return frame[[row for row in range(frame.height) if row not in rows]]
