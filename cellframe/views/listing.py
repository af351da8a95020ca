"""Rows of plans and receipts, line by line on a page of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.views import words
from cellframe.views.clean import CLEARED, EMPTY
from cellframe.views.page import padded, width_of
from cellframe.views.rows import LISTED, THREE_WAY, Cell, Row, outcomes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.views.overview import Tally
    from cellframe.views.page import Page
    from cellframe.views.parts import ReceiptParts

_SIGNS = {
    "lot": ("+", "green"),
    "create": ("+", "green"),
    "delete": ("-", "red"),
    "exists": ("=", "yellow"),
    "change": ("~", "yellow"),
    "clear": ("-", "magenta"),
    "already_there": ("=", "dim"),
    "invalid": ("x", "bold red"),
    "conflict": ("!", "bold red"),
}
_OTHER = ("*", "")
_OUTCOMES = {"ok": "green", "unchanged": "dim", "not_attempted": "dim", "unknown": "yellow"}
_THREE = ("you read", "you have", "server now")
_INDENT = 6


def write_rows(page: Page, kind: str, rows: Sequence[Row]) -> None:
    """Write the rows of one kind.

    Parameters
    ----------
    page : Page
        What is written on.
    kind : str
        Their kind, one of `rows.KINDS`.
    rows : sequence of Row
        At least one.
    """
    names = max(width_of(row.called) for row in rows)
    if kind in THREE_WAY:
        _write_three_ways(page, kind, rows, names)
        return
    for row in rows:
        if not row.cells:
            _write_whole(page, kind, row, names)
        elif kind in LISTED:
            sign, style = _SIGNS[kind]
            page.listed(map(_filled, row.cells), (f"  {sign} {padded(row.called, names)}  ", style))
        else:
            for cell, label in zip(row.cells, _labels(row, names), strict=True):
                _write_cell(page, label, cell)
        _write_rest(page, row, names)


def write_columns(page: Page, tallies: Sequence[Tally], more: int) -> None:
    """Write how often each column would be changed.

    Parameters
    ----------
    page : Page
        What is written on.
    tallies : sequence of Tally
        The columns; nothing is written of none.
    more : int
        Columns that are not among them.
    """
    if not tallies:
        return
    page.gap()
    page.line(("By column", "bold"))
    columns = max(width_of(tally.called) for tally in tallies)
    for tally in tallies:
        page.line((f"  {padded(tally.called, columns)}", ""), *_counts(tally))
    if more:
        page.line((f"  and {words.many(more, 'more column')}", "dim"))


def _counts(tally: Tally) -> list[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    for kind, said in tally.said:
        pieces += [(", " if pieces else "  ", ""), (said, _SIGNS.get(kind, _OTHER)[1])]
    return pieces


def write_outcomes(page: Page, parts: ReceiptParts, limit: int) -> None:
    """Write the rows of a receipt that a person should look at.

    Parameters
    ----------
    page : Page
        What is written on.
    parts : ReceiptParts
        The receipt.
    limit : int
        Rows that are written.
    """
    found, more = outcomes(parts, limit)
    if not found:
        return
    page.gap()
    labels = max(width_of(outcome.label) for outcome in found)
    kinds = max(width_of(outcome.word) for outcome in found)
    for outcome in found:
        page.line(
            (f"  {padded(outcome.word, kinds)}  ", _OUTCOMES.get(outcome.kind, "bold red")),
            (padded(outcome.label, labels), "bold"),
            (f"  {outcome.code}", "dim"),
        )
        page.sentence(outcome.message, indent=kinds + 4)
    if more:
        page.line((f"and {more:,} more: {parts.voice.all_results}", "bold"))


def _write_whole(page: Page, kind: str, row: Row, names: int) -> None:
    """Write a row of which no cell is shown: its name, and what is said about it."""
    sign, style = _SIGNS.get(kind, _OTHER)
    head = f"  {sign} {padded(row.called, names)}  "
    if row.messages:
        page.sentence(" ".join(row.messages), sign=head, mark=style)
    else:
        page.line((head, style))


def _write_cell(page: Page, label: str, cell: Cell) -> None:
    sign, style = _SIGNS.get(cell.kind, _OTHER)
    head = ((f"  {sign} ", style), (f"{label}  ", "bold"), (f"{cell.column}: ", ""))
    have = cell.have or EMPTY
    if cell.kind == "invalid":
        page.line(*head, (have, style))
    elif cell.kind == "already_there":
        page.line(*head, (f"{have} (already there)", style))
    elif cell.kind == "clear":
        _write_change(page, head, cell.old or EMPTY, (CLEARED, style))
    else:
        _write_change(page, head, cell.old or EMPTY, (have, "green"))
    page.sentence(cell.message, "dim", indent=_INDENT + width_of(label))


def _write_change(
    page: Page, head: Sequence[tuple[str, str]], old: str, new: tuple[str, str]
) -> None:
    """Write old and new on one line, or below one another where they are long."""
    before = sum(width_of(text) for text, _ in head)
    if before + width_of(f"{old} -> {new[0]}") <= page.width:
        page.line(*head, (old, "red"), (" -> ", ""), new)
    else:
        page.line(*head, (old, "red"))
        page.line((" " * (before - 3) + "-> ", ""), new)


def _write_three_ways(page: Page, kind: str, rows: Sequence[Row], names: int) -> None:
    cells = [cell for row in rows for cell in row.cells]
    columns = max((width_of(cell.column) for cell in cells), default=0)
    table = [_THREE, *(_three(cell) for cell in cells)]
    widths = [max(width_of(line[place]) for line in table) for place in range(3)]
    # Below one another where the table would be wider than the page.
    if names + columns + sum(widths) + 12 > page.width:
        widths = []
    elif cells:
        page.line((" " * (8 + names + columns) + _aligned(_THREE, widths), "dim"))
    for row in rows:
        if not row.cells:
            _write_whole(page, kind, row, names)
            continue
        for cell, label in zip(row.cells, _labels(row, names), strict=True):
            _write_three(page, f"{label}  {padded(cell.column, columns)}", cell, widths)
            page.sentence(cell.message, "dim", indent=_INDENT + names)
        _write_rest(page, row, names)


def _write_three(page: Page, place: str, cell: Cell, widths: Sequence[int]) -> None:
    sign, style = _SIGNS.get(cell.kind, _OTHER)
    beside = f"  {_aligned(_three(cell), widths)}" if widths else ""
    page.line((f"  {sign} ", style), (place, "bold"), (beside, ""))
    if not widths:
        for head, text in zip(_THREE, _three(cell), strict=True):
            page.line((f"{' ' * _INDENT}{head + ':':<12}", "dim"), (text, ""))


def _write_rest(page: Page, row: Row, names: int) -> None:
    """Write what is said about a row below its cells."""
    if not row.cells:
        return
    if row.hidden:
        indent = " " * (_INDENT + names)
        page.line((f"{indent}and {words.many(row.hidden, 'more column')}", "dim"))
    for message in row.messages:
        page.sentence(message, "dim", indent=_INDENT + names)


def _labels(row: Row, width: int) -> list[str]:
    """Put the name beside the first cell, and as much space beside the others."""
    return [padded(row.called, width), *[" " * width] * (len(row.cells) - 1)]


def _three(cell: Cell) -> tuple[str, str, str]:
    return cell.read or EMPTY, cell.have or EMPTY, cell.now or EMPTY


def _aligned(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(padded(text, width) for text, width in zip(texts, widths, strict=True))


def _filled(cell: Cell) -> str:
    return f"{cell.column}: {cell.have or EMPTY}"
