"""What became of every file, and of every row of the table of cells?"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.errors import IntakeError
from cellframe.frames.faults import Fault, table
from cellframe.views.clean import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cellframe.frames.backend import Backend

_MOST_SHOWN = 20


class Outcome(Enum):
    """What became of one cell or file; the first three are of a dry run "would be"."""

    CREATED = "created"
    UPDATED = "updated"
    THERE = "there already"
    DIFFERENT = "different"
    LEFT_OUT = "left out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one row of the table, or of one file (of each cell in it).

    Attributes
    ----------
    file : str
        Its path, from the folder of the import.
    cell, test : str or None
        Names of the records.
    outcome : Outcome
        What happened.
    rows : int or None
        Rows of the series; for a cell the row of the table.
    message : str
        What is wrong, or what is to be known.
    """

    file: str
    cell: str | None
    test: str | None
    outcome: Outcome
    rows: int | None = None
    message: str = ""


@dataclass(frozen=True)
class Report:
    """What an import did.

    A report is true when nothing failed.

    Attributes
    ----------
    spec : str
        Whose cells they are.
    entries : tuple of Entry
        Cells first, in the order of the table, then files.
    dry_run : bool
        Whether nothing was sent.
    spec_outcome : Outcome
        Whether the spec was created, or there already.
    notices : tuple of str
        What to know besides.
    backend : {"polars", "pandas"}
        Library of its frames.
    """

    spec: str
    entries: tuple[Entry, ...] = field(repr=False)
    dry_run: bool = False
    spec_outcome: Outcome = Outcome.THERE
    notices: tuple[str, ...] = ()
    backend: Backend = "polars"

    def __bool__(self) -> bool:
        return not any(entry.outcome is Outcome.FAILED for entry in self.entries)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """Entries by outcome: ``{"cells": {"created": 84}, "tests": {"created": 84}}``."""
        return {"cells": _counted(self.cells), "tests": _counted(self.tests)}

    @property
    def cells(self) -> list[Entry]:
        """The rows of the table of cells, and cells that are named by files alone."""
        return [entry for entry in self.entries if entry.test is None and not _is_file(entry)]

    @property
    def tests(self) -> list[Entry]:
        """The files, and each cell in a file of many."""
        return [entry for entry in self.entries if entry.test is not None or _is_file(entry)]

    @property
    def failed(self) -> list[Entry]:
        """What was not imported and should have been."""
        return [entry for entry in self.entries if entry.outcome is Outcome.FAILED]

    @property
    def failures(self) -> Any:
        """What failed, as a frame of the columns of `to_frame`."""
        return self._frame(self.failed)

    def to_frame(self) -> Any:
        """Return the report as a frame.

        Returns
        -------
        DataFrame, shape (n_entries, 6)
            ``file``, ``cell``, ``test``, ``outcome`` (created, updated, there already, different,
            left out, failed), ``rows``, ``message``.
        """
        return self._frame(self.entries)

    def _frame(self, entries: Iterable[Entry]) -> Any:
        from cellframe.frames.backend import to_backend

        rows = [{**asdict(entry), "outcome": entry.outcome.value} for entry in entries]
        return to_backend(pl.DataFrame(rows, schema=_SCHEMA), self.backend)

    def raise_for_failures(self) -> None:
        """Raise when anything failed.

        Raises
        ------
        IntakeError
            With every failure.
        """
        if self.failed:
            faults = [
                Fault(f"{entry.file}: {entry.message}", None, entry.cell, rule="import")
                for entry in self.failed
            ]
            raise IntakeError(
                f"{len(faults)} of {len(self.entries)} were not imported.", table(faults)
            )

    def __repr__(self) -> str:
        return "\n".join(clean(line) for line in _lines(self))


_SCHEMA = {
    "file": pl.String,
    "cell": pl.String,
    "test": pl.String,
    "outcome": pl.String,
    "rows": pl.Int64,
    "message": pl.String,
}


def _is_file(entry: Entry) -> bool:
    return entry.test is None and entry.cell is None


def _counted(entries: Iterable[Entry]) -> dict[str, int]:
    found = Counter(entry.outcome for entry in entries)
    return {outcome.value: found[outcome] for outcome in Outcome if found[outcome]}


def plain_reason(file: str, message: str) -> str:
    """Return a message about a file without the file's name, where that is said already."""
    return message.removeprefix(f"{PurePosixPath(file).name} ")


def _lines(report: Report) -> list[str]:
    head = "Would import (nothing was sent):" if report.dry_run else "Imported:"
    words = _WOULD if report.dry_run else {}
    lines = [head, f"  spec   {report.spec!r}: {_word(report.spec_outcome, words)}"]
    for what, found in (("cells", report.cells), ("tests", report.tests)):
        counts = Counter(entry.outcome for entry in found)
        said = [f"{counts[one]} {_word(one, words)}" for one in Outcome if counts[one]]
        if said:
            lines.append(f"  {what}  {', '.join(said)}")
    shown = [e for e in report.entries if e.outcome in (Outcome.FAILED, Outcome.LEFT_OUT)]
    shown += [e for e in report.entries if e.outcome in _CELLS_OF_NOTE]
    for entry in shown[:_MOST_SHOWN]:
        lines += _told(entry, words)
    if len(shown) > _MOST_SHOWN:
        lines.append(f"  and {len(shown) - _MOST_SHOWN} more: see report.to_frame()")
    if any(entry.outcome is Outcome.DIFFERENT for entry in report.cells):
        lines.append(_LEFT_AS_THEY_ARE)
    return [*lines, *(f"  Note: {notice}" for notice in report.notices)]


_CELLS_OF_NOTE = (Outcome.UPDATED, Outcome.DIFFERENT)
_LEFT_AS_THEY_ARE = (
    "  Cells that are different are left as they are: somebody may have corrected them since. To take the "
    "table's values: --update (update=True)."
)
_WOULD = {Outcome.CREATED: "to create", Outcome.UPDATED: "to update", Outcome.FAILED: "would fail"}


def _word(outcome: Outcome, words: Mapping[Outcome, str]) -> str:
    return words.get(outcome, outcome.value)


def _told(entry: Entry, words: Mapping[Outcome, str]) -> list[str]:
    """Return a file that failed or was left out, or a cell that changed, with the reason."""
    is_of_cell = entry.test is None and (entry.outcome in _CELLS_OF_NOTE or not entry.file)
    what = entry.cell if is_of_cell else entry.file
    first, *more = plain_reason(entry.file, entry.message).split("\n")
    head = f"  {_word(entry.outcome, words)}: {what}: {first}"
    return [head, *(f"    {line.strip()}" for line in more)]
