"""Cells as a file that people edit, and the plan of the file that comes back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import CELL_INSTANCE, CELL_MEASUREMENT, CELL_SPEC, opaque_version
from cellframe.errors import ConfigError, PlanError, SheetError, StalePlanError
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault
from cellframe.frames.headers import read_header
from cellframe.resources.identity import NOT_RECORDS, refuse
from cellframe.resources.planning import make_plan
from cellframe.sheets import companion
from cellframe.sheets.labels import read_map
from cellframe.sheets.tables import read_table
from cellframe.sheets.writing import write_table
from cellframe.version import __version__
from cellframe.views.words import many
from cellframe.writeback.carrying import carry, comments
from cellframe.writeback.choices import CHOICE, ERROR, SERVER_NOW, server_now
from cellframe.writeback.inputs import Base, Source
from cellframe.writeback.receipt import GOOD
from cellframe.writeback.saved import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.resources.base import Ref
    from cellframe.resources.cell_instance import CellInstances
    from cellframe.resources.cell_spec import CellSpecs
    from cellframe.resources.connection import Connection
    from cellframe.sheets.companion import Companion
    from cellframe.sheets.labels import ColumnMap
    from cellframe.sheets.tables import Table
    from cellframe.writeback.plan import Plan, Step
    from cellframe.writeback.receipt import Receipt

FIRST_ROW = 2
"""A sheet's header is its row 1."""
_MOST_SAID = 20


@dataclass(frozen=True, slots=True)
class SheetReport:
    """A sheet that was written.

    Attributes
    ----------
    path : Path
        The file; its companion lies beside it.
    rows, columns : int
        Its size, without the header.
    notices : tuple of str
        What to know before it is edited.
    carried : int
        Rows whose edits were carried from the file that was there.
    held : int
        Those of them that are in conflict.
    """

    path: Path
    rows: int
    columns: int
    notices: tuple[str, ...] = ()
    carried: int = 0
    held: int = 0


def write_frame(
    connection: Connection, kind: RecordKind, frame: pl.DataFrame, path: Path
) -> SheetReport:
    """Write a frame that was just read, and beside it what it was read from.

    Raises
    ------
    SheetError
        The file cannot be written, or cannot hold a value; it is as it was.
    """
    return _write(connection, kind, frame, path, _read_of(connection, kind, frame))


def write_merged(
    connection: Connection, fresh: pl.DataFrame, path: Path, unpushed: Plan
) -> SheetReport:
    """Write a newer reading with the edits that the file held.

    Raises
    ------
    SheetError
        A cell of the file is no value; the file is as it was.
    """
    kind = unpushed.kind
    wrong = [step for step in unpushed.rows if step.action.value == "invalid"]
    if wrong:
        lines = [step.message for step in wrong[:_MOST_SAID]]
        head = f"{path.name} stays as it is: {many(len(wrong), 'row')} cannot be read as a {kind.noun}. Correct them, then pull --merge again."
        raise SheetError("\n  ".join([head, *lines]))
    header = read_header(kind, fresh, {})
    found = carry(unpushed, fresh, header.columns)
    read = {**_read_of(connection, kind, fresh), **found.held}
    report = _write(connection, kind, found.frame, path, read)
    return replace(report, carried=found.edits, held=len(found.held))


def _read_of(connection: Connection, kind: RecordKind, frame: pl.DataFrame) -> dict[str, Base]:
    """Return what the rows of a frame were read from, by id."""
    keys = frame.select(kind.key, kind.version).drop_nulls()
    found = connection.versions.find(
        kind.name, keys[kind.key].to_list(), keys[kind.version].to_list()
    )
    return {id_: Base(one.record, one.pull.parents, {}) for id_, one in found.items()}


def _write(
    connection: Connection,
    kind: RecordKind,
    frame: pl.DataFrame,
    path: Path,
    read: Mapping[str, Base],
) -> SheetReport:
    written = write_table(frame, path)
    beside = companion.Companion(
        kind=kind.name,
        service=connection.service,
        origin=connection.wire.origin,
        labels=tuple(frame.columns),
        digest=written.digest,
        client=__version__,
        records=[dict(base.record) for base in read.values()],
        parents={id_: name for base in read.values() for id_, name in base.parents.items()},
    )
    companion.save(path, beside)
    return SheetReport(path, frame.height, frame.width, tuple(written.notices))


