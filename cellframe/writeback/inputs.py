"""What a plan is assembled from: the edited frame, what was read, what the service has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.cast import Typed
    from cellframe.frames.columns import Column
    from cellframe.store.journals import Written
    from cellframe.writeback.choices import Choice
    from cellframe.writeback.unit_edits import UnitEdit

Record: TypeAlias = "Mapping[str, Any]"
Codec: TypeAlias = Literal["typed", "text", "csv", "xlsx"]
"""How the values of a frame came: with their types; as delimited text, and as such text with texts
guarded against being run as formulas, as it is written here; as the cells of a workbook."""


@dataclass(frozen=True, slots=True)
class Base:
    """One record as the editor read it.

    Attributes
    ----------
    record : mapping
        The record.
    parents : mapping of str to str
        Names of parents by id, as they were shown.
    units : mapping of str to str
        Units in which its quantities were shown, by label without unit.
    """

    record: Record
    parents: Mapping[str, str]
    units: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Orphan:
    """A row that names a parent which cannot be found, or is not its own.

    Attributes
    ----------
    label : str
        The column that names it.
    message : str
        Why it is none, with the row, and what to do.
    """

    label: str
    message: str


@dataclass(frozen=True, slots=True)
class Edited:
    """An edited frame, read.

    Attributes
    ----------
    kind : RecordKind
        What the rows are.
    frame : DataFrame
        As it was given, in polars.
    columns : mapping of str to Column
        By label; comments are left out.
    typed : Typed
        The columns with their declared types.
    ids, names, parent_ids : sequences, shape (n_rows,)
        Of each row; None where the cell is empty.
    numbers : sequence of int, shape (n_rows,)
        What each row is called: its position in a frame, and one that counts the header in a
        sheet.
    choices : mapping of int to Choice
        Decisions about rows in conflict, by row.
    unit_edit : {"relabel", "convert"}, optional
        What an edited unit over an unedited number means.
    deletes : set of int
        Rows that ask for their record to be deleted.
    new_parents : mapping of int to str
        By row, the name of a parent that the same plan makes.
    orphans : mapping of int to Orphan
        Rows whose parent cannot be found, or is not the one they show.
    """

    kind: RecordKind
    frame: pl.DataFrame
    columns: Mapping[str, Column]
    typed: Typed
    ids: Sequence[str | None]
    names: Sequence[str | None]
    parent_ids: Sequence[str | None]
    numbers: Sequence[int]
    choices: Mapping[int, Choice] = field(default_factory=dict)
    unit_edit: UnitEdit | None = None
    deletes: AbstractSet[int] = frozenset()
    new_parents: Mapping[int, str] = field(default_factory=dict)
    orphans: Mapping[int, Orphan] = field(default_factory=dict)

    @property
    def old_rows(self) -> list[int]:
        """Rows that stand for a record, which is to stay."""
        rows = [row for row, id_ in enumerate(self.ids) if id_ is not None]
        return [row for row in rows if row not in self.deletes] if self.deletes else rows

    @property
    def new_rows(self) -> list[int]:
        """Rows that stand for a record to create."""
        rows = [row for row, id_ in enumerate(self.ids) if id_ is None]
        return [row for row in rows if row not in self.deletes] if self.deletes else rows

    def has_parent(self, row: int) -> bool:
        """Whether it is known what a row is below; also where that is not made yet."""
        return self.parent_ids[row] is not None or row in self.new_parents

    def name_key(self, row: int, name: str) -> tuple[str | None, str]:
        """Return what no two records share: the parent of this row, and a name as it counts."""
        return self.parent_ids[row] or self.new_parents.get(row), self.kind.name_key(name)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an edited frame came from.

    Attributes
    ----------
    numbers : sequence of int, shape (n_rows,)
        What each row is called.
    codec : {"typed", "text", "csv", "xlsx"}
        How the values came.
    delimiter : str
        Of delimited text; it tells what a comma within a number can be.
    kept : mapping of (str, str) to Base
        What the file itself says was read, by id and version.
    notices : sequence of str
        What was seen when it was read.
    sheet : str
        Name of the sheet of a workbook.
    letters : mapping of str to str
        The columns of that sheet, by label.
    kinds : DataFrame of UInt8, optional
        What kind of cell each value stood in; see `sheets.workbook.cells`.
    """

    numbers: Sequence[int]
    codec: Codec = "typed"
    delimiter: str = ""
    kept: Mapping[tuple[str, str], Base] = field(default_factory=dict)
    notices: Sequence[str] = ()
    sheet: str = ""
    letters: Mapping[str, str] = field(default_factory=dict)
    kinds: pl.DataFrame | None = None

    def place(self, row: int, label: str) -> str:
        """Return what a cell is called: by its address in a workbook, by its row elsewhere."""
        letter = self.letters.get(label)
        if letter is None:
            return f"Row {self.numbers[row]}"
        return f"{self.sheet}!{letter}{self.numbers[row]}"


@dataclass(slots=True)
class Present:
    """What the service has now, as far as the plan needs it.

    Attributes
    ----------
    records : dict of str to mapping
        By id: every record that is edited, or whose base is not known.
    namesakes : dict of (str or None, str) to mapping
        Records that have a new row's name already, by parent and name.
    lots : dict of str to dict
        By parent, the lots' names without case and their (name, id); absent where the service
        keeps lots as text.
    below : dict of str to dict
        By the id of a record that is to be deleted, the names of the records below it, by kind.
    gone : set of str
        Ids of parents of new rows that no record has.
    own : callable
        What was written from here to records of these ids, newest first.
    """

    records: dict[str, Record] = field(default_factory=dict)
    namesakes: dict[tuple[str | None, str], Record] = field(default_factory=dict)
    lots: dict[str, dict[str, tuple[str, str]]] = field(default_factory=dict)
    below: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    gone: AbstractSet[str] = frozenset()
    own: Callable[[Collection[str]], Mapping[str, Sequence[Written]]] = lambda _ids: {}
