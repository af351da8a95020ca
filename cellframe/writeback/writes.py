"""What request makes a row what it is to be?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.frames.encode import body_of
from cellframe.transport.replies import make_request
from cellframe.writeback.keys import HEADER, key_of
from cellframe.writeback.lots import fold
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.contract.wire import Request
    from cellframe.writeback.asking import Way
    from cellframe.writeback.steps import Step


class Writes:
    """The writes of one apply.

    Parameters
    ----------
    way : Way
        To the service.
    digest : str
        Of the plan that was first sent; part of every key.
    lots : mapping of str to mapping of str to str
        Ids of the lots of each spec by name without case; a spec is absent where the service
        keeps lots as text.
    """

    def __init__(self, way: Way, digest: str, lots: Mapping[str, Mapping[str, str]]) -> None:
        self._way = way
        self._digest = digest
        self._lots = {parent: dict(known) for parent, known in lots.items()}

    def has_made(self, lot: Step, id_: str) -> None:
        """Take note of a lot that is there now."""
        self._lots.setdefault(str(lot.parent_id), {})[fold(str(lot.name))] = id_

    def of(self, step: Step) -> Request:
        """Return the request of a step."""
        kind, token = step.kind, self.token(step)
        headers = {"if-match": token} if token else {}
        if step.action is Action.CREATE:
            path = kind.below(str(step.parent_id)) if kind.parent else kind.collection
            request = make_request("POST", path, body=self.body(step))
        elif step.action is Action.DELETE:
            request = make_request("DELETE", _path(step), headers=headers)
        else:
            request = make_request("PATCH", _path(step), body=self.body(step), headers=headers)
        key = {HEADER: self.key(step, request)} if self._way.keys else {}
        return replace(request, headers={**request.headers, **key})

    def key(self, step: Step, request: Request) -> str:
        """Return the key of a request, whether the service takes keys or not."""
        return request.headers.get(HEADER) or key_of(self._digest, step, request)

    def token(self, step: Step) -> str | None:
        """Return the entity tag that guards a write; None where nothing does."""
        version = step.version or ""
        return f'"{version[1:]}"' if self._way.if_match and version.startswith("v") else None

    def body(self, step: Step) -> dict[str, Any] | None:
        """Return what is sent, with the id of a lot where the service keeps lots."""
        if step.action is Action.DELETE:
            return None
        if step.row is None:
            return {"name": step.name}
        body = body_of(step.writes(), step.record)
        for row in step.kind.fields:
            if row.refers_to and row.name in body and str(step.parent_id) in self._lots:
                name = body.pop(row.name)
                body[row.sent_as] = None if name is None else self._lot(step, name)
        return body

    def missing_lot(self, step: Step) -> str | None:
        """Why a row cannot be sent whose lot could not be created."""
        if str(step.parent_id) not in self._lots:
            return None
        for column, value in step.writes():
            refers = column.field is not None and column.field.refers_to
            if refers and isinstance(value, str) and self._lot(step, value) is None:
                return f"Not sent: the lot {value!r} is not known to exist. Plan again."
        return None

    def _lot(self, step: Step, name: str) -> str | None:
        return self._lots[str(step.parent_id)].get(fold(name))


def _path(step: Step) -> str:
    return routes.one(step.kind.collection, str(step.id))
