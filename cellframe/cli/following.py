"""What is to be typed next?

A command line that is shown works when it is pasted into the shell that runs this one: it names
the same service, and is quoted as that shell wants it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Here:
    """The options that say which service a command works with.

    Attributes
    ----------
    profile, data : str or None, Path or None
        As they were given; neither where the environment or the default profile decides.
    """

    profile: str | None
    data: Path | None

    def command(self, *words: str | Path, names: Sequence[str] = ()) -> str:
        """Return a command of ours as it is typed: ``cellframe plan cells.csv --data lab``.

        Parameters
        ----------
        *words : str or Path
            The command and its options.
        names : sequence of str
            Its arguments, where they are names of records: one may begin like an option.
        """
        place = typed({"--profile": self.profile, "--data": self.data})
        apart = ["--"] if any(name.startswith("-") for name in names) else []
        if apart or not names:
            return quoted("cellframe", *words, *place, *apart, *names)
        return quoted("cellframe", words[0], *names, *words[1:], *place)


def typed(options: Mapping[str, object]) -> list[str]:
    """Return the options that were given, as they are typed: ``["--spec", "NCM622-GR"]``."""
    given = {option: value for option, value in options.items() if value is not None}
    return [word for option, value in given.items() for word in (option, str(value))]


def quoted(*words: str | Path) -> str:
    """Return words as the shell takes them for one command."""
    line = list(map(str, words))
    return subprocess.list2cmdline(line) if os.name == "nt" else shlex.join(line)
