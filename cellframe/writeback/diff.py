"""Three frames, cell by cell: you read, you have, server now.

======================  ===================  ============================
you have                server now           class
======================  ===================  ============================
as you read             anything             no edit
not as you read         as you read          change, or clear when empty
not as you read         as you have          already there
not as you read         something third      conflict
======================  ===================  ============================

Without a known base the service's values stand in for it, and an empty cell is no edit.
"""

from __future__ import annotations

import unicodedata
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from cellframe.contract.records import Type
from cellframe.frames.tags import as_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from cellframe.frames.columns import Column

Value: TypeAlias = "str | float | date | None"
"""What one cell holds."""
CLOSE = 1e-12
"""Two quantities nearer than this part of the larger are one: a change of units rounds."""


class Class(Enum):
    """What became of one cell."""

    CHANGE = "change"
    CLEAR = "clear"
    ALREADY_THERE = "already_there"
    CONFLICT = "conflict"
    INVALID = "invalid"


def same(column: Column, left: pl.Series, right: pl.Series) -> pl.Series:
    """Where two columns hold the same value; two gaps are the same.

    Parameters
    ----------
    column : Column
        What they hold: quantities are compared within `CLOSE`, texts after NFC, lots without
        case, everything else exactly.
    """
    equal = left.eq_missing(right)
    # Almost every cell is as it was: the rules cost only where it is not.
    at = (~equal).arg_true()
    return (
        equal.scatter(at.filter(_alike(column, left[at], right[at])), values=True)
        if len(at)
        else equal
    )


def _alike(column: Column, left: pl.Series, right: pl.Series) -> pl.Series:
    """Where values that are not equal are the same after all."""
    if column.is_number:
        larger = pl.select(pl.max_horizontal(left.abs(), right.abs())).to_series()
        return ((left - right).abs() <= CLOSE * larger).fill_null(value=False)
    if left.dtype == pl.String:
        return canonical(column, left).eq_missing(canonical(column, right))
    return pl.repeat(value=False, n=len(left), dtype=pl.Boolean, eager=True)


def is_same(column: Column, left: Value, right: Value) -> bool:
    """Whether two values of one column are the same, by the rules of `same`."""
    left, right = (None if value == "" else value for value in (left, right))
    if left is None or right is None:
        return left is right
    if isinstance(left, str) and isinstance(right, str):
        fold = column.field is not None and column.field.without_case
        left, right = (unicodedata.normalize("NFC", text) for text in (left, right))
        if column.type is Type.TAGS:
            return as_set(left) == as_set(right)
        return left.casefold() == right.casefold() if fold else left == right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return abs(left - right) <= CLOSE * max(abs(left), abs(right))
    return left == right


def canonical(column: Column, texts: pl.Series) -> pl.Series:
    """Texts in the form in which they are compared; an empty text is a gap."""
    texts = texts.str.normalize("NFC").replace("", None)
    if column.type is Type.TAGS:
        return texts.replace({text: as_set(text) for text in texts.unique().drop_nulls()})
    if column.field and column.field.without_case:
        # Polars has no casefold, and lower case keeps STRASSE and straße apart.
        return texts.replace({text: text.casefold() for text in texts.unique().drop_nulls()})
    return texts


def edited_cells(
    columns: Mapping[str, Column], base: pl.DataFrame, edited: pl.DataFrame
) -> pl.DataFrame:
    """Which cells are not as their editor read them.

    Parameters
    ----------
    columns : mapping of str to Column
        By label.
    base, edited : DataFrame, shape (n_rows, n_columns)
        Aligned by row.

    Returns
    -------
    DataFrame, shape (n_rows, n_columns)
        Booleans.
    """
    return pl.DataFrame(
        [
            ~same(column, edited[label], base[label]).alias(label)
            for label, column in columns.items()
        ]
    )


_FOUND = {"row": pl.UInt32, "label": pl.String, "class": pl.String}


def diff(
    columns: Mapping[str, Column],
    base: pl.DataFrame,
    edited: pl.DataFrame,
    theirs: pl.DataFrame,
    known: pl.Series,
) -> pl.DataFrame:
    """Compare three frames, cell by cell.

    Parameters
    ----------
    columns : mapping of str to Column
        By label.
    base, edited, theirs : DataFrame, shape (n_rows, n_columns)
        Aligned by row, with the declared types.
    known : Series of bool, shape (n_rows,)
        Whether the row's base is what its editor read.

    Returns
    -------
    DataFrame, shape (n_cells, 3)
        ``row``, ``label`` and ``class`` of every edited cell, by row.
    """
    parts = [
        _one(column, label, base[label], edited[label], theirs[label], known)
        for label, column in columns.items()
    ]
    return pl.concat([pl.DataFrame(schema=_FOUND), *parts]).sort("row", maintain_order=True)


def _one(
    column: Column,
    label: str,
    base: pl.Series,
    mine: pl.Series,
    theirs: pl.Series,
    known: pl.Series,
) -> pl.DataFrame:
    rows = (~same(column, mine, base)).arg_true()
    if not len(rows):
        return pl.DataFrame(schema=_FOUND)
    base, mine, theirs = base[rows], mine[rows], theirs[rows]
    empty_now = canonical(column, mine).is_null() if mine.dtype == pl.String else mine.is_null()
    counts = known[rows] | ~empty_now
    moved, agreed = ~same(column, theirs, base), same(column, theirs, mine)
    kind = (
        pl.when(moved & agreed)
        .then(pl.lit(Class.ALREADY_THERE.value))
        .when(moved)
        .then(pl.lit(Class.CONFLICT.value))
        .when(empty_now)
        .then(pl.lit(Class.CLEAR.value))
        .otherwise(pl.lit(Class.CHANGE.value))
    )
    found = pl.DataFrame({"row": rows, "label": pl.repeat(label, len(rows), eager=True)})
    return found.with_columns(kind.alias("class")).filter(counts)
