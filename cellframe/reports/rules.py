"""Which rules does a lab have for its cells?

A file ``rules.toml`` has a table per rule; a file ``rules.py`` has schemas of pandera and functions.
Whatever is wrong with either is told at once, before anything is read.
"""

from __future__ import annotations

import inspect
import runpy
import sys
import tomllib
from contextlib import redirect_stdout
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cellframe.errors import IntakeError
from cellframe.frames.faults import Fault, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Severity: TypeAlias = Literal["flag", "note"]
TABLES = ("cells", "tests", "steps", "cycles", "results")
"""What a rule can be of; results are those of a report, a row per cell."""
_KEYS = ("name", "table", "column", "min", "max", "missing", "spread", "by", "severity")
_SEVERITIES = ("flag", "note")


@dataclass(frozen=True)
class Rule:
    """What one column is to keep to.

    Attributes
    ----------
    name : str
        What a finding calls it.
    table : str
        One of `TABLES`.
    column : str
        A label, with its unit.
    min, max : float or None
        Within which values lie, ends included, in the column's unit.
    missing : bool
        Whether a blank is a finding.
    spread : float or None
        How many robust spreads from the median of its lot a value may lie.
    by : str
        The column that makes lots, for `spread`.
    severity : str
        ``"flag"`` ends a check with 3, ``"note"`` does not.
    """

    name: str
    table: str
    column: str
    min: float | None = None
    max: float | None = None
    missing: bool = False
    spread: float | None = None
    by: str = "batch"
    severity: Severity = "flag"

    @property
    def words(self) -> str:
        """What the rule asks for."""
        parts = [
            f"at least {self.min:g}" if self.min is not None else "",
            f"at most {self.max:g}" if self.max is not None else "",
            f"within {self.spread:g} robust spreads of its {self.by}" if self.spread else "",
            "never blank" if self.missing else "",
        ]
        return f"{self.column} {', '.join(part for part in parts if part)}"


@dataclass(frozen=True)
class Own:
    """A schema of pandera, or a function, of somebody's own.

    Attributes
    ----------
    name : str
        What a finding calls it.
    table : str
        One of `TABLES`.
    schema : pandera schema or None
        What its table keeps to.
    function : callable or None
        Given the table, returns the rows that break it, with a column ``Finding`` where it says why.
    """

    name: str
    table: str
    schema: Any = None
    function: Callable[..., Any] | None = None


Rules: TypeAlias = "Sequence[Rule | Own]"


def load_rules(path: str | Path) -> list[Rule | Own]:
    """Return the rules of a file.

    Parameters
    ----------
    path : str or Path
        ``.toml`` or ``.py``. A Python file is run, with the rights of whoever calls: it is theirs.

    Returns
    -------
    list of Rule or Own

    Raises
    ------
    IntakeError
        There is no such file, or something in it is no rule; `.failures` has a row for each.
    """
    place = Path(path)
    if place.suffix not in (".toml", ".py"):
        raise _refused(place, ["rules are a .toml or a .py file"])
    try:
        text = place.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is not UTF-8 text"
        raise _refused(place, [why or str(fault)]) from None
    return _of_toml(place, text) if place.suffix == ".toml" else _of_python(place)


def _refused(place: Path, faults: Sequence[str]) -> IntakeError:
    told = [Fault(f"{place}: {fault}.", rule="rules") for fault in faults]
    return IntakeError(f"The rules in {place} cannot be used; nothing was checked.", table(told))


def _of_toml(place: Path, text: str) -> list[Rule | Own]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise _refused(place, [f"it is not TOML: {fault}"]) from None
    entries: Any = found.pop("rule", [])
    faults = [f"{key!r} is no [[rule]]" for key in found]
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise _refused(place, [*faults, "rules begin with [[rule]], in double brackets"])
    if not entries and not faults:
        faults = ["it has no [[rule]]"]
    rules: list[Rule | Own] = []
    for number, entry in enumerate(entries, start=1):
        own = _faults_of(entry)
        where = f"[[rule]] {number}" + (f" ({entry['name']!r})" if "name" in entry else "")
        faults += [f"{where}: {fault}" for fault in own]
        if not own:
            rules.append(_rule(entry))
    if faults:
        raise _refused(place, faults)
    return rules


