"""Which record does each row of an edited frame stand for? Never by its position."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cellframe.contract.records import KINDS
from cellframe.errors import AmbiguousNameError, NotFoundError, PlanError
from cellframe.frames.columns import Leaf
from cellframe.frames.faults import Fault, table

if TYPE_CHECKING:
    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.headers import Header
    from cellframe.writeback.inputs import Base, Edited

FindParent = Callable[[str], str]
NOT_RECORDS = "The frame cannot be read as records."


def _refuse_children(kind: RecordKind, frame: pl.DataFrame) -> None:
    """Refuse a frame of another kind, whose rows carry this one's ids many times."""
    for other in KINDS.values():
        if other.parent == kind.name and other.key in frame.columns:
            message = f"This is a frame of {other.noun}s: it has {other.key!r}. Plan it with client.{other.name}.plan(frame)."
            refuse(NOT_RECORDS, [Fault(message, column=other.key, rule="kind")])


def refuse(message: str, faults: Sequence[Fault]) -> None:
    """Raise every fault of a frame at once, where there are any."""
    if faults:
        raise PlanError(message, table(faults))


class Keys:
    """Ids and versions of an edited frame, as text."""

    def __init__(self, kind: RecordKind, frame: pl.DataFrame) -> None:
        self.kind = kind
        self.frame = frame
        _refuse_children(kind, frame)
        if kind.key not in frame.columns:
            message = (
                f"The frame has no {kind.key!r} column. Read it with to_frame(), which has one, or add "
                "an empty one where every row is new."
            )
            refuse(
                NOT_RECORDS,
                [Fault(message, column=kind.key, rule="key column")],
            )
        self.ids = self._texts(kind.key)
        refuse(NOT_RECORDS, self._faults())
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


def called(
    keys: Keys, names: Sequence[str | None], bases: Mapping[str, Base]
) -> Iterable[str | None]:
    """Return what to call each row: the name it has, else the one it had."""
    for id_, name in zip(keys.ids, names, strict=True):
        known = bases.get(id_ or "")
        yield name or (str(known.record.get("name")) if known else None)


def parent_ids(
    kind: RecordKind,
    keys: Keys,
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
        refuse(
            "A new row names a parent that cannot be found.",
            [Fault(str(fault), value=name, rule="parent")],
        )
        raise


def twins(edited: Edited) -> list[Fault]:
    """Return new rows with one name under one parent: the second would be refused half way."""
    first: dict[tuple[str | None, str], int] = {}
    faults: list[Fault] = []
    for row in edited.new_rows:
        name = edited.names[row]
        if name is None:
            continue
        spelled = unicodedata.normalize("NFC", name)
        other = first.setdefault((edited.parent_ids[row], spelled), row)
        if other != row:
            message = f"Rows {other} and {row} are both new and named {name!r}. A name is used once in a {edited.kind.parent_noun or 'lab'}."
            faults.append(Fault(message, row, name, edited.kind.noun, name, "unique"))
    return faults