def unpushed(
    connection: Connection, specs: CellSpecs, instances: CellInstances, path: Path
) -> Plan | None:
    """Return the plan of a file that is there, where it has edits or remarks; None where it has none.

    Raises
    ------
    SheetError
        It is no sheet that was pulled.
    """
    beside = companion.load(path)
    if beside is not None and beside.digest == hashlib.sha256(path.read_bytes()).hexdigest():
        return None
    try:
        plan = plan_file(connection, specs, instances, path)
    except (PlanError, SheetError) as fault:
        message = f"{path} is there already, and is no sheet of this service as it stands. Choose another file, or move it away. ({fault})"
        raise SheetError(message) from fault
    return plan if plan or comments(plan.edited) else None


def refuse_unpushed(path: Path, plan: Plan) -> None:
    """Raise because a file has what a new pull would not have."""
    counts = ", ".join(
        f"{n} {word}" for word, n in plan.summary.items() if n and word != "unchanged"
    )
    remarks = ", ".join(map(repr, comments(plan.edited)))
    what = [f"edits that are not pushed ({counts})"] if plan else []
    what += [f"columns of your own ({remarks})"] if remarks else []
    message = (
        f"{path} has {' and '.join(what)}, and stays as it is. Push them first (cellframe push {path}), "
        f"or carry them onto what the service has now: pull with --merge (merge=True)."
    )
    raise SheetError(message)


def plan_file(
    connection: Connection,
    specs: CellSpecs,
    instances: CellInstances,
    path: Path,
    *,
    spec: Ref | None = None,
    match: str | None = None,
    map: str | PathLike[str] | Mapping[str, str] | None = None,  # noqa: A002 - the public name
) -> Plan:
    """Return the plan of a file; see ``client.plan_file``."""
    table = read_table(path)
    names = read_map(map)
    frame = _renamed(table, names)
    beside = companion.load(path)
    _check_service(connection, path, beside)
    kind = _kind(frame, beside)
    spec, match = spec or names.spec, match or names.match
    parent_id = None if spec is None or kind is CELL_SPEC else specs.id_of(spec)
    notices = list(table.notices)
    if match is not None:
        frame, told = _matched(frame, kind, match, instances, parent_id, spec)
        notices += told
    elif kind.key not in frame.columns:
        _refuse_keyless(path, kind, frame)
    source = Source(
        numbers=range(FIRST_ROW, FIRST_ROW + frame.height)
        if table.is_text
        else range(frame.height),
        is_text=table.is_text,
        is_escaped=table.is_text and {kind.key, kind.version} <= set(table.frame.columns),
        kept=_kept(beside),
        notices=tuple(notices),
    )
    return make_plan(
        connection,
        kind,
        frame,
        parent_id=parent_id,
        find_parent=specs.id_of if kind.parent else None,
        source=source,
    )


def _renamed(table: Table, names: ColumnMap) -> pl.DataFrame:
    """Return the table in our labels.

    Raises
    ------
    PlanError
        The map names columns that the table does not have, or makes two columns one.
    """
    missing = [label for label in names.columns if label not in table.frame.columns]
    faults = []
    for label in missing:
        near = get_close_matches(label, table.frame.columns, n=1)
        advice = f" Did you mean {near[0]!r}?" if near else ""
        message = f"The map names {label!r}, and {table.path.name} has no such column.{advice}"
        faults.append(Fault(message, column=label, rule="known column"))
    labels = [names.columns.get(label, label) for label in table.frame.columns]
    for label in sorted({label for label in labels if labels.count(label) > 1}):
        message = f"The map makes {labels.count(label)} columns {label!r}. Keep one."
        faults.append(Fault(message, column=label, rule="unique"))
    refuse(f"The map does not fit {table.path.name}.", faults)
    return table.frame.rename({old: new for old, new in names.columns.items() if old != new})


def _kind(frame: pl.DataFrame, beside: Companion | None) -> RecordKind:
    """Return what the rows are: what was pulled, else what their key says."""
    labels = set(frame.columns)
    if CELL_MEASUREMENT.key in labels:
        return CELL_MEASUREMENT
    if beside is not None and beside.kind == CELL_SPEC.name:
        return CELL_SPEC
    is_spec = (
        CELL_SPEC.key in labels and not {CELL_INSTANCE.key, CELL_INSTANCE.noun, "name"} & labels
    )
    return CELL_SPEC if is_spec else CELL_INSTANCE


def _check_service(connection: Connection, path: Path, beside: Companion | None) -> None:
    if beside is not None and beside.service != connection.service:
        message = (
            f"{path.name} was pulled from {beside.origin}, and this is {connection.wire.origin}. "
            "Name the service that it came from, or pull it again from this one."
        )
        raise StalePlanError(message)


