"""What did a person confirm: which file is what, and which column of it?

A mapping is a small TOML file beside the data, ``cellframe-import.toml``. Plain values only, so
that it can be read, edited, kept under version control and used again next month.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.records import CELL_INSTANCE, RecordKind
from cellframe.errors import IntakeError
from cellframe.frames.faults import Fault, table
from cellframe.frames.headers import read_header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cellframe.intake.cycler.mapping import SeriesMap
    from cellframe.intake.values import Order

FILE_NAME = "cellframe-import.toml"
"""What a mapping is called that lies beside the data."""
BY_FILE, BY_FOLDER, BY_COLUMN, BY_TABLE = "file name", "folder", "column: ", "table: "
"""How the cell of a series is found; else by a pattern with ``{cell}``."""
PLACES = ("{stem}", "{rest}", "{folder}", "{cell}", "{test}")
"""What the name of a test may be made of."""


@dataclass(frozen=True, slots=True)
class SpecMap:
    """Whose cells they are.

    Attributes
    ----------
    name : str
        Name or id of the spec.
    create : bool
        Whether it is made where the service has none of this name.
    ratings : mapping of str to float
        Of a spec that is made: ``"capacity [A.h]"`` and its number.
    """

    name: str
    create: bool = False
    ratings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CellsMap:
    """How a table of cells becomes cells.

    Attributes
    ----------
    file : str
        Path of the table, from the folder of the import.
    columns : mapping of str to str
        Label of ours by header of theirs; one that starts with ``_`` is left out.
    match : str
        The column by which a cell is found again.
    dates : {"year first", "day first", "month first"}, optional
        How dates are written, where the values do not tell.
    decimal : {".", ","}
        Sign before the decimals.
    """

    file: str
    columns: Mapping[str, str]
    match: str = "cell"
    dates: Order | None = None
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class FilesMap:
    """How files of one kind become tests.

    Attributes
    ----------
    files : tuple of str
        Paths or patterns such as ``series/*.csv``, from the folder of the import.
    series : SeriesMap
        What their columns are.
    cell : str
        How a file's cell is found: ``file name`` or ``folder`` (the name of a cell stands in it),
        ``column: Cell ID`` (a column of the file, which may hold many cells), ``table: File``
        (a column of the table of cells names the file), or a pattern, ``{cell}_{test}.csv``.
    test : str
        Name of the test: text in which ``{stem}`` is the file's name without ending, ``{rest}``
        what is left of that without the cell's name, ``{folder}`` its folder.
    cells : mapping of str to str
        Name of the cell by file, for files that say nothing of it.
    """

    files: tuple[str, ...]
    series: SeriesMap
    cell: str = BY_FILE
    test: str = "{stem}"
    cells: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportMap:
    """How the files of a folder become records.

    Attributes
    ----------
    spec : SpecMap or None
        The spec of every cell; None where a column of the table names it.
    cells : CellsMap or None
        The table of cells, if there is one.
    series : tuple of FilesMap
        The files with time series, by kind.
    """

    spec: SpecMap | None = None
    cells: CellsMap | None = None
    series: tuple[FilesMap, ...] = ()


def refuse(message: str, faults: Iterable[Fault]) -> None:
    """Raise every fault at once, where there are any.

    Raises
    ------
    IntakeError
        There are some.
    """
    told = list(faults)
    if told:
        raise IntakeError(message, table(told))


def label_faults(labels: Iterable[str], kind: RecordKind = CELL_INSTANCE) -> Iterator[Fault]:
    """Say which labels are no columns of a frame of cells, and what was probably meant."""
    empty = pl.DataFrame(schema=dict.fromkeys(labels, pl.String()))
    yield from read_header(kind, empty, {}).faults


def nearest(word: str, known: Iterable[str]) -> str:
    """Return advice on what was probably meant; empty where nothing is like it."""
    near = get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
