"""What do the texts of a column look like: numbers, dates, or names?

Only looks: nothing is changed. A date such as ``5/12/17`` has two readings, and both are kept until
a value of the column rules one out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import Enum
from typing import Literal, TypeAlias

import polars as pl

Order: TypeAlias = Literal["year first", "day first", "month first"]
"""How dates are written."""

NO_VALUES = ("-", "\u2013", "\u2014", "n/a", "na", "nan", "#n/a", "none", "null", "k.a.", "k. a.")
"""What people write where a number is missing, without case."""
_POINT = r"^[+-]?(?:0|[1-9]\d*)?(?:\.\d*)?(?:[eE][+-]?\d+)?$"
_COMMA = _POINT.replace(r"\.", ",")
_DIGIT = r"\d"
_WITH_COMMA = r"^[+-]?\d+,\d+(?:[eE][+-]?\d+)?$"
_WITH_POINT = r"^[+-]?\d*\.\d+(?:[eE][+-]?\d+)?$"
_THOUSANDS = r"^[+-]?[1-9]\d{0,2}(?:[.,]\d{3})+$"
_CLOCK = r"[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?$"
ORDERS: tuple[Order, ...] = ("year first", "day first", "month first")
_FORMATS: dict[Order, tuple[str, ...]] = {
    "year first": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%y-%m-%d", "%y/%m/%d"),
    "day first": (
        "%d.%m.%Y",
        "%d.%m.%y",
        "%d/%m/%Y",
        "%d/%m/%y",
        "%d-%m-%Y",
        "%d-%m-%y",
        "%d %b %Y",
        "%d-%b-%Y",
        "%d-%b-%y",
        "%d %B %Y",
    ),
    "month first": ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y", "%b %d, %Y", "%B %d, %Y"),
}


class Looks(Enum):
    """What a column holds."""

    NOTHING = "nothing"
    NUMBERS = "numbers"
    DATES = "dates"
    TEXTS = "texts"
    OTHER = "neither texts, numbers nor dates"


@dataclass(frozen=True, slots=True)
class Look:
    """What a column looks like.

    Attributes
    ----------
    looks : Looks
        What it holds, values that stand for no value aside.
    example : str
        Its first value.
    is_unique : bool
        Whether every row has a value, each another one.
    is_distinct : bool
        Whether no value is there twice, gaps aside.
    is_whole : bool
        Whether its numbers are whole.
    blanks : tuple of str
        Texts of it that stand for no value, among numbers or dates.
    orders : tuple of Order
        How its dates can be read.
    odd : str
        Of texts among which are numbers, the first that is none.
    has_clock : bool
        Whether its dates have a time of day besides midnight.
    """

    looks: Looks
    example: str = ""
    is_unique: bool = False
    is_distinct: bool = False
    is_whole: bool = False
    blanks: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    odd: str = ""
    has_clock: bool = False


def look(values: pl.Series, *, comma: bool = False) -> Look:
    """Look at the values of a column.

    Parameters
    ----------
    values : Series
        Texts, or what a typed file holds.
    comma : bool
        Whether numbers are written with decimal commas.
    """
    filled = values.drop_nulls()
    if not len(filled):
        return Look(Looks.NOTHING)
    if not can_be_text(values):
        return Look(Looks.OTHER)
    texts = filled.cast(pl.String).str.strip_chars()
    missing = texts.str.to_lowercase().is_in(NO_VALUES)
    said = texts.filter(~missing)
    is_distinct = bool(texts.is_unique().all())
    found = Look(
        Looks.TEXTS,
        str((said if len(said) else texts)[0]),
        is_distinct and len(filled) == len(values),
        is_distinct,
    )
    if isinstance(values.dtype, (pl.Date, pl.Datetime)):
        return _dates(found, filled)
    blanks = tuple(texts.filter(missing).unique(maintain_order=True))
    if values.dtype.is_numeric() or (len(said) and are_numbers(said, comma=comma).all()):
        numbers = said if values.dtype.is_numeric() else to_numbers(said, comma=comma)
        whole = numbers.cast(pl.Float64)
        is_whole = bool((whole == whole.round()).all())
        return replace(found, looks=Looks.NUMBERS, is_whole=is_whole, blanks=blanks)
    orders: tuple[Order, ...] = tuple(
        order for order in ORDERS if len(said) and _are_dates(said, order)
    )
    if orders:
        clocks = said.str.extract(_CLOCK, 0)
        return replace(
            found,
            looks=Looks.DATES,
            blanks=blanks,
            orders=orders,
            has_clock=bool(clocks.str.contains("[1-9]").any()),
        )
    return replace(found, odd=_odd(said, comma=comma))


def can_be_text(values: pl.Series) -> bool:
    """Whether the values of a typed column can be written as text: no lists, no durations."""
    dtype = values.dtype
    return not (dtype.is_nested() or isinstance(dtype, (pl.Duration, pl.Binary, pl.Object)))


def _dates(found: Look, values: pl.Series) -> Look:
    """Return the look of a column that has the type of dates."""
    has_clock = values.dtype != pl.Date and bool((values.dt.time() != time(0)).any())
    return replace(found, looks=Looks.DATES, orders=("year first",), has_clock=has_clock)


def in_thousands(values: pl.Series) -> str:
    """Return the first number of a column that may have a thousands separator.

    Parameters
    ----------
    values : Series
        Texts.

    Returns
    -------
    str
        ``2.500``, which is two and a half, or 2500; empty where a value of the column tells, or
        where none has a separator.
    """
    texts = values.drop_nulls().cast(pl.String).str.strip_chars()
    marked = texts.filter(texts.str.contains(r"\d[.,]\d"))
    return str(marked[0]) if len(marked) and marked.str.contains(_THOUSANDS).all() else ""


def tells_decimals(values: pl.Series, sign: str) -> bool:
    """Whether a number of a column has this sign before its decimals beyond doubt."""
    texts = values.drop_nulls().cast(pl.String).str.strip_chars()
    numbers = texts.filter(texts.str.contains(_WITH_POINT if sign == "." else _WITH_COMMA))
    return not numbers.str.contains(_THOUSANDS).all()


def _odd(texts: pl.Series, *, comma: bool) -> str:
    """Return the first text that is no number, where others are."""
    odd = texts.filter(~are_numbers(texts, comma=comma))
    return str(odd[0]) if 0 < len(odd) < len(texts) else ""


def are_numbers(texts: pl.Series, *, comma: bool) -> pl.Series:
    """Whether each text is a number; ``007`` is none, it is somebody's name for something."""
    return texts.str.contains(_COMMA if comma else _POINT) & texts.str.contains(_DIGIT)


