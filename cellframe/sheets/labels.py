"""How does a small file say which of their headers is which column of ours?

Somebody's own sheet has headers of its own. A map names the column that each one stands for::

    spec = "LFP 18650"
    match = "name"

    [columns]
    "Cell no." = "cell"
    "Masse (g)" = "cell.mass [g]"
    "Checked by" = "_checked by"

A label that starts with ``_`` leaves the column out. The mapping file of an import is understood
too: its ``[cells]`` has the same lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cellframe.errors import SheetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

_KEYS = ("columns", "match", "spec")
_OF_AN_IMPORT = ("cells", "series", "checked")
_OF_CELLS = ("columns", "match", "file", "dates", "decimal")
_LARGEST = 2**20


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which header of a sheet is which column.

    Attributes
    ----------
    columns : mapping of str to str
        Label of ours, or a comment that starts with ``_``, by header of theirs.
    match : str or None
        The column by which rows are found again, such as ``name``.
    spec : str or None
        Id or name of the spec of the rows.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    match: str | None = None
    spec: str | None = None


def read_map(source: str | PathLike[str] | Mapping[str, str] | None) -> ColumnMap:
    """Read which header is which column.

    Parameters
    ----------
    source : path or mapping of str to str, optional
        A TOML file, or the columns themselves.

    Returns
    -------
    ColumnMap

    Raises
    ------
    SheetError
        The file is missing or no TOML, a key is unknown, a label is no text, or two headers
        stand for one column: everything at once.
    """
    if source is None:
        return ColumnMap()
    if isinstance(source, Mapping):
        _refuse("The map of columns cannot be used.", _column_faults(source, "map="))
        return ColumnMap(dict(source))
    path = Path(source)
    found = read_toml(path)
    is_import = isinstance(found.get("cells"), dict)
    known = (*_KEYS, *_OF_AN_IMPORT) if is_import else _KEYS
    body: dict[str, Any] = found["cells"] if is_import else found
    faults = list(unknown_keys(found, known, ""))
    if is_import:
        faults += unknown_keys(body, _OF_CELLS, "[cells] ")
    columns = body.get("columns", {})
    where = "[cells.columns]" if is_import else "[columns]"
    faults += _column_faults(columns, where)
    spec = found.get("spec")
    match = body.get("match")
    named = spec.get("name") if isinstance(spec, dict) else spec
    faults += [
        f"{key} is {value!r}; write a name in quotes."
        for key, value in (("match", match), ("spec", named))
        if value is not None and not isinstance(value, str)
    ]
    _refuse(f"{path.name} cannot be used as a map of columns.", faults)
    return ColumnMap(dict(columns), match, named)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file that a person wrote.

    Raises
    ------
    SheetError
        It is missing, no text, too large for what a person writes, or no TOML; the line is named.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise SheetError(f"{path} is no map of columns: it has more than a million characters.")
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        message = f"There is no file {path}. Check the name and the folder."
    except IsADirectoryError:
        message = f"{path} is a folder, not a file. Name a file in it."
    except UnicodeDecodeError as fault:
        line = fault.object.count(b"\n", 0, fault.start) + 1
        message = f"{path.name}, line {line}: the text is no UTF-8. Save the file as UTF-8."
    except tomllib.TOMLDecodeError as fault:
        message = _syntax(path, str(fault))
    except OSError as fault:
        message = f"{path} cannot be read: {fault.strerror}."
    raise SheetError(message)


def unknown_keys(table: Mapping[str, Any], known: Iterable[str], where: str) -> Iterator[str]:
    """Say which keys of a table mean nothing, and what was probably meant."""
    known = list(known)
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            advice = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(known)}."
            yield f"{where}{key!r} means nothing here. {advice}"


def _syntax(path: Path, told: str) -> str:
    """Say where a file stops being TOML; what stands wrong there is mostly a missing quote."""
    found = re.search(r"\(at line (\d+), column \d+\)", told)
    at = f", line {found[1]}" if found else ", the last line"
    if "verwrite" in told or "twice" in told:
        return f"{path.name}{at}: this key stands there a second time. Keep one."
    return (
        f"{path.name}{at}: this is no line of TOML. A line is a header and its column, both in "
        'quotes: "Masse (g)" = "cell.mass [g]"'
    )


def _column_faults(columns: Any, where: str) -> Iterator[str]:
    if not isinstance(columns, Mapping):
        yield f'{where} is {columns!r}; write lines such as "Masse (g)" = "cell.mass [g]".'
        return
    first: dict[str, str] = {}
    for header, label in columns.items():
        if not isinstance(label, str) or not label.strip():
            yield f"{where} {header!r} is {label!r}; write the label of a column in quotes."
        elif not label.startswith(("_", "#")):
            other = first.setdefault(label, header)
            if other != header:
                yield f"{where} {other!r} and {header!r} are both {label!r}. Keep one."


def _refuse(message: str, faults: Iterable[str]) -> None:
    told = list(faults)
    if told:
        raise SheetError("\n  ".join([message, *told]))
