"""A plain field of typed records, as the column that frames have of it.

A date or a time is read with the whole column where it is written as services write it, and by
the rule for one cell elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import Type
from cellframe.frames.decode import CELLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.contract.records import Field

_MOMENT = r"^(?:19|20)\d\d-\d\d-\d\d[T ]\d\d:[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:0\d|1[0-4]):[0-5]\d)$"
_DAY = r"^(?:19|20)\d\d-\d\d-\d\d$"


class DoubtError(Exception):
    """Only a look at every cell can say what the records hold."""


def text_of(found: pl.Series) -> pl.Series:
    """Return a column of texts as one."""
    if found.dtype not in (pl.String(), pl.Null()):
        raise DoubtError
    return found.cast(pl.String)


def plain(row: Field, found: pl.Series) -> pl.Series:
    """Return the column of a plain field.

    Raises
    ------
    DoubtError
        A value may not fit.
    """
    if found.dtype == pl.Null:
        return found
    make = _PLAIN.get(row.type)
    if make is not None:
        return make(found)
    if found.dtype != _HELD.get(row.type):
        raise DoubtError
    return found


_HELD: dict[Type, pl.DataType] = {
    **dict.fromkeys((Type.ID, Type.NAME, Type.TEXT, Type.WORD), pl.String()),
    Type.INTEGER: pl.Int64(),
    Type.BOOLEAN: pl.Boolean(),
}


def _dates(found: pl.Series) -> pl.Series:
    texts = text_of(found)
    days = texts.str.to_date("%Y-%m-%d", strict=False)
    usual = texts.str.contains(_DAY) & days.is_not_null()
    return _with_the_rest(texts, days, usual, CELLS[Type.DATE], pl.Date())


def _moments(found: pl.Series) -> pl.Series:
    texts = text_of(found)
    one_form = texts.str.replace(" ", "T", literal=True).str.replace("Z", "+00:00", literal=True)
    moments = one_form.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False
    ).dt.replace_time_zone(None)
    usual = texts.str.contains(_MOMENT) & moments.is_not_null()
    return _with_the_rest(texts, moments, usual, CELLS[Type.TIME], pl.Datetime("us"))


def _with_the_rest(
    texts: pl.Series,
    made: pl.Series,
    usual: pl.Series,
    one: Callable[[Any], Any],
    dtype: pl.DataType,
) -> pl.Series:
    """Return what was made of usual texts, and of each other text what the rule for a cell makes."""
    others = texts.filter(~usual).drop_nulls().unique().to_list()
    if not others:
        return made
    try:
        values = [one(text) for text in others]
    except (ValueError, OverflowError):
        raise DoubtError from None
    rest = texts.replace_strict(others, pl.Series(values, dtype=dtype), default=None)
    both = pl.DataFrame([made.alias("made"), usual.alias("usual"), rest.alias("rest")])
    return both.select(pl.when("usual").then("made").otherwise("rest")).to_series()


def _numbers(found: pl.Series) -> pl.Series:
    if found.dtype not in (pl.Float64(), pl.Int64()) or has_signed_zero(found.cast(pl.Float64)):
        raise DoubtError
    return found.cast(pl.Float64)


def has_signed_zero(found: pl.Series) -> bool:
    """Whether a zero has a sign: a whole number that is written with one loses it."""
    zeros = found.filter(found == 0)
    return bool((1 / zeros < 0).any())


def _labels(found: pl.Series) -> pl.Series:
    if found.dtype not in (pl.String(), pl.Int64()):
        raise DoubtError
    return found.cast(pl.String)


def _tags(found: pl.Series) -> pl.Series:
    if (
        found.dtype != pl.List(pl.String)
        or (found.list.drop_nulls().list.len() < found.list.len()).any()
    ):
        raise DoubtError
    escaped = found.list.eval(pl.element().str.replace_all(r"([\\;])", r"\$1"))
    return escaped.list.join("; ").replace("", None)


_PLAIN: dict[Type, Callable[[pl.Series], pl.Series]] = {
    Type.DATE: _dates,
    Type.TIME: _moments,
    Type.NUMBER: _numbers,
    Type.LABEL: _labels,
    Type.TAGS: _tags,
}
