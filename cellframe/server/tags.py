"""Which tags does a test carry, and how are they spelled?

Trimmed, each once whatever its case, sorted; the spelling that another test of the project has
already wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from cellframe.contract.names import is_misread
from cellframe.server.names import folded
from cellframe.server.refusals import printable, refuse
from cellframe.server.tables import cells, specs, tags, tests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cellframe.server.database import Work

MOST, LONGEST = 50, 50
"""Tags of one test, characters of one tag."""


def normalised(work: Work, cell_id: str, given: Iterable[str], but: str = "") -> list[str]:
    """Write tags as they are kept.

    Parameters
    ----------
    cell_id : str
        The cell, and so the project, whose spellings count.
    given : iterable of str
        As sent.
    but : str
        Id of the test they are for: its own old spelling does not count.

    Raises
    ------
    Refusal
        400 where a tag is empty, too long or unprintable, or there are too many.
    """
    found: dict[str, str] = {}
    for tag in (text.strip() for text in given):
        _refuse_bad(tag)
        found.setdefault(folded(tag), tag)
    if len(found) > MOST:
        message = f"tags: a test has at most {MOST} tags, these are {len(found)}."
        raise refuse(400, message, {"field": "tags"})
    found.update(_spellings(work, cell_id, found, but))
    return [found[key] for key in sorted(found)]


def store(work: Work, test_id: str, spelled: Iterable[str]) -> None:
    """Keep the tags of a test where filters look for them."""
    work.connection.execute(delete(tags).where(tags.c.measurement_id == test_id))
    rows = [{"measurement_id": test_id, "folded": folded(tag), "tag": tag} for tag in spelled]
    if rows:
        work.connection.execute(tags.insert(), rows)


def _refuse_bad(tag: str) -> None:
    if not 1 <= len(tag) <= LONGEST:
        reason = f"has {len(tag)} characters; a tag has 1 to {LONGEST}"
    elif is_misread(tag):
        reason = "holds control characters, such as line breaks"
    else:
        return
    raise refuse(400, f"tags: {printable(tag)!r} {reason}.", {"field": "tags"})


def _spellings(work: Work, cell_id: str, found: Iterable[str], but: str) -> dict[str, str]:
    """Read how the other tests of the project spell these tags."""
    of_cell = cells.join(specs, specs.c.id == cells.c.cell_specification_id)
    project = select(specs.c.project_id).select_from(of_cell).where(cells.c.id == cell_id)
    used = (
        select(tags.c.folded, tags.c.tag)
        .join(tests, tests.c.id == tags.c.measurement_id)
        .join(cells, cells.c.id == tests.c.cell_instance_id)
        .join(specs, specs.c.id == cells.c.cell_specification_id)
        .where(tags.c.folded.in_(list(found)), tags.c.measurement_id != but)
        .where(specs.c.project_id == project.scalar_subquery())
        .order_by(tests.c.created_at.desc())
    )
    # The oldest test comes last, and wins.
    return {row.folded: row.tag for row in work.connection.execute(used)}
