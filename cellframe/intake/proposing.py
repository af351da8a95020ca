"""How would the files of a folder become records? Proposed, with the reason of every line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from cellframe.errors import IntakeError, SheetError
from cellframe.frames.faults import Fault, table
from cellframe.intake.filing import propose_files
from cellframe.intake.folder import CellTable, Folder, look_into
from cellframe.intake.mapping import CellsMap
from cellframe.intake.proposal import CellsProposal, Doubt, Line, Proposal
from cellframe.intake.report import plain_reason
from cellframe.intake.values import look

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike


def propose(path: str | PathLike[str], *, names: Iterable[str] = ()) -> Proposal:
    """Read off a folder, or a file, how it would become records. Nothing is sent or written.

    Parameters
    ----------
    path : path
        A folder with a table of cells and time series, or one such file.
    names : iterable of str
        Cells that there are already, for series without a table.

    Returns
    -------
    Proposal
        `.lines` with their reasons, `.doubts`; ``.save(path)`` writes it as a mapping.

    Raises
    ------
    IntakeError
        There is no such path, or nothing in it is a table of cells or a time series.
    """
    try:
        folder = look_into(Path(path))
    except SheetError as fault:
        raise IntakeError("Nothing can be imported.", table([Fault(str(fault))])) from None
    chosen = _chosen(folder)
    if chosen is None and not folder.series:
        others = {**folder.broken, **folder.left_out}
        faults = [
            Fault(f"{file}: {plain_reason(file, why)}", name=file) for file, why in others.items()
        ]
        faults = faults or [Fault("The folder has no files.")]
        message = f"Nothing in {path} is a table of cells or a time series."
        raise IntakeError(message, table(faults))
    cells = None if chosen is None else _cells(folder, chosen)
    known = _names(chosen) or list(names)
    files = propose_files(folder, chosen, known)
    spec = _spec(folder, Path(path), chosen)
    return Proposal(folder.root, spec, cells, files, folder.left_out, folder.broken)


def _chosen(folder: Folder) -> CellTable | None:
    """Return the table of cells; the others are left out."""
    ranked = sorted(folder.tables, key=_rank, reverse=True)
    for other in ranked[1:]:
        first = folder.name(ranked[0].table.path)
        why = f"{first} is taken for the table of cells. Import this one by itself."
        folder.left_out[folder.name(other.table.path)] = why
    return ranked[0] if ranked else None


def _rank(one: CellTable) -> tuple[bool, bool, int]:
    is_called = re.search(r"cell|zell", one.table.path.stem, re.IGNORECASE) is not None
    names = next(line for line in one.lines if line.value == "cell")
    return names.doubt is None, is_called, one.table.frame.height


def _names(chosen: CellTable | None) -> list[str]:
    if chosen is None:
        return []
    header = next(line.key for line in chosen.lines if line.value == "cell")
    return [str(name) for name in chosen.table.frame[header].drop_nulls()]


def _cells(folder: Folder, chosen: CellTable) -> CellsProposal:
    settings: list[Line] = []
    dates = next((line for line in chosen.lines if line.value == "date_manufactured"), None)
    order = None
    if dates is not None:
        orders = look(chosen.table.frame[dates.key]).orders
        order = orders[0] if orders and orders != ("year first",) else None
        if order is not None:
            settings.append(Line("dates", order, "as the values have it", dates.example))
    if chosen.comma:
        settings.append(Line("decimal", ",", "numbers have decimal commas"))
    file = folder.name(chosen.table.path)
    if len(folder.tables) > 1:
        doubt = Doubt(
            f"{file} is taken for the table of cells; there are others.", f'file = "{file}"'
        )
        settings.append(Line("file", file, "names cells most clearly", doubt=doubt))
    columns = {line.key: line.value for line in chosen.lines}
    mapping = CellsMap(file, columns, dates=order, decimal="," if chosen.comma else ".")
    return CellsProposal(mapping, tuple(chosen.lines), tuple(settings), chosen.table.frame.height)


def _spec(folder: Folder, path: Path, chosen: CellTable | None) -> Line | None:
    """Return whose cells they are: what the table says, else the name of the folder, in doubt."""
    if chosen is not None and any(line.value == "spec" for line in chosen.lines):
        return None
    name = path.stem if path.is_file() else folder.root.resolve().name
    message = (
        f"No spec is named; {name!r} is the name of the {'file' if path.is_file() else 'folder'}."
    )
    return Line(
        "spec", name, "the name of what is imported", doubt=Doubt(message, f'spec = "{name}"')
    )
