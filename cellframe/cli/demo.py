"""``cellframe demo``: a walk through a simulated lab, which stays for playing with."""

from __future__ import annotations

import builtins
import json
import os
import shlex
import shutil
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cellframe.cli import fleet
from cellframe.cli.connect import DATABASE
from cellframe.cli.out import console as console_of_stdout
from cellframe.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from cellframe import Client

EXAMPLES = """\b
Examples:
  cellframe demo
  cellframe demo my-first-lab"""
_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPT = "first_steps.py"
_HIDDEN = ("instance_id", "spec_id", "spec", "notes", "instance_version")


def demo(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where it is kept; made where missing.")
    ] = Path("cellframe-demo"),
) -> None:
    """Walk through one edit of simulated cells, offline.

    Read, edit, plan, a conflict, apply: every step says what it does. The folder stays.
    """
    walk(folder)


def walk(folder: Path) -> None:
    """Show the way of an edited frame, in a folder that is kept.

    Parameters
    ----------
    folder : Path
        Made where it is missing. One that holds a demo gets a further simulated spec.

    Raises
    ------
    ConfigError
        The folder holds something else. It was left as it is.
    StoreError
        The folder cannot be used.
    """
    began = time.perf_counter()
    place = folder.expanduser()
    _check_place(place)

    import cellframe as cf

    console = console_of_stdout()
    with cf.open_local(place) as client:
        name = _new_name(client, place)
        fill(client, name)
        _introduce(console, place, name)
        _walk(console, {"cf": cf, "client": client, "folder": str(place), "spec": name})
    _leave_script(place)
    _close(console, place, time.perf_counter() - began)


def _check_place(place: Path) -> None:
    """Refuse a folder that is somebody else's, before anything is written to it."""
    if place.exists() and not place.is_dir():
        message = f"{place} is a file. Name a folder: cellframe demo FOLDER"
        raise ConfigError(message)
    if place.is_dir() and not (place / DATABASE).exists() and _first_file(place):
        message = (
            f"{place} holds other files ({_first_file(place)!r} for one), and was left as it is. "
            "Name a new folder: cellframe demo FOLDER"
        )
        raise ConfigError(message)


def _first_file(place: Path) -> str:
    try:
        return min((entry.name for entry in place.iterdir()), default="")
    except OSError as fault:
        message = f"{place} cannot be read: {fault.strerror}. Name another: cellframe demo FOLDER"
        raise ConfigError(message) from fault


def _new_name(client: Client, place: Path) -> str:
    """Return a name that no spec of the folder has; refuse a folder without a demo's."""
    found = client.cell_spec.list()
    names = {spec.name for spec in found}
    if found and not any((spec.notes or "").startswith(fleet.LABEL) for spec in found):
        message = (
            f"{place} holds records that are no demo's ({min(names)!r} for one), and was left as "
            "it is. Name a new folder: cellframe demo FOLDER"
        )
        raise ConfigError(message)
    numbered = (f"{fleet.NAME} ({number})" for number in range(2, len(names) + 2))
    return next(name for name in (fleet.NAME, *numbered) if name not in names)


def _introduce(console: Console, place: Path, name: str) -> None:
    again = "" if name == fleet.NAME else f"{place} holds a demo already, and gets one more. "
    _say(
        console,
        f"{again}{fleet.CELLS} simulated cells are now in the folder {place}, under the spec {name!r}: "
        "made-up numbers, no real cell. What follows >>> is Python, run as you see it, without a network.",
    )


def _say(console: Console, words: str) -> None:
    console.print(textwrap.fill(words, console.width, break_on_hyphens=False), markup=False)


def fill(client: Client, name: str) -> None:
    """Create a spec of simulated cells.

    Parameters
    ----------
    client : Client
        Of the service to create them in.
    name : str
        What to call the spec.
    """
    spec = client.cell_spec.create(fleet.spec(name))
    # One after the other, so that the cells come back in the order of their names.
    plan = client.cell_instance.plan(fleet.cells(), spec=spec)
    client.apply(plan, note="cellframe demo", raise_on="any")


