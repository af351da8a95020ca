"""The wire that has been asked before: what was answered is kept, and never given out in error.

Three rules make it so. An answer is used without asking only while it is young enough for who
asks, and while nothing was written from here since before its own question (`store/changes.py`);
otherwise the service is asked, by entity tag where it has them. What is used is compared with
its digest. Pages of a list are given out of one reading of it, or not at all.

Answers lie apart by service, organization and key, so that nobody is given what somebody else
may see. A place in storage is never kept: only what the service itself was asked for.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from cellframe.contract import digests, routes
from cellframe.contract.wire import FileBody, Reply
from cellframe.errors import OfflineMissError
from cellframe.store.blobs import DOWNLOADS, Blobs
from cellframe.store.changes import UNKNOWN, Changes
from cellframe.store.kept import ANSWERS
from cellframe.transport.caching.answers import Answers
from cellframe.transport.caching.flights import Flights
from cellframe.transport.caching.question import Question
from cellframe.transport.caching.tables import UNWRITTEN, Kept
from cellframe.transport.policy import is_loopback
from cellframe.transport.session import HttpWire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cellframe.contract.wire import Request, Wire
    from cellframe.transport.caching.keeping import Keeping
    from cellframe.transport.policy import Policy

FORMAT = 1
"""Of what is kept; another one lies in a folder of its own."""
_PORTS = {"http": 80, "https": 443}
_NOT_MODIFIED = 304
_GONE = (401, 403, 404, 410)
_LARGEST = 16
"""Which part of the whole one body may take."""
_SAID = ("content-type", "etag", digests.WHOLE)
"""Headers that are kept."""


def folders(cache: Path, policy: Policy) -> tuple[Path, Path]:
    """Return where the answers of a service lie, and below it those to one key.

    Parameters
    ----------
    cache : Path
        The folder of all that can be read again.
    policy : Policy
        Of the client: the key is told from others by a digest of it alone.
    """
    service = cache / ANSWERS / _short(_one_spelling(policy.address))
    who = "\0".join(f"{name}:{value}" for name, value in sorted(policy.headers().items()))
    return service, service / _short(f"{FORMAT}\0{policy.address}\0{who}")


def _one_spelling(address: str) -> str:
    """Return what is the same for every way to write an address: a write by one shows by all."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme)
    return f"{parts.scheme}://{'localhost' if is_loopback(host) else host}:{port}{parts.path}"


def over_http(policy: Policy, cache: Path, keeping: Keeping) -> Wire:
    """Return a wire over HTTP, which keeps answers where it is to.

    Parameters
    ----------
    policy : Policy
        Address, credential, times, and hosts of storage.
    cache : Path
        The folder of all that can be read again.
    keeping : Keeping
        For how long, and how much.
    """
    wire = HttpWire(policy)
    if not keeping.most:
        return wire
    service, own = folders(cache, policy)
    return CachedWire(wire, service, own, Blobs(cache / DOWNLOADS, keeping.most), keeping)


