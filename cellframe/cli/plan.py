"""``cellframe plan``: what a file would change, shown before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from cellframe.cli.codes import ExitCode, WrongUsageError
from cellframe.cli.connect import connect
from cellframe.cli.following import Here, typed
from cellframe.cli.judging import met_by_a_push
from cellframe.cli.options import Data, Json, Profile
from cellframe.cli.out import document, say, show
from cellframe.cli.telling import plan_told
from cellframe.errors import SheetError
from cellframe.store.places import write_whole
from cellframe.views.voice import shell

if TYPE_CHECKING:
    from cellframe.writeback.plan import Plan

EXAMPLES = """\b
Examples:
  cellframe plan cells.xlsx
  cellframe plan cells.xlsx -o plan.json
  cellframe plan weighing.csv --spec NCM622-GR --match name --map map.toml
  cellframe plan cells.csv --exit-code"""
SAVED = ".json"
"""How the name of a saved plan ends."""
_FOR_EVERYBODY = 0o666
"""Less what the user's umask takes away: whoever reviews a plan must be able to read it."""

File: TypeAlias = Annotated[
    Path, typer.Argument(metavar="FILE", help="A sheet: .xlsx, .csv or .parquet.")
]
Spec: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="SPEC", help="The spec of rows that name none, by name or id."),
]
Match: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="name", help="Find the cells of a sheet without ids by their names in the spec."
    ),
]
Map: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--map", metavar="MAP.toml", help="Which of the sheet's own headers is which column."
    ),
]
UnitEdited: TypeAlias = Annotated[
    Literal["relabel", "convert"] | None,
    typer.Option(
        "--unit-edit",
        help="What an edited unit over numbers that were not edited means: they were right and "
        "it was wrong (relabel), or the quantities are as they were (convert).",
    ),
]


def plan(  # noqa: PLR0913 - what a person may say
    file: File,
    *,
    spec: Spec = None,
    match: Match = None,
    map_file: Map = None,
    unit_edit: UnitEdited = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PLAN.json", help="Keep the plan, to be reviewed and pushed."
        ),
    ] = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code",
            help="End with 2 where there are changes, 1 where rows are invalid, 4 where some are "
            "in conflict, and 0 where there is nothing to do.",
        ),
    ] = False,
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> ExitCode:
    """Show what a file would change, and send nothing.

    The file is compared with what was pulled and with what the service has now. A plan that could
    be made ends with 0, whatever it says; --exit-code asks for what a push would meet.
    """
    if output is not None and output.suffix.lower() != SAVED:
        # A slip here would write over the sheet itself.
        message = f"A plan is kept in a file that ends with {SAVED}, and {output} does not."
        raise WrongUsageError(message)
    with connect(profile, data) as client:
        made = client.plan_file(file, spec=spec, match=match, map=map_file, unit_edit=unit_edit)
        if output is not None:
            _keep(made, output)
    code = met_by_a_push(made) if exit_code else ExitCode.DONE
    if json:
        return document({"file": file, "saved": output, **plan_told(made)}, code)
    here = Here(profile, data)
    given = {"--spec": spec, "--match": match, "--map": map_file, "--unit-edit": unit_edit}
    how = typed(given)
    show(made.text(shell(here.command("push", file, *how))))
    if output is not None:
        send = f". To send what was reviewed: {here.command('push', output)}"
        say(f"{output} keeps this plan{send if made else ', which has nothing to send.'}")
    return code


def _keep(made: Plan, path: Path) -> None:
    if not path.parent.is_dir():
        raise SheetError(f"There is no folder {path.parent} for {path.name}.")
    try:
        write_whole(path, made.to_json().encode(), mode=_FOR_EVERYBODY)
    except OSError as fault:
        raise SheetError(f"{path} cannot be written: {fault.strerror}.") from fault
