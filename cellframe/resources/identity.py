"""Which record does each row of an edited frame stand for? Never by its position."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cellframe.contract.records import KINDS
from cellframe.errors import AmbiguousNameError, NotFoundError, PlanError
from cellframe.frames.columns import Leaf
from cellframe.frames.faults import Fault, table
from cellframe.writeback.inputs import Orphan
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.headers import Header
    from cellframe.writeback.bases import Bases
    from cellframe.writeback.inputs import Edited
    from cellframe.writeback.steps import Step

FindParent = Callable[[str], str]
NOT_RECORDS = "The frame cannot be read as records."
_MEASURED = {"Time [s]", "Step count", "Cycle count"}


def refuse_series(columns: Sequence[str]) -> None:
    """Refuse what was measured, which is not edited in a frame.

    Raises
    ------
    PlanError
        A column is one of series, steps or cycles.
    """
    found = [label for label in columns if label in _MEASURED]
    if found:
        message = f"This is a frame of series, steps or cycles: it has {found[0]!r}. They are for reading. client.cell_measurement.extend() adds rows to a test, and create() makes a new one."
        refuse(NOT_RECORDS, [Fault(message, column=found[0], rule="kind")])


def _refuse_children(kind: RecordKind, frame: pl.DataFrame) -> None:
    """Refuse a frame of another kind, whose rows carry this one's ids many times."""
    for other in KINDS.values():
        if other.parent == kind.name and other.key in frame.columns:
            message = f"This is a frame of {other.noun}s: it has {other.key!r}. Keep one row per {kind.noun} and drop that column to plan the {kind.noun}s."
            refuse(NOT_RECORDS, [Fault(message, column=other.key, rule="kind")])


def refuse(message: str, faults: Sequence[Fault]) -> None:
    """Raise every fault of a frame at once, where there are any."""
    if faults:
        raise PlanError(message, table(faults))


def _texts(values: pl.Series) -> list[str | None]:
    if values.dtype.is_numeric():
        return [None if value is None or value != value else str(value) for value in values]  # noqa: PLR0124
    return [
        None if value is None or not str(value).strip() else str(value)
        for value in values.to_list()
    ]


class Keys:
    """Ids and versions of an edited frame, as text.

    Parameters
    ----------
    kind : RecordKind
        What its rows are.
    frame : DataFrame
        As it was given.
    numbers : sequence of int, shape (n_rows,)
        What its rows are called.
    in_workbook : bool
        Whether its owner has the ids grey and folded away.
    """

    def __init__(
        self,
        kind: RecordKind,
        frame: pl.DataFrame,
        numbers: Sequence[int],
        *,
        in_workbook: bool = False,
    ) -> None:
        self.kind = kind
        self._where = _GREY if in_workbook else f"clear its {kind.key!r}"
        self.frame = frame
        self.numbers = numbers
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
        self.ids = _texts(frame[kind.key])
        refuse(NOT_RECORDS, self._faults())
        versions = (
            _texts(frame[kind.version]) if kind.version in frame.columns else [None] * frame.height
        )
        self.versions = {id_: v for id_, v in zip(self.ids, versions, strict=True) if id_ and v}
        self.known_ids = [id_ for id_ in self.ids if id_ is not None]

    def names(self, header: Header, frame: pl.DataFrame) -> list[str | None]:
        """Return what each row of a frame calls its record."""
        labels = [
            label
            for label, column in header.columns.items()
            if column.leaf is Leaf.PLAIN
            and column.field is not None
            and column.field.name == "name"
        ]
        return _texts(frame[labels[0]]) if labels else [None] * frame.height

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
                copy = self.numbers[row]
                rows = f"Rows {self.numbers[first[id_]]} and {copy}"
                message = f"{rows} have one {self.kind.key}, {id_!r}. Keep one. To make a new {self.kind.noun} of row {copy}, {self._where} and give it a name of its own."
                faults.append(Fault(message, self.numbers[row], None, self.kind.key, id_, "unique"))
            first.setdefault(id_, row)
        return faults


