"""What has changed since a frame, or since a time?

Of a frame its ids and versions are known, and through what was read the time on the service's own
clock. The service is asked for what changed after that time, with a margin; what has the version
that the frame has did not change. Where no time is known, all is read and compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cellframe.errors import ConfigError
from cellframe.frames.faults import Fault, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.backend import Backend
    from cellframe.frames.columns import Column
    from cellframe.resources.connection import Connection
    from cellframe.resources.reading import Columns, Wish

AFTER = "updated_at_gt"
UPDATED = "updated_at"
_MARGIN = timedelta(seconds=60)
"""A write is stamped before it can be seen: one that was under way at the reading may be older."""


@dataclass(frozen=True)
class Changes:
    """What is known of a frame, or a time, that changes are asked since.

    Attributes
    ----------
    since : datetime or None
        Time on the service's clock, UTC without zone; None where it is not known.
    frame : DataFrame or None
        The frame, in polars; None for a time.
    read : mapping of str to str
        Versions by id, of all that was read with the frame.
    """

    connection: Connection = field(repr=False)
    kind: RecordKind
    since: datetime | None
    frame: pl.DataFrame | None = field(default=None, repr=False)
    read: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"], repr=False)

    def narrowed(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """Return the query of a list, narrowed to what changed.

        Raises
        ------
        ConfigError
            It asks for another time already.
        """
        if AFTER in query:
            message = "changed_since= and updated_after= name two times. Give one of them."
            raise ConfigError(message)
        if self.since is None:
            return dict(query)
        return {**query, AFTER: f"{self.since.isoformat(timespec='microseconds')}Z"}

    def shaped(self, wish: Wish) -> Wish:
        """Return the wish for a frame with the properties, and the units, of the one that is given."""
        if self.frame is None:
            return wish
        from cellframe.frames.columns import Leaf, escape, parse
        from cellframe.frames.headers import read_header

        columns = read_header(self.kind, self.frame, {}).columns.values()
        own = [
            c
            for c in columns
            if c.leaf in (Leaf.QUANTITY, Leaf.TEXT) and f"{c.label}.unit" not in self.frame.columns
        ]
        units = {parse(c.label)[0]: c.unit for c in own if c.unit is not None}
        shown = {".".join(map(escape, path)): unit for path, unit in units.items()}
        asked = {**shown, **(wish.units or {})}
        labels = [c.label for c in own] if wish.columns is None else wish.columns
        return replace(wish, units=asked, columns=labels)

    def columns(self, have: Iterable[Column]) -> list[Column]:
        """Return the column of the time of a change, where rows are told apart by it."""
        from cellframe.frames.columns import Column

        row = self.kind.field(UPDATED)
        is_there = row.column in {column.label for column in have}
        return [] if is_there or self.frame is not None else [Column(row.column, field=row)]

    def changed(
        self, frame: pl.DataFrame, faults: Sequence[Fault], asked: Columns
    ) -> tuple[pl.DataFrame, list[Fault]]:
        """Return the rows that changed and what is wrong with them, whatever the service sent.

        Parameters
        ----------
        asked : sequence of str, "all" or None
            Columns that are wanted at any rate: the time is taken away where it is none of them.
        """
        rows = [row for row, is_new in enumerate(self._is_new(frame)) if is_new]
        place = {row: number for number, row in enumerate(rows)}
        mine = [
            fault if fault.row is None else _moved(fault, place[fault.row])
            for fault in faults
            if fault.row is None or fault.row in place
        ]
        label = self.kind.field(UPDATED).column
        is_asked = asked == "all" or label in (asked or ())
        return frame[rows].drop([] if is_asked else label, strict=False), mine

    def _is_new(self, frame: pl.DataFrame) -> Iterable[bool]:
        if self.frame is None:
            # A record without a time cannot be said to be older.
            times = frame[self.kind.field(UPDATED).column]
            return [one is None or self.since is None or one > self.since for one in times]
        versions = zip(frame[self.kind.key], frame[self.kind.version], strict=True)
        return [now is None or self.read.get(id_) != now for id_, now in versions]

    def mark(self, made: Any, backend: Backend) -> None:
        """Let a frame of changes say what is gone, where it is since a frame."""
        from cellframe.accessors import GONE

        known: list[Any] = []

        def gone() -> Any:
            known.extend([] if known else [self._gone(backend)])
            return known[0]

        if self.frame is not None:
            # Past pandas' own, which takes a new attribute for a slip of a column.
            object.__setattr__(made, GONE, gone)

    def _gone(self, backend: Backend) -> Any:
        """Ask the service for the frame's records: those that it no longer has, by id and name."""
        import polars as pl

        from cellframe.frames.backend import to_backend
        from cellframe.resources.present import records

        assert self.frame is not None
        kind, frame = self.kind, self.frame
        wanted = [label for label in (kind.key, kind.noun) if label in frame.columns]
        asked = frame.drop_nulls(kind.key).unique(kind.key, maintain_order=True)
        ids = asked[kind.key].to_list()
        parent = _parent_key(kind)
        above = asked[parent] if parent in asked.columns else [None] * len(ids)
        there = set(records(self.connection.within(0), kind, dict(zip(ids, above, strict=True))))
        return to_backend(asked.select(wanted).filter(~pl.col(kind.key).is_in(there)), backend)


