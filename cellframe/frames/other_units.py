"""Is a quantity there in another unit than the one that is asked for?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.quantities import UnitError, conversion
from cellframe.frames.columns import parse

if TYPE_CHECKING:
    from collections.abc import Iterable


def labelled(lazy: pl.LazyFrame, labels: Iterable[str]) -> pl.LazyFrame:
    """Return a frame in which quantities that are there in other units have the labels asked for.

    Parameters
    ----------
    lazy : LazyFrame
        Whatever came.
    labels : iterable of str
        With the units in which they are wanted.
    """
    schema = lazy.collect_schema()
    named = {}
    for label in schema:
        path, unit = parse(label)
        if unit is not None:
            named.setdefault(path, (label, unit))
    made: list[pl.Expr] = []
    for label in labels:
        path, wanted = parse(label)
        if label in schema or wanted is None or path not in named:
            continue
        have, unit = named[path]
        try:
            line = conversion(unit, wanted)
        except UnitError:
            continue
        scale, offset = (float(line.scale), float(line.offset)) if line else (1.0, 0.0)
        made.append((pl.col(have) * scale + offset).alias(label))
    return lazy.with_columns(made)
