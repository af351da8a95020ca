"""What can be done with a project?

Every spec belongs to one: the one it names, or the built-in one. Materials and parts are shared
within a project, and names of specs are unique within it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import delete, func, select

from cellframe.contract.records import PROJECT
from cellframe.contract.wire import Reply
from cellframe.server import calls, filters, lists
from cellframe.server.bodies import PROJECTS, SPECS
from cellframe.server.names import folded
from cellframe.server.refusals import printable, refuse, taken
from cellframe.server.tables import components, materials, projects, raw_data, specs

if TYPE_CHECKING:
    from cellframe.server.calls import Call
    from cellframe.server.database import Work


def find_all(call: Call) -> Reply:
    """List projects."""
    query = call.query()
    return lists.page(call, PROJECTS, filters.common(query, projects), query)


def create(call: Call) -> Reply:
    """Create a project."""
    fields = call.fields(PROJECT, partial=False)

    def store(work: Work) -> Reply:
        _refuse_taken(work, fields["name"])
        project_id = work.insert(projects, calls.columns(PROJECT, fields))
        return calls.record_reply(201, calls.get(work.connection, PROJECTS, project_id))

    return call.write(store)


def read(call: Call) -> Reply:
    """Read a project."""
    return calls.read(call, PROJECTS)


def change(call: Call) -> Reply:
    """Change the fields that were sent."""
    fields = call.fields(PROJECT, partial=True)

    def store(work: Work) -> Reply:
        row = calls.held(call, work, PROJECTS)
        if fields.get("name", row["name"]) != row["name"]:
            _refuse_taken(work, fields["name"])
        values = calls.differing(PROJECT, row, calls.columns(PROJECT, fields))
        return calls.told(work, PROJECTS, calls.change(work, PROJECTS, row, values))

    return call.write(store)


def remove(call: Call) -> Reply:
    """Delete a project that holds no specs and no raw data, with its materials."""

    def store(work: Work) -> Reply:
        project_id = calls.held(call, work, PROJECTS)["id"]
        _refuse_needed(work, project_id)
        for table in (components, materials):
            work.connection.execute(delete(table).where(table.c.project_id == project_id))
        work.connection.execute(delete(projects).where(projects.c.id == project_id))
        work.count()
        return Reply(204)

    return call.write(store)


def find_specs(call: Call) -> Reply:
    """List every spec of a project as a plain array, newest first."""
    (project_id,) = call.ids
    mine = SPECS.select.where(specs.c.project_id == project_id)
    with call.database.read() as connection:
        calls.require(connection, PROJECTS, project_id)
        rows = connection.execute(mine.order_by(specs.c.created_at.desc(), specs.c.id.desc()))
        content = orjson.dumps(SPECS.bodies(rows))
    return calls.reply(200, content)


def find_or_make(work: Work, project_id: str | None) -> str:
    """Return the project of a new spec; one that nobody made yet is made, with its id as its name.

    Clients hold the id of a hosted service's project in their settings, and send it to every
    service.

    Raises
    ------
    Refusal
        400 where the text is the name of another project, and so was meant as one.
    """
    if project_id is None:
        return work.identity.project_id
    known = select(projects.c.id).where(projects.c.id == project_id)
    if work.connection.execute(known).first() is not None:
        return project_id
    named = _find_named(work, project_id)
    if named is not None:
        message = f"project_id: no project has this id; the one of this name has the id {named}."
        raise refuse(400, message, {"field": "project_id"})
    values = {"id": project_id, "name": project_id, "folded_name": folded(project_id)}
    return work.insert(projects, values)


def _refuse_needed(work: Work, project_id: str) -> None:
    if project_id == work.identity.project_id:
        message = "This is the project of the specs that name none; it stays."
        raise taken(message, project_id)
    for table, noun in ((specs, "cell specification"), (raw_data, "raw data record")):
        held = select(func.count(), func.min(table.c.id)).where(table.c.project_id == project_id)
        count, example = work.connection.execute(held).one()
        if count:
            those = f"1 {noun}; delete it" if count == 1 else f"{count} {noun}s; delete them"
            message = f"The project holds {those} first."
            raise refuse(409, message, {"existing_id": example, str(table.name): count})


def _find_named(work: Work, name: str) -> str | None:
    return work.connection.execute(select(projects.c.id).where(projects.c.name == name)).scalar()


def _refuse_taken(work: Work, name: str) -> None:
    existing = _find_named(work, name)
    if existing is not None:
        raise taken(f"A project named '{printable(name)}' already exists.", existing)
