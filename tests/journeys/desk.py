"""A folder to work in and a shell: what a person at a desk has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SCRIPTS = Path(__file__).parent / "scripts"


class Ran(NamedTuple):
    """What a script did."""

    code: int
    out: str
    err: str


class Desk:
    """A folder in which `cellframe` and `python` can be typed, and mean those under test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "desk"
        self.folder.mkdir()
        programs = folder / "programs"
        programs.mkdir()
        for name, words in {"cellframe": " -W error -m cellframe", "python": ""}.items():
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n')
            program.chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "COLUMNS": "100"}

    def run(self, script: Path | str, *arguments: str, **more: str) -> Ran:
        """Run a script of `scripts`, or one that lies in the folder."""
        ran = subprocess.run(
            ["sh", SCRIPTS / script, *arguments],
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def type(self, command: str, **more: str) -> Ran:
        """Run one command line, as it is typed."""
        ran = subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)


def files_of_a_lab(folder: Path, names: Iterable[str], cycles: int = 2) -> None:
    """A table of cells, and a file of each that an Arbin wrote, in a folder `cycling`."""
    from tests.intake.labs import arbin, table, write

    table(folder, names)
    for name in names:
        write(folder / "cycling" / f"{name}.csv", arbin(cycles).write_csv())
