"""A plan becomes a smaller one: of the cells that somebody chose. Pure.

What is left out is put back in the frame as it was read. A record that is made or deleted, and one
that is gone, is taken or left whole; so are the value and the unit of one quantity, and what would take
the place of something that is cleared. A new record goes with the new parent that it names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from cellframe.contract.records import CELL_BATCH
from cellframe.errors import ConfigError
from cellframe.writeback.diff import Class
from cellframe.writeback.lots import fold
from cellframe.writeback.rewriting import with_cells
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cellframe.writeback.diff import Value
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.steps import Change, Step

Which: TypeAlias = "pl.Expr | Iterable[bool | None]"
"""An expression over the columns of ``plan.to_frame()``, or a mask of its rows."""
Place: TypeAlias = "tuple[str, tuple[str, ...]]"
_IN_PARTS = (Action.UPDATE, Action.CONFLICT, Action.INVALID, Action.ALREADY_THERE)


def narrowed(plan: Plan, which: Which) -> Plan:
    """Return a plan of some of its cells; see ``Plan.filter``."""
    pairs = list(_pairs(plan, iter(_mask(plan.table(), which))))
    kept = [part for step, part in pairs if part is not None and step.row is not None]
    chosen = (_standing(step, part, kept) for step, part in pairs)
    steps = tuple(step for step in chosen if step is not None)
    back: dict[str, dict[str, dict[int, Value]]] = {}
    for step, part in pairs:
        for change in _left_out(step, part):
            column = back.setdefault(step.kind.noun, {}).setdefault(change.label, {})
            column[int(step.row or 0)] = change.you_read
    left = len(plan.rows) - sum(step.row is not None for step in steps)
    notices = (*plan.notices, *([_left(left)] if left else []))
    return with_cells(plan, back, steps=steps, notices=notices)


def _pairs(plan: Plan, flags: Iterator[bool]) -> Iterator[tuple[Step, Step | None]]:
    """Yield each step with what is kept of it: parents come before their children in a plan."""
    kept: set[tuple[str, str | None]] = set()
    for step in plan.steps:
        part = _part(step, _taken(step, flags))
        above = step.kind.parent, step.new_parent
        if step.row is not None and step.new_parent is not None and above not in kept:
            part = None
        if part is not None:
            kept.add((step.kind.name, step.name))
        yield step, part


def _left(count: int) -> str:
    rows = "1 row was" if count == 1 else f"{count:,} rows were"
    return f"{rows} left out by filter(), and would stay as the service has them."


def _mask(table: pl.DataFrame, which: Which) -> Sequence[bool]:
    """Return which lines of a plan are meant.

    Raises
    ------
    ConfigError
        It is no condition over them.
    """
    try:
        found: Any = (
            table.with_columns(which.alias("_kept"))["_kept"]
            if isinstance(which, pl.Expr)
            else pl.Series("_kept", list(which))
        )
    except (pl.exceptions.PolarsError, TypeError) as fault:
        columns = ", ".join(table.columns)
        raise ConfigError(
            f"filter() takes a condition over the columns of plan.to_frame(): {columns}. ({fault})"
        ) from fault
    if len(found) != table.height or (found.dtype != pl.Boolean and table.height):
        message = f"filter() takes true or false for each of the {table.height} rows of plan.to_frame(), and this is {len(found)} values of {found.dtype}."
        raise ConfigError(message)
    return found.fill_null(value=False).to_list()


def _taken(step: Step, flags: Iterator[bool]) -> list[bool]:
    """Take the flags of one row's lines: a row without a changed cell has one."""
    return [next(flags) for _ in step.changes or (None,)]


def _part(step: Step, taken: Sequence[bool]) -> Step | None:
    """Return what is kept of one row; None where that is nothing."""
    if not any(taken):
        return None
    if all(taken) or step.action not in _IN_PARTS or not step.record:
        return step
    places = {c.column.place for c, is_taken in zip(step.changes, taken, strict=True) if is_taken}
    changes = tuple(
        change
        for change in step.changes
        if any(_is_one(change.column.place, place) for place in places)
    )
    said = " ".join(change.message for change in changes if change.message)
    return replace(step, changes=changes, action=_action(changes), message=said)


def _is_one(place: Place, other: Place) -> bool:
    """Whether two places are the same, or one is inside the other."""
    (field, path), (its_field, its_path) = place, other
    shared = min(len(path), len(its_path))
    return field == its_field and path[:shared] == its_path[:shared]


def _action(changes: Sequence[Change]) -> Action:
    """Return what becomes of a row of these cells."""
    found = {change.what for change in changes}
    if Class.INVALID in found:
        return Action.INVALID
    if Class.CONFLICT in found:
        return Action.CONFLICT
    return Action.ALREADY_THERE if found == {Class.ALREADY_THERE} else Action.UPDATE


def _left_out(step: Step, part: Step | None) -> list[Change]:
    """Return the cells of a record that are not kept."""
    if step.row is None or step.action not in _IN_PARTS:
        return []
    kept = {change.label for change in part.changes} if part is not None else set()
    return [change for change in step.changes if change.label not in kept]


def _standing(step: Step, part: Step | None, kept: Sequence[Step]) -> Step | None:
    """Return what stands in the smaller plan: a lot that is to be made, where a row names it."""
    if _is_named(step, kept):
        return step
    return part if step.row is not None else None


def _is_named(lot: Step, steps: Sequence[Step]) -> bool:
    """Whether a step would make a lot that a row which is kept names."""
    if lot.kind is not CELL_BATCH or lot.action is not Action.CREATE:
        return False
    return any(
        change.column.field is not None
        and bool(change.column.field.refers_to)
        and isinstance(change.you_have, str)
        and fold(change.you_have) == fold(str(lot.name))
        for step in steps
        if (step.parent_id, step.new_parent) == (lot.parent_id, lot.new_parent)
        for change in step.changes
    )
