"""What a plan compares is gathered: the edited frame, what was read, what the service has.

Reads only. A frame carries ids and versions; the version store turns them into what its editor
saw. The service is asked about rows that are not as they were read, and about new names.
"""

from __future__ import annotations

import unicodedata
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from cellframe.contract.records import RecordKind, opaque_version
from cellframe.frames.backend import AnyFrame, Incoming, to_polars
from cellframe.frames.cast import Typed, cast
from cellframe.frames.columns import parse
from cellframe.frames.faults import Fault, renamed
from cellframe.frames.headers import Header, read_header
from cellframe.frames.rows import Rows
from cellframe.frames.shapes import Shapes
from cellframe.resources.again import Again
from cellframe.resources.higher import misplaced
from cellframe.resources.identity import (
    NOT_RECORDS,
    Keys,
    Parents,
    called,
    parent_ids,
    refuse,
    refuse_series,
    twins,
)
from cellframe.resources.present import below, lots, namesakes, records
from cellframe.resources.taken import OnExists, check_on_exists, settled
from cellframe.writeback.assemble import assemble
from cellframe.writeback.bases import Bases, Reading, readings
from cellframe.writeback.choices import read_choices
from cellframe.writeback.deletions import read_deletes
from cellframe.writeback.inputs import Base, Edited, Present, Source
from cellframe.writeback.known_rows import touched
from cellframe.writeback.limits import Limits
from cellframe.writeback.part import Part
from cellframe.writeback.plan import Plan
from cellframe.writeback.steps import WRITES
from cellframe.writeback.unit_edits import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from cellframe.resources.connection import Connection
    from cellframe.store.versions import Pull
    from cellframe.writeback.unit_edits import UnitEdit


def make_plan(
    connection: Connection,
    kind: RecordKind,
    frame: AnyFrame,
    *,
    base: AnyFrame | None = None,
    parents: Parents | None = None,
    source: Source | None = None,
    unit_edit: UnitEdit | None = None,
    on_exists: OnExists = "error",
) -> Plan:
    """Return the plan of an edited frame; see the resources' ``plan``.

    Parameters
    ----------
    parents : Parents, optional
        Parents of new rows.
    source : Source, optional
        Where the frame came from, where that is a file.
    unit_edit : {"relabel", "convert"}, optional
        What an edited unit over an unedited number means.
    on_exists : {"error", "update", "skip"}
        What becomes of new rows whose names are taken.
    """
    checked(unit_edit)
    check_on_exists(on_exists)
    refuse_series(_labels(frame))
    incoming = to_polars(frame)
    source = source or Source(range(incoming.frame.height))

    def planned(given: pl.DataFrame) -> Plan:
        like = replace(incoming, frame=given)
        above = parents or Parents(None, None)
        return _planned(connection.within(0), kind, like, base, above, source, unit_edit)

    return settled(planned(incoming.frame), incoming.frame, on_exists, planned)


def _labels(frame: AnyFrame) -> list[str]:
    """Return the columns of a frame, of a lazy one before its rows are read."""
    if isinstance(frame, pl.LazyFrame):
        with suppress(pl.exceptions.PolarsError):  # `to_polars` says what is wrong.
            return frame.collect_schema().names()
    return [str(label) for label in getattr(frame, "columns", ())]


def _planned(
    connection: Connection,
    kind: RecordKind,
    incoming: Incoming,
    base: AnyFrame | None,
    parents: Parents,
    source: Source,
    unit_edit: UnitEdit | None,
) -> Plan:
    """Return the plan of an edited frame, with every name that is taken told."""
    keys = Keys(kind, incoming.frame, source.numbers, in_workbook=bool(source.sheet))
    bases, now = (
        _bases(connection, kind, keys, source.kept)
        if base is None
        else _given(connection, kind, base)
    )
    known = bases.standing_in(now)
    header = read_header(kind, incoming.frame, known.survey())
    choices, faults = read_choices(incoming.frame, source.numbers)
    deletes, slips = read_deletes(incoming.frame, source.numbers)
    refuse(NOT_RECORDS, [*header.faults, *faults, *slips])
    read, _ = bases.columns(list(header.columns.values()), keys.ids)
    is_known = pl.Series([id_ in bases for id_ in keys.ids], dtype=pl.Boolean)
    given = _settled(incoming.frame, source, header, read, is_known)
    names = called(keys, keys.names(header, given.texts), bases)
    typed = _typed(given, header, names, source, incoming.numbers)
    above = parent_ids(keys, typed.frame, known, parents)
    edited = Edited(
        kind, given.frame, header.columns, typed, keys.ids, names, above, source.numbers, choices
    )
    edited = replace(edited, unit_edit=unit_edit, deletes=deletes, new_parents=parents.new)
    lost = {**parents.lost, **misplaced(connection, keys, above)}
    edited = replace(edited, orphans=lost)
    refuse("Two new rows have one name.", twins(edited))
    unread = {id_ for id_ in keys.known_ids if id_ not in bases}
    doomed = {id_ for row in deletes if (id_ := keys.ids[row]) is not None}
    asked = {*touched(edited, bases, read), *unread, *doomed}
    present = _asked(connection, edited, bases, asked)
    part = Part(
        kind,
        given.frame,
        len(keys.known_ids),
        backend=incoming.backend,
        numbers=source.numbers,
        parent_id=parents.given,
        unit_edit=unit_edit,
    )
    empty = _empty(connection, part, (*source.notices, *given.notices))
    plan = assemble(edited, bases, present, asked, empty)
    rows = [row for row, id_ in enumerate(keys.ids) if id_ in unread and id_ in present.records]
    return _looked_over(connection, plan, keys, header, rows)


