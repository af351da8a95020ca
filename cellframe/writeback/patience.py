"""How long does an apply bear with a service that does not answer?

A fault in between is no reason to wait: the request that met it is sent again. Faults one after
the other are: then one request at a time asks whether the service is back, with pauses that grow,
and before twenty attempts or half a minute in vain nothing further is sent. A service that says
how long it wants to be left alone is heard, up to a minute in all.
"""

from __future__ import annotations

import threading
from random import uniform
from time import monotonic
from typing import TYPE_CHECKING, TypeAlias

from cellframe.contract.wire import Reply
from cellframe.errors import TransportError
from cellframe.transport.waits import MOST_WAITED, asked_wait

if TYPE_CHECKING:
    from collections.abc import Callable

Answer: TypeAlias = Reply | TransportError
"""What a request met."""

_CONFLICT, TOO_MANY = 409, 429
PASSING = (408, TOO_MANY, 502, 503, 504)
"""Answers that another attempt may not meet."""
MOST_FAULTS = 20
"""Attempts in vain, one after the other, after which nothing further is sent; each may be more
than one where a connection could not be made at all."""
LONGEST = 30.0
"""Seconds in vain; what is under way then may take as long again."""
_GENERAL = 4
"""Faults one after the other that are no accident."""
FIRST_PAUSE = 0.5
"""Seconds before a service that is at fault in general is asked again."""
_DOWN = "The service does not answer"
_BUSY = "The service asks to be left alone for longer than a minute"
FINISH = "To finish: client.resume()"


def is_passing(reply: Reply) -> bool:
    """Whether another attempt may be answered in another way."""
    # 409 with a time says that the very same request is still being carried out.
    is_running = reply.status == _CONFLICT and "retry-after" in reply.headers
    return is_running or reply.status in PASSING


class Patience:
    """What all requests of one apply have borne so far; safe to use from several threads."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._faults = 0
        self._since = 0.0
        self._waited = 0.0
        self._not_before = 0.0
        self._is_asking = False
        self.stopped = ""

    @property
    def is_general(self) -> bool:
        """Whether faults are the service's, and not those of one row."""
        return self._faults >= _GENERAL

    def stop(self, why: str) -> None:
        """Send nothing further; the first reason stands."""
        with self._turn:
            self.stopped = self.stopped or why
            self._turn.notify_all()

    def carry(self, send: Callable[[], Reply]) -> Answer:
        """Send once, when it is one's turn.

        Returns
        -------
        Reply or TransportError
            A fault that was not sent, where nothing is sent any more.
        """
        if not self._is_admitted():
            return TransportError(self.stopped)
        started = monotonic()
        answer: Answer
        try:
            answer = send()
        except TransportError as fault:
            answer = fault
        except BaseException:
            self._leave()
            raise
        self._hear(answer, started)
        return answer

    def _leave(self) -> None:
        """Let another one ask."""
        with self._turn:
            self._is_asking = False
            self._turn.notify_all()

    def _is_admitted(self) -> bool:
        with self._turn:
            while not self.stopped:
                pause = self._not_before - monotonic()
                if pause > 0:
                    self._turn.wait(pause)
                elif self.is_general and self._is_asking:
                    self._turn.wait()
                else:
                    self._is_asking = self.is_general
                    return True
            return False

    def _hear(self, answer: Answer, started: float) -> None:
        with self._turn:
            if isinstance(answer, Reply) and not is_passing(answer):
                self._faults, self._waited = 0, 0.0
            else:
                self._bear(answer, started)
        self._leave()

    def _bear(self, answer: Answer, started: float) -> None:
        self._since = self._since if self._faults else started
        self._faults += 1
        lasted = monotonic() - self._since
        if self._faults >= MOST_FAULTS or (self._faults > 1 and lasted >= LONGEST):
            self.stopped = self.stopped or f"Not sent: {_DOWN}. {FINISH}"
        if (asked := _asked(answer)) is not None:
            self._leave_alone(asked)
        elif self.is_general:
            pause = max(FIRST_PAUSE, min(lasted, LONGEST - lasted))
            self._leave_alone(pause * uniform(0.5, 1.0))  # noqa: S311

    def _leave_alone(self, seconds: float) -> None:
        now = monotonic()
        until = max(self._not_before, now + seconds)
        self._waited += until - max(self._not_before, now)
        self._not_before = until
        if self._waited > MOST_WAITED:
            self.stopped = self.stopped or f"Not sent: {_BUSY}. {FINISH}"


def _asked(answer: Answer) -> float | None:
    """Return the seconds that a service asks to be left alone; a moment where it says no number."""
    if not isinstance(answer, Reply):
        return None
    asked = asked_wait(answer.headers.get("retry-after"))
    return FIRST_PAUSE if asked is None and answer.status == TOO_MANY else asked
