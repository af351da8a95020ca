"""Which record of a spec does a name mean? Cells and lots are found alike."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.errors import AmbiguousNameError, ConfigError, NotFoundError
from cellframe.resources.base import Ref, Resource
from cellframe.resources.records import R, Record, RecordList

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cellframe.frames.backend import AnyFrame
    from cellframe.resources.cell_spec import CellSpecs
    from cellframe.resources.connection import Connection
    from cellframe.resources.reading import Wish
    from cellframe.writeback.plan import Plan

NO_FILTERS: Mapping[str, Any] = {}


class OfSpec(Resource[R]):
    """One kind of record that lies below specs."""

    def __init__(self, connection: Connection, specs: CellSpecs) -> None:
        super().__init__(connection)
        self.specs = specs

    @abstractmethod
    def _called(self, name: str, within: Ref | None) -> Iterable[R]:
        """List the records of one spec, or of all, that may have this name."""

    def _lab_paths(self) -> list[str]:
        """Return the lists that hold every record."""
        return [self._below(spec.id) for spec in self.specs.list()]

    def _list_lab(
        self, limit: int | None, offset: int | None, query: Mapping[str, Any]
    ) -> RecordList[R]:
        """List every record of the lab, spec by spec, or a page of them as a service cuts it."""
        first = offset or 0
        if first < 0 or (limit is not None and limit < 1):
            message = f"limit is a whole number from 1, offset one from 0; not {limit} and {first}."
            raise ConfigError(message)
        found = [one for path in self._lab_paths() for one in self._list(path, None, None, query)]
        return RecordList(found[first : None if limit is None else first + limit], len(found))

    def _below(self, spec_id: str) -> str:
        return routes.below(routes.SPECS, spec_id, self.kind.under_parent)

    def read_pages(
        self, spec: Ref | None, query: Mapping[str, Any] = NO_FILTERS
    ) -> tuple[str, list[list[dict[str, Any]]]]:
        """Return the id of a spec and its records, page by page; an empty id and all without one."""
        from cellframe.resources.reading import read_all

        if spec is not None:
            return self.specs.with_id(
                spec, lambda id_: (id_, read_all(self._connection, self._below(id_), query))
            )
        paths = self._lab_paths()
        return "", [page for path in paths for page in read_all(self._connection, path, query)]

    def _frame(self, spec: Ref | Sequence[Ref] | None, query: Mapping[str, Any], wish: Wish) -> Any:
        """Return the checked frame of the records of a spec, of several, or of all."""
        from cellframe.resources.reading import to_frame

        if spec is None or isinstance(spec, str | Record):
            scope, pages = self.read_pages(spec, query)
        else:
            parts = [self.read_pages(one, query) for one in spec]
            scope, pages = "", [page for _, part in parts for page in part]
            # Of some specs only: a record that is not among them may still exist.
            query = {**query, "specs": " ".join(id_ for id_, _ in parts)}
        ids = {str(record["cell_specification_id"]) for page in pages for record in page}
        parents = self.specs.read([scope] if scope else sorted(ids)) if scope or ids else {}
        return to_frame(
            self._connection, self.kind, pages, scope=scope, query=query, parents=parents, wish=wish
        )

    def _plan(
        self,
        edited: AnyFrame,
        spec: Ref | None,
        base: AnyFrame | None,
        numbers: Sequence[int] | None,
    ) -> Plan:
        from cellframe.resources.planning import make_plan
        from cellframe.writeback.inputs import Source

        return make_plan(
            self._connection,
            self.kind,
            edited,
            base=base,
            parent_id=None if spec is None else self.specs.id_of(spec),
            find_parent=self.specs.id_of,
            source=None if numbers is None else Source(numbers),
        )

    def _named(self, name: str, within: Ref | None) -> Iterator[tuple[str, str]]:
        found = self._exactly(name, within)
        ids = sorted({one["cell_specification_id"] for one in found})
        specs = self.specs.read(ids) if found else {}
        for one in found:
            spec = specs.get(one["cell_specification_id"])
            yield f"{spec.name if spec else one['cell_specification_id']}::{one.name}", one.id
        if within is None:
            yield from self._named_in_spec(name)

    def _named_in_spec(self, name: str) -> Iterator[tuple[str, str]]:
        """Find records by ``SPEC::NAME``."""
        parts = name.split("::")
        # A name may hold the mark itself: any cut may be the one between spec and record.
        for cut in range(1, len(parts)):
            spec, own = "::".join(parts[:cut]), "::".join(parts[cut:])
            try:
                found = self._exactly(own, spec)
            except (NotFoundError, AmbiguousNameError):
                continue
            yield from ((name, one.id) for one in found)

    def _exactly(self, name: str, within: Ref | None) -> list[R]:
        key = self.kind.name_key
        return [one for one in self._called(name, within) if key(one.name) == key(name)]