class _Given(NamedTuple):
    """An edited frame, ready to be cast.

    `frame` is in its owner's columns, as it is told; `texts` has the cells that are read.
    """

    frame: pl.DataFrame
    texts: pl.DataFrame
    faults: Sequence[Fault] = ()
    notices: Sequence[str] = ()


_MOST_NAMED = 8


def _settled(
    frame: pl.DataFrame, source: Source, header: Header, read: pl.DataFrame, known: pl.Series
) -> _Given:
    """Put the cells of a file that nobody edited back as they were read."""
    columns = header.columns
    if source.codec == "typed" or not columns:
        return _Given(frame, frame)
    from cellframe.sheets.settle import settle

    found = settle(
        columns,
        frame.select(list(columns)),
        read,
        known,
        codec=source.codec,
        delimiter=source.delimiter,
        kinds=source.kinds,
        place=source.place if source.letters else None,
    )
    shown = [pl.coalesce(found.frame[label], frame[label]).alias(label) for label in columns]
    return _Given(frame.with_columns(shown), found.frame, found.faults, found.notices)


def _typed(
    given: _Given,
    header: Header,
    names: Sequence[str | None],
    source: Source,
    mixed: Mapping[str, list[int]],
) -> Typed:
    """Return a frame with the declared types."""
    typed = cast(given.texts, header.columns, [None] * len(names), mixed)
    faults = [
        renamed(fault, names[row], source.place(row, str(fault.column)))
        for fault in (*typed.faults, *given.faults)
        for row in [fault.row or 0]
    ]
    return replace(typed, faults=faults)


def _bases(
    connection: Connection,
    kind: RecordKind,
    keys: Keys,
    kept: Mapping[tuple[str, str], Base],
) -> tuple[Bases, dict[str, Mapping[str, Any]]]:
    """Find what was read, by id, and what the service has where that is not known here.

    A version that is not kept here, but that the service still has, is a base all the same.
    """
    shapes = connection.shapes_of(kind, [kind.collection])
    bases = Bases(kind, _kept(connection, kind, keys, kept), shapes=shapes)
    missing = [id_ for id_ in keys.known_ids if id_ not in bases]
    now = records(connection, kind, dict.fromkeys(missing))
    nothing: dict[str, str] = {}
    same = {
        id_: Base(record, nothing, nothing)
        for id_, record in now.items()
        if keys.versions.get(id_, "") == opaque_version(dict(record))
    }
    return bases.joined(readings(same)), now


def _kept(
    connection: Connection, kind: RecordKind, keys: Keys, kept: Mapping[tuple[str, str], Base]
) -> list[Reading]:
    """Return what was read: as it is kept on this disk, else as the file itself says."""
    ids, versions = list(keys.versions), list(keys.versions.values())
    located = connection.versions.locate(kind.name, ids, versions)
    found = {id_ for one in located for id_ in one.places}
    told = {
        id_: kept[id_, version]
        for id_, version in keys.versions.items()
        if id_ not in found and (id_, version) in kept
    }
    here = (
        Reading(one.pages, one.rows, one.places, one.pull.parents, _units(one.pull))
        for one in located
    )
    return [*here, *readings(told)]


def _given(
    connection: Connection, kind: RecordKind, base: AnyFrame
) -> tuple[Bases, dict[str, Mapping[str, Any]]]:
    """Find the records behind a frame that the caller says was read.

    Raises
    ------
    PlanError
        A version in it is neither kept here nor what the service has.
    """
    frame = to_polars(base).frame
    keys = Keys(kind, frame, range(frame.height))
    bases, now = _bases(connection, kind, keys, {})
    faults = [
        Fault(
            _UNKNOWN_BASE.format(row=row, version=keys.versions.get(id_)), row, rule="known version"
        )
        for row, id_ in enumerate(keys.ids)
        if id_ is not None and id_ not in bases
    ]
    refuse("base= cannot be read as records.", faults)
    return bases, now