_GREY = "empty its grey cells at the far right (the + above the columns unfolds them)"


def called(keys: Keys, names: Sequence[str | None], bases: Bases) -> Sequence[str | None]:
    """Return what to call each row: the name it has, else the one it had."""
    if all(names):
        return names
    had = bases.texts("name", keys.ids)
    return [name or old for name, old in zip(names, had, strict=True)]


def parent_ids(
    keys: Keys,
    frame: pl.DataFrame,
    known: Bases,
    parents: Parents,
) -> list[str | None]:
    """Return the parent of every row: its record's; for a new row the one it names, else the given.

    What a new row names and cannot be found, `parents` takes note of.
    """
    kind = keys.kind
    if not kind.parent:
        return [None] * len(keys.ids)
    ids = frame.get_column(kind.field(kind.parent_field).column, default=None)
    names = frame.get_column(kind.parent_noun, default=None)
    found = known.texts(kind.parent_field, keys.ids)
    for row, record_id in enumerate(keys.ids):
        if record_id is not None:
            continue
        id_, name = (None if column is None else column[row] for column in (ids, names))
        if name is not None and (id_ is None or known.parents.get(id_) != name):
            if id_ is None and parents.makes(row, name):
                continue
            named, why = parents.find(name)
            if named is not None and id_ not in (None, named):
                why = _TWO.format(noun=kind.parent_noun, name=name)
            if why:
                place = f"Row {keys.numbers[row]}, {kind.parent_noun!r}"
                parents.lost[row] = Orphan(kind.parent_noun, f"{place}: {why}")
                continue
            id_ = named or id_
        found[row] = id_ if id_ is not None else parents.given
    return found


_TWO = "a new row names two {noun}s: {noun!r} says {name!r}, '{noun}_id' is of another. Clear one."


class Parents:
    """Parents of new rows: the one that the caller gives, and those that rows name.

    Parameters
    ----------
    given : str or None
        Id of the parent of rows that name none.
    find : callable or None
        The id of a parent by its name.
    above : sequence of Step
        What becomes of parents in the same plan.

    Attributes
    ----------
    new : dict of int to str
        By row, the name of a parent that the same plan makes.
    lost : dict of int to Orphan
        By row, why the parent that it names is none.
    """

    def __init__(
        self, given: str | None, find: FindParent | None, above: Sequence[Step] = ()
    ) -> None:
        self.given = given
        self.new: dict[int, str] = {}
        self.lost: dict[int, Orphan] = {}
        self._find = find
        self._found: dict[str, tuple[str | None, str]] = {
            str(step.name): (step.id, "")
            for step in above
            if step.id and step.action is not Action.DELETE
        }
        self._made = {step.name for step in above if step.action is Action.CREATE}

    def makes(self, row: int, name: str) -> bool:
        """Whether the parent that a row names is made by the same plan; takes note of it."""
        if name in self._made:
            self.new[row] = name
        return name in self._made

    def find(self, name: str) -> tuple[str | None, str]:
        """Return the id of the parent with this name, or why it is none; each is asked for once."""
        if self._find is None:
            return None, ""
        if name not in self._found:
            try:
                self._found[name] = self._find(name), ""
            except (NotFoundError, AmbiguousNameError) as fault:
                self._found[name] = None, str(fault)
        return self._found[name]


def twins(edited: Edited) -> list[Fault]:
    """Return new rows with one name under one parent: the second would be refused half way."""
    first: dict[tuple[str | None, str], int] = {}
    faults: list[Fault] = []
    for row in edited.new_rows:
        name = edited.names[row]
        if name is None or row in edited.orphans:
            continue
        spelled = unicodedata.normalize("NFC", name)
        other = first.setdefault(edited.name_key(row, spelled), row)
        if other != row:
            rows = f"Rows {edited.numbers[other]} and {edited.numbers[row]}"
            message = f"{rows} are both new and named {name!r}. A name is used once in a {edited.kind.parent_noun or 'lab'}."
            faults.append(
                Fault(message, edited.numbers[row], name, edited.kind.noun, name, "unique")
            )
    return faults
