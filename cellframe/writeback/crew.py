"""Who works on many tasks at once, and leaves at once when told to?

Threads that end with the process: one that waits for an answer that does not come keeps nobody
from leaving. What was under way when it was left counts as unknown.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cellframe.writeback.patience import Patience

_LAST_WORDS = 4.0
"""Seconds that requests under way have to end once nothing further is sent."""
_T = TypeVar("_T")


class Crew:
    """So many workers.

    Parameters
    ----------
    size : int
        How many.
    patience : Patience
        Once it is at its end, nothing further is begun.
    """

    def __init__(self, size: int, patience: Patience) -> None:
        self._size = size
        self._patience = patience
        self._changed = threading.Condition()
        self._busy = 0
        self._fault: BaseException | None = None

    def each(self, tasks: Sequence[_T], work: Callable[[_T], object]) -> None:
        """Work on tasks, as many at once as there are workers; return when all are done.

        Raises
        ------
        BaseException
            Whatever the work raised first; nothing further was begun.
        """
        queue = deque(tasks)
        count = min(self._size, len(queue))
        self._busy = count
        for _ in range(count):
            threading.Thread(target=self._work, args=(queue, work), daemon=True).start()
        with self._changed:
            self._changed.wait_for(lambda: not self._busy or self._fault)
        if self._fault is not None:
            raise self._fault

    def dismiss(self) -> None:
        """Wait a moment for what is under way, and no longer."""
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, timeout=_LAST_WORDS)

    def _work(self, queue: deque[_T], work: Callable[[_T], object]) -> None:
        try:
            while not self._patience.stopped and (task := _next(queue)) is not None:
                work(task)
        except BaseException as fault:  # noqa: BLE001 - raised in the thread that waits
            self._fault = self._fault or fault
            self._patience.stop("Not sent: the apply was interrupted.")
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()


def _next(queue: deque[_T]) -> _T | None:
    try:
        return queue.popleft()
    except IndexError:
        return None