_UNKNOWN_BASE = (
    "base=, row {row}: version {version!r} is not kept here, nor is it what the service has. "
    "Plan without base= to compare with the service alone."
)


def _asked(connection: Connection, edited: Edited, bases: Bases, ids: AbstractSet[str]) -> Present:
    """Ask the service about the rows that are edited, and about the names that are new."""
    found = records(connection, edited.kind, bases.parents_of(sorted(ids)))
    doomed = [id_ for row in sorted(edited.deletes) if (id_ := edited.ids[row]) in found]
    taken, gone = namesakes(connection, edited, bases)
    return Present(
        records=found,
        below=below(connection, edited.kind, [str(id_) for id_ in doomed]),
        namesakes=taken,
        lots=lots(connection, edited, found.values()),
        own=connection.journals.own_writes,
        gone=gone,
    )


def _empty(connection: Connection, part: Part, notices: tuple[str, ...]) -> Plan:
    """Return the plan before its steps: whose it is, and what its limits are a part of."""
    return Plan(
        parts=(part,),
        steps=(),
        service=connection.service,
        origin=connection.wire.origin,
        notices=notices,
        limits=connection.settings.limits or Limits(),
        again=Again(connection),
    )


def _looked_over(
    connection: Connection, plan: Plan, keys: Keys, header: Header, unread: Sequence[int]
) -> Plan:
    """Return the plan with what was read around its rows, and what to look at before sending."""
    plan = replace(plan, notices=(*plan.notices, *_notices(plan, header, unread)))
    pull = (
        connection.versions.covering(plan.kind.name, keys.known_ids)
        if plan and keys.known_ids
        else None
    )
    if pull is None:
        return plan
    rows = max(pull.rows, plan.part.base_rows)
    filled = _filled(connection, plan, pull)
    return plan.with_part(replace(plan.part, base_rows=rows, base_filled=filled))


def _units(pull: Pull) -> dict[str, str]:
    """Return the units that a reading was shown in, by label without unit."""
    shown = (parse(label) for label in pull.labels)
    return {".".join(path): unit for path, unit in shown if unit is not None}


def _notices(plan: Plan, header: Header, unread: Sequence[int]) -> Iterable[str]:
    """Say what to look at before sending: a property that no record has may be a slip."""
    noun = plan.kind.noun
    sent = {change.label for step in plan.rows if step.action in WRITES for change in step.changes}
    for label, near in header.new:
        if label in sent:
            yield f"{label!r} is a property that no {noun} has yet" + (
                f"; the nearest is {near!r}." if near else "."
            )
    own = sum(change.is_own for step in plan.rows for change in step.changes)
    if own:
        values = "1 value was" if own == 1 else f"{own} values were"
        yield f"{values} written by an earlier apply from here, after this frame was read, and no conflict: shown as read."
    yield from _case_twins(plan)
    if unread:
        called = ", ".join(str(plan.number(row)) for row in unread[:_MOST_NAMED])
        more = ", …" if len(unread) > _MOST_NAMED else ""
        count = len(unread)
        rows = f"Row {called} carries" if count == 1 else f"{count} rows ({called}{more}) carry"
        yield (
            f"{rows} no version that is known here, and can only be compared with the service as it is: "
            f"what somebody changed since you read them shows as your edit, and empty values are left as they are. "
            f"Keep the {plan.kind.version!r} column to have both told apart."
        )
    if not plan.edited.height:
        yield "The frame has no rows."


def _case_twins(plan: Plan) -> Iterable[str]:
    """Names of new and renamed records that differ from another row's in case alone."""
    names: dict[tuple[str | None, str], str] = {}
    for step in plan.rows:
        if step.name is not None and step.action in WRITES:
            folded = unicodedata.normalize("NFC", step.name).casefold()
            other = names.setdefault((step.parent_id, folded), step.name)
            if other != step.name:
                yield f"{other!r} and {step.name!r} differ in case alone."


def _filled(connection: Connection, plan: Plan, pull: Pull) -> dict[str, int]:
    """Count the filled cells of what was read, for columns in which the plan clears some."""
    cleared = {change.label: change.column for step in plan.rows for change in step.changes}
    columns = [column for label, column in cleared.items() if plan.clears[label]]
    if not columns:
        return {}
    rows = Rows(plan.kind, list(connection.versions.pages(pull)), Shapes(plan.kind))
    frame, _ = rows.decode(columns, {})
    return {label: frame.height - frame[label].null_count() for label in frame.columns}
