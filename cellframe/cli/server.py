"""``cellframe server``: what can be done with a service's folder, beside serving it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cellframe.cli.codes import ExitCode

if TYPE_CHECKING:
    from cellframe.server.verifying.verify import Report

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
    from cellframe.server.verifying.verify import verify as look

    return _told(look(folder.expanduser()), folder)


@app.command(
    epilog="""\b
Examples:
  cellframe server backup lab backups/2026-11-22
  cellframe server backup lab backups/2026-11-22 --link"""
)
def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The records' folder.")],
    target: Annotated[
        Path, typer.Argument(metavar="TARGET", help="Where the copy will be; nothing is there.")
    ],
    link: Annotated[
        bool,
        typer.Option("--link", help="Give files on the same disk a second name, and no copy."),
    ] = False,
) -> ExitCode:
    """Copy a folder while it is in use, and look at the copy as verify does.

    Every write that was acknowledged before it began is in the copy.
    """
    from cellframe.server.copying.backup import backup as copy

    return _told(copy(folder.expanduser(), target.expanduser(), link=link), target)


@app.command(
    epilog="""\b
Examples:
  cellframe server restore backups/2026-11-22 lab"""
)
def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="What backup made.")],
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the records will be; nothing is there.")
    ],
) -> ExitCode:
    """Make a service's folder of a backup, and look at it as verify does."""
    from cellframe.server.copying.backup import restore as bring_back

    return _told(bring_back(source.expanduser(), folder.expanduser()), folder)


@app.command(
    epilog="""\b
Examples:
  cellframe server invite lab
  cellframe server invite lab --name "Ada, cell assembly\""""
)
def invite(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The records' folder.")],
    name: Annotated[
        str,
        typer.Option(help="Who it is for: they find what they sent again by it, next time."),
    ] = "",
    url: Annotated[
        str,
        typer.Option(metavar="URL", help="Where they reach the page, if not where it is served."),
    ] = "",
) -> ExitCode:
    """Print a link by which somebody without a key enters the page, once, within an hour."""
    from cellframe.desk.links import invitation

    print(invitation(folder.expanduser(), name, url))
    return ExitCode.DONE


def _told(found: Report, folder: Path) -> ExitCode:
    """Print what is wrong with a folder, one line each, and a last line that sums it up."""
    from cellframe.views.fleet import size
    from cellframe.views.words import many

    for fault in found.faults:
        print(f"Fault: {fault}")
    for note in found.notes:
        print(f"Note: {note}")
    print(
        f"{folder}: {many(len(found.faults), 'fault')}, {many(len(found.notes), 'note')}; looked "
        f"at {many(found.tests, 'test')} and {many(found.contents, 'content')} "
        f"({size(found.bytes)})."
    )
    return ExitCode.BAD_INPUT if found.faults else ExitCode.DONE
