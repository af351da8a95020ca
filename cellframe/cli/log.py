"""``cellframe log``: what was written from here, by whom and why, and how is it taken back?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellframe.cli.codes import ExitCode
from cellframe.cli.connect import connect
from cellframe.cli.following import Here
from cellframe.cli.options import Data, Json, Profile
from cellframe.cli.out import document, show

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

EXAMPLES = """\b
Examples:
  cellframe log
  cellframe log --last 3 --data lab
  cellframe log --json"""
WAITING = ("unfinished", "under way")
"""States of an apply that did not come to its end."""
_FEW = 10


def log(
    *,
    most: Annotated[
        int, typer.Option("--last", metavar="N", min=1, help="How many to show.")
    ] = _FEW,
    profile: Profile = None,
    data: Data = None,
    json: Json = False,
) -> ExitCode:
    """List what was written from here, the newest first.

    With who wrote it, why, what became of it, and what to type to finish it or to take it back.
    """
    with connect(profile, data, tell=False) as client:
        found: pl.DataFrame = client.history()
    applies = found.head(most).to_dicts()
    if json:
        return document({"applies": applies, "more": found.height - len(applies)})
    here = Here(profile, data)
    show("\n\n".join("\n".join(_told(one, here)) for one in applies) or "Nothing was written yet.")
    if found.height > len(applies):
        show(f"\nOf {found.height} applies the last {most}; --last N shows more.")
    return ExitCode.DONE


def head(one: dict[str, Any]) -> str:
    """Say when an apply was begun, by whom, and why."""
    when = f"{one['when [UTC]']:%Y-%m-%d %H:%M} UTC"
    return "  ".join(filter(None, [when, one["who"], one["note"]]))


def counted(one: dict[str, Any]) -> str:
    """Say what became of the rows of an apply: ``1 ok, 11 unchanged; finished``."""
    from cellframe.writeback.receipt import Outcome

    kinds = [kind.value for kind in Outcome if one[kind.value]]
    counts = [f"{one[kind]} {kind.replace('_', ' ')}" for kind in kinds]
    return f"{', '.join(counts) or 'nothing to do'}; {one['state']}"


def _told(one: dict[str, Any], here: Here) -> Iterator[str]:
    if one["state"] == "damaged":
        yield f"{one['journal']}: its journal is damaged."
        return
    yield head(one)
    yield f"  {counted(one)}"
    if one["state"] in WAITING:
        yield f"  To finish it: {here.command('resume', one['journal'])}"
    if one["undo"]:
        yield f"  To undo it: {here.command('undo', one['journal'])}"
