"""What does the service have now, as far as a plan needs it? Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.contract.records import KINDS, RecordKind
from cellframe.errors import InvalidRecordError, NotFoundError
from cellframe.frames.columns import Column, Leaf
from cellframe.resources.paging import read_records
from cellframe.resources.reading import read_all
from cellframe.transport.replies import ask
from cellframe.writeback.deletions import children_of
from cellframe.writeback.lots import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cellframe.frames.rows import Rows
    from cellframe.resources.connection import Connection
    from cellframe.writeback.bases import Bases
    from cellframe.writeback.inputs import Edited

FEW = 20
"""Up to here records are read one by one; beyond, by the whole lists of their parents."""


def records(
    connection: Connection, kind: RecordKind, parents: Mapping[str, str | None]
) -> dict[str, Mapping[str, Any]]:
    """Return records as they are now; one that is gone is left out.

    Parameters
    ----------
    parents : mapping of str to str or None
        By the id of each record, that of its parent, as far as it is known.
    """
    above: set[str | None] = set(parents.values()) if kind.parent else {None}
    if len(parents) <= FEW or (
        kind.parent and None in above and not connection.offers("cell_list")
    ):
        return {id_: now for id_ in parents if (now := _one(connection, kind, id_)) is not None}
    return {
        str(record["id"]): record
        for _, rows in _all(connection, kind, above)
        if rows is not None
        for record in rows.at(rows.ids.is_in(list(parents)).arg_true()).values()
    }


def _one(connection: Connection, kind: RecordKind, id_: str) -> Mapping[str, Any] | None:
    try:
        return ask(connection.wire, "GET", routes.one(kind.collection, id_))
    except NotFoundError:
        return None


def _all(
    connection: Connection, kind: RecordKind, parents: set[str | None]
) -> Iterator[tuple[str, Rows | None]]:
    """Whole lists by parent, or that of the lab where a parent is not known; None for one gone."""
    paths = (
        {"": kind.collection}
        if not kind.parent or None in parents
        else {parent: kind.below(parent) for parent in sorted(map(str, parents))}
    )
    for parent, path in paths.items():
        query = {} if kind.parent else {"full": "true"}
        try:
            yield parent, read_all(connection, kind, [(path, query)])
        except NotFoundError:
            yield parent, None


def below(
    connection: Connection, kind: RecordKind, ids: Sequence[str]
) -> dict[str, dict[str, list[str]]]:
    """Return the names of the records below some others, by id and kind, where there are any."""
    found: dict[str, dict[str, list[str]]] = {}
    for id_ in ids:
        for child in children_of(kind):
            try:
                names = [
                    str(one["name"])
                    for one in read_records(connection, child, child.below(id_), {})
                ]
            except NotFoundError:
                continue  # It has just gone, or an older service keeps no such records.
            if names:
                found.setdefault(id_, {})[child.name] = names
    return found


def namesakes(
    connection: Connection, edited: Edited, bases: Bases
) -> tuple[dict[tuple[str | None, str], Mapping[str, Any]], set[str]]:
    """Return records that have the name of a new or renamed row already, and parents that are none."""
    kind = edited.kind
    wanted = {
        edited.name_key(row, str(edited.names[row]))
        for row in (*edited.new_rows, *_renamed(edited, bases))
        if edited.names[row] is not None and (edited.parent_ids[row] is not None or not kind.parent)
    }
    if len(wanted) > FEW:
        lists = dict(_all(connection, kind, {parent for parent, _ in wanted}))
        gone = {parent for parent, rows in lists.items() if rows is None}
        there = [rows for rows in lists.values() if rows is not None]
        return _among(kind, there, wanted), gone
    found: dict[tuple[str | None, str], Mapping[str, Any]] = {}
    gone: set[str] = set()
    for parent, name in wanted:
        records = _by_name(connection, kind, parent, name)
        if records is None:
            gone.add(str(parent))
        for one in records or ():
            found[_name_key(kind, one.get(kind.parent_field), str(one["name"]))] = one
    return {key: record for key, record in found.items() if key in wanted}, gone


def _among(
    kind: RecordKind, lists: Iterable[Rows], wanted: AbstractSet[tuple[str | None, str]]
) -> dict[tuple[str | None, str], Mapping[str, Any]]:
    """Return the records of some names, of which alone more than the name is looked at."""
    found: dict[tuple[str | None, str], Mapping[str, Any]] = {}
    for rows in lists:
        parents = rows.texts(kind.parent_field) if kind.parent else [None] * len(rows)
        names = enumerate(zip(parents, rows.texts("name"), strict=True))
        keys = {at: _name_key(kind, parent, str(name)) for at, (parent, name) in names}
        places = [at for at, key in keys.items() if key in wanted]
        found |= {keys[at]: record for at, record in rows.at(places).items()}
    return found


def _name_key(kind: RecordKind, parent: object, name: str) -> tuple[str | None, str]:
    return str(parent) if kind.parent else None, kind.name_key(name)


def _renamed(edited: Edited, bases: Bases) -> list[int]:
    had = bases.texts("name", edited.ids)
    return [
        row for row in edited.old_rows if edited.ids[row] in bases and had[row] != edited.names[row]
    ]


def _by_name(
    connection: Connection, kind: RecordKind, parent: str | None, name: str
) -> Iterable[Mapping[str, Any]] | None:
    """Return the records that may have a name; None where there is no such parent."""
    path = kind.collection if parent is None else kind.below(parent)
    asked = f"ilike.%{name}%" if kind.unique_without_case else f"eq.{name}"
    try:
        return read_records(connection, kind, path, {"name": asked})
    except NotFoundError:
        return None
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
    if found or connection.offers("cell_list"):
        # What has such a list keeps lots as records, below specs that are still to be made too.
        found |= {name: {} for name in edited.new_parents.values()}
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
