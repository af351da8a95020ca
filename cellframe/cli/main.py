"""The ``cellframe`` command: which commands there are, and how the process ends."""

from __future__ import annotations

import os
import sys
import warnings
from importlib import import_module
from itertools import chain
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, NoReturn, TextIO

import typer

from cellframe import __version__
from cellframe.cli.completion import PROGRAM, prepare
from cellframe.cli.ending import ended
from cellframe.cli.menu import HEADINGS, Menu
from cellframe.cli.out import say

OFFLINE = "CELLFRAME_OFFLINE"
"""Variable by which every client is told to ask nobody."""

app = typer.Typer(
    cls=Menu,
    add_completion=False,
    no_args_is_help=True,
    # Plain text: it can be piped, searched and pasted into a message.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> NoReturn:
    """Run the command line; the process ends with its exit code."""
    _stand_in()
    for stream in (sys.stdout, sys.stderr):
        _never_fail(stream)
    warnings.showwarning = _note
    prepare()
    sys.exit(ended(lambda: app(prog_name=PROGRAM, standalone_mode=False)))


def _stand_in() -> None:
    """Put something in the place of a stream that was closed: Python has None there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for as long as the process


def _never_fail(stream: TextIO) -> None:
    """Write a question mark for what the terminal cannot show, instead of ending there."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _note(message: Warning | str, *_where: object) -> None:
    """Show a warning as words; where in the code it came from is of no use in a shell."""
    say(f"Note: {message}")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"cellframe {__version__}")
        raise typer.Exit


@app.callback(
    epilog="""\b
Examples:
  cellframe demo
  cellframe import measurements --data lab
  cellframe pull "LFP 18650" -o cells.csv --data lab
  cellframe push cells.csv --data lab
  cellframe push --help"""
)
def cellframe(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Read what is kept here and ask no service, as in: --offline pull."
        ),
    ] = False,
) -> None:
    """Battery cell records as dataframes, and the edited dataframes back."""
    if offline:
        os.environ[OFFLINE] = "1"


def _add(name: str) -> None:
    """Add one command: a function of its file's name and its examples, or an app and its help."""
    module = import_module(f"cellframe.cli.{name}_" if iskeyword(name) else f"cellframe.cli.{name}")
    if hasattr(module, "app"):
        app.add_typer(module.app, name=name, help=module.HELP)
    else:
        function = getattr(module, module.__name__.rpartition(".")[2])
        app.command(name, epilog=module.EXAMPLES)(function)


for _name in chain(*HEADINGS.values()):
    _add(_name)
