"""What the headers of an edited frame stand for.

A header that is not understood is a fault with a guess at what was meant, never a column that
is left out in silence. One that starts with ``_`` or ``#`` is a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.quantities import UnitError, conversion, dimension, is_convertible, spell
from cellframe.contract.records import MEASURED_COMPONENTS, Field, RecordKind, Type
from cellframe.frames.columns import (
    Column,
    Leaf,
    Place,
    Seen,
    escape,
    leaf_columns,
    parse,
    plain_columns,
)
from cellframe.frames.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALIKE = 0.8
"""How alike two labels are before one is taken for a slip of the other."""
ACTION = "_action"
"""A reserved column; it asks for deletes."""


@dataclass(slots=True)
class Header:
    """The header of an edited frame, read.

    Attributes
    ----------
    columns : dict of str to Column
        By the label in the edited frame; comments are left out.
    faults : list of Fault
        Headers that are not understood.
    new : list of (str, str or None)
        Properties that no record has yet, with the nearest label that some record has.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    new: list[tuple[str, str | None]] = field(default_factory=list)


def is_comment(label: str) -> bool:
    """Whether a column is its owner's own, and is left out of everything."""
    return label.startswith(("_", "#"))


def read_header(kind: RecordKind, frame: pl.DataFrame, seen: Mapping[Place, Seen]) -> Header:
    """Read the header of an edited frame.

    Parameters
    ----------
    kind : RecordKind
        What the rows are.
    frame : DataFrame
        The edited frame.
    seen : mapping
        What the records that it was read from, and those of the service, hold.
    """
    reader = _Reader(kind, frame, seen)
    header = Header()
    for label in frame.columns:
        if not is_comment(label) and label not in kind.summaries:
            found = reader.column(label)
            if isinstance(found, Fault):
                header.faults.append(found)
            else:
                header.columns[label] = replace(found, label=label)
                is_leaf = found.field is not None and found.leaf is not Leaf.PLAIN
                # Where no record was read there is nothing that a new name could be a slip of.
                if seen and is_leaf and found.place not in seen:
                    header.new.append((label, reader.nearest(label)))
    header.faults += _twice(header.columns)
    return header


def _twice(columns: dict[str, Column]) -> list[Fault]:
    """Two headers for one thing: whichever won, an edit in the other would be lost."""
    first: dict[object, str] = {}
    faults: list[Fault] = []
    for label, column in columns.items():
        what = (column.leaf.name, "") if column.field is None else (*column.place, column.leaf.name)
        other = first.setdefault(what, label)
        if other != label:
            message = f"{label!r} and {other!r} are the same column. Keep one."
            faults.append(Fault(message, column=label, rule="unique"))
    return faults


