"""Tests with a series are made: it is checked, then goes up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from cellframe.contract import routes
from cellframe.contract.quantities import positive_in
from cellframe.contract.records import CELL_MEASUREMENT, Type
from cellframe.errors import InvalidRecordError
from cellframe.resources.uploading import EXTENSION, SERIES, STEPS, drafts, initiate, settled
from cellframe.transport.replies import ask

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    import polars as pl

    from cellframe.contract.wire import FileBody
    from cellframe.resources.connection import Connection
    from cellframe.resources.records import CellMeasurement

_PARTS = ("measurement", "time_series", "steps")
_DATA_TYPE = "data_type"
"""A switch of the checks, among a record's fields by the public client's custom; never sent."""


@dataclass(frozen=True, slots=True)
class Checks:
    """How a series is checked before it goes up; see `CellMeasurements.create`."""

    strict: bool = False
    skip: tuple[str, ...] = ()
    rated_capacity: float | None = None
    voltage_window: tuple[float, float] | None = None


class Prepared(NamedTuple):
    """A test, or more of one, that is fit to go up.

    Attributes
    ----------
    fields : dict
        Of the record.
    files : dict of str to FileBody
        By the name of their target.
    doubts : sequence of str
        What to warn of.
    """

    fields: dict[str, Any]
    files: dict[str, FileBody]
    doubts: Sequence[str] = ()


@contextmanager
def prepared(connection: Connection, detail: Any, checks: Checks) -> Generator[Prepared]:
    """Check what `CellMeasurements.create` was given, and write it down. Nothing is sent.

    Raises
    ------
    InvalidRecordError, MeasurementError, ConfigError
        See `CellMeasurements.create`.
    """
    from cellframe.series.reading import read_series, read_steps

    fields, given, own = _split(detail)
    frames = {SERIES: read_series(given)}
    if own is not None:
        frames[STEPS] = read_steps(own)
    doubts: list[str] = []

    def look() -> None:
        doubts.extend(_doubts(frames, fields, checks))

    with drafts(connection, frames, look) as files:
        sent = {name: value for name, value in fields.items() if name != _DATA_TYPE}
        yield Prepared(sent, files, doubts)


def _doubts(
    frames: Mapping[str, pl.DataFrame], fields: Mapping[str, Any], checks: Checks
) -> list[str]:
    from cellframe.series.checked import check_series

    found = check_series(
        frames[SERIES],
        data_type=fields.get(_DATA_TYPE),
        strict=checks.strict,
        skip_checks=checks.skip,
        rated_capacity=checks.rated_capacity,
        voltage_window=checks.voltage_window,
        steps=frames.get(STEPS),
        start_time=_text(fields.get("start_time")),
        end_time=_text(fields.get("end_time")),
    )
    return [finding.message for finding in found]


def create(connection: Connection, cell_id: str, test: Prepared, *, wait: bool) -> CellMeasurement:
    """Upload a test; see `CellMeasurements.create`."""
    named = {key: test.fields[key] for key in ("name", "notes") if test.fields.get(key)}
    path = routes.below(routes.CELLS, cell_id, routes.INITIATE_UPLOAD)
    upload = initiate(connection, path, {"measurement": named})
    upload.put(test.files)
    body = {
        "cell_instance_id": cell_id,
        "measurement": test.fields,
        "measurement_type": "time_series",
    }
    return _awaited(connection, upload.confirm(routes.CONFIRM_UPLOAD, body), wait=wait)


@contextmanager
def prepared_extension(connection: Connection, given: Any) -> Generator[Prepared]:
    """Check the rows that `CellMeasurements.extend` was given, and write them down."""
    from cellframe.series.checked import check_extension
    from cellframe.series.reading import read_series

    rows = read_series(given)
    doubts = [finding.message for finding in check_extension(rows)]
    with drafts(connection, {EXTENSION: rows}) as files:
        yield Prepared({}, files, doubts)


def extend(connection: Connection, test_id: str, more: Prepared, *, wait: bool) -> CellMeasurement:
    """Add rows to a series; see `CellMeasurements.extend`."""
    path = routes.below(routes.TESTS, test_id, routes.INITIATE_EXTEND)
    upload = replace(initiate(connection, path, {}), test_id=test_id)
    upload.put(more.files)
    made = upload.confirm(routes.CONFIRM_EXTEND, {})
    return _awaited(connection, made, wait=wait, at_least_once=True)


def _split(detail: Any) -> tuple[dict[str, Any], Any, Any]:
    """Return the record's fields, the series and the steps of what `create` was given."""
    if not isinstance(detail, Mapping):
        message = f"A test is made from a dict with 'measurement' and 'time_series', not from a {type(detail).__name__}."
        raise InvalidRecordError(f"{message} Nothing was sent.")
    faults = [f"{key!r} is none of {', '.join(_PARTS)}" for key in detail if key not in _PARTS]
    faults += [f"{key!r} is missing" for key in _PARTS[:2] if detail.get(key) is None]
    fields = detail.get("measurement")
    if isinstance(fields, str):
        fields = {"name": fields}
    if fields is not None and not isinstance(fields, Mapping):
        faults.append(
            f"'measurement' is a {type(fields).__name__}; give the record's fields as a dict"
        )
    elif fields is not None and not fields.get("name"):
        faults.append("'measurement' has no name")
    else:
        faults += field_faults(
            {name: value for name, value in (fields or {}).items() if name != _DATA_TYPE}
        )
    if faults:
        raise InvalidRecordError(f"The test cannot be made: {'; '.join(faults)}. Nothing was sent.")
    return dict(fields or {}), detail["time_series"], detail.get("steps")


def field_faults(fields: Mapping[str, Any]) -> Iterator[str]:
    """Say what the service would refuse of a record, after the whole series had gone up."""
    known = {row.name: row.type for row in CELL_MEASUREMENT.fields if row.settable}
    for name, value in fields.items():
        kind = known.get(name)
        if kind is None:
            near = get_close_matches(str(name), known, n=1)
            advice = f"; did you mean {near[0]!r}?" if near else ""
            yield f"{name!r} is no field of a test that can be set{advice}"
        elif kind in _FITS and value is not None and not _FITS[kind](value):
            yield f"{name}={value!r} should be {kind.value}"


def check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse fields that the service would refuse. Nothing is sent.

    Raises
    ------
    InvalidRecordError
        With every one that does not fit.
    """
    faults = list(field_faults(fields))
    if faults:
        raise InvalidRecordError(f"The test cannot be made: {'; '.join(faults)}. Nothing was sent.")


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, date) or bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


_FITS: Mapping[Type, Callable[[Any], bool]] = {
    Type.TIME: _is_time,
    Type.TAGS: lambda value: not isinstance(value, str | Mapping) and isinstance(value, Iterable),
    Type.OBJECT: lambda value: isinstance(value, Mapping),
    Type.TEXT: lambda value: isinstance(value, str),
    Type.NAME: lambda value: isinstance(value, str),
}


def _text(moment: Any) -> Any:
    return moment.isoformat() if isinstance(moment, date) else moment


def rated_capacity(connection: Connection, spec_id: str) -> float | None:
    """Return the rated capacity of a spec in A.h, where it has one."""
    spec = ask(connection.wire, "GET", routes.one(routes.SPECS, spec_id))
    return positive_in("A.h", (spec.get("ratings") or {}).get("capacity"))


def _awaited(
    connection: Connection, made: CellMeasurement, *, wait: bool, at_least_once: bool = False
) -> CellMeasurement:
    return settled(connection, made, at_least_once=at_least_once) if wait else made
