"""What may be asked of this service, as an OpenAPI document?"""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract import routes
from cellframe.contract.problems import JSON_TYPE
from cellframe.contract.records import KINDS
from cellframe.server import calls, conditions
from cellframe.server.describing import parameters, schemas
from cellframe.server.describing.operations import BODIES, OPERATIONS, Operation
from cellframe.server.paths import ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.contract.wire import Reply
    from cellframe.server.calls import Call
    from cellframe.server.paths import Handler, Routes

_BYTES = "application/octet-stream"
_OPEN = ("healthz", "storage")
"""Where no key is asked for."""
_WRITES = ("POST", "PATCH", "DELETE")
_ALIAS = "PUT"
_DOCUMENT = Operation(answer={"type": "object"}, asked=(parameters.IF_NONE_MATCH,))
"""This one: it is no entry of the table that it is made from."""


def handler(table: Routes) -> Handler:
    """Make the handler that describes a table of routes, itself among them."""

    @cache
    def written() -> bytes:
        # Once asked for, and not at the start: it takes longer than the rest of it.
        return orjson.dumps(document(table))

    def describe(call: Call) -> Reply:
        """Describe every call, as OpenAPI 3.1."""
        content = written()
        etag = conditions.digest(content)
        return calls.unchanged(etag) if call.holds(etag) else calls.reply(200, content, etag)

    return describe


def document(table: Routes) -> dict[str, Any]:
    """Describe a table of routes as OpenAPI 3.1."""
    kinds = KINDS.values()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Battery cell records", "version": "1"},
        "security": [{"key": []}, {"token": []}],
        "paths": {_template(steps): _path(steps, found) for steps, found in table.items()},
        "components": {
            "schemas": {
                **schemas.requests(kinds, BODIES),
                **{schemas.title(kind): schemas.record(kind) for kind in kinds},
                "Part": schemas.part(),
                "Problem": schemas.problem(),
            },
            "responses": {
                "Problem": {
                    "description": "Why it was not done.",
                    "content": {JSON_TYPE: {"schema": schemas.ref("Problem")}},
                }
            },
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _template(steps: tuple[str | None, ...]) -> str:
    written = [
        f"{{{parameters.in_path(str(steps[place - 1]))['name']}}}" if step is ID else step
        for place, step in enumerate(steps)
    ]
    return "/" + "/".join(map(str, written))


def _path(steps: tuple[str | None, ...], found: Mapping[str, Handler]) -> dict[str, Any]:
    ids = [parameters.in_path(str(steps[place - 1])) for place, s in enumerate(steps) if s is ID]
    # PUT where there is a PATCH is its alias, for clients of the first releases.
    methods = [method for method in found if method != _ALIAS or "PATCH" not in found]
    described = {method.lower(): _operation(steps, method, found[method]) for method in methods}
    return {**({"parameters": ids} if ids else {}), **described}


def _operation(steps: tuple[str | None, ...], method: str, found: Handler) -> dict[str, Any]:
    plain: Any = getattr(found, "func", found)
    told = OPERATIONS.get(plain, _DOCUMENT)
    described: dict[str, Any] = {
        "summary": (inspect.getdoc(plain) or "").partition("\n")[0],
        "responses": _answers(told, method),
    }
    writes = method in _WRITES and steps[0] not in _OPEN
    asked = [*told.asked, *(parameters.OF_WRITES if writes else ())]
    if asked:
        described["parameters"] = asked
    if steps[0] in _OPEN:
        described["security"] = []
    if method == _ALIAS:
        described["requestBody"] = {"content": {_BYTES: {}}, "required": True}
    elif told.body is not None:
        sent = {"schema": schemas.ref(told.body.__name__)}
        described["requestBody"] = {"content": {JSON_TYPE: sent}, "required": True}
    return described


def _answers(told: Operation, method: str) -> dict[str, Any]:
    whole = _answer(told, method)
    some = {"206": whole} if parameters.RANGE in told.asked else {}
    same = {"304": _UNCHANGED} if parameters.IF_NONE_MATCH in told.asked else {}
    return {str(told.status): whole, **some, **same, "default": _PROBLEM}


_UNCHANGED = {"description": "It is what the caller holds."}
_PROBLEM = {"$ref": "#/components/responses/Problem"}


def _answer(told: Operation, method: str) -> dict[str, Any]:
    described: dict[str, Any] = {"description": "Done."}
    if told.answer is not None and method != "HEAD":
        media = _BYTES if told.binary and method == "GET" else JSON_TYPE
        described["content"] = {media: {"schema": told.answer}}
    if told.status == 303:  # noqa: PLR2004 - See Other
        location = {"schema": {"type": "string"}, "description": "Where the file lies."}
        described["headers"] = {"Location": location}
    return described


PATH = tuple(routes.OPENAPI.strip("/").split("/"))
"""Where the document lies, as a pattern of routes."""
