"""Who asks, where several processes want the same at once?

One takes its turn; the others wait and find what it brought. The lock is the system's own, so
that it ends with the process that holds it; one that was stopped while it held it is waited for
so long and no longer.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from cellframe.store.places import private

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05)
"""Seconds between two looks at a lock that is held; the last one stays."""


@contextmanager
def turn(path: Path, seconds: float) -> Generator[bool]:
    """Hold a lock file meanwhile.

    Parameters
    ----------
    path : Path
        The file; made where it is missing, and left there.
    seconds : float
        How long to wait for it at most.

    Yields
    ------
    bool
        Whether it is held. Where it is not, the block goes on without it.
    """
    try:
        private(path.parent)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        yield False
        return
    held = False
    try:
        with suppress(OSError):
            held = take(handle, seconds)
        yield held
    finally:
        with suppress(OSError):
            _LET_GO(handle)
        os.close(handle)


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


def _ways() -> tuple[Callable[[int], object], Callable[[int], object]]:
    """Return how a lock is taken and let go on this system."""
    if os.name == "nt":
        import msvcrt  # pyright: ignore[reportUnusedImport] - has these names on Windows alone

        lock, take, let_go = (getattr(msvcrt, name) for name in ("locking", "LK_NBLCK", "LK_UNLCK"))
        return lambda handle: lock(handle, take, 1), lambda handle: lock(handle, let_go, 1)
    import fcntl

    return (
        lambda handle: fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB),
        lambda handle: fcntl.flock(handle, fcntl.LOCK_UN),
    )


_TAKE, _LET_GO = _ways()
