"""Which numbers do the texts of a cycler's file hold?

A text that is no number is never dropped: it is a fault, with its line and column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.quantities import conversion, spell
from cellframe.frames.faults import Fault
from cellframe.intake.cycler.mapping import CLOCK, DATE, DAY_FIRST, MONTH_FIRST, TIMES

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOTHING = ("", "-", "--", "na", "n/a", "#n/a", "null", "none", "nan")
"""Words for a value that was not measured."""
_WITH_COMMA = r"^\s*[-+]?\d+,\d+(?:[eE][-+]?\d+)?\s*$"
_CLOCK = r"^\s*(?:(?P<days>\d+)\s*[d\s.-]\s*)?(?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+(?:[.,:]\d+)?)\s*$"
_ORDERS = {
    DATE: ("year", "month", "day"),
    DAY_FIRST: ("day", "month", "year"),
    MONTH_FIRST: ("month", "day", "year"),
}
_TIME_OF_DAY = r"(?:[T\s,]+(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<s>\d{1,2}(?:[.,]\d+)?))?\s*(?P<half>[AaPp])?\.?[Mm]?\.?)?\s*Z?\s*$"
_CENTURY, _NO_CENTURY = 2000, 100
_HALF_A_DAY = 12
_MOST_NAMED = 5


def numbers(values: pl.Series, decimal: str = ".") -> pl.Series:
    """Return a column as Float64; null where a value is none, or no number.

    Parameters
    ----------
    values : Series
        Text, numbers, or nothing.
    decimal : str
        What stands before the tenths.
    """
    if values.dtype != pl.String:
        return values.cast(pl.Float64, strict=False)
    if decimal == ",":
        # Where commas are decimal, a point may set off thousands: 1.500 is no number then.
        is_plain = ~values.str.contains(".", literal=True)
        commas = values.str.replace(",", ".", literal=True)
        values = pl.select(pl.when(is_plain).then(commas)).to_series()
    found = values.cast(pl.Float64, strict=False)
    if found.null_count() == values.null_count():
        return found
    return values.str.strip_chars().cast(pl.Float64, strict=False)


def seconds(values: pl.Series, written: str) -> pl.Series:
    """Return the seconds of texts such as ``1:02:03.5``, or since 1970 of dates.

    Parameters
    ----------
    values : Series
        Text; dates may be typed.
    written : str
        One of `TIMES`: a clock that counts, or a date and the order of its parts.
    """
    if values.dtype == pl.Duration:
        return values.dt.total_microseconds() / 1e6
    if values.dtype.is_temporal():
        return values.cast(pl.Datetime("us")).dt.epoch("us") / 1e6
    frame = pl.DataFrame({"text": values})
    return (_clock(frame) if written == CLOCK else _date(frame, _ORDERS[written]))["text"]


def _clock(frame: pl.DataFrame) -> pl.DataFrame:
    parts = frame.select(parts=pl.col("text").str.extract_groups(_CLOCK)).unnest("parts")
    hours, minutes = pl.col("hours").cast(pl.Float64), pl.col("minutes").cast(pl.Float64)
    days = pl.col("days").cast(pl.Float64).fill_null(0)
    # Neware sets milliseconds off with a colon in some exports.
    last = pl.col("seconds").str.replace(r"[,:]", ".").cast(pl.Float64)
    return parts.select(text=((days * 24 + hours) * 60 + minutes) * 60 + last)


def _date(frame: pl.DataFrame, order: tuple[str, ...]) -> pl.DataFrame:
    day = r"^\s*" + r"[-./\s]+".join(rf"(?P<{part}>\d{{1,4}})" for part in order) + _TIME_OF_DAY
    parts = frame.select(parts=pl.col("text").str.extract_groups(day)).unnest("parts")
    year, month, date = (pl.col(part).cast(pl.Int32, strict=False) for part in _ORDERS[DATE])
    year = pl.when(year < _NO_CENTURY).then(year + _CENTURY).otherwise(year)
    hour = pl.col("h").cast(pl.Float64).fill_null(0)
    is_late = pl.col("half").str.to_lowercase()
    hour = (
        pl.when(is_late == "p")
        .then(hour % _HALF_A_DAY + _HALF_A_DAY)
        .otherwise(pl.when(is_late == "a").then(hour % _HALF_A_DAY).otherwise(hour))
    )
    minute = pl.col("m").cast(pl.Float64).fill_null(0)
    second = pl.col("s").str.replace(",", ".", literal=True).cast(pl.Float64).fill_null(0)
    day = pl.format("{}-{}-{}", year, month, date).str.to_date("%Y-%m-%d", strict=False)
    midnight = day.cast(pl.Datetime("us")).dt.epoch("s").cast(pl.Float64)
    return parts.select(text=midnight + (hour * 60 + minute) * 60 + second)


def measured(values: pl.Series, unit: str | None, wanted: str | None, decimal: str) -> pl.Series:
    """Return a column in the contract's unit.

    Parameters
    ----------
    values : Series
        As it stands in the file.
    unit, wanted : str or None
        Of the file, and of the contract; None where it has none.
    decimal : str
        As in `numbers`.
    """
    if unit in TIMES:
        return seconds(values, unit)
    found = numbers(values, decimal)
    line = None if unit is None or wanted is None else conversion(spell(unit), wanted)
    if line is None:
        return found
    scale, offset = float(line.scale), float(line.offset)
    # Dividing by a whole number is exact where multiplying by its inverse is not.
    inverse = 1 / scale
    scaled = found / round(inverse) if scale < 1 and _is_whole(inverse) else found * scale
    return scaled + offset if offset else scaled


def _is_whole(number: float) -> bool:
    return abs(number - round(number)) <= 1e-12 * abs(number)


def unread(
    given: pl.Series, found: pl.Series, places: pl.Series, word: str, decimal: str
) -> list[Fault]:
    """Say which values of a column could not be read.

    Parameters
    ----------
    given, found : Series
        The column as it stands, and what was made of it.
    places : Series
        Where each row stands in the file.
    word : str
        What a row is called.
    decimal : str
        As in `numbers`.

    Returns
    -------
    list of Fault
        One for the whole column, with the first lines.
    """
    if found.null_count() == given.null_count():
        return []
    text = given.cast(pl.String).str.strip_chars()
    lost = found.is_null() & text.is_not_null() & ~text.str.to_lowercase().is_in(_NOTHING)
    rows = lost.arg_true()
    if not len(rows):
        return []
    named = name_places(word, places.gather(rows.head(_MOST_NAMED)).to_list(), len(rows))
    value = text[int(rows[0])]
    what = f"{given.name!r} is {value!r} in {named}, which is {_not_read(lost, text, decimal)}"
    return [Fault(what, int(places[int(rows[0])]), None, given.name, value, "number")]


def _not_read(lost: pl.Series, text: pl.Series, decimal: str) -> str:
    if decimal == "." and text.filter(lost).str.contains(_WITH_COMMA).all():
        return "no number here. If the file has decimal commas, write decimal = ','."
    if decimal == "," and text.filter(lost).str.contains(".", literal=True).all():
        return "no number where commas are decimal. If points are, write decimal = '.'."
    return "no number. Correct it in the file, or leave the cell empty."


def name_places(word: str, places: Iterable[int], count: int) -> str:
    """Say where: ``line 21``, or ``lines 21, 22, 23, 24, 25 and 7 more``."""
    shown = list(places)[:_MOST_NAMED]
    more = f" and {count - len(shown)} more" if count > len(shown) else ""
    return f"{word}{'s' if count > 1 else ''} {', '.join(map(str, shown))}{more}"


def has_decimal_commas(values: pl.Series) -> bool:
    """Whether the numbers of a column of text are written with commas."""
    return values.dtype == pl.String and bool(values.str.contains(_WITH_COMMA).any())


def order_of(values: pl.Series) -> tuple[str, bool] | None:
    """Say how the times of a column of text are written, and whether that is certain.

    Parameters
    ----------
    values : Series
        A column that may hold clocks or dates.

    Returns
    -------
    (str, bool) or None
        One of `TIMES`; None where they are no such text.
    """
    if values.dtype.is_temporal():
        return (CLOCK if values.dtype == pl.Duration else DATE), True
    found = orders_of(values)
    return (found[0], len(found) == 1) if found else None


def orders_of(values: pl.Series) -> list[str]:
    """Return every way in which the times of a column of text can be read, the likeliest first.

    Parameters
    ----------
    values : Series
        Text; anything else is no such column.
    """
    given = values.drop_nulls()
    if given.dtype != pl.String or given.is_empty():
        return []
    fitting = [written for written in TIMES if not seconds(given, written).null_count()]
    if len(fitting) > 1 and not given.str.contains("-", literal=True).any():
        fitting = [one for one in fitting if one != DATE]  # 01/05/26 has its year last.
    # Of two orders only the true one makes time run on.
    rising = [one for one in fitting if (seconds(given, one).diff().drop_nulls() >= 0).all()]
    # Where the month comes first, hours are counted to twelve.
    first = MONTH_FIRST if given.str.contains(r"(?i)[ap]\.?m\.?\s*$").any() else None
    return sorted(rising or fitting, key=lambda one: (one != first, one == DATE))


def kept(values: pl.Series, decimal: str) -> pl.Series:
    """Return a column that means nothing here: numbers where that loses nothing, else text."""
    if values.dtype != pl.String:
        return values
    whole = values.cast(pl.Int64, strict=False)
    if whole.null_count() == values.null_count():
        # 007 is a name.
        return whole if (whole.cast(pl.String) == values).all() else values
    found = numbers(values, decimal)
    text = values.filter(found.is_null()).drop_nulls().str.strip_chars().str.to_lowercase()
    return found if text.is_in(_NOTHING).all() else values
