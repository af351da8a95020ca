"""Whose are the files of one kind, and what are their tests called? Proposed, with the reasons."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from cellframe.errors import SheetError
from cellframe.intake.belonging import UNCLEAR, Owner, Owners, files_of, name_of_test, stem_of
from cellframe.intake.cycler.text import load
from cellframe.intake.mapping import BY_COLUMN, BY_FILE, BY_FOLDER, BY_TABLE, FilesMap
from cellframe.intake.proposal import Doubt, FilesProposal, Line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cellframe.intake.folder import CellTable, Folder, SeriesGroup
    from cellframe.intake.series import SeriesMap

_MOST_NAMED = 3
_IS_COLUMN = re.compile(r"'.*' is '.*'\.", re.DOTALL)


def propose_files(
    folder: Folder, chosen: CellTable | None, names: Sequence[str]
) -> tuple[FilesProposal, ...]:
    """Say what the time series of a folder would become.

    Parameters
    ----------
    folder : Folder
        What was found.
    chosen : CellTable or None
        The table of cells.
    names : sequence of str
        Cells that there are.
    """
    files = tuple(_files(folder, group, chosen, names) for group in folder.series)
    return _with_uneven(_without_strays(files), names)


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
    stems = {stem_of(Path(file)) for file in files}
    first = Path(files[0])
    suffix = first.name.removeprefix(stem_of(first))
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
        ("{stem}", "the file's name without its ending"),
        ("{folder}", "the folder of the file"),
    ):
        whose = {file: owners.of(file) for file in files if file in found.cells}
        keys = [(one.cell, _said(pattern, file, one)) for file, one in whose.items()]
        if len(set(keys)) == len(keys) and all(name for _, name in keys):
            return pattern, (Line("test", pattern, why, keys[0][1] if keys else ""),)
    return "{stem}", (Line("test", "{stem}", "the file's name without its ending"),)


def _said(pattern: str, file: str, owner: Owner) -> str:
    if pattern == "{rest}":
        return owner.rest if owner.cell and owner.rest != stem_of(Path(file)) else ""
    return name_of_test(pattern, file, owner)


def _way_line(found: FilesProposal, chosen: CellTable | None, names: Sequence[str]) -> Line:
    way = found.map.cell
    doubt = None
    unclear = _unclear(found)
    if unclear or (found.strays and not found.cells):
        # That some stay out can be agreed to; that all do is a wrong way to find their cells.
        words = _stray_words(unclear or found.strays)
        doubt = Doubt(words, f'cell = "{way}"', needs_answer=not found.cells)
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


def _without_strays(files: tuple[FilesProposal, ...]) -> tuple[FilesProposal, ...]:
    """Return the files without the doubts of kinds that have no cell, where others have one."""
    if not any(one.cells for one in files):
        return files
    return tuple(one if one.cells or _unclear(one) else _undoubted(one) for one in files)


def _undoubted(found: FilesProposal) -> FilesProposal:
    settings = (replace(line, doubt=None) for line in found.settings)
    return replace(found, settings=tuple(line for line in settings if line.value))


def _with_uneven(
    files: tuple[FilesProposal, ...], names: Sequence[str]
) -> tuple[FilesProposal, ...]:
    """Ask where one cell has more files than others, and others have none: is each its own?"""
    counts = Counter(cell for one in files for cell in one.cells.values() if cell)
    without = [name for name in names if name not in counts]
    most = max(counts, key=lambda cell: counts[cell], default="")
    is_even = len(set(counts.values())) == 1 and len(counts) > 1
    if not without or is_even or counts[most] < 2:  # noqa: PLR2004 - several are two
        return files
    first = next(at for at, one in enumerate(files) if most in one.cells.values())
    theirs = [file for one in files for file, cell in one.cells.items() if cell == most]
    message = (
        f"{counts[most]} files are taken for cell {most!r}: {', '.join(theirs[:_MOST_NAMED])}; "
        f"others have none, such as {without[0]!r}. Name files under [series.cells]."
    )
    way, *others = files[first].settings
    way = replace(way, doubt=Doubt(message, f'cell = "{way.value}"', needs_answer=True))
    asked = replace(files[first], settings=(way, *others))
    return (*files[:first], asked, *files[first + 1 :])


def _unclear(found: FilesProposal) -> dict[str, str]:
    """Return the files in which the names of several cells stand."""
    return {file: why for file, why in found.strays.items() if why.startswith(UNCLEAR)}


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
