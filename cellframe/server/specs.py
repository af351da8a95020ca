"""What can be done with a cell specification?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, select

from cellframe.contract.records import CELL_SPEC
from cellframe.contract.wire import Reply
from cellframe.server import calls, filters, lists
from cellframe.server.bodies import SPECS
from cellframe.server.files import references
from cellframe.server.parts import link_parts, touch_users
from cellframe.server.projects import find_or_make
from cellframe.server.refusals import printable, taken
from cellframe.server.tables import cells, specs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.server.calls import Call
    from cellframe.server.database import Work


def find_all(call: Call) -> Reply:
    """List specs; ``full=true`` nests their parts."""
    query = call.query()
    return lists.page(call, SPECS, filters.of_specs(query), query)


def create(call: Call) -> Reply:
    """Create a spec with its parts."""
    fields = call.fields(CELL_SPEC, partial=False)

    def store(work: Work) -> Reply:
        project = find_or_make(work, fields.get("project_id"))
        _refuse_taken(work, project, fields["name"])
        parts, changed = link_parts(work, project, fields)
        values = {**calls.columns(CELL_SPEC, fields), **parts, "project_id": project}
        values["ratings"] = values.get("ratings") or "{}"
        spec_id = work.insert(specs, values)
        touch_users(work, changed, but=spec_id)
        return calls.record_reply(201, calls.get(work.connection, SPECS, spec_id))

    return call.write(store)


def read(call: Call) -> Reply:
    """Read a spec with its parts."""
    return calls.read(call, SPECS)


def change(call: Call) -> Reply:
    """Change the fields that were sent; ratings key by key, everything else whole."""
    fields = call.fields(CELL_SPEC, partial=True)

    def store(work: Work) -> Reply:
        row = calls.held(call, work, SPECS)
        if fields.get("name", row["name"]) != row["name"]:
            _refuse_taken(work, row["project_id"], fields["name"])
        parts, changed = link_parts(work, row["project_id"], fields)
        values = {**calls.columns(CELL_SPEC, fields), **parts}
        if "ratings" in values:
            values["ratings"] = _merged(row["ratings"], fields["ratings"])
        values = calls.differing(CELL_SPEC, row, values)
        if values or changed:
            work.change(specs, row, values)
        touch_users(work, changed, but=row["id"])
        return calls.record_reply(200, calls.get(work.connection, SPECS, row["id"]))

    return call.write(store)


def remove(call: Call) -> Reply:
    """Delete a spec with its cells, their tests, and its lots."""

    def store(work: Work) -> Reply:
        spec_id = calls.held(call, work, SPECS)["id"]
        references.release(work, cells.c.cell_specification_id == spec_id)
        work.connection.execute(delete(specs).where(specs.c.id == spec_id))
        work.count()
        return Reply(204)

    return call.write(store)


def _merged(stored: str, sent: Mapping[str, Any] | None) -> str:
    """Lay the sent ratings over the stored ones; null takes a key away."""
    if sent is None:
        return "{}"
    merged = {**orjson.loads(stored), **sent}
    return orjson.dumps({key: value for key, value in merged.items() if value is not None}).decode()


def _refuse_taken(work: Work, project: str, name: str) -> None:
    same = (specs.c.project_id == project) & (specs.c.name == name)
    existing = work.connection.execute(select(specs.c.id).where(same)).scalar()
    if existing is not None:
        message = f"A cell specification named '{printable(name)}' already exists in this project."
        raise taken(message, existing)
