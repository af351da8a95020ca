"""Whose tests are meant: those of one cell, of several, of a spec, or of the lab.

The cells and their tests are listed once; what comes after asks for data alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract import routes
from cellframe.contract.records import CELL_INSTANCE, CELL_MEASUREMENT
from cellframe.errors import ConfigError, InvalidRecordError, NotFoundError
from cellframe.frames.long import Owner
from cellframe.frames.rows import Rows
from cellframe.resources.gather import gather
from cellframe.resources.paging import read_page
from cellframe.resources.reading import read_all
from cellframe.resources.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cellframe.resources.base import Ref
    from cellframe.resources.cell_instance import CellInstances
    from cellframe.resources.connection import Connection
    from cellframe.resources.records import CellSpec


@dataclass(frozen=True)
class Scope:
    """Cells, and where their tests are listed.

    Attributes
    ----------
    parent : str
        Id of the spec, or of the cell, that all of it belongs to; empty for several.
    cells : Rows
        Their records as they came.
    specs : mapping of str to CellSpec
        Those that could be read, by id.
    paths : sequence of (str, dict)
        The lists of their tests: path and query.
    """

    parent: str
    cells: Rows
    specs: Mapping[str, CellSpec] = field(repr=False)
    paths: Sequence[tuple[str, dict[str, Any]]] = field(repr=False)

    @cached_property
    def by_id(self) -> dict[str, dict[str, Any]]:
        """The cells by id."""
        return {cell["id"]: cell for cell in self.cells.records}

    @property
    def is_one(self) -> bool:
        """Whether it is one cell."""
        return len(self.cells) == 1

    def owner(self, test: Mapping[str, Any]) -> Owner:
        """Return the ids and names above a test."""
        instance_id = str(test["cell_instance_id"])
        cell = self.by_id.get(instance_id, {})
        spec_id = cell.get("cell_specification_id")
        spec = self.specs.get(str(spec_id))
        return Owner(
            str(test["id"]),
            instance_id,
            spec_id,
            str(test["name"]),
            cell.get("name"),
            spec.name if spec else None,
        )

    def tests(self, connection: Connection, query: Mapping[str, Any]) -> Rows:
        """Read their tests, in ascending order of creation."""
        lists = [(path, {**own, **query}) for path, own in self.paths]
        return read_all(connection, CELL_MEASUREMENT, lists)


def find(
    connection: Connection,
    instances: CellInstances,
    cells: Ref | Iterable[Ref] | None,
    spec: Ref | None,
) -> Scope:
    """Return the scope that is meant.

    Parameters
    ----------
    cells : id, name, record, several of them, or a frame with ``instance_id``
        Cells.
    spec : id, name or record
        Every cell of it; with the name of a cell, where to look for it.

    Raises
    ------
    NotFoundError, AmbiguousNameError
        No cell or spec, or several, fit.
    """
    refs = _refs(cells)
    if refs is not None:
        found = gather(lambda ref: instances.get(ref, spec=spec), refs, workers=connection.workers)
        records = list({cell.id: cell.to_dict() for cell in found}.values())
        paths = [(CELL_MEASUREMENT.below(cell["id"]), {}) for cell in records]
        parent = records[0]["id"] if len(records) == 1 else ""
        rows = Rows(CELL_INSTANCE, [orjson.dumps(records)])
        return Scope(parent, rows, _specs(instances, rows), paths)
    scope, rows = instances.read_rows(spec)
    paths = lists(connection, scope, lambda: rows.ids)
    return Scope(scope, rows, _specs(instances, rows, scope), paths)


def _refs(cells: Any) -> list[Ref] | None:
    """Return what was given as a list of cells; None where none was given."""
    if cells is None:
        return None
    if isinstance(cells, str | Record):
        return [cells]
    columns = getattr(cells, "columns", None)
    if columns is not None:
        if CELL_INSTANCE.key not in columns:
            message = f"A frame of cells has a column {CELL_INSTANCE.key!r}; this one has {', '.join(map(str, columns))}."
            raise ConfigError(message)
        cells = cells[CELL_INSTANCE.key]
    if not isinstance(cells, Iterable):
        message = f"{cells!r} names no cells. Give an id, a name, a record, a list of them, or a frame with instance_id."
        raise ConfigError(message)
    return list(dict.fromkeys(one.id if isinstance(one, Record) else one for one in cells))


def _specs(instances: CellInstances, cells: Rows, scope: str = "") -> dict[str, CellSpec]:
    ids = {*cells.texts(CELL_INSTANCE.parent_field).drop_nulls(), scope} - {""}
    return instances.specs.read(sorted(ids)) if ids else {}


def lists(
    connection: Connection, spec_id: str, cells: Callable[[], Iterable[str]]
) -> list[tuple[str, dict[str, Any]]]:
    """Say where the tests of a spec, or of the lab, are listed: one list, or one per cell.

    Parameters
    ----------
    spec_id : str
        The spec; empty for the lab.
    cells : callable
        Ids of the cells; called where there is no list for all of them.
    """
    if spec_id and (connection.offers("cell_list") or _has_list(connection, spec_id)):
        return [(routes.TESTS, {"cell_specification_id": spec_id})]
    if not spec_id and connection.offers("cell_list"):
        return [(routes.TESTS, {})]
    return [(CELL_MEASUREMENT.below(id_), {}) for id_ in cells()]


def _has_list(connection: Connection, spec_id: str) -> bool:
    try:
        read_page(connection, routes.TESTS, {"cell_specification_id": spec_id, "limit": 1})
    except (NotFoundError, InvalidRecordError):
        return False
    return True
