"""What can be done with a manufacturing lot?

A lot is a record of its own (``cell_batch``); older clients write its name into a cell's
``batch`` and know nothing else of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from cellframe.contract.records import CELL_BATCH
from cellframe.contract.wire import Reply
from cellframe.server import calls, filters, lists
from cellframe.server.bodies import LOTS, SPECS
from cellframe.server.names import folded
from cellframe.server.refusals import printable, taken
from cellframe.server.tables import cells, lots

if TYPE_CHECKING:
    from cellframe.server.calls import Call
    from cellframe.server.database import Work


def find_all(call: Call) -> Reply:
    """List the lots of a spec."""
    query = call.query()
    where = [*filters.common(query, lots), lots.c.cell_specification_id == call.ids[0]]
    return lists.page(call, LOTS, where, query, parent=SPECS)


def create(call: Call) -> Reply:
    """Create a lot of a spec."""
    fields = call.fields(CELL_BATCH, partial=False)
    (spec_id,) = call.ids

    def store(work: Work) -> Reply:
        calls.require(work.connection, SPECS, spec_id)
        _refuse_taken(work, spec_id, fields["name"])
        values = calls.columns(CELL_BATCH, fields)
        lot_id = work.insert(lots, {**values, "cell_specification_id": spec_id})
        return calls.record_reply(201, calls.get(work.connection, LOTS, lot_id))

    return call.write(store)


def read(call: Call) -> Reply:
    """Read a lot."""
    return calls.read(call, LOTS)


def change(call: Call) -> Reply:
    """Change a lot; a new name shows on every cell in it."""
    fields = call.fields(CELL_BATCH, partial=True)

    def store(work: Work) -> Reply:
        row = calls.held(call, work, LOTS)
        if "name" in fields and folded(fields["name"]) != row["folded_name"]:
            _refuse_taken(work, row["cell_specification_id"], fields["name"])
        values = calls.differing(CELL_BATCH, row, calls.columns(CELL_BATCH, fields))
        now = calls.change(work, LOTS, row, values)
        if "name" in values:
            # The name is a field of the cells too, so their version rises with it.
            work.touch(cells, cells.c.batch_id == row["id"])
        return calls.told(work, LOTS, now)

    return call.write(store)


def remove(call: Call) -> Reply:
    """Delete a lot; its cells stay and belong to none."""

    def store(work: Work) -> Reply:
        lot_id = calls.held(call, work, LOTS)["id"]
        work.touch(cells, cells.c.batch_id == lot_id, {"batch_id": None})
        work.connection.execute(delete(lots).where(lots.c.id == lot_id))
        work.count()
        return Reply(204)

    return call.write(store)


def find_or_make(work: Work, spec_id: str, name: str) -> str:
    """Find the lot of a spec that has this name in any case, or make it."""
    found = find_named(work, spec_id, name)
    if found is not None:
        return found
    values = {"cell_specification_id": spec_id, "name": name, "folded_name": folded(name)}
    return work.insert(lots, values)


def find_named(work: Work, spec_id: str, name: str) -> str | None:
    """Find the lot of a spec that has this name in any case."""
    same = (lots.c.cell_specification_id == spec_id) & (lots.c.folded_name == folded(name))
    return work.connection.execute(select(lots.c.id).where(same)).scalar()


def _refuse_taken(work: Work, spec_id: str, name: str) -> None:
    existing = find_named(work, spec_id, name)
    if existing is not None:
        message = f"A cell batch named '{printable(name)}' already exists in this specification."
        raise taken(message, existing)
