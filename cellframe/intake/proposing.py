"""How would the files of a folder become records? Proposed, with the reason of every line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from cellframe.errors import IntakeError, SheetError
from cellframe.frames.faults import Fault, table
from cellframe.intake.belonging import UNCLEAR, Owner, Owners, files_of, name_of_test
from cellframe.intake.cycler.text import load
from cellframe.intake.folder import CellTable, Folder, SeriesGroup, look_into
from cellframe.intake.mapping import BY_COLUMN, BY_FILE, BY_FOLDER, BY_TABLE, CellsMap, FilesMap
from cellframe.intake.proposal import CellsProposal, Doubt, FilesProposal, Line, Proposal
from cellframe.intake.values import look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from os import PathLike

    from cellframe.intake.series import SeriesMap

_MOST_NAMED = 3
_IS_COLUMN = re.compile(r"'.*' is '.*'\.", re.DOTALL)


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
        faults = [Fault(f"{file}: {why}", name=file) for file, why in others.items()]
        faults = faults or [Fault("The folder has no files.")]
        message = f"Nothing in {path} is a table of cells or a time series."
        raise IntakeError(message, table(faults))
    cells = None if chosen is None else _cells(folder, chosen)
    known = _names(chosen) or list(names)
    files = tuple(_files(folder, group, chosen, known) for group in folder.series)
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


def _files(
    folder: Folder, group: SeriesGroup, chosen: CellTable | None, names: Sequence[str]
) -> FilesProposal:
    files = [folder.name(file) for file in group.files]
    frame, series = _head(group), group.proposal.map
    column = _name_column(frame, group.by, names)
    tried = [
        _owned(FilesMap(_patterns(folder, files), series, way), files, names, chosen)
        for way in _ways(files, names, chosen, column)
    ]
    found = min(tried, key=lambda one: len(one.strays))
    test = _test(files, found)
    told = _way_line(found, chosen, names)
    settings = (told, *test[1], *_series_lines(group, ", ".join(found.map.files[:_MOST_NAMED])))
    columns = _column_lines(frame, series)
    mapping = replace(found.map, test=test[0])
    # That a column is what it is stands in the table of columns.
    seen = tuple(one for one in group.proposal.evidence if not _IS_COLUMN.fullmatch(one))
    return replace(found, map=mapping, settings=settings, columns=columns, evidence=seen)


def _head(group: SeriesGroup) -> pl.DataFrame:
    """Return the rows of the first file of a group that can be read."""
    for file in group.files:
        try:
            return load(file, group.proposal.map).frame
        except SheetError:
            continue
    return pl.DataFrame()


def _name_column(frame: pl.DataFrame, by: str | None, names: Sequence[str]) -> str | None:
    """Return the column that names cells, if it names those of the table."""
    told = set() if by is None else {str(name) for name in frame[by].drop_nulls().unique()}
    return by if not names or told <= set(names) else None


def _ways(
    files: Sequence[str], names: Sequence[str], chosen: CellTable | None, column: str | None
) -> list[str]:
    """Return how cells can be found, the clearest way first."""
    ways = [f"{BY_COLUMN}{column}"] if column is not None else []
    if chosen is not None:
        ways += [f"{BY_TABLE}{line.key}" for line in chosen.lines if line.value == "_file"]
    if names:
        return [*ways, BY_FILE, BY_FOLDER]
    stems = {Path(file).stem for file in files}
    suffix = Path(files[0]).suffix
    return [*ways, f"{{cell}}{suffix}" if len(stems) == len(files) else BY_FOLDER]


def by_table(chosen: CellTable, header: str) -> dict[str, str]:
    """Return which cell a table names for each file."""
    name = next(line.key for line in chosen.lines if line.value == "cell")
    rows = chosen.table.frame.select(header, name).drop_nulls().iter_rows()
    return {str(file): str(cell) for file, cell in rows}


def _owned(
    mapping: FilesMap, files: Sequence[str], names: Sequence[str], chosen: CellTable | None
) -> FilesProposal:
    header = mapping.cell.removeprefix(BY_TABLE)
    told = by_table(chosen, header) if chosen and mapping.cell.startswith(BY_TABLE) else {}
    owners = Owners(mapping, names, told)
    found = {file: owners.of(file) for file in files}
    cells = {file: owner.cell for file, owner in found.items() if not owner.why_not}
    strays = {file: owner.why_not for file, owner in found.items() if owner.why_not}
    return FilesProposal(mapping, (), (), cells, strays)


def _patterns(folder: Folder, files: list[str]) -> tuple[str, ...]:
    """Return a pattern that names these files and no others, else the files themselves."""
    parents = {str(Path(file).parent.as_posix()) for file in files}
    suffixes = {Path(file).suffix for file in files}
    if len(files) > 1 and len(suffixes) == 1:
        (suffix,) = suffixes
        first = f"{parents.copy().pop()}/" if len(parents) == 1 else "**/"
        pattern = f"{first}*{suffix}".removeprefix("./")
        # One that cannot be read is named too: an import says so each time.
        whole = set(files_of(folder.root, [pattern])) - set(folder.broken)
        if whole == set(files):
            return (pattern,)
    return tuple(files)


def _test(files: Sequence[str], found: FilesProposal) -> tuple[str, tuple[Line, ...]]:
    """Return how tests are named: by what the file's name says besides, else by the folder."""
    owners = Owners(found.map, set(found.cells.values()) - {""})
    for pattern, why in (
        ("{rest}", "what the file's name says besides the cell's"),
        ("{folder}", "the folder of the file"),
        ("{stem}", "the file's name without its ending"),
    ):
        whose = {file: owners.of(file) for file in files if file in found.cells}
        keys = [(one.cell, _said(pattern, file, one)) for file, one in whose.items()]
        if len(set(keys)) == len(keys) and all(name for _, name in keys):
            return pattern, (Line("test", pattern, why, keys[0][1] if keys else ""),)
    return "{stem}", (Line("test", "{stem}", "the file's name without its ending"),)


