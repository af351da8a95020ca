"""``cellframe push``: what a file changes is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellframe.cli.codes import ExitCode, WrongUsageError
from cellframe.cli.connect import connect
from cellframe.cli.following import Here, typed
from cellframe.cli.judging import SKIP
from cellframe.cli.options import Data, Json, Profile, Yes
from cellframe.cli.plan import SAVED, Map, Match, Spec, UnitEdited

EXAMPLES = """\b
Examples:
  cellframe push cells.xlsx
  cellframe push cells.xlsx --skip-conflicts -o left-over.xlsx
  cellframe push plan.json --yes --note "weighed again"
  cellframe push weighing.csv --spec NCM622-GR --match name --map map.toml"""


def push(  # noqa: PLR0913 - what a person may say
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A sheet: .xlsx, .csv or .parquet, or a plan that was kept."
        ),
    ],
    *,
    spec: Spec = None,
    match: Match = None,
    map_file: Map = None,
    unit_edit: UnitEdited = None,
    skip_conflicts: Annotated[
        bool,
        typer.Option(
            SKIP,
            help="Send what can be sent. Rows in conflict and invalid ones go into a file of "
            "their own.",
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file of the rows that were not written; for cells.xlsx it is "
            "cells.left-over.xlsx, where left out.",
        ),
    ] = None,
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
    """Show what a file would change, ask, and send it.

    Nothing is sent while rows are invalid or in conflict: correct them, or leave them out with
    --skip-conflicts. Rows that were not written come back in a file that can be pushed in turn.
    """
    is_plan = file.suffix.lower() == SAVED
    how = {"--spec": spec, "--match": match, "--map": map_file, "--unit-edit": unit_edit}
    if is_plan and typed(how):
        message = (
            f"{file} is a plan, and says itself what its rows are: {typed(how)[0]} is for sheets."
        )
        raise WrongUsageError(message)
    with connect(profile, data) as client:
        from cellframe.cli.pushing import Pushing
        from cellframe.writeback.apply import Terms

        terms = Terms(
            on_conflict="skip" if skip_conflicts else "fail",
            invalid="skip" if skip_conflicts else "refuse",
            max_updates=max_updates,
            max_clears=max_clears,
            max_deletes=max_deletes,
            note=note,
        )
        pushing = Pushing(client, terms, Here(profile, data), yes, json, file, output, how)
        if is_plan:
            return pushing.carry_out(client.load_plan(file))
        plan = client.plan_file(file, spec=spec, match=match, map=map_file, unit_edit=unit_edit)
        return pushing.carry_out(plan)
