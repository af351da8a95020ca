"""How does a step read as lines of a table? One for each cell that changes, or one in all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.views import text

if TYPE_CHECKING:
    from cellframe.writeback.steps import Step

SCHEMA = {
    "row": pl.Int64,
    "action": pl.String,
    "record": pl.String,
    "id": pl.String,
    "name": pl.String,
    "column": pl.String,
    "class": pl.String,
    "you_read": pl.String,
    "you_have": pl.String,
    "server_now": pl.String,
    "message": pl.String,
}


def lines(step: Step, number: int | None) -> list[tuple[Any, ...]]:
    """Return a step as lines of `SCHEMA`; `number` is what its row is called."""
    # The reason of a row stands once: on its cells, where it is theirs, else on its first line.
    told = any(change.message for change in step.changes)
    head = (number, step.action.value, step.kind.noun, step.id, step.name)
    found = [
        (
            *head,
            change.label,
            change.what.value,
            *map(text.value, (change.you_read, change.you_have, change.server_now)),
            change.message or (step.message if at == 0 and not told else None),
        )
        for at, change in enumerate(step.changes)
    ]
    return found or [(*head, None, None, None, None, None, step.message)]
