"""What is proposed, why, and what is left for a person to say?

Every line has its reason. What is not certain is a doubt: marked, and never used in silence. A
doubt that could change a number (a unit, the sign of the current, the order of day and month) or
put something under the wrong cell is settled by a person alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cellframe.intake.mapping import CellsMap, FilesMap, ImportMap, SpecMap

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that the files do not say.

    Attributes
    ----------
    message : str
        What is not certain, in a sentence.
    line : str
        The line of the mapping that settles it as proposed.
    needs_answer : bool
        Whether another answer would make other numbers or other cells: a person has to say.
    """

    message: str
    line: str
    needs_answer: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """What one column, or one setting, becomes.

    Attributes
    ----------
    key : str
        Header of theirs, or the name of the setting.
    value : str
        Label of ours, or the setting's value.
    why : str
        The reason, in a few words.
    example : str
        The first value of the column.
    doubt : Doubt or None
        What is not certain about it.
    """

    key: str
    value: str
    why: str = ""
    example: str = ""
    doubt: Doubt | None = None

    @property
    def is_left_out(self) -> bool:
        """Whether the column is not imported."""
        return self.value.startswith(("_", "#"))


@dataclass(frozen=True, slots=True)
class CellsProposal:
    """What a table of cells would become: `map`, and the reason of each of its lines."""

    map: CellsMap
    columns: tuple[Line, ...]
    settings: tuple[Line, ...] = ()
    rows: int = 0


@dataclass(frozen=True, slots=True)
class FilesProposal:
    """What files of one kind would become.

    Attributes
    ----------
    map : FilesMap
        Which files, and how they are read.
    columns : tuple of Line
        Their columns.
    settings : tuple of Line
        How a file's cell is found, sign of the current, kind of the counters.
    cells : mapping of str to str
        What was found: cell by file, for as many as could be told.
    strays : mapping of str to str
        Files whose cell is not known, and why.
    evidence : tuple of str
        What was seen in their rows, a sentence each.
    """

    map: FilesMap
    columns: tuple[Line, ...]
    settings: tuple[Line, ...]
    cells: Mapping[str, str]
    strays: Mapping[str, str]
    evidence: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """How many files there are."""
        return len(self.cells) + len(self.strays)

    @property
    def left_open(self) -> str:
        """What their rows leave open, and what to do; empty where nothing is."""
        lines = [line for line in self.settings if not line.value and line.doubt]
        told = (line.doubt.message.partition(": ")[2] for line in lines if line.doubt)
        own = " Import it by itself, with a mapping of its own: --map FILE."
        return " ".join(told) + own if lines else ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """How the files of a folder would become records, for a person to confirm.

    Attributes
    ----------
    folder : Path
        Files are named from here.
    spec : Line
        Whose cells they would be.
    cells : CellsProposal or None
        The table of cells.
    series : tuple of FilesProposal
        The time series.
    left_out, broken : mapping of str to str
        Files that are not imported, and why; those that cannot be read.
    makes_spec : bool
        Whether the spec is to be made.
    """

    folder: Path
    spec: Line | None
    cells: CellsProposal | None
    series: tuple[FilesProposal, ...]
    left_out: Mapping[str, str]
    broken: Mapping[str, str]
    makes_spec: bool = False

    def __bool__(self) -> bool:
        return self.cells is not None or bool(self.series)

    @property
    def mapping(self) -> ImportMap:
        """The mapping that is proposed."""
        return ImportMap(
            None if self.spec is None else SpecMap(self.spec.value, create=self.makes_spec),
            None if self.cells is None else self.cells.map,
            tuple(one.map for one in self.series),
        )

    @property
    def lines(self) -> list[Line]:
        """Every line, section after section."""
        parts: list[Any] = [*([self.cells] if self.cells else []), *self.series]
        spec = [] if self.spec is None else [self.spec]
        return [*spec, *(line for part in parts for line in (*part.settings, *part.columns))]

    @property
    def doubts(self) -> list[Doubt]:
        """What a person has to say."""
        return [line.doubt for line in self.lines if line.doubt is not None]

    def with_spec(
        self, name: str, why: str, *, create: bool, doubt: Doubt | None = None
    ) -> Proposal:
        """Return the proposal for the cells of this spec."""
        return replace(self, spec=Line("spec", name, why, doubt=doubt), makes_spec=create)

    def without_doubtful(self) -> Proposal:
        """Return the proposal without the files whose numbers a person must settle, if few.

        They are `broken` then, so that a report names them, and most files go on.
        """
        asked = [one for one in self.series if one.left_open]
        good = tuple(one for one in self.series if not one.left_open)
        if not asked or sum(one.count for one in good) <= sum(one.count for one in asked):
            return self
        broken = {file: one.left_open for one in asked for file in (*one.cells, *one.strays)}
        return replace(self, series=good, broken={**self.broken, **broken})

    def to_toml(self, *, checked: bool = False) -> str:
        """Return the mapping as a person reads it: every line with its reason.

        Parameters
        ----------
        checked : bool
            Whether a person confirmed it; otherwise what is not certain is marked CHECK.
        """
        from cellframe.intake.writing import to_toml

        return to_toml(self, checked=checked)

    def save(self, path: str | PathLike[str], *, checked: bool = False) -> Path:
        """Write the mapping to a TOML file, to be read, edited and used.

        Parameters
        ----------
        path : path
            Where to; ``cellframe-import.toml`` beside the data is found by itself. A file that
            is there is not overwritten.
        checked : bool
            As of `to_toml`.

        Raises
        ------
        SheetError
            There is a file of this name, or none can be written there.
        """
        from cellframe.intake.writing import save

        return save(self, path, checked=checked)
