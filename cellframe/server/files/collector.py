"""Which files does nobody need any more, and when do they go?

A content that no record refers to goes a day after that was first seen, and an upload that was
never confirmed a day after it began, both by the service's clock. Every removal happens under
the database's write lock, so nothing that is being published can be taken for garbage. The answers
kept under keys go with them, when they have expired.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import OperationalError

from cellframe.server import once
from cellframe.server.files.references import UNUSED
from cellframe.server.files.sessions import KEPT_FOR
from cellframe.server.tables import answers, meta, upload_files, uploads
from cellframe.server.tables import blobs as contents

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from cellframe.server.database import Database, Work
    from cellframe.server.files.blobs import Blobs

_PAUSE = 3600 * 1_000_000
"""Microseconds between two runs."""
_LAST_RUN = "collected_at"
_log = logging.getLogger(__name__)


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
        self._guard = threading.Lock()
        self._next = _first_run(database)

    def run_when_due(self) -> None:
        """Collect if an hour has passed since the last time; a fault is logged, not raised."""
        if not self._is_due():
            return
        try:
            self.run()
        except (OSError, OperationalError):
            _log.warning(
                "Unneeded files could not be removed; the next run tries again", exc_info=True
            )

    def _is_due(self) -> bool:
        """Tell one of all threads that ask at once."""
        now = self._database.now()
        with self._guard:
            if now < self._next:
                return False
            self._next = now + _PAUSE
        return True

    def run(self) -> None:
        """Collect now."""
        # Listed before anybody has to wait: there may be very many files.
        strays, old = self._strays(), self._old()
        with self._database.write() as work:
            work.connection.execute(delete(uploads).where(_forgotten(work.now)))
            work.connection.execute(delete(answers).where(_expired(work.now)))
            _adopt(work, strays)
            _note_unused(work)
            self._remove_unused(work)
            self._blobs.discard(_left(work.connection, old))
            _note_run(work)

    def _strays(self) -> dict[str, int]:
        """Find contents on the disk that the database does not know: a publisher was killed."""
        with self._database.read() as connection:
            known = set(connection.execute(select(contents.c.digest)).scalars())
        return self._blobs.besides(known)

    def _old(self) -> list[str]:
        """Find staged files that came a day ago."""
        before = self._database.now() - KEPT_FOR
        return [name for name, came in self._blobs.staged_at().items() if came <= before]

    def _remove_unused(self, work: Work) -> None:
        dead = UNUSED & (contents.c.unused_since <= work.now - KEPT_FOR)
        gone = work.connection.execute(delete(contents).where(dead).returning(contents.c.digest))
        for digest in gone.scalars().all():
            self._blobs.remove(digest)


def _first_run(database: Database) -> int:
    """Tell when to collect first: opening a folder again and again does not read it each time."""
    wanted = select(meta.c.value).where(meta.c.key == _LAST_RUN)
    with database.read() as connection:
        last = int(connection.execute(wanted).scalar() or 0)
    # A clock that was set back would have nothing collected until it catches up.
    return last + _PAUSE if last <= database.now() else 0


def _note_run(work: Work) -> None:
    row = insert(meta).values(key=_LAST_RUN, value=str(work.now))
    noted = row.on_conflict_do_update(index_elements=["key"], set_={"value": row.excluded.value})
    work.connection.execute(noted)


def _adopt(work: Work, strays: Mapping[str, int]) -> None:
    """Make rows of strays; one that was published since has its own."""
    rows = [
        {"digest": digest, "size": size, "created_at": work.now} for digest, size in strays.items()
    ]
    if rows:
        work.connection.execute(insert(contents).on_conflict_do_nothing(), rows)


def _note_unused(work: Work) -> None:
    fresh = contents.c.unused_since.is_(None) & UNUSED
    work.connection.execute(update(contents).where(fresh).values(unused_since=work.now))


def _left(connection: Connection, old: Sequence[str]) -> list[str]:
    """Find old staged files that no upload waits for."""
    wanted = select(upload_files.c.staged).where(upload_files.c.staged.is_not(None))
    held = set(connection.execute(wanted).scalars()) if old else set[str]()
    return [name for name in old if name not in held]


def _forgotten(now: int) -> ColumnElement[bool]:
    return uploads.c.created_at <= now - KEPT_FOR


def _expired(now: int) -> ColumnElement[bool]:
    return answers.c.created_at <= now - once.KEPT_FOR
