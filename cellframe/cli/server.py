"""``cellframe server``: what can be done with a service's folder, beside serving it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cellframe.cli.codes import ExitCode

HELP = "Look after the folder of a service."

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(
    epilog="""\b
Examples:
  cellframe server verify lab"""
)
def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The records' folder.")],
) -> ExitCode:
    """Read every file of a folder and compare it with its record.

    Changes nothing, and may run beside a service. Lists every fault and ends with 1, or with 0
    where there is none.
    """
    return ExitCode.DONE if look(folder) else ExitCode.BAD_INPUT


def look(folder: Path) -> bool:
    """Print what is wrong with a folder, one line each, and a last line that sums it up.

    Parameters
    ----------
    folder : Path
        A service's folder; a service may be running on it.

    Returns
    -------
    bool
        Whether it is sound. Notes leave it so.

    Raises
    ------
    StoreError
        The folder is none of a service.
    """
    from cellframe.server.verifying.verify import verify as inspect
    from cellframe.views.fleet import size
    from cellframe.views.words import many

    found = inspect(folder.expanduser())
    for fault in found.faults:
        print(f"Fault: {fault}")
    for note in found.notes:
        print(f"Note: {note}")
    print(
        f"{folder}: {many(len(found.faults), 'fault')}, {many(len(found.notes), 'note')}; looked "
        f"at {many(found.tests, 'test')} and {many(found.contents, 'content')} "
        f"({size(found.bytes)})."
    )
    return not found.faults
