"""Cells as a file that people edit, and the plan of the file that comes back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import CELL_INSTANCE, CELL_MEASUREMENT
from cellframe.errors import PlanError, SheetError, first_few
from cellframe.frames.check import break_rules
from cellframe.frames.headers import read_header
from cellframe.resources.returned import plan_file
from cellframe.resources.written import Rows, also_read, read_of, write, write_measured
from cellframe.sheets import companion
from cellframe.sheets.dialect import read_bytes
from cellframe.sheets.tables import format_of
from cellframe.views.words import counted, many
from cellframe.writeback.carrying import carry, comments, strays
from cellframe.writeback.choices import CHOICE, ERROR, SERVER_NOW, server_now
from cellframe.writeback.receipt import GOOD
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.frames.faults import Fault
    from cellframe.resources.base import Ref
    from cellframe.resources.cell_instance import CellInstances
    from cellframe.resources.connection import Connection
    from cellframe.writeback.carrying import Carried
    from cellframe.writeback.part import Part
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
    others : mapping of str to int
        Rows of the other sheets of a workbook, by what they are: tests, lots.
    """

    path: Path
    rows: int
    columns: int
    notices: tuple[str, ...] = ()
    carried: int = 0
    held: int = 0
    faults: tuple[Fault, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)


def pull(
    connection: Connection,
    instances: CellInstances,
    spec: Ref | Sequence[Ref] | None,
    path: Path,
    how: Mapping[str, Any],
    also: Sequence[RecordKind] = (),
    *,
    merge: bool,
    schema: Any = None,
) -> SheetReport:
    """Read cells, and what belongs to them, into a file; see `CellInstances.to_file`.

    Parameters
    ----------
    how : mapping
        How the cells are read: what `to_frame` takes.
    also : sequence of RecordKind
        What else has a sheet: their tests, the lots of their specs.
    """

    def read() -> list[Rows]:
        frame = instances.to_frame(spec, backend="polars", **how)
        faults = break_rules(frame, [] if schema is None else [schema], instances.kind.noun)
        cells = Rows(instances.kind, frame, read_of(connection, instances.kind, frame), faults)
        return [cells, *also_read(connection, instances, also, spec)]

    before = digest_of(path)
    there = unpushed(connection, instances, path) if before is not None else None
    if there is not None and not merge:
        _refuse_unpushed(path, there)
    fresh = read()
    if digest_of(path) != before:
        message = f"{path} was saved by somebody while the cells were read, and stays as it is. Pull again."
        raise SheetError(message)
    if there is not None:
        return _write_merged(connection, fresh, path, there)
    return _report(path, fresh, write(connection, fresh, path))


def _report(path: Path, given: Sequence[Rows], notices: Sequence[str]) -> SheetReport:
    first = given[0].frame
    return SheetReport(
        path,
        first.height,
        first.width,
        tuple(notices),
        faults=tuple(fault for one in given for fault in one.faults),
        others={f"{one.kind.noun}s": one.frame.height for one in given[1:]},
    )


def digest_of(path: Path) -> str | None:
    """Return the digest of a file; None where there is none.

    Raises
    ------
    SheetError
        It cannot be read.
    """
    return hashlib.sha256(read_bytes(path)).hexdigest() if path.exists() else None


def _write_merged(
    connection: Connection, fresh: Sequence[Rows], path: Path, unpushed: Plan
) -> SheetReport:
    """Write a newer reading with the edits that the file held."""
    wrong = [step.message for step in unpushed.rows if step.action is Action.INVALID]
    if wrong:
        head = f"{path.name} stays as it is: {many(len(wrong), 'row')} cannot be read as a {unpushed.noun}. Correct them, then pull --merge again."
        raise SheetError("\n  ".join([head, *first_few(wrong)]))
    there = {part.kind: _alone(unpushed, part) for part in unpushed.parts}
    missing = [kind for kind in there if kind not in {one.kind for one in fresh}]
    if missing:
        nouns = " and ".join(f"{kind.noun}s" for kind in missing)
        message = f"{path.name} stays as it is: it has {nouns} too, which are not among what is pulled. Name them as well, or another file."
        raise SheetError(message)
    merged = [_merged(one, there.get(one.kind), path) for one in fresh]
    rows = [one for one, _ in merged]
    report = _report(path, rows, write(connection, rows, path, has_edits=True))
    carried = [found for _, found in merged if found is not None]
    edits, held = sum(one.edits for one in carried), sum(len(one.held) for one in carried)
    return replace(report, carried=edits, held=held)


def _alone(plan: Plan, part: Part) -> Plan:
    """Return one frame of a plan as a plan of its own."""
    steps = tuple(step for step in plan.steps if step.kind is part.kind or len(plan.parts) == 1)
    return replace(plan, parts=(part,), steps=steps)


