"""The command line, in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

COMMAND = [sys.executable, "-W", "error", "-m", "cellframe.cli"]


class Ran(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


class Running(NamedTuple):
    """A service that was started."""

    line: str
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return self.line.split()[-1]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, "COLUMNS": "80", **more}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ran]:
    """Run `cellframe` in an empty folder."""

    def run_(*arguments: str, **more: str) -> Ran:
        ran = subprocess.run(
            [*COMMAND, *arguments],
            cwd=tmp_path,
            env=environment(more),
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    return run_


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Start `cellframe serve`, and read the line that it prints when it is ready."""
    started: list[subprocess.Popen[str]] = []

    def serve_(*arguments: str, **more: str) -> Running:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--data", "lab", "--port", "0", *arguments],
            cwd=tmp_path,
            env=environment(more),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return Running(process.stdout.readline().strip(), process)

    yield serve_
    for process in started:
        process.kill()
        process.communicate()
