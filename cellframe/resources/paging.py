"""Every page of a list, each record once.

The first page says how many records there are; the others are asked for at once, each a step of as
many records as came. Where the service keeps the state that the first page saw, the others are of
it; elsewhere a list that changed meanwhile is walked once more, and then refused.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from cellframe.contract.pages import NoPageError, Page, cut, records_of
from cellframe.contract.wire import Walk
from cellframe.errors import LimitExceededError, NotFoundError, TransportError
from cellframe.frames.rows import Rows
from cellframe.resources.gather import AT_HAND, PAGES, gather, in_order
from cellframe.transport.replies import content_of, make_request, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cellframe.contract.records import RecordKind
    from cellframe.resources.connection import Connection

List: TypeAlias = "tuple[str, Mapping[str, Any]]"
"""Path and query of a list."""

MOST_RECORDS = 2_000_000
"""Records that are read at once: what a service claims beyond is not asked for."""
_WALKS = 2
_OWN = 0.001
"""Seconds of Python's one lock that a page costs here. More pages under way than fit into the time
that one takes only wait for each other: a hundred took 80 ms by 25 threads, and 46 by two."""
_FEW = 2


def read_rows(
    connection: Connection, kind: RecordKind, lists: Sequence[List], *, one_by_one: bool = False
) -> Rows:
    """Read lists of one kind of record, whole.

    Parameters
    ----------
    lists : sequence of (str, mapping)
        Path and query of each; their records follow one another.
    one_by_one : bool
        Whether every record is looked at by itself afterwards.

    Returns
    -------
    Rows
        The records, in the order of the service.

    Raises
    ------
    TransportError
        Records came or went while the pages were read, twice in a row; or what came is no list.
    LimitExceededError
        A list claims to be longer than is read at once.
    """
    walks = [_Walked(connection, path, query) for path, query in lists]
    shapes = None if one_by_one else connection.shapes_of(kind, [path for path, _ in lists])
    workers = AT_HAND if connection.wire.in_place else PAGES
    left = walks
    for _ in range(_WALKS):
        try:
            rows = Rows(kind, (page.items for page in _pages(walks, left, workers)), shapes)
            left = _incomplete(walks, rows)
        except NoPageError:
            raise _culprit(walks).no_list() from None
        if not left:
            return rows
    path = left[0].path
    message = (
        f"{path} kept changing while its pages were read, or does not heed offset. Read it again."
    )
    raise TransportError(message, request=f"GET {path}")


def read_records(
    connection: Connection, kind: RecordKind, path: str, query: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Read a list, whole, as records; see `read_rows`."""
    return read_rows(connection, kind, [(path, query)], one_by_one=True).records


def read_page(
    connection: Connection, path: str, query: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], int]:
    """Read the one page of a list that a query asks for; return its records and the total.

    Raises
    ------
    TransportError
        What came is no list of records.
    """
    walked = _Walked(connection, path, query)
    page = walked.ask(query)
    try:
        records = records_of(page.items)
    except NoPageError:
        raise walked.no_list() from None
    return records, len(records) if page.total is None else page.total


