"""When is a GET sent again, and how long is a service left alone before?

A service that says how long is heard, up to a minute in all: whoever is to wait longer is
asked. Only a GET is repeated, and a write of which not one byte was sent: any other may have
been carried out.
"""

from __future__ import annotations

import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from random import uniform
from typing import TYPE_CHECKING

from cellframe.errors import TransportError
from cellframe.transport.faults import Passing

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.contract.wire import Reply
    from cellframe.transport.meter import Meter

MOST_WAITED = 60.0
"""Seconds that a call waits in all because a service asked for it."""
_SECONDS = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_TOO_MANY = 429
_RETRIED = (_TOO_MANY, 502, 503, 504)
_RETRIES, _RETRIES_TOLD = 2, 10
"""Repetitions where nobody says when, and where the service does."""
_FIRST_PAUSE = 0.2


def asked_wait(text: str | None, now: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, 0 for the past; None for garbage."""
    if not text:
        return None
    if _SECONDS.fullmatch(text.strip()):
        return max(0.0, float(text))
    try:
        date = parsedate_to_datetime(text)
        return max(0.0, date.replace(tzinfo=date.tzinfo or UTC).timestamp() - now())
    except (ValueError, OverflowError, OSError):
        return None


class Pauses:
    """The pauses of one call, until there is no more of them."""

    def __init__(self) -> None:
        self._turn = 0
        self._waited = 0.0

    def after(self, reply: Reply) -> float | None:
        """Return the seconds before the next attempt; None where the answer is to be read."""
        if reply.status not in _RETRIED:
            return None
        return self.next(asked_wait(reply.headers.get("retry-after")))

    def next(self, asked: float | None = None) -> float | None:
        """Return the seconds before the next attempt; None where there shall be none."""
        if self._turn >= (_RETRIES if asked is None else _RETRIES_TOLD):
            return None
        # Spread, since the twenty requests of a pool were refused in one moment.
        own = min(_FIRST_PAUSE * 2**self._turn, 5.0) * uniform(0.5, 1.0)  # noqa: S311
        pause = own if asked is None else asked + own
        self._turn += 1
        self._waited += pause
        return pause if self._waited <= MOST_WAITED else None


def repeated(
    attempt: Callable[[], Reply],
    meter: Meter,
    sleep: Callable[[float], None],
    *,
    is_read: bool,
    once: bool = False,
) -> Reply:
    """Return the answer of the first attempt that asks for no other.

    Parameters
    ----------
    sleep : callable
        Waits for a number of seconds.
    is_read : bool
        Whether the request only reads.
    once : bool
        Whether there is one attempt.
    """
    pauses = Pauses()
    while True:
        found = _met(attempt)
        if isinstance(found, TransportError):
            pause = pauses.next() if (is_read or not found.sent) and not once else None
            if pause is None:
                raise found
        else:
            pause = pauses.after(found) if is_read and not once else None
            if pause is None:
                return found
        sleep(pause)
        meter.again(pause)


def _met(attempt: Callable[[], Reply]) -> Reply | TransportError:
    """Return what an attempt met: its answer, or a fault that passes."""
    try:
        return attempt()
    except Passing as passing:
        return passing.fault
