"""What lies in this folder: a table of cells, time series, and what else?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cellframe.errors import SheetError
from cellframe.intake.belonging import has_plain_name, shown
from cellframe.intake.columns import propose_columns
from cellframe.intake.cycler.evidence import plain_map
from cellframe.intake.cycler.text import layout_of, load
from cellframe.intake.cycler.vendor import is_of_vendor, why_not_read
from cellframe.intake.mapping import FILE_NAME
from cellframe.intake.series import Proposal as SeriesProposal
from cellframe.intake.series import alike, lacks
from cellframe.intake.series import propose as propose_series
from cellframe.intake.values import has_commas
from cellframe.intake.words import is_called_cell
from cellframe.sheets.tables import FORMATS, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cellframe.intake.proposal import Line
    from cellframe.sheets.tables import Table

_WORKBOOKS = (".xlsm", ".ods")
_OURS = (".cellframe", ".toml")
_NO_TABLES = (
    ".md .pdf .png .jpg .jpeg .svg .gif .tif .tiff .bmp .doc .docx .odt .ppt .pptx .html .htm .xml "
    ".json .yaml .yml .zip .gz .7z .tar .rar .py .ipynb .m .mat .h5 .hdf5 .log .ini .exe .mpr"
)
_A_SERVICE = "cellframe.sqlite"
_OF_A_SERVICE = (_A_SERVICE, "blobs", "staging")
_WITNESSES = 5
"""Files of one kind that are looked at before the one with the fewest doubts is believed."""


@dataclass(frozen=True, slots=True)
class CellTable:
    """A table that names cells."""

    table: Table
    lines: list[Line]
    comma: bool


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """Files with time series that have the same columns; `by` is one that names cells."""

    files: tuple[Path, ...]
    proposal: SeriesProposal
    by: str | None = None


@dataclass(slots=True)
class Folder:
    """What was found.

    Attributes
    ----------
    root : Path
        Files are named from here.
    tables : list of CellTable
        Tables of cells.
    series : list of SeriesGroup
        Time series, by kind.
    left_out : dict of str to str
        The other files, and why.
    broken : dict of str to str
        Files that cannot be read, and why.
    """

    root: Path
    tables: list[CellTable] = field(default_factory=list)
    series: list[SeriesGroup] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)

    def name(self, path: Path) -> str:
        """Return the path of a file from here, with ``/``, in letters that can be shown."""
        return shown(path.relative_to(self.root))


def look_into(path: Path) -> Folder:
    """Look at every file of a folder, or at one file.

    Parameters
    ----------
    path : Path
        A folder, with those in it, or a file.

    Raises
    ------
    SheetError
        There is nothing at this path.
    """
    if not path.exists():
        raise SheetError(f"There is no file or folder {path}. Check the name.")
    folder = Folder(folder_of(path))
    candidates = list(_candidates(folder, path))
    for group in alike(candidates):
        _sort_in(folder, group)
    return folder


def folder_of(place: Path) -> Path:
    """Return the folder from which the files of an import are named."""
    return place if place.is_dir() else place.parent


def walk(path: Path) -> Iterator[Path]:
    """Return the files of a folder that a person put there, in the order of their names.

    Hidden files, those that LibreOffice and Excel keep beside an open one, our own, and the
    folder of a service are left out; links to folders are not followed.
    """
    if path.is_file():
        yield path
        return
    ours = _OF_A_SERVICE if (path / _A_SERVICE).exists() else ()
    for entry in sorted(path.iterdir()):
        if entry.name.startswith((".", "~$", *ours)) or entry.suffix == ".cellframe":
            continue
        # A link may lead to a folder above: what it holds would be found again and again.
        if entry.is_dir() and not entry.is_symlink() and not (entry / _A_SERVICE).exists():
            yield from walk(entry)
        elif entry.is_file() and entry.name != FILE_NAME:
            yield entry


def why_no_table(file: Path) -> str:
    """Say why a file is never looked at; empty for one that is."""
    if not has_plain_name(file):
        return "its name is no UTF-8 text: rename it"
    if is_of_vendor(file):
        return why_not_read(file)
    suffix = file.suffix.lower()
    if suffix in _WORKBOOKS:
        return "a workbook: save it as CSV UTF-8 or parquet"
    return "no table" if suffix in _OURS or suffix in _NO_TABLES.split() else ""


def _candidates(folder: Folder, path: Path) -> Iterator[Path]:
    """Return the files that may be tables; say of the others why not."""
    for file in walk(path):
        why = why_no_table(file)
        if why:
            folder.left_out[folder.name(file)] = why
        else:
            yield file


def _sort_in(folder: Folder, files: tuple[Path, ...]) -> None:
    """Put files with the same columns where they belong."""
    try:
        group = _believed(files)
    except SheetError as fault:
        folder.broken |= {folder.name(file): str(fault) for file in files}
        return
    if group is not None:
        folder.series.append(group)
        return
    for file in files:
        _take_table(folder, file)


def _believed(files: tuple[Path, ...]) -> SeriesGroup | None:
    """Return what the first file says that leaves no doubt, else the one with the fewest.

    A damaged file among good ones must not decide what they are, nor keep them back.
    """
    found: list[SeriesGroup] = []
    fault: SheetError | None = None
    for file in files[:_WITNESSES]:
        try:
            by = _name_column(file)
            proposal = propose_series([file], [by] if by else [])
        except SheetError as told:
            fault = told
            continue
        if proposal is None:
            return None
        found.append(SeriesGroup(files, proposal, by))
        if not proposal.doubts:
            break
    if not found and fault is not None:
        raise fault
    return min(found, key=lambda one: len(one.proposal.doubts), default=None)


def _name_column(file: Path) -> str | None:
    """Return the column of a time series that names cells, if there is one."""
    layout = layout_of(file)
    known = {one.header for one in layout.known}
    named = [name for name in layout.headers if name not in known and is_called_cell(name)]
    if not named:
        return None
    frame = load(file, plain_map(layout)).frame
    # An ID that counts rows names no cells.
    few = (
        name for name in named if 0 < frame[name].drop_nulls().n_unique() <= 1 + frame.height // 10
    )
    return next(few, None)


def _take_table(folder: Folder, file: Path) -> None:
    if FORMATS.get(file.suffix.lower()) in (None, "xlsx"):
        folder.left_out[folder.name(file)] = lacks(file)
        return
    try:
        table = read_table(file)
    except SheetError as fault:
        folder.broken[folder.name(file)] = str(fault)
        return
    comma = table.is_text and table.delimiter != "," and has_commas(table.frame)
    lines = propose_columns(table.frame, comma=comma)
    if table.frame.height and any(line.value == "cell" for line in lines):
        folder.tables.append(CellTable(table, lines, comma))
    else:
        why = "none of its columns names cells, with another text in each row"
        folder.left_out[folder.name(file)] = f"{lacks(file)} As a table of cells: {why}."
