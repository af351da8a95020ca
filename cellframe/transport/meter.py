"""How long, and how much, may one call take?

A socket's own timeout counts anew with every byte, so that a service which sends one byte now
and then is waited for for ever. A meter counts over a whole call, from the first byte sent to
the last one received, its repetitions included.
"""

from __future__ import annotations

import io
import math
import time
from typing import TYPE_CHECKING

from cellframe.errors import TransportError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from _typeshed import ReadableBuffer, WriteableBuffer

_ROOM = 1024**2
"""Bytes that heads and the marks between chunks may take beside a body."""
_MOMENT = 0.001
SLOWEST = 1024
"""Bytes a second below which a file is given up."""


class Late(Exception):  # noqa: N818 - it is no error of the program, and never leaves the room
    """The time of a call is over."""


class Meter:
    """What one call may still take.

    Parameters
    ----------
    seconds : float
        For all of it.
    most : int
        Bytes of a body that may come.
    clock : callable
        Seconds that only grow.
    """

    def __init__(
        self, seconds: float, most: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds, self.most = self._at_first = seconds, most
        self._clock = clock
        self._until = clock() + seconds
        self._floor = math.inf
        self._moved = self._received = 0

    @property
    def has_received(self) -> bool:
        """Whether anything of an answer came."""
        return self._received > 0

    def left(self) -> float:
        """Return the seconds that may be waited for the next bytes, above 0.

        Raises
        ------
        Late
            There are none.
        """
        now = self._clock()
        if now >= self._until:
            if self._moved < self._floor:
                raise Late
            self._moved, self._until = 0, now + self.seconds
        return max(self._until - now, _MOMENT)

    def moved(self, size: int) -> None:
        """Count bytes of a file's content, which are worth waiting for."""
        self._moved += size

    def received(self, size: int) -> None:
        """Count bytes of an answer, its head and the marks between its chunks included.

        Raises
        ------
        TransportError
            They are more than may come.
        """
        self._received += size
        if self._received > self.most + _ROOM:
            raise too_large(self.most)

    def endure(self) -> None:
        """Give a file its time, from now on: as long again whenever 1 kB/s travelled.

        So one of any size may travel, and none may trickle.
        """
        self.seconds, self.most = self._at_first
        self._floor, self._moved = SLOWEST * self.seconds, 0
        self._until = self._clock() + self.seconds

    def hurry(self, seconds: float, most: int) -> None:
        """Give no more than some seconds from now on, and some bytes."""
        self.seconds, self.most = min(seconds, self.seconds), min(most, self.most)
        self._floor = math.inf
        self._until = min(self._until, self._clock() + self.seconds)

    def again(self, pause: float) -> None:
        """Begin a repetition after a pause, which the call's own time does not count."""
        self._until += pause
        self._received = 0


def too_large(most: int) -> TransportError:
    """Return the fault of an answer that nobody wants to hold."""
    return TransportError(f"the answer is larger than {most} bytes", sent=True)


class Tap:
    """A socket under a meter, as far as `http.client` uses one.

    Attributes
    ----------
    line : socket
        What is metered.
    meter : Meter
        Of the call that the socket serves now.
    """

    def __init__(self, line: socket.socket, meter: Meter) -> None:
        self.line = line
        self.meter = meter

    def sendall(self, data: ReadableBuffer) -> None:
        """Send everything, in the time that there is."""
        view = memoryview(data).cast("B")
        while view:
            self.line.settimeout(self.meter.left())
            try:
                size = self.line.send(view)
            except TimeoutError:
                continue  # the meter says whether that was all the time there was
            self.meter.moved(size)
            view = view[size:]

    def receive(self, space: WriteableBuffer) -> int:
        """Receive what is there, and wait for it where nothing is."""
        while True:
            self.line.settimeout(self.meter.left())
            try:
                size = self.line.recv_into(space)
            except TimeoutError:
                continue
            self.meter.received(size)
            return size

    def makefile(self, *_: object) -> io.BufferedReader:
        """Return what an answer is read from."""
        # The socket stays open until its last file is closed, as http.client relies on.
        return io.BufferedReader(_Reader(self, self.line.makefile("rb", buffering=0)))

    def fileno(self) -> int:
        """Return the descriptor of the socket."""
        return self.line.fileno()

    def close(self) -> None:
        """Close the socket."""
        self.line.close()


class _Reader(io.RawIOBase):
    def __init__(self, tap: Tap, hold: io.RawIOBase) -> None:
        self._tap = tap
        self._hold = hold

    def readable(self) -> bool:
        return True

    def readinto(self, space: WriteableBuffer, /) -> int:
        return self._tap.receive(space)

    def close(self) -> None:
        self._hold.close()
        super().close()
