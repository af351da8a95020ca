"""What a plan compares is gathered: the edited frame, what was read, what the service has.

Reads only. A frame carries ids and versions; the version store turns them into what its editor
saw. The service is asked about rows that are not as they were read, and about new names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.contract.records import KINDS, RecordKind, opaque_version
from cellframe.errors import AmbiguousNameError, NotFoundError, PlanError
from cellframe.frames.backend import AnyFrame, to_polars
from cellframe.frames.cast import cast
from cellframe.frames.columns import Column, Leaf, parse, survey
from cellframe.frames.decode import decode
from cellframe.frames.faults import Fault, table
from cellframe.frames.headers import Header, read_header
from cellframe.transport.replies import ask
from cellframe.writeback.assemble import Base, Edited, Present, assemble, fold, touched
from cellframe.writeback.plan import WRITES, Plan

if TYPE_CHECKING:
    import polars as pl

    from cellframe.resources.connection import Connection
    from cellframe.store.versions import Pull

FEW = 20
"""Up to here records are read one by one; beyond, by the whole lists of their parents."""

FindParent = Callable[[str], str]


def make_plan(
    connection: Connection,
    kind: RecordKind,
    frame: AnyFrame,
    *,
    base: AnyFrame | None = None,
    parent_id: str | None = None,
    find_parent: FindParent | None = None,
) -> Plan:
    """Return the plan of an edited frame; see the resources' ``plan``.

    Parameters
    ----------
    parent_id : str, optional
        Parent of new rows that do not name one.
    find_parent : callable, optional
        The id of a parent by its name.
    """
    incoming = to_polars(frame)
    keys = _Keys(kind, incoming.frame)
    bases = _bases(connection, kind, keys, base)
    present = Present()
    unread = [id_ for id_ in keys.known_ids if id_ not in bases]
    present.records = _records(connection, kind, unread, bases)
    read = [one.record for one in bases.values()]
    header = read_header(kind, incoming.frame, survey(kind, [*read, *present.records.values()]))
    _raise("The frame cannot be read as records.", header.faults)
    names = keys.names(header)
    typed = cast(incoming.frame, header.columns, [*_called(keys, names, bases)], incoming.numbers)
    parents = _parent_ids(
        kind,
        keys,
        typed.frame,
        {**{i: b.record for i, b in bases.items()}, **present.records},
        parent_id,
        find_parent,
    )
    edited = Edited(
        kind,
        incoming.frame,
        header.columns,
        typed,
        keys.ids,
        [*_called(keys, names, bases)],
        parents,
    )
    _raise("Two new rows have one name.", _twins(edited))
    changed = touched(edited, bases)
    present.records |= _records(connection, kind, changed, bases)
    present.namesakes = _namesakes(connection, edited)
    present.lots = _lots(connection, edited, present.records.values())
    present.own = connection.journals.own_values([*present.records])
    pull = connection.versions.covering(kind.name, keys.known_ids) if keys.known_ids else None
    empty = Plan(
        kind=kind,
        steps=(),
        edited=edited.frame,
        service=connection.service,
        origin=connection.wire.origin,
        base_rows=max(pull.rows if pull else 0, len(keys.known_ids)),
    )
    plan = assemble(edited, bases, present, {*changed, *unread}, empty)
    filled = _filled(connection, plan, pull) if pull else {}
    return replace(plan, base_filled=filled, notices=tuple(_notices(plan, header)))


class _Keys:
    """Ids and versions of an edited frame, as text."""

    def __init__(self, kind: RecordKind, frame: pl.DataFrame) -> None:
        self.kind = kind
        self.frame = frame
        if kind.key not in frame.columns:
            message = (
                f"The frame has no {kind.key!r} column. Read it with to_frame(), which has one, or add "
                "an empty one where every row is new."
            )
            _raise(
                "The frame cannot be read as records.",
                [Fault(message, column=kind.key, rule="key column")],
            )
        self.ids = self._texts(kind.key)
        _raise("The frame cannot be read as records.", self._faults())
        versions = (
            self._texts(kind.version) if kind.version in frame.columns else [None] * frame.height
        )
        self.versions = {id_: v for id_, v in zip(self.ids, versions, strict=True) if id_ and v}
        self.known_ids = [id_ for id_ in self.ids if id_ is not None]

    def names(self, header: Header) -> list[str | None]:
        """Return what each row calls its record."""
        labels = [
            label
            for label, column in header.columns.items()
            if column.leaf is Leaf.PLAIN
            and column.field is not None
            and column.field.name == "name"
        ]
        return self._texts(labels[0]) if labels else [None] * self.frame.height

    def _texts(self, label: str) -> list[str | None]:
        values = self.frame[label]
        if values.dtype.is_numeric():
            return [None if value is None or value != value else str(value) for value in values]  # noqa: PLR0124
        return [
            None if value is None or not str(value).strip() else str(value)
            for value in values.to_list()
        ]

    def _faults(self) -> list[Fault]:
        faults: list[Fault] = []
        if self.frame[self.kind.key].dtype.is_numeric() and any(self.ids):
            message = f"{self.kind.key!r} holds numbers, and an id is text: read the file with text columns."
            return [Fault(message, column=self.kind.key, rule="text")]
        first: dict[str, int] = {}
        for row, id_ in enumerate(self.ids):
            if id_ is None:
                continue
            if id_ in first:
                message = f"Rows {first[id_]} and {row} have one {self.kind.key}, {id_!r}. Keep one, or clear the id of a new record."
                faults.append(Fault(message, row, None, self.kind.key, id_, "unique"))
            first.setdefault(id_, row)
        return faults


def _raise(message: str, faults: Sequence[Fault]) -> None:
    if faults:
        raise PlanError(message, table(faults))


def _called(
    keys: _Keys, names: Sequence[str | None], bases: Mapping[str, Base]
) -> Iterable[str | None]:
    """Return what to call each row: the name it has, else the one it had."""
    for id_, name in zip(keys.ids, names, strict=True):
        known = bases.get(id_ or "")
        yield name or (str(known.record.get("name")) if known else None)


def _bases(
    connection: Connection, kind: RecordKind, keys: _Keys, given: AnyFrame | None
) -> dict[str, Base]:
    """Return what was read, by id: what the caller gives, else what is kept here."""
    if given is not None:
        return _given_bases(connection, kind, to_polars(given).frame)
    ids, versions = list(keys.versions), list(keys.versions.values())
    found = connection.versions.find(kind.name, ids, versions)
    pulls = {read.pull.name: read.pull for read in found.values()}
    units = {name: _units(pull) for name, pull in pulls.items()}
    return {
        id_: Base(read.record, read.pull.parents, units[read.pull.name])
        for id_, read in found.items()
    }


def _given_bases(connection: Connection, kind: RecordKind, frame: pl.DataFrame) -> dict[str, Base]:
    """Return the records behind a frame that the caller says was read: its versions find them."""
    keys = _Keys(kind, frame)
    bases = _bases(connection, kind, keys, None)
    missing = [row for row, id_ in enumerate(keys.ids) if id_ is not None and id_ not in bases]
    if missing:
        now = _records(connection, kind, [str(keys.ids[row]) for row in missing], bases)
        same = {i: r for i, r in now.items() if opaque_version(dict(r)) == keys.versions.get(i)}
        bases |= {id_: Base(record, {}, {}) for id_, record in same.items()}
    faults = [
        Fault(
            f"base=, row {row}: version {keys.versions.get(str(keys.ids[row]))!r} is not kept here, nor is it what the "
            "service has. Plan without base= to compare with the service alone.",
            row,
            None,
            kind.version,
            None,
            "known version",
        )
        for row in missing
        if keys.ids[row] not in bases
    ]
    _raise("base= cannot be read as records.", faults)
    return bases


def _units(pull: Pull) -> dict[str, str]:
    """Return the units that a reading was shown in, by label without unit."""
    shown = (parse(label) for label in pull.labels)
    return {".".join(path): unit for path, unit in shown if unit is not None}


def _records(
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
    from cellframe.resources.reading import read_all

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
            pages = read_all(connection, path, {} if kind.parent else {"full": "true"})
        except NotFoundError:
            continue  # The parent is gone, and its records with it.
        for page in pages:
            yield from page


def _parent_ids(
    kind: RecordKind,
    keys: _Keys,
    frame: pl.DataFrame,
    records: Mapping[str, Mapping[str, Any]],
    parent_id: str | None,
    find_parent: FindParent | None,
) -> list[str | None]:
    """Return the parent of every row: its record's; for a new row the one it names, else the given."""
    if not kind.parent:
        return [None] * len(keys.ids)
    key, noun = kind.field(kind.parent_field).column, kind.parent_noun
    ids = frame.get_column(key, default=None)
    names = frame.get_column(noun, default=None)
    found: dict[str, str | None] = {}
    parents: list[str | None] = []
    for row, id_ in enumerate(keys.ids):
        if id_ is not None:
            parents.append(records.get(id_, {}).get(kind.parent_field))
            continue
        named = None if names is None else names[row]
        if ids is not None and ids[row] is not None:
            parents.append(ids[row])
        elif named is not None and find_parent is not None:
            if named not in found:
                found[named] = _found(find_parent, named)
            parents.append(found[named])
        else:
            parents.append(parent_id)
    return parents


