"""What happens at the address of a file? It is put, or it is got.

No key is asked for: the address is one. See `signing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from cellframe.contract import digests
from cellframe.contract.wire import FileBody, Reply
from cellframe.server import calls, conditions
from cellframe.server.files import ranges, references, sessions, signing
from cellframe.server.files.integrity import lying
from cellframe.server.files.references import FILE, RAW
from cellframe.server.refusals import forgotten_upload, missing, refuse

if TYPE_CHECKING:
    from pathlib import Path

    from cellframe.server.calls import Call
    from cellframe.server.database import Work
    from cellframe.server.files.blobs import Staged
    from cellframe.server.files.references import File
    from cellframe.server.files.sessions import Session

PARQUET, BYTES = "application/vnd.apache.parquet", "application/octet-stream"
_ANY = {FILE, RAW}
"""Roles of files that may hold anything."""


def admit(call: Call) -> Path:
    """Say where the body of a PUT may be written before the call is answered.

    Raises
    ------
    Refusal
        The address is none to put to (403), or no longer (404, 409), or the disk failed (503).
    """
    _open_session(call)
    return call.blobs.reserve(call.database.now())


def put(call: Call) -> Reply:
    """Keep what came until its upload is confirmed; a second PUT replaces the first."""
    session, position = _open_session(call)
    staged = call.blobs.take(call.request.body, call.database.now())
    try:
        _check_promises(call, staged)
        replaced: list[str] = []
        reply = call.write(lambda work: _keep(work, session.id, position, staged, replaced))
    except BaseException:
        call.blobs.discard([staged.name])
        raise
    call.blobs.discard([staged.name] if call.trial else replaced)
    return reply


def _keep(work: Work, session_id: str, position: int, staged: Staged, replaced: list[str]) -> Reply:
    session = _refuse_ended(sessions.find(work.connection, session_id, work.now))
    old = session.staged[position]
    replaced += [old.name] if old else []
    sessions.fill(work, session_id, position, staged)
    return calls.reply(200, {"size": staged.size, "sha256": staged.digest})


def _open_session(call: Call) -> tuple[Session, int]:
    now = call.database.now()
    parts = signing.read(call.database.secret, signing.UPLOAD, call.ids[0], now)
    upload_id, position = parts
    with call.database.read() as connection:
        session = _refuse_ended(sessions.find(connection, upload_id, now))
    return session, int(position)


def _refuse_ended(session: Session | None) -> Session:
    if session is None:
        raise forgotten_upload()
    if session.answer is not None:
        message = "The upload is confirmed; its files do not change any more."
        raise refuse(409, message, {"existing_id": session.measurement_id})
    return session


def _check_promises(call: Call, staged: Staged) -> None:
    """Refuse a file that is not as long, or not what, the headers say."""
    headers = dict(call.request.headers)
    length = headers.get("content-length")
    if length is not None and length != str(staged.size):
        message = f"{staged.size} bytes came, Content-Length says {length}; put the file again."
        raise refuse(400, message)
    for name, digest in digests.told(headers).items():
        if digest != staged.digest:
            message = f"What came is not what its {name} says; put the file again."
            raise refuse(422, message)


def get(call: Call) -> Reply:
    """Give a file, or one range of it."""
    now = call.database.now()
    parts = signing.read(call.database.secret, signing.FILE, call.ids[0], now)
    owner_id, role, position, digest = parts
    with call.database.read() as connection:
        found = references.of(connection, owner_id, role)
        file = next((one for one in found if str(one.position) == position), None)
        # A file that was replaced since is another file; half of each is none.
        if file is None or file.digest != digest:
            raise missing("file")
    return _ranged(call, file, lying(call, owner_id, file))


def address(call: Call, owner_id: str, file: File) -> str:
    """Write the address where a file can be got."""
    parts = (owner_id, file.role, str(file.position), file.digest)
    token = signing.sign(call.database.secret, signing.FILE, parts, call.database.now())
    return f"{call.address}/storage/files/{token}"


def headers_of(file: File) -> dict[str, str]:
    """Write the headers that tell what a file is."""
    found = {
        "content-type": BYTES if file.role in _ANY else PARQUET,
        "etag": f'"{file.digest}"',
        "repr-digest": digests.written(file.digest),
        "accept-ranges": "bytes",
    }
    if file.role in _ANY:
        # As RFC 6266 writes names beyond ASCII; a browser saves the file and shows none.
        name = quote(file.filename, safe="")
        found["content-disposition"] = f"attachment; filename*=UTF-8''{name}"
    return found


def _ranged(call: Call, file: File, path: Path) -> Reply:
    asked, headers = call.request.headers, headers_of(file)
    if call.holds(headers["etag"]):
        return calls.unchanged(headers["etag"])
    if not conditions.is_same(asked.get("if-range"), headers["etag"]):
        return Reply(200, headers, FileBody(path))
    try:
        found = ranges.read(asked.get("range"), file.size)
    except ValueError as fault:
        told = {"content-range": f"bytes */{file.size}"}
        raise refuse(416, f"There are no such bytes: {fault}.", headers=told) from None
    if found is None:
        return Reply(200, headers, FileBody(path))
    start, stop = found
    headers["content-range"] = f"bytes {start}-{stop - 1}/{file.size}"
    return Reply(206, headers, FileBody(path, start, stop))