@dataclass(eq=False)
class _Walked:
    """One list, and the pages of it that came."""

    connection: Connection
    path: str
    query: Mapping[str, Any]
    pages: list[Page] = field(default_factory=list)
    walk: Walk = field(default_factory=Walk)
    is_broken: bool = False
    again: bool = False
    seconds: float = 0.0

    def begin(self) -> None:
        """Read the first page; those after it too where the service does not say how many."""
        self.walk, self.is_broken = Walk(), False
        if self.again:
            # Kept pages may be those that did not fit; they are of another walk than this one.
            self.walk.follows = self.walk.name
        self.again = True
        begun = time.monotonic()
        first = self.at(0, self.connection.page)
        self.seconds = time.monotonic() - begun
        self.pages = [first]
        if (first.total or 0) > MOST_RECORDS:
            message = (
                f"{self.connection.wire.origin} says that {self.path} has {first.total:,} records, more than "
                f"the {MOST_RECORDS:,} that are read at once. Narrow it with filters."
            )
            raise LimitExceededError(message)
        if first.total is None and first.count:
            self._read_on()

    def _read_on(self) -> None:
        """Read page after page until one is empty, or the same again."""
        offset = self.pages[0].count
        while offset <= MOST_RECORDS:
            page = self.at(offset, self.connection.page)
            if page.items == self.pages[-1].items and self.pages[0].is_bare:
                return  # A bare array is the whole list, whatever is asked for.
            if not page.count:
                return
            self.pages.append(page)
            offset += page.count
            if page.items == self.pages[-2].items:
                self.is_broken = True
                return

    @property
    def step(self) -> int:
        """Records of the first page: what it says of itself is believed where it is a full one."""
        first = self.pages[0]
        full = min(self.connection.page, first.total or 0)
        return full if first.said == full else first.count

    def offsets(self) -> Iterator[int]:
        """Where the other pages begin, as long as those before came as they should."""
        total = self.pages[0].total or 0
        step = self.step
        if step:
            for offset in range(step, total, step):
                if self.is_broken:
                    return
                yield offset

    def take(self, page: Page | None) -> None:
        """Take in the next page; one that says the same as the last ends the walk."""
        if page is None or page.items == self.pages[-1].items or page.said == 0:
            self.is_broken = True
        if page is not None:
            self.pages.append(page)

    def later(self, offset: int) -> Page | None:
        """Read a page of the state that the first one saw; None where that is kept no longer."""
        state = self.pages[0].as_of if self.connection.offers("as_of") else None
        try:
            return self.at(offset, self.step, as_of=state)
        except NotFoundError:
            if state is None:
                raise
            return None

    def at(self, offset: int, limit: int, **more: Any) -> Page:
        """Read the page that begins at an offset."""
        return self.ask({**self.query, "limit": limit, "offset": offset, **more})

    def ask(self, query: Mapping[str, Any]) -> Page:
        """Read one page.

        Raises
        ------
        TransportError
            What came is no list of records.
        """
        wire = self.connection.wire
        request = make_request("GET", self.path, query=query, walk=self.walk)
        reply = wire.send(request)
        try:
            return cut(content_of(request, reply, wire.origin))
        except NoPageError:
            read(request, reply, wire.origin)  # It says what came, where that is no JSON.
            raise self.no_list() from None

    def no_list(self) -> TransportError:
        """Return the error that an answer stands for which is no list of records."""
        message = f"{self.connection.wire.origin} answered GET {self.path} with something that is no list of records."
        return TransportError(message, request=f"GET {self.path}", sent=True)

    def is_whole(self, ids: Any, sizes: Sequence[int]) -> bool:
        """Whether every record came, once.

        Parameters
        ----------
        ids : Series of str
            Of the records that came.
        sizes : sequence of int
            How many came with each page.
        """
        totals = {page.total for page in self.pages}
        came = sum(sizes)
        return not self.is_broken and totals <= {came, None} and ids.n_unique() == came


def _pages(walks: Sequence[_Walked], left: Sequence[_Walked], workers: int) -> Iterator[Page]:
    """Yield the pages of all lists in their order; those of lists that are left are read."""
    gather(_Walked.begin, left, workers=workers)
    quickest = min((walked.seconds for walked in left), default=0.0)
    workers = min(workers, max(_FEW, round(quickest / _OWN)))
    asked = (
        (walked, offset)
        for walked in walks
        for offset in chain((None,), walked.offsets() if walked in left else ())
    )
    for walked, offset, page in in_order(_came, asked, workers):
        if offset is None:
            yield from walked.pages
        elif not walked.is_broken:
            walked.take(page)
            if page is not None:
                yield page


def _came(asked: tuple[_Walked, int | None]) -> tuple[_Walked, int | None, Page | None]:
    """Read one page; without an offset, those that are there already are meant."""
    walked, offset = asked
    return walked, offset, None if offset is None else walked.later(offset)


def _incomplete(walks: Sequence[_Walked], rows: Rows) -> list[_Walked]:
    """Return the lists that did not come whole."""
    ids, sizes = rows.ids, rows.sizes
    left: list[_Walked] = []
    first_page = first_record = 0
    for walked in walks:
        own = sizes[first_page : first_page + len(walked.pages)]
        if not walked.is_whole(ids.slice(first_record, sum(own)), own):
            left.append(walked)
        first_page += len(own)
        first_record += sum(own)
    return left


def _culprit(walks: Sequence[_Walked]) -> _Walked:
    """Return the list that is none."""
    for walked in walks:
        for page in walked.pages:
            try:
                records_of(page.items)
            except NoPageError:
                return walked
    return walks[0]
