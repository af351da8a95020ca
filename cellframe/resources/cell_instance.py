"""Cell instances."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from cellframe.contract import routes
from cellframe.contract.records import CELL_BATCH, CELL_INSTANCE, CELL_MEASUREMENT
from cellframe.errors import SheetError
from cellframe.resources.base import Filters, Ref, query_of
from cellframe.resources.of_spec import OfSpec
from cellframe.resources.records import CellInstance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from os import PathLike

    from cellframe.frames.backend import AnyFrame, Backend
    from cellframe.frames.invalid import OnInvalid
    from cellframe.resources.details import CellInstanceDetail
    from cellframe.resources.fleet import DetailFrames
    from cellframe.resources.reading import Columns
    from cellframe.resources.records import RecordList
    from cellframe.resources.sheets import SheetReport
    from cellframe.resources.taken import OnExists
    from cellframe.resources.written import Built
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.unit_edits import UnitEdit


class InstanceFilters(Filters, total=False):
    """Filters of cells."""

    batch_id: str


class CellInstances(OfSpec[CellInstance]):
    """Cell instances: physical cells. ``client.cell_instance``."""

    kind = CELL_INSTANCE
    record = CellInstance

    def get(self, ref: Ref, *, spec: Ref | None = None) -> CellInstance:
        """Read one cell.

        Parameters
        ----------
        ref : str or CellInstance
            Its id, its name (``'c-001'``, or ``'SPEC::c-001'``), or the record.
        spec : str or CellSpec, optional
            Where to look a name up; every spec without it.

        Raises
        ------
        NotFoundError
            No cell has this id or name; the message has the names that are near.
        AmbiguousNameError
            The name fits cells of several specs; `.matches` lists them.
        """
        return self.with_id(ref, self._read, within=spec)

    def create(self, spec: Ref, fields: Mapping[str, Any]) -> CellInstance:
        """Create a cell of a spec.

        Parameters
        ----------
        spec : str or CellSpec
            Id or name of the spec, or the spec.
        fields : mapping
            ``name`` is needed; ``batch`` (the lot's name), ``date_manufactured``,
            ``measured_properties``, ``notes``. Numbers are ``{"value": 41.2, "unit": "g"}``.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No spec, or several, fit `spec`.
        ConflictError
            A cell of the spec has this name; `.existing_id`.
        InvalidRecordError
            A field is missing, unknown or of the wrong kind; the message names it.
        """
        return self.specs.with_id(spec, lambda id_: self._create(self._below(id_), fields))

    def create_or_get(self, spec: Ref, fields: Mapping[str, Any]) -> CellInstance:
        """Create a cell, or read the one of the spec that has its name already.

        Returns
        -------
        CellInstance
            `.created` tells which. The one that was there is not changed: a warning names the
            fields in which it differs.
        """
        return self._get_if_taken(lambda: self.create(spec, fields), fields)

    def list(
        self,
        spec: Ref | None = None,
        *,
        limit: int | None = None,
        offset: int | None = None,
        **filters: Unpack[InstanceFilters],
    ) -> RecordList[CellInstance]:
        """List the cells of a spec, or every cell of the lab.

        Parameters
        ----------
        spec : str or CellSpec, optional
            Id or name of the spec, or the spec.
        limit, offset : int, optional
            One page; every page without them.
        **filters
            See `InstanceFilters`.

        Returns
        -------
        RecordList of CellInstance
            In the order of the service, newest first; `.total` counts all that match.
        """
        query = query_of(filters, InstanceFilters)
        if spec is not None:
            return self.specs.with_id(
                spec, lambda id_: self._list(self._below(id_), limit, offset, query)
            )
        if self._connection.offers("cell_list"):
            return self._list(routes.CELLS, limit, offset, query)
        return self._list_lab(limit, offset, query)

    def to_frame(
        self,
        spec: Ref | Sequence[Ref] | None = None,
        *,
        backend: Backend | None = None,
        units: Mapping[str, str] | None = None,
        columns: Columns = None,
        schema: Any = None,
        on_invalid: OnInvalid = "raise",
        changed_since: AnyFrame | date | str | None = None,
        **filters: Unpack[InstanceFilters],
    ) -> Any:
        """Read every cell of a spec, of several, or of the lab, as a checked frame.

        Parameters
        ----------
        spec : str or CellSpec, or several, optional
            Id or name of the spec, or the spec. Every cell of the lab without it.
        backend : {"polars", "pandas"}, optional
            The client's where not given. pandas columns are arrow-backed.
        units : mapping of str to str, optional
            Units by label without unit, ``{"cathode.loading": "mg/cm**2"}``.
        columns : sequence of str or "all", optional
            Columns to have at any rate, null where nobody filled them; ``"all"`` adds times,
            creators and ids.
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
            See `InstanceFilters`.

        Returns
        -------
        DataFrame, shape (n_cells, n_columns)
            ``instance_id``, ``spec_id``, ``cell`` and ``spec`` (names), ``batch`` (the lot's
            name), ``date_manufactured``, a column per measured property with its unit in the
            label, ``notes``, ``instance_version``. A quantity nobody entered is null, never NaN
            and never 0.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No spec, or several, fit `spec`.
        FrameError
            A record does not fit; `.failures` has every fault.

        Notes
        -----
        Source: ``GET /cell_specifications/{spec_id}/cell_instances``, every page; without a spec
        ``GET /cell_instances`` where the service has it, else spec by spec. What was read is kept
        on this disk: `plan` compares an edited frame with it.
        """
        from cellframe.resources.changes import changes_since
        from cellframe.resources.reading import Wish

        changes = changes_since(self._connection, self.kind, changed_since)
        wish = Wish(backend, units, columns, schema, on_invalid, changes)
        return self._frame(spec, wish.narrowed(query_of(filters, InstanceFilters)), wish)

    def detail(
        self,
        ref: Ref,
        *,
        include_steps: bool = True,
        include_cycles: bool = True,
        include_time_series: bool = True,
        backend: Backend | None = None,
    ) -> CellInstanceDetail:
        """Read one cell with its tests and their data.

        Parameters
        ----------
        ref : str or CellInstance
            Its id or name, or the cell.
        include_steps, include_cycles, include_time_series : bool
            What to read of each test besides its record.
        backend : {"polars", "pandas"}, optional
            The client's where not given.

        Returns
        -------
        CellInstanceDetail
            ``.instance``, ``.specification_id``, and ``.measurements``, each with ``.steps``,
            ``.cycles`` and ``.time_series`` as frames.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            See `get`.
        TransportError, FrameError
            A part is there and cannot be read; `detail_frames` goes on without it.
        """
        from cellframe.resources.details import Parts, instance_detail

        parts = Parts(include_steps, include_cycles, include_time_series)
        shown = backend or self._connection.settings.backend
        return self.with_id(ref, lambda id_: instance_detail(self._connection, id_, parts, shown))

    def detail_frames(  # noqa: PLR0913 - what a person may ask for
        self,
        cells: Ref | Iterable[Ref] | None = None,
        *,
        spec: Ref | None = None,
        include_steps: bool = True,
        include_cycles: bool = True,
        include_time_series: bool = True,
        backend: Backend | None = None,
        units: Mapping[str, str] | None = None,
        columns: Columns = None,
        schema: Any = None,
        on_invalid: OnInvalid = "raise",
        progress: bool | None = None,
    ) -> DetailFrames:
        """Read cells with everything that was measured on them, as frames.

        Parameters
        ----------
        cells : id, name, record, several of them, or a frame with ``instance_id``, optional
            Cells.
        spec : str or CellSpec, optional
            Every cell of the spec. Without either, the lab.
        include_steps, include_cycles, include_time_series : bool
            What to read besides the records. Series of more than one cell are fetched when
            ``.time_series`` is first touched.
        backend : {"polars", "pandas"}, optional
            The client's where not given. ``.time_series`` is a polars LazyFrame in both.
        units, columns
            For ``.instances``, as of `to_frame`.
        schema : pandera schema, or mapping of str to schema, optional
            Rules of your own for ``.instances``, or by table: ``cell_instance``,
            ``cell_measurement``, ``steps``, ``cycles``, ``time_series``.
        on_invalid
            As of `to_frame`. A series that breaks a rule is left out as a whole, and is a row of
            ``.failures``, unless that is to be raised.
        progress : bool, optional
            Whether to show how far it is; in a notebook or a terminal, where not given.

        Returns
        -------
        DetailFrames
            ``.instances``, ``.measurements``, ``.steps``, ``.cycles``, ``.time_series``, and
            ``.failures``: what could not be read does not keep the rest back.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No cell or spec, or several, fit.
        FrameError
            Rows break a rule; `.failures` of the error has every fault.
        """
        from cellframe.resources.details import Parts
        from cellframe.resources.fleet import detail_frames
        from cellframe.resources.reading import Wish
        from cellframe.resources.scope import find

        scope = find(self._connection, self, cells, spec)
        parts = Parts(include_steps, include_cycles, include_time_series)
        wish = Wish(backend, units, columns, schema, on_invalid)
        return detail_frames(self._connection, scope, parts, wish, shown=progress)

    def plan(
        self,
        edited: AnyFrame,
        *,
        spec: Ref | None = None,
        base: AnyFrame | None = None,
        numbers: Sequence[int] | None = None,
        unit_edit: UnitEdit | None = None,
        on_exists: OnExists = "error",
    ) -> Plan:
        """Compare an edited frame of cells with what was read and with the service.

        Nothing is sent but reads. A row with a blank ``instance_id`` is a new cell; a row that
        is missing is left as it is; an empty cell that was filled is a clear.

        Parameters
        ----------
        edited : polars or pandas DataFrame, LazyFrame, or list of dicts
            A frame of `to_frame`, edited. ``name`` is understood for ``cell``; columns that
            start with ``_`` or ``#`` are comments.
        spec : str or CellSpec, optional
            The spec of new rows that do not name one in ``spec_id`` or ``spec``.
        base : frame, optional
            What was read, where it is not kept here.
        numbers : sequence of int, shape (n_rows,), optional
            What each row is called, such as its row in the sheet that it came from; its
            position from 0, where not given.
        unit_edit : {"relabel", "convert"}, optional
            What is meant where a unit was edited over numbers that were not: ``"relabel"``, they
            were right and their unit was wrong; ``"convert"``, the quantities are as they were.
            Such rows are invalid where not given.
        on_exists : {"error", "update", "skip"}
            What becomes of a new row whose name a cell has already: it is told and nothing is
            sent, it is an edit of that cell, or it is left out.

        Returns
        -------
        Plan
            False when there is nothing to do. Send it with ``client.apply(plan)``.

        Raises
        ------
        PlanError
            The frame cannot be read as records: no key column, unknown columns, duplicate ids;
            `.failures` has every fault.
        NotFoundError, AmbiguousNameError
            No spec, or several, fit `spec`.
        """
        return self._plan(edited, spec, base, numbers, unit_edit, on_exists)

    def build_frame(
        self,
        spec: Ref,
        count: int,
        *,
        name: str,
        batch: str | None = None,
        start: int | None = None,
        backend: Backend | None = None,
    ) -> Any:
        """Return a frame of cells that are about to be built, to be filled in.

        Parameters
        ----------
        spec : str or CellSpec
            Id or name of the spec, or the spec.
        count : int
            How many cells.
        name : str
            Their names, with the place of the number: ``"NCM622-GR-{:03}"``.
        batch : str, optional
            Name of their lot.
        start : int, optional
            The first number; the one after the highest that is taken, where not given.
        backend : {"polars", "pandas"}, optional
            The client's where not given.

        Returns
        -------
        DataFrame, shape (count, n_columns)
            As of `to_frame`, with blank ids and versions. There is a column for every
            property that cells of the spec have; for a spec without cells, for every quantity
            that the spec itself speaks of. ``client.cell_instance.plan(frame)`` makes cells of it.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No spec, or several, fit `spec`.
        ConfigError
            `name`, `count` or `start` is not fit, or a name is taken.

        Notes
        -----
        Source: ``GET /cell_specifications/{spec_id}`` and its cells, every page.
        """
        from cellframe.frames.backend import to_backend
        from cellframe.resources.building import build_frame, names

        found = self.specs.get(spec)
        cells = self.read_rows(found)[1].records
        made = names(name, count, [str(cell["name"]) for cell in cells], start)
        frame = build_frame(self._connection, found, cells, made, batch)
        return to_backend(frame, backend or self._connection.settings.backend)

    def build_file(
        self,
        spec: Ref,
        count: int,
        path: str | PathLike[str],
        *,
        name: str,
        batch: str | None = None,
        start: int | None = None,
    ) -> Built:
        """Write the frame of `build_frame` as a file to be filled in: a build sheet.

        Parameters
        ----------
        spec, count, name, batch, start
            As of `build_frame`.
        path : path
            Ends with ``.xlsx``, ``.csv`` or ``.parquet``; there is no such file yet.

        Returns
        -------
        Built
            Its size, and the names of the first and the last cell.

        Raises
        ------
        SheetError
            There is such a file already, or it cannot be written.
        NotFoundError, AmbiguousNameError, ConfigError
            As of `build_frame`.
        """
        from cellframe.resources.written import write_build

        found = self.specs.get(spec)
        frame = self.build_frame(
            found, count, name=name, batch=batch, start=start, backend="polars"
        )
        return write_build(self._connection, frame, found.id, Path(path))

    def to_file(
        self,
        spec: Ref | Sequence[Ref] | None,
        path: str | PathLike[str],
        *,
        merge: bool = False,
        units: Mapping[str, str] | None = None,
        columns: Columns = None,
        schema: Any = None,
    ) -> SheetReport:
        """Read cells into a sheet that people edit: CSV or parquet.

        Beside it lies a companion, ``NAME.cellframe``, with what was read: with both, the sheet
        can come back on any machine; without, on this one. ``client.plan_file(path)`` compares
        what comes back.

        Parameters
        ----------
        spec : str or CellSpec, several, or None
            Whose cells; every cell of the lab with None.
        path : path
            Ends with ``.csv`` or ``.parquet``. Written whole, or left as it is.
        merge : bool
            Whether edits in the file that is there are carried onto what the service has now.
            Rows that are in conflict stay what was read, and ``plan_file`` shows both values.
        units, columns
            As of `to_frame`.
        schema : pandera schema, optional
            Rules of your own. The sheet is written all the same.

        Returns
        -------
        SheetReport
            Its size, what a spreadsheet may do to it, what was carried, and `.faults`: which
            cells break a rule of yours.

        Raises
        ------
        SheetError
            The file that is there has edits that were not pushed, or is something else, or is
            open in a spreadsheet; or a value cannot be held. It is left as it is.
        NotFoundError, AmbiguousNameError
            No spec, or several, fit.
        """
        from cellframe.resources.sheets import pull

        how: dict[str, Any] = {"units": units, "columns": columns}
        return pull(self._connection, self, spec, Path(path), how, merge=merge, schema=schema)

    def to_excel(
        self,
        spec: Ref | Sequence[Ref] | None,
        path: str | PathLike[str],
        *,
        include_tests: bool = False,
        include_lots: bool = False,
        merge: bool = False,
        units: Mapping[str, str] | None = None,
        columns: Columns = None,
        schema: Any = None,
    ) -> SheetReport:
        """Read cells, and what belongs to them, into a workbook that people edit.

        What was read lies on a sheet of it that nobody sees: it can come back on any machine,
        whatever program saved it. ``client.plan_file(path)`` makes one plan of all its sheets.

        Parameters
        ----------
        spec : str or CellSpec, several, or None
            Whose cells; every cell of the lab with None.
        path : path
            Ends with ``.xlsx``. Written whole, or left as it is.
        include_tests, include_lots : bool
            Whether the tests of the cells, and the lots of the specs, have a sheet too.
        merge, units, columns, schema
            As of `to_file`; cells that break a rule of yours are coloured.

        Returns
        -------
        SheetReport
            The size of the sheet of cells, and of the others in `.others`.

        Raises
        ------
        SheetError
            The file that is there has edits that were not pushed, or is something else, or is
            open in a spreadsheet; or a value cannot be held. It is left as it is.
        NotFoundError, AmbiguousNameError
            No spec, or several, fit.
        """
        place = Path(path)
        if place.suffix.lower() != ".xlsx":
            message = f"{place.name} is no name of a workbook: let it end with .xlsx, or use to_file(), which writes CSV and parquet."
            raise SheetError(message)
        from cellframe.resources.sheets import pull

        wanted = {CELL_BATCH: include_lots, CELL_MEASUREMENT: include_tests}
        also = [kind for kind, is_wanted in wanted.items() if is_wanted]
        how: dict[str, Any] = {"units": units, "columns": columns}
        return pull(self._connection, self, spec, place, how, also, merge=merge, schema=schema)

    def _lab_paths(self) -> list[str]:
        if self._connection.offers("cell_list"):
            return [routes.CELLS]
        return super()._lab_paths()

    def _called(self, name: str, within: Ref | None) -> Iterable[CellInstance]:
        return self.list(within, name_exact=name)

    def _names(self) -> Sequence[str]:
        return [cell.name for cell in self.list(limit=routes.DEFAULT_PAGE, offset=0)]