def _said(pattern: str, file: str, owner: Owner) -> str:
    if pattern == "{rest}":
        return owner.rest if owner.cell and owner.rest != Path(file).stem else ""
    return name_of_test(pattern, file, owner)


def _way_line(found: FilesProposal, chosen: CellTable | None, names: Sequence[str]) -> Line:
    way = found.map.cell
    doubt = None
    unclear = {file: why for file, why in found.strays.items() if why.startswith(UNCLEAR)}
    if unclear or (found.strays and not found.cells):
        doubt = Doubt(_stray_words(unclear or found.strays), f'cell = "{way}"')
    elif chosen is None and not names and not way.startswith(BY_COLUMN):
        message = f"{', '.join(found.map.files[:_MOST_NAMED])}: no table names cells; each is called as its file or folder."
        doubt = Doubt(message, f'cell = "{way}"')
    why = f"{len(found.cells)} of {len(found.cells) + len(found.strays)} files have a cell"
    return Line("cell", way, why, next(iter(found.cells.values()), ""), doubt)


def _stray_words(strays: Mapping[str, str]) -> str:
    shown = "; ".join(f"{file}: {why}" for file, why in list(strays.items())[:_MOST_NAMED])
    more = f"; and {len(strays) - _MOST_NAMED} more" if len(strays) > _MOST_NAMED else ""
    count = (
        "1 file has no cell and stays"
        if len(strays) == 1
        else f"{len(strays)} files have no cell and stay"
    )
    return f"{count} out ({shown}{more}). Name them under [series.cells]."


def _series_lines(group: SeriesGroup, files: str) -> list[Line]:
    """Return the settings of a series, and the doubts that a person settles."""
    series = group.proposal.map
    lines = [Line("current", series.current), Line("counters", series.counters)]
    for at, message in enumerate(group.proposal.doubts, start=1):
        doubt = Doubt(f"{files}: {message}", "", needs_answer=True)
        lines.append(Line(f"doubt {at}", "", doubt=doubt))
    return lines


def _column_lines(frame: pl.DataFrame, series: SeriesMap) -> tuple[Line, ...]:
    lines: list[Line] = []
    for header, label in series.columns.items():
        first = frame[header].drop_nulls().head(1) if header in frame.columns else None
        lines.append(
            Line(header, label, example="" if first is None or not len(first) else str(first[0]))
        )
    return tuple(lines)
