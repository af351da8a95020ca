"""Which tests does the user of this service watch?

A watch is a mark on a test that runs, and nobody is told anything: it is kept, and read back by
project. It ends with its test. The service knows one user, whose marks they all are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from cellframe.contract.wire import Reply
from cellframe.server import calls
from cellframe.server.bodies import PROJECTS, TESTS
from cellframe.server.plain import Nothing, check_model
from cellframe.server.tables import cells, specs, tests, watches

if TYPE_CHECKING:
    from sqlalchemy import Delete, Insert

    from cellframe.server.calls import Call
    from cellframe.server.database import Work


def watch(call: Call) -> Reply:
    """Mark a test as watched."""
    check_model(Nothing, call.body(), "watch")
    marked = insert(watches).values(measurement_id=call.ids[0]).on_conflict_do_nothing()
    return _carried_out(call, marked)


def unwatch(call: Call) -> Reply:
    """Take the mark off a test."""
    return _carried_out(call, delete(watches).where(watches.c.measurement_id == call.ids[0]))


def find_of_project(call: Call) -> Reply:
    """List the ids of the running tests of a project that are watched."""
    (project_id,) = call.ids
    mine = (
        select(watches.c.measurement_id)
        .join(tests, tests.c.id == watches.c.measurement_id)
        .join(cells, cells.c.id == tests.c.cell_instance_id)
        .join(specs, specs.c.id == cells.c.cell_specification_id)
        .where(specs.c.project_id == project_id, tests.c.end_time.is_(None))
        .order_by(tests.c.created_at, tests.c.id)
    )
    with call.database.read() as connection:
        calls.require(connection, PROJECTS, project_id)
        found = list(connection.execute(mine).scalars())
    return calls.reply(200, {"measurement_ids": found})


def _carried_out(call: Call, statement: Insert | Delete) -> Reply:
    def store(work: Work) -> Reply:
        calls.require(work.connection, TESTS, call.ids[0])
        work.connection.execute(statement)
        return Reply(204)

    return call.write(store)
