"""``cellframe resume``: an apply that was left half done is finished."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from cellframe.cli.asking import confirmed
from cellframe.cli.codes import ExitCode
from cellframe.cli.connect import connect
from cellframe.cli.following import Here
from cellframe.cli.judging import came_of
from cellframe.cli.log import WAITING, counted, head
from cellframe.cli.options import Data, Json, Profile, Yes
from cellframe.cli.out import document, say, show
from cellframe.cli.telling import receipt_told
from cellframe.views.voice import shell

EXAMPLES = """\b
Examples:
  cellframe resume
  cellframe resume 20261123T021011.482113Z-a1b2c3 --yes
  cellframe resume /media/stick/journal.jsonl --profile team"""

Journal: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="JOURNAL", help="Its name, as `cellframe log` shows it, or the path of a copy."
    ),
]


def resume(
    journal: Journal = None,
    *,
    yes: Yes = False,
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> ExitCode:
    """Finish a push that was left half done.

    Rows that were written are left as they are, and nothing is written twice. What somebody
    changed since is a conflict. Without JOURNAL the last push that waits is finished.
    """
    with connect(profile, data, tell=False) as client:
        waiting = [one for one in client.history().to_dicts() if one["state"] in WAITING]
        if journal is None and not waiting:
            return _nothing_waits(as_json=json)
        one = next((one for one in waiting if journal in (None, one["journal"])), None)
        if one is not None:
            say(f"{head(one)}: {counted(one)}.")
        if not confirmed("Send what is left of it?", yes=yes):
            say("Nothing was sent.")
            return ExitCode.BAD_INPUT
        receipt = client.resume(one["journal"] if one else journal)
    code = came_of(receipt)
    if json:
        return document(receipt_told(receipt), code)
    again = Here(profile, data).command("resume", *([journal] if journal else []))
    show(receipt.text(shell(again, again)))
    return code


def _nothing_waits(*, as_json: bool) -> ExitCode:
    if as_json:
        return document({"counts": {}, "results": [], "journal": None})
    show("Nothing waits to be finished.")
    return ExitCode.DONE
