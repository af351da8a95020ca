"""Which number of a workbook is a date, and which?

A date is a number of days with a format that shows it as one. Excel counts them from the end of
1899, with a 29 February 1900 that never was; on old Macs from 1904.
"""

from __future__ import annotations

import re
from datetime import date

import polars as pl

from cellframe.sheets.workbook.markup import tags

_BUILT_IN = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Formats of dates and times that have a number alone (ECMA-376, 18.8.30), those of East Asia too."""
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)
_SHOWS_TIME = re.compile(r"[ymdhs]", re.IGNORECASE)
_DAY = 86_400_000
"""Milliseconds."""
_END = 2_958_466
"""The day after 9999-12-31."""
_LEAP = 60
"""29 February 1900, which never was."""
_FROM_1904 = 1462
_EPOCH = date(1899, 12, 30)


def is_date_format(code: str) -> bool:
    """Whether a format code shows a number as a date or time."""
    first = _QUOTED.sub("", code).split(";")[0]
    return "general" not in first.lower() and bool(_SHOWS_TIME.search(first))


def date_styles(styles: str | None) -> frozenset[int]:
    """Return which styles of cells show dates or times, by their place among all."""
    own: dict[str, str] = {}
    found: list[str] = []
    inside = False
    for tag in tags(styles):
        if tag.name == "numFmt":
            own[tag.attributes.get("numFmtId", "")] = tag.attributes.get("formatCode", "")
        elif tag.name in ("cellXfs", "cellStyles", "cellStyleXfs", "dxfs"):
            inside = tag.name == "cellXfs"
        elif tag.name == "xf" and inside:
            found.append(tag.attributes.get("numFmtId", "0"))
    return frozenset(place for place, id_ in enumerate(found) if _shows_dates(id_, own))


def _shows_dates(id_: str, own: dict[str, str]) -> bool:
    if id_ in own:
        return is_date_format(own[id_])
    return id_.isdecimal() and int(id_) in _BUILT_IN


def iso(serials: pl.Series, *, from_1904: bool) -> pl.Series:
    """Return numbers of days as ISO 8601, to the millisecond.

    Parameters
    ----------
    serials : Series of float
        As they stand in cells.
    from_1904 : bool
        Whether they are counted from 1904.

    Returns
    -------
    Series of String
        A date, a date and time, a time where it is less than a day; null where it is none.
    """
    within = serials.is_between(0, _END, closed="left")
    days = pl.select(pl.when(within).then(serials)).to_series()
    milliseconds = (days * _DAY).round(0).cast(pl.Int64)
    if from_1904:
        milliseconds = milliseconds + _FROM_1904 * _DAY
    else:
        never = milliseconds.is_between(_LEAP * _DAY, (_LEAP + 1) * _DAY, closed="left")
        # Before the day that never was, the count is one behind.
        late = pl.when(milliseconds < _LEAP * _DAY).then(milliseconds + _DAY)
        milliseconds = pl.select(pl.when(~never).then(late.otherwise(milliseconds))).to_series()
    moments = (pl.lit(_EPOCH).cast(pl.Datetime("ms")) + milliseconds.cast(pl.Duration("ms"))).alias(
        "moment"
    )
    moment = pl.select(moments).to_series()
    is_day = milliseconds % _DAY == 0
    day, time = moment.dt.to_string("%Y-%m-%d"), moment.dt.to_string("%Y-%m-%dT%H:%M:%S%.f")
    is_clock = serials < 1 if not from_1904 else serials.is_between(0, 1, closed="none")
    clock = moment.dt.to_string("%H:%M:%S%.f")
    shown = pl.when(is_clock).then(clock).when(is_day).then(day).otherwise(time)
    return pl.select(shown).to_series()
