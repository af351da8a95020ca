"""Pages become a frame, and what was read is kept for the day it comes back edited."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cellframe.contract.records import CELL_SPEC
from cellframe.errors import ConfigError, TransportError
from cellframe.resources.rules import rules
from cellframe.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import polars as pl

    from cellframe.contract.records import RecordKind
    from cellframe.frames.backend import Backend
    from cellframe.frames.columns import Column, Place, Seen
    from cellframe.frames.invalid import OnInvalid
    from cellframe.resources.connection import Connection

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
    """

    backend: Backend | None = None
    units: Mapping[str, str] | None = None
    columns: Columns = None
    schema: Any = None
    on_invalid: OnInvalid = "raise"

    def __post_init__(self) -> None:
        if self.on_invalid != "raise":
            from cellframe.frames.invalid import check_choice

            check_choice(self.on_invalid)


def read_all(
    connection: Connection, path: str, query: Mapping[str, Any]
) -> list[list[dict[str, Any]]]:
    """Every page of a list, each record once.

    Raises
    ------
    TransportError
        Records came or went while the pages were read, twice in a row.
    """
    for _ in range(2):
        pages = list(connection.pages(path, {**query, **_ORDER}))
        records = [record for page in pages for record in page["items"]]
        ids = {record["id"] for record in records}
        totals = {page.get("total", len(records)) for page in pages}
        if len(ids) == len(records) and totals == {len(records)}:
            return [page["items"] for page in pages]
    message = f"{path} kept changing while its pages were read. Read it again."
    raise TransportError(message, request=f"GET {path}")


def to_frame(
    connection: Connection,
    kind: RecordKind,
    pages: Sequence[Sequence[dict[str, Any]]],
    *,
    scope: str,
    query: Mapping[str, Any],
    parents: Mapping[str, Mapping[str, Any]],
    wish: Wish,
    finish: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame,
) -> Any:
    """Return the checked frame of what was read; the reading itself is kept.

    Parameters
    ----------
    scope : str
        Id of the parent whose records these are; empty for all.
    query : mapping
        Filters: with any, a record that is not there may still exist.
    parents : mapping of str to mapping
        The parents' records by id, as far as they could be read.
    finish : callable
        Adds columns that are of other records.
    """
    from cellframe.accessors import register
    from cellframe.frames.backend import to_backend
    from cellframe.frames.check import break_rules, find_faults
    from cellframe.frames.decode import decode
    from cellframe.frames.invalid import settle

    records = [record for page in pages for record in page]
    spec = parents.get(scope) if kind.parent == CELL_SPEC.name else None
    columns = _columns(connection, kind, records, spec, wish)
    names = {id_: str(parent["name"]) for id_, parent in parents.items()}
    frame, faults = decode(kind, records, columns, names)
    faults = find_faults(frame, columns, name=kind.noun, faults=faults)
    whole = finish(frame)
    faults += break_rules(whole, rules(connection, kind.name, wish.schema), kind.noun)
    shown = settle(whole, faults, wish.on_invalid)
    _keep(connection, kind, pages, frame, scope=scope, query=query, parents=names)
    made = to_backend(shown, wish.backend or connection.settings.backend)
    register()
    return made


def _columns(
    connection: Connection,
    kind: RecordKind,
    records: Sequence[Mapping[str, Any]],
    spec: Mapping[str, Any] | None,
    wish: Wish,
) -> tuple[Column, ...]:
    from cellframe.frames.columns import arrange, leaf_columns, plain_columns, survey
    from cellframe.frames.units import choose

    seen = survey(kind, records)
    asked = {**connection.settings.units, **(wish.units or {})}
    _check_units(asked)
    units = choose(kind, seen, asked, spec)
    plain = plain_columns(kind, everything=wish.columns == "all")
    leaves = leaf_columns(kind, seen, units)
    if wish.columns is not None and wish.columns != "all":
        plain, leaves = _with_wanted(kind, wish.columns, plain, leaves, seen, asked)
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

    labels = {".".join(parse(column.label)[0]) for column in leaves}
    for label in units:
        if label not in labels:
            near = get_close_matches(label, labels, n=1)
            advice = f" Did you mean {near[0]!r}?" if near else ""
            warnings.warn(f"units= names {label!r}, which is no column here.{advice}", stacklevel=5)


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
    kind: RecordKind,
    pages: Sequence[Sequence[dict[str, Any]]],
    frame: Any,
    *,
    scope: str,
    query: Mapping[str, Any],
    parents: Mapping[str, str],
) -> None:
    from cellframe.store.versions import Pull

    pull = Pull(
        kind=kind.name,
        scope=scope,
        complete=not query,
        query={name: str(value) for name, value in query.items()},
        labels=frame.columns,
        fetched_at=time.time(),
        client=__version__,
        parents=parents,
    )
    index = frame.select(id=kind.key, version=kind.version)
    try:
        connection.versions.keep(pull, pages, index)
    except OSError as fault:
        # A report in a read-only place must still be able to read.
        message = (
            f"What you read could not be kept in {connection.versions.folder} ({fault.strerror or fault}). "
            "A plan of this frame will compare with the service alone. Set CELLFRAME_HOME to a folder you can write."
        )
        warnings.warn(message, stacklevel=4)
