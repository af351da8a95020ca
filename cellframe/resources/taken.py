"""What becomes of a new row whose name a record has already? The caller says; else it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import polars as pl

from cellframe.errors import ConfigError
from cellframe.writeback.choices import THEIRS
from cellframe.writeback.deciding import undecided
from cellframe.writeback.rewriting import rewritten
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.writeback.plan import Plan

OnExists: TypeAlias = Literal["error", "update", "skip"]
"""Tell it, edit the record that has the name, or leave the row out."""


def check_on_exists(on_exists: OnExists) -> None:
    """Refuse what is none of the words.

    Raises
    ------
    ConfigError
        Nothing was read.
    """
    if on_exists not in get_args(OnExists):
        raise ConfigError(f"on_exists={on_exists!r} is none of 'error', 'update' and 'skip'.")


def settled(
    plan: Plan, frame: pl.DataFrame, on_exists: OnExists, again: Callable[[pl.DataFrame], Plan]
) -> Plan:
    """Return a plan in which rows with a name that is taken are edits, or are left out.

    Either stands in the plan's own frame, as an id or as a choice, and so in what is saved of it.

    Parameters
    ----------
    frame : DataFrame
        The edited frame.
    again : callable
        Plans the frame with ids filled in.
    """
    found = {int(s.row or 0): s.id for s in plan.rows if s.action is Action.EXISTS}
    if not found or on_exists == "error":
        return plan
    if on_exists == "update":
        texts = frame.with_columns(pl.col(plan.kind.key).cast(pl.String))
        return again(rewritten(texts, {plan.kind.key: found}))
    taken = undecided(plan.table()).filter(pl.col("action") == Action.EXISTS.value)
    return plan.resolve(taken.with_columns(choice=pl.lit(THEIRS)))
