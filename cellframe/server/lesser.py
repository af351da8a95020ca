"""What does a service answer that offers less?

Whoever works with a service that keeps no versions, or takes no keys, tries a notebook against
one that does not either. What is left out is not told of, and not heard where it is sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract import routes
from cellframe.contract.wire import Reply, Request
from cellframe.errors import ConfigError
from cellframe.server.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Collection

EXTENSIONS = ("version", "if_match", "idempotency_key", "batch")
"""What may be left out."""
_HEARD = {"if_match": "if-match", "idempotency_key": "idempotency-key"}
"""Headers of an extension; an operation of a batch has a field of its name."""


class Lesser:
    """What a service leaves out.

    Parameters
    ----------
    without : collection of str
        Names of extensions. Without ``version`` there is no ``if_match``, which names one.

    Raises
    ------
    ConfigError
        There is no such extension, or it cannot be left out.
    """

    def __init__(self, without: Collection[str]) -> None:
        wrong = sorted(set(without) - set(EXTENSIONS))
        if wrong:
            names = ", ".join(EXTENSIONS)
            message = f"{', '.join(wrong)} cannot be left out; what can be is {names}."
            raise ConfigError(message)
        self._without = {*without, *(("if_match",) if "version" in without else ())}

    def heard(self, request: Request) -> Request:
        """Return a request as a service hears it that knows nothing of what is left out.

        Raises
        ------
        Refusal
            404 for a path that it does not have.
        """
        silent = [name for name in _HEARD if name in self._without]
        if request.path == routes.BATCH and self._without:
            if "batch" in self._without:
                raise refuse(404, "There is nothing at this path: is the service's address right?")
            request = replace(request, body=_without_fields(request.body, silent))
        dropped = [_HEARD[name] for name in silent if _HEARD[name] in request.headers]
        if not dropped:
            return request
        kept = {name: value for name, value in request.headers.items() if name not in dropped}
        return replace(request, headers=kept)

    def told(self, request: Request, reply: Reply) -> Reply:
        """Return a reply without what is left out."""
        if self._without and request.path == routes.CAPABILITIES:
            return self._of_capabilities(reply)
        if "version" not in self._without or not isinstance(reply.body, bytes) or not reply.body:
            return reply
        headers = {name: value for name, value in reply.headers.items() if name != "etag"}
        return Reply(reply.status, headers, _unversioned(reply.body))

    def _of_capabilities(self, reply: Reply) -> Reply:
        body: dict[str, Any] = orjson.loads(reply.content)
        offered: dict[str, Any] = body.get("extensions", {})
        for name in self._without:
            offered.pop(name, None)
        return replace(reply, body=orjson.dumps(body))


def _without_fields(body: Any, names: Collection[str]) -> Any:
    """Take fields out of the operations of a batch; what is none is left to its reader."""
    try:
        asked = orjson.loads(body)
        for operation in asked["operations"]:
            for name in names:
                operation.pop(name, None)
    except (ValueError, TypeError, KeyError, AttributeError):
        return body
    return orjson.dumps(asked)


def _unversioned(content: bytes) -> bytes:
    """Take the version out of a record, of each record of a list, and of each result of a batch."""
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content
    if not isinstance(body, dict):
        return content
    listed: list[Any] = body.get("items") or []
    answered = [one.get("body") for one in body.get("results") or []]
    for record in (body, *listed, *answered):
        if isinstance(record, dict):
            record.pop("version", None)
    return orjson.dumps(body)
