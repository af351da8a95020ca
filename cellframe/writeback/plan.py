"""A plan: what would be sent, row by row. It holds values and sends nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, NoReturn

import orjson
import polars as pl

from cellframe.frames.backend import Backend, to_backend
from cellframe.views import text
from cellframe.views.parts import PlanParts
from cellframe.views.voice import PYTHON
from cellframe.writeback.diff import Class, Value
from cellframe.writeback.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console, ConsoleOptions
    from rich.text import Text

    from cellframe.contract.records import RecordKind
    from cellframe.frames.columns import Column
    from cellframe.views.voice import Voice
    from cellframe.writeback.inputs import Base


class Action(Enum):
    """What a plan would do with one row."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    ALREADY_THERE = "already_there"
    CONFLICT = "conflict"
    INVALID = "invalid"
    EXISTS = "exists"


WRITES = (Action.CREATE, Action.UPDATE)
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
        writes = any(c.what in (Class.CHANGE, Class.CLEAR) for c in changes)
        return replace(
            self, changes=changes, action=Action.UPDATE if writes else Action.ALREADY_THERE
        )


@dataclass(frozen=True)
class Plan:
    """What `client.apply` would send. Nothing has been sent.

    A plan is true when it holds anything to do or to decide, and false when the frame is as the
    service has it.

    Attributes
    ----------
    kind : RecordKind
        What the rows are.
    steps : tuple of Step
        Rows that are not unchanged, lots to create first, then in the order of rows.
    edited : DataFrame
        The frame as it was given, in polars.
    service : str
        Identity of the service that the plan was made against.
    origin : str
        Its address.
    base_rows : int
        Records in the reading that the frame came from; what `Limits.update_share` is a part of.
    base_filled : mapping of str to int
        Filled cells of that reading, for columns where cells are cleared.
    notices : tuple of str
        What to look at before sending.
    limits : Limits
        Of the client that made it.
    backend : {"polars", "pandas"}
        Library that the edited frame came in; its views as frames are of the same.
    lots : mapping of str to mapping of str to str
        Ids of the lots of each spec by name without case; a spec is absent where the service
        keeps lots as text.
    numbers : sequence of int, shape (n_rows,)
        What each row is called: its position, or in a sheet one that counts the header too.
    bases : mapping of str to Base
        What was read of the rows that have a step, by id, where it is known.
    parent_id : str or None
        Parent of new rows that name none.
    """

    kind: RecordKind
    steps: tuple[Step, ...]
    edited: pl.DataFrame = field(repr=False)
    service: str
    origin: str
    base_rows: int
    base_filled: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    backend: Backend = "polars"
    lots: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    numbers: Sequence[int] = field(default=(), repr=False)
    bases: Mapping[str, Base] = field(default_factory=dict, repr=False)
    parent_id: str | None = None

    def __post_init__(self) -> None:
        assert sum(self.counts.values()) == self.edited.height, self.counts

    def __bool__(self) -> bool:
        return any(step.action in WRITES + STOPS for step in self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __getattr__(self, name: str) -> NoReturn:
        if name == "apply":
            raise AttributeError("A plan does not send itself. To send: client.apply(plan)")
        raise AttributeError(f"A Plan has no {name!r}.")

    @property
    def counts(self) -> dict[Action, int]:
        """Rows of the edited frame by action; they add up to its height."""
        found = Counter(step.action for step in self.rows)
        found[Action.UNCHANGED] += self.edited.height - len(self.rows)
        return {action: found[action] for action in Action}

    @property
    def rows(self) -> list[Step]:
        """The steps that stand for a row of the edited frame."""
        return [step for step in self.steps if step.row is not None]

    @property
    def new_lots(self) -> list[Step]:
        """Lots that would be created first."""
        return [step for step in self.steps if step.row is None]

    @property
    def clears(self) -> Counter[str]:
        """Cells that would be emptied, by label."""
        return Counter(
            change.label
            for step in self.rows
            if step.action is Action.UPDATE
            for change in step.changes
            if change.what is Class.CLEAR
        )

    @property
    def summary(self) -> dict[str, int]:
        """Rows by action, with lots to create and cells to clear where there are any.

        Returns
        -------
        dict of str to int
            ``create``, ``update``, ``unchanged`` always; the others where they are not 0.
        """
        always = ("create", "update", "unchanged")
        found = {action.value: count for action, count in self.counts.items()}
        found |= {"lots_created": len(self.new_lots), "cells_cleared": self.clears.total()}
        return {name: count for name, count in found.items() if count or name in always}

    def passes(
        self, limits: Limits, max_updates: int | None = None, max_clears: int | None = None
    ) -> tuple[list[str], dict[str, int]]:
        """Say which limits this plan passes, and the counts that say it is meant.

        Parameters
        ----------
        limits : Limits
            What may change without a count.
        max_updates, max_clears : int, optional
            The counts that the caller says are meant.

        Returns
        -------
        reasons : list of str
            Without a full stop; empty where nothing is passed.
        counts : dict of str to int
            ``max_updates`` and ``max_clears``, as far as they are needed.
        """
        updates, clears = self.counts[Action.UPDATE], self.clears
        too_many = limits.on_updates(updates, self.base_rows, max_updates)
        too_empty = limits.on_clears(clears, self.base_filled, max_clears)
        meant = {"max_updates": updates} if too_many else {}
        meant |= {"max_clears": clears.total()} if too_empty else {}
        return [*too_many, *too_empty], meant

    @property
    def digest(self) -> str:
        """Digest of everything that would be sent, and of what it was compared with."""
        lines = [
            [
                s.action.value,
                s.kind.name,
                s.row,
                s.id,
                s.parent_id,
                s.name,
                s.version,
                [[c.label, c.what.value, c.you_read, c.you_have, c.server_now] for c in s.changes],
            ]
            for s in self.steps
        ]
        return hashlib.sha256(orjson.dumps([self.service, lines])).hexdigest()

    @property
    def base_digest(self) -> str:
        """Digest of the versions that the plan compared with."""
        versions = [[step.id, step.version] for step in self.steps]
        return hashlib.sha256(orjson.dumps(versions)).hexdigest()

    def to_frame(self) -> Any:
        """Return the plan as a frame, a row per changed cell.

        Returns
        -------
        DataFrame, shape (n_changes, 11)
            Of the library that the edited frame came in. ``row``, ``action``, ``record`` (cell,
            lot, spec), ``id``, ``name``, ``column``, ``class``, ``you_read``, ``you_have``,
            ``server_now`` (as text), ``message``. A row without a changed cell has one line with
            an empty column.
        """
        return to_backend(self.table(), self.backend)

    def to_json(self) -> str:
        """Return the plan as JSON: what was reviewed, and enough to make it again.

        The same text for the same plan; an edit of it is noticed. ``client.load_plan(path)``
        reads it back, and refuses where it would no longer do what it says.
        """
        from cellframe.writeback.saved import dump

        return dump(self).decode()

    def number(self, row: int | None) -> int | None:
        """Return what a row is called."""
        return self.numbers[row] if row is not None and self.numbers else row

    def table(self) -> pl.DataFrame:
        """Return what `to_frame` does, in polars."""
        lines = [line for step in self.steps for line in _lines(step, self.number(step.row))]
        return pl.DataFrame(lines, schema=_COLUMNS, orient="row")

    def __repr__(self) -> str:
        return text.plan(self._parts())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield text.plan_rich(self._parts(), options.max_width)

    def _repr_html_(self) -> str:
        from cellframe.views import html

        return html.plan(self._parts())

    def text(self, voice: Voice = PYTHON, *, closing: bool = True) -> Text:
        """Return the plan in colour for a terminal, in the words of Python or of the shell.

        Without `closing` it ends before it says how to send it: a caller that asks says so itself.
        """
        return text.plan_rich(replace(self._parts(voice), closing=closing))

    def _parts(self, voice: Voice = PYTHON) -> PlanParts:
        passed, meant = self.passes(self.limits)
        return PlanParts(
            noun=self.kind.noun,
            origin=self.origin,
            counts=self.summary,
            changes=self.table(),
            notices=self.notices,
            sendable=bool(self),
            passed=passed,
            override=meant,
            voice=voice,
        )


_COLUMNS = {
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


def _lines(step: Step, number: int | None) -> list[tuple[Any, ...]]:
    # The reason of a row stands once: on its cells, where it is theirs, else on its first line.
    told = any(change.message for change in step.changes)
    head = (number, step.action.value, step.kind.noun, step.id, step.name)
    lines = [
        (
            *head,
            change.label,
            change.what.value,
            *map(text.value, (change.you_read, change.you_have, change.server_now)),
            change.message or (step.message if at == 0 and not told else None),
        )
        for at, change in enumerate(step.changes)
    ]
    return lines or [(*head, None, None, None, None, None, step.message)]
