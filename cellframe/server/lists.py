"""How is a page of a list read?"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select

from cellframe.contract.routes import MAX_PAGE
from cellframe.server import calls, conditions, filters
from cellframe.server.bodies import nest_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from cellframe.contract.wire import Reply, Request
    from cellframe.server.bodies import Body, Shape
    from cellframe.server.calls import Call

_LATEST = 2**63 - 1


def page(
    call: Call,
    shape: Shape,
    where: Sequence[ColumnElement[bool]],
    query: filters.Query,
    *,
    parent: Shape | None = None,
    default_limit: int = MAX_PAGE,
) -> Reply:
    """Answer one page of a list, the number of all that fit, and the state that it saw.

    Parameters
    ----------
    where : sequence of conditions
        All of them hold.
    query : Query
        Order, limit and offset; ``as_of`` for a later page of a state seen before; ``full=true``
        adds the parts of specs.
    parent : Shape, optional
        The kind whose id is in the path; 404 where no such record is.
    default_limit : int
        Records of a page where the query names no limit.
    """
    part = filters.page(query, shape.table, default_limit)
    full = bool(shape.kind.name == "cell_specification" and query.yes("full"))
    state_asked = as_of(query)
    query.check()
    wanted = shape.select.where(*where).order_by(*part.order)
    count = select(func.count()).select_from(shape.table).where(*where)
    with call.database.snapshots.view(state_asked) as view:
        state = f"{call.database.snapshots.epoch}.{view.number}.{_target(call.request)}"
        known = conditions.of_same_state(call.request.headers.get("if-none-match"), state)
        if known is not None:
            return calls.unchanged(known)
        if parent is not None:
            calls.require(view.connection, parent, call.ids[0])
        items = _items(
            view.connection, shape, wanted.limit(part.limit).offset(part.offset), full=full
        )
        total = _total(view.connection, part, len(items), count)
        view.wanted = part.offset + len(items) < total
    return _reply(call, state, items, total, view.number)


def as_of(query: filters.Query) -> int | None:
    """Read which state is asked for; None for the present one."""
    return None if query.one("as_of") is None else query.whole("as_of", -1, 0, _LATEST)


def _items(connection: Connection, shape: Shape, wanted: Select[Any], *, full: bool) -> list[Body]:
    items = shape.bodies(connection.execute(wanted).all())
    if full:
        nest_parts(connection, items)
    return items


def _total(connection: Connection, part: filters.Page, found: int, count: Select[Any]) -> int:
    is_last = found < part.limit and (found or not part.offset)
    return part.offset + found if is_last else connection.execute(count).scalar_one()


def _reply(call: Call, state: str, items: list[Body], total: int, number: int) -> Reply:
    content = orjson.dumps({"items": items, "count": len(items), "total": total})
    etag = conditions.tag_of_list(state, content)
    if conditions.is_same_list(call.request.headers.get("if-none-match"), etag):
        return calls.unchanged(etag)
    # Outside what is digested, since every change elsewhere moves it.
    return calls.reply(200, b'%s,"as_of":%d}' % (content[:-1], number), etag)


def _target(request: Request) -> str:
    """Digest what was asked for: a state is unchanged only for the same question."""
    asked = repr((request.path, request.query)).encode("utf-8", "surrogatepass")
    return blake2b(asked, digest_size=6).hexdigest()
