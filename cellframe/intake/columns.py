"""Which column of a table of cells is what? Proposed from its header and its values."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from cellframe.contract.quantities import NO_UNIT, default_unit
from cellframe.contract.records import CELL_INSTANCE, MEASURED_COMPONENTS
from cellframe.frames.columns import escape, plain_columns
from cellframe.intake.headers import Heading, heading, speaks_of
from cellframe.intake.mapping import label_faults
from cellframe.intake.proposal import Doubt, Line
from cellframe.intake.suspects import doubted, suspicion, unit_unknown
from cellframe.intake.values import Look, Looks, look
from cellframe.intake.words import Role, has_no_unit, is_called_cell, property_of, role_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

ROW_NUMBERS = "Unnamed: 0"
_KEYS = ("instance_id", "spec_id", "instance_version")
_ALONE = {
    "A.h": "capacity",
    "mA.h": "capacity",
    "V": "voltage",
    "mV": "voltage",
    "A": "current",
    "W.h": "energy",
    "mW.h": "energy",
    "ohm": "resistance",
    "mohm": "resistance",
    "mg/cm**2": "loading",
    "degC": "temperature",
    "g/cm**3": "density",
}
"""What a header is called that is a unit alone."""
_SAYS: dict[Role, str] = {
    "cell": "the name of the cell: different in each row",
    "batch": "the lot",
    "date_manufactured": "the date of manufacture",
    "spec": "the spec of each cell",
    "notes": "notes",
    "file": "names the files of the cell",
}


_NO_VALUES = {
    Looks.NOTHING: "no values",
    Looks.OTHER: "lists, durations or bytes, which a cell does not hold",
}


class Seen(NamedTuple):
    """One column, looked at."""

    header: str
    heading: Heading
    look: Look


def propose_columns(frame: pl.DataFrame, *, comma: bool = False) -> list[Line]:
    """Say what each column of a table would become.

    Parameters
    ----------
    frame : DataFrame, shape (n_rows, n_columns)
        The table, as text or as a typed file has it.
    comma : bool
        Whether numbers have decimal commas.

    Returns
    -------
    list of Line
        In the order of the columns; none becomes ``cell`` where the table has no names.
    """
    seen = [Seen(name, heading(name), look(frame[name], comma=comma)) for name in frame.columns]
    roles = _roles(seen)
    first = {name for name in frame.columns if _is_ours(name)} | set(_labels(roles.values()))
    lines: list[Line] = []
    for one in seen:
        line = _line(one, roles.get(one.header))
        taken = {*first, *(other.value for other in lines)} - {one.header}
        is_second = line.value in taken and one.header not in roles
        line = _renamed(line, one) if is_second else line
        told = suspicion(frame, line, one.look)
        lines.append(replace(line, doubt=doubted(line, told)) if told else line)
    return lines


def _labels(roles: Iterable[Role]) -> list[str]:
    return ["_file" if role == "file" else role for role in roles]


def _roles(seen: list[Seen]) -> dict[str, Role]:
    """Return which columns are the name, the lot, the date, …: of each the clearest."""
    ranked: dict[Role, tuple[int, str]] = {}
    for one in seen:
        found = None if one.heading.unit else role_of(one.header)
        if found is not None and _can_be(found[0], one.look):
            role, rank = found
            ranked[role] = min(ranked.get(role, (rank, one.header)), (rank, one.header))
    roles: dict[str, Role] = {header: role for role, (_, header) in ranked.items()}
    if "cell" not in ranked:
        guessed = (one.header for one in seen if _is_name(one) and one.header not in roles)
        first = _with_gaps(seen) or next(guessed, None)
        roles |= {} if first is None else {first: "cell"}
    return roles


def _with_gaps(seen: list[Seen]) -> str | None:
    """Return the column that is called by the cells' names, and lacks some.

    Another one must not be taken for it: the rows without a name are told when it is read.
    """
    called = (one for one in seen if one.heading.unit is None and is_called_cell(one.header))
    return next((one.header for one in called if one.look.is_distinct), None)


def _can_be(role: Role, look: Look) -> bool:
    if role == "cell":
        return look.is_unique and (look.looks is Looks.TEXTS or look.is_whole)
    if role == "date_manufactured":
        return look.looks is Looks.DATES
    return look.looks is Looks.TEXTS or (
        role == "batch" and (look.looks is Looks.DATES or look.is_whole)
    )


def _is_name(one: Seen) -> bool:
    is_text = one.look.looks is Looks.TEXTS and not one.look.odd
    return one.look.is_unique and is_text and one.heading.unit is None


def _line(one: Seen, role: Role | None) -> Line:
    if role is not None:
        return _of_role(one, role)
    label = one.header
    if one.look.looks in _NO_VALUES:
        return Line(label, f"_{label}", _NO_VALUES[one.look.looks])
    if label == ROW_NUMBERS or label in _KEYS:
        why = "row numbers" if label == ROW_NUMBERS else "a key of the service, no property"
        return Line(label, f"_{label}", why, one.look.example)
    if _is_ours(label):
        return Line(label, label, "a column of cellframe", one.look.example)
    has_unit = one.heading.unit is not None and one.heading.is_certain
    is_quantity = has_unit or property_of(label).is_known or speaks_of(label) is not None
    if one.look.looks is Looks.NUMBERS or (one.look.odd and is_quantity):
        return _quantity(one)
    return _text(one)


def _of_role(one: Seen, role: Role) -> Line:
    label = "_file" if role == "file" else role
    doubt = None
    if role == "cell" and role_of(one.header) is None:
        message = (
            f"{one.header!r} is taken for the cells' names, since its values differ in each row."
        )
        doubt = Doubt(message, _toml(one.header, label), needs_answer=True)
    if role == "date_manufactured" and len(one.look.orders) > 1:
        first, other = one.look.orders[:2]
        message = f"{one.header!r}: {one.look.example} has the {first}, or the {other}."
        doubt = Doubt(message, f'dates = "{first}"', needs_answer=True)
    clock = "; the time of day is left out" if one.look.has_clock else ""
    return Line(one.header, label, f"{_SAYS[role]}{clock}", one.look.example, doubt)


def _is_ours(label: str) -> bool:
    """Whether a header is a label of ours already, as cellframe itself writes them."""
    plain = {column.label for column in plain_columns(CELL_INSTANCE)}
    nested = label.partition(".")[0] in MEASURED_COMPONENTS and "." in label
    return (label in plain or nested) and not list(label_faults([label]))


def _quantity(one: Seen) -> Line:
    """Return the line of a column of numbers: with the unit of its header, else a doubt."""
    name = one.heading.name or _ALONE.get(one.heading.unit or "", "value")
    about = property_of(name)
    usual = default_unit([about.name]) or speaks_of(name)
    unit = one.heading.unit or usual or NO_UNIT
    label = f"{about.part}.{escape(about.name)} [{unit}]"
    message = _unit_doubt(one, name, usual)
    doubt = Doubt(message, _toml(one.header, label), needs_answer=True) if message else None
    if doubt is None and not about.says_part:
        told = f"{one.header!r} does not say of which part; the {about.part} is usual."
        doubt = Doubt(told, _toml(one.header, label))
    return Line(one.header, label, _reason(one, unit), one.look.example, doubt)


def _unit_doubt(one: Seen, name: str, usual: str | None) -> str:
    """Say why the unit is not certain; empty where it is."""
    if one.heading.unit is not None:
        maybe = f"{one.header!r}: {one.heading.spelled!r} may be a unit, or a part of the name."
        return "" if one.heading.is_certain else maybe
    unknown = unit_unknown(one.header)
    if unknown:
        return unknown
    if usual is not None:
        return (
            f"{one.header!r} says no unit; {usual} is usual. Its first value is {one.look.example}."
        )
    if one.look.is_whole or has_no_unit(name):
        return ""
    return f"{one.header!r} says no unit, and is taken for pure numbers such as {one.look.example}."


def _reason(one: Seen, unit: str) -> str:
    if one.heading.unit is not None:
        why = f"{one.heading.spelled!r} is its unit"
    else:
        why = "pure numbers" if unit == NO_UNIT else "numbers without a unit"
    if one.look.odd:
        why += f"; {one.look.odd!r} is no number, and its row will be refused"
    if one.look.blanks:
        why += f"; {', '.join(map(repr, one.look.blanks))} is no value"
    return why


def _text(one: Seen) -> Line:
    """Return the line of a column of texts; one with a unit is a question."""
    found = property_of(one.header)
    name = "type" if found.name == found.part else found.name
    label = f"{found.part}.{escape(name)}"
    doubt = None
    if one.heading.unit is not None and one.heading.is_certain and one.look.looks is Looks.TEXTS:
        message = f"{one.header!r} has a unit, and none of its values is a number, {one.look.example!r} for one."
        doubt = Doubt(message, _toml(one.header, label), needs_answer=True)
    return Line(one.header, label, "text", one.look.example, doubt)


def _renamed(line: Line, one: Seen) -> Line:
    """Return a line whose label another column has already, under the column's whole name."""
    whole = re.sub(r"\W+", "_", one.header.casefold()).strip("_") or "value"
    unit = re.search(r" \[.*\]$", line.value)
    label = f"cell.{escape(whole)}{unit[0] if unit else ''}"
    message = f"{one.header!r} would be {line.value!r}, as another column is. Is it a second one?"
    return Line(
        line.key,
        label,
        line.why,
        line.example,
        line.doubt or Doubt(message, _toml(line.key, label)),
    )


def _toml(key: str, value: str) -> str:
    import tomlkit

    doc = tomlkit.document()
    doc[key] = value
    return tomlkit.dumps(doc).strip()
