"""Pages become a frame, and what was read is kept for the day it comes back edited."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cellframe.errors import ConfigError
from cellframe.resources.paging import read_rows
from cellframe.resources.rules import rules
from cellframe.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.backend import Backend
    from cellframe.frames.columns import Column, Place, Seen
    from cellframe.frames.invalid import OnInvalid
    from cellframe.frames.rows import Rows
    from cellframe.resources.changes import Changes
    from cellframe.resources.connection import Connection
    from cellframe.resources.paging import List

Columns: TypeAlias = "Sequence[str] | Literal['all'] | None"

_ORDER = {"order_by": "created_at", "order": "asc"}
"""Ascending, so that pages of an earlier reading come back unchanged and are kept once."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a frame is wanted.

    Attributes
    ----------
    backend : str or None
        polars or pandas; the client's where None.
    units : mapping of str to str
        By label without unit; they stand above the client's.
    columns : sequence of str, "all" or None
        Columns to have at any rate; ``"all"`` adds times, creators and ids.
    schema : pandera schema or None
        Rules of the caller's own.
    on_invalid : {"raise", "report", "drop"}
        What becomes of rows that break a rule.
    changes : Changes or None
        Since when only what changed is wanted.
    """

    backend: Backend | None = None
    units: Mapping[str, str] | None = None
    columns: Columns = None
    schema: Any = None
    on_invalid: OnInvalid = "raise"
    changes: Changes | None = None

    def narrowed(self, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the query of a list, narrowed to what changed where that is wanted."""
        return query if self.changes is None else self.changes.narrowed(query)

    def __post_init__(self) -> None:
        if self.on_invalid != "raise":
            from cellframe.frames.invalid import check_choice

            check_choice(self.on_invalid)


def read_all(connection: Connection, kind: RecordKind, lists: Sequence[List]) -> Rows:
    """Every record of some lists, once, in ascending order of creation; see `read_rows`."""
    return read_rows(connection, kind, [(path, {**query, **_ORDER}) for path, query in lists])


def to_frame(
    connection: Connection,
    rows: Rows,
    *,
    scope: str,
    query: Mapping[str, Any],
    parents: Mapping[str, str],
    wish: Wish,
    spec: Mapping[str, Any] | None = None,
    finish: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame,
) -> Any:
    """Return the checked frame of what was read; the reading itself is kept.

    Parameters
    ----------
    scope : str
        Id of the parent whose records these are; empty for all.
    query : mapping
        Filters: with any, a record that is not there may still exist.
    parents : mapping of str to str
        Names of the parents by id, as far as they could be read.
    spec : mapping, optional
        The one spec that all of it belongs to.
    finish : callable
        Adds columns that are of other records.
    """
    from cellframe.accessors import register
    from cellframe.frames.backend import to_backend
    from cellframe.frames.check import break_rules, find_faults
    from cellframe.frames.invalid import settle

    kind = rows.kind
    wish = wish if wish.changes is None else wish.changes.shaped(wish)
    columns = _columns(connection, rows, spec, wish)
    frame, faults = rows.decode(columns, parents)
    faults = find_faults(frame, columns, name=kind.noun, faults=faults)
    wanted = frame
    if wish.changes is not None:
        wanted, faults = wish.changes.changed(frame, faults, wish.columns)
    whole = finish(wanted)
    faults += break_rules(whole, rules(connection, kind.name, wish.schema), kind.noun)
    shown = settle(whole, faults, wish.on_invalid)
    _keep(connection, rows, frame.columns, scope=scope, query=query, parents=parents)
    backend = wish.backend or connection.settings.backend
    made = to_backend(shown, backend)
    register()
    if wish.changes is not None:
        wish.changes.mark(made, backend)
    return made


