"""What does a column of a workbook look like, and where does it stand?

What people edit comes first, with the name of each record at the left, where it stays in sight.
What says which record a row is stands grey at the far right, folded away: there is no protection,
which would forbid to sort and to insert, and an edit there is refused by the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from cellframe.frames.decode import dtype_of
from cellframe.sheets.headings import heading_of
from cellframe.sheets.texts import is_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

    from cellframe.sheets.workbook.sheet import Sheet

    Look: TypeAlias = tuple[str, bool]

FIRST = ("_error", "_server_now", "_choice")
"""Of rows that were not written: what a person looks at before all the rest."""
_NARROWEST, _WIDEST = 8, 40
_ARROW = 4
"""Characters that the button of a filter takes."""
_GREY, _PALE, _RED, _LINE = "#6B7280", "#F3F4F6", "#B42318", "#9AA5B1"
_HEAD = "#E8EEF4"
WRONG = {"bg_color": "#FDE4E1", "font_color": "#8A1C12"}
_NUMBERS = {
    "text": "@",
    "number": "General",
    "whole": "0",
    "date": "yyyy-mm-dd",
    "time": "yyyy-mm-dd hh:mm:ss",
    "truth": "General",
}
_LIKE = {"date": "2026-01-05", "time": "2026-01-05 12:00:00", "truth": "FALSE"}


@dataclass(frozen=True, slots=True)
class Place:
    """A column of a sheet.

    Attributes
    ----------
    label, heading : str
        Of ours, and as it stands in the first row.
    kind : str
        What its cells hold: text, number, whole, date, time or truth.
    grey : bool
        Whether an edit of it is refused.
    folded : bool
        Whether it is hidden until somebody unfolds it.
    width : int
        In characters.
    """

    label: str
    heading: str
    kind: str
    grey: bool
    folded: bool
    width: int


def places(sheet: Sheet) -> list[Place]:
    """Return the columns of a sheet from left to right."""
    found = [_place(sheet, label) for label in sheet.frame.columns]
    return sorted(found, key=lambda place: _rank(sheet, place))


def _rank(sheet: Sheet, place: Place) -> int:
    if place.folded:
        return 3
    if place.label == sheet.name_label:
        return 0
    return 1 if place.label in FIRST else 2


def _place(sheet: Sheet, label: str) -> Place:
    values = sheet.frame[label]
    column = sheet.columns.get(label)
    heading, kind = heading_of(label), kind_of(dtype_of(column) if column else values.dtype)
    grey = sheet.is_fixed(label)
    return Place(label, heading, kind, grey, sheet.is_folded(label), _width(values, heading, kind))


def kind_of(dtype: pl.DataType) -> str:
    """Return what the cells of a column hold."""
    if is_text(dtype):
        return "text"
    if isinstance(dtype, pl.Datetime):
        return "time"
    by_type: dict[pl.DataType, str] = {pl.Date(): "date", pl.Boolean(): "truth"}
    return by_type.get(dtype, "whole" if dtype.is_integer() else "number")


def _width(values: pl.Series, heading: str, kind: str) -> int:
    """Return the width that shows a heading with its button, and most of the values."""
    if kind == "text":
        longest = values.cast(pl.String).str.len_chars().quantile(0.98) or 0
    elif kind in _LIKE:
        longest = len(_LIKE[kind])
    else:
        longest = values.cast(pl.String).str.len_chars().quantile(0.9) or 0
    return int(max(_NARROWEST, min(_WIDEST, max(longest + 2, len(heading) + _ARROW))))


@dataclass(frozen=True, slots=True)
class Looks:
    """The formats of one workbook, each made once.

    Attributes
    ----------
    head, grey_head : Format
        Of the first row.
    cell : callable
        Returns the format of cells, by what they hold, and whether they are grey.
    wrong : callable
        The same, of cells that break a rule.
    tall : Format
        Of a long text that a person reads first: why a row was not written.
    """

    head: Format
    grey_head: Format
    cell: Callable[[str, bool], Format]
    wrong: Callable[[str, bool], Format]
    tall: Format


def looks_of(book: Workbook) -> Looks:
    """Return the formats of a workbook."""

    def add(**what: Any) -> Format:
        return book.add_format({"valign": "top", **what})

    @cache
    def cell(kind: str, grey: bool) -> Format:  # noqa: FBT001 - a look is a kind and a shade
        shade = {"font_color": _GREY, "bg_color": _PALE} if grey else {}
        # At the right, a date stands against the text beside it.
        side = {"align": "left"} if kind in _LIKE else {}
        return add(num_format=_NUMBERS[kind], **shade, **side)

    @cache
    def wrong(kind: str, grey: bool) -> Format:  # noqa: FBT001, ARG001 - the same for every shade
        return add(num_format=_NUMBERS[kind], **WRONG)

    head = {"bold": True, "bottom": 1, "bottom_color": _LINE, "text_wrap": True}
    return Looks(
        head=add(**head, bg_color=_HEAD),
        grey_head=add(**head, bg_color=_PALE, font_color=_GREY),
        cell=cell,
        wrong=wrong,
        tall=add(num_format="@", text_wrap=True, font_color=_RED),
    )


def set_columns(worksheet: Any, found: Sequence[Place], looks: Looks) -> None:
    """Give the columns their widths and formats, and fold those at the far right."""
    for at, place in enumerate(found):
        options = {"level": 1, "hidden": True} if place.folded else {}
        form = looks.cell(place.kind, place.grey)
        worksheet.set_column(at, at, place.width, form, options)
    if any(place.folded for place in found):
        # The sign to unfold them stands above the column behind them.
        worksheet.set_column(len(found), len(found), None, None, {"collapsed": True})
