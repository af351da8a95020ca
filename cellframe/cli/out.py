"""What goes to stdout, and what to stderr?

Results go to stdout, words and progress to stderr, so that a pipe gets the one without the
other. With ``--json`` stdout gets one JSON document and nothing else.
"""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any

from cellframe.cli.codes import ExitCode
from cellframe.views.clean import clean

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 100


def say(words: str) -> None:
    """Write words for a person to stderr.

    Parameters
    ----------
    words : str
        One line or several; what a terminal would obey is shown instead of obeyed.
    """
    print(shown(words), file=sys.stderr, flush=True)


def show(result: Any) -> None:
    """Write a result for a person to stdout: text, or a plan or a receipt in colour."""
    if isinstance(result, str):
        print(shown(result), flush=True)
    else:
        console().print(result)


def document(body: Mapping[str, Any], code: ExitCode = ExitCode.DONE) -> ExitCode:
    """Write the one JSON document of a command to stdout.

    Parameters
    ----------
    body : mapping
        Dates become ISO 8601 text, a number that JSON has no word for becomes null.
    code : ExitCode
        What the command ends with; the document has it too.

    Returns
    -------
    ExitCode
        The same code, for the command to return.
    """
    # Escaped to ASCII: any terminal, pipe and shell passes it on unharmed.
    print(json.dumps(_plain({**body, "exit_code": int(code)}), indent=2), flush=True)
    return code


def console() -> Console:
    """Return the console of stdout: colour on a terminal alone, and never where NO_COLOR is set."""
    from rich.console import Console

    narrow = sys.stdout.isatty() and shutil.get_terminal_size().columns < WIDTH
    return Console(highlight=False, soft_wrap=True, width=None if narrow else WIDTH)


def shown(words: str) -> str:
    """Return words with whatever a terminal would obey made visible."""
    return "\n".join(clean(line) for line in words.split("\n"))


def _plain(value: Any) -> Any:
    """Return what JSON has a word for."""
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else str(value)
