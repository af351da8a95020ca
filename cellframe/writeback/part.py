"""One edited frame of a plan: its rows as they came, and what was read of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.backend import Backend
    from cellframe.writeback.inputs import Base
    from cellframe.writeback.unit_edits import UnitEdit


@dataclass(frozen=True, slots=True)
class Part:
    """One edited frame of a plan, which holds one of a kind at most.

    Attributes
    ----------
    kind : RecordKind
        What the rows are.
    edited : DataFrame
        The frame as it was given, in polars.
    base_rows : int
        Records in the reading that the frame came from; what `Limits.update_share` is a part of.
    base_filled : mapping of str to int
        Filled cells of that reading, for columns where cells are cleared.
    backend : {"polars", "pandas"}
        Library that the frame came in.
    numbers : sequence of int, shape (n_rows,)
        What each row is called: its position, or in a sheet one that counts the header too.
    bases : mapping of str to Base
        What was read of the rows that have a step, by id, where it is known.
    parent_id : str or None
        Parent of new rows that name none.
    unit_edit : {"relabel", "convert"} or None
        What an edited unit over an unedited number means.
    """

    kind: RecordKind
    edited: pl.DataFrame = field(repr=False)
    base_rows: int
    base_filled: Mapping[str, int] = field(default_factory=dict)
    backend: Backend = "polars"
    numbers: Sequence[int] = field(default=(), repr=False)
    bases: Mapping[str, Base] = field(default_factory=dict, repr=False)
    parent_id: str | None = None
    unit_edit: UnitEdit | None = None

    def number(self, row: int) -> int:
        """Return what a row is called."""
        return self.numbers[row] if self.numbers else row
