"""How are the dates of a file written, day or month first?

ISO dates are always read. For the others the order is decided once for the whole file, by the
cells that nobody edited: they agree with what was read under one order only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORT = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
_SHORT_DASHED = re.compile(r"\d\d-\d{1,2}-\d\d(?!\d)")
_YEAR_FIRST = re.compile(r"(\d{4})([./-])(\d{1,2})\2(\d{1,2})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?:\s*([AP])M)?", re.IGNORECASE)
_CENTURY_STARTS = 30
"""Excel and LibreOffice read 29 as 2029 and 30 as 1930."""
_NOON = 12


@dataclass(frozen=True, slots=True)
class Days:
    """How a file writes dates: day first, month first, or it cannot be told."""

    day_first: bool | None = None

    @property
    def notice(self) -> str | None:
        """What a person should know about it."""
        if self.day_first is None:
            return None
        order = "day, month, year" if self.day_first else "month, day, year"
        return f"Dates such as 01/02/2026 are read as {order}."

    def read(self, text: str) -> str | None:
        """Return a date, or a date and time, in ISO 8601; None where it is none that can be told."""
        first, _, clock = text.replace("T", " ", 1).partition(" ")
        day = _day(first, day_first=self.day_first)
        if day is None or not clock:
            return day and day.isoformat()
        time = _clock(clock.strip())
        return time and f"{day.isoformat()}T{time}"


def is_unclear(text: str) -> bool:
    """Whether a text is a date that a country writes in its own order."""
    return bool(_SHORT.match(text))


def is_short(text: str) -> bool:
    """Whether a date may have a year of two digits in front, as 25-11-03 has in East Asia."""
    return bool(_SHORT_DASHED.match(text))


def find_days(cells: Iterable[tuple[str, date]]) -> Days:
    """Find out how a file writes dates.

    Parameters
    ----------
    cells : iterable of (str, date)
        Texts of date columns, and what was read there.
    """
    agree = {True: 0, False: 0}
    for text, base in cells:
        if is_unclear(text):
            for day_first in agree:
                agree[day_first] += _day(text.split(" ")[0], day_first=day_first) == base
    if agree[True] == agree[False]:
        return Days()
    return Days(agree[True] > agree[False])


def _day(text: str, *, day_first: bool | None) -> date | None:
    found = _YEAR_FIRST.fullmatch(text)
    if found:
        return _date(*map(int, found.group(1, 3, 4)))
    found = _SHORT.fullmatch(text)
    if not found or day_first is None:
        return None
    first, second, year = map(int, found.group(1, 3, 4))
    if len(found[4]) == 2:  # noqa: PLR2004
        year += 2000 if year < _CENTURY_STARTS else 1900
    return _date(year, second, first) if day_first else _date(year, first, second)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clock(text: str) -> str | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, half = int(found[1]), (found[5] or "").upper()
    if half:
        hour = hour % _NOON + (_NOON if half == "P" else 0)
    return f"{hour:02}:{found[2]}:{found[3] or '00'}{found[4] or ''}"
