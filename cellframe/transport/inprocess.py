"""The wire without a socket: the service is a function, and a request is a call of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.contract.wire import Reply, Request


class InProcessWire:
    """A wire to a service in this process.

    Parameters
    ----------
    answer : callable
        The service: takes a `Request`, returns a `Reply`.
    origin : str
        What to show as its address, e.g. the folder it keeps its records in.
    close : callable
        Called once by `close`.
    """

    def __init__(
        self, answer: Callable[[Request], Reply], origin: str, close: Callable[[], None]
    ) -> None:
        self._answer = answer
        self._origin = origin
        self._close = close

    @property
    def origin(self) -> str:
        """Address of the service, as shown to people."""
        return self._origin

    def send(self, request: Request) -> Reply:
        """Hand the request over and return the answer."""
        return self._answer(request)

    def close(self) -> None:
        """Close the service."""
        self._close()

    def __repr__(self) -> str:
        return f"InProcessWire({self._origin!r})"
