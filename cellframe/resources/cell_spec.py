"""Cell specifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from cellframe.contract import routes
from cellframe.contract.records import CELL_SPEC
from cellframe.resources.base import Filters, Ref, query_of
from cellframe.resources.bulk import Bulk
from cellframe.resources.records import CellSpec, RecordList

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from cellframe.frames.backend import AnyFrame, Backend
    from cellframe.frames.invalid import OnInvalid
    from cellframe.resources.reading import Columns
    from cellframe.resources.taken import OnExists
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt
    from cellframe.writeback.unit_edits import UnitEdit


class SpecFilters(Filters, total=False):
    """Filters of specs."""

    form_factor: str
    project_id: str
    material_id: str
    material_ids: list[str]
    anode_material_id: str
    cathode_material_id: str
    electrolyte_material_id: str
    separator_material_id: str
    case_material_id: str
    exclude_cell_spec_id: str


class CellSpecs(Bulk[CellSpec]):
    """Cell specifications: the designs of cells. ``client.cell_spec``."""

    kind = CELL_SPEC
    record = CellSpec

    def create(self, fields: Mapping[str, Any]) -> CellSpec:
        """Create a spec.

        Parameters
        ----------
        fields : mapping
            ``name`` is needed; ``ratings``, ``form_factor``, ``cathode`` and the rest as the
            service spells them. Numbers are ``{"value": 1.5, "unit": "A.h"}``.

        Raises
        ------
        ConflictError
            A spec of the project has this name; `.existing_id`.
        InvalidRecordError
            A field is missing, unknown or of the wrong kind; the message names it.
        """
        project = self._connection.settings.project_id
        given = self._given_fields(fields)
        if project is not None:
            given.setdefault("project_id", project)
        return self._create(routes.SPECS, given)

    def create_or_get(self, fields: Mapping[str, Any]) -> CellSpec:
        """Create a spec, or read the one that has its name already.

        Returns
        -------
        CellSpec
            `.created` tells which. The one that was there is not changed: a warning names the
            fields in which it differs.
        """
        return self._get_if_taken(lambda: self.create(fields), fields)

    def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        include_components: bool = False,
        **filters: Unpack[SpecFilters],
    ) -> RecordList[CellSpec]:
        """List specs.

        Parameters
        ----------
        limit, offset : int, optional
            One page; every page without them.
        include_components : bool
            Whether the records hold their cathode, anode and other parts.
        **filters
            See `SpecFilters`.

        Returns
        -------
        RecordList of CellSpec
            In the order of the service, newest first; `.total` counts all that match.
        """
        query = {**query_of(filters, SpecFilters), "full": "true" if include_components else None}
        return self._list(routes.SPECS, limit, offset, query)

    def to_frame(
        self,
        *,
        backend: Backend | None = None,
        units: Mapping[str, str] | None = None,
        columns: Columns = None,
        schema: Any = None,
        on_invalid: OnInvalid = "raise",
        changed_since: AnyFrame | date | str | None = None,
        **filters: Unpack[SpecFilters],
    ) -> Any:
        """Read every spec as a checked frame.

        Parameters
        ----------
        backend : {"polars", "pandas"}, optional
            The client's where not given.
        units : mapping of str to str, optional
            Units by label without unit, ``{"ratings.capacity": "mA.h"}``.
        columns : sequence of str or "all", optional
            Columns to have at any rate; ``"all"`` adds times, creators and ids.
        schema : pandera schema, optional
            Rules of your own, of ``pandera.polars`` or ``pandera.pandas``, added to ours and to
            the client's.
        on_invalid : {"raise", "report", "drop"}
            What becomes of rows that break a rule: raise every fault; or give the rows with what
            is wrong in a column ``_faults``; or leave them out. The last two warn.
        changed_since : datetime, date, ISO text, or frame, optional
            Only what is new or was changed since a time, in UTC where it names no zone; or since
            a frame of an earlier reading was read. Given a frame, ``.cell.deleted()`` of the
            result lists what is gone.
        **filters
            See `SpecFilters`.

        Returns
        -------
        DataFrame, shape (n_specs, n_columns)
            ``spec_id``, ``spec`` (the name), ``form_factor``, ``manufacturer``, a column per
            rating and property with its unit in the label, ``notes``, ``spec_version``. A
            quantity nobody entered is null, never NaN and never 0.

        Raises
        ------
        FrameError
            A record does not fit; `.failures` has every fault.

        Notes
        -----
        Source: ``GET /cell_specifications?full=true``, every page.
        """
        from cellframe.resources.changes import changes_since
        from cellframe.resources.reading import Wish, read_all, to_frame

        changes = changes_since(self._connection, self.kind, changed_since)
        wish = Wish(backend, units, columns, schema, on_invalid, changes)
        query = wish.narrowed(query_of(filters, SpecFilters))
        rows = read_all(self._connection, self.kind, [(routes.SPECS, {**query, "full": "true"})])
        return to_frame(self._connection, rows, scope="", query=query, parents={}, wish=wish)

    def plan(
        self,
        edited: AnyFrame,
        *,
        base: AnyFrame | None = None,
        unit_edit: UnitEdit | None = None,
        on_exists: OnExists = "error",
    ) -> Plan:
        """Compare an edited frame of specs with what was read and with the service.

        Nothing is sent but reads. Editable are the name, ``form_factor``, ``manufacturer``,
        ``ratings`` and ``notes``; components are read-only. A row with a blank ``spec_id`` is a
        new spec.

        Parameters
        ----------
        edited : polars or pandas DataFrame, LazyFrame, or list of dicts
            A frame of `to_frame`, edited.
        base : frame, optional
            What was read, where it is not kept here.
        unit_edit : {"relabel", "convert"}, optional
            What is meant where a unit was edited over numbers that were not: ``"relabel"``, they
            were right and their unit was wrong; ``"convert"``, the quantities are as they were.
            Such rows are invalid where not given.
        on_exists : {"error", "update", "skip"}
            What becomes of a new row whose name a spec has already: it is told and nothing is
            sent, it is an edit of that spec, or it is left out.

        Returns
        -------
        Plan
            False when there is nothing to do. Send it with ``client.apply(plan)``.

        Raises
        ------
        PlanError
            The frame cannot be read as records; `.failures` has every fault.
        """
        from cellframe.resources.planning import make_plan

        return make_plan(
            self._connection,
            self.kind,
            edited,
            base=base,
            unit_edit=unit_edit,
            on_exists=on_exists,
        )

    def create_many(
        self, frame: AnyFrame, *, on_exists: OnExists = "error", note: str | None = None
    ) -> Receipt:
        """Create the specs of a frame: a plan of new rows, and apply.

        Parameters
        ----------
        frame : polars or pandas DataFrame, LazyFrame, or list of dicts
            A row per spec, without ids.
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

        plan = self.plan(all_new(self.kind, frame), on_exists=on_exists)
        return self._connection.apply(plan, note=note)

    def upsert(self, frame: AnyFrame, *, match: str = "name", note: str | None = None) -> Receipt:
        """Bring specs to what a frame says, and create those that are not there; apply.

        Empty cells leave what the service has.

        Parameters
        ----------
        frame : polars or pandas DataFrame, LazyFrame, or list of dicts
            A row per spec, with its name.
        match : {"name"}
            What tells which spec a row is, where it has no id.
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

        found, _ = matched(to_polars(frame).frame, self.kind, match, self.list())
        return self._connection.apply(self.plan(found), note=note)

    def read(self, ids: Sequence[str]) -> dict[str, CellSpec]:
        """Return specs by id: one with its components, several as they stand in the list."""
        if len(ids) == 1:
            from cellframe.errors import ApiError

            try:
                return {ids[0]: self.record(self._ask("GET", self._path(ids[0])))}
            except ApiError:
                return {}
        wanted = set(ids)
        return {spec.id: spec for spec in self.list() if spec.id in wanted}

    def _named(self, name: str, within: Ref | None) -> Iterator[tuple[str, str]]:
        del within  # a spec has no parent
        found = self._list(routes.SPECS, None, None, {"name": f"eq.{name}"})
        yield from ((spec.name, spec.id) for spec in found if spec.name == name)

    def _names(self) -> Sequence[str]:
        return [spec.name for spec in self._list(routes.SPECS, routes.DEFAULT_PAGE, 0, {})]

    def id_of(self, ref: Ref) -> str:
        """Return the id of a spec: from a record at once, from text by reading it."""
        return ref.id if isinstance(ref, CellSpec) else self.get(ref).id
