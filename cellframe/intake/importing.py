"""How does a folder become specs, cells and tests, once and not twice?"""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from cellframe.errors import IntakeError, NotFoundError
from cellframe.frames.faults import Fault, table
from cellframe.intake.folder import folder_of
from cellframe.intake.loading import load
from cellframe.intake.mapping import FILE_NAME, ImportMap, SpecMap, refuse
from cellframe.intake.proposal import Doubt, Proposal
from cellframe.intake.proposing import propose
from cellframe.intake.run import Import

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from cellframe.client import Client
    from cellframe.intake.report import Report
    from cellframe.resources.base import Ref

_ALIKE = 0.8


def import_cells(
    client: Client,
    path: str | PathLike[str],
    *,
    mapping: str | PathLike[str] | None = None,
    spec: Ref | None = None,
    dry_run: bool = False,
    progress: bool | None = None,
    update: bool = False,
    max_updates: int | None = None,
) -> Report:
    """Import a lab's own files: a table of cells, time series, or both.

    Parameters
    ----------
    client : Client
        Of the service that gets the records.
    path : path
        A folder, or one file.
    mapping : path, optional
        A mapping file that says which column is what. Where not given:
        ``cellframe-import.toml`` beside the data, else what the files themselves say, if that
        leaves no doubt. ``cellframe.intake.propose(path).save(FILE)`` writes one.
    spec : str or CellSpec, optional
        Id or name of the spec of every cell; the mapping's where not given. One that does not
        exist is made where the mapping says so, or where there is no mapping.
    dry_run : bool
        Whether to read and check everything, and send nothing.
    progress : bool, optional
        Whether to show how far it is; in a notebook or a terminal, where not given.
    update : bool
        Whether cells that there are, and that differ from the table, get the table's values. An
        empty value clears nothing.
    max_updates : int, optional
        How many of them are meant, where that passes the client's limits; implies `update`.

    Returns
    -------
    Report
        What became of every cell and every file. A cell or a test that is there already is left
        as it is: to import twice makes nothing twice. ``report.raise_for_failures()`` raises
        where something failed.

    Raises
    ------
    IntakeError
        Nothing can be imported: no file is a table of cells or a time series, the mapping does
        not fit, or what is proposed has doubts that a person must settle.
    RefusedError
        More cells would change than the client's limits allow. Nothing was sent.
    TransportError
        The service is away. What was made stays; import again to go on.
    """
    place = Path(path)
    chosen, broken = _chosen(client, place, mapping, spec)
    if spec is not None:
        chosen = with_spec(chosen, spec if isinstance(spec, str) else spec.name)
    work = Import(client, place, chosen, dry_run=dry_run, update=update, max_updates=max_updates)
    return work.run(shown=progress, broken=broken)


def _chosen(
    client: Client, place: Path, mapping: str | PathLike[str] | None, spec: Ref | None
) -> tuple[ImportMap, Mapping[str, str]]:
    """Return the mapping to use, and the files that were found to be broken on the way."""
    beside = folder_of(place) / FILE_NAME
    if mapping is None and not beside.exists():
        proposal = settle_spec(client, propose(place), spec).without_doubtful()
        _refuse_doubts(proposal, place)
        return proposal.mapping, proposal.broken
    if not place.exists():
        message = f"There is no file or folder {place}. Check the name."
        refuse("Nothing can be imported.", [Fault(message)])
    return narrowed(load(Path(mapping or beside)), place), {}


def settle_spec(client: Client, proposal: Proposal, spec: Ref | None) -> Proposal:
    """Return a proposal for a spec: one that there is, else one that is to be made.

    Parameters
    ----------
    client : Client
        Of the service that may have it.
    proposal : Proposal
        What the files say.
    spec : str or CellSpec, optional
        What the caller says.
    """
    if spec is None and proposal.spec is None:
        return proposal
    doubt = None if spec is not None or proposal.spec is None else proposal.spec.doubt
    name = spec if spec is not None else (proposal.spec.value if proposal.spec else "")
    try:
        found = client.cell_spec.get(name)
    except NotFoundError:
        text = name if isinstance(name, str) else name.name
        known = [one.name for one in client.cell_spec.list()]
        near = get_close_matches(text, known, n=1, cutoff=_ALIKE)
        if near:
            message = f"There is no spec {text!r}, but there is {near[0]!r}. Is it meant?"
            doubt = Doubt(message, f'spec = "{near[0]}"')
        return proposal.with_spec(
            text, "the service has none of this name; it is made", create=True, doubt=doubt
        )
    return proposal.with_spec(found.name, "the service has it", create=False, doubt=doubt)


def with_spec(mapping: ImportMap, name: str) -> ImportMap:
    """Return a mapping for the cells of another spec."""
    return replace(mapping, spec=replace(mapping.spec or SpecMap(name), name=name))


def narrowed(mapping: ImportMap, place: Path) -> ImportMap:
    """Return what a mapping says of one file, where a file is imported."""
    if place.is_dir():
        return mapping
    cells = mapping.cells if mapping.cells and mapping.cells.file == place.name else None
    series = tuple(
        replace(one, files=(place.name,))
        for one in mapping.series
        if any(place.match(pattern) for pattern in one.files)
    )
    if cells is None and not series:
        message = f"The mapping says nothing of {place.name}. Import its folder, or add the file."
        refuse("Nothing can be imported.", [Fault(message)])
    return replace(mapping, cells=cells, series=series)


def _refuse_doubts(proposal: Proposal, place: Path) -> None:
    if not proposal.doubts:
        return
    faults = [Fault(_said(doubt), rule="doubt") for doubt in proposal.doubts]
    beside = proposal.folder / FILE_NAME
    message = (
        f"{place} can be imported once these are settled. Write the proposal by "
        f"cellframe.intake.propose({str(place)!r}).save({str(beside)!r}), correct it there, and "
        f"import again with mapping={str(beside)!r}."
    )
    raise IntakeError(message, table(faults))


def _said(doubt: Doubt) -> str:
    return f"{doubt.message} As proposed: {doubt.line}" if doubt.line else doubt.message
