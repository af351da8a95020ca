"""How is a proposal written down, so that a person can read it, correct it, and use it?

Every line has its reason as a comment. Until somebody checked the file it says so itself, and an
import refuses it: what was only guessed is never used in silence.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit

from cellframe.errors import SheetError
from cellframe.intake.cycler.mapping import SeriesMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from tomlkit.items import Table

    from cellframe.intake.proposal import CellsProposal, FilesProposal, Line, Proposal

_HEAD = (
    "How the files of this folder become specs, cells and tests; `cellframe import` reads it.",
    "Left: as the files have it. Right: what it becomes. A label that starts with _ is left out.",
)
_CHECK = "look at the lines marked CHECK, correct what is wrong, then write true"
_LONGEST = 300


def save(proposal: Proposal, path: str | PathLike[str], *, checked: bool) -> Path:
    """Write a proposal to a new file; see `Proposal.save`."""
    place = Path(path)
    text = to_toml(proposal, checked=checked)
    try:
        with place.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        # Two imports of one folder at once agree on one mapping.
        if place.is_file() and place.read_bytes() == text.encode():
            return place
        message = f"{place} is there already, and was left as it is. Delete it for a new proposal."
        raise SheetError(message) from None
    except OSError as fault:
        message = f"{place} cannot be written: {fault.strerror}. Name another file with --map."
        raise SheetError(message) from fault
    return place


def to_toml(proposal: Proposal, *, checked: bool) -> str:
    """Return a proposal as TOML with comments; see `Proposal.to_toml`."""
    document = tomlkit.document()
    for line in _HEAD:
        document.add(tomlkit.comment(line))
    if proposal.doubts and not checked:
        unchecked = tomlkit.boolean("false").comment(f"CHECK: {_CHECK}")
        document.add("checked", unchecked)
    if proposal.spec is not None:
        table = tomlkit.table()
        _add(table, "name", proposal.spec.value, proposal.spec, checked=checked)
        if proposal.makes_spec:
            table.add("create", tomlkit.boolean("true"))
        document.add("spec", table)
    if proposal.cells is not None:
        document.add("cells", _cells(proposal.cells, checked=checked))
    if proposal.series:
        tables = tomlkit.aot()
        for one in proposal.series:
            tables.append(_files(one, checked=checked))
        document.add("series", tables)
    return tomlkit.dumps(document)


def _cells(proposal: CellsProposal, *, checked: bool) -> Table:
    table = tomlkit.table()
    table.add("file", proposal.map.file)
    why = {line.key: line for line in proposal.settings}
    if proposal.map.dates is not None or "dates" in why:
        _add(table, "dates", proposal.map.dates or "", why.get("dates"), checked=checked)
    if proposal.map.decimal != ".":
        _add(table, "decimal", proposal.map.decimal, why.get("decimal"), checked=checked)
    table.add("columns", _columns(proposal.columns, checked=checked))
    return table


def _files(proposal: FilesProposal, *, checked: bool) -> Table:
    table = tomlkit.table()
    files = proposal.map.files
    table.add("files", files[0] if len(files) == 1 else list(files))
    why = {line.key: line for line in proposal.settings}
    _add(table, "cell", proposal.map.cell, why.get("cell"), checked=checked)
    _add(table, "test", proposal.map.test, why.get("test"), checked=checked)
    for sentence in proposal.evidence:
        table.add(tomlkit.comment(_plain(sentence)))
    for line in proposal.settings:
        if not line.value and line.doubt is not None and not checked:
            table.add(tomlkit.comment(f"CHECK: {_plain(line.doubt.message)}"))
    for key, value in _set(proposal.map.series).items():
        _add(table, key, value, why.get(key), checked=checked)
    table.add("columns", _columns(proposal.columns, checked=checked))
    if proposal.map.cells:
        table.add("cells", _plain_table(proposal.map.cells))
    return table


def _set(series: SeriesMap) -> dict[str, Any]:
    """Return what a map of a series says besides its columns: what matters, and what is unusual."""
    found: dict[str, Any] = {}
    for one in dataclasses.fields(SeriesMap):
        value = getattr(series, one.name)
        if one.name in ("current", "counters") or (one.name != "columns" and value != one.default):
            found[one.name] = list(value) if isinstance(value, tuple) else value
    return found


def _columns(lines: Iterable[Line], *, checked: bool) -> Table:
    table = tomlkit.table()
    for line in lines:
        _add(table, line.key, line.value, line, checked=checked)
    return table


def _plain_table(values: Mapping[str, str]) -> Table:
    table = tomlkit.table()
    for key, value in values.items():
        table.add(key, value)
    return table


def _add(table: Table, key: str, value: Any, line: Line | None, *, checked: bool) -> None:
    """Add a line with its reason; a doubt stands above it."""
    if line is not None and line.doubt is not None and not checked:
        table.add(tomlkit.comment(f"CHECK: {_plain(line.doubt.message)}"))
    item = tomlkit.item(value)
    reason = _plain(_reason(line)) if line is not None else ""
    if reason:
        item.comment(reason)
    table.add(key, item)


def _reason(line: Line) -> str:
    example = f"e.g. {line.example}" if line.example and not line.is_left_out else ""
    return ", ".join(part for part in (line.why, example) if part)


def _plain(text: str) -> str:
    """Return a comment in one line: what stands in a file must not become a line of the mapping."""
    bare = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)
    return bare if len(bare) <= _LONGEST else f"{bare[: _LONGEST - 1]}…"
