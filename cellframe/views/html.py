"""Plans and receipts as HTML: for a notebook cell, and for a page."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cellframe.views import words
from cellframe.views.clean import cut
from cellframe.views.overview import by_column
from cellframe.views.rows import LISTED, TO_DECIDE, Space, outcomes, plan_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jinja2 import Environment
    from markupsafe import Markup

    from cellframe.views.parts import PlanParts, ReceiptParts
    from cellframe.views.rows import Row

_SPACE = Space(weight=500, cells=60, value=120)
_COLUMNS = 40
_SHORT = 40
# Of a longer plan, the rows of each kind that stand open; what is deleted is all to be seen.
_OPEN = {"delete": 100, "lot": 20}
_FEW = 8
_CELLS_OF_A_LINE = 4
_SENT = ("delete", "lot", "update", "create", "other", "already_there")
# Sign and word stand beside every colour.
_MARKS = {
    "lot": ("+", "new lot"),
    "create": ("+", "create"),
    "delete": ("\N{MINUS SIGN}", "delete"),
    "change": ("~", "change"),
    "clear": ("∅", "clear"),
    "already_there": ("=", "already there"),
    "conflict": ("!", "conflict"),
    "invalid": ("\N{MULTIPLICATION SIGN}", "invalid"),
    "exists": ("=", "exists"),
    "other": ("•", "other"),
}
_COUNT_SIGNS = {
    "update": "~",
    "create": "+",
    "lots_created": "+",
    "delete": "\N{MINUS SIGN}",
    "cells_cleared": "∅",
    "conflict": "!",
    "invalid": "\N{MULTIPLICATION SIGN}",
    "exists": "=",
    "ok": "✓",
    "failed": "\N{MULTIPLICATION SIGN}",
    "unknown": "?",
}


def plan(parts: PlanParts) -> str:
    """Write a plan as an HTML fragment.

    Parameters
    ----------
    parts : PlanParts
        The plan.

    Returns
    -------
    str
        One element with its own style, no script and nothing from outside; about 500 cells of it
        at most, those to decide first; of a long plan, counts by column and the tails folded. All
        data is escaped.
    """
    shown = plan_rows(parts, _SPACE, _weight)
    columns, more_columns = by_column(parts, _COLUMNS)
    lines = (
        _environment()
        .get_template("plan.html.j2")
        .render(
            title=words.plan_title(parts),
            origin=words.origin(parts),
            noun=cut(parts.noun, 40),
            chips=words.counted(parts.counts),
            notices=[cut(notice, words.SENTENCE) for notice in parts.notices],
            decisions=words.to_decide(parts),
            voice=parts.voice,
            columns=columns,
            more_columns=more_columns,
            decided=_unfolded(shown.rows, TO_DECIDE),
            sent=_unfolded(shown.rows, _SENT),
            more=shown.more,
            sendable=parts.sendable,
            closing=parts.closing,
            style=_style(),
            words=words,
        )
    )
    return _compact(lines)


def receipt(parts: ReceiptParts) -> str:
    """Write a receipt as an HTML fragment.

    Parameters
    ----------
    parts : ReceiptParts
        The receipt.

    Returns
    -------
    str
        One element with its own style, no script and nothing from outside; 500 rows of those
        that are not ok at most. All data is escaped.
    """
    found, more = outcomes(parts, _SPACE.weight)
    lines = (
        _environment()
        .get_template("receipt.html.j2")
        .render(
            title=words.receipt_title(parts),
            origin=words.origin(parts),
            noun=cut(parts.noun, 40),
            chips=words.counted(parts.counts),
            refused=cut(parts.refused, words.SENTENCE),
            partly=words.NOT_ATOMIC if words.partly_done(parts) else "",
            outcomes=found,
            more=more,
            voice=parts.voice,
            guards=words.guards(parts) if parts.closing else "",
            journal=cut(parts.journal, words.SENTENCE) if parts.closing else "",
            steps=words.next_steps(parts) if parts.closing else [],
            style=_style(),
        )
    )
    return _compact(lines)


def document(title: str, *fragments: str) -> str:
    """Put fragments on a page of their own.

    Parameters
    ----------
    title : str
        Title of the page.
    *fragments : str
        HTML that `plan` or `receipt` wrote; it is not escaped again.

    Returns
    -------
    str
        An HTML page whose content security policy allows inline style and nothing else.
    """
    from markupsafe import Markup

    safe = [Markup(fragment) for fragment in fragments]  # noqa: S704 - what the views wrote
    return (
        _environment()
        .get_template("document.html.j2")
        .render(title=cut(title, 200), fragments=safe)
    )


def style_hash() -> str:
    """Return what a content security policy calls the style of plans and receipts.

    Returns
    -------
    str
        A source of ``style-src``, in quotes: ``'sha256-…'``. It allows this style and no other.
    """
    digest = sha256(_style().encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"


@cache
def _style() -> Markup:
    """Return the style as it stands between its tags: what its hash is of."""
    from markupsafe import Markup

    return Markup(_compact(_environment().get_template("style.css.j2").render()))  # noqa: S704 - our own


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("cellframe.views", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names: dict[str, Any] = {"MARKS": _MARKS, "COUNT_SIGNS": _COUNT_SIGNS, "LISTED": LISTED}
    environment.globals.update(names)
    environment.filters["thousands"] = "{:,}".format
    return environment


def _weight(kind: str, cells: int) -> int:
    """Lines of the table that a row takes; a new record is listed in a few."""
    return 1 + cells // _CELLS_OF_A_LINE if kind in LISTED else max(1, cells)


@dataclass(frozen=True, slots=True)
class _Unfolded:
    """Rows of some kinds: those that stand open, and the tails that a click opens."""

    head: list[Row]
    tails: list[tuple[str, list[Row]]]


def _unfolded(rows: Mapping[str, Sequence[Row]], kinds: Sequence[str]) -> _Unfolded:
    found = [(kind, rows.get(kind, ())) for kind in kinds]
    is_short = sum(_weight(kind, len(row.cells)) for kind, of in found for row in of) <= _SHORT
    head: list[Row] = []
    tails: list[tuple[str, list[Row]]] = []
    for kind, of in found:
        few = len(of) if is_short else _OPEN.get(kind, _FEW)
        head += of[:few]
        if len(of) > few:
            tails.append((f"{len(of) - few:,} more {words.planned(kind)}", list(of[few:])))
    return _Unfolded(head, tails)


def _compact(text: str) -> str:
    """Without indentation, which would be half of the bytes of a long table."""
    return "\n".join(line for line in map(str.strip, text.splitlines()) if line)
