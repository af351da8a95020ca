"""What would become of one row of a frame, and of each of its cells?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from cellframe.writeback.diff import Class, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.contract.records import RecordKind
    from cellframe.frames.columns import Column


class Action(Enum):
    """What a plan would do with one row."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    UNCHANGED = "unchanged"
    ALREADY_THERE = "already_there"
    CONFLICT = "conflict"
    INVALID = "invalid"
    EXISTS = "exists"


WRITES = (Action.CREATE, Action.UPDATE, Action.DELETE)
STOPS = (Action.CONFLICT, Action.INVALID, Action.EXISTS)


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that is not as it was read.

    Attributes
    ----------
    label : str
        The column, as the edited frame spells it.
    column : Column
        What it stands for.
    what : Class
        Change, clear, already there, conflict or invalid.
    you_read, you_have, server_now : text, number, date or None
        In the unit of the label.
    message : str
        For an invalid cell, what is wrong and what to do.
    is_own : bool
        Whether the service's value was written from here after the frame was read; it stands as
        what was read then.
    """

    label: str
    column: Column
    what: Class
    you_read: Value
    you_have: Value
    server_now: Value
    message: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What would become of one row.

    Attributes
    ----------
    action : Action
        What to do.
    kind : RecordKind
        Of which record.
    row : int or None
        Row of the edited frame, counted from 0; None for a lot that no row stands for.
    id : str or None
        None for a create.
    name : str or None
        What people call the record.
    parent_id : str or None
        Under which record it is, or will be.
    changes : tuple of Change
        Its cells.
    record : mapping
        The record as the service had it when the plan was made; empty for a create.
    version : str or None
        The opaque version of that record: what an update is guarded by.
    message : str
        Why a row is invalid, in conflict or there already.
    new_parent : str or None
        Name of a parent that the same plan makes; `parent_id` is empty then.
    """

    action: Action
    kind: RecordKind
    row: int | None
    id: str | None
    name: str | None
    parent_id: str | None
    changes: tuple[Change, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)
    version: str | None = None
    message: str = ""
    new_parent: str | None = None

    def writes(self) -> list[tuple[Column, Value]]:
        """Return the cells to send."""
        sent = (Class.CHANGE, Class.CLEAR)
        return [(c.column, c.you_have) for c in self.changes if c.what in sent]

    def settled(self, what: Class) -> Step:
        """Return this row with its conflicts decided: `Class.CHANGE` for mine, `ALREADY_THERE` for theirs."""
        changes = tuple(
            replace(
                c, what=what if what is not Class.CHANGE or c.you_have is not None else Class.CLEAR
            )
            if c.what is Class.CONFLICT
            else c
            for c in self.changes
        )
        if not self.changes:
            # What moved since is in conflict with a delete as a whole.
            mine = what is Class.CHANGE
            return replace(self, action=Action.DELETE if mine else Action.ALREADY_THERE)
        writes = any(c.what in (Class.CHANGE, Class.CLEAR) for c in changes)
        return replace(
            self, changes=changes, action=Action.UPDATE if writes else Action.ALREADY_THERE
        )
