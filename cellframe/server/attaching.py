"""Which raw data was a test made from?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field
from sqlalchemy import delete, select
from sqlalchemy.dialects.sqlite import insert

from cellframe.contract.routes import MAX_PAGE
from cellframe.contract.wire import Reply
from cellframe.server import calls, filters, lists
from cellframe.server.bodies import RAW, TESTS
from cellframe.server.fields import NameText  # noqa: TC001 - pydantic reads it
from cellframe.server.plain import PLAIN, check_model
from cellframe.server.raw_data import PAGE
from cellframe.server.refusals import missing, printable, refuse
from cellframe.server.tables import attachments, raw_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.server.calls import Call
    from cellframe.server.database import Work


class Attach(BaseModel):
    """Raw data to attach to a test."""

    model_config = PLAIN

    raw_data_ids: Annotated[list[NameText], Field(max_length=MAX_PAGE)]


def find_all(call: Call) -> Reply:
    """List the raw data that a test was made from."""
    query = call.query()
    mine = select(attachments.c.raw_data_id).where(attachments.c.measurement_id == call.ids[0])
    where = [*filters.common(query, raw_data), raw_data.c.id.in_(mine)]
    return lists.page(call, RAW, where, query, parent=TESTS, default_limit=PAGE)


def attach(call: Call) -> Reply:
    """Attach raw data to a test: all of it, or none; what is attached already stays so."""
    asked = check_model(Attach, call.body(), "list of raw data")
    (test_id,) = call.ids

    def store(work: Work) -> Reply:
        calls.require(work.connection, TESTS, test_id)
        _refuse_unknown(work, asked.raw_data_ids)
        rows = [{"measurement_id": test_id, "raw_data_id": one} for one in asked.raw_data_ids]
        if rows:
            work.connection.execute(insert(attachments).on_conflict_do_nothing(), rows)
            work.count()
        return calls.reply(200, {"raw_data_ids": asked.raw_data_ids})

    return call.write(store)


def detach(call: Call) -> Reply:
    """Take raw data off a test; both stay."""
    test_id, raw_id = call.ids

    def store(work: Work) -> Reply:
        calls.require(work.connection, TESTS, test_id)
        same = (attachments.c.measurement_id == test_id) & (attachments.c.raw_data_id == raw_id)
        if not work.connection.execute(delete(attachments).where(same)).rowcount:
            raise missing("raw data of this test")
        work.count()
        return Reply(204)

    return call.write(store)


def _refuse_unknown(work: Work, ids: Sequence[str]) -> None:
    wanted = select(raw_data.c.id).where(raw_data.c.id.in_(ids))
    known = set(work.connection.execute(wanted).scalars())
    unknown = [id_ for id_ in dict.fromkeys(ids) if id_ not in known]
    if unknown:
        message = (
            f"Raw data not found: {len(unknown)} of {len(ids)}, {printable(unknown[0])!r} first; "
            "nothing was attached."
        )
        raise refuse(404, message, {"raw_data_ids": unknown})
