"""How are the numbers of a file written, with decimal points or commas?

Decided once for the whole file: ``1,234`` is a bit more than one in one country and a thousand in
another, and nothing in the cell itself tells. What was read does: the cells that nobody edited
agree with it under one reading only.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_COMMA = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE)
_POINT = re.compile(r"[+-]?\d*\.\d*(e[+-]?\d+)?", re.IGNORECASE)
# Spaces, apostrophes and underscores stand between thousands too, and `float` obeys the last.
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,' _\u00a0\u2019\u202f]\d{3})+([.,]\d*)?")
_FEWEST_DIGITS, _MOST_DIGITS = 10, 17
"""Excel shows, and so saves, down to ten significant digits, LibreOffice fifteen (measured); a
float has seventeen."""
_SMALLEST = 2.2250738585072014e-308
"""LibreOffice reads numbers that are closer to zero as zero (measured)."""


@dataclass(frozen=True, slots=True)
class Numerals:
    """How a file writes numbers.

    Attributes
    ----------
    comma : bool
        With decimal commas.
    may_be_comma : bool
        Nothing in the file stands against a decimal comma, though no number may have one.
    """

    comma: bool = False
    may_be_comma: bool = False

    @property
    def notice(self) -> str | None:
        """What a person should know about it."""
        return "Numbers are read with decimal commas." if self.comma else None

    def read(self, text: str) -> str | None:
        """Return a number as it is written with a decimal point; None where the file's way is another."""
        if self.comma:
            if "." in text:
                return None
            return text.replace(",", ".", 1) if _COMMA.fullmatch(text) else text
        return None if "," in text else text

    def pointed(self, text: str | None) -> str | None:
        """Return a text, and a number in it with a decimal point."""
        is_number = (
            text is not None and (self.comma or self.may_be_comma) and _COMMA.fullmatch(text)
        )
        return text.replace(",", ".", 1) if text is not None and is_number else text

    def advice(self, text: str) -> str:
        """Say how to write a number that is not as the others of its file."""
        if _GROUPED.fullmatch(text) and not _COMMA.fullmatch(text) and not _POINT.fullmatch(text):
            return "Write it without thousands separators."
        other = "decimal commas" if self.comma else "decimal points"
        return f"The file's numbers have {other}: write all of them so."


def find_numerals(cells: Iterable[tuple[str, float | None]], delimiter: str) -> Numerals:
    """Find out how a file writes numbers.

    Parameters
    ----------
    cells : iterable of (str, float or None)
        Texts of number columns with a comma or a point, and what was read there, if that is known.
    delimiter : str
        Of the file. Where it is a comma, or not known, a comma within a cell may stand between
        thousands, and is a decimal sign only if what was read says so.
    """
    commas = points = agree_comma = agree_point = 0
    for text, base in cells:
        if _COMMA.fullmatch(text):
            commas += 1
            agree_comma += base is not None and same_or_cut(float(text.replace(",", ".")), base)
        elif _POINT.fullmatch(text) and text.strip("+-") != ".":
            points += 1
            agree_point += base is not None and same_or_cut(_float(text), base)
    free = delimiter not in ("", ",")
    if agree_comma != agree_point:
        return Numerals(agree_comma > agree_point)
    return Numerals(free and commas > points, may_be_comma=free and not points)


def _float(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def same_or_cut(number: float, base: float) -> bool:
    """Whether a number is one that was read, as a spreadsheet may have saved it."""
    return number == base or is_cut(number, base)


def is_cut(number: float, base: float) -> bool:
    """Whether a number is one that was read, cut to what a spreadsheet keeps of it."""
    if number == base or not math.isfinite(base) or not math.isfinite(number):
        return False
    if number == 0:
        return abs(base) < _SMALLEST
    return any(
        float(f"{base:.{digits - 1}e}") == number for digits in range(_FEWEST_DIGITS, _MOST_DIGITS)
    )


def _whole(digits: str) -> int | None:
    return int(digits) if re.fullmatch(r"-?\d+", digits) else None


def lost_point(text: str, base: str) -> bool:
    """Whether a spreadsheet took the decimal point of a number for one between thousands."""
    return (
        "." in base
        and bool(re.fullmatch(r"-?\d{1,3}(\.\d{3})+", base))
        and _whole(text) == _whole(base.replace(".", ""))
    )
