"""What does the service say of raw data and of watching, neither of which it keeps?

The files that a test was made from are kept as tests of type ``file``, so no test has raw data
records. Watching tells a caller when a test has ended, which nobody is told here: it is granted,
as the contract has it, and nothing comes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from cellframe.contract.routes import MAX_PAGE
from cellframe.contract.wire import Reply
from cellframe.server import calls, lists
from cellframe.server.bodies import TESTS
from cellframe.server.fields import NameText  # noqa: TC001 - pydantic reads it
from cellframe.server.plain import PLAIN, Nothing, check_model
from cellframe.server.refusals import missing, printable, refuse

if TYPE_CHECKING:
    from cellframe.server.calls import Call
    from cellframe.server.database import Work

_PAGE = 100
_NONE: dict[str, object] = {"items": [], "count": 0, "total": 0}


class RawData(BaseModel):
    """Raw data records to attach to a test."""

    model_config = PLAIN

    raw_data_ids: list[NameText]


def find_raw_data(call: Call) -> Reply:
    """List the raw data of a test: none."""
    query = call.query()
    query.whole("limit", _PAGE, 1, MAX_PAGE)
    query.whole("offset", 0, 0, 10**18 - 1)
    as_of = lists.as_of(query)
    query.check()
    with call.database.snapshots.view(as_of) as view:
        calls.require(view.connection, TESTS, call.ids[0])
    return calls.reply(200, {**_NONE, "as_of": view.number})


def attach_raw_data(call: Call) -> Reply:
    """Refuse raw data records, none of which there is; to attach none is nothing."""
    asked = check_model(RawData, call.body(), "list of raw data")

    def store(work: Work) -> Reply:
        calls.require(work.connection, TESTS, call.ids[0])
        if asked.raw_data_ids:
            first = printable(asked.raw_data_ids[0])
            message = f"Raw data not found: {first!r}. Upload the file as a test of type 'file'."
            raise refuse(404, message, {"raw_data_ids": asked.raw_data_ids})
        return calls.reply(200, _NONE)

    return call.write(store)


def detach_raw_data(call: Call) -> Reply:
    """Refuse to detach what is not attached."""
    with call.database.read() as connection:
        calls.require(connection, TESTS, call.ids[0])
    raise missing("raw data")


def watch(call: Call) -> Reply:
    """Grant that a test is watched."""
    check_model(Nothing, call.body(), "watch")
    return unwatch(call)


def unwatch(call: Call) -> Reply:
    """Grant that a test is not watched."""

    def store(work: Work) -> Reply:
        calls.require(work.connection, TESTS, call.ids[0])
        return Reply(204)

    return call.write(store)
