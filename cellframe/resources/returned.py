"""A file comes back, and becomes a plan: whose rows are they, and what do its columns mean?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from cellframe.contract.records import (
    CELL_BATCH,
    CELL_INSTANCE,
    CELL_MEASUREMENT,
    CELL_SPEC,
    KINDS,
    opaque_version,
)
from cellframe.errors import ConfigError, PlanError, SheetError, StalePlanError, first_few
from cellframe.frames.faults import Fault
from cellframe.resources.identity import NOT_RECORDS, refuse
from cellframe.resources.matching import matched
from cellframe.resources.together import plan_together
from cellframe.sheets.headings import labels_of
from cellframe.sheets.labels import read_map
from cellframe.sheets.tables import read_tables
from cellframe.writeback.inputs import Base, Source
from cellframe.writeback.saved import load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from os import PathLike
    from pathlib import Path

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.resources.base import Ref
    from cellframe.resources.cell_instance import CellInstances
    from cellframe.resources.cell_spec import CellSpecs
    from cellframe.resources.connection import Connection
    from cellframe.resources.records import Record
    from cellframe.sheets.companion import Companion
    from cellframe.sheets.labels import ColumnMap
    from cellframe.sheets.tables import Table
    from cellframe.writeback.inputs import Codec
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.saved import Saved


def plan_file(
    connection: Connection,
    specs: CellSpecs,
    instances: CellInstances,
    path: Path,
    *,
    spec: Ref | None = None,
    match: str | None = None,
    map: str | PathLike[str] | Mapping[str, str] | None = None,  # noqa: A002 - the public name
    **how: Any,
) -> Plan:
    """Return the plan of a file; see ``client.plan_file``, and `make_plan` for `how`."""
    names = read_map(map)
    tables = read_tables(path, known=names.columns)
    reader = _Reader(connection, specs, instances, names, spec or names.spec, match or names.match)
    try:
        found = [reader.rows(table) for table in _with_rows(tables)]
        refuse(f"{path.name} has several sheets of one kind.", [*_twice(found)])
        given = {one.kind: {"frame": one.frame, "source": one.source, **how} for one in found}
        return plan_together(connection, given, {one.kind: one.parent_id for one in found})
    except PlanError as fault:
        raise PlanError(f"{path.name} cannot be planned.", fault.failures) from fault


def _with_rows(tables: Sequence[Table]) -> Sequence[Table]:
    """Leave out the empty sheets of a workbook that has others."""
    return [table for table in tables if table.frame.height] or tables[:1]


class _Rows(NamedTuple):
    """One table that came back: what its rows are, and below what new ones are made."""

    kind: RecordKind
    frame: pl.DataFrame
    source: Source
    parent_id: str | None


def _twice(found: Sequence[_Rows]) -> Iterator[Fault]:
    """Say which sheets hold records of one kind: edits of one record would stand in both."""
    first: dict[str, _Rows] = {}
    for one in found:
        other = first.setdefault(one.kind.name, one)
        if other is not one:
            message = (
                f"The sheets {other.source.sheet!r} and {one.source.sheet!r} both hold "
                f"{one.kind.noun}s. Keep one, or give each in a workbook of its own."
            )
            yield Fault(message, rule="one sheet of a kind")


@dataclass(frozen=True, slots=True)
class _Reader:
    """What a caller said of the tables of a file.

    Attributes
    ----------
    names : ColumnMap
        Which header is which column.
    spec : record, id or name, optional
        The spec of rows that name none.
    match : str, optional
        The column by which rows are found again.
    """

    connection: Connection
    specs: CellSpecs
    instances: CellInstances
    names: ColumnMap
    spec: Ref | None
    match: str | None

    def rows(self, table: Table) -> _Rows:
        """Return what a table holds, in our labels."""
        path, numbers = table.path, table.rows
        labels = _labels(table, self.names)
        frame = table.frame.rename(labels)
        kind = _kind(path, frame, table.beside)
        _check_service(self.connection, path, table.beside)
        parent_id = _parent(kind, self.specs, self.spec, table.beside)
        notices = [*table.notices]
        if self.match is not None:
            known = _listed(kind, self.instances, None if self.spec is None else parent_id)
            frame, new = matched(frame, kind, self.match, known)
            notices += first_few([f"Row {numbers[row]}: {said}" for row, said in new])
        elif kind.key not in frame.columns:
            _refuse_keyless(path, kind, frame)
        source = Source(
            numbers=numbers,
            codec=_codec(table, {labels.get(label, label) for label in table.frame.columns}, kind),
            sheet=table.sheet,
            letters=_letters(table, labels),
            kinds=None if table.kinds is None else table.kinds.rename(labels, strict=False),
            delimiter=table.delimiter,
            kept=_kept(table.beside),
            notices=tuple(notices),
        )
        return _Rows(kind, frame, source, parent_id)


def _codec(table: Table, labels: AbstractSet[str], kind: RecordKind) -> Codec:
    """Return how the values of a table are written."""
    if table.format == "csv":
        return "csv" if kind.key in labels else "text"
    return "xlsx" if table.format == "xlsx" else "typed"


def _letters(table: Table, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of a sheet of a workbook, by our labels."""
    ours = (labels.get(header, header) for header in table.frame.columns)
    return dict(zip(ours, table.letters, strict=False))


