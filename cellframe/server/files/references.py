"""Which file of a test is which content?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.sqlite import insert

from cellframe.contract.records import FILES, TIME_SERIES
from cellframe.server.tables import blobs as contents
from cellframe.server.tables import cells, files, tests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection

    from cellframe.server.database import Work
    from cellframe.server.files.blobs import Blobs, Staged

SERIES, STEPS, CYCLES, FILE = TIME_SERIES, "steps", "cycles", FILES
"""Roles of files; what was uploaded has the name of its test's type."""
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
    """One file of a test, as it is kept."""

    role: str
    position: int
    filename: str
    digest: str
    size: int


def keep(work: Work, blobs: Blobs, test_id: str, parts: Iterable[Part]) -> None:
    """Publish sealed files, and make them the test's; one of the same role and place goes."""
    for part in parts:
        if not work.trial:
            blobs.publish(part.staged)
        row = {"digest": part.staged.digest, "size": part.staged.size, "created_at": work.now}
        known = insert(contents).values(**row, unused_since=None)
        work.connection.execute(
            known.on_conflict_do_update(index_elements=["digest"], set_={"unused_since": None})
        )
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


def release(work: Work, below: ColumnElement[bool]) -> None:
    """Note since when nobody needs the contents of tests that are about to be deleted.

    Parameters
    ----------
    below : condition
        On cells and tests: which tests go.
    """
    going = select(tests.c.id).join(cells, cells.c.id == tests.c.cell_instance_id).where(below)
    theirs = select(files.c.digest).where(files.c.measurement_id.in_(going))
    others = select(files.c.digest).where(
        files.c.digest == contents.c.digest, files.c.measurement_id.not_in(going)
    )
    unused = contents.c.digest.in_(theirs) & ~exists(others)
    work.connection.execute(update(contents).where(unused).values(unused_since=work.now))


def of_test(connection: Connection, test_id: str, role: str) -> list[File]:
    """Read the files of one role, in order."""
    columns = [files.c[name] for name in File.__slots__]
    mine = (files.c.measurement_id == test_id) & (files.c.role == role)
    rows = connection.execute(select(*columns).where(mine).order_by(files.c.position))
    return [File(*row) for row in rows]
