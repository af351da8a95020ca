"""Cells and tests with their data, as records that hold frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from cellframe.contract import routes
from cellframe.contract.records import CELL_MEASUREMENT, FAILED, READY
from cellframe.contract.wire import FileBody
from cellframe.errors import CellframeError, ConflictError, InvalidRecordError, NotFoundError
from cellframe.resources import data
from cellframe.resources.gather import gather
from cellframe.resources.paging import read_records
from cellframe.resources.records import CellInstance, CellMeasurement
from cellframe.resources.rules import held_to
from cellframe.transport.replies import ask
from cellframe.views.words import many

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cellframe.frames.backend import Backend
    from cellframe.resources.connection import Connection

Part: TypeAlias = Literal["steps", "cycles", "time_series", "files"]
_HAS_NONE = (NotFoundError, ConflictError, InvalidRecordError)
"""What a service answers where a test has no such part, or not yet."""


_OF_SERIES: tuple[Part, ...] = ("steps", "cycles", "time_series")


class Parts(NamedTuple):
    """What to read of each test besides its record."""

    steps: bool = True
    cycles: bool = True
    time_series: bool = True

    def of(self, test: CellMeasurement) -> list[Part]:
        """Return the parts to read of one test."""
        if test.get("measurement_type") == "file":
            return ["files"]
        if not test.has_series:
            return []
        return [part for part, wanted in zip(_OF_SERIES, self, strict=True) if wanted]


class CellMeasurementDetail(CellMeasurement):
    """One test with its data: the record, and frames beside it.

    Attributes
    ----------
    steps, cycles, time_series : DataFrame or None
        None where the test has none, or it was not asked for.
    files : list of str or None
        Names, of a test that holds files.
    """

    steps: Any
    cycles: Any
    time_series: Any
    files: list[str] | None

    def __init__(self, body: Mapping[str, Any], found: Mapping[Part, Any]) -> None:
        super().__init__(body)
        self.steps = found.get("steps")
        self.cycles = found.get("cycles")
        self.time_series = found.get("time_series")
        self.files = found.get("files")

    @property
    def instance_id(self) -> str:
        """Id of the cell."""
        return self.cell_instance_id


@dataclass(frozen=True, slots=True)
class CellInstanceDetail:
    """One cell with its tests.

    Attributes
    ----------
    instance : CellInstance
        The cell.
    measurements : list of CellMeasurementDetail
        Its tests, newest first.
    """

    instance: CellInstance
    measurements: list[CellMeasurementDetail] = field(repr=False)

    @property
    def specification_id(self) -> str:
        """Id of the cell's spec."""
        return self.instance.cell_specification_id

    def __repr__(self) -> str:
        return f"CellInstanceDetail({self.instance!r}, {many(len(self.measurements), 'test')})"


def instance_detail(
    connection: Connection, cell_id: str, parts: Parts, backend: Backend
) -> CellInstanceDetail:
    """Read a cell with its tests: its record and their list at once, then their data."""
    tests_path = CELL_MEASUREMENT.below(cell_id)
    calls: list[Callable[[], Any]] = [
        lambda: ask(connection.wire, "GET", routes.one(routes.CELLS, cell_id)),
        lambda: read_records(connection, CELL_MEASUREMENT, tests_path, {}),
    ]
    instance, tests = gather(lambda call: call(), calls)
    records = [CellMeasurement(body) for body in tests]
    return CellInstanceDetail(
        CellInstance(instance), measurement_details(connection, records, parts, backend)
    )


def measurement_details(
    connection: Connection, tests: Sequence[CellMeasurement], parts: Parts, backend: Backend
) -> list[CellMeasurementDetail]:
    """Read the data of tests, in one flat pool.

    Raises
    ------
    ApiError, TransportError, FrameError
        A part is there and cannot be read.
    """
    from cellframe.frames.backend import to_backend

    found = read_parts(connection, tests, parts)
    details: list[CellMeasurementDetail] = []
    for test in tests:
        of_test: dict[Part, Any] = {}
        for part in parts.of(test):
            value: Any = found.get((test.id, part))
            if isinstance(value, CellframeError):
                if isinstance(value, _HAS_NONE) or test.get("processing_status") == FAILED:
                    continue
                raise value
            if part != "files":
                value = to_backend(held_to(connection, part, value, None, "raise"), backend)
            of_test[part] = value
        details.append(CellMeasurementDetail(test, of_test))
    return details


def read_parts(
    connection: Connection,
    tests: Sequence[CellMeasurement],
    parts: Parts,
    done: Callable[[], object] = lambda: None,
) -> dict[tuple[str, Part], Any]:
    """Read parts of tests, in one flat pool.

    Returns
    -------
    dict of (test id, part) to frame, list of names, or CellframeError
        An error stands for what could not be read; the rest is read all the same.
    """
    asked: list[tuple[CellMeasurement, Part]] = [
        (test, part) for test in tests for part in parts.of(test)
    ]

    def one(what: tuple[CellMeasurement, Part]) -> Any:
        test, part = what
        try:
            return _READERS[part](connection, test)
        except CellframeError as fault:
            return fault

    values = gather(one, asked, done, connection.workers)
    found: dict[tuple[str, Part], Any] = {
        (test.id, part): value for (test, part), value in zip(asked, values, strict=True)
    }
    for part, columns in data.TABLES.items():
        files = {key: value for key, value in found.items() if isinstance(value, FileBody)}
        of_part = {key[0]: file for key, file in files.items() if key[1] == part}
        tables = data.read_tables(connection, of_part, part, columns)
        found |= {(test_id, part): table for test_id, table in tables.items()}
    return found


def why_not(test: CellMeasurement) -> str | None:
    """Say why a test has no data to read, where its record tells; None where it should have."""
    status = test.get("processing_status") or READY
    if status == FAILED:
        return f"the service could not read it: {test.get('processing_error')}"
    return None if status == READY else "the service has not looked at it yet"


_READERS: Mapping[Part, Callable[[Connection, CellMeasurement], Any]] = {
    "steps": lambda connection, test: data.kept_or_fetched(connection, test, "steps"),
    "cycles": lambda connection, test: data.kept_or_fetched(connection, test, "cycles"),
    "time_series": data.series,
    "files": lambda connection, test: data.filenames(connection, test.id),
}
