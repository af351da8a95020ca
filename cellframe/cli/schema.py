"""Which rules does ``--schema rules.py:CellRules`` mean?"""

from __future__ import annotations

import runpy
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellframe.cli.codes import WrongUsageError
from cellframe.cli.out import say
from cellframe.errors import ConfigError, first_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from cellframe.frames.faults import Fault


def load_schema(words: str | None) -> Any:
    """Return the schema that an option names; None without.

    The file is run as Python runs it, with the rights of whoever called: it is their own.

    Raises
    ------
    WrongUsageError
        It is not ``FILE.py:NAME``.
    ConfigError
        There is no such file, it cannot be run, or it has nothing of that name.
    """
    if words is None:
        return None
    file, _, name = words.rpartition(":")
    if not file.endswith(".py") or not name.isidentifier():
        raise WrongUsageError(
            f"--schema takes FILE.py:NAME, as in rules.py:CellRules, not {words!r}."
        )
    if not Path(file).is_file():
        raise ConfigError(f"There is no file {file} for --schema.")
    try:
        found = runpy.run_path(file)
    except Exception as fault:  # whatever somebody's own file raises
        message = f"{file} cannot be run for --schema: {type(fault).__name__}: {fault}"
        raise ConfigError(message) from fault
    if name not in found:
        near = get_close_matches(name, [one for one in found if one[0] != "_"], n=1)
        advice = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"{file} has no {name!r} for --schema.{advice}")
    return found[name]


def say_faults(faults: pl.DataFrame) -> None:
    """Tell the rows that break a rule, the first of them by name."""
    if faults.height:
        many = "1 fault" if faults.height == 1 else f"{faults.height} faults"
        lines = first_few([f"  {text}" for text in faults["message"]])
        say("\n".join([f"Your rules find {many}:", *lines]))


def faults_of(frame: pl.DataFrame, schema: Any, name: str) -> pl.DataFrame:
    """Return what a schema finds in a table, as of `FrameError.failures`."""
    from cellframe.frames.check import break_rules
    from cellframe.frames.faults import table

    found: Sequence[Fault] = break_rules(frame, [] if schema is None else [schema], name)
    return table(found)
