"""The data of a test: what can be read of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cellframe.contract import routes
from cellframe.resources.bulk import Bulk
from cellframe.resources.records import CellMeasurement
from cellframe.resources.rules import held_to

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike
    from pathlib import Path

    from cellframe.frames.backend import Backend
    from cellframe.frames.invalid import OnInvalid
    from cellframe.resources.base import Ref
    from cellframe.resources.details import CellMeasurementDetail


class StepsAndCycles(NamedTuple):
    """What was derived from a series, as frames; None where the service has none."""

    steps: Any
    cycles: Any


class MeasuredData(Bulk[CellMeasurement]):
    """The calls of ``client.cell_measurement`` that read what was measured."""

    def time_series(
        self,
        ref: Ref,
        *,
        columns: Sequence[str] | None = None,
        row_range: tuple[int, int] | None = None,
        backend: Backend | None = None,
        schema: Any = None,
        on_invalid: OnInvalid = "raise",
    ) -> Any:
        """Read the time series of a test.

        Parameters
        ----------
        ref : str or CellMeasurement
            Its id or name, or the test.
        columns : sequence of str, optional
            Labels to read; all without it.
        row_range : (int, int), optional
            First row, counted from 0, and the one after the last.
        backend : {"polars", "pandas"}, optional
            The client's where not given.
        schema, on_invalid
            Rules of your own, and what becomes of rows that break one; as of `to_frame`.

        Returns
        -------
        DataFrame, shape (n_samples, n_columns)
            As it was uploaded. ``Time [s]``, ``Voltage [V]``, ``Current [A]`` (positive on
            discharge), ``Step count``, and what else there is.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            See `get`; or the test has no series.
        ConfigError
            There is no such column; the message has those that there are.
        FrameError
            Rows break a rule of yours; `.failures` has every fault.

        Notes
        -----
        Source: ``GET /cell_measurements/{id}/time_series/download``. The file is kept among the
        downloads, under its digest; of a folder opened here it is read in place.
        """
        from cellframe.resources import data

        test = self.get(ref)
        frame = data.series(self._connection, test, columns, row_range)
        is_part = columns is not None
        whole = held_to(self._connection, "time_series", frame, schema, on_invalid, is_part=is_part)
        return self._shown(whole, backend)

    def steps(
        self,
        ref: Ref,
        *,
        backend: Backend | None = None,
        schema: Any = None,
        on_invalid: OnInvalid = "raise",
    ) -> Any:
        """Read the steps of a test.

        Parameters
        ----------
        ref : str or CellMeasurement
            Its id or name, or the test.
        backend : {"polars", "pandas"}, optional
            The client's where not given.
        schema, on_invalid
            Rules of your own, and what becomes of rows that break one; as of `to_frame`.

        Returns
        -------
        DataFrame, shape (n_steps, n_columns)
            A row per step: ``Step count``, ``Cycle count``, ``Step type``, times in s, voltages
            in V, currents in A (positive on discharge), capacities in A.h, energies in W.h;
            ``Capacity source`` says whether the cycler counted them or they are integrals.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            See `get`; or the test has no steps.
        FrameError
            Rows break a rule of yours; `.failures` has every fault.
        """
        from cellframe.resources import data

        frame = self.with_id(ref, lambda id_: data.steps(self._connection, id_))
        return self._shown(held_to(self._connection, "steps", frame, schema, on_invalid), backend)

    def cycles(
        self,
        ref: Ref,
        *,
        backend: Backend | None = None,
        schema: Any = None,
        on_invalid: OnInvalid = "raise",
    ) -> Any:
        """Read the cycles of a test.

        Parameters
        ----------
        ref : str or CellMeasurement
            Its id or name, or the test.
        backend : {"polars", "pandas"}, optional
            The client's where not given.
        schema, on_invalid
            Rules of your own, and what becomes of rows that break one; as of `to_frame`.

        Returns
        -------
        DataFrame, shape (n_cycles, n_columns)
            A row per cycle: ``Cycle count``, capacities in A.h, energies in W.h, efficiencies
            as ratios of discharge to charge, retention relative to the first cycle.

        Raises
        ------
        NotFoundError, AmbiguousNameError
            See `get`; or the test has no cycles.
        FrameError
            Rows break a rule of yours; `.failures` has every fault.
        """
        from cellframe.resources import data

        frame = self.with_id(ref, lambda id_: data.cycles(self._connection, id_))
        return self._shown(held_to(self._connection, "cycles", frame, schema, on_invalid), backend)

    def steps_and_cycles(self, ref: Ref, *, backend: Backend | None = None) -> StepsAndCycles:
        """Read the steps and the cycles of a test; see `steps` and `cycles`."""
        return StepsAndCycles(self.steps(ref, backend=backend), self.cycles(ref, backend=backend))

    def detail(
        self,
        ref: Ref,
        *,
        include_steps: bool = True,
        include_cycles: bool = True,
        include_time_series: bool = True,
        backend: Backend | None = None,
    ) -> CellMeasurementDetail:
        """Read one test with its data.

        Parameters
        ----------
        ref : str or CellMeasurement
            Its id or name, or the test.
        include_steps, include_cycles, include_time_series : bool
            What to read besides the record.
        backend : {"polars", "pandas"}, optional
            The client's where not given.

        Returns
        -------
        CellMeasurementDetail
            The record, and ``.steps``, ``.cycles``, ``.time_series``, ``.files``: None where it
            has none or it was not asked for.
        """
        from cellframe.resources.details import Parts, measurement_details

        parts = Parts(include_steps, include_cycles, include_time_series)
        shown = backend or self._connection.settings.backend
        return measurement_details(self._connection, [self.get(ref)], parts, shown)[0]

    def list_files(self, ref: Ref) -> list[str]:
        """Return the names of the files of a test."""
        from cellframe.resources import data

        return self.with_id(ref, lambda id_: data.filenames(self._connection, id_))

    def get_file(self, ref: Ref, filename: str) -> bytes:
        """Return the bytes of one file of a test.

        Raises
        ------
        NotFoundError
            The test has no such file.
        """
        from cellframe.resources import data

        def content(path: Path) -> bytes:
            return path.read_bytes()

        return self.with_id(
            ref,
            lambda id_: data.using(data.fetch(self._connection, _file(id_, filename)), content),
        )

    def download_files(self, ref: Ref, folder: str | PathLike[str]) -> list[Path]:
        """Put the files of a test into a folder.

        Parameters
        ----------
        ref : str or CellMeasurement
            Its id or name, or the test.
        folder : path
            Made where it is missing. A file that is there already is not overwritten.

        Returns
        -------
        list of Path
            In the order of the test.

        Raises
        ------
        ConfigError
            The folder has another file of one of the names. Nothing was written.
        """
        from cellframe.resources.files import download_files

        return self.with_id(ref, lambda id_: download_files(self._connection, id_, folder))

    def _shown(self, frame: Any, backend: Backend | None) -> Any:
        from cellframe.frames.backend import to_backend

        return to_backend(frame, backend or self._connection.settings.backend)


def _file(test_id: str, filename: str) -> str:
    return routes.below(routes.TESTS, test_id, f"{routes.FILES}/{routes.segment(filename)}")
