"""What can be done with the tags of many tests at once?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import orjson
from pydantic import BaseModel, Field
from sqlalchemy import func, select

from cellframe.contract.routes import MAX_PAGE
from cellframe.server import calls, lists, tests
from cellframe.server.fields import NameText  # noqa: TC001 - pydantic reads it
from cellframe.server.names import folded
from cellframe.server.plain import PLAIN, check_model
from cellframe.server.refusals import refuse
from cellframe.server.tables import cells, specs, tags
from cellframe.server.tables import tests as rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from cellframe.contract.wire import Reply
    from cellframe.server.calls import Call
    from cellframe.server.database import Work

_PAGE = 50


class Bulk(BaseModel):
    """Tags to add to tests, and to remove from them."""

    model_config = PLAIN

    measurement_ids: Annotated[list[NameText], Field(max_length=MAX_PAGE)]
    add: list[str] = []
    remove: list[str] = []


def find_all(call: Call) -> Reply:
    """List the tags of a project, most used first."""
    query = call.query()
    project, text = query.one("project_id"), query.one("q")
    if project is None:
        query.fault("project_id", "Field required", None)
    limit = query.whole("limit", _PAGE, 1, MAX_PAGE)
    as_of = lists.as_of(query)
    query.check()
    used = (
        select(func.min(tags.c.tag).label("tag"), func.count().label("usage_count"))
        .join(rows, rows.c.id == tags.c.measurement_id)
        .join(cells, cells.c.id == rows.c.cell_instance_id)
        .join(specs, specs.c.id == cells.c.cell_specification_id)
        .where(specs.c.project_id == project)
        .group_by(tags.c.folded)
        .order_by(func.count().desc(), tags.c.folded)
    )
    if text is not None:
        used = used.where(tags.c.folded.contains(folded(text), autoescape=True))
    with call.database.snapshots.view(as_of) as view:
        found = view.connection.execute(used).mappings().all()
    items = [dict(row) for row in found[:limit]]
    counts = {"count": len(items), "total": len(found), "as_of": view.number}
    return calls.reply(200, {"items": items, **counts})


def change_many(call: Call) -> Reply:
    """Add tags to tests and remove tags from them: from all of them, or from none."""
    bulk = check_model(Bulk, call.body(), "change of tags")
    gone = {folded(tag.strip()) for tag in bulk.remove}

    def store(work: Work) -> Reply:
        found = _found(work, list(dict.fromkeys(bulk.measurement_ids)))
        changed = sum(tests.retag(work, row, _wanted(row, gone, bulk.add)) for row in found)
        return calls.reply(200, {"updated_count": changed})

    return call.write(store)


def _found(work: Work, ids: Sequence[str]) -> list[Mapping[str, Any]]:
    wanted = select(rows).where(rows.c.id.in_(ids))
    found = {row["id"]: dict(row) for row in work.connection.execute(wanted).mappings()}
    missing = [id_ for id_ in ids if id_ not in found]
    if missing:
        message = f"Cell measurement not found: {len(missing)} of {len(ids)}; nothing was changed."
        raise refuse(404, message, {"measurement_ids": missing})
    return [found[id_] for id_ in ids]


def _wanted(row: Mapping[str, Any], gone: set[str], add: Sequence[str]) -> list[str]:
    kept = [tag for tag in orjson.loads(row["tags"]) if folded(tag) not in gone]
    return [*kept, *add]
