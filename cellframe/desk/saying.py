"""What went wrong, in words for somebody who has a file and a page, and no Python?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellframe.errors import ApiError, PlanError, RateLimitError, ServerError, TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cellframe.errors import CellframeError

MOST = 200
"""Faults that a page lists."""
_IN_PAGE_WORDS = {
    "key column": "The file does not say which cell a row is: its grey columns at the far right are gone. Take the file that you downloaded; or choose the spec, and tick that this is a sheet of your own.",
}
_AWAY = "The records cannot be reached right now. Wait a minute, then try again."


@dataclass(frozen=True, slots=True)
class Told:
    """One fault of a file.

    Attributes
    ----------
    place : str
        Where it is: a row, a column, or the file.
    message : str
        What is wrong, and what to do.
    """

    place: str
    message: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something could not be done.

    Attributes
    ----------
    head : str
        In one sentence.
    more : sequence of str
        Further sentences.
    faults : sequence of Told
        What is wrong with a file, place by place; the first `MOST` of them.
    total : int
        How many there are.
    """

    head: str
    more: Sequence[str] = ()
    faults: Sequence[Told] = ()
    total: int = 0


def trouble(fault: CellframeError) -> Trouble:
    """Return what a page says of an error of ours: every fault, and no word of Python."""
    failures = getattr(fault, "failures", None)
    head, *more = str(fault).split("\n")
    if failures is None:
        if isinstance(fault, (TransportError, ServerError, RateLimitError)):
            return Trouble(_AWAY, [head])
        if isinstance(fault, ApiError):
            return Trouble(f"The service refused this: {head}", more)
        return Trouble(head, more)
    lines = failures.head(MOST).iter_rows(named=True)
    return Trouble(_head(fault, head), (), [_told(line) for line in lines], failures.height)


def _head(fault: CellframeError, said: str) -> str:
    return (
        said.replace("cannot be planned", "cannot be read as it stands", 1)
        if isinstance(fault, PlanError)
        else said
    )


def _told(line: Mapping[str, Any]) -> Told:
    if line["rule"] in _IN_PAGE_WORDS:
        return Told("The file", _IN_PAGE_WORDS[line["rule"]])
    where = "The file" if line["row"] is None else f"Row {line['row']}"
    parts = [where, *(str(line[key]) for key in ("name", "column") if line[key] is not None)]
    return Told(", ".join(parts), str(line["message"]))
