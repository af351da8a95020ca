"""Which capacity is a cell rated at?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from cellframe.contract.quantities import positive_in
from cellframe.server.tables import cells, specs

if TYPE_CHECKING:
    from sqlalchemy import Connection


def rated_capacity(connection: Connection, cell_id: str) -> float | None:
    """Read the rated capacity of a cell's spec.

    Returns
    -------
    float or None
        In A.h; None where the spec has none that is a positive number of such a unit.
    """
    of_cell = cells.join(specs, specs.c.id == cells.c.cell_specification_id)
    wanted = select(specs.c.ratings).select_from(of_cell).where(cells.c.id == cell_id)
    capacity: Any = orjson.loads(connection.execute(wanted).scalar() or "{}").get("capacity")
    return positive_in("A.h", capacity)