def _parent(
    kind: RecordKind, specs: CellSpecs, spec: Ref | None, beside: Companion | None
) -> str | None:
    """Return the parent of new rows that name none: the given one, else that of all the others."""
    if kind.parent != CELL_SPEC.name:
        return None
    if spec is not None:
        return specs.id_of(spec)
    found = {record.get(kind.parent_field) for record in beside.records} if beside else set()
    return str(found.pop()) if len(found) == 1 and None not in found else None


def _labels(table: Table, names: ColumnMap) -> dict[str, str]:
    """Return our labels by the headers of a table that stand for others.

    Raises
    ------
    PlanError
        The map names columns that the table does not have, or two headers are one column.
    """
    headers = table.frame.columns
    faults = [_missing(table, header) for header in names.columns if header not in headers]
    own = [header for header in headers if header not in names.columns]
    known = table.beside.labels if table.beside else ()
    labels = {**labels_of(own, known), **names.columns}
    by_label: dict[str, list[str]] = {}
    for header in headers:
        by_label.setdefault(labels.get(header, header), []).append(header)
    for label, several in by_label.items():
        if len(several) > 1:
            told = " and ".join(map(repr, several))
            faults.append(
                Fault(f"{told} are one column, {label!r}. Keep one.", column=label, rule="unique")
            )
    refuse(f"{table.path.name}: its columns cannot be told apart.", faults)
    return {header: label for header, label in labels.items() if header != label}


def _missing(table: Table, header: str) -> Fault:
    near = get_close_matches(header, table.frame.columns, n=1)
    advice = f" Did you mean {near[0]!r}?" if near else ""
    message = f"The map names {header!r}, and {table.path.name} has no such column.{advice}"
    return Fault(message, column=header, rule="known column")


def _kind(path: Path, frame: pl.DataFrame, beside: Companion | None) -> RecordKind:
    """Return what the rows are: what was pulled, else what their key says.

    Raises
    ------
    PlanError
        They are parts of tests, which are for reading.
    """
    labels = set(frame.columns)
    key = CELL_MEASUREMENT.key
    if key in labels:
        if CELL_MEASUREMENT.version in labels or not frame[key].drop_nulls().is_duplicated().any():
            return CELL_MEASUREMENT
        message = f"{path.name} is a table of what was measured in tests (it has a {key!r} many times), and those are for reading. Tests, cells, lots and specs can be edited."
        refuse(NOT_RECORDS, [Fault(message, column=key, rule="kind")])
    if beside is not None and beside.kind in KINDS:
        pulled = KINDS[beside.kind]
        is_like = len(labels & {*beside.labels}) * 2 > len(labels)
        if pulled is CELL_SPEC or (is_like and pulled.key not in labels):
            return pulled  # Without its key it is no table of whatever else it names.
    if {CELL_BATCH.key, CELL_BATCH.noun} <= labels and CELL_INSTANCE.key not in labels:
        return CELL_BATCH
    is_spec = (
        CELL_SPEC.key in labels and not {CELL_INSTANCE.key, CELL_INSTANCE.noun, "name"} & labels
    )
    return CELL_SPEC if is_spec else CELL_INSTANCE