def _found(find_parent: FindParent, name: str) -> str:
    try:
        return find_parent(name)
    except (NotFoundError, AmbiguousNameError) as fault:
        _raise(
            "A new row names a parent that cannot be found.",
            [Fault(str(fault), value=name, rule="parent")],
        )
        raise


def _twins(edited: Edited) -> list[Fault]:
    """Return new rows with one name under one parent: the second would be refused half way."""
    first: dict[tuple[str | None, str], int] = {}
    faults: list[Fault] = []
    for row in edited.new_rows:
        name = edited.names[row]
        if name is None:
            continue
        other = first.setdefault((edited.parent_ids[row], name), row)
        if other != row:
            message = f"Rows {other} and {row} are both new and named {name!r}. A name is used once in a {edited.kind.parent_noun or 'lab'}."
            faults.append(Fault(message, row, name, edited.kind.noun, name, "unique"))
    return faults


def _namesakes(
    connection: Connection, edited: Edited
) -> dict[tuple[str | None, str], Mapping[str, Any]]:
    """Return records that have a new row's name already."""
    kind = edited.kind
    wanted = {
        (edited.parent_ids[row], str(edited.names[row]))
        for row in edited.new_rows
        if edited.names[row] is not None and (edited.parent_ids[row] is not None or not kind.parent)
    }
    if len(wanted) > FEW:
        records = _all(connection, kind, {parent for parent, _ in wanted})
    else:
        records = (
            record for parent, name in wanted for record in _by_name(connection, kind, parent, name)
        )
    found = {
        (record.get(kind.parent_field) if kind.parent else None, str(record["name"])): record
        for record in records
    }
    return {key: record for key, record in found.items() if key in wanted}


