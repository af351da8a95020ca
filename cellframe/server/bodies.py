"""How does a row become a record's body?

Every field of the contract's table is written, null where unset, and ``version`` after them.
Stored JSON is passed through as it lies, unparsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, FromClause, bindparam, func, null, select

from cellframe.contract.records import (
    CELL_BATCH,
    CELL_INSTANCE,
    CELL_MEASUREMENT,
    CELL_SPEC,
    COMPONENTS,
    PROJECT,
    RAW_DATA,
    RecordKind,
    Type,
)
from cellframe.server.clock import written
from cellframe.server.prepared import Prepared
from cellframe.server.tables import (
    cells,
    components,
    lots,
    materials,
    projects,
    raw_data,
    specs,
    tests,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Select, Table

Body = dict[str, Any]
KEPT_AS_JSON = frozenset({Type.QUANTITIES, Type.OBJECT, Type.TAGS})
"""Types whose column holds JSON text."""
NESTED = frozenset({Type.COMPONENT})
"""Types that are records of their own."""


@dataclass(frozen=True)
class Shape:
    """Where a kind of record lies, and what of it is written.

    Attributes
    ----------
    kind : RecordKind
        The contract's table.
    table : Table
        Ours.
    source : FromClause
        The table, joined to what its fields are taken from.
    columns : mapping of str to column
        Each key of a body, in order.
    """

    kind: RecordKind
    table: Table
    source: FromClause
    columns: Mapping[str, ColumnElement[Any]]

    @cached_property
    def select(self) -> Select[Any]:
        """The statement that reads the columns of bodies."""
        # Kept, since building it takes longer than running it.
        labelled = [column.label(name) for name, column in self.columns.items()]
        return select(*labelled).select_from(self.source)

    @cached_property
    def row(self) -> Prepared:
        """The statement that reads the record of one ``id`` as it is stored, and what `body` adds."""
        added = [column.label(f".{name}") for name, column in self._added.items()]
        wanted = select(self.table, *added).select_from(self.source)
        return Prepared(wanted.where(self.table.c.id == bindparam("id")))

    @cached_property
    def version(self) -> Prepared:
        """The statement that reads the version of the record of one ``id``."""
        return Prepared(select(self.table.c.version).where(self.table.c.id == bindparam("id")))

    @cached_property
    def _added(self) -> Mapping[str, ColumnElement[Any]]:
        """What a body takes from elsewhere than the column of its name."""
        own = self.table.c
        return {
            name: column for name, column in self.columns.items() if own.get(name) is not column
        }

    @cached_property
    def _keys(self) -> Sequence[str]:
        return [f".{name}" if name in self._added else name for name in self.columns]

    @cached_property
    def leading(self) -> frozenset[str]:
        """Columns that something else in the body follows: those that link, or are rewritten."""
        own = self.table.c
        return frozenset(c.name for c in own if c.foreign_keys or c.name in self._added)

    @cached_property
    def _special(self) -> list[tuple[str, Callable[[Any], Any]]]:
        writers = {Type.TIME: written, **dict.fromkeys(KEPT_AS_JSON, stored)}
        fields = self.kind.fields
        return [
            (field.name, writers[field.type])
            for field in fields
            if field.type in writers and not field.is_key_of_object
        ]

    def body(self, row: Mapping[str, Any]) -> Body:
        """Write what `row` reads as a body."""
        (found,) = self.bodies([[row[key] for key in self._keys]])
        return found

    def bodies(self, rows: Iterable[Iterable[Any]]) -> list[Body]:
        """Write the rows of `select` as bodies."""
        names = tuple(self.columns)
        found: list[Body] = []
        for row in rows:
            body = dict(zip(names, row, strict=True))
            for name, write in self._special:
                value = body[name]
                if value is not None:
                    body[name] = write(value)
            found.append(body)
        return found


@cache
def fields_of(kind: RecordKind, types: frozenset[Type]) -> frozenset[str]:
    """Name the fields that hold one of these types; kept, since every write asks."""
    return frozenset(field.name for field in kind.fields if field.type in types)


def stored(text: str) -> orjson.Fragment:
    """Pass stored JSON on as it lies."""
    return orjson.Fragment(text)


def _shape(
    kind: RecordKind,
    table: Table,
    source: FromClause,
    computed: Mapping[str, ColumnElement[Any]],
) -> Shape:
    """Take each field from the table, but for those that are computed or joined."""
    columns: dict[str, ColumnElement[Any]] = {}
    for field in kind.fields:
        if field.type is not Type.COMPONENT and not field.is_key_of_object:
            given = computed.get(field.name)
            columns[field.name] = table.c[field.name] if given is None else given
    return Shape(kind, table, source, {**columns, "version": table.c.version})


PROJECTS = _shape(PROJECT, projects, projects, {})
SPECS = _shape(CELL_SPEC, specs, specs, {"instance_ids": null()})
CELLS = _shape(
    CELL_INSTANCE,
    cells,
    cells.outerjoin(lots, lots.c.id == cells.c.batch_id),
    {
        # Both eras of the wire read the lot: as text, and as a record's id and name.
        "batch": lots.c.name,
        "batch_name": lots.c.name,
        "measurement_ids": null(),
        "date_manufactured": cells.c.date_manufactured + "T00:00:00Z",
    },
)
_MEMBERS = (
    select(func.count())
    .select_from(cells)
    .where(cells.c.batch_id == lots.c.id)
    .correlate(lots)
    .scalar_subquery()
)
LOTS = _shape(
    CELL_BATCH,
    lots,
    lots.join(specs, specs.c.id == lots.c.cell_specification_id),
    {"project_id": specs.c.project_id, "instance_count": _MEMBERS},
)

_NOT_KEPT = (
    "channel_id",
    "protocol_id",
    "estimated_end_time",
    "estimated_end_time_note",
    "estimated_end_time_calculated_at",
)
TESTS = _shape(CELL_MEASUREMENT, tests, tests, {name: null() for name in _NOT_KEPT})
RAW = _shape(RAW_DATA, raw_data, raw_data, {})


def nest_parts(connection: Connection, found: list[Body]) -> None:
    """Add to each spec's body the parts that its ids name, in one query for all."""
    ids = {body[f"{slot}_id"] for body in found for slot in COMPONENTS} - {None}
    parts = _parts(connection, ids)
    for body in found:
        version = body.pop("version")
        body.update({slot: parts.get(body[f"{slot}_id"]) for slot in COMPONENTS})
        body["version"] = version


