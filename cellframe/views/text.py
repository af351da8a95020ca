"""Plans and receipts as plain text, and in colour for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cellframe.views import words
from cellframe.views.clean import cut
from cellframe.views.listing import write_columns, write_outcomes, write_rows
from cellframe.views.overview import by_column
from cellframe.views.page import Page
from cellframe.views.rows import Space, plan_rows

if TYPE_CHECKING:
    from datetime import date

    from rich.text import Text

    from cellframe.views.parts import PlanParts, ReceiptParts

WIDTH = 100
_SPACE = Space(weight=36, cells=12, value=60)
_COLUMNS = 12
# A terminal is read from its end: what has to be decided is written last.
_ORDER = (
    "lot",
    "update",
    "create",
    "delete",
    "other",
    "already_there",
    "exists",
    "invalid",
    "conflict",
)
_HEADINGS = {
    "lot": "Would create {}",
    "update": "Would update {}",
    "create": "Would create {}",
    "delete": "Would delete {}",
    "other": "Also {}",
    "already_there": "Already there, {}: the service has your value",
    "exists": "Already exists, {}: would not be created a second time",
    "invalid": "Invalid, {}: cannot be sent as it is",
    "conflict": "Conflict, {}: edited by you, and on the service since you read it",
}


def value(v: str | float | date | None) -> str | None:
    """Write the value of a cell as plans write it.

    Parameters
    ----------
    v : str, float, date or None
        A value of a frame.

    Returns
    -------
    str or None
        The shortest number that reads back as the same float, without ``.0``; a date in ISO
        8601; None where the cell is empty (NaN too).

    Examples
    --------
    >>> value(41.2), value(2160.0), value(None)
    ('41.2', '2160', None)
    """
    if v is None or isinstance(v, str):
        return v
    if isinstance(v, bool):
        return str(v).lower()
    if isinstance(v, int | float):
        if isinstance(v, int):
            return str(v)
        return None if math.isnan(v) else float.__repr__(v).removesuffix(".0")
    return v.isoformat()


def plan(parts: PlanParts, width: int = WIDTH) -> str:
    """Write a plan as plain text.

    Parameters
    ----------
    parts : PlanParts
        The plan.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Counts, by column too where there are many; up to 36 rows and more of a short kind;
        notices, what to decide, how to send.
    """
    return plan_rich(parts, width).plain


def receipt(parts: ReceiptParts, width: int = WIDTH) -> str:
    """Write a receipt as plain text.

    Parameters
    ----------
    parts : ReceiptParts
        The receipt.
    width : int
        Columns of the page.

    Returns
    -------
    str
        Counts, why nothing was sent, rows that are not ok, where the history is.
    """
    return receipt_rich(parts, width).plain


def plan_rich(parts: PlanParts, width: int = WIDTH) -> Text:
    """Write a plan in colour; the text is that of `plan`."""
    page = Page(width)
    counts = ", ".join(count.phrase for count in words.counted(parts.counts)) or "no rows"
    page.line((f"{words.plan_title(parts)} at {words.origin(parts)}: ", "bold"), (counts, "bold"))
    write_columns(page, *by_column(parts, _COLUMNS))
    shown = plan_rows(parts, _SPACE, lambda _kind, _cells: 1)
    for kind in sorted(shown.rows, key=_ORDER.index):
        page.gap()
        noun = "lot" if kind == "lot" else cut(parts.noun, 40)
        page.line((_HEADINGS[kind].format(words.many(shown.totals[kind], noun)), "bold"))
        write_rows(page, kind, shown.rows[kind])
    if shown.more:
        page.gap()
        page.line((f"and {shown.more:,} more: {parts.voice.all_changes}", "bold"))
    page.gap()
    for notice in parts.notices:
        page.sentence(cut(notice, words.SENTENCE), sign="Note: ", mark="yellow")
    page.gap()
    if parts.closing or not parts.sendable:
        _closing(page, parts)
    return page.text()


def receipt_rich(parts: ReceiptParts, width: int = WIDTH) -> Text:
    """Write a receipt in colour; the text is that of `receipt`."""
    page = Page(width)
    counts = ", ".join(count.phrase for count in words.counted(parts.counts)) or "no rows"
    page.line((f"{words.receipt_title(parts)} {words.origin(parts)}: ", "bold"), (counts, "bold"))
    if parts.refused:
        page.sentence(cut(parts.refused, words.SENTENCE), "bold red")
    if words.partly_done(parts):
        page.sentence(words.NOT_ATOMIC, "yellow")
    write_outcomes(page, parts, _SPACE.weight)
    page.gap()
    guards = words.guards(parts)
    if guards:
        page.sentence(guards, sign="Guard: ")
    if parts.journal:
        page.line(("History: ", ""), (cut(parts.journal, words.SENTENCE), "cyan"))
    for what, call in words.next_steps(parts):
        page.line((f"{what} ", ""), (call, "bold cyan"))
    return page.text()


def _closing(page: Page, parts: PlanParts) -> None:
    if not parts.sendable:
        page.line((words.no_changes(parts.voice), "bold"))
        return
    decisions = words.to_decide(parts)
    if not decisions:
        page.line((f"{words.NOTHING_SENT} ", "bold"), (parts.voice.send, "bold cyan"))
        return
    page.line(("To decide first:", "bold"))
    for count in decisions:
        page.line((f"  {count.phrase}: ", "bold red"), (count.call, "bold cyan"))
    page.line((words.undecided(parts.voice), "bold"))
