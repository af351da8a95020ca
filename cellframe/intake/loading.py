"""What does a mapping file say, and what in it cannot be meant? Everything is told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from cellframe.contract.records import CELL_SPEC
from cellframe.errors import IntakeError, SheetError
from cellframe.frames.faults import Fault, table
from cellframe.intake.cycler.mapping import FIELDS, SeriesMap, check_map
from cellframe.intake.mapping import (
    BY_COLUMN,
    BY_FILE,
    BY_FOLDER,
    BY_TABLE,
    PLACES,
    CellsMap,
    FilesMap,
    ImportMap,
    SpecMap,
    label_faults,
    nearest,
    refuse,
)
from cellframe.intake.values import ORDERS
from cellframe.sheets.labels import read_toml, unknown_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def load(path: Path) -> ImportMap:
    """Read a mapping file.

    Parameters
    ----------
    path : Path
        The TOML file.

    Returns
    -------
    ImportMap

    Raises
    ------
    IntakeError
        It is missing or no TOML, a key or a label is not known, something is missing, or nobody
        checked it yet: everything at once.
    """
    try:
        found = read_toml(path)
    except SheetError as fault:
        raise IntakeError("The mapping cannot be read.", table([Fault(str(fault))])) from None
    reader = _Reader()
    mapping = reader.whole(found)
    refuse(f"{path.name} cannot be used yet.", reader.faults)
    return mapping


class _Reader:
    """Reads the tables of a mapping file, and collects what is wrong."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def say(self, message: str) -> None:
        self.faults.append(Fault(message, rule="mapping"))

    def whole(self, found: Mapping[str, Any]) -> ImportMap:
        self._known(found, ("spec", "cells", "series", "checked"), "")
        if found.get("checked") is False:
            self.say(
                "Nobody has checked it: look at the lines marked CHECK, correct what is wrong, then "
                "write checked = true."
            )
        if not any(key in found for key in ("cells", "series")):
            self.say("It names no files: write [cells] for a table of cells, [[series]] for tests.")
        series = found.get("series", [])
        if not isinstance(series, list):
            self.say("[series] stands in double brackets, since there can be several: [[series]].")
            series = [series]
        return ImportMap(
            self._spec(found["spec"]) if "spec" in found else None,
            self._cells(found["cells"]) if "cells" in found else None,
            tuple(self._files(one, at) for at, one in enumerate(series, start=1)),
        )

    def _spec(self, body: Any) -> SpecMap | None:
        if isinstance(body, str):
            return SpecMap(body)
        if not isinstance(body, Mapping):
            return self.say(f"spec is {body!r}; write its name in quotes.")
        self._known(body, _names(SpecMap), "[spec] ")
        ratings = self._table(body, "ratings", "[spec]", int | float)
        labels = [f"ratings.{label}" for label in ratings]
        self.faults += label_faults(labels, CELL_SPEC)
        create = self._one(body, "create", bool, "[spec]", default=False)
        return SpecMap(self._one(body, "name", str, "[spec]"), create, ratings)

    def _cells(self, body: Any) -> CellsMap | None:
        if not isinstance(body, Mapping):
            return self.say("[cells] is a table: a line [cells], and below it file = and columns.")
        self._known(body, _names(CellsMap), "[cells] ")
        columns = self._table(body, "columns", "[cells.columns]", str)
        used = [label for label in columns.values() if not label.startswith(("_", "#"))]
        self.faults += label_faults(used)
        self.faults += _twice(columns)
        match = self._one(body, "match", str, "[cells]", default="cell")
        match = "cell" if match == "name" else match
        if "cell" not in used and "name" not in used:
            self.say("[cells.columns]: no header stands for 'cell', the name of a cell.")
        if match != "cell":
            self.say(f"[cells] match = {match!r}: cells are found again by 'cell', their name.")
        dates = self._one(body, "dates", str, "[cells]", default=None)
        if dates is not None and dates not in ORDERS:
            self.say(f"[cells] dates = {dates!r} is none of {', '.join(ORDERS)}.")
        decimal = self._one(body, "decimal", str, "[cells]", default=".")
        if decimal not in (".", ","):
            self.say(f"[cells] decimal = {decimal!r} is neither '.' nor ','.")
        return CellsMap(self._one(body, "file", str, "[cells]"), columns, match, dates, decimal)

    def _files(self, body: Any, at: int) -> FilesMap:
        where = f"[[series]] {at}:"
        if not isinstance(body, Mapping):
            self.say(f"{where} is {body!r}; write a line [[series]], and below it files =.")
            body = {}
        own = ("files", "cell", "test", "cells")
        self._known(body, (*own, *FIELDS), f"{where} ")
        files = body.get("files")
        files = [files] if isinstance(files, str) else files
        if not isinstance(files, list) or not all(isinstance(one, str) for one in files):
            self.say(f'{where} which files? Write files = "series/*.csv".')
            files = []
        for one in files:
            if one.startswith("/") or ".." in one.split("/") or "\\" in one or not one:
                self.say(f"{where} files = {one!r}: write a path from this folder, with /.")
        cell = self._one(body, "cell", str, where, default=BY_FILE)
        if not _is_way(cell):
            ways = f"'{BY_FILE}', '{BY_FOLDER}', '{BY_COLUMN}HEADER', '{BY_TABLE}HEADER'"
            self.say(f"{where} cell = {cell!r} is none of {ways} or a pattern with {{cell}}.")
        test = self._one(body, "test", str, where, default="{stem}")
        for place in re.findall(r"\{\w*\}", test):
            if place not in PLACES:
                known = ", ".join(PLACES)
                self.say(
                    f"{where} test = {test!r}: {place} is none of {known}.{nearest(place, PLACES)}"
                )
        return FilesMap(
            tuple(files),
            self._series(body, where),
            cell,
            test,
            self._table(body, "cells", where, str),
        )

    def _series(self, body: Mapping[str, Any], where: str) -> SeriesMap:
        values: dict[str, Any] = {}
        for one in fields(SeriesMap):
            if one.name in body:
                given = body[one.name]
                default = () if one.default is MISSING else one.default
                values[one.name] = (
                    tuple(given)
                    if isinstance(default, tuple) and isinstance(given, list)
                    else given
                )
                if one.name != "columns" and type(values[one.name]) is not type(default):
                    self.say(f"{where} {one.name} = {given!r} should look like {default!r}.")
                    del values[one.name]
        values["columns"] = self._table(body, "columns", where, str)
        series = SeriesMap(**values)
        self.faults += [
            Fault(f"{where} {f.message}", None, None, f.column, f.value, f.rule)
            for f in check_map(series)
        ]
        return series

    def _known(self, body: Mapping[str, Any], known: Iterable[str], where: str) -> None:
        for message in unknown_keys(body, known, where):
            self.say(message)

    def _one(
        self, body: Mapping[str, Any], key: str, kind: type, where: str, **default: Any
    ) -> Any:
        if key not in body:
            if "default" not in default:
                self.say(f"{where} {key} is missing.")
            return default.get("default", "")
        if not isinstance(body[key], kind):
            self.say(f"{where} {key} = {body[key]!r} should be {_WORDS[kind]}.")
            return default.get("default", "")
        return body[key]

    def _table(self, body: Mapping[str, Any], key: str, where: str, kind: Any) -> dict[str, Any]:
        found = body.get(key, {})
        if not isinstance(found, Mapping):
            self.say(f"{where} {key} is {found!r}; write a table of lines, a name and its value.")
            return {}
        for name, value in found.items():
            if not isinstance(value, kind) or isinstance(value, bool):
                what = "text in quotes" if kind is str else "a number"
                self.say(f"{where} {name!r} = {value!r} should be {what}.")
        return {name: value for name, value in found.items() if isinstance(value, kind)}


_WORDS = {str: "text in quotes", bool: "true or false"}


def _names(kind: type) -> list[str]:
    return [one.name for one in fields(kind)]


def _twice(columns: Mapping[str, str]) -> Iterator[Fault]:
    first: dict[str, str] = {}
    for header, label in columns.items():
        other = first.setdefault(label, header)
        if other != header and not label.startswith(("_", "#")):
            message = f"{other!r} and {header!r} are both {label!r}. Keep one; a '_' before the label leaves it out."
            yield Fault(message, column=header, value=label, rule="unique")


def _is_way(cell: str) -> bool:
    return (
        cell in (BY_FILE, BY_FOLDER) or cell.startswith((BY_COLUMN, BY_TABLE)) or "{cell}" in cell
    )
