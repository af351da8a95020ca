"""How do the files of a folder become tests of cells?

One after the other: a file that cannot be read, or is not fit to upload, is reported, and the
rest goes on. A test that is there is left alone, so an import that was broken off goes on where
it stopped. A service that is away ends the import: what is done stays done.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from cellframe.contract.records import FAILED as UNREADABLE
from cellframe.errors import (
    AuthError,
    CellframeError,
    IntakeError,
    RateLimitError,
    ServerError,
    SheetError,
    StoreError,
    TransportError,
)
from cellframe.intake.belonging import UNCLEAR, Owner, Owners, files_of, name_of_test
from cellframe.intake.cycler.text import load
from cellframe.intake.mapping import BY_COLUMN
from cellframe.intake.report import Entry, Outcome
from cellframe.intake.series import parts, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cellframe.client import Client
    from cellframe.intake.mapping import FilesMap

_AWAY = (TransportError, AuthError, RateLimitError, ServerError, StoreError)
"""What concerns every file that follows, too."""


class There(NamedTuple):
    """What the service says of a test: how its data fared, and how many rows it has, if told."""

    status: str
    rows: int | None = None

    @classmethod
    def of(cls, test: Mapping[str, Any]) -> There:
        """Return what a record of a test says."""
        about = test.get("file_metadata")
        rows = about.get("rows") if isinstance(about, dict) else None
        return cls(str(test.get("processing_status") or ""), rows)


@dataclass(frozen=True, slots=True)
class Known:
    """What the service has, and what became of the table.

    Attributes
    ----------
    ids : mapping of str to str
        Ids of cells by name; empty text for one that a dry run would make.
    tests : dict of (str, str) to There
        What the service says of each test's data, by id of its cell and name.
    refused : mapping of str to str
        Cells of the table that were not imported, and why.
    of_table : tuple of str
        Names of the cells in the table.
    by_table : mapping of str to str
        Cell by what the table says of its file.
    """

    ids: Mapping[str, str]
    tests: dict[tuple[str, str], There] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    of_table: tuple[str, ...] = ()
    by_table: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """One file, whose it is, and how it is read."""

    file: str
    owner: Owner
    files: FilesMap


def jobs(root: Path, series: Iterable[FilesMap], known: Known) -> list[Job]:
    """Return the files that a mapping names, each with its cell.

    Parameters
    ----------
    root : Path
        The folder of the import.
    series : iterable of FilesMap
        Which files, and how a file's cell is found.
    known : Known
        The cells that there are.
    """
    found: list[Job] = []
    for one in series:
        owners = Owners(one, known.of_table or known.ids, known.by_table)
        others = Owners(one, known.ids, known.by_table)
        for file in files_of(root, one.files):
            owner = owners.of(file)
            if owner.why_not and not owner.why_not.startswith(UNCLEAR):
                owner = others.of(file)
            found.append(Job(file, owner, one))
    return found


def cells_of(root: Path, files: FilesMap, there: Mapping[str, str]) -> Iterator[str]:
    """Return the cells that files name by themselves, where no table does.

    Parameters
    ----------
    root : Path
        The folder of the import.
    files : FilesMap
        Which files, and how a file's cell is found.
    there : mapping of str to str
        Ids of the cells that there are, by name.
    """
    by_pattern = "{cell}" in files.cell
    owners = Owners(files, () if by_pattern else there)
    for file in files_of(root, files.files):
        owner = owners.of(file)
        if owner.cell:
            yield owner.cell
        elif files.cell.startswith(BY_COLUMN):
            yield from _in_column(root / file, files)


def _in_column(path: Path, files: FilesMap) -> Iterator[str]:
    try:
        names = load(path, files.series).frame[files.cell.removeprefix(BY_COLUMN)]
    except (SheetError, pl.exceptions.ColumnNotFoundError):
        return  # It is told when the file is read as a series.
    yield from (str(name) for name in names.drop_nulls().unique(maintain_order=True))


class Uploads:
    """Makes tests of files.

    Parameters
    ----------
    client : Client
        Of the service to make them in.
    root : Path
        The folder of the import.
    known : Known
        What the service has.
    dry_run : bool
        Whether nothing is sent.
    reads : bool
        Whether a dry run reads the files.
    """

    def __init__(
        self, client: Client, root: Path, known: Known, *, dry_run: bool, reads: bool = True
    ) -> None:
        self._client = client
        self._root = root
        self._known = known
        self._dry_run = dry_run
        self._reads = reads or not dry_run
        self._first: dict[tuple[str, str], str] = {}

    def of(self, job: Job) -> Iterator[Entry]:
        """Make the tests of one file, and say what became of each."""
        if job.owner.why_not:
            yield Entry(job.file, None, None, Outcome.LEFT_OUT, None, f"{job.owner.why_not}.")
        elif job.files.cell.startswith(BY_COLUMN) and not job.owner.cell:
            yield from self._of_many(job)
        else:
            name = name_of_test(job.files.test, job.file, job.owner)
            yield self._of_one(job, job.owner.cell, name)

    def _of_one(self, job: Job, cell: str, name: str) -> Entry:
        settled = self._settled(job, cell, name)
        if settled is not None:
            return settled
        if not self._reads:
            is_there = self._there(cell, name) is not None
            return Entry(job.file, cell, name, Outcome.THERE if is_there else Outcome.CREATED)
        try:
            frame = read(self._root / job.file, job.files.series)
        except IntakeError as fault:
            return Entry(job.file, cell, name, Outcome.FAILED, None, str(fault))
        return self._made(job, cell, name, frame)

    def _of_many(self, job: Job) -> Iterator[Entry]:
        """Make the tests of a file that holds several cells, told apart by a column."""
        if not self._reads:
            yield Entry(job.file, None, None, Outcome.CREATED, None, "tests of several cells")
            return
        by = [job.files.cell.removeprefix(BY_COLUMN)]
        if job.files.test.startswith(BY_COLUMN):
            by.append(job.files.test.removeprefix(BY_COLUMN))
        try:
            for key, found in parts(self._root / job.file, job.files.series, by):
                yield self._of_part(job, key, found)
        except IntakeError as fault:
            yield Entry(job.file, None, None, Outcome.FAILED, None, str(fault))

    def _of_part(self, job: Job, key: tuple[str, ...], found: pl.DataFrame | IntakeError) -> Entry:
        cell, *named = key
        name = (
            named[0]
            if named
            else name_of_test(job.files.test, job.file, Owner(cell, job.owner.rest))
        )
        settled = self._settled(job, cell, name)
        if settled is not None:
            return settled
        if isinstance(found, IntakeError):
            return Entry(job.file, cell, name, Outcome.FAILED, None, str(found))
        return self._made(job, cell, name, found)

    def _settled(self, job: Job, cell: str, name: str) -> Entry | None:
        """Return what is known without reading a file; None where it has to be read."""
        message = self._no_cell(cell)
        there = None if message else self._there(cell, name)
        if there is not None and there.status == UNREADABLE:
            message = (
                "The service has this test and could not read its data. Delete the test, and "
                "import again."
            )
        return (
            Entry(job.file, cell or None, name, Outcome.FAILED, None, message) if message else None
        )

    def _no_cell(self, cell: str) -> str:
        """Say why a file's cell is none; empty where it is one."""
        if cell in self._known.ids:
            return ""
        if cell in self._known.refused:
            return f"Its cell was not imported: {self._known.refused[cell]}"
        if not cell.strip():
            return "Some rows say no cell. Fill their column, or take the rows out."
        return f"There is no cell {cell!r}. Add it to the table, or correct its name."

    def _there(self, cell: str, name: str) -> There | None:
        return self._known.tests.get((self._known.ids[cell], name))

    def _made(self, job: Job, cell: str, name: str, frame: pl.DataFrame) -> Entry:
        """Make the test of a series, unless it is there, or another file's."""
        there = self._there(cell, name)
        rows = None if there is None else there.rows
        if rows is not None and rows != frame.height:
            message = (
                f"The test {name!r} of {cell!r} has {rows:,} rows on the service, and this file has "
                f"{frame.height:,}. Delete the test to import the file anew. If it is another test, "
                'give tests other names in the mapping: test = "{stem}".'
            )
            return Entry(job.file, cell, name, Outcome.DIFFERENT, frame.height, message)
        other = self._first.setdefault((cell, name), job.file)
        if other != job.file:
            message = (
                f"{other} is the test {name!r} of {cell!r} already. Give tests other names in the "
                'mapping: test = "{stem}".'
            )
            return Entry(job.file, cell, name, Outcome.FAILED, None, message)
        if there is not None:
            return Entry(job.file, cell, name, Outcome.THERE, frame.height)
        return self._sent(job, cell, name, frame)

    def _sent(self, job: Job, cell: str, name: str, frame: pl.DataFrame) -> Entry:
        if self._dry_run:
            return Entry(job.file, cell, name, Outcome.CREATED, frame.height)
        detail = {"measurement": {"name": name}, "time_series": frame}
        try:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                made = self._client.cell_measurement.create_or_get(self._known.ids[cell], detail)
        except _AWAY:
            raise
        except CellframeError as fault:
            return Entry(job.file, cell, name, Outcome.FAILED, None, str(fault))
        outcome = Outcome.CREATED if made.created else Outcome.THERE
        doubts = " ".join(str(one.message) for one in told)
        return Entry(job.file, cell, name, outcome, frame.height, doubts)