_PART = ("id", "component_type", "material_id", "organization_id", "created_at", "updated_at")
_MATERIAL = ("id", "name", "manufacturer", "product_id", "organization_id")
_TIMES = ("created_at", "updated_at")


def _parts(connection: Connection, ids: set[str]) -> dict[str | None, Body]:
    if not ids:
        return {}
    of_material = [materials.c[name] for name in (*_MATERIAL, *_TIMES, "definition")]
    rows = connection.execute(
        select(
            *(components.c[name] for name in (*_PART, "properties")),
            *(column.label(f"material_{column.name}_") for column in of_material),
        )
        .select_from(components.outerjoin(materials))
        .where(components.c.id.in_(ids))
    ).mappings()
    return {row["id"]: _part(row) for row in rows}


def _part(row: Mapping[Any, Any]) -> Body:
    body: Body = {name: row[name] for name in _PART}
    body |= {name: written(row[name]) for name in _TIMES}
    body["properties"] = _or_null(row["properties"])
    body["material"] = _material(row) if row["material_id"] else None
    return body


def _material(row: Mapping[Any, Any]) -> Body:
    return {
        **{name: row[f"material_{name}_"] for name in _MATERIAL},
        "definition": _or_null(row["material_definition_"]),
        **{name: written(row[f"material_{name}_"]) for name in _TIMES},
    }


def _or_null(text: str | None) -> orjson.Fragment | None:
    return None if text is None else stored(text)
