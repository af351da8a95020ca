"""``cellframe completion``: what makes a shell complete commands, options and profiles."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import Annotated

import typer

from cellframe.cli.out import show

PROGRAM = "cellframe"
VARIABLE = "_CELLFRAME_COMPLETE"
"""Set by the shell where it asks what could come next."""
EXAMPLES = """\b
Examples:
  cellframe completion bash > ~/.local/share/bash-completion/completions/cellframe
  cellframe completion zsh > ~/.zfunc/_cellframe
  cellframe completion fish > ~/.config/fish/completions/cellframe.fish"""


class Shell(StrEnum):
    """The shells that can be taught."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def completion(
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")],
) -> None:
    """Print the script that completes commands in your shell.

    Nothing is installed: put it where your shell looks for such scripts, and open a new one.
    """
    from typer.completion import get_completion_script  # pyright: ignore[reportPrivateImportUsage]

    show(get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell.value))


def prepare() -> None:
    """Get ready to answer a shell that asks what could come next."""
    if VARIABLE in os.environ:
        from typer.completion import completion_init  # pyright: ignore[reportPrivateImportUsage]

        completion_init()
