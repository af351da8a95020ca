"""``cellframe import``: a lab's own files become specs, cells and tests."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cellframe.cli.asking import confirmed
from cellframe.cli.codes import ExitCode
from cellframe.cli.connect import DATABASE, choose, connect
from cellframe.cli.options import Data, Json, Profile, Yes
from cellframe.cli.out import document, say, show
from cellframe.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Generator

    from cellframe.client import Client
    from cellframe.intake.mapping import ImportMap
    from cellframe.intake.proposal import Proposal
    from cellframe.intake.report import Report

EXAMPLES = """\b
Examples:
  cellframe import measurements --spec 'LFP 18650'
  cellframe import measurements --dry-run
  cellframe import cells.csv --spec 'LFP 18650' --data lab
  cellframe import measurements --map mapping.toml --yes --json"""


def import_(  # noqa: PLR0913 - what a person may say
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder, or one file.")],
    *,
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE",
            help="What each column is; written there if it does not exist. "
            "Without it cellframe-import.toml beside the data.",
        ),
    ] = None,
    spec: Annotated[
        str | None, typer.Option("--spec", metavar="NAME", help="Name or id of the spec.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check everything, write nothing.")
    ] = False,
    update: Annotated[
        bool,
        typer.Option("--update", help="Give cells that differ from the table the table's values."),
    ] = False,
    max_updates: Annotated[
        int | None,
        typer.Option(
            "--max-updates", metavar="N", min=0, help="How many are meant, past the limits."
        ),
    ] = None,
    yes: Yes = False,
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> ExitCode:
    """Import a table of cells and time series, or either alone.

    Proposes what each column is, with the reason, and asks. What you confirm is kept beside the
    data and used again: to import a second time makes what is missing, and nothing twice.
    """
    from cellframe.intake.folder import folder_of
    from cellframe.intake.mapping import FILE_NAME

    place = mapping or folder_of(path) / FILE_NAME
    wanted = _Wanted(path, place, spec, update, max_updates, yes)
    with _looking(profile, data) as client:
        job = _looked(client, wanted)
        if dry_run:
            return _told(job.run(client, dry_run=True), place, as_json=json)
        if not _agreed(client, job, place, yes=yes):
            return ExitCode.BAD_INPUT
    with connect(profile, data, make=True) as client:
        return _told(job.run(client), place, as_json=json)


class _Wanted(NamedTuple):
    """What the command was asked for."""

    path: Path
    mapping: Path
    spec: str | None
    update: bool
    max_updates: int | None
    yes: bool


class _Job(NamedTuple):
    """One import, which can be looked at before it is done."""

    wanted: _Wanted
    mapping: ImportMap
    proposal: Proposal | None = None

    def run(self, client: Client, *, dry_run: bool = False, reads: bool = True) -> Report:
        """Import, or say what an import would do."""
        from cellframe.intake.run import Import

        work = Import(
            client,
            self.wanted.path,
            self.mapping,
            dry_run=dry_run,
            reads=reads,
            update=self.wanted.update,
            max_updates=self.wanted.max_updates,
        )
        broken = {} if self.proposal is None else self.proposal.broken
        try:
            return work.run(shown=None if reads else False, broken=broken)
        except RefusedError as fault:
            message = str(fault).replace("max_updates=", "--max-updates ")
            raise RefusedError(message, fault.receipt) from None


@contextmanager
def _looking(profile: str | None, data: Path | None) -> Generator[Client]:
    """Connect to look; a folder without records stays as it is until somebody agreed."""
    chosen = choose(profile, data)
    folder = None if chosen is None or chosen.data is None else Path(chosen.data).expanduser()
    if folder is None or (folder / DATABASE).exists():
        with connect(profile, data) as client:
            yield client
        return
    with TemporaryDirectory() as nowhere, connect(None, Path(nowhere), make=True) as client:
        yield client


def _looked(client: Client, wanted: _Wanted) -> _Job:
    """Return what is to be imported: by the mapping that there is, else by a proposal."""
    from cellframe.intake import propose
    from cellframe.intake.importing import narrowed, settle_spec, with_spec
    from cellframe.intake.loading import load
    from cellframe.intake.showing import text

    if wanted.mapping.exists():
        say(f"Using {wanted.mapping}.")
        found = narrowed(load(wanted.mapping), wanted.path)
        return _Job(wanted, with_spec(found, wanted.spec) if wanted.spec else found)
    proposal = settle_spec(client, propose(wanted.path), wanted.spec)
    # Nobody is there to settle them: the files that leave no doubt go on.
    proposal = proposal.without_doubtful() if wanted.yes else proposal
    say(f"{text(proposal)}\n")
    return _Job(wanted, proposal.mapping, proposal)


def _agreed(client: Client, job: _Job, place: Path, *, yes: bool) -> bool:
    """Ask, and keep what was agreed to; a no leaves the proposal to be corrected."""
    proposal = job.proposal
    if proposal is not None and yes:
        _refuse_numbers(proposal, place)
    say(str(job.run(client, dry_run=True, reads=False)))
    if confirmed("Import this?", yes=yes):
        if proposal is not None:
            say(f"Written to {proposal.save(place, checked=True)}, for the next time.")
        return True
    if proposal is not None:
        proposal.save(place)
        say(f"Nothing was imported. The proposal is in {place}: correct it, and import again.")
    else:
        say(f"Nothing was imported. What each column is stands in {place}.")
    return False


def _refuse_numbers(proposal: Proposal, place: Path) -> None:
    """Refuse to accept unseen what would change numbers.

    Raises
    ------
    IntakeError
        With the line of each doubt, for the mapping.
    """
    from cellframe.frames.faults import Fault
    from cellframe.intake.mapping import refuse

    faults = [
        Fault(f"{doubt.message}{f' As proposed: {doubt.line}' if doubt.line else ''}", rule="doubt")
        for doubt in proposal.doubts
        if doubt.needs_answer
    ]
    if faults:
        proposal.save(place)
    refuse(
        f"--yes does not settle what changes numbers or names. The proposal is in {place}: look at its lines "
        "marked CHECK, and import again.",
        faults,
    )


def _told(report: Report, mapping: Path, *, as_json: bool) -> ExitCode:
    """Show what became of everything, and say it by the exit code too."""
    from cellframe.intake.report import Outcome

    good = (Outcome.CREATED, Outcome.UPDATED, Outcome.THERE, Outcome.DIFFERENT)
    anything = any(entry.outcome in good for entry in report.entries)
    code = ExitCode.DONE if report else ExitCode.PARTLY if anything else ExitCode.BAD_INPUT
    if not as_json:
        show(str(report))
        return code
    body = {
        "spec": report.spec,
        "spec_outcome": report.spec_outcome,
        "dry_run": report.dry_run,
        "mapping": mapping,
        "counts": report.counts,
        "entries": report.to_frame().to_dicts(),
        "notices": report.notices,
    }
    return document(body, code)
