"""``cellframe cache``: what is kept on this disk, is it whole, and what may go?"""

from __future__ import annotations

from dataclasses import asdict

import typer

from cellframe.cli.codes import ExitCode
from cellframe.cli.connect import folder_of
from cellframe.cli.options import Data, Json
from cellframe.cli.out import document, show
from cellframe.resources.upkeep import Cache
from cellframe.store.places import cache_folder, state_folder

HELP = "See, check and clear what is kept between calls."

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(
    epilog="""\b
Examples:
  cellframe cache info
  cellframe cache info --data lab --json"""
)
def info(data: Data = None, json: Json = False) -> ExitCode:
    """Say what is kept, where, and how much it takes.

    Answers and downloads can be had again. What you have read, and the history of what you
    wrote, cannot: they are no cache.
    """
    found = _cache(data).info()
    if json:
        return document({"parts": [asdict(part) for part in found.parts]})
    show(str(found))
    return ExitCode.DONE


@app.command(
    epilog="""\b
Examples:
  cellframe cache clear"""
)
def clear(data: Data = None, json: Json = False) -> ExitCode:
    """Remove answers and downloads.

    What you have read, and history, stay: sheets that are out can still be pushed.
    """
    found = _cache(data).clear()
    if json:
        return document({"freed": found.freed, "left": [asdict(part) for part in found.left]})
    show(str(found))
    return ExitCode.DONE


@app.command(
    epilog="""\b
Examples:
  cellframe cache verify"""
)
def verify(data: Data = None, json: Json = False) -> ExitCode:
    """Compare all answers and downloads with their digests.

    What is damaged is put aside. Ends with 1 where something was, and with 0 otherwise.
    """
    found = _cache(data).verify()
    code = ExitCode.DONE if found.is_whole else ExitCode.BAD_INPUT
    if json:
        return document({"answers": found.answers, "downloads": found.downloads}, code)
    show(str(found))
    return code


def _cache(data: Data) -> Cache:
    if data is None:
        return Cache(cache_folder(), state_folder())
    kept = folder_of(str(data)) / ".cellframe"
    return Cache(kept, kept)