def _merged(one: Rows, there: Plan | None, path: Path) -> tuple[Rows, Carried | None]:
    """Return a newer reading of one kind with the edits that the file held of it."""
    if there is None:
        return one, None
    elsewhere = strays(there, one.frame)
    if elsewhere:
        names = ", ".join(map(repr, first_few(elsewhere)))
        noun = one.kind.noun
        message = f"{path.name} stays as it is: it has edits or remarks of {noun}s that are not among those pulled: {names}. They were deleted on the service, or are of a spec that is not pulled: name it too, or take these rows out."
        raise SheetError(message)
    found = carry(there, one.frame, read_header(one.kind, one.frame, {}).columns)
    return replace(one, frame=found.frame, read={**one.read, **found.held}), found


def write_for_reading(frame: pl.DataFrame, path: Path, what: str) -> SheetReport:
    """Write a table that does not come back: steps, cycles.

    Raises
    ------
    SheetError
        The file that is there is not as it was written: it is something else, or was edited.
    """
    _refuse_others(path, what, what)
    return SheetReport(path, frame.height, frame.width, write_measured(frame, path, what))


def write_tests(
    connection: Connection, frame: pl.DataFrame, path: Path, schema: Any
) -> SheetReport:
    """Write a sheet of tests; see `CellMeasurements.to_file`."""
    kind = CELL_MEASUREMENT
    _refuse_others(path, kind.name, f"{kind.noun}s")
    faults = break_rules(frame, [] if schema is None else [schema], kind.noun)
    given = [Rows(kind, frame, read_of(connection, kind, frame), faults)]
    return _report(path, given, write(connection, given, path))


def _refuse_others(path: Path, what: str, called: str) -> None:
    """Refuse to write over a file that is something else, or that somebody edited."""
    if path.exists() and not _is_as_written(path, what):
        message = (
            f"{path} is there already, and is not a table of {called} as it was pulled: it is something "
            "else, or somebody edited it. Choose another file, or move it away."
        )
        raise SheetError(message)


def _is_as_written(path: Path, what: str) -> bool:
    """Whether a file is as it was written, and holds what is to be written again."""
    if format_of(path) == "xlsx":
        from cellframe.sheets.workbook.hidden import kinds_as_written

        return what in kinds_as_written(path)
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
    return plan if plan or _remarks(plan) else None


def _remarks(plan: Plan) -> list[str]:
    """Return the columns that hold remarks, of all frames of a plan."""
    return [label for part in plan.parts for label in comments(part.edited)]


def _refuse_unpushed(path: Path, plan: Plan) -> None:
    """Raise because a file has what a new pull would not have."""
    counts = ", ".join(one.phrase for one in counted(plan.summary) if one.kind != "unchanged")
    remarks = ", ".join(map(repr, _remarks(plan)))
    what = [f"edits that are not pushed ({counts})"] if plan else []
    what += [f"columns of your own ({remarks})"] if remarks else []
    message = (
        f"{path} has {' and '.join(what)}, and stays as it is. Push it first, or carry all of it "
        "onto what the service has now by --merge (in Python merge=True)."
    )
    raise SheetError(message)


def write_left_over(connection: Connection, receipt: Receipt, path: Path) -> SheetReport:
    """Write the rows that were not sent; see ``client.write_left_over``."""
    given = [_left_over(receipt, part) for part in receipt.plan.parts]
    given = [one for one in given if one.frame.height] or given[:1]
    return _report(path, given, write(connection, given, path, has_edits=True))


def _left_over(receipt: Receipt, part: Part) -> Rows:
    """Return the rows of one kind that were not sent, with why, and a place for the decision."""
    bad = [
        one
        for one in receipt.results
        if one.row is not None and one.record == part.kind.noun and one.outcome not in GOOD
    ]
    steps: dict[int | None, Step] = {
        step.row: step for step in receipt.plan.rows if step.kind is part.kind
    }
    rows = [int(one.row or 0) for one in bad]
    errors = [
        one.message or steps[one.row].message or _WAITS.get(one.action, one.outcome.value)
        for one in bad
    ]
    more = {
        ERROR: errors,
        SERVER_NOW: [server_now(steps[one.row]) or None for one in bad],
        CHOICE: [None] * len(bad),
    }
    columns = [pl.Series(label, values, dtype=pl.String) for label, values in more.items()]
    frame = part.edited[rows].drop(list(more), strict=False).with_columns(columns)
    return Rows(part.kind, frame, part.bases)


_WAITS = {
    "conflict": "The service has changed since you read it. Write mine or theirs in '_choice'.",
}
