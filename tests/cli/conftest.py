"""The command line, in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest

from cellframe.cli.ending import ended
from cellframe.cli.main import app
from tests.conftest import with_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

COMMAND = [sys.executable, "-W", "error", "-m", "cellframe"]


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
def typed(tmp_path, monkeypatch, capsys) -> Callable[..., Ran]:
    """Run `cellframe` in this process, which is quicker, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def typed_(*arguments: object) -> Ran:
        words = list(map(str, arguments))
        monkeypatch.setattr(sys, "argv", ["cellframe", *words])
        capsys.readouterr()
        code = ended(lambda: app(words, prog_name="cellframe", standalone_mode=False))
        return Ran(int(code), *capsys.readouterr())

    return typed_


@pytest.fixture
def call(typed, monkeypatch) -> Callable[..., Ran]:
    """The same, in a terminal of 80 columns, as `run` has."""
    monkeypatch.setenv("COLUMNS", "80")
    return typed


@pytest.fixture
def here(typed) -> Callable[..., Ran]:
    """Run `cellframe` in this process, with the records in the folder `lab`."""
    return lambda *arguments: typed(*arguments, "--data", "lab")


@pytest.fixture
def sheet(here, cells, tmp_path) -> Path:
    """The sheet of twelve cells, as it was pulled."""
    assert here("pull", "LFP 18650", "-o", "cells.csv").code == 0
    return tmp_path / "cells.csv"


def edit(sheet: Path, cell: str, label: str, value: str) -> None:
    """Change one cell of a sheet, as in a spreadsheet."""
    table = pl.read_csv(sheet, infer_schema=False)
    with_cell(table, cell, label, value or None).write_csv(sheet, include_bom=True)


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
