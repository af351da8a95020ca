"""At which moments may a process end, and nothing be lost?

A crash between two lines is rare, and so is seen by no test that kills at random. The lines
that matter are named: with ``CELLFRAME_FAIL=after_intents:3`` the process ends there at the third
time, as if it were killed. Without that variable a point does nothing.
"""

from __future__ import annotations

import os
import threading

VARIABLE = "CELLFRAME_FAIL"
KILLED = 137
"""What a shell says of a process that was killed."""
CLIENT = (
    "journal_named",
    "before_journal_fsync",
    "after_journal_fsync",
    "before_intents",
    "after_intents",
    "before_request",
    "after_answer",
    "before_outcomes",
    "after_outcomes",
    "before_end",
    "after_end",
)
"""The points of an apply, in the order of its steps."""
SERVICE = ("before_commit", "after_commit", "before_answer")
"""The points of a write on the other side."""
_GUARD = threading.Lock()
_left: dict[str, int] = {}


def arm(setting: str) -> None:
    """Make the process end at a point.

    Parameters
    ----------
    setting : str
        Name of a point, and the how manieth time where it is not the first: ``after_intents:3``.

    Raises
    ------
    ValueError
        There is no such point.
    """
    name, _, times = setting.partition(":")
    if name not in CLIENT + SERVICE:
        message = f"{VARIABLE}={setting!r}: the points are {', '.join(CLIENT + SERVICE)}."
        raise ValueError(message)
    _left[name] = int(times or 1)


def reach(name: str) -> None:
    """Come to a point; where it is armed and its time has come, the process ends."""
    if _left and name in _left:
        with _GUARD:
            _left[name] -= 1
            if not _left[name]:
                # As a kill does: nothing is flushed, closed or told.
                os._exit(KILLED)


if VARIABLE in os.environ:
    arm(os.environ[VARIABLE])