def _kept(beside: Companion | None) -> dict[tuple[str, str], Base]:
    if beside is None:
        return {}
    shown = (parse(label) for label in beside.labels)
    units = {".".join(path): unit for path, unit in shown if unit is not None}
    return {
        (record["id"], str(opaque_version(record))): Base(record, beside.parents, units)
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


def _matched(
    frame: pl.DataFrame,
    kind: RecordKind,
    match: str,
    instances: CellInstances,
    parent_id: str | None,
    spec: Ref | None,
) -> tuple[pl.DataFrame, list[str]]:
    """Return a frame with the ids of the records that its rows name, and what was seen."""
    if match != "name":
        raise ConfigError(f"match={match!r}: rows are matched by 'name'.")
    if kind is not CELL_INSTANCE:
        raise ConfigError(f"match='name' is for cells, and these are {kind.noun}s.")
    if parent_id is None:
        raise ConfigError(
            "match='name' needs the spec whose cells these are: --spec SPEC (spec=...)."
        )
    label = next((label for label in (kind.noun, "name") if label in frame.columns), None)
    if label is None:
        message = f'No column is {kind.noun!r}. Say which one holds the names, in a map: "Their header" = "cell".'
        refuse(NOT_RECORDS, [Fault(message, column=kind.noun, rule="name column")])
    known = {cell.name: cell.id for cell in instances.list(parent_id)}
    names = [_stripped(name) for name in frame[str(label)].to_list()]
    ids = [known.get(name) if name else None for name in names]
    given = frame.with_columns(
        pl.Series(str(label), names, dtype=pl.String), pl.Series(kind.key, ids, dtype=pl.String)
    )
    return given, _unknown(names, known, spec)


def _stripped(name: Any) -> str | None:
    return str(name).strip() or None if name is not None else None


def _unknown(names: Sequence[str | None], known: Mapping[str, str], spec: Ref | None) -> list[str]:
    """Say which names no cell has: a slip of the pen must not pass for a new cell."""
    new = [(row, name) for row, name in enumerate(names, FIRST_ROW) if name and name not in known]
    said: list[str] = []
    for row, name in new[:_MOST_SAID]:
        near = get_close_matches(name, known, n=1)
        like = f"; the nearest is {near[0]!r}" if near else ""
        said.append(
            f"Row {row}: no cell of {spec!s} is named {name!r} yet, and it would be created{like}."
        )
    more = len(new) - _MOST_SAID
    return [*said, *([f"and {more} more names that no cell has yet."] if more > 0 else [])]


def load_plan(connection: Connection, path: Path, specs: CellSpecs) -> Plan:
    """Return the plan that was saved, made again; see ``client.load_plan``."""
    saved = load(path)
    if saved.service != connection.service:
        message = f"{path.name} was made for {saved.origin}, and this is {connection.wire.origin}. Nothing was sent."
        raise StalePlanError(message)
    plan = make_plan(
        connection,
        saved.kind,
        saved.frame,
        parent_id=saved.parent_id,
        find_parent=specs.id_of if saved.kind.parent else None,
        source=saved.source,
    )
    moved = saved.moved(plan)
    if moved:
        lines = [f"  {line}" for line in moved[:_MOST_SAID]]
        lines += [f"  and {len(moved) - _MOST_SAID} more"] if len(moved) > _MOST_SAID else []
        head = f"{path.name} is not what would be sent now: the service has moved since it was reviewed. Nothing was sent. Plan again and review that."
        raise StalePlanError("\n".join([head, *lines]))
    return replace(plan, base_rows=saved.base_rows, base_filled=saved.base_filled)


def write_left_over(connection: Connection, receipt: Receipt, path: Path) -> SheetReport:
    """Write the rows that were not sent; see ``client.write_left_over``."""
    plan = receipt.plan
    bad = [r for r in receipt.results if r.row is not None and r.outcome not in GOOD]
    steps: dict[int | None, Step] = {step.row: step for step in plan.rows}
    rows = [int(r.row or 0) for r in bad]
    errors = [
        r.message or steps[r.row].message or _WAITS.get(r.action, r.outcome.value) for r in bad
    ]
    more = {
        ERROR: errors,
        SERVER_NOW: [server_now(steps[r.row]) or None for r in bad],
        CHOICE: [None] * len(bad),
    }
    columns = [pl.Series(label, values, dtype=pl.String) for label, values in more.items()]
    frame = plan.edited[rows].drop(list(more), strict=False).with_columns(columns)
    return _write(connection, plan.kind, frame, path, plan.bases)


_WAITS = {
    "conflict": "The service has changed since you read it. Write mine or theirs in '_choice'.",
}
