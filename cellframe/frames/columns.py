r"""Which columns a frame of records has, and what each label stands for.

A plain field is a column of its own; every leaf below a field of quantities is one too,
labelled by its path and its unit: ``cathode.loading [mg/cm**2]``. ``\`` escapes ``.`` and
``[`` inside a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from cellframe.contract.records import MEASURED_COMPONENTS, Field, RecordKind, Shown, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Path: TypeAlias = "tuple[str, ...]"
Place: TypeAlias = "tuple[str, Path]"
"""A field's name and the path of one leaf below it."""

DEEPEST = 32
"""Keys above a quantity; what lies deeper is nobody's measurement."""
_NESTED = (Type.QUANTITIES, Type.COMPONENT)


class Leaf(Enum):
    """What one column holds."""

    PLAIN = "the field itself"
    QUANTITY = "a quantity's value, in the unit of the label"
    VALUE = "a quantity's value, in the unit of the column beside it"
    UNIT = "a quantity's unit"
    TEXT = "a text beside quantities"
    JSON = "something nobody declared, as JSON"
    PARENT_NAME = "the name of the parent"
    VERSION = "the opaque version"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a frame of records.

    Attributes
    ----------
    label : str
        Its header.
    leaf : Leaf
        What it holds.
    field : Field or None
        The field of the record; None for the parent's name and the version.
    path : tuple of str
        Where the leaf lies below the field.
    unit : str or None
        Unit of the values, for `Leaf.QUANTITY`.
    """

    label: str
    leaf: Leaf = Leaf.PLAIN
    field: Field | None = None
    path: Path = ()
    unit: str | None = None

    def __repr__(self) -> str:
        return f"Column({self.label!r})"

    @property
    def place(self) -> Place:
        """Field and path: equal for columns of one quantity."""
        return (self.field.name if self.field else "", self.path)

    @property
    def type(self) -> Type:
        """The type of its values, as one of the contract's."""
        if self.leaf is Leaf.PLAIN and self.field is not None:
            return self.field.type
        return Type.QUANTITIES if self.is_number else Type.TEXT

    @property
    def is_number(self) -> bool:
        """Whether it holds the numbers of a quantity."""
        return self.leaf in (Leaf.QUANTITY, Leaf.VALUE)

    @property
    def is_editable(self) -> bool:
        """Whether an edit of it becomes a call."""
        return self.field is not None and self.field.editable and self.leaf is not Leaf.JSON


@dataclass(slots=True)
class Seen:
    """What the records hold at one place.

    Attributes
    ----------
    units : dict of str to None
        Units of its quantities, that of the earliest created record first.
    """

    units: dict[str, None] = field(default_factory=dict)
    text: bool = False
    other: bool = False


def is_quantity(value: object) -> bool:
    """Whether a value is ``{"value": number or null, "unit": text or null}``, extra keys allowed."""
    if not isinstance(value, dict) or "value" not in value:
        return False
    number, unit = value["value"], value.get("unit")
    return (
        number is None or (isinstance(number, int | float) and not isinstance(number, bool))
    ) and (unit is None or isinstance(unit, str))


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every leaf below a nested field: quantities, texts, and what nobody declared."""
    if value is None:
        return
    if isinstance(value, dict) and "value" not in value and len(path) < DEEPEST:
        for key, below in value.items():
            yield from leaves(below, (*path, str(key)))
    else:
        yield path, value


def component_leaves(value: object) -> Iterator[tuple[Path, object]]:
    """Return the leaves of a spec's component: its properties, and its material by name."""
    if not isinstance(value, dict):
        return
    yield from leaves(value.get("properties"))
    material = value.get("material")
    if isinstance(material, dict) and isinstance(material.get("name"), str):
        yield ("material",), material["name"]


def leaves_of(row: Field, record: Mapping[str, object]) -> Iterator[tuple[Path, object]]:
    """Return the leaves of one nested field of a record."""
    value = record.get(row.name)
    return component_leaves(value) if row.type is Type.COMPONENT else leaves(value)


def survey(kind: RecordKind, records: Iterable[Mapping[str, Any]]) -> dict[Place, Seen]:
    """Return what the records hold below their nested fields, by place."""
    seen: dict[Place, Seen] = {}
    nested = [row for row in kind.fields if row.type in _NESTED]
    for record in sorted(records, key=lambda record: str(record.get("created_at") or "")):
        for row in nested:
            for path, value in leaves_of(row, record):
                at = seen.setdefault((row.name, path), Seen())
                if not path:
                    at.other = True  # The field itself is a value, which no service of ours sends.
                elif is_quantity(value):
                    at.units.setdefault(str(value.get("unit") or "1"))  # type: ignore[union-attr]
                elif isinstance(value, str):
                    at.text = True
                else:
                    at.other = True
    return in_order(kind, seen)


def in_order(kind: RecordKind, seen: Mapping[Place, Seen]) -> dict[Place, Seen]:
    """Return places in one order, whichever record came first: by field, then by path."""
    fields = {row.name: number for number, row in enumerate(kind.fields)}
    return dict(sorted(seen.items(), key=lambda one: (fields[one[0][0]], one[0][1])))


