"""What is said when a command ends otherwise than it should?

Every fault becomes a sentence on stderr, or with ``--json`` the one document on stdout, and an
exit code. A library's exception never reaches the person as a traceback.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import typer

from cellframe.cli.codes import ExitCode, code_of
from cellframe.cli.out import document, say
from cellframe.errors import AuthError, CellframeError, TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

DEBUG = "CELLFRAME_DEBUG"
_MOST_SAID = 300


def ended(command: Callable[[], Any]) -> int:
    """Run a command and return what the process ends with.

    Parameters
    ----------
    command : callable
        Returns its exit code, or None for 0.

    Returns
    -------
    int
        One of `ExitCode`.
    """
    try:
        code = command()
        sys.stdout.flush()
    except (KeyboardInterrupt, typer.Abort):
        code = ExitCode.INTERRUPTED
    except typer.TyperException as fault:
        return _misused(fault)
    except BrokenPipeError:
        # Whoever read the output has read enough; Python would complain once more at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.BAD_INPUT
    except CellframeError as fault:
        return _told(fault, f"Error: {fault}", code_of(fault), _way_on(fault))
    except Exception as fault:  # noqa: BLE001 - the last place where a sentence can be made of it
        return _told(fault, f"Error: {_sentence(fault)}", ExitCode.BAD_INPUT)
    if code == ExitCode.INTERRUPTED and _wants_json():
        # In words it needs none: whoever pressed Ctrl-C knows.
        return _told(KeyboardInterrupt(), "Interrupted.", ExitCode.INTERRUPTED)
    return code if isinstance(code, int) else ExitCode.DONE


def _told(fault: BaseException, words: str, code: ExitCode, advice: str = "") -> ExitCode:
    """Say it where it is looked for: as words, or as the document that a program waits for."""
    if os.environ.get(DEBUG, "") not in ("", "0"):
        traceback.print_exception(fault)
    message = words.removeprefix("Error: ")
    error = {"kind": type(fault).__name__, "message": message, "failures": _failures(fault)}
    if _wants_json():
        # A disk without room for the result has none for this either.
        with suppress(OSError):
            return document({"error": error}, code)
    say("\n".join(filter(None, [words, advice])))
    return code


def _way_on(fault: CellframeError) -> str:
    """Name the command that looks closer at a service which does not let anybody in."""
    away = isinstance(fault, AuthError | TransportError)
    return "To look closer: cellframe doctor" if away else ""


def _failures(fault: BaseException) -> list[Any]:
    """Return every fault that an error lists, as rows."""
    failures: Any = getattr(fault, "failures", None)
    return failures.to_dicts() if hasattr(failures, "to_dicts") else []


def _misused(fault: typer.TyperException) -> int:
    """Tell how the command is called."""
    if _wants_json():
        return _told(fault, f"Error: {fault.format_message()}", ExitCode.USAGE)
    # Every kind that a command line can cause has it; typer does not export their common class.
    told: Any = fault
    told.show()
    return ExitCode.USAGE


def _wants_json() -> bool:
    """Whether ``--json`` was asked for, also where the options could not be read."""
    words = sys.argv[1:]
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def _sentence(fault: Exception) -> str:
    """Say what an exception that is none of ours is about."""
    if isinstance(fault, OSError) and fault.strerror:
        where = os.fsdecode(fault.filename) if fault.filename else "The output, or another file"
        return f"{where}: {fault.strerror}."
    said = str(fault).split("\n", maxsplit=1)[0][:_MOST_SAID] or "no further words"
    return (
        f"cellframe met something that it did not expect ({type(fault).__name__}: {said}). "
        f"Set {DEBUG}=1 and run it again for the traceback, which a report should hold."
    )
