"""Which earlier states of the records can still be read?

Later pages of a list come from the state that its first page saw. That is a read transaction
which stays open: exact for every filter and join, and free for writers, where rows of history
would double what each of them writes. What it costs is that the write-ahead log grows meanwhile,
so states are few, end a minute after they were read, sooner where that was their last page, and
all end where the log gets long.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from secrets import token_hex
from typing import TYPE_CHECKING

from sqlalchemy import select

from cellframe.server.prepared import Prepared
from cellframe.server.refusals import Refusal, refuse
from cellframe.server.tables import counter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

MOST = 16
"""States that are kept at once; the one that would end first makes way."""
KEPT_FOR = 60_000_000
"""Microseconds after a page was read."""
LINGERS_FOR = 10_000_000
"""The same after a last page: others may be under way beside it."""
LARGEST_LOG = 256 * 2**20
"""Bytes of the write-ahead log, which is only begun anew when no older state is read."""
_CLOCK_SET_BACK = 2 * KEPT_FOR
"""Microseconds to an end that is further off than any that was set."""
_NUMBER = Prepared(select(counter.c.value))


@dataclass
class View:
    """One state of the records, as a block sees it.

    Attributes
    ----------
    connection : Connection
        Reads it.
    number : int
        Of the last change in it.
    wanted : bool
        Set where it is to be read again.
    """

    connection: Connection
    number: int
    wanted: bool = False


@dataclass
class _Held:
    """A state between two pages."""

    connection: Connection
    until: int
    turn: threading.Lock = field(default_factory=threading.Lock)
    ended: bool = False

    def end(self) -> None:
        with self.turn:
            self.ended = True
            self.connection.close()


class Snapshots:
    """The states of one database that are read.

    Parameters
    ----------
    engine : Engine
        Of the database.
    log : Path
        Its write-ahead log.
    clock : callable
        Tells the time in microseconds.
    """

    def __init__(self, engine: Engine, log: Path, clock: Callable[[], int]) -> None:
        self.epoch = token_hex(4)
        """Tells the numbers of this run from those before, which a copy put back may repeat."""
        self._engine = engine
        self._log = log
        self._clock = clock
        self._held: dict[int, _Held] = {}
        self._guard = threading.Lock()

    @contextmanager
    def view(self, number: int | None = None) -> Generator[View]:
        """Read the present state, or one that was seen before.

        Raises
        ------
        Refusal
            410 where that state is no longer kept.
        """
        self.end_old()
        held = self._again(number)
        if held is None:
            with self._present(number) as view:
                yield view
            return
        with held.turn:
            if held.ended:
                raise _gone(number)
            view = View(held.connection, number or 0)
            yield view
            held.until = self._clock() + (KEPT_FOR if view.wanted else LINGERS_FOR)

    def end_old(self) -> None:
        """End what nobody reads any more, and everything where the log is long."""
        if not self._held:
            return
        now = self._clock()
        with self._guard:
            too_long = self._log_size() > LARGEST_LOG
            old = [
                number
                for number, held in self._held.items()
                if too_long or not now < held.until <= now + _CLOCK_SET_BACK
            ]
            ended = [self._held.pop(number) for number in old]
        for held in ended:
            held.end()

    def close(self) -> None:
        """End every state."""
        with self._guard:
            ended, self._held = list(self._held.values()), {}
        for held in ended:
            held.end()

    def _again(self, number: int | None) -> _Held | None:
        with self._guard:
            return None if number is None else self._held.get(number)

    @contextmanager
    def _present(self, number: int | None) -> Generator[View]:
        connection = self._engine.connect()
        kept = False
        try:
            connection.begin()
            view = View(connection, _NUMBER.scalar(connection))
            if number not in {None, view.number}:
                raise _gone(number)
            yield view
            kept = view.wanted and self._keep(view)
        finally:
            if not kept:
                connection.close()

    def _keep(self, view: View) -> bool:
        """Hold a state, unless it is held already."""
        crowded: _Held | None = None
        with self._guard:
            if view.number in self._held:
                return False
            if len(self._held) >= MOST:
                oldest = min(self._held, key=lambda number: self._held[number].until)
                crowded = self._held.pop(oldest)
            self._held[view.number] = _Held(view.connection, self._clock() + KEPT_FOR)
        if crowded is not None:
            crowded.end()
        return True

    def _log_size(self) -> int:
        with suppress(OSError):
            return self._log.stat().st_size
        return 0


def _gone(number: int | None) -> Refusal:
    message = (
        f"The records as of change {number} are no longer kept here; read the list anew from its "
        "first page, without as_of."
    )
    return refuse(410, message)
