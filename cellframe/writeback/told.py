"""What does one journal tell of an apply, and of each of its rows?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cellframe.contract.records import CELL_BATCH, CELL_INSTANCE, CELL_MEASUREMENT, CELL_SPEC
from cellframe.errors import CorruptStoreError
from cellframe.store.journal import read
from cellframe.writeback.lots import fold
from cellframe.writeback.receipt import LEFT, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cellframe.store.journal import Line

IN_ORDER = (CELL_SPEC, CELL_BATCH, CELL_INSTANCE, CELL_MEASUREMENT)
"""Kinds as they are sent, parents first."""
Place: TypeAlias = "tuple[str, int | None, str, str]"
"""Which row a line is of: kind and row; a lot that stands for no row by its spec and its name."""


class Told(NamedTuple):
    """What a journal tells of one row.

    Attributes
    ----------
    intent : dict
        What was about to be sent, the last time.
    outcome : dict or None
        What became of that; None where nobody knows.
    """

    intent: Line
    outcome: Line | None = None

    @property
    def came(self) -> Outcome:
        """What became of the row."""
        return Outcome.UNKNOWN if self.outcome is None else Outcome(self.outcome["outcome"])

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.came not in LEFT


@dataclass(frozen=True)
class Account:
    """One apply, as its journal tells it.

    Attributes
    ----------
    path : Path
        The journal.
    header : dict
        Who applied which plan, when, where, why and under which terms.
    reviewed : dict or None
        The plan as it was reviewed; None where an older cellframe wrote the journal, or where it
        was left before anything was sent.
    rows : dict of Place to Told
        Every row that was sent, or was about to be.
    end : dict or None
        What the apply, or its last resume, ended with; None where it did not come to its end.
    """

    path: Path
    header: Line
    reviewed: Line | None = None
    rows: Mapping[Place, Told] = field(default_factory=dict)
    end: Line | None = None

    @property
    def is_finished(self) -> bool:
        """Whether a resume would find nothing to do."""
        if self.end is None:
            return False
        return not self.end.get("left", sum(self.end["counts"].get(one.value, 0) for one in LEFT))

    @property
    def written(self) -> list[Told]:
        """The rows that were written."""
        return [told for told in self.rows.values() if told.came is Outcome.OK]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by outcome; those that were not come to are told by what the plan meant to do."""
        if self.end is not None:
            return dict(self.end["counts"])
        found = Counter(told.came for place, told in self.rows.items() if place[1] is not None)
        found[Outcome.NOT_ATTEMPTED] += max(meant(self.header) - found.total(), 0)
        return {outcome.value: found[outcome] for outcome in Outcome if found[outcome]}


def meant(header: Mapping[str, Any]) -> int:
    """Return how many rows an apply was to write."""
    counts = header.get("counts", {})
    return sum(int(counts.get(action, 0)) for action in ("create", "update", "delete"))


def begun(header: Mapping[str, Any]) -> datetime:
    """Return when an apply was begun, in UTC."""
    return datetime.fromisoformat(header["at"]).astimezone(UTC).replace(tzinfo=None)


def account(path: Path) -> Account:
    """Return what a journal tells.

    Raises
    ------
    CorruptStoreError
        A line before the last is damaged, or the first one is no header.
    """
    header, *lines = read(path) or [{}]
    if header.get("type") != "plan":
        raise CorruptStoreError(f"{path} is no journal of an apply: it has no header.")
    rows: dict[Place, Told] = {}
    reviewed, end = None, None
    for line in lines:
        what = line.get("type")
        if what == "intent":
            rows[place(line)] = Told(line)
        elif what == "outcome" and place(line) in rows:
            rows[place(line)] = rows[place(line)]._replace(outcome=line)
        elif what == "reviewed":
            reviewed = line
        # An end that something follows was not the end.
        end = line if what == "end" else None
    return Account(path, header, reviewed, rows, end)


def place(line: Mapping[str, Any]) -> Place:
    """Return which row a line of a journal is of."""
    row = line["row"]
    if row is not None:
        return line["kind"], row, "", ""
    return line["kind"], None, str(line["parent"]), fold(str(line["name"]))
