"""``cellframe new``: a build sheet, to be filled in and pushed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellframe.cli.connect import connect
from cellframe.cli.following import Here
from cellframe.cli.options import Data, Json, Profile
from cellframe.cli.out import document, say
from cellframe.errors import SheetError

EXAMPLES = """\b
Examples:
  cellframe new NCM622-GR --count 64 --name "NCM622-GR-{:03}" --batch B7 -o build.xlsx
  cellframe push build.xlsx"""


def new(  # noqa: PLR0913 - what a person may say
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="Name or id of the spec that the cells are of.")
    ],
    *,
    count: Annotated[int, typer.Option(metavar="N", help="How many cells.")],
    name: Annotated[
        str,
        typer.Option(
            metavar="PATTERN", help='Their names, with the place of the number: "NCM622-GR-{:03}".'
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", help="The sheet: .xlsx, .csv or .parquet."),
    ],
    batch: Annotated[str | None, typer.Option(metavar="LOT", help="Name of their lot.")] = None,
    start: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="The first number; the one after the highest taken, where left out."
        ),
    ] = None,
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Write a sheet of cells that are about to be built.

    Their names are numbered; what is measured on cells of the spec has a column to fill in.
    Pushing the sheet creates the cells.
    """
    from cellframe.views.words import many

    if output.exists():
        message = f"{output} is there already, and was left as it is. Name another file."
        raise SheetError(message)
    with connect(profile, data) as client:
        report = client.cell_instance.build_file(
            spec, count, output, name=name, batch=batch, start=start
        )
    first, last = report.first, report.last
    if json:
        about = {"file": output, "rows": report.rows, "columns": report.columns}
        document({**about, "first": first, "last": last, "notices": report.notices})
        return
    names = first if report.rows == 1 else f"{first} to {last}"
    say(f"{output} has {many(report.rows, 'new cell')} to fill in: {names}.")
    for notice in report.notices:
        say(f"Note: {notice}")
    say(f"When it is filled in: {Here(profile, data).command('push', output)}")
