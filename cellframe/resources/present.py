"""What does the service have now, as far as a plan needs it? Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.contract.records import KINDS, RecordKind
from cellframe.errors import InvalidRecordError, NotFoundError
from cellframe.frames.columns import Column, Leaf
from cellframe.frames.faults import Fault
from cellframe.resources.identity import refuse
from cellframe.resources.paging import read_records
from cellframe.resources.reading import read_all
from cellframe.transport.replies import ask
from cellframe.writeback.lots import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cellframe.resources.connection import Connection
    from cellframe.writeback.inputs import Base, Edited

FEW = 20
"""Up to here records are read one by one; beyond, by the whole lists of their parents."""


def records(
    connection: Connection, kind: RecordKind, ids: Sequence[str], bases: Mapping[str, Base]
) -> dict[str, Mapping[str, Any]]:
    """Return records as they are now; one that is gone is left out."""
    parents = {
        str(bases[i].record.get(kind.parent_field)) if i in bases and kind.parent else None
        for i in ids
    }
    if len(ids) <= FEW or (kind.parent and None in parents and not connection.offers("cell_list")):
        return {id_: found for id_ in ids if (found := _one(connection, kind, id_)) is not None}
    wanted = set(ids)
    return {r["id"]: r for r in _all(connection, kind, parents) if r["id"] in wanted}


def _one(connection: Connection, kind: RecordKind, id_: str) -> Mapping[str, Any] | None:
    try:
        return ask(connection.wire, "GET", routes.one(kind.collection, id_))
    except NotFoundError:
        return None


def _all(
    connection: Connection, kind: RecordKind, parents: set[str | None]
) -> Iterable[Mapping[str, Any]]:
    """Whole lists: of these parents, or of the lab where a parent is not known."""
    paths = (
        [kind.collection]
        if not kind.parent or None in parents
        else [
            routes.below(KINDS[kind.parent].collection, str(parent), kind.under_parent)
            for parent in sorted(map(str, parents))
        ]
    )
    for path in paths:
        try:
            rows = read_all(connection, kind, [(path, {} if kind.parent else {"full": "true"})])
        except NotFoundError:
            continue  # The parent is gone, and its records with it.
        yield from rows.records


def namesakes(
    connection: Connection, edited: Edited, bases: Mapping[str, Base]
) -> dict[tuple[str | None, str], Mapping[str, Any]]:
    """Return records that have the name of a new or renamed row already."""
    kind = edited.kind
    wanted = {
        edited.name_key(row, str(edited.names[row]))
        for row in (*edited.new_rows, *_renamed(edited, bases))
        if edited.names[row] is not None and (edited.parent_ids[row] is not None or not kind.parent)
    }
    if len(wanted) > FEW:
        records = _all(connection, kind, {parent for parent, _ in wanted})
    else:
        records = (
            record for parent, name in wanted for record in _by_name(connection, kind, parent, name)
        )
    found = {
        (
            record.get(kind.parent_field) if kind.parent else None,
            kind.name_key(str(record["name"])),
        ): record
        for record in records
    }
    return {key: record for key, record in found.items() if key in wanted}


def _renamed(edited: Edited, bases: Mapping[str, Base]) -> list[int]:
    known = ((row, bases.get(str(edited.ids[row]))) for row in edited.old_rows)
    return [row for row, base in known if base and base.record.get("name") != edited.names[row]]


def _by_name(
    connection: Connection, kind: RecordKind, parent: str | None, name: str
) -> Iterable[Mapping[str, Any]]:
    path = (
        kind.collection
        if parent is None
        else routes.below(KINDS[kind.parent].collection, parent, kind.under_parent)
    )
    asked = f"ilike.%{name}%" if kind.unique_without_case else f"eq.{name}"
    try:
        return read_records(connection, kind, path, {"name": asked})
    except NotFoundError:
        message = f"No {kind.parent_noun} has the id {parent!r}."
        refuse(
            "A new row names a parent that cannot be found.",
            [Fault(message, value=parent, rule="parent")],
        )
        raise
    except InvalidRecordError:
        return []  # No record can have such a name; the row says why.


def lots(
    connection: Connection, edited: Edited, records: Iterable[Mapping[str, Any]]
) -> dict[str, dict[str, tuple[str, str]]]:
    """Return the lots of every spec whose cells name one, where the service keeps lots as records."""
    columns = [
        c for c in edited.columns.values() if c.leaf is Leaf.PLAIN and c.field and c.field.refers_to
    ]
    if not columns:
        return {}
    newer = next(("batch_id" in record for record in records), None)
    parents = {p for p in _writing_parents(edited, columns[0], records) if p is not None}
    if newer is False:
        return {}
    kind = KINDS[str(columns[0].field.refers_to)] if columns[0].field else edited.kind
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for parent in sorted(parents):
        path = routes.below(KINDS[kind.parent].collection, parent, kind.under_parent)
        try:
            found_lots = read_records(connection, kind, path, {})
        except NotFoundError:
            continue  # An older service: the lot is text on the cell.
        found[parent] = {fold(lot["name"]): (lot["name"], lot["id"]) for lot in found_lots}
    return found


def _writing_parents(
    edited: Edited, column: Column, records: Iterable[Mapping[str, Any]]
) -> set[str | None]:
    asked = {record["id"] for record in records}
    return {
        edited.parent_ids[row]
        for row, lot in enumerate(edited.typed.frame[column.label])
        if lot is not None and (edited.ids[row] is None or edited.ids[row] in asked)
    }
