"""Many records at once: each call is a plan, and an apply where it says so."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from cellframe.resources.base import Resource
from cellframe.resources.records import R

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cellframe.frames.backend import AnyFrame
    from cellframe.resources.records import Record
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt


class Bulk(Resource[R]):
    """Calls on many records of one kind."""

    @abstractmethod
    def plan(self, edited: AnyFrame) -> Plan:
        """Compare an edited frame with what was read and with the service."""

    def plan_delete(
        self, which: str | Record | Iterable[str | Record] | AnyFrame, *, expect: int
    ) -> Plan:
        """Plan to delete records. Nothing is sent but reads.

        Parameters
        ----------
        which : id, record, several of them, or a frame
            Of a frame of `to_frame`, every row: narrow it first. A record that was changed since
            its frame was read is in conflict; one that is named by its id is read now.
        expect : int
            How many are meant.

        Returns
        -------
        Plan
            Tells what lies below each record and goes with it. Send it with
            ``client.apply(plan)``.

        Raises
        ------
        PlanError
            These are not so many records, or none.
        """
        from cellframe.resources.selecting import selected

        frame = selected(self._connection, self.kind, which, expect)
        return self.plan(frame).meant(expect)

    def delete_many(
        self,
        which: str | Record | Iterable[str | Record] | AnyFrame,
        *,
        expect: int,
        note: str | None = None,
    ) -> Receipt:
        """Delete records: `plan_delete`, and apply.

        Parameters
        ----------
        which, expect
            As of `plan_delete`.
        note : str, optional
            Why; kept in history.

        Returns
        -------
        Receipt
            What became of each, also where nothing was sent.
        """
        return self._connection.apply(self.plan_delete(which, expect=expect), note=note)
