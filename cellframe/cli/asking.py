"""Does the person at the terminal agree?"""

from __future__ import annotations

import signal
import sys

from cellframe.cli.codes import WrongUsageError
from cellframe.cli.out import shown

_YES, _NO = ("y", "yes"), ("n", "no", "")


def confirmed(question: str, *, yes: bool) -> bool:
    """Ask before something is done.

    Parameters
    ----------
    question : str
        Ends with a question mark.
    yes : bool
        Whether ``--yes`` answered already.

    Returns
    -------
    bool
        Whether to go on. An empty answer is a no.

    Raises
    ------
    WrongUsageError
        Nobody is there to be asked, and there was no ``--yes``.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        message = f"{question} Nobody can be asked here: this is no terminal. Add --yes to agree."
        raise WrongUsageError(message)
    while True:
        answer = _answer(question)
        if answer in _YES or answer in _NO:
            return answer in _YES


def _answer(question: str) -> str:
    # Python's own input() writes its prompt to stdout, which belongs to results.
    print(f"{shown(question)} [y/N] ", end="", file=sys.stderr, flush=True)
    # polars takes Ctrl-C over once it has run, and a question would wait on regardless.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
    return line.strip().lower()
