"""The service: one plain function from a request to its reply."""

from __future__ import annotations

import hmac
import logging
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy.exc import OperationalError

from cellframe.contract.problems import Problem
from cellframe.errors import ConfigError
from cellframe.failpoints import reach
from cellframe.server import clock, filters, once, paths, router
from cellframe.server.calls import Call
from cellframe.server.database import Database
from cellframe.server.files import storage
from cellframe.server.files.blobs import Blobs
from cellframe.server.files.collector import Collector
from cellframe.server.lesser import Lesser
from cellframe.server.problems import disk_problem, labelled, not_stored, problem_reply, refused
from cellframe.server.refusals import Refusal, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from cellframe.contract.wire import Reply, Request
    from cellframe.server.files.filesystem import FileSystem

_log = logging.getLogger(__name__)
_HEALTH = ("healthz",)
_FILES = ("storage",)
"""Needs no key, like the path before: its paths hold a signature instead."""
_UPLOADS = ("storage", "uploads")
_READS = {"GET", "HEAD"}
SCHEME = ":scheme"
"""How the socket was spoken to, beside the headers: none of those can begin with a colon."""


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
    public_url : str, optional
        Where callers reach the service, for one behind a proxy. The addresses of files begin
        with it; without it, with the host that a request names.
    file_system : FileSystem, optional
        What writes the files of tests.
    without : collection of str
        Extensions that are left out: ``version``, ``if_match``, ``idempotency_key``, ``batch``.

    Raises
    ------
    ConfigError
        `keys` is empty, or holds an empty key; `public_url` is no address; or what is to be left
        out cannot be.
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
        public_url: str = "",
        file_system: FileSystem | None = None,
        without: Collection[str] = (),
    ) -> None:
        if keys is not None and (isinstance(keys, str) or not keys or not all(keys)):
            message = "keys must be a list of at least one key, none of them empty."
            raise ConfigError(message)
        self._digests = None if keys is None else [_digest(key) for key in keys]
        if public_url and not public_url.startswith(("http://", "https://")):
            message = f"{public_url!r} is no address; it begins with https:// or http://."
            raise ConfigError(message)
        self._open_door = open_door
        self._public_url = public_url.rstrip("/")
        self._lesser = Lesser(without)
        self._database = Database(folder, clock)
        self._blobs = Blobs(folder, file_system)
        self._collector = Collector(self._database, self._blobs)
        self._collector.run_when_due()

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
            reply = self._lesser.told(request, self._carry_out(self._lesser.heard(request)))
        except Refusal as refusal:
            reply = refused(refusal)
        except OperationalError as fault:
            reply = not_stored(fault, correlation)
        except OSError as fault:
            reply = problem_reply(disk_problem(fault, correlation))
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets a problem
            _log.exception("Request %s could not be answered", correlation)
            message = "The service failed; its log says more under this x-correlation-id."
            reply = problem_reply(Problem(500, message))
        reach("before_answer")
        return labelled(reply, correlation)

    def _carry_out(self, request: Request) -> Reply:
        segments = paths.segments(request.path)
        is_file = segments[:1] == _FILES
        caller = "" if segments == _HEALTH or is_file else self._caller(request.headers)
        handler, ids = paths.find(router.ROUTES, request.method, segments)
        envelope = router.ENVELOPES.get(handler, 0)
        call = replace(self._call(request, ids, caller), envelope=envelope)
        if request.method in _READS or is_file:
            return handler(call)
        if handler in router.BEGINNINGS or once.HEADER in request.headers:
            self._collector.run_when_due()
        return once.carry_out(handler, call, segments)

    def _call(self, request: Request, ids: tuple[str, ...], caller: str = "") -> Call:
        host = request.headers.get("host", "")
        asked = f"{request.headers.get(SCHEME, 'http')}://{host}" if host else ""
        return Call(
            request,
            ids,
            self._database,
            self._blobs,
            address=self._public_url or asked,
            in_process=self._open_door and not host,
            caller=caller,
            trial=request.method not in _READS and filters.is_trial(request.query),
        )

    def admit(self, request: Request) -> Path | None:
        """Say where a request's body may be written before it is answered.

        Parameters
        ----------
        request : Request
            Without its body.

        Returns
        -------
        Path or None
            A file to make, which the request's body is then; None for a body that is held in
            memory.

        Raises
        ------
        Refusal
            The body must not be read at all.
        """
        segments = paths.segments(request.path)
        if request.method != "PUT" or segments[:2] != _UPLOADS:
            return None
        _, ids = paths.find(router.ROUTES, request.method, segments)
        return storage.admit(self._call(request, ids))

    def _caller(self, headers: Mapping[str, str]) -> str:
        """Check the credential of a request, and tell callers apart by its digest."""
        key = headers.get("x-api-key", "").strip() or _bearer(headers.get("authorization", ""))
        given = _digest(key)
        if not self._open_door and not (key and self._is_known(given)):
            message = "Send a key that this service knows, as X-API-Key or Authorization: Bearer."
            raise refuse(401, message, headers={"www-authenticate": "Bearer"})
        return given.hex()

    def _is_known(self, given: bytes) -> bool:
        if self._digests is None:
            return True
        # A list, since any() would stop at the key that fits and so tell its place.
        return any([hmac.compare_digest(given, known) for known in self._digests])  # noqa: C419


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _digest(key: str) -> bytes:
    return sha256(key.encode("utf-8", "surrogateescape")).digest()
