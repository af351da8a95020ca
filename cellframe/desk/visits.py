"""Who is there, and for how long?

A visit begins with a key or a link and is held in memory alone, the key with it. The browser has
a cookie that is a random number, of which only a digest is kept.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from hashlib import sha256
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

from cellframe.desk.drafts import Drafts
from cellframe.desk.paper import Here
from cellframe.store.places import private

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cellframe.client import Client
    from cellframe.contract.wire import Answer, Reply, Request

LASTS = 12 * 3600.0
"""Seconds of a visit."""
MOST = 32
"""Visits at once; the one that was away longest ends."""
_AT_ONCE = 4
"""Requests of one visitor under way; further ones are told to wait."""


@dataclass(eq=False)
class Visit:
    """Somebody who has entered.

    Attributes
    ----------
    client : Client
        Theirs, with their own key.
    folder : Path
        Where files are made for them.
    who : str or None
        What they are called; None for someone who cannot leave.
    until : float
        When the visit ends.
    token : str
        What each of their forms says back.
    drafts : Drafts
        The plans they have open.
    turns : BoundedSemaphore
        How many of their requests are under way.
    """

    client: Client
    folder: Path
    who: str | None
    until: float
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    drafts: Drafts = field(default_factory=Drafts, repr=False)
    turns: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_AT_ONCE), repr=False)

    def here(self, place: str = "") -> Here:
        """Return what each page says of them."""
        return Here(self.token, self.who, place)


class Visits:
    """The visits of one service, by cookie.

    Parameters
    ----------
    answer : callable
        The service.
    folder : Path
        The desk's; visitors' histories and files lie in it.
    address : str
        Of the service, as pages show it.
    now : callable
        Tells the time in seconds; the default never goes back.
    """

    def __init__(
        self,
        answer: Answer,
        folder: Path,
        address: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answer = answer
        self._folder = folder
        self._address = address
        self._now = now
        self._turn = Lock()
        self._held: OrderedDict[bytes, Visit] = OrderedDict()
        self._files = private(folder / "files")
        self._sweep()

    def begin(self, key: str, whose: str, who: str | None) -> str:
        """Let somebody in, and return their cookie.

        Parameters
        ----------
        key : str
            What their client says to the service.
        whose : str
            Whose history it is: the same text finds it again.
        who : str or None
            What they are called; None for someone who cannot leave.
        """
        from cellframe.client import Client
        from cellframe.transport.inprocess import InProcessWire

        def answer(request: Request) -> Reply:
            return self._answer(replace(request, headers={**request.headers, "x-api-key": key}))

        wire = InProcessWire(answer, self._address, lambda: None)
        digest = sha256(f"cellframe desk {whose}".encode("utf-8", "replace")).hexdigest()[:32]
        state = private(self._folder / "visitors" / digest)
        folder = private(self._files / secrets.token_hex(8))
        visit = Visit(Client.over(wire, state), folder, who, self._now() + LASTS)
        cookie = secrets.token_urlsafe(32)
        with self._turn:
            gone = self._expired()
            while len(self._held) >= MOST:
                gone.append(self._held.popitem(last=False)[1])
            self._held[_digest(cookie)] = visit
        _clear(gone)
        return cookie

    def of(self, cookie: str) -> Visit | None:
        """Return the visit of a cookie; None where there is none, or no longer."""
        with self._turn:
            gone = self._expired()
            name = _digest(cookie)
            visit = self._held.get(name)
            if visit is not None:
                self._held.move_to_end(name)
        _clear(gone)
        return visit

    def end(self, visit: Visit) -> None:
        """End a visit: its key is forgotten and its files are gone."""
        with self._turn:
            self._held = OrderedDict(
                (name, one) for name, one in self._held.items() if one is not visit
            )
        _clear([visit])

    def end_all(self) -> None:
        """End every visit."""
        with self._turn:
            gone = list(self._held.values())
            self._held.clear()
        _clear(gone)

    def _expired(self) -> list[Visit]:
        now = self._now()
        names = [name for name, visit in self._held.items() if visit.until <= now]
        return [self._held.pop(name) for name in names]

    def _sweep(self) -> None:
        """Remove what a service that was killed left behind."""
        oldest = time.time() - LASTS
        for left in self._files.iterdir():
            if left.stat().st_mtime < oldest:
                shutil.rmtree(left, ignore_errors=True)


def _clear(gone: list[Visit]) -> None:
    for visit in gone:
        visit.client.close()
        shutil.rmtree(visit.folder, ignore_errors=True)


def _digest(cookie: str) -> bytes:
    return sha256(cookie.encode("utf-8", "replace")).digest()