class _Reader:
    def __init__(self, kind: RecordKind, frame: pl.DataFrame, seen: Mapping[Place, Seen]) -> None:
        self.kind = kind
        self.frame = frame
        self.seen = seen
        self.plain: dict[str, Column] = {}
        for column in plain_columns(kind, everything=True):
            self.plain[column.label] = column
            self.plain.setdefault(column.label.removesuffix(" [UTC]"), column)
        self.plain.setdefault("name", self.plain[kind.noun])
        self.plain[kind.version] = Column(kind.version, Leaf.VERSION)
        if kind.parent:
            self.plain[kind.parent_noun] = Column(kind.parent_noun, Leaf.PARENT_NAME)
        shown = {place: next(iter(at.units), None) for place, at in seen.items()}
        self.known = leaf_columns(
            kind, seen, {place: spell(unit) if unit else None for place, unit in shown.items()}
        )
        self.places = {_bare(column.label): column for column in self.known}

    def column(self, label: str) -> Column | Fault:
        """Return what one header stands for, or what is wrong with it."""
        if label in self.plain:
            return self.plain[label]
        merged = label.removesuffix("_x").removesuffix("_y")
        if merged != label and merged in self._labels():
            reason = (
                f"{label!r}: a merge made two columns of {merged!r}. Keep one, under that name."
            )
            return Fault(reason, column=label, rule="known column")
        path, unit = parse(label)
        bare = ".".join(map(escape, path))
        known = self.places.get(bare)
        if known is not None and known.field is not None:
            return self._known(label, known.field, known.path, unit)
        return self._beside(label, path) or self._new(label, path, unit)

    def _known(
        self, label: str, row: Field, path: tuple[str, ...], unit: str | None
    ) -> Column | Fault:
        at = self.seen[row.name, path]
        if unit is not None:
            return self._quantity(label, row, path, unit)
        if f"{label}.unit" in self.frame.columns:
            return Column(label, Leaf.VALUE, row, path)
        if at.other and not at.text and not at.units:
            return Column(label, Leaf.JSON, row, path)
        if at.units and not at.text:
            return self._needs_unit(label, [*at.units])
        return self._text(label, row, path)

    def _beside(self, label: str, path: tuple[str, ...]) -> Column | None:
        """Return the ``.unit``, ``.text`` or ``.json`` column beside another."""
        leaf = {"unit": Leaf.UNIT, "text": Leaf.TEXT, "json": Leaf.JSON}.get(path[-1])
        known = self.places.get(".".join(map(escape, path[:-1])))
        if leaf is None or known is None or known.field is None:
            return None
        return Column(label, leaf, known.field, known.path)

    def _new(self, label: str, path: tuple[str, ...], unit: str | None) -> Column | Fault:
        for row in self.kind.fields:
            below = path[1:] if row.label else path
            fits = path[0] == row.label if row.label else path[0] in MEASURED_COMPONENTS
            if row.type is Type.COMPONENT and path[0] == row.name and path[1:]:
                return self._component(label, row, path[1:], unit)
            if (
                row.type is Type.QUANTITIES
                and fits
                and below
                and all(below)
                and (row.label or len(below) > 1)
            ):
                return (
                    self._text(label, row, below)
                    if unit is None
                    else self._quantity(label, row, below, unit)
                )
        return self._unknown(label)

    def _component(self, label: str, row: Field, path: tuple[str, ...], unit: str | None) -> Column:
        leaf = Leaf.TEXT if unit is None else Leaf.QUANTITY
        return Column(label, leaf, row, path, unit)

    def _quantity(self, label: str, row: Field, path: tuple[str, ...], unit: str) -> Column | Fault:
        have = self._units(row, path)
        try:
            for other in list(have)[:1]:
                conversion(other, unit)
            if not have:
                dimension(unit)
        except UnitError as fault:
            if not any(is_convertible(other, unit) for other in have):
                return Fault(f"{label!r}: {fault}.", column=label, value=unit, rule="unit")
        return Column(label, Leaf.QUANTITY, row, path, unit)

    def _text(self, label: str, row: Field, path: tuple[str, ...]) -> Column | Fault:
        dtype = self.frame.schema[label]
        is_text = (row.name, path) in self.seen and self.seen[row.name, path].text
        if not is_text and (dtype.is_numeric() or dtype == pl.Boolean):
            return self._needs_unit(label, [*self._units(row, path)])
        return Column(label, Leaf.TEXT, row, path)

    def _units(self, row: Field, path: tuple[str, ...]) -> Mapping[str, None]:
        return self.seen[row.name, path].units if (row.name, path) in self.seen else {}

    def _needs_unit(self, label: str, units: Sequence[str]) -> Fault:
        known = (c.label for c in self.known if _bare(c.label) == _bare(label))
        round_bracket = re.fullmatch(r"(?P<name>.*\S)\s*\((?P<unit>[^()]+)\)", label)
        meant = next(
            known, "{name} [{unit}]".format(**round_bracket.groupdict()) if round_bracket else ""
        )
        advice = (
            f"Name it '{label} [UNIT]', in the unit of its values; records have {' and '.join(units)}."
            if len(units) > 1
            else f"Name the column {meant!r}."
            if meant
            else f"Name it '{label} [UNIT]', with [1] for a pure number."
        )
        return Fault(f"{label!r} holds numbers without a unit. {advice}", column=label, rule="unit")

    def _unknown(self, label: str) -> Fault:
        message = f"{label!r} is no column of a {self.kind.noun}. {self._advice(label)}"
        return Fault(message, column=label, rule="known column")

    def _advice(self, label: str) -> str:
        """Say what was probably meant by a header that is not understood."""
        if label == "index" or label.startswith("Unnamed:"):
            return "It looks like pandas' row numbers: write the file with index=False, or drop the column."
        meant = self.nearest(label)
        if meant is not None:
            return f"Did you mean {meant!r}? A column of your own begins with '_'."
        body, unit = parse(label)
        unit = unit or ("UNIT" if self.frame.schema[label].is_numeric() else None)
        whole = "cell." + escape(body[-1]) + (f" [{unit}]" if unit else "")
        parts = ", ".join(MEASURED_COMPONENTS)
        return f"A property says what it belongs to: {whole!r} ({parts}). A column of your own begins with '_'."

    def nearest(self, label: str) -> str | None:
        """Return the known label that is most like this one."""
        labels = {_bare(known).casefold(): known for known in self._labels() if known != label}
        close = get_close_matches(_bare(label).casefold(), labels, n=1, cutoff=_ALIKE)
        return labels[close[0]] if close else None

    def _labels(self) -> list[str]:
        return list(
            dict.fromkeys(
                [*(column.label for column in self.plain.values()), *(c.label for c in self.known)]
            )
        )


def _bare(label: str) -> str:
    return ".".join(map(escape, parse(label)[0]))