def to_numbers(texts: pl.Series, *, comma: bool) -> pl.Series:
    """Return texts as numbers, null where one is none."""
    plain = texts.str.replace(",", ".", literal=True) if comma else texts
    numbers = plain.cast(pl.Float64, strict=False)
    return pl.select(pl.when(are_numbers(texts, comma=comma)).then(numbers)).to_series()


def has_commas(frame: pl.DataFrame) -> bool:
    """Whether the numbers of a file are written with decimal commas, all of them."""
    texts = [frame[name] for name in frame.columns if frame.schema[name] == pl.String]
    commas = sum(int(column.str.contains(_WITH_COMMA).sum()) for column in texts)
    points = sum(int(column.str.contains(_WITH_POINT).sum()) for column in texts)
    return commas > points


def to_date(text: str, order: Order) -> date | None:
    """Return a text as a date, without its time of day; None where it is none.

    Parameters
    ----------
    text : str
        ``05.01.2026``, ``5/1/26``, ``2026-01-05 00:00:00``.
    order : {"year first", "day first", "month first"}
        How the dates of the column are written.
    """
    bare = re.sub(_CLOCK, "", text.strip())
    for pattern in _FORMATS[order]:
        try:
            return datetime.strptime(bare, pattern).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _are_dates(texts: pl.Series, order: Order) -> bool:
    return all(to_date(text, order) is not None for text in texts.unique())
