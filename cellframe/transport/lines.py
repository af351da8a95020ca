"""Which connections are kept open, and who is on them?

`http.client`, and neither requests nor urllib3: a meter over the whole call stands on the socket
itself, from the first byte of a head on, which theirs cannot be given. And what a request costs is
paid with Python's one lock held, a hundred times for a hundred pages: `tests/benchmarks/wire.py`
has the ratios.
"""

from __future__ import annotations

import os
import select
import time
from collections import defaultdict, deque
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from weakref import finalize

from cellframe.transport.dialling import dialled
from cellframe.transport.ways import SOCKS, proxy_to, trusted

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator, Mapping

    from cellframe.transport.meter import Meter, Tap
    from cellframe.transport.ways import Place, Proxy

KEPT = 40
"""Connections kept per place: a long list has some thirty requests under way."""
_IDLE = 30.0
"""Seconds after which a firewall may have forgotten a connection without a word to its ends."""


class Line:
    """One connection, and whether it may carry a further request."""

    def __init__(self, connection: HTTPConnection, tap: Tap, proxy: Proxy | None) -> None:
        self.connection = connection
        self.tap = tap
        self.proxy = proxy
        self.answer: HTTPResponse | None = None
        self.rested = time.monotonic()

    def is_reusable(self) -> bool:
        """Whether the last answer was read to its end, and the service did not hang up."""
        answer = self.answer
        whole = answer is not None and (answer.isclosed() or answer.length == 0)
        return whole and cast("Any", self.connection.sock) is not None

    def is_quiet(self) -> bool:
        """Whether nothing came since: an end, or bytes that answer no question."""
        return time.monotonic() - self.rested < _IDLE and not _has_news(self.tap.fileno())

    def rest(self) -> None:
        """Make ready for the next request."""
        if self.answer is not None:
            self.answer.close()
        self.answer, self.rested = None, time.monotonic()

    def close(self) -> None:
        """Hang up."""
        if self.answer is not None:
            self.answer.close()
        self.connection.close()
        self.tap.close()


class Lines:
    """Connections to any place, each for one thread at a time.

    Parameters
    ----------
    patience : float
        Seconds that a connection may take to come about.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        # A process that was forked must not speak on the connections of its parent.
        self._all: defaultdict[tuple[int, Place], deque[Line]] = defaultdict(deque)
        self._trust: ssl.SSLContext | None = None
        self._lock = Lock()
        # In a notebook a client is left, and seldom closed.
        finalize(self, _hang_up, self._all)

    @contextmanager
    def to(self, place: Place, meter: Meter) -> Generator[Line]:
        """Lend a connection to a place.

        Raises
        ------
        Undialled
            There is none, and none came about.
        """
        line = self._rested(place) or self._dialled(place, meter)
        line.tap.meter = meter
        try:
            yield line
        except BaseException:
            line.close()
            raise
        resting = self._resting(place)
        if line.is_reusable() and len(resting) < KEPT:
            line.rest()
            resting.append(line)
        else:
            line.close()

    def close(self) -> None:
        """Hang up everywhere."""
        _hang_up(self._all)

    def _resting(self, place: Place) -> deque[Line]:
        return self._all[os.getpid(), place]

    def _rested(self, place: Place) -> Line | None:
        resting = self._resting(place)
        while True:
            try:
                line = resting.pop()
            except IndexError:
                return None
            if line.is_quiet():
                return line
            line.close()

    def _dialled(self, place: Place, meter: Meter) -> Line:
        proxy = proxy_to(place)
        seconds = min(self._patience, meter.left())
        tap = dialled(place, proxy, seconds, self._trusted)
        connection = HTTPConnection(place.host, place.port)
        connection.sock = cast("Any", tap)
        # What http:// proxies are asked for in clear text, they ask for themselves.
        asks = proxy if place.scheme == "http" and proxy and proxy.scheme != SOCKS else None
        return Line(connection, tap, asks)

    def _trusted(self) -> ssl.SSLContext:
        with self._lock:
            self._trust = self._trust or trusted()
        return self._trust


def _hang_up(connections: Mapping[tuple[int, Place], deque[Line]]) -> None:
    for resting in connections.values():
        while resting:
            resting.pop().close()


def _has_news(descriptor: int) -> bool:
    """Whether something can be read at once."""
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([descriptor], [], [], 0)[0])
