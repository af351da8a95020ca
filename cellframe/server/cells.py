"""What can be done with a cell instance?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from cellframe.contract.records import CELL_INSTANCE
from cellframe.contract.wire import Reply
from cellframe.server import calls, filters, lists
from cellframe.server.bodies import CELLS, SPECS
from cellframe.server.files import references
from cellframe.server.lots import find_named, find_or_make
from cellframe.server.refusals import printable, refuse, taken
from cellframe.server.tables import cells, lots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.server.calls import Call
    from cellframe.server.database import Work


def find_all(call: Call) -> Reply:
    """List the cells of the whole lab."""
    query = call.query()
    return lists.page(call, CELLS, filters.of_cells(query), query)


def find_of_spec(call: Call) -> Reply:
    """List the cells of one spec."""
    query = call.query()
    where = [*filters.of_cells(query), cells.c.cell_specification_id == call.ids[0]]
    return lists.page(call, CELLS, where, query, parent=SPECS)


def create(call: Call) -> Reply:
    """Create a cell of a spec."""
    fields = call.fields(CELL_INSTANCE, partial=False)
    (spec_id,) = call.ids

    def store(work: Work) -> Reply:
        calls.require(work.connection, SPECS, spec_id)
        _refuse_taken(work, spec_id, fields["name"])
        values = _columns(work, spec_id, fields)
        cell_id = work.insert(cells, {**values, "cell_specification_id": spec_id})
        return calls.record_reply(201, calls.get(work.connection, CELLS, cell_id))

    return call.write(store)


def read(call: Call) -> Reply:
    """Read a cell."""
    return calls.read(call, CELLS)


def change(call: Call) -> Reply:
    """Change the fields that were sent, each whole."""
    fields = call.fields(CELL_INSTANCE, partial=True)

    def store(work: Work) -> Reply:
        row = calls.held(call, work, CELLS)
        spec_id = row["cell_specification_id"]
        if fields.get("name", row["name"]) != row["name"]:
            _refuse_taken(work, spec_id, fields["name"])
        values = calls.differing(CELL_INSTANCE, row, _columns(work, spec_id, fields))
        return calls.told(work, CELLS, calls.change(work, CELLS, row, values))

    return call.write(store)


def remove(call: Call) -> Reply:
    """Delete a cell with its tests."""

    def store(work: Work) -> Reply:
        mine = cells.c.id == calls.held(call, work, CELLS)["id"]
        references.release(work, mine)
        work.connection.execute(delete(cells).where(mine))
        work.count()
        return Reply(204)

    return call.write(store)


def _columns(work: Work, spec_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    values = calls.columns(CELL_INSTANCE, fields)
    if "batch" in values or "batch_id" in values:
        values["batch_id"] = _lot(work, spec_id, values)
    values.pop("batch", None)
    return values


def _lot(work: Work, spec_id: str, values: Mapping[str, Any]) -> str | None:
    """Tell which lot is meant, by name as older clients say it, by id, or by both."""
    name, lot_id = values.get("batch"), values.get("batch_id")
    if lot_id is not None and not _is_lot(work, spec_id, lot_id):
        message = "batch_id: no batch of this cell specification has this id."
        raise refuse(400, message, {"field": "batch_id"})
    if "batch_id" not in values:
        return None if name is None else find_or_make(work, spec_id, name)
    named = None if name is None else find_named(work, spec_id, name)
    if "batch" in values and (named != lot_id or (name is None) != (lot_id is None)):
        message = "batch and batch_id name different lots; send one of them."
        raise refuse(400, message, {"field": "batch"})
    return lot_id


def _is_lot(work: Work, spec_id: str, lot_id: str) -> bool:
    same = (lots.c.cell_specification_id == spec_id) & (lots.c.id == lot_id)
    return work.connection.execute(select(lots.c.id).where(same)).first() is not None


def _refuse_taken(work: Work, spec_id: str, name: str) -> None:
    same = (cells.c.cell_specification_id == spec_id) & (cells.c.name == name)
    existing = work.connection.execute(select(cells.c.id).where(same)).scalar()
    if existing is not None:
        message = f"A cell instance named '{printable(name)}' already exists in this specification."
        raise taken(message, existing)
