"""Did somebody edit this cell, did a tool rewrite it, or can that not be told?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from cellframe.sheets.days import Days, is_short, is_unclear
from cellframe.sheets.numerals import Numerals, is_cut, lost_point
from cellframe.sheets.rewriting import MISSING, is_lost, is_rewritten, is_shortened

if TYPE_CHECKING:
    from collections.abc import Callable

_MILLISECOND = 1000
_LINE_END = re.compile(r"\r\n?")
_ZEROS_BEHIND = re.compile(r"\.0*$")


class Verdict(NamedTuple):
    """What stands in a cell.

    Attributes
    ----------
    text : str or None
        As `frames.cast` reads it; None for an empty cell, and for one that is refused.
    is_rewritten : bool
        Whether a tool made another text of it, which its owner should know.
    rule : str
        Why it is refused; empty where it is not.
    advice : str
        What to do then.
    """

    text: str | None
    is_rewritten: bool = False
    rule: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges cells by how their whole file is written.

    Each judgement is of a text as it came, the value that was read there, and the text that
    reads back as that value; the last two are None where nothing was read.
    """

    numerals: Numerals
    days: Days

    def of(self, dtype: pl.DataType) -> Callable[[str | None, Any, str | None], Verdict]:
        """Return the judgement of columns of one type."""
        if isinstance(dtype, pl.Datetime):
            return self.moment
        by_type: dict[pl.DataType, Callable[[str | None, Any, str | None], Verdict]] = {
            pl.Float64(): self.number,
            pl.Int64(): self.integer,
            pl.Date(): self.day,
            pl.Boolean(): self.truth,
        }
        return by_type.get(dtype, self.text)

    def number(self, text: str | None, base: float | None, exact: str | None) -> Verdict:
        """Judge a number."""
        if text is None or text in MISSING:
            return Verdict(None)
        read = self.numerals.read(text)
        if read is None:
            return Verdict(None, rule="is no number", advice=self.numerals.advice(text))
        value = _float(read)
        if base is None or exact is None or value is None:
            return Verdict(read)
        if value == base or is_cut(value, base):
            return Verdict(exact, is_rewritten=value != base)
        if lost_point(read, exact) or is_shortened(read, base):
            return _unclear(exact, f"if {read} is meant, write {value!r}")
        return Verdict(read)

    def integer(self, text: str | None, base: int | None, exact: str | None) -> Verdict:
        """Judge a whole number, which pandas makes a float of where the column has gaps."""
        if text is None or text in MISSING:
            return Verdict(None)
        read = self.numerals.read(text)
        if read is None:
            return Verdict(None, rule="is no number", advice=self.numerals.advice(text))
        value = _float(read)
        if base is not None and value == base:
            return Verdict(exact)
        return Verdict(_ZEROS_BEHIND.sub("", read))

    def truth(self, text: str | None, _base: Any, _exact: str | None) -> Verdict:
        """Judge a truth, which spreadsheets write in capitals."""
        return Verdict(text and text.casefold())

    def day(self, text: str | None, _base: Any, _exact: str | None) -> Verdict:
        """Judge a date."""
        if text is None or text in MISSING:
            return Verdict(None)
        read = self.days.read(text)
        if read is None or is_short(text):
            return _no_order() if is_unclear(text) else Verdict(text)
        return Verdict(read.removesuffix("T00:00:00"))

    def moment(self, text: str | None, base: datetime | None, exact: str | None) -> Verdict:
        """Judge a time; LibreOffice keeps milliseconds of it, Excel seconds."""
        if text is None or text in MISSING:
            return Verdict(None)
        read = self.days.read(text)
        if read is None or is_short(text):
            return _no_order() if is_unclear(text) else Verdict(text)
        read = read if "T" in read else f"{read}T00:00:00"
        value = _moment(read)
        if base is None or exact is None or value is None:
            return Verdict(read)
        if value == base:
            return Verdict(exact)
        kept = {0, base.microsecond // _MILLISECOND * _MILLISECOND}
        is_same = value in [base.replace(microsecond=part) for part in kept]
        return Verdict(exact, is_rewritten=True) if is_same else Verdict(read)

    def text(self, text: str | None, base: str | None, exact: str | None) -> Verdict:
        """Judge a text."""
        text = text and _LINE_END.sub("\n", text)
        if base is None or exact is None:
            return Verdict(text)
        if is_rewritten(base, text) or is_rewritten(base, self.numerals.pointed(text)):
            return Verdict(exact, is_rewritten=True)
        if text is not None and is_lost(base, text):
            return _unclear(exact, "if it is meant, put a word or a letter to it")
        return Verdict(text)


def _unclear(exact: str, otherwise: str) -> Verdict:
    rule = f"is an edit, or what a spreadsheet made of {exact!r}: it cannot be told which"
    return Verdict(None, rule=rule, advice=f"Write {exact} again, or, {otherwise}.")


def _no_order() -> Verdict:
    rule = "can be two dates, and no unedited date of the file says whether day, month or year comes first"
    return Verdict(None, rule=rule, advice="Write dates as 2026-01-05.")


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
