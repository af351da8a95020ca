"""A plan as a frame of one row per record: what would be put in place of what.

======================  ================================
class                   cell
======================  ================================
change                  ``41 -> 41.2``
clear                   ``41 -> (would be cleared)``
already there           ``41.2 (already there)``
conflict                ``41 -> 41.2 (server now: 40.7)``
invalid                 ``heavy (invalid)``
======================  ================================
"""

from __future__ import annotations

import polars as pl

from cellframe.views.clean import CLEARED, EMPTY
from cellframe.writeback.diff import Class

KEYS = ["row", "action", "record", "id", "name"]


def wide(table: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of a plan with a column for each column that would change.

    Parameters
    ----------
    table : DataFrame, shape (n_changes, 11)
        Of ``plan.table()``.

    Returns
    -------
    DataFrame, shape (n_records, 5 + n_columns)
        Texts; null where a record keeps its value.
    """
    rows = table.select(KEYS).unique(maintain_order=True)
    cells = table.filter(pl.col("column").is_not_null())
    if not cells.height:
        return rows
    taken = pl.col("column").is_in(KEYS)
    label = pl.when(taken).then(pl.format("{} (edited)", "column")).otherwise("column")
    said = cells.with_columns(label.alias("column"), _said().alias("said"))
    spread = said.pivot("column", index=KEYS, values="said", aggregate_function="first")
    return rows.join(spread, on=KEYS, how="left", nulls_equal=True, maintain_order="left")


def _said() -> pl.Expr:
    read, have, now = (
        pl.col(name).fill_null(EMPTY) for name in ("you_read", "you_have", "server_now")
    )
    kind = pl.col("class")
    old = pl.when(pl.col("you_read").is_null()).then(now).otherwise(read)
    return (
        pl.when(pl.col("action") == "create")
        .then(have)
        .when(kind == Class.CLEAR.value)
        .then(pl.format("{} -> {}", old, pl.lit(CLEARED)))
        .when(kind == Class.ALREADY_THERE.value)
        .then(pl.format("{} (already there)", have))
        .when(kind == Class.CONFLICT.value)
        .then(pl.format("{} -> {} (server now: {})", read, have, now))
        .when(kind == Class.INVALID.value)
        .then(pl.format("{} (invalid)", have))
        .otherwise(pl.format("{} -> {}", old, have))
    )
