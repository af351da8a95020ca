"""What do tools make of a text that nobody edited?

A spreadsheet opens ``007`` and saves ``7``, pandas reads ``NA`` and writes nothing. What such a
tool is known to make of a text is no edit of it; every rule here was measured with LibreOffice,
pandas or polars, or is documented for Excel. What cannot be told from an edit is not taken for
one or the other: the cell is refused.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from typing import TYPE_CHECKING

from cellframe.sheets.days import Days
from cellframe.sheets.numerals import same_or_cut

if TYPE_CHECKING:
    import polars as pl

# fmt: off
MISSING = frozenset((
    "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
))
# fmt: on
"""Words that pandas reads as an empty cell, by default."""

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?"
_KEPT_NUMBER = r"-?(0|[1-9]\d{0,14})(\.\d{0,12}[1-9])?"
_COMMAS = r"-?\d+(,\d+)+"
_SHARE = r"-?\d+(\.\d+)?%"
_TRUTH = r"(?i:true|false)"
_DAY = r"(\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2})"
_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DOTTED = r"\d{1,2}\.\d{1,2}"
_PART = rf"(\d{{1,2}}[/-]\d{{1,2}}|{_DOTTED}\.|{_MONTH}[- ]?\d{{1,4}}|\d{{1,2}}[- ]?{_MONTH}|\d{{1,2}}:\d{{1,2}}(:\d{{1,2}})?)"
# What tools write: no zeros in front, none behind but pandas' .0 and a spreadsheet's 1.00E+05, and
# a sign in the exponent.
_WRITTEN = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9]|\.0)?([eE][+-]\d{2,3})?|-?\d\.\d\dE[+-]\d{2,3}")
_WRITTEN_PART = re.compile(rf"\d{{1,2}}[-. ]+{_MONTH}|{_MONTH}-\d\d|\d{{1,2}}:\d\d:\d\d( [AP]M)?")
_IN_EXPONENTS = re.compile(r"-?\d(\.\d+)?E[+-]\d{2,3}", re.IGNORECASE)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTROL = {code: None for code in range(32) if chr(code) not in "\t\n\r"}


def may_be_rewritten(texts: pl.Series) -> pl.Series:
    """Return which texts a spreadsheet may rewrite in a way that is known again."""
    number = texts.str.contains(f"^{_NUMBER}$") & ~texts.str.contains(f"^{_KEPT_NUMBER}$")
    other = texts.str.contains(f"^({_TRUTH}|{_DAY}|{_SHARE}|{_COMMAS})$")
    return (number | other).fill_null(value=False)


def may_be_lost(texts: pl.Series) -> pl.Series:
    """Return which texts a spreadsheet may make a date or time of that nobody can read back."""
    return texts.str.contains(f"^{_PART}$").fill_null(value=False)


def is_rewritten(base: str, mine: str | None) -> bool:
    """Whether a text is what a tool makes of another one.

    Parameters
    ----------
    base, mine : str
        As it was read, and as it came back; None for an empty cell.
    """
    if mine is None:
        return base in MISSING or not base.strip()
    if _plain(base) == _plain(mine):
        return True
    value = base.strip()  # Blanks around a number, a truth or a date are dropped with its text.
    return (
        _is_number_of(value, mine)
        or _is_infinity_of(value, mine)
        or _is_share_of(value, mine)
        or (value.casefold() == mine.casefold() and bool(re.fullmatch(_TRUTH, mine)))
        or _is_day_of(value, mine)
        or _is_without_commas(value, mine)
    )


def is_lost(base: str, mine: str) -> bool:
    """Whether a text is probably what a spreadsheet made of another one, and may be an edit."""
    if re.fullmatch(_NUMBER, base) and is_shortened(mine, float(base)):
        return True
    if not re.fullmatch(f"{_PART}|{_DOTTED}", base) or _WRITTEN_PART.fullmatch(base):
        return False
    return bool(re.fullmatch(_DAY, mine) or _WRITTEN_PART.fullmatch(mine))


def is_shortened(mine: str, base: float) -> bool:
    """Whether a number is another one, cut to the few digits that Excel shows of a long one."""
    if not _IN_EXPONENTS.fullmatch(mine):
        return False
    digits = len(re.sub(r"\D", "", re.split("e", mine, flags=re.IGNORECASE)[0]))
    return float(mine) != base and float(f"{base:.{digits - 1}e}") == float(mine)


def _plain(text: str) -> str:
    """Return a text as every reader leaves it: composed, with LF, without control characters.

    openpyxl leaves the escapes of a workbook as they stand, and saves what looks like one as it is.
    """
    held = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    lines = re.sub(r"\r\n?", "\n", held).translate(_CONTROL)
    return unicodedata.normalize("NFC", lines)


def _is_number_of(base: str, mine: str) -> bool:
    if not re.fullmatch(_NUMBER, base) or not _WRITTEN.fullmatch(mine):
        return False
    if Decimal(base) == Decimal(mine):
        return True
    if "e" in mine.lower() and float(base) == float(mine):
        return True  # The shortest text of the float, which is all that pandas keeps of it.
    return _digits(mine) < _digits(base) and same_or_cut(float(mine), float(base))


def _is_infinity_of(base: str, mine: str) -> bool:
    """Whether pandas took a word, or a number beyond all floats, for infinity."""
    if mine not in ("inf", "-inf"):
        return False
    is_word = re.fullmatch(r"[+-]?inf(inity)?", base, re.IGNORECASE)
    return bool(is_word or re.fullmatch(_NUMBER, base)) and float(base) == float(mine)


def _is_share_of(base: str, mine: str) -> bool:
    """Whether a percentage got the two decimals of LibreOffice's format."""
    shares = re.fullmatch(_SHARE, base) and re.fullmatch(_SHARE, mine)
    return bool(shares) and Decimal(base[:-1]) == Decimal(mine[:-1])


def _digits(number: str) -> int:
    """Return how many significant digits a number is written with."""
    mantissa = re.sub(r"\D", "", re.split("e", number, flags=re.IGNORECASE)[0])
    return len(mantissa.strip("0"))


def _is_without_commas(base: str, mine: str) -> bool:
    """Whether a spreadsheet took a text for a number with commas, of thousands or of decimals."""
    if not re.fullmatch(r"-?\d+,\d+|-?\d{1,3}(,\d{3})+", base):
        return False
    return mine in (base.replace(",", ""), base.replace(",", "."))


def _is_day_of(base: str, mine: str) -> bool:
    """Whether two texts are one date under one order of day and month; dots have one order alone."""
    if not re.match(_DAY, base):
        return False
    for order in (True, False):
        was, now = (Days(order or "." in text[:3]).read(text) for text in (base, mine))
        if was is not None and was == now:
            return True
    return False
