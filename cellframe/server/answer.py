"""The service: one plain function from a request to its reply."""

from __future__ import annotations

import hmac
import logging
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import uuid4

import orjson
from sqlalchemy.exc import OperationalError

from cellframe.contract.problems import JSON_TYPE, Problem
from cellframe.contract.wire import Reply
from cellframe.errors import ConfigError
from cellframe.server import about, cells, clock, lots, specs
from cellframe.server.calls import Call
from cellframe.server.database import Database
from cellframe.server.refusals import Refusal, refuse
from cellframe.server.strict import text_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cellframe.contract.wire import Request

    _Handler = Callable[[Call], Reply]

_log = logging.getLogger(__name__)
_ID = None
"""Stands for an id in a path of `_ROUTES`."""
_CHANGE = ("PATCH", "PUT")
"""Clients of the first releases say PUT."""


def _one(read: _Handler, change: _Handler, remove: _Handler) -> dict[str, _Handler]:
    return {"GET": read, **dict.fromkeys(_CHANGE, change), "DELETE": remove}


_ROUTES: dict[tuple[str | None, ...], dict[str, _Handler]] = {
    ("healthz",): {"GET": about.health},
    ("users", "me"): {"GET": about.user},
    ("discovery", "capabilities"): {"GET": about.capabilities},
    ("discovery", "schemas", _ID): {"GET": about.schema},
    ("cell_specifications",): {"GET": specs.find_all, "POST": specs.create},
    ("cell_specifications", _ID): _one(specs.read, specs.change, specs.remove),
    ("cell_specifications", _ID, "cell_instances"): {
        "GET": cells.find_of_spec,
        "POST": cells.create,
    },
    ("cell_specifications", _ID, "cell_batches"): {"GET": lots.find_all, "POST": lots.create},
    ("cell_instances",): {"GET": cells.find_all},
    ("cell_instances", _ID): _one(cells.read, cells.change, cells.remove),
    ("cell_batches", _ID): _one(lots.read, lots.change, lots.remove),
}
_PUBLIC = ("healthz",)


class Service:
    """Battery cell records in one folder, answered as the contract says.

    Parameters
    ----------
    folder : Path
        Where the records are kept; made where there is none.
    keys : sequence of str, optional
        The only keys accepted. Without them any key is, as long as one is sent: fit for one
        machine, not for a network.
    open_door : bool
        Whether a request needs no key at all. For callers in the same process, who could
        read the folder themselves.
    clock : callable, optional
        Tells the time in microseconds since 1970.

    Raises
    ------
    ConfigError
        `keys` is empty, or holds an empty key.
    StoreError
        The folder cannot be used, or a newer cellframe wrote its records.
    """

    def __init__(
        self,
        folder: Path,
        *,
        keys: Sequence[str] | None = None,
        open_door: bool = False,
        clock: Callable[[], int] = clock.now,
    ) -> None:
        if keys is not None and (isinstance(keys, str) or not keys or not all(keys)):
            message = "keys must be a list of at least one key, none of them empty."
            raise ConfigError(message)
        self._digests = None if keys is None else [_digest(key) for key in keys]
        self._open_door = open_door
        self._database = Database(folder, clock)

    @property
    def server_id(self) -> str:
        """Id of this folder's records, the same for as long as the folder lives."""
        return self._database.identity.server_id

    def close(self) -> None:
        """Give back the folder. Requests that are being answered finish."""
        self._database.close()

    def answer(self, request: Request) -> Reply:
        """Answer one request; safe from several threads at once.

        Parameters
        ----------
        request : Request
            Its headers in lower case, its path percent-encoded.

        Returns
        -------
        Reply
            Refusals and faults included: nothing is raised.
        """
        correlation = uuid4().hex
        try:
            reply = self._carry_out(request)
        except Refusal as refusal:
            reply = problem_reply(refusal.problem, refusal.headers)
        except OperationalError as fault:
            reply = problem_reply(*_storage_problem(fault, correlation))
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets a problem
            _log.exception("Request %s could not be answered", correlation)
            message = "The service failed; its log says more under this x-correlation-id."
            reply = problem_reply(Problem(500, message))
        return labelled(reply, correlation)

    def _carry_out(self, request: Request) -> Reply:
        segments = _segments(request.path)
        if segments != _PUBLIC:
            self._check_key(request.headers)
        handlers, ids = _route(segments)
        handler = handlers.get(request.method)
        if handler is None:
            allowed = {"allow": ", ".join(handlers)}
            raise refuse(405, f"The path takes {allowed['allow']}.", headers=allowed)
        return handler(Call(request, ids, self._database))

    def _check_key(self, headers: Mapping[str, str]) -> None:
        if self._open_door:
            return
        key = headers.get("x-api-key", "").strip() or _bearer(headers.get("authorization", ""))
        if not key or not self._is_known(key):
            message = "Send a key that this service knows, as X-API-Key or Authorization: Bearer."
            raise refuse(401, message, headers={"www-authenticate": "Bearer"})

    def _is_known(self, key: str) -> bool:
        if self._digests is None:
            return True
        given = _digest(key)
        # A list, since any() would stop at the key that fits and so tell its place.
        return any([hmac.compare_digest(given, known) for known in self._digests])  # noqa: C419


def labelled(reply: Reply, correlation: str) -> Reply:
    """Add the headers that every reply carries."""
    headers = {"content-type": JSON_TYPE, "x-correlation-id": correlation, **reply.headers}
    return Reply(reply.status, headers, reply.body)


def problem_reply(problem: Problem, headers: Mapping[str, str] | None = None) -> Reply:
    """Write a problem as the contract says."""
    return Reply(problem.status, headers or {}, orjson.dumps(problem.body()))


def _segments(path: str) -> tuple[str, ...]:
    """Split a path, then decode: an id may hold a slash of its own."""
    first, *rest = path.split("/")
    try:
        decoded = tuple(unquote(step, errors="strict") for step in rest)
    except UnicodeDecodeError:
        decoded = ("",)
    return decoded if not first and not any(map(text_fault, decoded)) else ("",)


def _route(segments: tuple[str, ...]) -> tuple[dict[str, _Handler], tuple[str, ...]]:
    for pattern, handlers in _ROUTES.items():
        if len(pattern) == len(segments) and all(
            step if wanted is _ID else step == wanted
            for wanted, step in zip(pattern, segments, strict=True)
        ):
            ids = (step for wanted, step in zip(pattern, segments, strict=True) if wanted is _ID)
            return handlers, tuple(ids)
    raise refuse(404, "There is nothing at this path: is the service's address right?")


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogateescape")).digest()


def _storage_problem(fault: OperationalError, correlation: str) -> tuple[Problem, dict[str, str]]:
    """Tell a full disk and a busy database, which pass, from a fault of ours."""
    said = str(fault.orig)
    _log.error("Request %s was not stored: %s", correlation, said)
    if "full" in said:
        message = "The disk is full; nothing was stored. Free some space and send it again."
        return Problem(507, message), {}
    if "locked" in said or "busy" in said:
        message = "Other writers keep the database busy; nothing was stored. Send it again."
        return Problem(503, message), {"retry-after": "1"}
    return Problem(503, "The database cannot be used now; its service's log says why."), {}
