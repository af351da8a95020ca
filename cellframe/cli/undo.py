"""``cellframe undo``: what was written is taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from cellframe.cli.codes import ExitCode
from cellframe.cli.connect import connect
from cellframe.cli.following import Here
from cellframe.cli.judging import SKIP
from cellframe.cli.options import Data, Json, Profile, Yes
from cellframe.cli.resume import Journal

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
        from cellframe.cli.undoing import Undoing
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