def _columns(
    connection: Connection, rows: Rows, spec: Mapping[str, Any] | None, wish: Wish
) -> tuple[Column, ...]:
    from cellframe.frames.columns import arrange, leaf_columns, plain_columns
    from cellframe.frames.units import choose

    kind, seen = rows.kind, rows.survey()
    asked = {**connection.settings.units, **(wish.units or {})}
    _check_units(asked)
    units = choose(kind, seen, asked, spec)
    plain = plain_columns(kind, everything=wish.columns == "all")
    leaves = leaf_columns(kind, seen, units)
    if wish.columns is not None and wish.columns != "all":
        plain, leaves = _with_wanted(kind, wish.columns, plain, leaves, seen, asked)
    if wish.changes is not None:
        plain += wish.changes.columns(plain)
    _warn_of_strays(wish.units or {}, leaves)
    return arrange(kind, plain, leaves)


def _check_units(asked: Mapping[str, str]) -> None:
    from cellframe.contract.quantities import is_unit

    for label, unit in asked.items():
        if not is_unit(unit):
            message = f"units={{{label!r}: {unit!r}}}: {unit!r} is not a unit that is known here."
            raise ConfigError(message)


def _warn_of_strays(units: Mapping[str, str], leaves: Sequence[Column]) -> None:
    """Say which of the units that were asked for belong to no column."""
    from cellframe.frames.columns import parse
    from cellframe.frames.invalid import outside

    labels = {".".join(parse(column.label)[0]) for column in leaves}
    for label in units:
        if label not in labels:
            near = get_close_matches(label, labels, n=1)
            advice = f" Did you mean {near[0]!r}?" if near else ""
            warnings.warn(
                f"units= names {label!r}, which is no column here.{advice}", stacklevel=outside()
            )


def _with_wanted(
    kind: RecordKind,
    wanted: Sequence[str],
    plain: list[Column],
    leaves: list[Column],
    seen: Mapping[Place, Seen],
    asked: Mapping[str, str],
) -> tuple[list[Column], list[Column]]:
    """Return the columns, with those that are wanted at any rate."""
    import polars as pl

    from cellframe.contract.quantities import default_unit
    from cellframe.frames.columns import Leaf, parse
    from cellframe.frames.headers import read_header

    if isinstance(wanted, str):
        message = f"columns={wanted!r}: give a list of labels, or 'all'."
        raise ConfigError(message)
    have = {column.label for column in (*plain, *leaves)} | {
        ".".join(parse(c.label)[0]) for c in leaves
    }
    labels: dict[str, pl.DataType] = {}
    for label in wanted:
        path, unit = parse(label)
        usual = asked.get(label) or default_unit(path)
        full = f"{label} [{usual}]" if unit is None and len(path) > 1 and usual else label
        if label not in have and full not in have:
            labels[full] = pl.String()
    header = read_header(kind, pl.DataFrame(schema=labels), seen)
    if header.faults:
        raise ConfigError(" ".join(fault.message for fault in header.faults))
    more = [
        column
        for column in header.columns.values()
        if column.label not in {kind.version, kind.parent_noun}
    ]
    return (
        plain + [column for column in more if column.leaf is Leaf.PLAIN],
        leaves + [column for column in more if column.leaf is not Leaf.PLAIN],
    )


def _keep(
    connection: Connection,
    rows: Rows,
    labels: Sequence[str],
    *,
    scope: str,
    query: Mapping[str, Any],
    parents: Mapping[str, str],
) -> None:
    from cellframe.store.versions import Pull

    pull = Pull(
        kind=rows.kind.name,
        scope=scope,
        complete=not query,
        query={name: str(value) for name, value in query.items()},
        labels=labels,
        fetched_at=time.time(),
        client=__version__,
        parents=parents,
    )
    try:
        connection.versions.keep(pull, rows.pages, rows.index())
    except OSError as fault:
        # A report in a read-only place must still be able to read.
        message = (
            f"What you read could not be kept in {connection.versions.folder} ({fault.strerror or fault}). "
            "A plan of this frame will compare with the service alone. Set CELLFRAME_HOME to a folder you can write."
        )
        warnings.warn(message, stacklevel=4)
