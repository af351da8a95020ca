"""How much one apply may change before it asks for the count that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one apply may change before it asks for the count that is meant.

    Attributes
    ----------
    update_share : float
        Part of the rows that were read which may be updated.
    min_rows : int
        Below this many rows, or cleared cells of one column, no share counts.
    clear_share : float
        Part of a column's filled cells which may be cleared.
    """

    update_share: float = 0.3
    min_rows: int = 10
    clear_share: float = 0.1

    def on_updates(self, updates: int, rows: int, most: int | None) -> list[str]:
        """Say why so many updates of so many rows are not sent; nothing where they are."""
        if most is not None:
            said = f"{updates} rows would be updated, more than the {most} that are meant"
            return [said] if updates > most else []
        share = updates / max(rows, 1)
        if updates < self.min_rows or share <= self.update_share:
            return []
        said = (
            f"{updates} of the {rows} rows you read would be updated "
            f"({share:.0%}, more than {self.update_share:.0%})"
        )
        return [said]

    def on_clears(
        self, clears: Mapping[str, int], filled: Mapping[str, int], most: int | None
    ) -> list[str]:
        """Say why so many cleared values are not sent; nothing where they are.

        Parameters
        ----------
        clears, filled : mapping of str to int
            Values by column: those that would be cleared, and those that were read.
        most : int or None
            The count that the caller says is meant, of all columns.
        """
        total = sum(clears.values())
        if most is not None:
            said = f"{total} values would be cleared, more than the {most} that are meant"
            return [said] if total > most else []
        return [
            f"{count} of the {filled.get(label, count)} filled values of {label!r} would be cleared"
            for label, count in clears.items()
            if count >= self.min_rows and count > self.clear_share * filled.get(label, count)
        ]
