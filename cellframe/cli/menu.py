"""How is the list of commands laid out?"""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

HEADINGS = {
    "Start": ("demo", "import", "new"),
    "Sheets": ("pull", "plan", "push"),
    "Reports": ("check", "report"),
    "History": ("log", "resume", "undo"),
    "Service": ("serve", "server"),
    "Set-up": ("config", "doctor", "cache", "completion"),
}
"""The commands, in the order in which a person meets them."""


class Menu(TyperGroup):
    """The commands, each under its heading.

    typer has headings in its boxed help alone; here help is plain text, which can be piped,
    searched and pasted into a message.
    """

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - as typer calls it
        """Write a section per heading."""
        longest = max(map(len, self.commands))
        room = formatter.width - longest - len("    ")
        for heading, names in HEADINGS.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (name.ljust(longest), self.commands[name].get_short_help_str(room))
                        for name in names
                    ]
                )
