"""What does the process end with?"""

from __future__ import annotations

from enum import IntEnum

from cellframe.errors import (
    CellframeError,
    JournalLockedError,
    PartialApplyError,
    RateLimitError,
    RunLockedError,
    ServerError,
    StalePlanError,
    TransportError,
)


class ExitCode(IntEnum):
    """The exit codes of every command.

    Attributes
    ----------
    DONE
        Done, or there was nothing to do.
    BAD_INPUT
        Refused or failed; the message says why.
    CHANGES
        There are changes; only where ``plan --exit-code`` asked.
    FLAGGED
        Done, and rows break rules of one's own.
    CONFLICT
        Somebody else was faster, and nothing was written.
    PARTLY
        Partly done; the journal is named.
    LATER
        Try again later: the service is away or busy.
    USAGE
        The command was called wrongly.
    INTERRUPTED
        From the keyboard.
    """

    DONE = 0
    BAD_INPUT = 1
    CHANGES = 2
    FLAGGED = 3
    CONFLICT = 4
    PARTLY = 5
    LATER = 6
    USAGE = 64
    INTERRUPTED = 130


class WrongUsageError(CellframeError):
    """The options of a command do not go together; the process ends with 64."""


_CODES: dict[type[CellframeError], ExitCode] = {
    WrongUsageError: ExitCode.USAGE,
    TransportError: ExitCode.LATER,
    ServerError: ExitCode.LATER,
    RateLimitError: ExitCode.LATER,
    JournalLockedError: ExitCode.LATER,
    RunLockedError: ExitCode.LATER,
    StalePlanError: ExitCode.CONFLICT,
    PartialApplyError: ExitCode.PARTLY,
}


def code_of(fault: BaseException) -> ExitCode:
    """Return the exit code that a fault stands for; `BAD_INPUT` where it has none of its own."""
    found = (code for kind, code in _CODES.items() if isinstance(fault, kind))
    return next(found, ExitCode.BAD_INPUT)
