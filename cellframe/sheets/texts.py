"""What text does a value have in a file, and which texts must a spreadsheet not run?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Excel, LibreOffice and their kin evaluate a cell that starts like this, the wide forms in
# Japanese editions too (OWASP, CSV injection).
_RUN = "=+\\-@\t\r\n＝＋－＠"  # noqa: RUF001
_GUARDED = f"^'*[{_RUN}]"
_GUARD = f"^'('*[{_RUN}])"
_LINE_END = r"\r\n?"


def exact(values: pl.Series) -> pl.Series:
    """Return values as text that reads back as the same values.

    Parameters
    ----------
    values : Series
        Of a frame: text, numbers, dates, times in UTC without zone, truths.

    Returns
    -------
    Series of String
        The shortest decimals of a float, ISO 8601 for dates and times; null where there is none,
        NaN and empty text included.
    """
    if isinstance(values.dtype, pl.Datetime):
        moments = values.dt.convert_time_zone("UTC") if values.dtype.time_zone else values
        return moments.dt.to_string("%Y-%m-%dT%H:%M:%S%.f")
    if values.dtype.is_float():
        return values.fill_nan(None).cast(pl.String)
    return values.cast(pl.String).replace("", None)


def written(values: pl.Series) -> pl.Series:
    """Return values as a delimited file holds them.

    As `exact`, but a whole number is without ``.0``, a line ends with LF, as in every
    spreadsheet's cell, and a text that a spreadsheet would run is guarded.
    """
    texts = exact(values)
    if values.dtype.is_float():
        return texts.str.replace(r"\.0$", "")
    return guard(line_ends(texts)) if is_text(values.dtype) else texts


def in_few_words(notices: Mapping[str, str | None]) -> list[str]:
    """Return the notices of the first columns, and the names of the others."""
    told = [(label, notice) for label, notice in notices.items() if notice]
    more = ", ".join(repr(label) for label, _ in told[_MOST_TOLD:])
    rest = [f"The same in {more}."] if more else []
    return [*(notice for _, notice in told[:_MOST_TOLD]), *rest]


_MOST_TOLD = 3


def is_text(dtype: pl.DataType) -> bool:
    """Whether a column holds texts."""
    return dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum)


def line_ends(texts: pl.Series) -> pl.Series:
    """Return texts whose lines end with LF."""
    return texts.str.replace_all(_LINE_END, "\n")


def guard(texts: pl.Series) -> pl.Series:
    """Put ``'`` before texts that a spreadsheet would run, and before those it stands before."""
    return texts.str.replace(_GUARDED, "'$0")


def unguard(texts: pl.Series) -> pl.Series:
    """Take the guard away: the inverse of `guard`."""
    return texts.str.replace(_GUARD, "$1")


def unguarded(labels: Sequence[str]) -> list[str]:
    """Return the headers of a file without their guards."""
    return [re.sub(_GUARD, r"\1", label) for label in labels]
