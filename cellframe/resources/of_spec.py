"""Which record of a spec does a name mean? Cells and lots are found alike."""

from __future__ import annotations

from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.errors import AmbiguousNameError, ConfigError, NotFoundError
from cellframe.resources.bulk import Bulk
from cellframe.resources.gather import gather
from cellframe.resources.records import R, Record, RecordList

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cellframe.frames.backend import AnyFrame
    from cellframe.frames.rows import Rows
    from cellframe.resources.base import Ref
    from cellframe.resources.cell_spec import CellSpecs
    from cellframe.resources.connection import Connection
    from cellframe.resources.reading import Wish
    from cellframe.resources.records import CellSpec
    from cellframe.resources.taken import OnExists
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt
    from cellframe.writeback.unit_edits import UnitEdit

NO_FILTERS: Mapping[str, Any] = {}


class OfSpec(Bulk[R]):
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

    def read_rows(
        self, spec: Ref | None, query: Mapping[str, Any] = NO_FILTERS
    ) -> tuple[str, Rows]:
        """Return the id of a spec and its records; an empty id and all records without one."""
        if spec is None:
            return "", self._of_lists(self._lab_paths(), query)
        return self.specs.with_id(
            spec, lambda id_: (id_, self._of_lists([self._below(id_)], query))
        )

    def _of_lists(self, paths: Sequence[str], query: Mapping[str, Any]) -> Rows:
        from cellframe.resources.reading import read_all

        return read_all(self._connection, self.kind, [(path, query) for path in paths])

    def _frame(self, spec: Ref | Sequence[Ref] | None, query: Mapping[str, Any], wish: Wish) -> Any:
        """Return the checked frame of the records of a spec, of several, or of all."""
        from cellframe.resources.reading import to_frame

        found: Mapping[str, CellSpec]
        if spec is None:
            scope, rows = self.read_rows(None, query)
            ids = rows.texts(self.kind.parent_field).drop_nulls().unique().sort()
            found = self.specs.read(ids.to_list()) if len(ids) else {}
        elif isinstance(spec, str | Record):
            scope, rows, found = self._with_spec(spec, query)
        else:
            scope, specs = "", gather(self.specs.get, list(spec), workers=self._connection.workers)
            found = {one.id: one for one in specs}
            rows = self._of_lists([self._below(id_) for id_ in found], query)
            # Of some specs only: a record that is not among them may still exist.
            query = {**query, "specs": " ".join(found)}
        return to_frame(
            self._connection,
            rows,
            scope=scope,
            query=query,
            parents={id_: one.name for id_, one in found.items()},
            spec=found.get(scope),
            wish=wish,
        )

    def _with_spec(
        self, spec: Ref, query: Mapping[str, Any]
    ) -> tuple[str, Rows, Mapping[str, CellSpec]]:
        """Read the records of a spec, and at the same time the spec."""

        def both(id_: str) -> tuple[str, Rows, Mapping[str, CellSpec]]:
            with ThreadPoolExecutor(1) as aside:
                found = aside.submit(self.specs.read, [id_])
                return id_, self._of_lists([self._below(id_)], query), found.result()

        return self.specs.with_id(spec, both)

    def _plan(
        self,
        edited: AnyFrame,
        spec: Ref | None,
        base: AnyFrame | None,
        numbers: Sequence[int] | None,
        unit_edit: UnitEdit | None,
        on_exists: OnExists,
    ) -> Plan:
        from cellframe.resources.identity import Parents
        from cellframe.resources.planning import make_plan
        from cellframe.writeback.inputs import Source

        return make_plan(
            self._connection,
            self.kind,
            edited,
            base=base,
            parents=Parents(None if spec is None else self.specs.id_of(spec), self.specs.id_of),
            source=None if numbers is None else Source(numbers),
            unit_edit=unit_edit,
            on_exists=on_exists,
        )

    @abstractmethod
    def plan(
        self, edited: AnyFrame, *, spec: Ref | None = None, on_exists: OnExists = "error"
    ) -> Plan:
        """Compare an edited frame with what was read and with the service."""

    def create_many(
        self,
        frame: AnyFrame,
        spec: Ref | None = None,
        *,
        on_exists: OnExists = "error",
        note: str | None = None,
    ) -> Receipt:
        """Create the records of a frame: a plan of new rows, and apply.

        Parameters
        ----------
        frame : polars or pandas DataFrame, LazyFrame, or list of dicts
            A row per record, without ids.
        spec : str or CellSpec, optional
            The spec of rows that do not name one in ``spec_id`` or ``spec``.
        on_exists : {"error", "update", "skip"}
            What becomes of rows whose names are taken; as of `plan`.
        note : str, optional
            Why; kept in history.

        Returns
        -------
        Receipt
            What became of each row. Where one is invalid, or has a name that is taken, nothing
            was sent: `.refused`, and `.plan` for ``client.apply``.

        Raises
        ------
        PlanError
            A row has an id, or the frame cannot be read as records.
        """
        from cellframe.resources.selecting import all_new

        plan = self.plan(all_new(self.kind, frame), spec=spec, on_exists=on_exists)
        return self._connection.apply(plan, note=note)

    def upsert(
        self, frame: AnyFrame, spec: Ref, *, match: str = "name", note: str | None = None
    ) -> Receipt:
        """Bring records to what a frame says, and create those that are not there; apply.

        Empty cells leave what the service has.

        Parameters
        ----------
        frame : polars or pandas DataFrame, LazyFrame, or list of dicts
            A row per record, with its name.
        spec : str or CellSpec
            Whose records the names are.
        match : {"name"}
            What tells which record a row is, where it has no id.
        note : str, optional
            Why; kept in history.

        Returns
        -------
        Receipt
            What became of each row. Where nothing was sent, `.refused` says why, and `.plan` is
            for ``client.apply``.

        Raises
        ------
        ConfigError, PlanError
            The frame cannot be read as records.
        """
        from cellframe.frames.backend import to_polars
        from cellframe.resources.matching import matched

        spec_id = self.specs.id_of(spec)
        known = self._list(self._below(spec_id), None, None, NO_FILTERS)
        found, _ = matched(to_polars(frame).frame, self.kind, match, known)
        return self._connection.apply(self.plan(found, spec=spec_id), note=note)

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
