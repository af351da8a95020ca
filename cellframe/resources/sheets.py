"""Cells as a file that people edit, and the plan of the file that comes back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.records import CELL_INSTANCE
from cellframe.errors import PlanError, SheetError, first_few
from cellframe.frames.columns import parse
from cellframe.frames.headers import read_header
from cellframe.resources.returned import plan_file
from cellframe.sheets import companion
from cellframe.sheets.dialect import read_bytes
from cellframe.sheets.writing import write_table
from cellframe.version import __version__
from cellframe.views.words import counted, many
from cellframe.writeback.carrying import carry, comments, strays
from cellframe.writeback.choices import CHOICE, ERROR, SERVER_NOW, server_now
from cellframe.writeback.inputs import Base
from cellframe.writeback.receipt import GOOD
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.frames.faults import Fault
    from cellframe.resources.cell_instance import CellInstances
    from cellframe.resources.connection import Connection
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt
    from cellframe.writeback.steps import Step


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
    faults : tuple of Fault
        What rules of the caller's own find in the cells as they were read.
    """

    path: Path
    rows: int
    columns: int
    notices: tuple[str, ...] = ()
    carried: int = 0
    held: int = 0
    faults: tuple[Fault, ...] = ()


def pull(
    connection: Connection,
    instances: CellInstances,
    path: Path,
    read: Callable[[], pl.DataFrame],
    *,
    merge: bool,
) -> SheetReport:
    """Read cells into a sheet; see `CellInstances.to_file`.

    Parameters
    ----------
    read : callable
        Reads the cells; called once the file that is there was looked at.
    """
    before = digest_of(path)
    there = unpushed(connection, instances, path) if before is not None else None
    if there is not None and not merge:
        _refuse_unpushed(path, there)
    frame = read()
    if digest_of(path) != before:
        message = f"{path} was saved by somebody while the cells were read, and stays as it is. Pull again."
        raise SheetError(message)
    if there is not None:
        return _write_merged(connection, frame, path, there)
    kind = instances.kind
    return _write(connection, kind, frame, path, _read_of(connection, kind, frame))


def digest_of(path: Path) -> str | None:
    """Return the digest of a file; None where there is none.

    Raises
    ------
    SheetError
        It cannot be read.
    """
    return hashlib.sha256(read_bytes(path)).hexdigest() if path.exists() else None


def _write_merged(
    connection: Connection, fresh: pl.DataFrame, path: Path, unpushed: Plan
) -> SheetReport:
    """Write a newer reading with the edits that the file held."""
    kind = unpushed.kind
    wrong = [step.message for step in unpushed.rows if step.action is Action.INVALID]
    if wrong:
        head = f"{path.name} stays as it is: {many(len(wrong), 'row')} cannot be read as a {kind.noun}. Correct them, then pull --merge again."
        raise SheetError("\n  ".join([head, *first_few(wrong)]))
    elsewhere = strays(unpushed, fresh)
    if elsewhere:
        names = ", ".join(map(repr, first_few(elsewhere)))
        message = f"{path.name} stays as it is: it has edits or remarks of {kind.noun}s that are not among those pulled: {names}. They were deleted on the service, or are of a spec that is not pulled: name it too, or take these rows out."
        raise SheetError(message)
    header = read_header(kind, fresh, {})
    found = carry(unpushed, fresh, header.columns)
    read = {**_read_of(connection, kind, fresh), **found.held}
    report = _write(connection, kind, found.frame, path, read, has_edits=True)
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
    *,
    has_edits: bool = False,
) -> SheetReport:
    """Write a sheet, then its companion: one without the other is a sheet still.

    A sheet that was written with somebody's edits has no digest: it is never taken for one that
    nobody touched.
    """
    written = write_table(frame, path, name=kind.noun)
    shown = (parse(label) for label in frame.columns)
    beside = companion.Companion(
        kind=kind.name,
        service=connection.service,
        origin=connection.wire.origin,
        labels=tuple(frame.columns),
        digest="" if has_edits else written.digest,
        client=__version__,
        records=[dict(base.record) for base in read.values()],
        units={".".join(at): unit for at, unit in shown if unit is not None},
        parents={id_: name for base in read.values() for id_, name in base.parents.items()},
    )
    notices = [*written.notices, *_companion(path, beside)]
    return SheetReport(path, frame.height, frame.width, tuple(notices))


def _companion(path: Path, beside: companion.Companion) -> list[str]:
    """Write what a sheet was made from; say where that cannot be."""
    try:
        companion.save(path, beside)
    except OSError as fault:
        name = companion.path_of(path).name
        return [
            f"{name} cannot be written ({fault.strerror}): the sheet is whole, and can come back on this computer alone."
        ]
    return []


def write_for_reading(frame: pl.DataFrame, path: Path, what: str) -> SheetReport:
    """Write a table that does not come back: tests, steps, cycles.

    Raises
    ------
    SheetError
        The file that is there is not as it was written: it is something else, or was edited.
    """
    if path.exists() and not _is_as_written(path, what):
        message = (
            f"{path} is there already, and is not a table of {what} as it was pulled: it is something "
            "else, or somebody edited it. Choose another file, or move it away."
        )
        raise SheetError(message)
    written = write_table(frame, path)
    beside = companion.Companion(what, "", "", (), written.digest, __version__, [])
    notices = [*written.notices, *_companion(path, beside)]
    return SheetReport(path, frame.height, frame.width, tuple(notices))


def _is_as_written(path: Path, what: str) -> bool:
    beside = companion.load(path)
    if beside is None or beside.kind != what:
        return False
    return beside.digest == digest_of(path)


def unpushed(connection: Connection, instances: CellInstances, path: Path) -> Plan | None:
    """Return the plan of a file that is there, where it has edits or remarks; None where it has none.

    Raises
    ------
    SheetError
        It is no sheet that was pulled.
    """
    if _is_as_written(path, CELL_INSTANCE.name):
        return None
    try:
        plan = plan_file(connection, instances.specs, instances, path)
    except (PlanError, SheetError) as fault:
        message = f"{path} is there already, and is no sheet of this service as it stands. Choose another file, or move it away. ({fault})"
        raise SheetError(message) from fault
    return plan if plan or comments(plan.edited) else None


def _refuse_unpushed(path: Path, plan: Plan) -> None:
    """Raise because a file has what a new pull would not have."""
    counts = ", ".join(one.phrase for one in counted(plan.summary) if one.kind != "unchanged")
    remarks = ", ".join(map(repr, comments(plan.edited)))
    what = [f"edits that are not pushed ({counts})"] if plan else []
    what += [f"columns of your own ({remarks})"] if remarks else []
    message = (
        f"{path} has {' and '.join(what)}, and stays as it is. Push it first, or carry all of it "
        "onto what the service has now by --merge (in Python merge=True)."
    )
    raise SheetError(message)


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
    return _write(connection, plan.kind, frame, path, plan.part.bases, has_edits=True)


_WAITS = {
    "conflict": "The service has changed since you read it. Write mine or theirs in '_choice'.",
}
