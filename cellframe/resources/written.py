"""Records are written as a file: a sheet of each kind, with what was read of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from cellframe.contract.records import CELL_BATCH, CELL_INSTANCE, CELL_MEASUREMENT, CELL_SPEC, KINDS
from cellframe.errors import NotFoundError, SheetError
from cellframe.frames.columns import Leaf, parse, survey
from cellframe.frames.headers import read_header
from cellframe.resources.paging import read_records
from cellframe.resources.records import Record
from cellframe.sheets import companion
from cellframe.sheets.tables import format_of
from cellframe.sheets.workbook.sheet import Sheet
from cellframe.sheets.writing import write_table
from cellframe.version import __version__
from cellframe.writeback.choices import CHOICE, KEEP_MINE, TAKE_THEIRS
from cellframe.writeback.inputs import Base

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.frames.columns import Column
    from cellframe.frames.faults import Fault
    from cellframe.resources.base import Ref
    from cellframe.resources.cell_instance import CellInstances
    from cellframe.resources.cell_measurement import CellMeasurements
    from cellframe.resources.connection import Connection
    from cellframe.sheets.companion import Companion

NAMES = {CELL_SPEC: "Specs", CELL_BATCH: "Lots", CELL_INSTANCE: "Cells", CELL_MEASUREMENT: "Tests"}
"""What the sheet of a kind is called in a workbook."""
_MANY = 50
"""Specs whose lots are still asked for, to choose from."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Records of one kind, to be written as a sheet.

    Attributes
    ----------
    kind : RecordKind
        What they are.
    frame : DataFrame, shape (n_rows, n_columns)
        As it is to be edited.
    read : mapping of str to Base
        What was read of them, by id.
    faults : sequence of Fault
        Cells that break rules of the caller.
    """

    kind: RecordKind
    frame: pl.DataFrame
    read: Mapping[str, Base]
    faults: Sequence[Fault] = field(default=())


def read_of(connection: Connection, kind: RecordKind, frame: pl.DataFrame) -> dict[str, Base]:
    """Return what the rows of a frame were read from, by id."""
    keys = frame.select(kind.key, kind.version).drop_nulls()
    found = connection.versions.find(
        kind.name, keys[kind.key].to_list(), keys[kind.version].to_list()
    )
    return {id_: Base(one.record, one.pull.parents, {}) for id_, one in found.items()}


def also_read(
    connection: Connection,
    instances: CellInstances,
    kinds: Sequence[RecordKind],
    spec: Ref | Sequence[Ref] | None,
) -> list[Rows]:
    """Read what belongs to the cells of some specs: their tests, the lots of the specs."""
    from cellframe.resources.cell_batch import CellBatches
    from cellframe.resources.cell_measurement import CellMeasurements
    from cellframe.resources.project import Projects

    found: list[Rows] = []
    for kind in kinds:
        if kind is CELL_BATCH:
            frame = CellBatches(connection, instances.specs).to_frame(spec, backend="polars")
        else:
            tests = CellMeasurements(connection, instances, Projects(connection))
            frame = of_specs(tests, spec)
        found.append(Rows(kind, frame, read_of(connection, kind, frame)))
    return found


def of_specs(tests: CellMeasurements, spec: Ref | Sequence[Ref] | None) -> pl.DataFrame:
    """Read the tests of one spec, of several, or of the lab, as one frame."""
    specs = [spec] if spec is None or isinstance(spec, str | Record) else [*spec]
    frames = [tests.to_frame(spec=one, backend="polars") for one in specs]
    return pl.concat(frames, how="diagonal_relaxed")


def write(
    connection: Connection, given: Sequence[Rows], path: Path, *, has_edits: bool = False
) -> tuple[str, ...]:
    """Write records as a file; return what is to be known before it is edited.

    Parameters
    ----------
    given : sequence of Rows
        One of a kind at most; one alone, where the file is no workbook.
    path : Path
        The file.
    has_edits : bool
        Whether somebody's edits are in it: it is never taken for one that nobody touched.

    Raises
    ------
    SheetError
        It cannot be written, or has no place for several kinds.
    """
    if format_of(path) == "xlsx":
        return _write_workbook(connection, given, path, has_edits=has_edits)
    if len(given) > 1:
        kinds = " and ".join(f"{one.kind.noun}s" for one in given)
        message = f"{path.name} has place for one table, and these are {kinds}: name a workbook, {path.stem}.xlsx."
        raise SheetError(message)
    (one,) = given
    written = write_table(one.frame, path, name=one.kind.noun)
    beside = _companion(connection, one, "" if has_edits else written.digest)
    return *written.notices, *_keep(path, beside)


def _companion(connection: Connection, one: Rows, digest: str) -> Companion:
    shown = (parse(label) for label in one.frame.columns)
    return companion.Companion(
        kind=one.kind.name,
        service=connection.service,
        origin=connection.wire.origin,
        labels=tuple(one.frame.columns),
        digest=digest,
        client=__version__,
        records=[dict(base.record) for base in one.read.values()],
        units={".".join(at): unit for at, unit in shown if unit is not None},
        parents={id_: name for base in one.read.values() for id_, name in base.parents.items()},
    )


def write_measured(frame: pl.DataFrame, path: Path, what: str) -> tuple[str, ...]:
    """Write a table that is for reading; return what is to be known of it."""
    if format_of(path) == "xlsx":
        from cellframe.sheets.workbook.writing import write_workbook

        beside = companion.Companion(what, "", "", (), "", __version__, [])
        sheet = Sheet(what.capitalize(), frame, companion=beside)
        return write_workbook([sheet], path).notices
    written = write_table(frame, path)
    beside = companion.Companion(what, "", "", (), written.digest, __version__, [])
    return *written.notices, *_keep(path, beside)


def _keep(path: Path, beside: Companion) -> list[str]:
    """Write what a sheet was made from beside it; say where that cannot be."""
    try:
        companion.save(path, beside)
    except OSError as fault:
        name = companion.path_of(path).name
        return [
            f"{name} cannot be written ({fault.strerror}): the sheet is whole, and can come back on this computer alone."
        ]
    return []


def _write_workbook(
    connection: Connection, given: Sequence[Rows], path: Path, *, has_edits: bool
) -> tuple[str, ...]:
    from cellframe.sheets.workbook.writing import write_workbook

    sheets = [_sheet(connection, one) for one in given]
    origin = connection.wire.origin
    return write_workbook(sheets, path, origin=origin, has_edits=has_edits).notices


def _sheet(connection: Connection, one: Rows) -> Sheet:
    seen = survey(one.kind, (base.record for base in one.read.values()))
    columns = read_header(one.kind, one.frame, seen).columns
    beside = _companion(connection, one, "")
    return Sheet(
        NAMES[one.kind],
        one.frame,
        one.kind,
        columns,
        beside,
        _lists(connection, one, columns, _parents(one)),
        one.faults,
    )


@dataclass(frozen=True, slots=True)
class Built:
    """A build sheet that was written.

    Attributes
    ----------
    path : Path
        The file.
    rows, columns : int
        Its size, without the header.
    first, last : str
        Names of its first and its last cell.
    notices : tuple of str
        What to know before it is filled in.
    """

    path: Path
    rows: int
    columns: int
    first: str
    last: str
    notices: tuple[str, ...]


def write_build(connection: Connection, frame: pl.DataFrame, spec_id: str, path: Path) -> Built:
    """Write cells that are about to be built; see `CellInstances.build_file`.

    Raises
    ------
    SheetError
        There is such a file already, or it cannot be written.
    """
    if path.exists():
        message = f"{path} is there already, and was left as it is. Name another file."
        raise SheetError(message)
    if format_of(path) == "xlsx":
        from cellframe.sheets.workbook.writing import write_workbook

        sheet = _sheet_of_new(connection, frame, spec_id)
        notices = write_workbook([sheet], path, origin=connection.wire.origin).notices
    else:
        notices = write_table(frame, path).notices
    names = frame[CELL_INSTANCE.noun]
    return Built(path, frame.height, frame.width, names[0], names[-1], notices)


def _sheet_of_new(connection: Connection, frame: pl.DataFrame, spec_id: str) -> Sheet:
    one = Rows(CELL_INSTANCE, frame, {})
    columns = read_header(one.kind, frame, {}).columns
    lists = _lists(connection, one, columns, {spec_id})
    return Sheet(NAMES[one.kind], frame, one.kind, columns, lists=lists)


def _lists(
    connection: Connection, one: Rows, columns: Mapping[str, Column], parents: AbstractSet[str]
) -> dict[str, Sequence[str]]:
    """Return what there is to choose from, by label."""
    found: dict[str, Sequence[str]] = {}
    for label, column in columns.items():
        words = column.field.words if column.field else ()
        if column.leaf is Leaf.PARENT_NAME:
            words = sorted(set(one.frame[label].drop_nulls()))
        elif column.field is not None and column.field.refers_to:
            words = _named(connection, KINDS[column.field.refers_to], one.frame[label], parents)
        if words:
            found[label] = words
    if CHOICE in one.frame.columns:
        found[CHOICE] = (KEEP_MINE, TAKE_THEIRS)
    return found


def _named(
    connection: Connection, kind: RecordKind, there: pl.Series, parents: AbstractSet[str]
) -> list[str]:
    """Return the names of records that a column refers to: lots of the specs of these cells."""
    names = set(there.drop_nulls())
    if len(parents) <= _MANY:
        names |= set(_lots(connection, kind, sorted(parents)))
    return sorted(names)


def _parents(one: Rows) -> set[str]:
    return {
        str(id_) for base in one.read.values() if (id_ := base.record.get(one.kind.parent_field))
    }


def _lots(connection: Connection, kind: RecordKind, parents: Sequence[str]) -> Iterable[str]:
    from cellframe.contract import routes

    for parent in parents:
        path = routes.below(KINDS[kind.parent].collection, parent, kind.under_parent)
        try:
            yield from (str(one["name"]) for one in read_records(connection, kind, path, {}))
        except NotFoundError:
            return  # An older service: the lot is text on the cell.
