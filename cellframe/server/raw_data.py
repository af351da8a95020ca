"""What can be done with raw data, the files that a cycler wrote, apart from uploading them?

Each is a record of its project; tests that were made from it are attached (`attaching`), and none
of them is needed: raw data stays when its tests go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from cellframe.contract.records import RAW_DATA
from cellframe.contract.routes import MAX_PAGE
from cellframe.contract.wire import Reply
from cellframe.server import calls, filters, lists
from cellframe.server.bodies import RAW
from cellframe.server.files import references, storage
from cellframe.server.files.integrity import lying
from cellframe.server.tables import attachments, raw_data, uploads

if TYPE_CHECKING:
    from cellframe.server.calls import Call
    from cellframe.server.database import Work

PAGE = 100
"""Records where a list names no limit."""


def find_all(call: Call) -> Reply:
    """List the raw data of a project, or all of it."""
    query = call.query()
    where = filters.common(query, raw_data)
    project = query.one("project_id")
    if project is not None:
        where.append(raw_data.c.project_id == project)
    return lists.page(call, RAW, where, query, default_limit=PAGE)


def read(call: Call) -> Reply:
    """Read a raw data record, without its file."""
    return calls.read(call, RAW)


def change(call: Call) -> Reply:
    """Change the fields that were sent, each whole; never the file."""
    fields = call.fields(RAW_DATA, partial=True)
    if fields.get("source") == "":
        # Public clients send no null, and an empty text where they mean one.
        fields["source"] = None

    def store(work: Work) -> Reply:
        row = calls.held(call, work, RAW)
        values = calls.differing(RAW_DATA, row, calls.columns(RAW_DATA, fields))
        return calls.told(work, RAW, calls.change(work, RAW, row, values))

    return call.write(store)


def remove(call: Call) -> Reply:
    """Delete raw data with its file; the tests that were made from it stay."""

    def store(work: Work) -> Reply:
        raw_id = calls.held(call, work, RAW)["id"]
        references.release_raw(work, raw_id)
        work.connection.execute(delete(raw_data).where(raw_data.c.id == raw_id))
        work.connection.execute(delete(uploads).where(uploads.c.measurement_id == raw_id))
        work.count()
        return Reply(204)

    return call.write(store)


def download_url(call: Call) -> Reply:
    """Give the address of the file, valid for an hour."""
    (raw_id,) = call.ids
    with call.database.read() as connection:
        calls.require(connection, RAW, raw_id)
        (file,) = references.of(connection, raw_id, references.RAW)
    lying(call, raw_id, file)
    return calls.reply(200, {"url": storage.address(call, raw_id, file)})


def find_tests(call: Call) -> Reply:
    """List the ids of the tests that raw data is attached to."""
    (raw_id,) = call.ids
    query = call.query()
    limit = query.whole("limit", PAGE, 1, MAX_PAGE)
    offset = query.whole("offset", 0, 0, filters.LARGEST_OFFSET)
    as_of = lists.as_of(query)
    query.check()
    mine = attachments.c.raw_data_id == raw_id
    ids = select(attachments.c.measurement_id).where(mine).order_by(attachments.c.measurement_id)
    with call.database.snapshots.view(as_of) as view:
        calls.require(view.connection, RAW, raw_id)
        items = list(view.connection.execute(ids.limit(limit).offset(offset)).scalars())
        count = select(func.count()).select_from(attachments).where(mine)
        total = view.connection.execute(count).scalar_one()
        view.wanted = offset + len(items) < total
    body = {"items": items, "count": len(items), "total": total, "as_of": view.number}
    return calls.reply(200, body)
