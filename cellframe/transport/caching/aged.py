"""How old may an answer be for this one call, whatever the client was set up with?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cellframe.contract.wire import FileBody, Reply, Request, Wire


class AgedWire:
    """A wire over another one, whose answers are never older than so many seconds.

    Parameters
    ----------
    wire : Wire
        Carries the requests; it stays its owner's to close.
    max_age : float
        As of `cellframe.contract.wire.Request`.
    """

    def __init__(self, wire: Wire, max_age: float) -> None:
        self._wire = wire
        self._max_age = max_age

    @property
    def origin(self) -> str:
        """Address of the service."""
        return self._wire.origin

    @property
    def in_place(self) -> bool:
        """As of the wire beneath."""
        return self._wire.in_place

    def send(self, request: Request) -> Reply:
        """Carry one request; see `cellframe.contract.wire.Wire`."""
        return self._wire.send(replace(request, max_age=self._max_age))

    def put(self, url: str, body: FileBody, headers: Mapping[str, str]) -> Reply:
        """Put a file where a service said to; see `cellframe.contract.wire.Wire`."""
        return self._wire.put(url, body, headers)

    def fetch(self, request: Request, folder: Path) -> Reply:
        """Get a file; see `cellframe.contract.wire.Wire`."""
        return self._wire.fetch(replace(request, max_age=self._max_age), folder)

    def close(self) -> None:
        """Leave the wire beneath open: it is shared."""

    def __repr__(self) -> str:
        return f"AgedWire({self._wire!r}, {self._max_age:g})"