def escape(name: str) -> str:
    """Return a name as it stands in a label; blanks at its ends are escaped too."""
    return re.sub(r"([\\.\[]|^\s|\s\Z)", r"\\\1", name)


def parse(label: str) -> tuple[Path, str | None]:
    """Path and unit of a label: the inverse of `label_of`.

    Returns
    -------
    path : tuple of str
        The names between unescaped dots.
    unit : str or None
        The text in brackets; None without.
    """
    body, unit = _hide(label), None
    opening = re.search(r"\[(?P<unit>.*)\]\s*$", body)
    if opening:
        body, unit = body[: opening.start()], _show(opening["unit"]).strip()
    return tuple(_show(part.strip()) for part in body.split(".")), unit


# Escaped characters, out of the way of a split; U+0000 to U+0003 stand in no record.
_HIDDEN = {"\\\\": "\x00", "\\.": "\x01", "\\[": "\x02"}
_FENCE = "\x03"


def _hide(text: str) -> str:
    def mark(found: re.Match[str]) -> str:
        return _HIDDEN.get(found.group(), f"{_FENCE}{found.group()[1:]}{_FENCE}")

    return re.sub(r"\\[\\.\[\s]", mark, text)


def _show(text: str) -> str:
    for code, mark in _HIDDEN.items():
        text = text.replace(mark, code[1])
    return text.replace(_FENCE, "")


def label_of(row: Field, path: Path, unit: str | None = None) -> str:
    """Return the label of one leaf: ``cathode.loading [mg/cm**2]``, ``ratings.capacity [A.h]``."""
    prefix = [row.label] if row.label else []
    prefix = [row.name] if row.type is Type.COMPONENT else prefix
    name = ".".join([*prefix, *map(escape, path)])
    return name if unit is None else f"{name} [{unit}]"


def plain_columns(kind: RecordKind, *, everything: bool = False) -> list[Column]:
    """Return the columns that do not depend on the records, in the order of the table."""
    return [
        Column(row.column, field=row)
        for row in kind.fields
        if row.type not in _NESTED
        and (row.shown is Shown.ALWAYS or (everything and row.shown is Shown.ON_REQUEST))
    ]


def arrange(
    kind: RecordKind, plain: list[Column], leaf_columns: Iterable[Column]
) -> tuple[Column, ...]:
    """Return columns in the order that every frame has.

    Keys, names, lot, dates, quantities, other properties, notes, what was asked for besides,
    version.
    """
    parent = [Column(kind.parent_noun, Leaf.PARENT_NAME)] if kind.parent else []
    version = [Column(kind.version, Leaf.VERSION)]
    keys = [c for c in plain if c.type is Type.ID and c.field and c.field.shown is Shown.ALWAYS]
    names = [c for c in plain if c.type is Type.NAME]
    asked = [c for c in plain if c.field and c.field.shown is Shown.ON_REQUEST]
    first = [c for c in plain if c not in keys + names + asked and c.label != "notes"]
    notes = [c for c in plain if c.label == "notes"]
    numbers = sorted(leaf_columns, key=lambda c: (not _is_number_like(c), *_rank(kind, c)))
    return (*keys, *names, *parent, *first, *numbers, *notes, *asked, *version)


def _is_number_like(column: Column) -> bool:
    return column.is_number or column.leaf is Leaf.UNIT


def _rank(kind: RecordKind, column: Column) -> tuple[int, int, Path, int]:
    """Fields in the order of the table, components in the order of the contract."""
    order = [row.name for row in kind.fields].index(column.place[0])
    parts = MEASURED_COMPONENTS
    head = column.path[0] if column.path else ""
    return (
        order,
        parts.index(head) if head in parts else len(parts),
        column.path,
        column.leaf is Leaf.UNIT,
    )


def leaf_columns(
    kind: RecordKind, seen: Mapping[Place, Seen], units: Mapping[Place, str | None]
) -> list[Column]:
    """Return a column for every leaf that some record has.

    Parameters
    ----------
    seen : mapping
        What `survey` found.
    units : mapping
        Unit of each place with quantities; None where their units do not convert into one
        another, which makes two columns, value and unit.
    """
    taken = {row.column for row in kind.fields} | {"name", kind.parent_noun, kind.version}
    columns: list[Column] = []
    for (name, path), at in seen.items():
        row = kind.field(name)
        bare = label_of(row, path)
        # A label that starts with _ or # is a comment: an edit below it would be lost.
        if not path or bare.startswith(("_", "#")):
            bare = ".".join([escape(name), *map(escape, path)])
        while taken & {bare, f"{bare}.unit", f"{bare}.text", f"{bare}.json"}:
            bare = f"{escape(name)}.{bare}"
        text = bare
        if at.units:
            unit = units[name, path]
            if unit is None:
                columns += [
                    Column(bare, Leaf.VALUE, row, path),
                    Column(f"{bare}.unit", Leaf.UNIT, row, path),
                ]
                text = f"{bare}.text"
            else:
                columns.append(Column(f"{bare} [{unit}]", Leaf.QUANTITY, row, path, unit))
        if at.text:
            columns.append(Column(text, Leaf.TEXT, row, path))
        if at.other:
            columns.append(Column(text if not at.text else f"{bare}.json", Leaf.JSON, row, path))
        taken |= {column.label for column in columns[-4:]}
    return columns
