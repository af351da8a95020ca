"""Who asks, where several threads want the same at once?

The first does, and those who come while it is under way get its answer, where that is not older
than they allow.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from cellframe.errors import CellframeError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class _Flight(Generic[T]):
    def __init__(self, began: float) -> None:
        self.began = began
        self.landed = threading.Event()
        self.brought: T | None = None
        self.fault: CellframeError | None = None


class Flights(Generic[T]):
    """Questions that are under way."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._under_way: dict[Hashable, _Flight[T]] = {}

    def join(self, key: Hashable, now: float, oldest: float, ask: Callable[[], T]) -> T:
        """Return what is asked for, by whoever is asking already or by asking.

        Parameters
        ----------
        key : hashable
            What is asked for.
        now, oldest : float
            When it is asked for, and the earliest time at which an answer may have been asked for.
        ask : callable
            Asks. Its errors, where they are ours, are those of all who wait.
        """
        while True:
            with self._guard:
                flight = self._under_way.get(key)
                is_own = flight is None or flight.began < oldest
                if flight is None or is_own:
                    flight = self._under_way[key] = _Flight(now)
            if is_own:
                return self._fly(key, flight, ask)
            flight.landed.wait()
            if flight.fault is not None:
                raise flight.fault
            if flight.brought is not None:
                return flight.brought

    def _fly(self, key: Hashable, flight: _Flight[T], ask: Callable[[], T]) -> T:
        try:
            flight.brought = ask()
        except CellframeError as fault:
            flight.fault = fault
            raise
        finally:
            with self._guard:
                if self._under_way.get(key) is flight:
                    del self._under_way[key]
            flight.landed.set()
        return flight.brought
