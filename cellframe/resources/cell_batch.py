"""Manufacturing lots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from cellframe.contract import routes
from cellframe.contract.records import CELL_BATCH
from cellframe.resources.base import NameFilters, Ref, query_of
from cellframe.resources.of_spec import OfSpec
from cellframe.resources.records import CellBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from cellframe.frames.backend import AnyFrame, Backend
    from cellframe.frames.invalid import OnInvalid
    from cellframe.resources.reading import Columns
    from cellframe.resources.records import RecordList
    from cellframe.resources.taken import OnExists
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.unit_edits import UnitEdit


class CellBatches(OfSpec[CellBatch]):
    """Cell batches: the lots that cells were made in. ``client.cell_batch``.

    Names of lots are unique in their spec, whatever their case. The service keeps lots as records
    since the second era of the contract; one of the first answers `NotFoundError`.
    """

    kind = CELL_BATCH
    record = CellBatch

    def get(self, ref: Ref, *, spec: Ref | None = None) -> CellBatch:
        """Read one lot, with the number of cells in it.

        Parameters
        ----------
        ref : str or CellBatch
            Its id, its name in any case (``'lot-7'``, or ``'SPEC::LOT-7'``), or the record.
        spec : str or CellSpec, optional
            Where to look a name up; every spec without it.

        Raises
        ------
        NotFoundError
            No lot has this id or name; the message has the names that are near.
        AmbiguousNameError
            The name fits lots of several specs; `.matches` lists them.
        """
        return self.with_id(ref, self._read, within=spec)

    def create(self, spec: Ref, fields: Mapping[str, Any]) -> CellBatch:
        """Create a lot of a spec.

        Parameters
        ----------
        spec : str or CellSpec
            Id or name of the spec, or the spec.
        fields : mapping
            ``name`` is needed; ``date_manufactured``, ``properties``, ``notes``. Numbers are
            ``{"value": 3.1, "unit": "mg/cm**2"}``.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No spec, or several, fit `spec`.
        ConflictError
            A lot of the spec has this name, in any case; `.existing_id`.
        InvalidRecordError
            A field is missing, unknown or of the wrong kind; the message names it.
        """
        return self.specs.with_id(spec, lambda id_: self._create(self._below(id_), fields))

    def create_or_get(self, spec: Ref, fields: Mapping[str, Any]) -> CellBatch:
        """Create a lot, or read the one of the spec that has its name already.

        Returns
        -------
        CellBatch
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
        **filters: Unpack[NameFilters],
    ) -> RecordList[CellBatch]:
        """List the lots of a spec, or every lot of the lab, spec by spec.

        Parameters
        ----------
        spec : str or CellSpec, optional
            Id or name of the spec, or the spec.
        limit, offset : int, optional
            One page; every page without them.
        **filters
            See `NameFilters`.

        Returns
        -------
        RecordList of CellBatch
            In the order of the service, newest first; `.total` counts all that match.
        """
        query = query_of(filters, NameFilters)
        if spec is not None:
            return self.specs.with_id(
                spec, lambda id_: self._list(self._below(id_), limit, offset, query)
            )
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
        **filters: Unpack[NameFilters],
    ) -> Any:
        """Read every lot of a spec, of several, or of the lab, as a checked frame.

        Parameters
        ----------
        spec : str or CellSpec, or several, optional
            Id or name of the spec, or the spec. Every lot of the lab without it.
        backend : {"polars", "pandas"}, optional
            The client's where not given.
        units : mapping of str to str, optional
            Units by label without unit.
        columns : sequence of str or "all", optional
            Columns to have at any rate; ``"all"`` adds times, creators, ids and the number of
            cells.
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
            See `NameFilters`.

        Returns
        -------
        DataFrame, shape (n_lots, n_columns)
            ``batch_id``, ``spec_id``, ``lot`` and ``spec`` (names), ``date_manufactured``, a
            column per property with its unit in the label, ``notes``, ``batch_version``. A
            quantity nobody entered is null, never NaN and never 0.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            No spec, or several, fit `spec`.
        FrameError
            A record does not fit; `.failures` has every fault.

        Notes
        -----
        Source: ``GET /cell_specifications/{spec_id}/cell_batches``, every page.
        """
        from cellframe.resources.changes import changes_since
        from cellframe.resources.reading import Wish

        changes = changes_since(self._connection, self.kind, changed_since)
        wish = Wish(backend, units, columns, schema, on_invalid, changes)
        return self._frame(spec, wish.narrowed(query_of(filters, NameFilters)), wish)

    def plan(
        self,
        edited: AnyFrame,
        *,
        spec: Ref | None = None,
        base: AnyFrame | None = None,
        unit_edit: UnitEdit | None = None,
        on_exists: OnExists = "error",
    ) -> Plan:
        """Compare an edited frame of lots with what was read and with the service.

        Nothing is sent but reads. A row with a blank ``batch_id`` is a new lot; a row that is
        missing is left as it is. A new name shows on every cell of the lot.

        Parameters
        ----------
        edited : polars or pandas DataFrame, LazyFrame, or list of dicts
            A frame of `to_frame`, edited.
        spec : str or CellSpec, optional
            The spec of new rows that do not name one in ``spec_id`` or ``spec``.
        base : frame, optional
            What was read, where it is not kept here.
        unit_edit : {"relabel", "convert"}, optional
            What is meant where a unit was edited over numbers that were not: ``"relabel"``, they
            were right and their unit was wrong; ``"convert"``, the quantities are as they were.
            Such rows are invalid where not given.
        on_exists : {"error", "update", "skip"}
            What becomes of a new row whose name a lot has already: it is told and nothing is
            sent, it is an edit of that lot, or it is left out.

        Returns
        -------
        Plan
            False when there is nothing to do. Send it with ``client.apply(plan)``.

        Raises
        ------
        PlanError
            The frame cannot be read as records; `.failures` has every fault.
        NotFoundError, AmbiguousNameError
            No spec, or several, fit `spec`.
        """
        return self._plan(edited, spec, base, None, unit_edit, on_exists)

    def _called(self, name: str, within: Ref | None) -> Iterable[CellBatch]:
        # Part of the name: an exact filter would miss its other cases.
        return self.list(within, name=name)

    def _names(self) -> Sequence[str]:
        return [lot.name for lot in self.list(limit=routes.DEFAULT_PAGE, offset=0)]
