"""A plan that nobody sent yet can be decided again: by the service that it was made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellframe.resources.connection import Connection
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.saved import Saved


@dataclass(frozen=True, slots=True)
class Again:
    """Decides a plan again; stays behind where the plan is pickled, as the credential does.

    Attributes
    ----------
    connection : Connection
        To the service.
    """

    connection: Connection

    def __call__(self, saved: Saved) -> Plan:
        """Return the plan as it is now; reads only."""
        from cellframe.resources.returned import replan

        return replan(self.connection, saved)

    def __deepcopy__(self, memo: object) -> Again:
        return self

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()
