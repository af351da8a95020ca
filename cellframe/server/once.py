"""Was this very request carried out before?

A caller that hears no answer sends the request again, under the ``Idempotency-Key`` that it had.
The answer is kept in the change that it tells of: neither is there without the other. Refusals
are not kept, since they change nothing: what was refused for a reason that has gone by is
carried out when it comes again. Keys are their caller's own, and forgotten after 30 days.
"""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert

from cellframe.contract.problems import Problem
from cellframe.contract.wire import Reply
from cellframe.server.prepared import Prepared
from cellframe.server.refusals import Refusal, refuse
from cellframe.server.strict import digest_of
from cellframe.server.tables import answers

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from sqlalchemy import Connection

    from cellframe.server.calls import Call
    from cellframe.server.database import Work
    from cellframe.server.paths import Handler

KEPT_FOR = 30 * 24 * 3600 * 1_000_000
"""Microseconds for which an answer is kept."""
HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_TOLD = ("digest", "status", "etag", "body", "created_at")
_FOUND = Prepared(
    select(*(answers.c[name] for name in _TOLD)).where(
        answers.c.caller == bindparam("caller"),
        answers.c.key == bindparam("key"),
        answers.c.created_at > bindparam("since"),
    )
)
_NEW = insert(answers)
# Where one is there already, it has expired.
_KEEP = Prepared(
    _NEW.on_conflict_do_update(
        index_elements=["caller", "key"], set_={name: _NEW.excluded[name] for name in _TOLD}
    ),
    ("caller", "key", *_TOLD),
)
_RUNNING: set[tuple[str, str, str]] = set()
_GUARD = threading.Lock()


@dataclass(frozen=True, slots=True)
class Once:
    """A request that is to be carried out once, however often it comes.

    Attributes
    ----------
    service, caller : str
        Whose key it is: of a folder of records, and of one credential.
    key : str
        As the caller chose it.
    digest : str
        Of the request: the same key with another one is refused.
    now : int
        In microseconds.
    """

    service: str
    caller: str
    key: str
    digest: str
    now: int

    @classmethod
    def of(cls, call: Call, key: str, digest: str) -> Once:
        """Name a request by its key."""
        database = call.database
        return cls(database.identity.server_id, call.caller, key, digest, database.now())

    def part(self, number: int) -> Once:
        """Name a part of the request; no key that is sent holds a space."""
        return replace(self, key=f"{self.key} {number}")

    def find(self, connection: Connection) -> Reply | None:
        """Find the answer that was given before.

        Raises
        ------
        Refusal
            422 where the key was used for another request.
        """
        asked = {"caller": self.caller, "key": self.key, "since": self.now - KEPT_FOR}
        row = _FOUND.first(connection, asked)
        if row is None:
            return None
        digest, status, etag, body, _ = row
        if digest != self.digest:
            message = (
                "This Idempotency-Key was used for another request; choose a new key for each, "
                "and repeat one with what was sent under it."
            )
            raise Refusal(Problem(422, message, code="IDEMPOTENCY_MISMATCH"))
        tagged = {} if etag is None else {"etag": etag}
        return Reply(status, {**tagged, REPLAYED: "true"}, body.encode())

    def keep(self, work: Work, reply: Reply) -> None:
        """Keep the answer together with the change that it tells of."""
        row = {
            "caller": self.caller,
            "key": self.key,
            "digest": self.digest,
            "status": reply.status,
            "etag": reply.headers.get("etag"),
            "body": reply.content.decode(),
            "created_at": self.now,
        }
        _KEEP.run(work.connection, row)

    @contextmanager
    def running(self) -> Generator[None]:
        """Hold the key for the block; 409 where another thread does.

        Another process would not be seen here. It waits for this one's change to end, and then
        finds its answer.
        """
        mine = (self.service, self.caller, self.key)
        with _GUARD:
            if mine in _RUNNING:
                message = "The request with this Idempotency-Key is still being carried out."
                raise refuse(409, message, headers={"retry-after": "1"})
            _RUNNING.add(mine)
        try:
            yield
        finally:
            with _GUARD:
                _RUNNING.discard(mine)


def carry_out(handler: Handler, call: Call, steps: Sequence[str]) -> Reply:
    """Carry out a write; or, where it came with a key that has an answer, answer the same."""
    key = call.request.headers.get(HEADER)
    if key is None:
        return handler(call)
    body = call.body() if call.request.body else None
    digest = fingerprint(call.request.method, steps, body)
    once = Once.of(call, checked(key), digest)
    with once.running():
        with call.database.read() as connection:
            told = once.find(connection)
        return told or handler(replace(call, once=once, given=body))


def checked(key: str) -> str:
    """Return a key that may be one; 400 for any other."""
    if not _KEY.fullmatch(key):
        message = "Idempotency-Key must have 1 to 255 visible ASCII characters, and no spaces."
        raise refuse(400, message)
    return key


def fingerprint(method: str, steps: Sequence[str], body: object) -> str:
    """Digest what a request asks for, however it was written down."""
    return digest_of(["PATCH" if method == "PUT" else method, list(steps), body])
