"""How is an apply finished that was left half done, and how is one taken back?"""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cellframe.errors import StalePlanError, StoreError
from cellframe.resources.returned import replan
from cellframe.store.journal import Journal, header
from cellframe.store.journals import user
from cellframe.writeback.apply import Terms, carry_out
from cellframe.writeback.inputs import Base, Source
from cellframe.writeback.receipt import Receipt
from cellframe.writeback.resuming import rest_of
from cellframe.writeback.saved import Saved, SavedFrame
from cellframe.writeback.told import account
from cellframe.writeback.undoing import bases, frame_of, images, notices, purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from os import PathLike
    from pathlib import Path

    from cellframe.contract.records import RecordKind
    from cellframe.resources.connection import Connection
    from cellframe.store.journal import Line
    from cellframe.store.journals import Journals
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.undoing import Image


def resume(
    connection: Connection, name: str | PathLike[str] | None, keep: Callable[[Receipt], None]
) -> Receipt:
    """Finish an apply; see ``client.resume``."""
    path = _meant(connection.journals, name)
    with Journal.reopen(path) as journal:
        told = account(path)
        _check_service(connection, told.header, path)
        rest = rest_of(told)
        plan = rest.whole(replan(connection, rest.to_plan()))
        if told.is_finished:
            receipt = Receipt(plan, rest.results(), journal=path)
            keep(receipt)
            return receipt
        found = rest.recovered(plan)
        journal.append([{"type": "resumed", "at": _now(), "user": user()}, *found])
        rest, terms = rest.with_outcomes(found), _terms(told.header)
        way, first = connection.way(terms.on_conflict), str(told.header["plan"])
        sent = rest.to_send(plan)
        return carry_out(sent, way, terms, journal, keep, rest.results, digest=first)


def _meant(journals: Journals, name: str | PathLike[str] | None) -> Path:
    """Return the journal that is named; else the last unfinished one of this user, else the last."""
    if name is not None:
        return journals.find(name)
    for paths in (journals.unfinished(), journals.newest_first()):
        own = (path for path in paths if header(path).get("user") == user())
        if path := next(own, None):
            return path
    raise StoreError("Nothing was applied from here yet.")


def undo(connection: Connection, applied: Receipt | str | PathLike[str] | None) -> Plan:
    """Return the plan that takes an apply back; see ``client.undo``."""
    told = account(_applied(connection, applied))
    _check_service(connection, told.header, told.path)
    written = images(told)
    if not written:
        raise StoreError(f"{told.path.stem} wrote nothing: there is nothing to undo.")
    frames = tuple(_edited(kind, records) for kind, records in written.items())
    plan = replan(connection, Saved(connection.service, connection.wire.origin, frames))
    why = purpose(told)
    return replace(plan, notices=(f"This {why}.", *notices(told), *plan.notices), purpose=why)


def _edited(kind: RecordKind, records: Sequence[Image]) -> SavedFrame:
    frame = frame_of(kind, records)
    kept = {key: Base(record, {}, {}) for key, record in bases(records).items()}
    source = Source(range(frame.height), kept=kept)
    # A unit that was edited is put back as it was; nothing is converted.
    return SavedFrame(kind, frame, source, None, frame.height, unit_edit="relabel")


def _applied(connection: Connection, applied: Receipt | str | PathLike[str] | None) -> Path:
    """Return the journal of an apply; that of the last one which wrote anything, where none is said."""
    if isinstance(applied, Receipt):
        if applied.journal is None:
            raise StoreError("Nothing was sent by this apply: there is nothing to undo.")
        return applied.journal
    if applied is not None:
        return connection.journals.find(applied)
    for path in connection.journals.newest_first():
        if header(path).get("user") == user() and account(path).written:
            return path
    raise StoreError("Nothing was written from here yet: there is nothing to undo.")


def _check_service(connection: Connection, about: Line, path: Path) -> None:
    if about.get("service") != connection.service:
        message = f"{path} tells of an apply to {about.get('origin')}, and this is {connection.wire.origin}. Nothing was sent."
        raise StalePlanError(message)


def _terms(about: Line) -> Terms:
    """Return what the caller of an apply agreed to; a newer cellframe may know of more."""
    known = {one.name for one in fields(Terms)}
    return Terms(**{name: value for name, value in about["terms"].items() if name in known})


def _now() -> str:
    return datetime.now(UTC).isoformat()
