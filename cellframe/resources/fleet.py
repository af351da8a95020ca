"""Cells with everything that was measured on them, as long frames: `detail_frames`."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from cellframe.contract.series import CYCLES, STEPS
from cellframe.errors import CellframeError, FrameError
from cellframe.resources import data
from cellframe.resources.details import Part, Parts, read_parts, why_not
from cellframe.resources.gather import gather
from cellframe.resources.measurements import instances_frame, measurements_frame
from cellframe.resources.progress import progress
from cellframe.resources.reading import Wish
from cellframe.resources.records import CellMeasurement
from cellframe.resources.rules import by_table, held_to, rules
from cellframe.views.fleet import FleetParts, summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from cellframe.contract.series import Held
    from cellframe.frames.backend import Backend
    from cellframe.frames.long import Owner
    from cellframe.resources.connection import Connection
    from cellframe.resources.scope import Scope

_IN_PATH = ("spec_id", "spec", "instance_id", "cell", "measurement_id", "test")
"""What the path of a series says, the outermost folder first."""
FAILURES = ("measurement_id", "instance_id", "cell", "test", "part", "code", "message")
"""Columns of `DetailFrames.failures`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be read of one test, and why."""

    test: CellMeasurement
    part: Part
    code: str
    message: str


class DetailFrames:
    """Cells, their tests, and what was measured, as frames that join by their keys.

    Every frame begins with ``measurement_id``, ``instance_id`` and ``spec_id`` as far as it has
    them, and the names ``test``, ``cell``, ``spec``.

    Attributes
    ----------
    instances : DataFrame, shape (n_cells, n_columns)
        As of ``client.cell_instance.to_frame``, and ``tests``, ``tests_running``,
        ``last_test_end [UTC]``. It can be edited and planned.
    measurements : DataFrame, shape (n_tests, n_columns)
        As of ``client.cell_measurement.to_frame``.
    steps : DataFrame, shape (n_steps, n_columns)
        The steps of all tests; see `CellMeasurements.steps`. Without rows where not asked for.
    cycles : DataFrame, shape (n_cycles, n_columns)
        The cycles of all tests; see `CellMeasurements.cycles`.
    """

    instances: Any
    measurements: Any
    steps: Any
    cycles: Any

    def __init__(
        self, connection: Connection, scope: Scope, tests: Sequence[CellMeasurement], wish: Wish
    ) -> None:
        self._connection = connection
        self._scope = scope
        self._tests = tests
        self._wish = wish
        self._failures: dict[tuple[str, Part], Failure] = {}
        self._has_series = False
        self._files: list[Path] = []
        self._touching = threading.Lock()

    @property
    def time_series(self) -> pl.LazyFrame:
        """The series of all tests under each other, as a polars LazyFrame.

        Of more than one cell they are fetched when this is first touched, and again where they
        were cleared since; filter and select before ``collect()``, and only what is left is read.

        Returns
        -------
        LazyFrame
            Keys, names, then the columns of every series: null where a test does not have one.
        """
        with self._touching:
            if not all(path.exists() for path in self._files):
                vars(self).pop("_series", None)
            return self._series

    @cached_property
    def _series(self) -> pl.LazyFrame:
        from cellframe.frames.long import KEYS, apart
        from cellframe.frames.scan import KEYS as IDS
        from cellframe.frames.scan import scan

        found = self._series_files() if self._has_series else []
        columns = [file.columns for _, file in found]
        whose = [self._scope.owner(test) for test, _ in found]
        self._files, keys = self._grown([file.path for _, file in found], whose, columns)
        lazy = scan(self._files, columns, keys)
        own = [label for label in lazy.collect_schema().names() if label not in keys]
        renamed = apart(own)
        lazy = lazy.rename(renamed)
        if keys == IDS:
            lazy = _with_names(lazy, whose)
        return lazy.select(*KEYS, *(renamed.get(label, label) for label in own))

    def _grown(
        self, files: Sequence[Path], whose: Sequence[Owner], columns: Sequence[pl.Schema]
    ) -> tuple[list[Path], Sequence[str]]:
        """Lay files out in paths that say whose they are, and return what the paths say.

        Names too, where they can: a scan is given them for nothing, and a filter on one opens the
        files of that name alone.
        """
        from cellframe.frames.scan import KEYS as IDS
        from cellframe.store.trees import Leaf, fits, grow

        pointing, folder = self._connection.wire.in_place, self._connection.trees
        leaves = [
            Leaf({key: getattr(one, key) for key in _IN_PATH}, path)
            for one, path in zip(whose, files, strict=True)
        ]
        taken = any(label in _IN_PATH for schema in columns for label in schema if label not in IDS)
        if not taken and fits(folder, leaves):
            return grow(folder, leaves, pointing=pointing), _IN_PATH
        leaves = [leaf._replace(said={key: leaf.said[key] for key in IDS}) for leaf in leaves]
        return grow(folder, leaves, pointing=pointing), IDS

    def time_series_pandas(self) -> Any:
        """Return the series of all tests as a pandas frame: all of it in memory."""
        from cellframe.frames.backend import to_backend

        return to_backend(self.time_series.collect(), "pandas")

    @property
    def failures(self) -> Any:
        """What could not be read, and why: a row per test and part.

        Returns
        -------
        DataFrame, shape (n_failures, 7)
            ``measurement_id``, ``instance_id``, ``cell``, ``test``, ``part``, ``code``,
            ``message``. Series appear here once they were touched.
        """
        import polars as pl

        from cellframe.frames.backend import to_backend

        rows = [
            (owner.measurement_id, owner.instance_id, owner.cell, owner.test, *why)
            for failure in self._failures.values()
            for owner in [self._scope.owner(failure.test)]
            for why in [(failure.part, failure.code, failure.message)]
        ]
        frame = pl.DataFrame(rows, schema=dict.fromkeys(FAILURES, pl.String), orient="row")
        return to_backend(frame, self._backend)

    @property
    def _backend(self) -> Backend:
        return self._wish.backend or self._connection.settings.backend

    def read(self, parts: Parts, *, shown: bool | None) -> None:
        """Read steps and cycles, and the series of a single cell."""
        tests = self._readable(parts)
        tables = parts._replace(time_series=False)
        with progress(sum(len(tables.of(test)) for test in tests), "Reading", shown=shown) as done:
            found = read_parts(self._connection, tests, tables, done)
        self.steps = self._long(found, "steps", STEPS)
        self.cycles = self._long(found, "cycles", CYCLES)
        self._has_series = parts.time_series
        if parts.time_series and self._scope.is_one:
            _ = self.time_series

    def _readable(self, parts: Parts) -> list[CellMeasurement]:
        """Return the tests whose data can be asked for; the others are failures."""
        tests: list[CellMeasurement] = []
        for test in self._tests:
            reason = why_not(test) if test.has_series else None
            if reason is None:
                tests.append(test)
            else:
                code = str(test.get("processing_status"))
                for part in parts.of(test):
                    message = f"Test {test.name!r}: {reason}"
                    self._failures[test.id, part] = Failure(test, part, code, message)
        return tests

    def _long(
        self, found: Mapping[tuple[str, Part], Any], part: Part, columns: Mapping[str, Held]
    ) -> Any:
        from cellframe.frames.backend import to_backend
        from cellframe.frames.long import stack

        read = [(test, found.get((test.id, part))) for test in self._tests]
        self._note(part, read)
        whole = [
            (self._scope.owner(test), frame)
            for test, frame in read
            if frame is not None and not isinstance(frame, CellframeError)
        ]
        table = self._held(part, stack(whole, columns))
        return to_backend(table, self._backend)

    def _held(self, part: Part, frame: pl.DataFrame) -> pl.DataFrame:
        wish = self._wish
        return held_to(self._connection, part, frame, by_table(wish.schema), wish.on_invalid)

    def _series_files(self) -> list[tuple[CellMeasurement, data.SeriesFile]]:
        """Return the file of every series, fetched where it is not here; failures are noted."""
        tests = self._with_series()

        schemas = rules(self._connection, "time_series", by_table(self._wish.schema))

        def one(test: CellMeasurement) -> Any:
            try:
                file = data.checked_series_file(self._connection, test)
                data.check_series(file.path, schemas, test.name)
            except CellframeError as fault:
                return fault
            return file

        with progress(len(tests), "Fetching series") as done:
            files = gather(one, tests, done, self._connection.workers)
        read = list(zip(tests, files, strict=True))
        broken = [file for _, file in read if isinstance(file, FrameError)]
        if broken and self._wish.on_invalid == "raise":
            raise broken[0]
        self._note("time_series", read)
        return [(test, file) for test, file in read if not isinstance(file, CellframeError)]

    def _note(self, part: Part, read: Sequence[tuple[CellMeasurement, Any]]) -> None:
        for test, fault in read:
            if isinstance(fault, CellframeError):
                code = getattr(fault, "code", None) or type(fault).__name__
                self._failures[test.id, part] = Failure(test, part, code, str(fault))

    def _parts(self) -> FleetParts:
        rows = [test.kept.get("rows") for test in self._with_series()]
        return FleetParts(
            cells=len(self._scope.cells),
            tests=len(self._tests),
            rows=sum(map(_count, rows)) if all(map(_is_count, rows)) else None,
            missing=self._missing(),
            steps=len(self.steps),
            cycles=len(self.cycles),
            failures=len(self._failures),
        )

    def _missing(self) -> int | None:
        """Count the bytes of series that are not here yet; None where the service does not tell."""
        if "_series" in self.__dict__ or self._connection.wire.in_place or not self._has_series:
            return 0
        kept = [test.kept for test in self._with_series()]
        here = self._connection.downloads.path
        sizes = [one.get("size") for one in kept if not here(str(one.get("sha256")))]
        return sum(map(_count, sizes)) if all(map(_is_count, sizes)) else None

    def _with_series(self) -> list[CellMeasurement]:
        return [test for test in self._tests if test.has_series and why_not(test) is None]

    def __repr__(self) -> str:
        return summary(self._parts())

    def __reduce__(self) -> NoReturn:
        message = "Frames of a fleet belong to a client and are never pickled; pickle .instances, .cycles and the rest, or write them to parquet."
        raise TypeError(message)


def _with_names(lazy: pl.LazyFrame, whose: Sequence[Owner]) -> pl.LazyFrame:
    """Return rows with the names of whom they are of, where no path could say them."""
    from cellframe.frames.long import owners

    names = owners(whose).lazy().drop("instance_id")
    return lazy.join(names, on="measurement_id", how="left", maintain_order="left")


def _is_count(told: object) -> bool:
    return isinstance(told, int) and not isinstance(told, bool) and told >= 0


def _count(told: object) -> int:
    return told if isinstance(told, int) else 0


def detail_frames(
    connection: Connection,
    scope: Scope,
    parts: Parts,
    wish: Wish,
    *,
    shown: bool | None,
) -> DetailFrames:
    """Read cells with everything measured on them; see ``CellInstances.detail_frames``."""
    rows = scope.tests(connection, {})
    tests = [CellMeasurement(body) for body in rows.records]
    plain = Wish(wish.backend, schema=by_table(wish.schema), on_invalid=wish.on_invalid)
    frames = DetailFrames(connection, scope, tests, wish)
    frames.instances = instances_frame(connection, scope, tests, wish)
    frames.measurements = measurements_frame(connection, scope, rows, {}, plain)
    frames.read(parts, shown=shown)
    return frames
