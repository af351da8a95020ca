"""Which of several processes holds a file?

The lock is the system's own, so that it ends with the process that holds it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Seconds between two looks at a lock that is held; the last one stays."""


def take(handle: int, seconds: float) -> bool:
    """Lock an open file until it is closed, or the process ends.

    Parameters
    ----------
    handle : int
        Of a file that is open for writing. Windows locks the byte that it stands at, and keeps
        others from reading that one.
    seconds : float
        How long to wait for it at most.

    Returns
    -------
    bool
        Whether it is held now; otherwise somebody else has it.

    Raises
    ------
    OSError
        The disk knows no locks.
    """
    last = time.monotonic() + seconds
    tries = 0
    while True:
        try:
            _TAKE(handle)
        except (BlockingIOError, PermissionError):
            pass  # Somebody has it.
        else:
            return True
        left = last - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, _PAUSES[min(tries, len(_PAUSES) - 1)]))
        tries += 1


def _way() -> Callable[[int], object]:
    """Return how a lock is taken on this system."""
    if os.name == "nt":
        import msvcrt  # pyright: ignore[reportUnusedImport] - has these names on Windows alone

        lock, at_once = (getattr(msvcrt, name) for name in ("locking", "LK_NBLCK"))
        return lambda handle: lock(handle, at_once, 1)
    import fcntl

    return lambda handle: fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


_TAKE = _way()