def _faults_of(entry: Mapping[str, Any]) -> list[str]:
    faults = [
        f"{key!r} is no key of a rule{_near(key, _KEYS)}" for key in entry if key not in _KEYS
    ]
    if not isinstance(entry.get("column"), str):
        faults.append('it names no column, as in column = "cell.mass [g]"')
    if entry.get("table", "cells") not in TABLES:
        faults.append(f"table = {entry['table']!r} is none of {', '.join(TABLES)}")
    if entry.get("severity", "flag") not in _SEVERITIES:
        faults.append(f"severity = {entry['severity']!r} is neither flag nor note")
    numbers = [key for key in ("min", "max", "spread") if key in entry]
    faults += [
        f"{key} = {entry[key]!r} is no number"
        for key in numbers
        if isinstance(entry[key], bool)
        or not isinstance(entry[key], int | float)
        or entry[key] != entry[key]
    ]
    faults += [
        f"{key} = {entry[key]!r} is no text"
        for key in ("name", "by")
        if not isinstance(entry.get(key, ""), str)
    ]
    if not isinstance(entry.get("missing", False), bool):
        faults.append(f"missing = {entry['missing']!r} is neither true nor false")
    if not faults and not numbers and not entry.get("missing"):
        faults.append("it asks for nothing: give min, max, spread or missing = true")
    if not faults and entry.get("min", float("-inf")) > entry.get("max", float("inf")):
        faults.append(f"min = {entry['min']:g} is above max = {entry['max']:g}")
    if not faults and entry.get("spread", 1) <= 0:
        faults.append(f"spread = {entry['spread']:g} should be above 0")
    return faults


def _rule(entry: Mapping[str, Any]) -> Rule:
    filled: dict[str, Any] = {"name": entry["column"], "table": "cells", **entry}
    return Rule(**filled)


def _near(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"


def _of_python(place: Path) -> list[Rule | Own]:
    try:
        with redirect_stdout(sys.stderr):
            found = runpy.run_path(str(place))
    except (Exception, SystemExit) as fault:
        line = _line_of(fault, place)
        raise _refused(place, [f"{line}{type(fault).__name__}: {fault}"]) from fault
    named = {name: one for name, one in found.items() if not name.startswith("_")}
    rules: list[Rule | Own] = []
    faults: list[str] = []
    for name, one in named.items():
        own = _is_own(one, found)
        if own is None:
            continue
        chosen = next((one for one in TABLES if name.lower().startswith((one, one[:-1]))), None)
        if chosen is None:
            faults.append(
                f"{name}: its name says of what it is, and begins with one of {', '.join(TABLES)}"
            )
        elif own == "schema":
            rules.append(Own(name, chosen, schema=one))
        else:
            rules.append(Own(name, chosen, function=one))
    if not rules and not faults:
        faults = [
            "it has no schema of pandera and no function, as class CellRules or def cells_weighed(cells)"
        ]
    if faults:
        raise _refused(place, faults)
    return rules


def _is_own(one: Any, found: Mapping[str, Any]) -> Literal["schema", "function"] | None:
    """Whether something that a file has is a rule, and not what it imported for making one."""
    home = found.get("__name__")
    if inspect.isfunction(one):
        return "function" if one.__module__ == home else None
    if inspect.isclass(one):
        is_model = one.__module__ == home and any(map(_is_of_pandera, one.__mro__))
        return "schema" if is_model else None
    is_schema = _is_of_pandera(type(one)) and hasattr(one, "validate") and hasattr(one, "columns")
    return "schema" if is_schema else None


def _is_of_pandera(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "pandera"


def _line_of(fault: BaseException, place: Path) -> str:
    line: int | None = getattr(fault, "lineno", None)
    traced = fault.__traceback__
    while traced is not None:
        if traced.tb_frame.f_code.co_filename == str(place):
            line = traced.tb_lineno
        traced = traced.tb_next
    return f"line {line}: " if line else ""
