"""Which files does nobody need any more, and when do they go?

A content that no test refers to goes a day after that was first seen, and an upload that was
never confirmed a day after it began, both by the service's clock. All of it happens under the
database's write lock, so nothing that is being published can be taken for garbage.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import OperationalError

from cellframe.server.tables import blobs as contents
from cellframe.server.tables import files, upload_files, uploads
from cellframe.server.uploading.sessions import KEPT_FOR

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from cellframe.server.database import Database, Work
    from cellframe.server.files.blobs import Blobs

_PAUSE = 3600 * 1_000_000
"""Microseconds between two runs."""
_log = logging.getLogger(__name__)
_UNUSED = ~exists(select(files.c.digest).where(files.c.digest == contents.c.digest))


class Collector:
    """Removes what nobody needs.

    Parameters
    ----------
    database, blobs : Database, Blobs
        Of one folder.
    """

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs
        self._next = 0

    def run_when_due(self) -> None:
        """Collect if an hour has passed since the last time; a fault is logged, not raised."""
        now = self._database.now()
        if now < self._next:
            return
        self._next = now + _PAUSE
        try:
            self.run()
        except (OSError, OperationalError):
            _log.warning(
                "Unneeded files could not be removed; the next run tries again", exc_info=True
            )

    def run(self) -> None:
        """Collect now."""
        now = self._database.now()
        with self._database.read() as connection:
            idle = not self._has_work(connection, now)
        if not idle:
            with self._database.write() as work:
                work.connection.execute(delete(uploads).where(_forgotten(now)))
                self._adopt_strays(work)
                self._note_unused(work)
                self._remove_unused(work)
                self._remove_staged(work)

    def _has_work(self, connection: Connection, now: int) -> bool:
        """Look without the write lock, which others may hold for long."""
        unused = select(contents.c.digest).where(_UNUSED)
        old = select(uploads.c.id).where(_forgotten(now))
        return (
            connection.execute(old.limit(1)).first() is not None
            or connection.execute(unused.limit(1)).first() is not None
            or bool(self._strays(connection))
            or bool(self._left(connection, now))
        )

    def _strays(self, connection: Connection) -> list[tuple[str, int]]:
        """Find contents on the disk that the database does not know: a publisher was killed."""
        lying = self._blobs.lying()
        known = set(connection.execute(select(contents.c.digest)).scalars()) if lying else set()
        return [(digest, size) for digest, size in lying.items() if digest not in known]

    def _adopt_strays(self, work: Work) -> None:
        rows = [
            {"digest": digest, "size": size, "created_at": work.now}
            for digest, size in self._strays(work.connection)
        ]
        if rows:
            work.connection.execute(contents.insert(), rows)

    def _note_unused(self, work: Work) -> None:
        fresh = contents.c.unused_since.is_(None) & _UNUSED
        work.connection.execute(update(contents).where(fresh).values(unused_since=work.now))

    def _remove_unused(self, work: Work) -> None:
        dead = _UNUSED & (contents.c.unused_since <= work.now - KEPT_FOR)
        gone = work.connection.execute(delete(contents).where(dead).returning(contents.c.digest))
        for digest in gone.scalars().all():
            self._blobs.remove(digest)

    def _left(self, connection: Connection, now: int) -> list[str]:
        """Find staged files that no upload waits for, and that came a day ago."""
        old = [name for name, came in self._blobs.staged_at().items() if came <= now - KEPT_FOR]
        wanted = select(upload_files.c.staged).where(upload_files.c.staged.is_not(None))
        held = set(connection.execute(wanted).scalars()) if old else set()
        return [name for name in old if name not in held]

    def _remove_staged(self, work: Work) -> None:
        self._blobs.discard(self._left(work.connection, work.now))


def _forgotten(now: int) -> ColumnElement[bool]:
    return uploads.c.created_at <= now - KEPT_FOR