def _by_name(
    connection: Connection, kind: RecordKind, parent: str | None, name: str
) -> Iterable[Mapping[str, Any]]:
    path = (
        kind.collection
        if parent is None
        else routes.below(KINDS[kind.parent].collection, parent, kind.under_parent)
    )
    try:
        pages = list(connection.pages(path, {"name": f"eq.{name}"}))
    except NotFoundError:
        message = f"No {kind.parent_noun} has the id {parent!r}."
        _raise(
            "A new row names a parent that cannot be found.",
            [Fault(message, value=parent, rule="parent")],
        )
        raise
    return [record for page in pages for record in page["items"]]


def _lots(
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
            lots = [lot for page in connection.pages(path, {}) for lot in page["items"]]
        except NotFoundError:
            continue  # An older service: the lot is text on the cell.
        found[parent] = {fold(lot["name"]): (lot["name"], lot["id"]) for lot in lots}
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


def _notices(plan: Plan, header: Header) -> Iterable[str]:
    """Say what to look at before sending: a property that no record has may be a slip."""
    noun = plan.kind.noun
    sent = {change.label for step in plan.rows if step.action in WRITES for change in step.changes}
    for label, near in header.new:
        if label in sent:
            yield f"{label!r} is a property that no {noun} has yet" + (
                f"; the nearest is {near!r}." if near else "."
            )
    if not plan.edited.height:
        yield "The frame has no rows."


def _filled(connection: Connection, plan: Plan, pull: Pull) -> dict[str, int]:
    """Count the filled cells of what was read, for columns in which the plan clears some."""
    cleared = {change.label: change.column for step in plan.rows for change in step.changes}
    columns = [column for label, column in cleared.items() if plan.clears[label]]
    if not columns:
        return {}
    frame, _ = decode(plan.kind, list(connection.versions.records(pull)), columns, {})
    return {label: frame.height - frame[label].null_count() for label in frame.columns}
