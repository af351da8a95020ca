"""What can be done with a test of a cell (``cell_measurement``), apart from its files?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, select

from cellframe.contract.records import CELL_MEASUREMENT, PROPERTIES, READY, TIME_SERIES
from cellframe.contract.routes import MAX_PAGE
from cellframe.contract.wire import Reply
from cellframe.server import calls, filters, lists, tags
from cellframe.server.bodies import CELLS, PROJECTS, TESTS
from cellframe.server.files import references
from cellframe.server.names import folded
from cellframe.server.refusals import Fault, invalid, printable, refuse, taken
from cellframe.server.tables import tests, uploads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from cellframe.server.calls import Call
    from cellframe.server.database import Work

_PAGE_OF_PROJECT = 25
_LINKS = ("channel_id", "protocol_id")
"""Records that this service does not keep."""


def find_of_cell(call: Call) -> Reply:
    """List the tests of one cell."""
    query = call.query()
    where = [*filters.of_tests(query), tests.c.cell_instance_id == call.ids[0]]
    return lists.page(call, TESTS, where, query, parent=CELLS)


def find_of_project(call: Call) -> Reply:
    """List the tests of one project."""
    query = call.query()
    where = filters.of_lab(query, call.ids[0])
    return lists.page(call, TESTS, where, query, parent=PROJECTS, default_limit=_PAGE_OF_PROJECT)


def find_all(call: Call) -> Reply:
    """List the tests of a project, a spec, or the whole lab."""
    query = call.query()
    limit = MAX_PAGE if query.one("project_id") is None else _PAGE_OF_PROJECT
    return lists.page(call, TESTS, filters.of_lab(query), query, default_limit=limit)


def create_properties(call: Call) -> Reply:
    """Create a test that holds properties alone."""
    fields = call.fields(CELL_MEASUREMENT, partial=False)
    if fields.get("properties") is None:
        raise invalid([Fault((PROPERTIES,), "Field required", "missing")])
    if fields.get("measurement_type", PROPERTIES) != PROPERTIES:
        message = "Only 'properties' is created without files"
        raise invalid([Fault(("measurement_type",), message)])
    (cell_id,) = call.ids

    def store(work: Work) -> Reply:
        calls.require(work.connection, CELLS, cell_id)
        test_id = insert(work, cell_id, {**fields, "measurement_type": PROPERTIES})
        return calls.record_reply(201, calls.get(work.connection, TESTS, test_id))

    return call.write(store)


def read(call: Call) -> Reply:
    """Read a test, without its data."""
    return calls.read(call, TESTS)


def change(call: Call) -> Reply:
    """Change the fields that were sent, each whole; no data."""
    fields = call.fields(CELL_MEASUREMENT, partial=True)

    def store(work: Work) -> Reply:
        row = calls.held(call, work, TESTS)
        return calls.told(work, TESTS, _change(work, row, fields))

    return call.write(store)


def remove(call: Call) -> Reply:
    """Delete a test with its files."""

    def store(work: Work) -> Reply:
        test_id = calls.held(call, work, TESTS)["id"]
        references.release(work, tests.c.id == test_id)
        work.connection.execute(delete(tests).where(tests.c.id == test_id))
        work.connection.execute(delete(uploads).where(uploads.c.measurement_id == test_id))
        work.count()
        return Reply(204)

    return call.write(store)


def insert(
    work: Work, cell_id: str, fields: Mapping[str, Any], more: Mapping[str, Any] | None = None
) -> str:
    """Store a new test and return its id.

    Parameters
    ----------
    fields : mapping
        As checked against the contract's table.
    more : mapping, optional
        Columns that the service sets, the id among them.

    Raises
    ------
    Refusal
        The name is taken (409), or a field does not fit this test (400, 422).
    """
    refuse_taken(work.connection, cell_id, fields["name"])
    blank: dict[str, Any] = {
        "cell_instance_id": cell_id,
        "processing_status": READY,
        "tags": "[]",
        **(more or {}),
    }
    given = {name: value for name, value in fields.items() if value is not None}
    columns: dict[str, Any] = {
        "measurement_type": TIME_SERIES,
        "step_labels_validated": False,
        **blank,
    }
    columns |= _columns(work, {**columns, **given, "id": ""}, {"tags": [], **given})
    test_id = work.insert(tests, columns)
    tags.store(work, test_id, orjson.loads(columns["tags"]))
    return test_id


def retag(work: Work, row: Mapping[str, Any], wanted: Sequence[str]) -> bool:
    """Give a test other tags, and tell whether they differ; 400 where one cannot be."""
    return _change(work, row, {"tags": wanted}) is not row


def _change(work: Work, row: Mapping[str, Any], fields: Mapping[str, Any]) -> Mapping[str, Any]:
    values = calls.differing(CELL_MEASUREMENT, row, _columns(work, row, fields))
    if "name" in values:
        refuse_taken(work.connection, row["cell_instance_id"], fields["name"])
    now = calls.change(work, TESTS, row, values)
    if "tags" in values:
        tags.store(work, row["id"], orjson.loads(values["tags"]))
    return now


def refuse_taken(connection: Connection, cell_id: str, name: str) -> None:
    """Refuse a name that another test of the cell has."""
    same = (tests.c.cell_instance_id == cell_id) & (tests.c.name == name)
    existing = connection.execute(select(tests.c.id).where(same)).scalar()
    if existing is not None:
        message = f"A cell measurement named '{printable(name)}' already exists on this cell."
        raise taken(message, existing)


def check_fields(fields: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Refuse fields that no test may have, or not this one.

    Parameters
    ----------
    fields : mapping
        As sent.
    row : mapping
        The test's columns before; its type among them.
    """
    linked = [name for name in _LINKS if fields.get(name) is not None]
    if linked:
        message = f"{linked[0]}: this service keeps no channels and protocols; leave it out."
        raise refuse(400, message, {"field": linked[0]})
    faults: list[Fault] = []
    if fields.get("properties") is not None and row["measurement_type"] != PROPERTIES:
        message = f"Only a test of type 'properties' has them, this is a {row['measurement_type']}"
        faults.append(Fault(("properties",), message))
    start, end = ({**row, **fields}.get(name) for name in ("start_time", "end_time"))
    if start is not None and end is not None and end < start:
        faults.append(Fault(("end_time",), "The end is before the start_time"))
    if faults:
        raise invalid(faults)


def _columns(work: Work, row: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Turn fields into the columns of a test whose row is, or will be, this one."""
    check_fields(fields, row)
    values = calls.columns(CELL_MEASUREMENT, fields)
    for name in _LINKS:
        values.pop(name, None)
    if "tags" in fields:
        given = fields["tags"] or []
        spelled = tags.normalised(work, row["cell_instance_id"], given, but=row["id"])
        values["tags"] = orjson.dumps(spelled).decode()
    if values:
        values["folded_text"] = _searched({**row, **values})
    return values


def _searched(row: Mapping[str, Any]) -> str:
    """Write what a free search looks through, one text per line."""
    protocol = orjson.loads(row.get("protocol") or "{}")
    texts = [row["name"], row.get("notes"), protocol.get("name"), *orjson.loads(row["tags"])]
    return "\n".join(folded(text) for text in texts if text)
