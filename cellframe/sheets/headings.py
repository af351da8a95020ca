"""How is a label read by somebody who has never seen one?

``cathode.loading [mg/cm**2]`` stands as *Cathode loading [mg/cm²]* above a column of a workbook.
Both spellings are understood wherever a sheet comes back. A label whose plain words would stand
for another one is its own heading, so that a heading needs nothing beside it to be read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cellframe.contract.quantities import spell
from cellframe.contract.records import KINDS, MEASURED_COMPONENTS
from cellframe.frames.headers import ACTION

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_PREFIXES = (*MEASURED_COMPONENTS, "ratings", "properties", "protocol", "test_setup")
"""What a dot stands behind; the names below it are words of one name."""
_PLAIN = frozenset(
    label
    for kind in KINDS.values()
    for label in (kind.version, kind.noun, *kind.summaries, *(one.column for one in kind.fields))
)
"""Labels that do not depend on the records."""
_LABEL = re.compile(r"[a-z]\w*(?:\.\w+)?", re.ASCII)
_HEADING = re.compile(r"[A-Z]\w*(?: \w+)*", re.ASCII)
_UNIT = re.compile(r"(?P<name>.*\S) \[(?P<unit>[^\[\]]+)\]")
_PRINTED = (("**2", "²"), ("**3", "³"), (".", "·"))
_NAMED = {"um": "µm", "degC": "°C", "ohm": "Ω", "mohm": "mΩ"}


def heading_of(label: str) -> str:
    """Return what stands above a column.

    Parameters
    ----------
    label : str
        A column of a frame: ``cathode.loading [mg/cm**2]``.

    Returns
    -------
    str
        Plain words, and the unit as it is printed: ``Cathode loading [mg/cm²]``; the label
        itself, where `label_of` would not lead back to it.
    """
    name, unit = _split(label)
    if not _LABEL.fullmatch(name):
        return label
    words = name.replace(".", " ").replace("_", " ")
    heading = words[0].upper() + words[1:] + (f" [{_printed(unit)}]" if unit else "")
    return heading if label_of(heading) == label else label


def label_of(heading: str) -> str:
    """Return the label that a heading stands for: the inverse of `heading_of`.

    Parameters
    ----------
    heading : str
        As `heading_of` writes it; blanks may be doubled, hard or line breaks.

    Returns
    -------
    str
        The label; anything that is no such heading as it is.
    """
    name, unit = _split(" ".join(heading.split()))
    if not _HEADING.fullmatch(name):
        return heading
    body = (name[0].lower() + name[1:]).replace(" ", "_")
    prefix = next((one for one in _PREFIXES if body.startswith(f"{one}_")), None)
    if prefix is not None:
        body = f"{prefix}.{body[len(prefix) + 1 :]}"
    return f"{body} [{_typed(unit)}]" if unit else body


_RESERVED = {label: label for label in (ACTION, "_choice", "_error", "_server_now")}
"""Columns that mean something although they begin with ``_``, however they are capitalized."""


def labels_of(headers: Iterable[str], known: Collection[str] = ()) -> dict[str, str]:
    """Return which headers of a sheet are headings, and the labels that they stand for.

    Parameters
    ----------
    headers : iterable of str
        As they came; labels and people's own among them.
    known : collection of str
        Labels that the sheet was written with.

    Returns
    -------
    dict of str to str
        Labels by heading: of plain columns, of properties of a part, and those that are known.
    """
    found = {
        header: _RESERVED.get(header.strip().casefold(), label_of(header)) for header in headers
    }
    return {
        header: label
        for header, label in found.items()
        if label != header
        and (
            label in known
            or label in _PLAIN
            or label.startswith("_")
            or label.partition(".")[0] in _PREFIXES
        )
    }


def _split(text: str) -> tuple[str, str]:
    """Return a name, and the unit in brackets behind it; empty where there is none."""
    found = _UNIT.fullmatch(text)
    return (found["name"], found["unit"]) if found else (text, "")


def _printed(unit: str) -> str:
    if unit in _NAMED:
        return _NAMED[unit]
    for typed, printed in _PRINTED:
        unit = unit.replace(typed, printed)
    return unit


def _typed(unit: str) -> str:
    known = spell(unit)
    if known != unit:
        return known
    for typed, printed in _PRINTED:
        unit = unit.replace(printed, typed)
    return unit
