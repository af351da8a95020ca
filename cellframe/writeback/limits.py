"""How much one apply may change before it asks for the count that is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Tally(NamedTuple):
    """What would change in one frame, and what that is a part of.

    Attributes
    ----------
    updates, rows : int
        Rows that would be updated, and those that were read.
    clears, filled : mapping of str to int
        Values by column: those that would be cleared, and those that were read.
    """

    updates: int
    rows: int
    clears: Mapping[str, int]
    filled: Mapping[str, int]


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
    deletes : int
        Records which may be deleted.
    """

    update_share: float = 0.3
    min_rows: int = 10
    clear_share: float = 0.1
    deletes: int = 0

    def on_updates(self, tallies: Sequence[Tally], most: int | None) -> list[str]:
        """Say why so many updates are not sent; nothing where they are.

        Parameters
        ----------
        most : int or None
            The count that the caller says is meant, of all frames.
        """
        total = sum(one.updates for one in tallies)
        if most is not None:
            said = f"{total} rows would be updated, more than the {most} that are meant"
            return [said] if total > most else []
        return [said for one in tallies for said in self._on_share(one.updates, one.rows)]

    def _on_share(self, updates: int, rows: int) -> list[str]:
        share = updates / max(rows, 1)
        if updates < self.min_rows or share <= self.update_share:
            return []
        said = (
            f"{updates} of the {rows} rows you read would be updated "
            f"({share:.0%}, more than {self.update_share:.0%})"
        )
        return [said]

    def on_clears(self, tallies: Sequence[Tally], most: int | None) -> list[str]:
        """Say why so many cleared values are not sent; nothing where they are.

        Parameters
        ----------
        most : int or None
            The count that the caller says is meant, of all columns of all frames.
        """
        total = sum(sum(one.clears.values()) for one in tallies)
        if most is not None:
            said = f"{total} values would be cleared, more than the {most} that are meant"
            return [said] if total > most else []
        return [
            f"{count} of the {one.filled.get(label, count)} filled values of {label!r} would be cleared"
            for one in tallies
            for label, count in one.clears.items()
            if count >= self.min_rows and count > self.clear_share * one.filled.get(label, count)
        ]

    def on_deletes(self, deletes: int, most: int | None) -> list[str]:
        """Say why so many deletes are not sent; nothing where they are.

        Parameters
        ----------
        most : int or None
            The count that is said to be meant.
        """
        allowed = self.deletes if most is None else most
        if deletes <= allowed:
            return []
        records = "1 record" if deletes == 1 else f"{deletes} records"
        than = f", more than the {allowed} that are meant" if allowed else ""
        return [f"{records} would be deleted{than}"]
