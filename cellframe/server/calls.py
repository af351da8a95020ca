"""What do the calls on every kind of record share?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from cellframe.contract.records import RecordKind, Type
from cellframe.contract.wire import Reply
from cellframe.server import conditions, filters
from cellframe.server.bodies import KEPT_AS_JSON, NESTED, fields_of, nest_parts
from cellframe.server.fields import check_fields
from cellframe.server.names import folded
from cellframe.server.refusals import missing
from cellframe.server.strict import read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from cellframe.contract.wire import JsonValue, Request
    from cellframe.server.bodies import Body, Shape
    from cellframe.server.database import Database, Work
    from cellframe.server.files.blobs import Blobs
    from cellframe.server.once import Once


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way through the service.

    Attributes
    ----------
    request : Request
        As it came.
    ids : tuple of str
        The ids in its path, decoded.
    database : Database
        Where the records are.
    blobs : Blobs
        Where the files of tests are.
    address : str
        Where the caller reaches this service; empty in the same process.
    in_process : bool
        Whether the caller may be handed a file in its place.
    caller : str
        Digest of the credential.
    trial : bool
        Whether nothing of a write is kept.
    once : Once, optional
        The key under which a write is carried out once.
    given : mapping, optional
        The body, where it was read before.
    work : Work, optional
        The change that this call's is a part of.
    envelope : int
        Levels of the body around what one write sends.
    """

    request: Request
    ids: tuple[str, ...]
    database: Database
    blobs: Blobs
    address: str = ""
    in_process: bool = False
    caller: str = ""
    trial: bool = False
    once: Once | None = None
    given: dict[str, JsonValue] | None = None
    work: Work | None = None
    envelope: int = 0

    def query(self) -> filters.Query:
        """Read the query; 422 where it holds what no filter can be."""
        return filters.Query(self.request.query)

    def body(self) -> dict[str, JsonValue]:
        """Read the body as one JSON object; 4xx where it is none."""
        if self.given is not None:
            return self.given
        return read_object(self.request.headers, self.request.body, envelope=self.envelope)

    def fields(self, kind: RecordKind, *, partial: bool) -> dict[str, Any]:
        """Read the body's fields; 4xx where they do not fit the kind."""
        return check_fields(kind, self.body(), partial=partial)

    def write(self, store: Callable[[Work], Reply]) -> Reply:
        """Carry out the change of this call; there is no other way to make one.

        Parameters
        ----------
        store : callable
            Makes the change, and returns the reply that tells of it.

        Returns
        -------
        Reply
            Of `store`; or of an earlier call with the same key.
        """
        with self.work.part() if self.work else self.database.write(trial=self.trial) as work:
            # Asked again, under the lock: of two with one key, one comes second.
            told = self.once.find(work.connection) if self.once else None
            if told is None:
                told = store(work)
                if self.once:
                    self.once.keep(work, told)
        return told

    def holds(self, etag: str) -> bool:
        """Tell whether the caller says that it has this answer already."""
        return conditions.is_unchanged(self.request.headers.get("if-none-match"), etag)


def reply(status: int, body: object, etag: str | None = None) -> Reply:
    """Write an answer as JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Reply(status, {"etag": etag} if etag else {}, content)


def record_reply(status: int, body: Body) -> Reply:
    """Write one record, tagged with its version."""
    return reply(status, body, conditions.tag(body["version"]))


def unchanged(etag: str) -> Reply:
    """Answer that the caller has it already."""
    return Reply(304, {"etag": etag})


def get(connection: Connection, shape: Shape, record_id: str) -> Body:
    """Read one record as it is written, a spec with its parts; 404 where there is none."""
    return _body(connection, shape, row_of(connection, shape, record_id))


def _body(connection: Connection, shape: Shape, row: Mapping[str, Any]) -> Body:
    body = shape.body(row)
    if fields_of(shape.kind, NESTED):
        nest_parts(connection, [body])
    return body


def read(call: Call, shape: Shape) -> Reply:
    """Answer one record, or that it is unchanged."""
    (record_id,) = call.ids
    # How many cells a lot has changes without the lot; it is always sent.
    fixed = not any(row.derived and row.type is Type.INTEGER for row in shape.kind.fields)
    with call.database.read() as connection:
        if fixed and call.request.headers.get("if-none-match") is not None:
            version = shape.version.scalar(connection, {"id": record_id})
            if version is not None and call.holds(conditions.tag(version)):
                return unchanged(conditions.tag(version))
        return record_reply(200, get(connection, shape, record_id))


def require(connection: Connection, shape: Shape, record_id: str) -> None:
    """Refuse, 404, what lies below a record that there is not."""
    known = select(shape.table.c.id).where(shape.table.c.id == record_id)
    if connection.execute(known).first() is None:
        raise missing(shape.kind.name.replace("_", " "))


def columns(kind: RecordKind, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the fields of a body into columns; parts and links are left to their callers."""
    json_columns, parts = fields_of(kind, KEPT_AS_JSON), fields_of(kind, NESTED)
    found = {
        name: as_json(value) if name in json_columns else value
        for name, value in fields.items()
        if name not in parts
    }
    if "name" in fields:
        found["folded_name"] = folded(fields["name"])
    return found


def row_of(connection: Connection, shape: Shape, record_id: str) -> Mapping[str, Any]:
    """Read one record as it is stored; 404 where there is none."""
    row = shape.row.first(connection, {"id": record_id})
    if row is None:
        raise missing(shape.kind.name.replace("_", " "))
    return dict(zip(shape.row.names, row, strict=True))


def held(call: Call, work: Work, shape: Shape) -> Mapping[str, Any]:
    """Read the record that a write is about, as it is stored.

    Raises
    ------
    Refusal
        404 where there is none, 412 where ``If-Match`` names another version of it.
    """
    (record_id,) = call.ids
    row = row_of(work.connection, shape, record_id)
    conditions.check_match(
        call.request.headers.get("if-match"),
        row["version"],
        lambda: _body(work.connection, shape, row),
    )
    return row


def change(
    work: Work, shape: Shape, row: Mapping[str, Any], values: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Store what differs from a record's row, and return the row as it is then."""
    if not values:
        return row
    now = work.change(shape.table, row, values)
    if shape.leading.isdisjoint(values):
        return now
    return row_of(work.connection, shape, row["id"])


def told(work: Work, shape: Shape, row: Mapping[str, Any]) -> Reply:
    """Tell of a record that was changed, without reading it once more."""
    return record_reply(200, _body(work.connection, shape, row))


def differing(
    kind: RecordKind, row: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep the columns whose value is another than the row's.

    JSON is compared by content: the order of keys is none, but 5 and 5.0 are two spellings.
    """
    json_columns = fields_of(kind, KEPT_AS_JSON)
    return {
        name: value
        for name, value in values.items()
        if (
            canonical(value) != canonical(row[name]) if name in json_columns else value != row[name]
        )
    }


def as_json(value: object) -> str | None:
    """Write a value as it is stored; null is no value."""
    return None if value is None else orjson.dumps(value).decode()


def canonical(text: str | None) -> bytes | None:
    """Write stored JSON so that equal content is equal bytes."""
    return None if text is None else orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS)
