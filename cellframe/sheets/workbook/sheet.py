"""What is known of one sheet before it is written?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cellframe.frames.columns import Leaf
from cellframe.frames.headers import is_comment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.columns import Column
    from cellframe.frames.faults import Fault
    from cellframe.sheets.companion import Companion


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of records, or of what was measured.

    Attributes
    ----------
    name : str
        What it is called: ``Cells``.
    frame : DataFrame, shape (n_rows, n_columns)
        With our labels.
    kind : RecordKind or None
        What the rows are; None for a table that is for reading.
    columns : mapping of str to Column
        What the labels stand for; none of a table that is for reading.
    companion : Companion or None
        What the frame was made from.
    lists : mapping of str to sequence of str
        What a column offers to choose from, by label.
    faults : sequence of Fault
        Cells that break rules of the caller.
    """

    name: str
    frame: pl.DataFrame
    kind: RecordKind | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    companion: Companion | None = None
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    faults: Sequence[Fault] = ()

    @property
    def name_label(self) -> str | None:
        """The column with the names of the rows; None where there is none."""
        names = (self.kind.noun, "name") if self.kind else ("test", "cell", "spec")
        return next((name for name in names if name in self.frame.columns), None)

    def is_fixed(self, label: str) -> bool:
        """Whether an edit of a column is refused."""
        if self.kind is None or is_comment(label):
            return False
        if label in self.kind.summaries:
            return True
        column = self.columns.get(label)
        return column is not None and not column.is_editable

    def is_folded(self, label: str) -> bool:
        """Whether a column says which record a row is, and nothing to a person."""
        if self.kind is None:
            return label.endswith("_id")
        column = self.columns.get(label)
        is_parent = column is not None and column.leaf is Leaf.PARENT_NAME
        return self.is_fixed(label) and not is_parent
