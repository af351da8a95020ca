"""Cells as a file that people edit, and the plan of the file that comes back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.records import CELL_INSTANCE
from cellframe.errors import PlanError, SheetError
from cellframe.frames.columns import parse
from cellframe.frames.headers import read_header
from cellframe.resources.returned import plan_file
from cellframe.sheets import companion
from cellframe.sheets.writing import write_table
from cellframe.version import __version__
from cellframe.views.words import many
from cellframe.writeback.carrying import carry, comments
from cellframe.writeback.choices import CHOICE, ERROR, SERVER_NOW, server_now
from cellframe.writeback.inputs import Base
from cellframe.writeback.receipt import GOOD

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.resources.cell_instance import CellInstances
    from cellframe.resources.cell_spec import CellSpecs
    from cellframe.resources.connection import Connection
    from cellframe.writeback.plan import Plan, Step
    from cellframe.writeback.receipt import Receipt

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
    written = write_table(frame, path, name=kind.noun)
    shown = (parse(label) for label in frame.columns)
    beside = companion.Companion(
        kind=kind.name,
        service=connection.service,
        origin=connection.wire.origin,
        labels=tuple(frame.columns),
        digest=written.digest,
        client=__version__,
        records=[dict(base.record) for base in read.values()],
        units={".".join(at): unit for at, unit in shown if unit is not None},
        parents={id_: name for base in read.values() for id_, name in base.parents.items()},
    )
    companion.save(path, beside)
    return SheetReport(path, frame.height, frame.width, tuple(written.notices))


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
    companion.save(path, companion.Companion(what, "", "", (), written.digest, __version__, []))
    return SheetReport(path, frame.height, frame.width, tuple(written.notices))


def _is_as_written(path: Path, what: str) -> bool:
    beside = companion.load(path)
    if beside is None or beside.kind != what:
        return False
    return beside.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def unpushed(
    connection: Connection, specs: CellSpecs, instances: CellInstances, path: Path
) -> Plan | None:
    """Return the plan of a file that is there, where it has edits or remarks; None where it has none.

    Raises
    ------
    SheetError
        It is no sheet that was pulled.
    """
    if _is_as_written(path, CELL_INSTANCE.name):
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
