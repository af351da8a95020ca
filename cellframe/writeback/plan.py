"""A plan: what would be sent, row by row. It holds values and sends nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import polars as pl

from cellframe.errors import ConfigError, RefusedError
from cellframe.frames.backend import to_backend
from cellframe.views import text
from cellframe.views.voice import PYTHON
from cellframe.writeback.diff import Class
from cellframe.writeback.digests import digest_of, digest_of_versions
from cellframe.writeback.limits import Limits, Tally
from cellframe.writeback.lines import SCHEMA, lines
from cellframe.writeback.shown import parts_of
from cellframe.writeback.steps import STOPS, WRITES, Action, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.console import Console, ConsoleOptions
    from rich.text import Text

    from cellframe.contract.records import RecordKind
    from cellframe.frames.backend import AnyFrame, Backend
    from cellframe.views.voice import Voice
    from cellframe.writeback.narrowing import Which
    from cellframe.writeback.part import Part
    from cellframe.writeback.saved import Saved


@dataclass(frozen=True)
class Plan:
    """What `client.apply` would send. Nothing has been sent.

    A plan is true when it holds anything to do or to decide, and false when the frame is as the
    service has it.

    Attributes
    ----------
    parts : tuple of Part
        The edited frames, one of a kind at most.
    steps : tuple of Step
        Rows that are not unchanged, in the order in which they are sent: specs, lots, cells,
        tests, and within them as they stand in the frame; lots that no row stands for come
        before the others, and what is deleted after everything, children first.
    service : str
        Identity of the service that the plan was made against.
    origin : str
        Its address.
    notices : tuple of str
        What to look at before sending.
    limits : Limits
        Of the client that made it.
    lots : mapping of str to mapping of str to str
        Ids of the lots of each spec by name without case; a spec is absent where the service
        keeps lots as text.
    expected : int or None
        Deletes that were said to be meant when the plan was made.
    purpose : str
        What an apply of it is for, where its caller notes nothing: an undo says what it takes back.
    again : callable or None
        Makes this plan again; None where it came through a pickle.
    """

    parts: tuple[Part, ...]
    steps: tuple[Step, ...]
    service: str
    origin: str
    notices: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    lots: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    expected: int | None = None
    purpose: str = field(default="", compare=False)
    again: Callable[[Saved], Plan] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        assert len({part.kind.name for part in self.parts}) == len(self.parts), self.parts
        assert sum(self.counts.values()) == self.height, self.counts

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
    def part(self) -> Part:
        """The edited frame of a plan that has one.

        Raises
        ------
        ValueError
            It has several: see `parts`.
        """
        if len(self.parts) != 1:
            nouns = ", ".join(f"{part.kind.noun}s" for part in self.parts)
            raise ValueError(f"This plan is of several frames ({nouns}): take one of plan.parts.")
        return self.parts[0]

    @property
    def kind(self) -> RecordKind:
        """What the rows of a plan of one frame are."""
        return self.part.kind

    @property
    def edited(self) -> pl.DataFrame:
        """The frame as it was given, in polars, of a plan of one frame."""
        return self.part.edited

    @property
    def backend(self) -> Backend:
        """Library that the edited frames came in; the plan's views as frames are of the same."""
        return self.parts[0].backend

    @property
    def noun(self) -> str:
        """What one row is: cell, lot, spec, test; record, where they are of several kinds."""
        return self.kind.noun if len(self.parts) == 1 else "record"

    @property
    def height(self) -> int:
        """Rows of all edited frames."""
        return sum(part.edited.height for part in self.parts)

    def of(self, noun: str) -> Part | None:
        """Return the frame of cells, lots, specs or tests; None where there is none."""
        return next((part for part in self.parts if part.kind.noun == noun), None)

    def with_part(self, part: Part, **more: Any) -> Plan:
        """Return the plan with another frame in place of the one of its kind.

        `more` are other attributes of the plan that change with it.
        """
        parts = tuple(part if one.kind is part.kind else one for one in self.parts)
        return replace(self, parts=parts, **more)

    @property
    def counts(self) -> dict[Action, int]:
        """Rows of the edited frames by action; they add up to their height."""
        found = Counter(step.action for step in self.rows)
        found[Action.UNCHANGED] += self.height - len(self.rows)
        return {action: found[action] for action in Action}

    def meant(self, deletes: int) -> Plan:
        """Return the plan whose deletes were counted when it was made."""
        return replace(self, expected=deletes)

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
        return _clears(step for step in self.rows if step.action is Action.UPDATE)

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
        self,
        limits: Limits,
        max_updates: int | None = None,
        max_clears: int | None = None,
        max_deletes: int | None = None,
    ) -> tuple[list[str], dict[str, int]]:
        """Say which limits this plan passes, and the counts that say it is meant.

        Parameters
        ----------
        limits : Limits
            What may change without a count.
        max_updates, max_clears, max_deletes : int, optional
            The counts that the caller says are meant.

        Returns
        -------
        reasons : list of str
            Without a full stop; empty where nothing is passed.
        counts : dict of str to int
            ``max_updates``, ``max_clears`` and ``max_deletes``, as far as they are needed.
        """
        tallies = [self._tally(part) for part in self.parts]
        deletes = self.counts[Action.DELETE]
        most = self.expected if max_deletes is None else max_deletes
        found = {
            "max_updates": (limits.on_updates(tallies, max_updates), self.counts[Action.UPDATE]),
            "max_clears": (limits.on_clears(tallies, max_clears), self.clears.total()),
            "max_deletes": (limits.on_deletes(deletes, most), deletes),
        }
        reasons = [reason for said, _ in found.values() for reason in said]
        return reasons, {name: count for name, (said, count) in found.items() if said}

    def _tally(self, part: Part) -> Tally:
        """Count what would change in one frame."""
        updated = [s for s in self.rows if s.kind is part.kind and s.action is Action.UPDATE]
        return Tally(len(updated), part.base_rows, _clears(updated), part.base_filled)

    @cached_property
    def digest(self) -> str:
        """Digest of everything that would be sent, and of what it was compared with."""
        return digest_of(self.service, self.steps)

    @property
    def base_digest(self) -> str:
        """Digest of the versions that the plan compared with."""
        return digest_of_versions(self.steps)

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

    def filter(self, which: Which) -> Plan:
        """Return a smaller plan; what is left out stays as the service has it.

        Parameters
        ----------
        which : polars expression, or mask of shape (n_changes,)
            Of the rows of `to_frame`: ``pl.col("column") == "cell.mass [g]"``. A record that
            would be made or deleted is taken whole, and so are a quantity's value and unit.

        Raises
        ------
        ConfigError
            It is no condition over those rows.
        """
        from cellframe.writeback.narrowing import narrowed

        return narrowed(self, which)

    def conflicts(self) -> Any:
        """Return the rows of `to_frame` that somebody has to decide about.

        Returns
        -------
        DataFrame, shape (n_cells, 12)
            With an empty ``choice``: fill in ``mine`` or ``theirs``, and hand it to `resolve`.
        """
        from cellframe.writeback.deciding import undecided

        return to_backend(undecided(self.table()), self.backend)

    def resolve(self, decided: AnyFrame) -> Plan:
        """Return a plan with conflicts decided.

        Parameters
        ----------
        decided : frame
            Of `conflicts`, with ``mine`` or ``theirs`` in ``choice``. A choice counts for the
            ``server_now`` that stands beside it: where the service has moved on, the cell is in
            conflict still.

        Raises
        ------
        PlanError
            A line is no decision, or is of no cell in conflict; `.failures` has every fault.
        """
        from cellframe.writeback.deciding import resolved

        return resolved(self, decided)

    def rebase(self) -> Plan:
        """Return this plan on what the service has now: of the rows that it would change.

        Reads only. What others changed elsewhere is kept; what they changed in the same cell is
        a conflict, and what is as it was to be is already there.

        Raises
        ------
        ConfigError
            The plan came through a pickle, and has lost its service.
        """
        from cellframe.writeback.saved import saved_now

        if self.again is None:
            raise ConfigError(
                "This plan came through a pickle, without its service. Save plan.to_json() and read it by client.load_plan(path)."
            )
        return self.again(saved_now(self))

    def check(
        self,
        limits: Limits | None = None,
        *,
        max_updates: int | None = None,
        max_clears: int | None = None,
        max_deletes: int | None = None,
    ) -> Plan:
        """Return this plan, or refuse it for the limits that it passes.

        Parameters
        ----------
        limits : Limits, optional
            Those of the client where not given.
        max_updates, max_clears, max_deletes : int, optional
            Counts that are meant.

        Raises
        ------
        RefusedError
            It names every limit, and the counts that would say that they are meant.
        """
        given = limits or self.limits, max_updates, max_clears, max_deletes
        reasons, meant = self.passes(*given)
        if reasons:
            raise RefusedError(f"{'; '.join(reasons)}. Nothing was sent. {PYTHON.override(meant)}")
        return self

    def wide(self) -> Any:
        """Return the plan as a frame, a row per record and a column for each that would change.

        Returns
        -------
        DataFrame, shape (n_records, 5 + n_columns)
            Texts: ``41 -> 41.2``; null where a record keeps its value.
        """
        from cellframe.writeback.wide import wide

        return to_backend(wide(self.table()), self.backend)

    def to_json(self) -> str:
        """Return the plan as JSON: what was reviewed, and enough to make it again.

        The same text for the same plan; an edit of it is noticed. ``client.load_plan(path)``
        reads it back, and refuses where it would no longer do what it says.
        """
        from cellframe.writeback.saved import dump

        return dump(self).decode()

    def number(self, row: int | None, noun: str = "") -> int | None:
        """Return what a row is called; `noun` says of which frame, where there are several."""
        part = self.of(noun) if noun else self.part
        return row if part is None or row is None else part.number(row)

    def table(self) -> pl.DataFrame:
        """Return what `to_frame` does, in polars."""
        found = [
            line
            for step in self.steps
            for line in lines(step, self.number(step.row, step.kind.noun))
        ]
        return pl.DataFrame(found, schema=SCHEMA, orient="row")

    def __repr__(self) -> str:
        return text.plan(parts_of(self))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield text.plan_rich(parts_of(self), options.max_width)

    def _repr_html_(self) -> str:
        return self.html()

    def html(self, voice: Voice = PYTHON, *, closing: bool = True) -> str:
        """Return the plan as a fragment of HTML; see `text`."""
        from cellframe.views import html

        return html.plan(replace(parts_of(self, voice), closing=closing))

    def text(self, voice: Voice = PYTHON, *, closing: bool = True) -> Text:
        """Return the plan in colour for a terminal, in the words of Python or of the shell.

        Without `closing` it ends before it says how to send it: a caller that asks says so itself.
        """
        return text.plan_rich(replace(parts_of(self, voice), closing=closing))


def _clears(steps: Iterable[Step]) -> Counter[str]:
    return Counter(
        change.label for step in steps for change in step.changes if change.what is Class.CLEAR
    )
