"""``cellframe undo``: what was written is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from cellframe.cli.codes import ExitCode
from cellframe.cli.connect import connect
from cellframe.cli.following import Here, typed
from cellframe.cli.judging import SKIP
from cellframe.cli.options import Data, Json, Profile, Yes
from cellframe.cli.resume import Journal
from cellframe.cli.sending import Sending
from cellframe.views.voice import shell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.views.voice import Voice
    from cellframe.writeback.receipt import Refusal

EXAMPLES = """\b
Examples:
  cellframe undo
  cellframe undo 20261123T021011.482113Z-a1b2c3
  cellframe undo --yes --max-deletes 3 --note "wrong sheet" """


def undo(  # noqa: PLR0913 - what a person may say
    journal: Journal = None,
    *,
    skip_conflicts: Annotated[
        bool, typer.Option(SKIP, help="Leave out what somebody edited since, and send the rest.")
    ] = False,
    max_updates: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Rows that are meant to be updated.")
    ] = None,
    max_clears: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Values that are meant to be cleared.")
    ] = None,
    max_deletes: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="Records that are meant to be deleted.")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Why; kept in history.")] = None,
    yes: Yes = False,
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> ExitCode:
    """Show what taking a push back would change, ask, and do it.

    What somebody edited since is a conflict. Without JOURNAL it is the last push that wrote
    anything.
    """
    with connect(profile, data, tell=False) as client:
        from cellframe.writeback.apply import Terms

        terms = Terms(
            on_conflict="skip" if skip_conflicts else "fail",
            invalid="skip" if skip_conflicts else "refuse",
            max_updates=max_updates,
            max_clears=max_clears,
            max_deletes=max_deletes,
            note=note,
        )
        here = Here(profile, data)
        return Undoing(client, terms, here, yes, json, journal).carry_out(client.undo(journal))


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