@dataclass(frozen=True)
class Scene:
    """One cell of the walk.

    Attributes
    ----------
    title : str
        What happens.
    words : str
        What it means.
    code : str
        What is shown and run.
    """

    title: str
    words: str
    code: str


def scenes() -> list[Scene]:
    """Return the cells of the walk, in order."""
    _, *cells = (_TEMPLATES / "walk.py").read_text("utf-8").split("# %% ")
    return [_scene(cell.splitlines()) for cell in cells]


def _scene(lines: list[str]) -> Scene:
    title, *rest = lines
    end = next(at for at, line in enumerate(rest) if not line.startswith("# "))
    words = " ".join(line.removeprefix("# ") for line in rest[:end])
    return Scene(title, words, "\n".join(rest[end:]).strip())


def _walk(console: Console, names: dict[str, Any]) -> None:
    import polars as pl

    show = _shower(console)
    namespace: dict[str, Any] = {**names, "pl": pl, "print": show}
    for number, scene in enumerate(scenes(), start=1):
        console.print(f"\n{number}. {scene.title}", style="bold", markup=False)
        _say(console, scene.words)
        for at, line in enumerate(scene.code.splitlines()):
            mark = "..." if at and line.startswith((" ", ")")) else ">>>"
            console.print(f"{mark} {line}", style="cyan", markup=False)
        # Compiled first: exec of a text makes Python end by signal where Ctrl-C was handled.
        code = compile(scene.code, "walk.py", "exec")
        exec(code, namespace)  # noqa: S102 - what was shown is what is run, to the letter
    namespace["colleague"].close()


def _shower(console: Console) -> Callable[[Any], None]:
    """Return what the walk prints with: plans in colour, frames without their keys."""
    import polars as pl

    def show(thing: Any) -> None:
        console.print()
        if not isinstance(thing, pl.DataFrame):
            console.print(thing)
            return
        with pl.Config(
            tbl_rows=6, tbl_cols=-1, tbl_width_chars=console.width, tbl_hide_column_data_types=True
        ):
            builtins.print(thing.drop(_HIDDEN, strict=False))

    return show


def _leave_script(place: Path) -> None:
    """Leave a script to start from; one that is there may have been edited, and stays."""
    script = place / _SCRIPT
    if not script.exists():
        shutil.copyfile(_TEMPLATES / _SCRIPT, script)


def _close(console: Console, place: Path, seconds: float) -> None:
    console.print()
    _say(console, f"That was all, in {seconds:.1f} s. The folder {place} is yours to play with:")
    for what, command in commands(place).items():
        console.print(f"\n{what}", markup=False)
        console.print(f"  {command}", style="cyan", markup=False)


def commands(place: Path) -> dict[str, str]:
    """Return three commands that work when pasted into the shell that runs this one.

    Parameters
    ----------
    place : Path
        Folder of the demo.

    Returns
    -------
    dict of str to str
        What a command does, and the command.
    """
    code = (
        f"import cellframe as cf; print(cf.open_local({json.dumps(str(place), ensure_ascii=False)})"
        '.cell_instance.to_frame().select("cell", "batch", "cell.mass [g]"))'
    )
    python, script = _within_reach(Path(sys.executable)), _own_script()
    cellframe = [_within_reach(script)] if script else [python, "-m", "cellframe"]
    return {
        "Run a script that edits cells; read it and change it:": _quoted(
            [python, str(place / _SCRIPT)]
        ),
        "Show every cell of the folder:": _quoted([python, "-c", code]),
        "Serve the folder over HTTP, until Ctrl-C:": _quoted(
            [*cellframe, "serve", "--data", str(place)]
        ),
    }


def _own_script() -> Path | None:
    """Return the ``cellframe`` script of this very Python; its virtual environment may be off."""
    found = shutil.which("cellframe", path=str(Path(sys.executable).parent))
    return Path(found) if found else None


def _within_reach(program: Path) -> str:
    """Return the shortest spelling of a program that the shell finds."""
    name = program.name.removesuffix(".exe")
    found = shutil.which(name)
    if found and Path(found).absolute() == program.absolute():
        return name
    here = Path.cwd()
    return str(program.relative_to(here)) if program.is_relative_to(here) else str(program)


def _quoted(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
