"""Which file of a test, or of raw data, is which content?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, or_, select, true, update
from sqlalchemy.dialects.sqlite import insert

from cellframe.contract.records import FILES, TIME_SERIES
from cellframe.server.tables import blobs as contents
from cellframe.server.tables import cells, files, raw_data, tests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

    from cellframe.server.database import Work
    from cellframe.server.files.blobs import Blobs, Staged

SERIES, STEPS, CYCLES, FILE = TIME_SERIES, "steps", "cycles", FILES
"""Roles of files; what was uploaded has the name of its test's type."""
RAW = "raw_data"
"""Role of the one file of raw data."""
FILENAMES = {role: f"{role}.parquet" for role in (SERIES, STEPS, CYCLES)}


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a test that is about to be published."""

    role: str
    position: int
    filename: str
    staged: Staged


@dataclass(frozen=True, slots=True)
class File:
    """One file of a test or of raw data, as it is kept."""

    role: str
    position: int
    filename: str
    digest: str
    size: int


def keep(work: Work, blobs: Blobs, test_id: str, parts: Iterable[Part]) -> None:
    """Publish sealed files, and make them the test's; one of the same role and place goes."""
    for part in parts:
        publish(work, blobs, part.staged)
        place = (files.c.measurement_id == test_id) & (files.c.role == part.role)
        work.connection.execute(delete(files).where(place, files.c.position == part.position))
        row = {
            "measurement_id": test_id,
            "role": part.role,
            "position": part.position,
            "filename": part.filename,
            "digest": part.staged.digest,
            "size": part.staged.size,
        }
        work.connection.execute(files.insert(), row)


def publish(work: Work, blobs: Blobs, staged: Staged) -> None:
    """Publish a sealed file, so that a row of this change can refer to it."""
    if not work.trial:
        blobs.publish(staged)
    row = {"digest": staged.digest, "size": staged.size, "created_at": work.now}
    known = insert(contents).values(**row, unused_since=None)
    work.connection.execute(
        known.on_conflict_do_update(index_elements=["digest"], set_={"unused_since": None})
    )


def _used(but_tests: ColumnElement[bool], but_raw: ColumnElement[bool]) -> ColumnElement[bool]:
    """Tell whether a content has a file, but for those that are going."""
    return or_(
        exists(select(files.c.digest).where(files.c.digest == contents.c.digest, but_tests)),
        exists(select(raw_data.c.digest).where(raw_data.c.digest == contents.c.digest, but_raw)),
    )


UNUSED = ~_used(true(), true())
"""Whether no file has a content; on `tables.blobs`."""


def release(work: Work, below: ColumnElement[bool]) -> None:
    """Note since when nobody needs the contents of tests that are about to be deleted.

    Parameters
    ----------
    below : condition
        On cells and tests: which tests go.
    """
    going = select(tests.c.id).join(cells, cells.c.id == tests.c.cell_instance_id).where(below)
    theirs = select(files.c.digest).where(files.c.measurement_id.in_(going))
    unused = contents.c.digest.in_(theirs) & ~_used(files.c.measurement_id.not_in(going), true())
    work.connection.execute(update(contents).where(unused).values(unused_since=work.now))


def release_raw(work: Work, raw_id: str) -> None:
    """Note since when nobody needs the content of raw data that is about to be deleted."""
    mine = select(raw_data.c.digest).where(raw_data.c.id == raw_id)
    unused = contents.c.digest.in_(mine) & ~_used(true(), raw_data.c.id != raw_id)
    work.connection.execute(update(contents).where(unused).values(unused_since=work.now))


def of(connection: Connection, owner_id: str, role: str) -> list[File]:
    """Read the files of one role that a test or raw data has, in order."""
    if role == RAW:
        theirs = (raw_data.c.filename, raw_data.c.digest, raw_data.c.size_bytes)
        found = connection.execute(select(*theirs).where(raw_data.c.id == owner_id))
        return [File(RAW, 0, *row) for row in found]
    columns = [files.c[name] for name in File.__slots__]
    mine = (files.c.measurement_id == owner_id) & (files.c.role == role)
    rows = connection.execute(select(*columns).where(mine).order_by(files.c.position))
    return [File(*row) for row in rows]
