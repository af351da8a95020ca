"""Lots by name: an edit may name one that the service does not have yet."""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING

from cellframe.contract.records import CELL_BATCH
from cellframe.writeback.diff import Class
from cellframe.writeback.steps import Action, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cellframe.writeback.inputs import Present

_ALIKE = 0.6
"""How alike two lot names are before the plan points at it."""


def fold(name: str) -> str:
    """Return a lot's name as it is compared."""
    return unicodedata.normalize("NFC", name).casefold()


def new_lots(
    steps: Iterable[Step], present: Present
) -> tuple[list[Step], dict[str, dict[str, str]]]:
    """Return the lots that the steps name and the service does not have yet, and those it has."""
    known = {
        parent: {key: id_ for key, (_, id_) in lots.items()}
        for parent, lots in present.lots.items()
    }
    new: dict[tuple[str, str], Step] = {}
    for step in steps:
        parent = str(step.parent_id or step.new_parent)
        for change in step.changes:
            name, row = change.you_have, change.column.field
            sent = (
                step.action in (Action.CREATE, Action.UPDATE, Action.CONFLICT)
                and change.what is not Class.ALREADY_THERE
            )
            if (
                sent
                and row is not None
                and row.refers_to
                and isinstance(name, str)
                and parent in known
                and fold(name) not in known[parent]
            ):
                lot = _new_lot(name, step, present.lots[parent].values())
                new.setdefault((parent, fold(name)), lot)
    return list(new.values()), known


def _new_lot(name: str, cell: Step, lots: Iterable[tuple[str, str]]) -> Step:
    names = [lot for lot, _ in lots]
    near = get_close_matches(name, names, n=1, cutoff=_ALIKE)
    others = "no existing lot is like it" if names else "this spec has no lots yet"
    message = f"nearest existing lot: {near[0]!r}" if near else others
    above = (cell.parent_id, (), {}, None, message, cell.new_parent)
    return Step(Action.CREATE, CELL_BATCH, None, None, name, *above)
