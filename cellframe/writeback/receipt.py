"""A receipt: what became of every row of a plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from cellframe.errors import PartialApplyError, RefusedError
from cellframe.frames.backend import to_backend
from cellframe.views import text
from cellframe.views.parts import ReceiptParts
from cellframe.views.voice import PYTHON

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from rich.console import Console, ConsoleOptions
    from rich.text import Text

    from cellframe.views.voice import Voice
    from cellframe.writeback.part import Part
    from cellframe.writeback.plan import Plan


class Outcome(Enum):
    """What became of one row. Every row of a plan has exactly one."""

    OK = "ok"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    INVALID = "invalid"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_ATTEMPTED = "not_attempted"


RaiseOn = Literal["any", "conflict"] | None
"""Which rows make an apply raise."""

GOOD = (Outcome.OK, Outcome.UNCHANGED)
RECOVERED = "Recovered: it had been carried out, and only the answer was lost."
LEFT = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED)
"""What a resume brings further."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row.

    Attributes
    ----------
    row : int or None
        Row of the edited frame; None for a lot.
    record : str
        Cell, lot or spec.
    name, id : str or None
        Of the record; a new one has its new id.
    action : str
        What the plan said.
    outcome : Outcome
        What happened.
    status : int or None
        HTTP status of the last answer.
    code : str or None
        The service's error code.
    message : str
        What went wrong, or what the service made of a value.
    guard : str
        ``if_match``: the service refused the write unless the record was as compared;
        ``compare``: it was read again just before; ``none``: a create, guarded by its name.
    attempts : int
        Requests sent.
    request_id : str or None
        The service's id of the exchange.
    seconds : float
        From the first request to the last answer.
    """

    row: int | None
    record: str
    name: str | None
    id: str | None
    action: str
    outcome: Outcome
    status: int | None = None
    code: str | None = None
    message: str = ""
    guard: str = "none"
    attempts: int = 0
    request_id: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why nothing was sent.

    Attributes
    ----------
    kind : str
        ``conflict``, ``invalid``, ``exists`` or ``limit``.
    said : str
        The reason, in one sentence.
    counts : mapping of str to int
        For limits, the counts that would say it is meant.
    """

    kind: str
    said: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """What an apply did.

    Attributes
    ----------
    plan : Plan
        What was applied.
    results : tuple of Result
        One per row of the plan that is not unchanged, lots first.
    refusals : tuple of Refusal
        Why nothing was sent; empty when something was.
    journal : Path or None
        Where the history of this apply is; None when nothing was sent.
    """

    plan: Plan = field(repr=False)
    results: tuple[Result, ...]
    refusals: tuple[Refusal, ...] = ()
    journal: Path | None = None

    @property
    def refused(self) -> str:
        """Why nothing was sent, with the override; empty when something was."""
        return self.refusal(PYTHON)

    def refusal(self, voice: Voice) -> str:
        """Return why nothing was sent, in the words of Python or of the shell."""
        if not self.refusals:
            return ""
        meant = {name: n for one in self.refusals for name, n in one.counts.items()}
        override = voice.override(meant)
        said = [" ".join(filter(None, (r.said, voice.remedies.get(r.kind)))) for r in self.refusals]
        said += [f"{override} says that this is meant."] if override else []
        return " ".join(["Nothing was sent.", *said])

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome; they add up to the rows of the edited frames."""
        found = Counter(result.outcome for result in self.results if result.row is not None)
        found[Outcome.UNCHANGED] += self.plan.height - found.total()
        return {outcome.value: found[outcome] for outcome in Outcome if found[outcome]}

    @property
    def left(self) -> int:
        """Rows that `client.resume` would bring further."""
        return sum(result.outcome in LEFT for result in self.results)

    def __bool__(self) -> bool:
        return not self.refused and all(result.outcome in GOOD for result in self.results)

    def to_frame(self) -> Any:
        """Return the receipt as a frame, a row per record that was not unchanged.

        Returns
        -------
        DataFrame, shape (n_results, 13)
            The attributes of `Result`, of the library that the edited frame came in.
        """
        return to_backend(self.table(), self.plan.backend)

    @property
    def failed(self) -> Any:
        """The rows that were not written, in the user's own columns, ready to fix and plan again.

        Returns
        -------
        DataFrame, shape (n_failed, n_columns + 1), or dict of str to DataFrame
            The edited frame's rows, in the library that it came in, with ``_error``. Of a plan of
            several frames, those with such rows as ``client.plan`` takes them: by ``specs``,
            ``lots``, ``cells`` and ``tests``.
        """
        if len(self.plan.parts) == 1:
            return self._failed_of(self.plan.part)
        found = {f"{part.kind.noun}s": self._failed_of(part) for part in self.plan.parts}
        return {name: frame for name, frame in found.items() if len(frame)}

    def _failed_of(self, part: Part) -> Any:
        bad = {
            r.row: r.message or self.refused or r.outcome.value
            for r in self.results
            if r.row is not None and r.record == part.kind.noun and r.outcome not in GOOD
        }
        told = pl.Series("_error", list(bad.values()), dtype=pl.String)
        return to_backend(part.edited[list(bad)].with_columns(told), part.backend)

    def table(self) -> pl.DataFrame:
        """Return what `to_frame` does, in polars."""
        lines = [
            {
                **{name: getattr(r, name) for name in _SCHEMA},
                "row": self.plan.number(r.row, r.record),
                "outcome": r.outcome.value,
            }
            for r in self.results
        ]
        return pl.DataFrame(lines, schema=_SCHEMA)

    def raise_for_failures(self) -> None:
        """Raise when any row was not written.

        Raises
        ------
        RefusedError
            Nothing was sent.
        PartialApplyError
            Some rows were written and some were not.
        """
        if self.refused:
            raise RefusedError(self.refused, self)
        bad = [result for result in self.results if result.outcome not in GOOD]
        if bad:
            first = f" The first: {bad[0].message}" if bad[0].message else ""
            message = f"{len(bad)} of {len(self.results)} rows were not written.{first} See receipt.failed."
            raise PartialApplyError(message, self)

    def raise_for(self, what: RaiseOn) -> None:
        """Raise as `raise_for_failures` does where the caller wants it.

        Parameters
        ----------
        what : {"any", "conflict"} or None
            Whatever was not written, rows in conflict alone, or nothing.
        """
        conflict = any(result.outcome is Outcome.CONFLICT for result in self.results)
        if what == "any" or (what == "conflict" and conflict):
            self.raise_for_failures()

    def __repr__(self) -> str:
        return text.receipt(self._parts())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        yield text.receipt_rich(self._parts(), options.max_width)

    def _repr_html_(self) -> str:
        return self.html()

    def html(self, voice: Voice = PYTHON, *, closing: bool = True) -> str:
        """Return the receipt as a fragment of HTML, in the words of Python or of a page.

        Without `closing` it says neither what to do next, nor where the journal is, nor what
        guarded the writes.
        """
        from cellframe.views import html

        return html.receipt(replace(self._parts(voice), closing=closing))

    def text(self, voice: Voice = PYTHON) -> Text:
        """Return the receipt in colour for a terminal, in the words of Python or of the shell."""
        return text.receipt_rich(self._parts(voice))

    def _parts(self, voice: Voice = PYTHON) -> ReceiptParts:
        return ReceiptParts(
            self.plan.noun,
            self.plan.origin,
            self.counts,
            self.table(),
            self.refusal(voice),
            str(self.journal or ""),
            voice,
        )


_SCHEMA = {
    "row": pl.Int64,
    "record": pl.String,
    "name": pl.String,
    "id": pl.String,
    "action": pl.String,
    "outcome": pl.String,
    "status": pl.Int64,
    "code": pl.String,
    "message": pl.String,
    "guard": pl.String,
    "attempts": pl.Int64,
    "request_id": pl.String,
    "seconds": pl.Float64,
}
