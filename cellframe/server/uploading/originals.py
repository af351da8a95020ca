"""How does the file of new raw data come? Initiate, put, confirm, as for a test.

It is kept as it came, whatever is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson

from cellframe.contract.filenames import filename_fault
from cellframe.contract.records import RAW_DATA
from cellframe.server import calls, projects
from cellframe.server.bodies import RAW
from cellframe.server.files import references, sessions
from cellframe.server.refusals import Fault, invalid, refuse
from cellframe.server.strict import digest_of
from cellframe.server.tables import raw_data
from cellframe.server.uploading import uploads
from cellframe.server.uploading.turns import Turns

if TYPE_CHECKING:
    from cellframe.contract.wire import Reply
    from cellframe.server.calls import Call
    from cellframe.server.database import Work
    from cellframe.server.files.blobs import Staged
    from cellframe.server.files.sessions import Session

_KIND = references.RAW
_TURNS = Turns()


def initiate(call: Call) -> Reply:
    """Give raw data to be its id, and an address for its file."""
    fields = _fields(call)
    upload_id = str(uuid4())
    names = [fields["filename"]]
    call.blobs.check_usable()

    def store(work: Work) -> Reply:
        projects.find_or_make(work, fields.get("project_id"))
        sessions.begin(
            work, upload_id, _KIND, cell_id=None, measurement_id=upload_id, filenames=names
        )
        targets = uploads.targets(call, upload_id, names)
        return calls.reply(200, {"raw_data_id": upload_id, "uploads": targets})

    return call.write(store)


def confirm(call: Call) -> Reply:
    """Store the raw data that an initiate announced, with the file that came."""
    fields, digest = _fields(call), digest_of(call.body())
    with _TURNS.of(call.ids[0]):
        with call.database.read() as connection:
            session = uploads.under_way(connection, call, {_KIND}, RAW)
        if session.answer is not None:
            return uploads.again(session, digest, 201)
        _check_meant(session, fields)
        (staged,) = session.staged
        assert staged is not None
        with uploads.dropping(call, session):
            _check_size(staged, fields.pop("size_bytes", None))
            call.blobs.seal(staged)
        reply = call.write(lambda work: _store(work, call, session, fields, digest))
    uploads.discard(call, session)
    return reply


def _fields(call: Call) -> dict[str, Any]:
    """Read what both calls say; 422 where it does not fit."""
    fields = call.fields(RAW_DATA, partial=False)
    fault = filename_fault(fields["filename"])
    if fault:
        raise invalid([Fault(("filename",), fault)])
    return fields


def _check_meant(session: Session, fields: dict[str, Any]) -> None:
    """Refuse a confirm of something else than was initiated, or of nothing."""
    if [fields["filename"]] != session.names:
        message = "filename: this is not the name of the initiate."
        raise refuse(400, message, {"field": "filename"})
    uploads.came(session, session.names)


def _check_size(staged: Staged, told: int | None) -> None:
    if told not in {None, staged.size}:
        message = f"size_bytes: {staged.size} bytes came, not {told}; put the file again."
        raise refuse(uploads.UNFIT, message, {"field": "size_bytes"})


def _store(work: Work, call: Call, session: Session, fields: dict[str, Any], digest: str) -> Reply:
    if told := uploads.answered_meanwhile(work, session, digest, 201):
        return told
    (staged,) = session.staged
    assert staged is not None
    references.publish(work, call.blobs, staged)
    project_id = projects.find_or_make(work, fields.get("project_id"))
    own = {"id": session.id, "project_id": project_id, "digest": staged.digest}
    values = {**calls.columns(RAW_DATA, fields), **own, "size_bytes": staged.size}
    work.insert(raw_data, values)
    answer = orjson.dumps(calls.get(work.connection, RAW, session.id))
    sessions.end(work, session, digest, answer.decode())
    return uploads.answered(201, answer)
