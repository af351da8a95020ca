"""How does a new test with files come to be? Initiate, put, confirm.

The initiate stores no test: it gives the id that the test will have, and an address for each
file. The confirm looks at what came, outside the database's lock, and then stores the test and
publishes its files in one change.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING
from uuid import uuid4

import orjson

from cellframe.contract.records import FAILED, FILES, PENDING, READY, TIME_SERIES
from cellframe.contract.routes import STORAGE
from cellframe.server import calls, conditions, tests
from cellframe.server.bodies import CELLS, TESTS
from cellframe.server.files import references, sessions, signing
from cellframe.server.files.references import FILENAMES, SERIES, STEPS
from cellframe.server.refusals import Refusal, forgotten_upload, printable, refuse, taken
from cellframe.server.tables import tests as table
from cellframe.server.uploading import contents
from cellframe.server.uploading.envelopes import read_confirm, read_initiate
from cellframe.server.uploading.ratings import rated_capacity
from cellframe.server.uploading.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Container, Generator, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from cellframe.contract.wire import Reply
    from cellframe.server.bodies import Body, Shape
    from cellframe.server.calls import Call
    from cellframe.server.database import Work
    from cellframe.server.files.sessions import Session
    from cellframe.server.uploading.contents import Contents
    from cellframe.server.uploading.envelopes import Confirm

SERIES_TARGETS = (FILENAMES[SERIES], FILENAMES[STEPS])
UNFIT = 422
_TURNS = Turns()


def initiate(call: Call) -> Reply:
    """Give a test to be its id, and an address for each of its files."""
    asked = read_initiate(call.body())
    (cell_id,) = call.ids
    upload_id = str(uuid4())
    names = asked.filenames or SERIES_TARGETS
    call.blobs.check_usable()

    def store(work: Work) -> Reply:
        calls.require(work.connection, CELLS, cell_id)
        tests.check_fields(asked.fields, {"measurement_type": asked.measurement_type})
        tests.refuse_taken(work.connection, cell_id, asked.fields["name"])
        sessions.begin(
            work,
            upload_id,
            asked.measurement_type,
            cell_id=cell_id,
            measurement_id=upload_id,
            filenames=names,
        )
        uploads = targets(call, upload_id, names)
        return calls.reply(200, {"measurement_id": upload_id, "uploads": uploads})

    return call.write(store)


def targets(call: Call, upload_id: str, names: Sequence[str]) -> list[Body]:
    """Write where each file of an upload goes."""
    found: list[Body] = []
    now, secret = call.database.now(), call.database.secret
    for position, name in enumerate(names):
        token = signing.sign(secret, signing.UPLOAD, (upload_id, str(position)), now)
        path = f"{STORAGE}/uploads/{token}"
        found.append(
            {
                "filename": name,
                "signed_url": call.address + path,
                "token": token,
                "path": f"{upload_id}/{name}",
                "multipart": None,
            }
        )
    return found


def confirm(call: Call) -> Reply:
    """Store the test that an initiate announced, with the files that came."""
    asked = read_confirm(call.body())
    (upload_id,) = call.ids
    with _TURNS.of(upload_id):
        session, capacity = _looked_up(call)
        if session.answer is not None:
            return again(session, asked.digest, 201)
        _check_meant(session, asked)
        with ExitStack() as stack:
            with dropping(call, session):
                found = stack.enter_context(_contents(call, session, capacity))
            reply = call.write(lambda work: _store(work, call, session, asked, found))
    discard(call, session)
    return reply


def discard(call: Call, session: Session) -> None:
    """Take away what waited for a session that has ended, unless that was a trial."""
    if not call.trial:
        call.blobs.discard(one.name for one in session.staged if one)


@contextmanager
def dropping(call: Call, session: Session) -> Generator[None]:
    """Forget the files of an upload that are refused, so that others can be put."""
    try:
        yield
    except Refusal as refusal:
        if refusal.problem.status == UNFIT and not call.trial:
            with call.database.write() as work:
                dropped = sessions.drop(work, session)
            call.blobs.discard(dropped)
        raise
    except FileNotFoundError:
        raise _put_meanwhile() from None


def again(session: Session, digest: str, status: int) -> Reply:
    """Answer a confirm that was answered before: the same to the same."""
    if session.body_digest != digest or session.answer is None:
        message = "This upload was confirmed before, with another body; change the record instead."
        raise taken(message, session.measurement_id)
    return answered(status, session.answer.encode())


def answered(status: int, answer: bytes) -> Reply:
    """Write the answer of a confirm, tagged with the version of its record."""
    return calls.reply(status, answer, conditions.tag(orjson.loads(answer)["version"]))


def answered_meanwhile(work: Work, session: Session, digest: str, status: int) -> Reply | None:
    """Answer a confirm that another process answered while this one looked at the files.

    Raises
    ------
    Refusal
        The session ended otherwise (404), or its files changed (409).
    """
    now = sessions.find(work.connection, session.id, work.now)
    if now is None:
        raise forgotten_upload()
    if now.answer is not None:
        return again(now, digest, status)
    if now.staged != session.staged:
        raise _put_meanwhile()
    return None


def _put_meanwhile() -> Refusal:
    message = "A file was put while the upload was being confirmed; confirm it again."
    return refuse(409, message)


def came(session: Session, names: Sequence[str]) -> None:
    """Refuse a confirm before these files came."""
    waiting = [
        printable(slot.filename)
        for slot in session.slots
        if slot.staged is None and slot.filename in names
    ]
    if waiting:
        message = f"Nothing was put for {', '.join(waiting)} yet; put it, then confirm."
        raise refuse(400, message)


def under_way(connection: Connection, call: Call, kinds: Container[str], shape: Shape) -> Session:
    """Find the upload of a record that is to be.

    Parameters
    ----------
    kinds : container of str
        Of sessions that may be confirmed so.
    shape : Shape
        Of the record.

    Raises
    ------
    Refusal
        It is forgotten, or never was (404); or the record is there since long (409).
    """
    (upload_id,) = call.ids
    session = sessions.find(connection, upload_id, call.database.now())
    if session is not None and session.kind in kinds:
        return session
    if shape.version.scalar(connection, {"id": upload_id}) is not None:
        raise taken("This upload was confirmed before; the record is there.", upload_id)
    raise forgotten_upload()


def _looked_up(call: Call) -> tuple[Session, float | None]:
    with call.database.read() as connection:
        session = under_way(connection, call, {TIME_SERIES, FILES}, TESTS)
        assert session.cell_id is not None
        return session, rated_capacity(connection, session.cell_id)


def _check_meant(session: Session, asked: Confirm) -> None:
    """Refuse a confirm of something else than was initiated."""
    if asked.cell_instance_id != session.cell_id:
        message = "cell_instance_id: the upload was begun for another cell."
        raise refuse(400, message, {"field": "cell_instance_id"})
    if asked.measurement_type != session.kind:
        message = f"measurement_type: the upload was begun as {session.kind!r}."
        raise refuse(400, message, {"field": "measurement_type"})
    if asked.filenames is not None and asked.filenames != session.names:
        message = "filenames: these are not the names, or not the order, of the initiate."
        raise refuse(400, message, {"field": "filenames"})
    came(session, session.names if session.kind == FILES else SERIES_TARGETS[:1])


def _contents(
    call: Call, session: Session, capacity: float | None
) -> AbstractContextManager[Contents]:
    if session.kind == FILES:
        staged = [one for one in session.staged if one is not None]
        return nullcontext(contents.of_files(call.blobs, session.names, staged))
    series, steps = session.staged
    assert series is not None
    now = call.database.now()
    return contents.of_series(call.blobs, series, steps, rated_capacity=capacity, now=now)


def _store(work: Work, call: Call, session: Session, asked: Confirm, found: Contents) -> Reply:
    assert session.cell_id is not None
    if told := answered_meanwhile(work, session, asked.digest, 201):
        return told
    columns = {
        "id": session.id,
        "measurement_type": session.kind,
        "processing_status": PENDING if found.error else READY,
        "file_metadata": calls.as_json(found.metadata),
    }
    fields = {**asked.fields, "measurement_type": session.kind}
    tests.insert(work, session.cell_id, fields, columns)
    references.keep(work, call.blobs, session.id, found.parts)
    body = calls.get(work.connection, TESTS, session.id) | {"steps_created": found.steps_created}
    if found.error:
        # Clients look for a failure only where they were told to wait for one: they are told of
        # the version before it.
        failed = {"processing_status": FAILED, "processing_error": found.error}
        work.change(table, calls.row_of(work.connection, TESTS, session.id), failed)
    answer = orjson.dumps(body)
    sessions.end(work, session, asked.digest, answer.decode())
    return answered(201, answer)
