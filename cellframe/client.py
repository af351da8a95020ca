"""The client: one wire, joined to the resources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

from cellframe.contract import routes
from cellframe.errors import ConfigError
from cellframe.resources.cell_batch import CellBatches
from cellframe.resources.cell_instance import CellInstances
from cellframe.resources.cell_measurement import CellMeasurements
from cellframe.resources.cell_spec import CellSpecs
from cellframe.resources.connection import Connection, Settings
from cellframe.resources.progress import shown_or_told
from cellframe.resources.project import Projects
from cellframe.resources.rules import CELLS, of_table
from cellframe.store.journals import left_open
from cellframe.store.places import cache_folder, state_folder
from cellframe.transport.replies import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from os import PathLike
    from types import TracebackType

    from cellframe.contract.wire import Wire
    from cellframe.frames.backend import AnyFrame, Backend
    from cellframe.resources.base import Ref
    from cellframe.resources.sheets import SheetReport
    from cellframe.resources.taken import OnExists
    from cellframe.resources.upkeep import Cache
    from cellframe.writeback.apply import Invalid, OnError
    from cellframe.writeback.history import Unfinished
    from cellframe.writeback.limits import Limits
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import RaiseOn, Receipt
    from cellframe.writeback.standing import OnConflict
    from cellframe.writeback.unit_edits import UnitEdit


class Client:
    """A client of a cell-record service.

    Parameters
    ----------
    api_url : str, optional
        Address, else ``CELLFRAME_API_URL``, else ``IONWORKS_API_URL``, else the hosted service
        where one of its credentials is set.
    api_key : str, optional
        Key, else ``CELLFRAME_API_KEY``, else ``IONWORKS_API_KEY``.
    api_token : str, optional
        Bearer token, else ``IONWORKS_API_TOKEN``.
    organization_id, project_id : str, optional
        Else ``CELLFRAME_ORGANIZATION_ID`` and ``CELLFRAME_PROJECT_ID``, else their
        ``IONWORKS_`` names.
    timeout : float
        Seconds that an answer may take.
    allow_http : bool
        Whether the key may travel in clear text to another machine.
    backend : {"polars", "pandas"}
        What frames are, where a call does not say.
    units : mapping of str to str, optional
        Units to show quantities in, by label: ``{"cathode.loading": "mg/cm**2"}``.
    limits : Limits, optional
        How much one apply may change without being asked for the count.
    schema : pandera schema, or mapping of str to schema, optional
        Rules of your own for every frame that is read: of cells, or by table (``cell_spec``,
        ``cell_instance``, ``cell_batch``, ``cell_measurement``, ``steps``, ``cycles``,
        ``time_series``).
    storage_hosts : sequence of str, optional
        Hosts besides the service's own that files may be sent to and fetched from, else
        ``CELLFRAME_STORAGE_HOSTS``. They never see the key.
    max_age : float
        Seconds in which what was answered is used again without asking. 0 asks each time; a
        plan always does. One's own writes show at once, whatever this is.
    offline : bool, optional
        Whether to read what is kept here and ask nobody, else ``CELLFRAME_OFFLINE``.
    cache_size : int, float or str, optional
        How much answers and downloads may take, such as ``"20 GB"``, else
        ``CELLFRAME_CACHE_SIZE``, else 10 GB. 0 keeps no answers.

    Raises
    ------
    ConfigError
        The address or the credential is missing or unusable. Nothing was sent.
    """

    project: Projects
    """Projects."""
    cell_spec: CellSpecs
    """Cell specifications."""
    cell_instance: CellInstances
    """Cell instances."""
    cell_batch: CellBatches
    """Cell batches: manufacturing lots."""
    cell_measurement: CellMeasurements
    """Cell measurements: tests of cells."""
    last_receipt: Receipt | None
    """What the last apply did, also when it was interrupted."""
    unfinished: Unfinished | None
    """The apply that was begun from here and waits to be finished, as it was when this client was
    made; None where there is none."""

    def __init__(  # noqa: PLR0913 - what a person may set
        self,
        api_url: str | None = None,
        api_key: str | None = None,
        *,
        api_token: str | None = None,
        organization_id: str | None = None,
        project_id: str | None = None,
        timeout: float = 30.0,
        allow_http: bool = False,
        backend: Backend = "polars",
        units: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        schema: Any = None,
        storage_hosts: Sequence[str] | None = None,
        max_age: float = 0.0,
        offline: bool | None = None,
        cache_size: float | str | None = None,
    ) -> None:
        from cellframe.transport.caching import keeping, wire
        from cellframe.transport.policy import from_settings

        policy = from_settings(
            api_url,
            api_key,
            api_token,
            organization_id,
            project_id,
            timeout,
            allow_http=allow_http,
            storage_hosts=storage_hosts,
        )
        kept = keeping.from_settings(max_age, offline=offline, cache_size=cache_size)
        settings = Settings(
            backend,
            units or {},
            policy.project_id,
            policy.organization_id,
            limits,
            schema,
            kept.most,
        )
        cache = cache_folder()
        self._join(wire.over_http(policy, cache, kept), state_folder(), settings, cache)

    @classmethod
    def over(
        cls,
        wire: Wire,
        state: Path,
        *,
        backend: Backend = "polars",
        units: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        schema: Any = None,
    ) -> Self:
        """Return a client over a wire of your own.

        Parameters
        ----------
        wire : Wire
            To the service.
        state : Path
            Folder of what was read, of history and of downloads.
        """
        client = cls.__new__(cls)
        client._join(wire, state, Settings(backend, units or {}, limits=limits, schema=schema))  # noqa: SLF001 - a client of this class
        return client

    def _join(self, wire: Wire, state: Path, settings: Settings, cache: Path | None = None) -> None:
        if settings.backend not in ("polars", "pandas"):
            message = f"backend={settings.backend!r} is neither 'polars' nor 'pandas'."
            raise ConfigError(message)
        of_table(settings.schema, CELLS)
        self._wire = wire
        self._connection = Connection(wire, state, settings, cache)
        self._connection.apply = self.apply
        self._places = (cache or state, state)
        self.project = Projects(self._connection)
        self.cell_spec = CellSpecs(self._connection)
        self.cell_instance = CellInstances(self._connection, self.cell_spec)
        self.cell_batch = CellBatches(self._connection, self.cell_spec)
        self.cell_measurement = CellMeasurements(self._connection, self.cell_instance, self.project)
        self.last_receipt = None
        self.unfinished = self._left_open(state)

    def _left_open(self, state: Path) -> Unfinished | None:
        """Tell the person of an apply that waits to be finished, without asking the service."""
        found = left_open(state, self._connection.is_of)
        if found is None:
            return None
        from cellframe.writeback.history import announce, unfinished

        told = unfinished(*found)
        announce(told)
        return told

    def plan_file(
        self,
        path: str | PathLike[str],
        *,
        spec: Ref | None = None,
        match: str | None = None,
        map: str | PathLike[str] | Mapping[str, str] | None = None,  # noqa: A002 - the field's word
        unit_edit: UnitEdit | None = None,
    ) -> Plan:
        """Compare a file of cells, tests, lots or specs with what was read and with the service.

        Nothing is sent but reads. The file may have been saved by pandas, polars, LibreOffice or
        Excel, with other delimiters and decimal commas, sorted, filtered, with columns moved,
        added or dropped: a cell that nobody edited is no change.

        Parameters
        ----------
        path : path
            A sheet of `cell_instance.to_file`, a frame that was saved, or a sheet of one's own:
            ``.csv``, ``.txt``, ``.tsv`` or ``.parquet``.
        spec : str or CellSpec, optional
            Of new rows that name none, and of rows that are matched by name.
        match : {"name"}, optional
            For a sheet without ids: rows stand for the spec's cells of that name. A name that no
            cell has is a new cell, and the plan says so.
        map : path or mapping of str to str, optional
            Labels by the sheet's own headers: a TOML file with ``[columns]``, or a mapping. A
            label that starts with ``_`` leaves the column out.
        unit_edit : {"relabel", "convert"}, optional
            As of ``client.cell_instance.plan``.

        Returns
        -------
        Plan
            Rows are called as a spreadsheet calls them: the header is row 1.

        Raises
        ------
        SheetError
            The file is no table, or was pulled from another service.
        PlanError
            It cannot be read as records; `.failures` has every fault.
        NotFoundError, AmbiguousNameError
            No spec, or several, fit `spec`.
        """
        from cellframe.resources.returned import plan_file

        parts = (self._connection, self.cell_spec, self.cell_instance)
        how = {"unit_edit": unit_edit}
        return plan_file(*parts, Path(path), spec=spec, match=match, map=map, **how)

    def load_plan(self, path: str | PathLike[str]) -> Plan:
        """Read a plan that was saved with ``plan.to_json()``, and make it again.

        Parameters
        ----------
        path : path
            The JSON file.

        Returns
        -------
        Plan
            What was reviewed, to the cell; what the service has already is left out.

        Raises
        ------
        SheetError
            It is no saved plan, or was edited.
        StalePlanError
            It is for another service, or would no longer do what was reviewed: the message names
            rows and columns. Nothing was sent.
        """
        from cellframe.resources.returned import load_plan

        return load_plan(self._connection, Path(path))

    def write_left_over(self, receipt: Receipt, path: str | PathLike[str]) -> SheetReport:
        """Write the rows of a receipt that were not sent, to be decided and pushed.

        Parameters
        ----------
        receipt : Receipt
            Of `apply`.
        path : path
            ``.csv`` or ``.parquet``; overwritten.

        Returns
        -------
        SheetReport
            The sheet has the columns of the one that was planned, and ``_error`` (why),
            ``_server_now`` (what the service has) and ``_choice``, where ``mine`` or ``theirs``
            decides. It can be planned as it is.

        Raises
        ------
        SheetError
            The file cannot be written.
        """
        from cellframe.resources.sheets import write_left_over

        return write_left_over(self._connection, receipt, Path(path))

    def plan(
        self,
        *,
        specs: AnyFrame | None = None,
        lots: AnyFrame | None = None,
        cells: AnyFrame | None = None,
        tests: AnyFrame | None = None,
        unit_edit: UnitEdit | None = None,
        on_exists: OnExists = "error",
    ) -> Plan:
        """Compare edited frames of several kinds in one plan. Nothing is sent but reads.

        A new lot or cell may name a spec that is new in the same plan, in its ``spec`` column,
        and a cell a lot, in ``batch``. Parents are made before their children; what is deleted
        goes last, children first.

        Parameters
        ----------
        specs, lots, cells, tests : polars or pandas DataFrame, LazyFrame, or list of dicts
            Frames of ``to_frame``, edited.
        unit_edit : {"relabel", "convert"}, optional
            As of ``client.cell_instance.plan``.
        on_exists : {"error", "update", "skip"}
            What becomes of new rows whose names are taken; as there.

        Returns
        -------
        Plan
            False when there is nothing to do. Send it with ``client.apply(plan)``.

        Raises
        ------
        ConfigError
            No frame is given.
        PlanError
            A frame cannot be read as records; `.failures` has every fault.
        """
        from cellframe.contract.records import (
            CELL_BATCH,
            CELL_INSTANCE,
            CELL_MEASUREMENT,
            CELL_SPEC,
        )
        from cellframe.resources.together import plan_together

        kinds = (CELL_SPEC, CELL_BATCH, CELL_INSTANCE, CELL_MEASUREMENT)
        given = dict(zip(kinds, (specs, lots, cells, tests), strict=True))
        frames = {
            kind: {"frame": frame, "unit_edit": unit_edit, "on_exists": on_exists}
            for kind, frame in given.items()
            if frame is not None
        }
        return plan_together(self._connection, frames)

    def apply(  # noqa: PLR0913 - the terms of one apply
        self,
        plan: Plan,
        *,
        on_conflict: OnConflict = "fail",
        invalid: Invalid = "refuse",
        on_error: OnError = "continue",
        max_updates: int | None = None,
        max_clears: int | None = None,
        max_deletes: int | None = None,
        workers: int | None = None,
        note: str | None = None,
        raise_on: RaiseOn = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> Receipt:
        """Send a plan.

        Parameters
        ----------
        plan : Plan
            Of ``client.cell_instance.plan`` or ``client.cell_spec.plan``.
        on_conflict : {"fail", "skip", "mine", "theirs"}
            What becomes of rows that somebody else changed too: send nothing, leave them, send
            yours, keep theirs. A conflict met on the way is that row's outcome.
        invalid : {"refuse", "skip"}
            Whether rows that cannot be sent keep the others back.
        on_error : {"continue", "stop"}
            Whether independent rows go on after one failed. A refused key always stops.
        max_updates, max_clears, max_deletes : int, optional
            The counts that are meant, where they pass the client's limits.
        workers : int, optional
            Send a request for each row, and so many at once. Without, a service that takes a
            hundred rows in one request is sent them so; another one 16 at once where it guards
            each write by a version, else 6.
        note : str, optional
            Why; kept in history.
        raise_on : {"any", "conflict"}, optional
            Raise where any row was not written, or where one is in conflict. The exception has
            the ``receipt``.
        progress : callable, optional
            Called with the rows done and the rows there are, now and then. Without, a notebook
            or a terminal shows a bar.

        Returns
        -------
        Receipt
            What became of every row, also when nothing was sent: `.refused` says why and names
            the override.

        Raises
        ------
        StalePlanError
            The plan was made against another service. Nothing was sent.
        StoreError
            The journal cannot be written. Nothing was sent from then on.
        RefusedError, PartialApplyError
            With `raise_on`.
        """
        from cellframe.writeback import apply as way_out
        from cellframe.writeback.limits import Limits

        way_out.check_service(plan, self._connection.service, self._wire.origin)
        way_out.check_raise_on(raise_on)
        meant = (max_updates, max_clears, max_deletes)
        terms = way_out.Terms(on_conflict, invalid, on_error, *meant, workers, note)
        limits = self._connection.settings.limits or Limits()
        way, journals = self._connection.way(on_conflict), self._connection.journals
        with shown_or_told(progress, len(plan), "sending") as told:
            receipt = way_out.apply(plan, way, terms, limits, journals, self._keep, told)
        receipt.raise_for(raise_on)
        return receipt

    def resume(self, journal: str | PathLike[str] | None = None) -> Receipt:
        """Finish an apply that was left half done.

        Rows that were written are left as they are. Of rows whose answer was lost the service is
        asked; those that were not written are compared again, and sent under the terms of the
        apply: what somebody changed since is a conflict.

        Parameters
        ----------
        journal : str or path, optional
            Name, as in `history`, or path of its journal, which may come from another machine;
            that of the last unfinished apply, else of the last one, where not given.

        Returns
        -------
        Receipt
            Of the whole apply. Of a finished one too: nothing is sent then.

        Raises
        ------
        JournalLockedError
            The apply is still under way, or somebody else resumes it.
        StalePlanError
            The apply was made to another service, or its journal does not hold its plan.
        StoreError
            There is no such journal, or it cannot be written.
        """
        from cellframe.resources.past import resume

        return resume(self._connection, journal, self._keep)

    def undo(self, receipt: Receipt | str | PathLike[str] | None = None) -> Plan:
        """Plan to take an apply back. Nothing is sent but reads.

        A plan like any other: apply it to do so. What somebody edited since is a conflict;
        records that the apply made would be deleted, which `apply` does where ``max_deletes=``
        says that it is meant; records that it deleted would be made anew.

        Parameters
        ----------
        receipt : Receipt, str or path, optional
            Of the apply, or the name of its journal, as in `history`; the last apply that wrote
            anything where not given.

        Returns
        -------
        Plan
            Of the records that were written: what they are now, and what they were before.

        Raises
        ------
        StalePlanError
            The apply was made to another service.
        StoreError
            There is no such journal, or nothing was written.
        """
        from cellframe.resources.past import undo

        return undo(self._connection, receipt)

    def history(self) -> Any:
        """Return every apply that was made from here, the newest first.

        Returns
        -------
        DataFrame, shape (n_applies, 13)
            ``when [UTC]``, ``who`` and ``note``; how many rows became ``ok``, ``unchanged``,
            ``conflict``, ``invalid``, ``failed``, ``unknown`` and ``not_attempted``; ``state``
            (finished, unfinished, under way, damaged); ``journal``, which `resume` and `undo`
            take; and ``undo``, the call that plans to take it back. Of the client's backend.

        Notes
        -----
        Source: the journals on this machine. The service is asked for its identity alone.
        """
        from cellframe.frames.backend import to_backend
        from cellframe.writeback.history import history

        found = history(self._connection.journals)
        return to_backend(found, self._connection.settings.backend)

    def _keep(self, receipt: Receipt) -> None:
        self.last_receipt = receipt

    @property
    def cache(self) -> Cache:
        """What is kept on this disk: ``info()``, ``clear()``, ``verify()``."""
        from cellframe.resources.upkeep import Cache

        return Cache(*self._places)

    @property
    def state_folder(self) -> Path:
        """Where what was read, what was written and what runs saw is kept on this disk."""
        return self._places[1]

    def health_check(self) -> dict[str, Any]:
        """Whether the service answers; its own words."""
        return ask(self._wire, "GET", routes.HEALTH)

    def whoami(self) -> dict[str, Any]:
        """Whom the service takes this client for: ``id``, ``email``, organizations."""
        return ask(self._wire, "GET", routes.WHO_AM_I)

    def capabilities(self) -> dict[str, Any]:
        """Return what the service can do; empty where it does not say."""
        return self._connection.capabilities

    def close(self) -> None:
        """Give back connections and files. The client is not used afterwards."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._wire.origin!r})"

    def __reduce__(self) -> NoReturn:
        message = "A client holds a credential and is never pickled or copied; make a new one."
        raise TypeError(message)