def _check_service(connection: Connection, path: Path, beside: Companion | None) -> None:
    # A table that is for reading is not told apart by its service.
    if beside is not None and beside.service not in ("", connection.service):
        message = (
            f"{path.name} was pulled from {beside.origin}, and this is {connection.wire.origin}. "
            "Name the service that it came from, or pull it again from this one."
        )
        raise SheetError(message)


def _kept(beside: Companion | None) -> dict[tuple[str, str], Base]:
    if beside is None:
        return {}
    return {
        (record["id"], str(opaque_version(dict(record)))): Base(
            record, beside.parents, beside.units
        )
        for record in beside.records
    }


def _refuse_keyless(path: Path, kind: RecordKind, frame: pl.DataFrame) -> None:
    name = next((label for label in (kind.noun, "name") if label in frame.columns), None)
    advice = (
        "Match its rows by name: --match name --spec SPEC (match='name', spec=...)."
        if name
        else f"Name the column with the {kind.noun}s' names in a map (--map), and match by it: --match name --spec SPEC."
    )
    message = (
        f"{path.name} has no {kind.key!r} column, which says which {kind.noun} a row is. {advice}"
    )
    refuse(NOT_RECORDS, [Fault(message, column=kind.key, rule="key column")])


def _listed(kind: RecordKind, instances: CellInstances, parent_id: str | None) -> list[Record]:
    """Return the records that the rows of a file may name."""
    if kind is not CELL_INSTANCE:
        raise ConfigError(f"match='name' is for cells, and these are {kind.noun}s.")
    if parent_id is None:
        raise ConfigError(
            "match='name' needs the spec whose cells these are: --spec SPEC (spec=...)."
        )
    return [*instances.list(parent_id)]


def load_plan(connection: Connection, path: Path) -> Plan:
    """Return the plan that was saved, made again; see ``client.load_plan``."""
    saved = load(path)
    if saved.service != connection.service:
        message = f"{path.name} was made for {saved.origin}, and this is {connection.wire.origin}. Nothing was sent."
        raise StalePlanError(message)
    plan = replan(connection, saved)
    moved = saved.moved(plan)
    if moved:
        lines = [f"  {line}" for line in first_few(moved)]
        head = f"{path.name} is not what would be sent now: the service has moved since it was reviewed. Nothing was sent. Plan again and review that."
        raise StalePlanError("\n".join([head, *lines]))
    return plan


def replan(connection: Connection, saved: Saved) -> Plan:
    """Decide a plan again: against what was read then, and what the service has now.

    A plan that was saved, set aside or left half done is never sent from memory. Reads only.

    Parameters
    ----------
    saved : Saved
        The rows that it changes, what was read of them, and what was decided about them.

    Returns
    -------
    Plan
        Of those rows alone; its limits are still parts of the whole reading. Rows that the
        service has meanwhile as they were to be are already there; what somebody else changed is
        a conflict.
    """
    given = {
        one.kind: {
            "frame": one.frame,
            "source": one.source,
            "unit_edit": one.unit_edit,
        }
        for one in saved.frames
    }
    parents = {one.kind: one.parent_id for one in saved.frames}
    plan = replace(plan_together(connection, given, parents), expected=saved.expected)
    for one, part in zip(saved.frames, plan.parts, strict=True):
        read = replace(part, base_rows=one.base_rows, base_filled=one.base_filled)
        plan = plan.with_part(read)
    return plan