def _moved(fault: Fault, row: int) -> Fault:
    return replace(renamed(fault, fault.name, f"Row {row}"), row=row)


def _parent_key(kind: RecordKind) -> str:
    from cellframe.contract.records import KINDS

    return KINDS[kind.parent].key if kind.parent else ""


def changes_since(connection: Connection, kind: RecordKind, given: Any) -> Changes | None:
    """Return what is known of ``changed_since=``; None where it was not given.

    Raises
    ------
    ConfigError
        It is neither a time nor a frame with ids and versions.
    """
    if given is None:
        return None
    if isinstance(given, str | date):
        return Changes(connection, kind, _moment(given))
    return _of_frame(connection, kind, given)


def _of_frame(connection: Connection, kind: RecordKind, given: Any) -> Changes:
    from cellframe.contract.records import opaque_version
    from cellframe.errors import PlanError
    from cellframe.frames.backend import to_polars

    try:
        frame = to_polars(given).frame
    except PlanError as fault:
        message = f"changed_since= wants a time or a frame: {fault}"
        raise ConfigError(message) from None
    missing = [label for label in (kind.key, kind.version) if label not in frame.columns]
    if missing:
        message = f"changed_since= wants a frame with {kind.key!r} and {kind.version!r}; this one has no {' and no '.join(map(repr, missing))}."
        raise ConfigError(message)
    versions = dict(frame.select(kind.key, kind.version).drop_nulls().iter_rows())
    # What was read after the frame must not pass for what it had: the first reading, not the last.
    found = connection.versions.find(kind.name, list(versions), list(versions.values()), first=True)
    pulls = {read.pull.name: read.pull for read in found.values()}
    together = [list(connection.versions.records(pull)) for pull in pulls.values()]
    newest = [_newest(records) for records in together] if len(found) == len(versions) else []
    times = [one for one in newest if one is not None]
    since = min(times) - _MARGIN if times and len(times) == len(newest) else None
    read = {r["id"]: opaque_version(r) for records in together for r in records}
    return Changes(connection, kind, since, frame, {**read, **versions})


def _newest(records: Iterable[Mapping[str, Any]]) -> datetime | None:
    """Return the time of the newest change among records; None where one tells no time."""
    texts = [record.get(UPDATED) for record in records]
    try:
        return max((_moment(text) for text in texts if isinstance(text, str)), default=None)
    except ConfigError:
        return None


def _moment(given: str | date) -> datetime:
    """Return a time in UTC without zone; one without a zone is taken for UTC."""
    try:
        moment = datetime.fromisoformat(given) if isinstance(given, str) else given
    except ValueError:
        message = f"changed_since={given!r} is no time. Write it as 2026-11-03T14:30:00, in UTC."
        raise ConfigError(message) from None
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - UTC, as all here
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
