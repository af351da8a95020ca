"""How is a test that still runs extended? Initiate, put, confirm, as for a new one."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from cellframe.contract.records import READY, TIME_SERIES
from cellframe.server import calls
from cellframe.server.bodies import TESTS
from cellframe.server.files import references, sessions, signing
from cellframe.server.files.integrity import lying
from cellframe.server.files.references import SERIES
from cellframe.server.files.sessions import EXTEND
from cellframe.server.refusals import refuse
from cellframe.server.tables import tests
from cellframe.server.uploading import contents, uploads
from cellframe.server.uploading.envelopes import read_nothing
from cellframe.server.uploading.ratings import rated_capacity
from cellframe.server.uploading.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from cellframe.contract.wire import Reply
    from cellframe.server.calls import Call
    from cellframe.server.database import Work
    from cellframe.server.files.blobs import Staged
    from cellframe.server.files.references import File
    from cellframe.server.files.sessions import Session
    from cellframe.server.uploading.contents import Contents

_TARGET = "time_series_extend.parquet"
_TURNS = Turns()


def initiate(call: Call) -> Reply:
    """Give the address for what came after the stored end.

    A session makes way that nothing was put for yet, or whose address has ended: its caller may
    have died.
    """
    _read_nothing(call)
    (test_id,) = call.ids
    upload_id = str(uuid4())
    call.blobs.check_usable()

    def store(work: Work) -> Reply:
        row, _ = _extendable(work.connection, test_id)
        under_way = sessions.find_extend(work.connection, test_id, call.database.now())
        if under_way is not None and under_way.answer is None:
            _refuse_second(under_way, work.now)
            sessions.forget(work, under_way.id)
        cell_id = row["cell_instance_id"]
        sessions.begin(
            work,
            upload_id,
            EXTEND,
            cell_id=cell_id,
            measurement_id=test_id,
            filenames=[_TARGET],
        )
        targets = uploads.targets(call, upload_id, [_TARGET])
        return calls.reply(200, {"measurement_id": test_id, "uploads": targets})

    return call.write(store)


def confirm(call: Call) -> Reply:
    """Put what came behind the stored series, and derive steps and cycles anew."""
    digest = _read_nothing(call)
    (test_id,) = call.ids
    with _TURNS.of(test_id):
        with call.database.read() as connection:
            calls.require(connection, TESTS, test_id)
            session = sessions.find_extend(connection, test_id, call.database.now())
            if session is None:
                message = "No extension of this test is under way; initiate one first."
                raise refuse(404, message)
            if session.answer is not None:
                return uploads.again(session, digest, 200)
            uploads.came(session, session.names)
            row, stored = _extendable(connection, test_id)
            capacity = rated_capacity(connection, row["cell_instance_id"])
        path = lying(call, test_id, stored)
        with ExitStack() as stack:
            with uploads.dropping(call, session):
                found = stack.enter_context(_contents(call, session, path, capacity))
            reply = call.write(lambda work: _store(work, call, session, found, digest))
    uploads.discard(call, session)
    return reply


def _read_nothing(call: Call) -> str:
    """Read a body that says nothing, or is none; return its digest."""
    return read_nothing(call.body() if call.request.body else {})


def _extendable(connection: Connection, test_id: str) -> tuple[Mapping[str, Any], File]:
    """Read a test that may be extended, and its series; each reason not to has a status."""
    calls.require(connection, TESTS, test_id)
    row = calls.row_of(connection, TESTS, test_id)
    if row["measurement_type"] != TIME_SERIES:
        raise refuse(400, f"A test of type {row['measurement_type']!r} has no series to extend.")
    if row["end_time"] is not None:
        message = "The test has ended; set its end_time to null to extend it."
        raise refuse(409, message)
    if row["processing_status"] != READY:
        message = f"The stored series cannot be extended: {row['processing_error']}"
        raise refuse(409, message)
    (file,) = references.of(connection, test_id, SERIES)
    return row, file


def _refuse_second(session: Session, now: int) -> None:
    if any(session.staged) and now - session.created_at < signing.LIFETIME:
        message = (
            "Another extension of this test came and waits for its confirm; one at a time. "
            "Where its caller is gone, it makes way an hour after it was begun."
        )
        raise refuse(409, message, headers={"retry-after": "2"})


@contextmanager
def _contents(
    call: Call, session: Session, stored: Path, capacity: float | None
) -> Generator[Contents]:
    from cellframe.server.uploading.stitching import stitch

    (more,) = session.staged
    assert more is not None
    now = call.database.now()
    with call.blobs.scratch() as make:
        whole = make(now)
        stitch(stored, contents.sealed(call.blobs, more, _TARGET), whole)
        series: Staged = call.blobs.staged(whole)
        with contents.of_series(
            call.blobs, series, None, rated_capacity=capacity, now=now
        ) as found:
            if found.error:
                raise refuse(422, f"The test was not extended. {found.error}")
            yield found


def _store(work: Work, call: Call, session: Session, found: Contents, digest: str) -> Reply:
    test_id = session.measurement_id
    if told := uploads.answered_meanwhile(work, session, digest, 200):
        return told
    row, _ = _extendable(work.connection, test_id)
    references.keep(work, call.blobs, test_id, found.parts)
    work.change(tests, row, {"file_metadata": calls.as_json(found.metadata)})
    body = calls.get(work.connection, TESTS, test_id) | {"steps_created": found.steps_created}
    answer = orjson.dumps(body)
    sessions.end(work, session, digest, answer.decode())
    return uploads.answered(200, answer)
