"""Cell measurements: tests of cells."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from cellframe.contract import routes
from cellframe.contract.records import CELL_MEASUREMENT
from cellframe.errors import (
    AmbiguousNameError,
    ConfigError,
    ConflictError,
    InvalidRecordError,
    NotFoundError,
)
from cellframe.resources.base import Ref, check_known, query_of
from cellframe.resources.paging import read_rows
from cellframe.resources.records import CellMeasurement, RecordList
from cellframe.resources.tagging import MeasurementFilters, TaggedMeasurements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date
    from os import PathLike

    from cellframe.frames.backend import AnyFrame, Backend
    from cellframe.frames.invalid import OnInvalid
    from cellframe.resources.cell_instance import CellInstances
    from cellframe.resources.connection import Connection
    from cellframe.resources.project import Projects
    from cellframe.resources.reading import Columns
    from cellframe.resources.sheets import SheetReport
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.unit_edits import UnitEdit


class UploadOptions(TypedDict, total=False):
    """How `CellMeasurements.create` goes about it; see there."""

    strict: bool
    skip_checks: Iterable[str]
    rated_capacity: float | None
    voltage_window: tuple[float, float] | None
    wait: bool


_LAB_WIDE = {"q", "project_id"}


class CellMeasurements(TaggedMeasurements):
    """Cell measurements: tests of cells. ``client.cell_measurement``."""

    kind = CELL_MEASUREMENT
    record = CellMeasurement

    def __init__(
        self, connection: Connection, instances: CellInstances, projects: Projects
    ) -> None:
        super().__init__(connection, projects)
        self.instances = instances

    def create(
        self,
        cell: Ref,
        detail: Mapping[str, Any],
        *,
        strict: bool = False,
        skip_checks: Iterable[str] = (),
        rated_capacity: float | None = None,
        voltage_window: tuple[float, float] | None = None,
        wait: bool = True,
    ) -> CellMeasurement:
        """Upload a test of a cell: its time series, and optionally the steps of your own.

        Parameters
        ----------
        cell : str or CellInstance
            Id or name of the cell, or the cell.
        detail : mapping
            ``"measurement"``: the record, of which ``name`` is needed (``protocol``,
            ``test_setup``, ``start_time``, ``end_time``, ``tags``, ``notes``; ``data_type`` is
            ``"ocp"`` or ``"eis"`` for such data). ``"time_series"``: a polars or pandas frame or
            a dict of columns: ``Time [s]`` from 0, ``Voltage [V]``, ``Current [A]`` **positive
            on discharge**, ``Step count`` from 0; counters such as ``Charge capacity [A.h]``
            restart at 0 in each step. ``"steps"``: optional, one row for each step of the series;
            stands in for the derived ones.
        strict : bool
            Whether to apply the strict checks too.
        skip_checks : iterable of str
            Names of strict checks to leave out; ``"current_sign"`` leaves out the test of the
            sign.
        rated_capacity : float, optional
            In A.h, for the strict checks; the spec's where not given.
        voltage_window : (float, float), optional
            Lowest and highest voltage in V, for the strict checks.
        wait : bool
            Whether to wait until the service has derived steps and cycles.

        Returns
        -------
        CellMeasurement
            `.steps_created` counts the steps.

        Raises
        ------
        MeasurementError
            The series is not fit to upload; `.findings` has everything. Nothing was sent.
        ConflictError
            A test of the cell has this name; `.existing_id`.
        ProcessingError
            The service keeps the test, and cannot read its data.

        Notes
        -----
        Source: ``POST …/initiate-upload``, ``PUT`` of the files, ``POST …/confirm-upload``.
        """
        how: UploadOptions = {
            "strict": strict,
            "skip_checks": skip_checks,
            "rated_capacity": rated_capacity,
            "voltage_window": voltage_window,
            "wait": wait,
        }
        return self._upload(cell, detail, how)

    def create_or_get(
        self, cell: Ref, detail: Mapping[str, Any], **how: Unpack[UploadOptions]
    ) -> CellMeasurement:
        """Upload a test, or read the one of the cell that has its name already.

        Parameters
        ----------
        cell, detail, **how
            As of `create`.

        Returns
        -------
        CellMeasurement
            `.created` tells which. The one that was there is not changed, nor is its data
            compared.
        """
        try:
            return self._upload(cell, detail, how)
        except ConflictError as fault:
            if fault.existing_id is None:
                raise
            return self.get(fault.existing_id)

    def _upload(self, cell: Ref, detail: Mapping[str, Any], how: UploadOptions) -> CellMeasurement:
        from cellframe.resources import creating

        check_known(how, UploadOptions, "option of an upload")
        rated = how.get("rated_capacity")
        if how.get("strict") and rated is None:
            cell = self.instances.get(cell)
            rated = creating.rated_capacity(self._connection, cell.cell_specification_id)
        given = how.get("skip_checks", ())
        # A string is one name, and no list of letters.
        skip = (given,) if isinstance(given, str) else tuple(given)
        window = how.get("voltage_window")
        checks = creating.Checks(how.get("strict", False), skip, rated, window)
        with creating.prepared(self._connection, detail, checks) as test:
            for doubt in test.doubts:
                warnings.warn(doubt, stacklevel=3)
            wait = how.get("wait", True)
            return self.instances.with_id(
                cell, lambda id_: creating.create(self._connection, id_, test, wait=wait)
            )

    def create_properties(
        self, cell: Ref, name: str, properties: Mapping[str, Any], **more: Any
    ) -> CellMeasurement:
        """Record measured numbers without a series, e.g. of a teardown.

        Parameters
        ----------
        cell : str or CellInstance
            Id or name of the cell, or the cell.
        name : str
            Name of the test, unique within the cell.
        properties : mapping
            ``{"impedance": {"value": 12.1, "unit": "mohm"}}``; texts may stand beside.
        **more
            ``notes``, ``protocol``, ``test_setup``, ``start_time``, ``end_time``, ``tags``.

        Raises
        ------
        ConflictError
            A test of the cell has this name; `.existing_id`.
        InvalidRecordError
            A field is unknown or of the wrong kind.
        """
        from cellframe.resources.creating import check_fields

        given: Any = properties
        if not isinstance(given, Mapping):
            message = f"properties= is a {type(given).__name__}; give a dict of quantities. Nothing was sent."
            raise InvalidRecordError(message)
        check_fields(more)
        body = {"name": name, "measurement_type": "properties", "properties": dict(properties)}
        body |= {key: value for key, value in more.items() if value is not None}
        return self.instances.with_id(
            cell,
            lambda id_: self._create(
                routes.below(routes.CELLS, id_, routes.CREATE_PROPERTIES), body
            ),
        )

    def create_file(
        self, cell: Ref, name: str, filepaths: Sequence[str | PathLike[str]], **more: Any
    ) -> CellMeasurement:
        """Keep files as a test of a cell: images, raw cycler files.

        Parameters
        ----------
        cell : str or CellInstance
            Id or name of the cell, or the cell.
        name : str
            Name of the test, unique within the cell.
        filepaths : sequence of path
            1 to 100 files whose names differ. They are read from disk as they go up.
        **more
            ``notes``, ``protocol``, ``test_setup``, ``start_time``, ``end_time``, ``tags``.

        Raises
        ------
        ConfigError
            A file is missing, or two have one name. Nothing was sent.
        ConflictError
            A test of the cell has this name; `.existing_id`.
        """
        from cellframe.resources.files import checked_files, create_file

        files = checked_files(filepaths, more)
        return self.instances.with_id(
            cell, lambda id_: create_file(self._connection, id_, name, files, more)
        )

    def extend(self, ref: Ref, time_series: Any, *, wait: bool = True) -> CellMeasurement:
        """Add rows to the series of a test that still runs; steps and cycles are derived anew.

        Parameters
        ----------
        ref : str or CellMeasurement
            Its id or name, or the test.
        time_series : frame or dict of columns
            The same columns as the series that is there; the first time is after its last.

        Raises
        ------
        MeasurementError
            The rows are not fit to upload. Nothing was sent.
        ConflictError
            The test has ended, or is being extended or looked at.
        ProcessingError
            The rows do not fit the series; the test keeps the data that it had.
        """
        from cellframe.resources import creating

        with creating.prepared_extension(self._connection, time_series) as more:
            for doubt in more.doubts:
                warnings.warn(doubt, stacklevel=2)
            return self.with_id(
                ref, lambda id_: creating.extend(self._connection, id_, more, wait=wait)
            )

    def get(self, ref: Ref, *, cell: Ref | None = None) -> CellMeasurement:
        """Read one test.

        Parameters
        ----------
        ref : str or CellMeasurement
            Its id, its name (``'aging'``, or ``'SPEC::CELL::aging'``), or the record.
        cell : str or CellInstance, optional
            Where to look a name up; every cell of the lab without it.

        Raises
        ------
        NotFoundError
            No test has this id or name; the message has the names that are near.
        AmbiguousNameError
            The name fits tests of several cells; `.matches` lists them.
        """
        return self.with_id(ref, self._read, within=cell)

    def list(
        self,
        cell: Ref | None = None,
        *,
        spec: Ref | None = None,
        limit: int | None = None,
        offset: int | None = None,
        **filters: Unpack[MeasurementFilters],
    ) -> RecordList[CellMeasurement]:
        """List the tests of a cell, of every cell of a spec, or of the lab.

        Parameters
        ----------
        cell : str or CellInstance, optional
            Id or name of the cell, or the cell.
        spec : str or CellSpec, optional
            Id or name of the spec, or the spec.
        limit, offset : int, optional
            One page; every page without them.
        **filters
            See `MeasurementFilters`.

        Returns
        -------
        RecordList of CellMeasurement
            In the order of the service, newest first; `.total` counts all that match.
        """
        query = query_of(filters, MeasurementFilters)
        if cell is not None and not _LAB_WIDE & set(query):
            return self.instances.with_id(
                cell,
                lambda id_: self._list(self.kind.below(id_), limit, offset, query),
                within=spec,
            )
        if cell is not None:
            cell_id = self.instances.get(cell, spec=spec).id
            return self._of_cell(cell_id, limit, offset, query)
        return self._of(
            "" if spec is None else self.instances.specs.id_of(spec), limit, offset, query
        )

    def _of_cell(
        self, cell_id: str, limit: int | None, offset: int | None, query: dict[str, Any]
    ) -> RecordList[CellMeasurement]:
        """List a cell by filters that the contract has for the list of the lab alone."""
        if not self._connection.offers("cell_list"):
            message = f"This service filters by {' and '.join(sorted(_LAB_WIDE & set(query)))} in the list of a project alone: leave the cell out."
            raise ConfigError(message)
        return self._list(routes.TESTS, limit, offset, {**query, "cell_instance_id": cell_id})

    def _of(
        self, spec_id: str, limit: int | None, offset: int | None, query: dict[str, Any]
    ) -> RecordList[CellMeasurement]:
        from cellframe.resources.scope import lists

        cells = lambda: [one.id for one in self.instances.list(spec_id or None)]  # noqa: E731
        found = lists(self._connection, spec_id, cells)
        if len(found) == 1:
            return self._list(found[0][0], limit, offset, {**found[0][1], **query})
        own = [(path, {**below, **query}) for path, below in found]
        rows = read_rows(self._connection, self.kind, own, one_by_one=True)
        every = [self.record(body) for body in rows.records]
        first = offset or 0
        last = None if limit is None else first + limit
        return RecordList(every[first:last], len(every))

    def to_frame(
        self,
        cell: Ref | Iterable[Ref] | None = None,
        *,
        spec: Ref | None = None,
        backend: Backend | None = None,
        units: Mapping[str, str] | None = None,
        columns: Columns = None,
        schema: Any = None,
        on_invalid: OnInvalid = "raise",
        changed_since: AnyFrame | date | str | None = None,
        **filters: Unpack[MeasurementFilters],
    ) -> Any:
        """Read the tests of cells as a checked frame: who tested what, when, and how.

        Parameters
        ----------
        cell : id, name, record, several of them, or a frame with ``instance_id``, optional
            Cells.
        spec : str or CellSpec, optional
            Every cell of the spec. Without either, the lab.
        backend : {"polars", "pandas"}, optional
            The client's where not given.
        units : mapping of str to str, optional
            Units by label without unit.
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
            See `MeasurementFilters`.

        Returns
        -------
        DataFrame, shape (n_tests, n_columns)
            ``measurement_id``, ``instance_id``, ``spec_id``; ``test``, ``cell``, ``spec``
            (names); ``measurement_type``, ``tags`` (``a; b``), ``start_time [UTC]``,
            ``end_time [UTC]``, protocol and test setup, a column per property, ``notes``,
            ``processing_status``, ``measurement_version``.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No cell or spec, or several, fit.
        FrameError
            A record does not fit; `.failures` has every fault.

        Notes
        -----
        Source: ``GET /cell_measurements?cell_specification_id=``, every page, or the list of
        each cell.
        """
        from cellframe.resources.changes import changes_since
        from cellframe.resources.measurements import measurements_frame
        from cellframe.resources.reading import Wish
        from cellframe.resources.scope import find

        changes = changes_since(self._connection, self.kind, changed_since)
        wish = Wish(backend, units, columns, schema, on_invalid, changes)
        query = wish.narrowed(query_of(filters, MeasurementFilters))
        scope = find(self._connection, self.instances, cell, spec)
        tests = scope.tests(self._connection, query)
        return measurements_frame(self._connection, scope, tests, query, wish)

    def to_file(
        self,
        path: str | PathLike[str],
        spec: Ref | Sequence[Ref] | None = None,
        *,
        schema: Any = None,
    ) -> SheetReport:
        """Read the tests of specs into a sheet that people edit.

        Parameters
        ----------
        path : path
            Ends with ``.xlsx``, ``.csv`` or ``.parquet``. Written whole, or left as it is.
        spec : str or CellSpec, or several, optional
            Whose tests; every test of the lab where left out.
        schema : pandera schema, optional
            Rules of your own. The sheet is written all the same.

        Returns
        -------
        SheetReport
            Its size, and what a spreadsheet may do to it. What was read is kept with it, as with
            a sheet of cells: ``client.plan_file(path)`` compares what comes back.

        Raises
        ------
        SheetError
            The file that is there is something else, or was edited. It is left as it is.
        NotFoundError, AmbiguousNameError
            No spec, or several, fit.
        """
        from cellframe.resources.sheets import write_tests
        from cellframe.resources.written import of_specs

        return write_tests(self._connection, of_specs(self, spec), Path(path), schema)

    def plan(
        self,
        edited: AnyFrame,
        *,
        base: AnyFrame | None = None,
        unit_edit: UnitEdit | None = None,
    ) -> Plan:
        """Compare an edited frame of tests with what was read and with the service.

        Nothing is sent but reads. Editable are the name, ``tags``, the times, protocol and test
        setup, properties and ``notes``. A test is made with its data, by `create`: a row with a
        blank ``measurement_id`` is invalid.

        Parameters
        ----------
        edited : polars or pandas DataFrame, LazyFrame, or list of dicts
            A frame of `to_frame`, edited. What one side adds to ``tags`` is no conflict with what
            the other side adds or removes.
        base : frame, optional
            What was read, where it is not kept here.
        unit_edit : {"relabel", "convert"}, optional
            What is meant where a unit was edited over numbers that were not: ``"relabel"``, they
            were right and their unit was wrong; ``"convert"``, the quantities are as they were.
            Such rows are invalid where not given.

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

        return make_plan(self._connection, self.kind, edited, base=base, unit_edit=unit_edit)

    def _named(self, name: str, within: Ref | None) -> Iterator[tuple[str, str]]:
        if within is not None:
            found = self.list(within, name_exact=name)
        elif self._connection.offers("cell_list"):
            found = self.list(name_exact=name)
        else:
            found = RecordList[CellMeasurement]([], 0)
        yield from self._with_full_names([test for test in found if test.name == name])
        if within is None:
            yield from self._named_in_cell(name)

    def _with_full_names(self, tests: Sequence[CellMeasurement]) -> Iterator[tuple[str, str]]:
        cells = {id_: self.instances.get(id_) for id_ in {one.cell_instance_id for one in tests}}
        specs = {cell.cell_specification_id for cell in cells.values()}
        names = self.instances.specs.read(sorted(specs)) if specs else {}
        for test in tests:
            cell = cells[test.cell_instance_id]
            spec = names.get(cell.cell_specification_id)
            above = spec.name if spec else cell.cell_specification_id
            yield f"{above}::{cell.name}::{test.name}", test.id

    def _named_in_cell(self, name: str) -> Iterator[tuple[str, str]]:
        """Find tests by ``SPEC::CELL::TEST``."""
        parts = name.split("::")
        # A name may hold the mark itself: any cut may be the one between cell and test.
        for cut in range(1, len(parts)):
            above, test = "::".join(parts[:cut]), "::".join(parts[cut:])
            try:
                found = self.list(above, name_exact=test)
            except (NotFoundError, AmbiguousNameError):
                continue
            yield from ((name, one.id) for one in found if one.name == test)

    def _names(self) -> Sequence[str]:
        if not self._connection.offers("cell_list"):
            return []
        return [test.name for test in self.list(limit=routes.DEFAULT_PAGE, offset=0)]