class CachedWire:
    """A wire over another one, which keeps what was answered.

    Parameters
    ----------
    wire : Wire
        Asks the service.
    service, own : Path
        Of `folders`.
    files : Blobs
        Keeps files, by what they hold.
    keeping : Keeping
        For how long, and how much.
    clock : callable
        Seconds since the epoch.
    """

    def __init__(
        self,
        wire: Wire,
        service: Path,
        own: Path,
        files: Blobs,
        keeping: Keeping,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._wire = wire
        self._changes = Changes(service / "changes")
        self._answers = Answers(own, keeping.most // 4)
        self._files = files
        self._keeping = keeping
        self._clock = clock
        self._flights: Flights[Reply] = Flights()

    @property
    def origin(self) -> str:
        """Address of the service."""
        return self._wire.origin

    @property
    def in_place(self) -> bool:
        """As of the wire beneath."""
        return self._wire.in_place

    def send(self, request: Request) -> Reply:
        """Carry one request, or answer it; see `cellframe.contract.wire.Wire`."""
        if request.method != "GET":
            return self._written(request, lambda: self._wire.send(request))
        return self._answered(self._question(request, self._wire.send, is_file=False))

    def put(self, url: str, body: FileBody, headers: Mapping[str, str]) -> Reply:
        """Put a file where a service said to; see `cellframe.contract.wire.Wire`."""
        return self._written("PUT of a file", lambda: self._wire.put(url, body, headers))

    def fetch(self, request: Request, folder: Path) -> Reply:
        """Get a file, which is kept; see `cellframe.contract.wire.Wire`."""

        def ask(asked: Request) -> Reply:
            return self._wire.fetch(asked, folder)

        return self._answered(self._question(request, ask, is_file=True))

    def _written(self, what: object, send: Callable[[], Reply]) -> Reply:
        """Send what may change records: whatever becomes of it, no answer from before counts."""
        if self._keeping.offline:
            message = f"Offline: {what} was not sent to {self.origin}. Connect, and try again."
            raise OfflineMissError(message)
        self._changes.note()
        try:
            return send()
        finally:
            self._changes.note()

    def _question(
        self, request: Request, ask: Callable[[Request], Reply], *, is_file: bool
    ) -> Question:
        age = self._keeping.max_age if request.max_age is None else request.max_age
        return Question(request, ask, self._clock(), age, is_file=is_file)

    def _answered(self, question: Question) -> Reply:
        """Answer from what is kept, or ask, together with whoever asks the same just now."""
        if not question.is_kept:
            return (
                self._missed(question) if self._keeping.offline else question.ask(question.request)
            )
        reply = self._served(question) if question.age or self._keeping.offline else None
        if reply is not None:
            return reply
        if self._keeping.offline:
            self._missed(question)
        question.asks_for_pages()
        key = (question.target, question.is_file, self._changes.seen())
        return self._flights.join(
            key,
            question.called,
            question.oldest,
            lambda: self._landed(question) or self._brought(question),
        )

    def _landed(self, question: Question) -> Reply | None:
        """Return what another thread brought between this one's look and its turn to ask."""
        if not question.age or question.request.walk is not None:
            return None
        return self._served(question)

    def _served(self, question: Question) -> Reply | None:
        """Return the kept answer, where it may be given without asking, and is whole."""
        known = self._answers.find(question.target)
        if (
            known is None
            or not self._counts(known, question)
            or not question.may_follow(known.walk)
        ):
            return None
        reply = self._given(question, known)
        if reply is not None:
            question.follows(known.walk)
        return reply

    def _counts(self, known: Kept, question: Question) -> bool:
        unwritten = known.seen == self._changes.seen() != UNKNOWN
        if self._keeping.offline:
            # What a service can do is not changed by writing records to it.
            untold = question.request.path == routes.CAPABILITIES
            return question.request.max_age != 0 and (unwritten or untold)
        return unwritten and question.is_young(known, self._clock())

    def _brought(self, question: Question) -> Reply:
        """Ask the service, by entity tag where there is one, and keep what it says."""
        known = self._answers.find(question.target)
        noted = self._changes.seen(), self._clock()
        reply = question.ask(question.conditional(known.etag if known else None))
        if reply.status == _NOT_MODIFIED and known is not None:
            given = self._given(question, known)
            if given is not None and not question.moved_on(known, reply, given):
                given = replace(given, headers=_joined(given, reply))
                body = given.content if known.digest == UNWRITTEN else None
                self._answers.keep(self._known(question, given, known.digest, noted), body)
                return given
            reply = question.ask(question.request)
        return self._kept(question, reply, noted)

    def _given(self, question: Question, known: Kept) -> Reply | None:
        """Return a kept answer; None where its body is gone or damaged."""
        if question.is_file:
            path = self._files.sound(known.digest)
            body = FileBody(path) if path is not None else None
        else:
            body = self._answers.body(known)
        return None if body is None else Reply(known.status, known.headers, body)

    def _kept(self, question: Question, reply: Reply, noted: tuple[str, float]) -> Reply:
        """Keep an answer, where it is one to keep, and return it."""
        if not question.is_worth_keeping(reply):
            if reply.status in _GONE:
                self._answers.forget(question.target)
            return reply
        reply, digest, body = self._taken(reply)
        if body is None or len(body) <= self._keeping.most // _LARGEST:
            self._answers.keep(self._known(question, reply, digest, noted), body)
        return reply

    def _known(
        self, question: Question, reply: Reply, digest: str, noted: tuple[str, float]
    ) -> Kept:
        seen, asked = noted
        return Kept(
            target=question.target,
            digest=digest,
            etag=reply.headers.get("etag"),
            asked=asked,
            came=self._clock(),
            seen=seen,
            walk=question.walk,
            status=reply.status,
            headers={name: reply.headers[name] for name in _SAID if name in reply.headers},
        )

    def _taken(self, reply: Reply) -> tuple[Reply, str, bytes | None]:
        """Return an answer whose file, if it is one, is kept, its digest, and a body to keep."""
        if isinstance(reply.body, bytes):
            return reply, UNWRITTEN, reply.body
        digest, path = self._files.take(reply.body)
        headers = {digests.WHOLE: digests.written(digest), **reply.headers}
        return Reply(reply.status, headers, FileBody(path)), digest, None

    def _missed(self, question: Question) -> NoReturn:
        request = question.request
        if request.max_age == 0:
            message = (
                f"Offline: a plan compares with what the service has now, and {request} cannot be "
                f"asked of {self.origin}. Connect, and plan again."
            )
        elif not question.is_kept:
            message = f"Offline: {request} is always asked of {self.origin}, and never kept. Connect first."
        else:
            message = (
                f"Offline: the answer of {self.origin} to {request} is not kept here, or is from "
                "before your last write. Connect and read it once; then it can be read offline."
            )
        raise OfflineMissError(message)

    def close(self) -> None:
        """Write what is left to be kept, and close the connections."""
        self._answers.close()
        self._wire.close()

    def __repr__(self) -> str:
        return f"CachedWire({self.origin!r})"

    def __reduce__(self) -> NoReturn:
        message = "A wire holds a credential and is never pickled or copied."
        raise TypeError(message)


def _joined(given: Reply, told: Reply) -> dict[str, str]:
    """Return the headers of a kept answer, as the service tells them now."""
    return {**given.headers, **{name: told.headers[name] for name in _SAID if name in told.headers}}


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
