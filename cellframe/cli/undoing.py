"""How is an undo shown, asked for and sent?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellframe.cli.following import typed
from cellframe.cli.sending import Sending
from cellframe.views.voice import shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.views.voice import Voice
    from cellframe.writeback.receipt import Refusal


@dataclass(frozen=True)
class Undoing(Sending):
    """One undo, and what the person said about it.

    Attributes
    ----------
    journal : str or None
        What is taken back, as it was named.
    """

    journal: str | None

    def voice(self, against: Sequence[Refusal] = ()) -> Voice:
        """Return the shell's words; the commands in them repeat what was said already."""
        words = ["undo", *([self.journal] if self.journal else [])]
        undo = self.here.command(*words, *typed(self.options(against)), *self.skipping)
        return shell(undo, self.here.command("resume"))
