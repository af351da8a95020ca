"""Which question is it, may its answer be kept, and how old may that be?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cellframe.contract import routes
from cellframe.contract.pages import NoPageError, cut
from cellframe.contract.wire import FileBody, Reply, Request, target_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.transport.caching.tables import Kept

_LIVE = (routes.HEALTH, routes.WHO_AM_I)
"""Whether the service is there, and whom it takes one for: never a matter of memory."""
_FILES = (routes.TIME_SERIES_FILE, routes.STEPS_FILE, routes.CYCLES_FILE)
_SNAPSHOT = "as_of"
_OK, _NOT_FOUND = 200, 404
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Question:
    """One GET, as the cache sees it.

    Attributes
    ----------
    request : Request
    ask : callable
        Asks the service.
    called : float
        When it was put, seconds since the epoch.
    age : float
        Seconds that the answer may be old.
    is_file : bool
        Whether the answer is a file.
    target : str
        What is asked: path and query, without the state that later pages are of.
    """

    request: Request
    ask: Callable[[Request], Reply]
    called: float
    age: float
    is_file: bool
    target: str = field(init=False)

    def __post_init__(self) -> None:
        pairs = tuple(pair for pair in self.request.query if pair[0] != _SNAPSHOT)
        object.__setattr__(self, "target", target_of(self.request.path, pairs))

    @property
    def is_kept(self) -> bool:
        """Whether its answer may be kept: a part of a file, or of a list by itself, is not."""
        if self.request.headers or self.request.path in _LIVE:
            return False
        if self.is_file:
            return self.request.path.endswith(_FILES)
        return self.request.walk is not None or self._starts

    @property
    def _starts(self) -> bool:
        return dict(self.request.query).get("offset", "0") == "0"

    @property
    def oldest(self) -> float:
        """The earliest time at which an answer that is under way may have been asked for."""
        return (
            float("-inf") if self.is_file else self.called - self.age if self.age else self.called
        )

    def is_young(self, known: Kept, now: float) -> bool:
        """Whether an answer may be used without asking; one from a clock that was ahead may not."""
        since = known.came if self.is_file and known.came >= self.called else known.asked
        return self.called - self.age <= since and known.came <= now

    @property
    def walk(self) -> str:
        """Of which reading of a list the answer is kept as a page."""
        return self.request.walk.name if self.request.walk is not None else ""

    def may_follow(self, walk: str) -> bool:
        """Whether a page of an earlier reading goes with those that were given before it."""
        mine = self.request.walk
        return mine is None or mine.follows in (None, walk)

    def follows(self, walk: str) -> None:
        """Give the pages that come from the same reading as this one."""
        if self.request.walk is not None:
            self.request.walk.follows = walk

    def asks_for_pages(self) -> None:
        """Ask the service for later pages too, where the first page of a list is asked of it."""
        if self.request.walk is not None and self.request.walk.follows is None:
            self.request.walk.follows = self.request.walk.name

    def conditional(self, etag: str | None) -> Request:
        """Return the request that is answered in a word where the service stands by its tag."""
        return replace(self.request, headers={"if-none-match": etag}) if etag else self.request

    def moved_on(self, known: Kept, reply: Reply, given: Reply) -> bool:
        """Whether a first page says the same, but of a state that later pages cannot be of."""
        if self.request.walk is None or not self._starts or not isinstance(given.body, bytes):
            return False
        if reply.headers.get("etag", known.etag) == known.etag:
            return False
        try:
            page = cut(given.body)
        except NoPageError:
            return False
        return page.as_of is not None and page.said != page.total

    def is_worth_keeping(self, reply: Reply) -> bool:
        """Whether an answer is whole and no refusal; that a service tells nothing is one, too."""
        if "no-store" in reply.headers.get("cache-control", ""):
            return False
        if self.is_file:
            # A file that lies in its place already is nobody's to keep.
            return reply.status == _OK and isinstance(reply.body, FileBody) and reply.body.movable
        if self.request.path == routes.CAPABILITIES and reply.status == _NOT_FOUND:
            return True
        kind = reply.headers.get("content-type", "").split(";")[0].strip().lower()
        return reply.status == _OK and kind == _JSON
