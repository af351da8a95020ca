"""What does a workbook say while somebody types?

A slip is caught where it is made: words to choose from, numbers and dates that are none, names
that stand twice. The plan looks at all of it again, since much of this is lost by pasting.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from cellframe.sheets.workbook.looks import WRONG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xlsxwriter.workbook import Workbook

    from cellframe.sheets.workbook.looks import Place
    from cellframe.sheets.workbook.sheet import Sheet

LISTS = "_lists"
"""The sheet that holds what can be chosen; a list within a cell ends at 255 characters."""
ROOM = 1_000
"""Rows below the last one that are looked after too."""
_LAST_ROW = 1_048_575
_FIRST_DAY, _LAST_DAY = date(1900, 3, 1), date(9999, 12, 31)
_LONGEST_NAME = 255


class Lists:
    """What the columns of a workbook offer to choose from, on a sheet of its own.

    Parameters
    ----------
    book : Workbook
        The sheet is made with the first list.
    """

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._sheet: Any = None
        self._ranges: dict[tuple[str, ...], str] = {}

    def range_of(self, words: Sequence[str]) -> str:
        """Return where some words stand; they are written once."""
        known = tuple(words)
        if known not in self._ranges:
            if self._sheet is None:
                self._sheet = self._book.add_worksheet(LISTS)
                self._sheet.very_hidden()
            at = len(self._ranges)
            for row, word in enumerate(known):
                self._sheet.write_string(row, at, word)
            letter = _letters(at)
            self._ranges[known] = f"={LISTS}!${letter}$1:${letter}${len(known)}"
        return self._ranges[known]


def watch(worksheet: Any, sheet: Sheet, found: Sequence[Place], lists: Lists, form: Any) -> None:
    """Let a sheet look at what is typed.

    Parameters
    ----------
    worksheet
        It is written to.
    sheet : Sheet
        What stands on it.
    found : sequence of Place
        Its columns from left to right.
    lists : Lists
        Of the workbook.
    form : Format
        Of cells that break a rule.
    """
    if sheet.kind is None:
        return
    last = min(_LAST_ROW, sheet.frame.height + ROOM)
    for at, place in enumerate(found):
        rule = None if place.folded else _rule(sheet, place, lists)
        if rule is not None:
            worksheet.data_validation(1, at, last, at, {"ignore_blank": True, **rule})
        for condition in () if place.folded else _conditions(sheet, place, at, len(found)):
            worksheet.conditional_format(1, at, last, at, {**condition, "format": form})


def wrong_format(book: Workbook) -> Any:
    """Return the format of cells that break a rule while somebody types."""
    return book.add_format(WRONG)


def _rule(sheet: Sheet, place: Place, lists: Lists) -> dict[str, Any] | None:
    words = sheet.lists.get(place.label)
    if words:
        return _of_words(sheet, place, lists.range_of(words))
    if place.grey:
        return {
            "validate": "any",
            "input_title": place.heading[:32],
            "input_message": "This is shown for your information. An edit here is refused.",
        }
    return _TYPED.get(place.kind) or (_of_names(place) if place.label == sheet.name_label else None)


def _of_words(sheet: Sheet, place: Place, source: str) -> dict[str, Any]:
    column = sheet.columns.get(place.label)
    if column is not None and column.field is not None and column.field.refers_to:
        # A lot that there is not yet is made: Excel asks, and takes a yes.
        return {
            "validate": "list",
            "source": source,
            "error_type": "warning",
            "error_title": "There is no such lot yet",
            "error_message": "It would be made when the sheet is sent. Is that what you mean?",
        }
    return {
        "validate": "list",
        "source": source,
        "error_title": place.heading[:32],
        "error_message": "Choose one of the list; the arrow beside the cell opens it.",
    }


def _of_names(place: Place) -> dict[str, Any]:
    return {
        "validate": "length",
        "criteria": "between",
        "minimum": 1,
        "maximum": _LONGEST_NAME,
        "error_title": place.heading[:32],
        "error_message": f"A name has 1 to {_LONGEST_NAME} characters.",
    }


_TYPED: Mapping[str, dict[str, Any]] = {
    "number": {
        "validate": "decimal",
        "criteria": "between",
        "minimum": -1e300,
        "maximum": 1e300,
        "error_title": "A number belongs here",
        "error_message": "Write the number alone, in the unit that the heading names.",
    },
    "whole": {
        "validate": "integer",
        "criteria": "between",
        "minimum": -(2**53),
        "maximum": 2**53,
        "error_title": "A whole number belongs here",
        "error_message": "Write a number without decimals.",
    },
    "date": {
        "validate": "date",
        "criteria": "between",
        "minimum": _FIRST_DAY,
        "maximum": _LAST_DAY,
        "error_title": "A date belongs here",
        "error_message": "Write it as 2026-01-05.",
    },
    "time": {
        "validate": "date",
        "criteria": "between",
        "minimum": _FIRST_DAY,
        "maximum": _LAST_DAY,
        "error_title": "A time belongs here",
        "error_message": "Write it as 2026-01-05 14:30:00, in UTC.",
    },
    "truth": {
        "validate": "list",
        "source": ["TRUE", "FALSE"],
        "error_title": "TRUE or FALSE",
        "error_message": "Write TRUE or FALSE.",
    },
}


def _conditions(sheet: Sheet, place: Place, at: int, width: int) -> list[dict[str, Any]]:
    """Return what is coloured in a column: the row of a formula is that of the cell."""
    here = f"${_letters(at)}2"
    if place.kind in ("number", "whole", "date", "time") and not place.grey:
        return [{"type": "formula", "criteria": f"=ISTEXT({here})"}]
    if place.label == sheet.name_label:
        row = f"$A2:${_letters(width - 1)}2"
        empty = f'=AND(LEN(TRIM({here}&""))=0,COUNTA({row})>0)'
        return [{"type": "formula", "criteria": empty}, {"type": "duplicate"}]
    return []


def _letters(at: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return xl_col_to_name(at)
