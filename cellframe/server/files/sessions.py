"""Which uploads are under way, and what has come of each?

A session is made by an initiate, filled by PUTs and ended by a confirm, whose answer it keeps:
the same confirm again gets the same answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from cellframe.server.files.blobs import Staged
from cellframe.server.tables import upload_files, uploads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from cellframe.server.database import Work

KEPT_FOR = 24 * 3600 * 1_000_000
"""Microseconds after which a session is forgotten, whatever came of it."""
UPLOAD, EXTEND = "upload", "extend"


@dataclass(frozen=True, slots=True)
class Slot:
    """One file that a session waits for, and what came for it."""

    position: int
    filename: str
    staged: Staged | None


@dataclass(frozen=True, slots=True)
class Session:
    """One upload.

    Attributes
    ----------
    id : str
        Of the session; for a new record also the id that the record will have.
    measurement_id : str
        Of the test, or of the raw data, that it is for.
    cell_id : str or None
        Of the test's cell.
    kind : str
        ``time_series`` or ``file`` for a new test, ``extend`` for an old one, ``raw_data``.
    created_at : int
        In microseconds.
    body_digest, answer : str or None
        Of the confirm that ended it.
    slots : tuple of Slot
        In order.
    """

    id: str
    measurement_id: str
    cell_id: str | None
    kind: str
    created_at: int
    body_digest: str | None
    answer: str | None
    slots: tuple[Slot, ...]

    @property
    def names(self) -> list[str]:
        """Names of the files, in order."""
        return [slot.filename for slot in self.slots]

    @property
    def staged(self) -> tuple[Staged | None, ...]:
        """What came, in the order of the files."""
        return tuple(slot.staged for slot in self.slots)


def begin(
    work: Work,
    session_id: str,
    kind: str,
    *,
    cell_id: str | None,
    measurement_id: str,
    filenames: Sequence[str],
) -> None:
    """Open a session."""
    row = {
        "id": session_id,
        "measurement_id": measurement_id,
        "cell_instance_id": cell_id,
        "kind": kind,
        "created_at": work.now,
    }
    work.connection.execute(uploads.insert(), row)
    slots = [
        {"upload_id": session_id, "position": position, "filename": name}
        for position, name in enumerate(filenames)
    ]
    work.connection.execute(upload_files.insert(), slots)


def find(connection: Connection, session_id: str, now: int) -> Session | None:
    """Find a session that is not forgotten yet."""
    return _find(connection, uploads.c.id == session_id, now)


def find_extend(connection: Connection, measurement_id: str, now: int) -> Session | None:
    """Find the latest session that extends a test."""
    of_test = (uploads.c.measurement_id == measurement_id) & (uploads.c.kind == EXTEND)
    return _find(connection, of_test, now)


def _find(connection: Connection, where: ColumnElement[bool], now: int) -> Session | None:
    wanted = select(uploads).where(where, uploads.c.created_at > now - KEPT_FOR)
    # One that is open is the latest, whatever the clock said when it began.
    ended = uploads.c.answer.is_not(None)
    newest = wanted.order_by(ended, uploads.c.created_at.desc(), uploads.c.id).limit(1)
    row = connection.execute(newest).mappings().first()
    if row is None:
        return None
    held = select(upload_files).where(upload_files.c.upload_id == row["id"])
    slots = connection.execute(held.order_by(upload_files.c.position)).mappings().all()
    return Session(
        id=row["id"],
        measurement_id=row["measurement_id"],
        cell_id=row["cell_instance_id"],
        kind=row["kind"],
        created_at=row["created_at"],
        body_digest=row["body_digest"],
        answer=row["answer"],
        slots=tuple(_slot(slot) for slot in slots),
    )


def _slot(row: Any) -> Slot:
    came = row["staged"] is not None
    staged = Staged(row["staged"], row["digest"], row["size"]) if came else None
    return Slot(row["position"], row["filename"], staged)


def fill(work: Work, session_id: str, position: int, staged: Staged | None) -> None:
    """Note what came for a slot, or that nothing counts any more."""
    values = {
        "staged": staged and staged.name,
        "digest": staged and staged.digest,
        "size": staged and staged.size,
    }
    slot = (upload_files.c.upload_id == session_id) & (upload_files.c.position == position)
    work.connection.execute(update(upload_files).where(slot).values(values))


def end(work: Work, session: Session, body_digest: str, answer: str) -> None:
    """Close a session with the answer that its confirm gets."""
    values = {"body_digest": body_digest, "answer": answer}
    work.connection.execute(update(uploads).where(uploads.c.id == session.id).values(values))
    came = upload_files.c.upload_id == session.id
    work.connection.execute(update(upload_files).where(came).values(staged=None))


def forget(work: Work, session_id: str) -> None:
    """Drop a session."""
    work.connection.execute(delete(uploads).where(uploads.c.id == session_id))


def drop(work: Work, session: Session) -> list[str]:
    """Forget what came, unless something else came since; name the files that nobody waits for."""
    now = find(work.connection, session.id, work.now)
    if now is not None and now.staged != session.staged:
        return []
    for slot in session.slots:
        fill(work, session.id, slot.position, None)
    return [staged.name for staged in session.staged if staged]
