"""Tests are made: a series is checked, then goes up; files go up as they are."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cellframe.contract import routes
from cellframe.contract.quantities import UnitError, convert
from cellframe.contract.wire import FileBody
from cellframe.errors import ConfigError, InvalidRecordError, TransportError
from cellframe.resources import data
from cellframe.resources.gather import gather
from cellframe.resources.uploading import EXTENSION, SERIES, STEPS, drafts, initiate, settled
from cellframe.transport.replies import ask

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from os import PathLike

    import polars as pl

    from cellframe.resources.connection import Connection
    from cellframe.resources.records import CellMeasurement

_PARTS = ("measurement", "time_series", "steps")
_ABOUT = ("notes", "protocol", "test_setup", "start_time", "end_time", "tags")


@dataclass(frozen=True, slots=True)
class Checks:
    """How a series is checked before it goes up; see `CellMeasurements.create`."""

    strict: bool = False
    skip: tuple[str, ...] = ()
    rated_capacity: float | None = None
    voltage_window: tuple[float, float] | None = None


class Prepared(NamedTuple):
    """A test that is fit to go up: its record's fields, and its files by the name of their target."""

    fields: dict[str, Any]
    files: dict[str, FileBody]


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
    data_type = fields.pop("data_type", None)
    with drafts(connection, frames, lambda: _check(frames, fields, data_type, checks)) as files:
        yield Prepared(fields, files)


def _check(
    frames: Mapping[str, pl.DataFrame], fields: Mapping[str, Any], data_type: Any, checks: Checks
) -> None:
    from cellframe.series.checked import check_series

    found = check_series(
        frames[SERIES],
        data_type=data_type,
        strict=checks.strict,
        skip_checks=checks.skip,
        rated_capacity=checks.rated_capacity,
        voltage_window=checks.voltage_window,
        steps=frames.get(STEPS),
        start_time=_text(fields.get("start_time")),
        end_time=_text(fields.get("end_time")),
    )
    for finding in found:
        warnings.warn(finding.message, stacklevel=8)


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


def prepare_extension(given: Any) -> pl.DataFrame:
    """Check the rows that `CellMeasurements.extend` was given. Nothing is sent."""
    from cellframe.series.checked import check_extension
    from cellframe.series.reading import read_series

    rows = read_series(given)
    for finding in check_extension(rows):
        warnings.warn(finding.message, stacklevel=4)
    return rows


def extend(
    connection: Connection, test_id: str, rows: pl.DataFrame, *, wait: bool
) -> CellMeasurement:
    """Add rows to a series; see `CellMeasurements.extend`."""
    path = routes.below(routes.TESTS, test_id, routes.INITIATE_EXTEND)
    upload = replace(initiate(connection, path, {}), test_id=test_id)
    with drafts(connection, {EXTENSION: rows}) as files:
        upload.put(files)
    made = upload.confirm(routes.CONFIRM_EXTEND, {})
    return _awaited(connection, made, wait=wait, at_least_once=True)


def create_file(
    connection: Connection,
    cell_id: str,
    name: str,
    paths: Sequence[str | PathLike[str]],
    about: Mapping[str, Any],
) -> CellMeasurement:
    """Upload files; see `CellMeasurements.create_file`."""
    files = _files(paths)
    unknown = [key for key in about if key not in _ABOUT]
    if unknown:
        message = f"There is no field {unknown[0]!r} for a test of files. Fields: {', '.join(_ABOUT)}. Nothing was sent."
        raise InvalidRecordError(message)
    fields = {"name": name, **{key: value for key, value in about.items() if value is not None}}
    upload = initiate(
        connection,
        routes.below(routes.CELLS, cell_id, routes.INITIATE_UPLOAD),
        {"measurement": {"name": name}, "measurement_type": "file", "filenames": list(files)},
    )
    # Targets come in the order of the names, and may be called something else.
    targets = [
        {**target, "filename": filename}
        for target, filename in zip(upload.targets, files, strict=False)
    ]
    replace(upload, targets=targets).put(files)
    body = {
        "cell_instance_id": cell_id,
        "measurement": fields,
        "measurement_type": "file",
        "filenames": list(files),
    }
    return upload.confirm(routes.CONFIRM_UPLOAD, body)


def download_files(
    connection: Connection, test_id: str, filenames: Sequence[str], folder: str | PathLike[str]
) -> list[Path]:
    """Put the files of a test into a folder; see `CellMeasurements.download_files`."""
    place = Path(folder).expanduser()
    for filename in filenames:
        # The name is the service's word, and a path of ours.
        if not _is_leaf(filename):
            message = f"The service names a file {filename!r}, which would lie outside {place}. Nothing was written; read it with get_file."
            raise TransportError(message, sent=True)
    taken = [name for name in filenames if (place / name).exists()]
    if taken:
        message = f"{place} has {', '.join(map(repr, taken))} already. Nothing was written: give another folder, or move them."
        raise ConfigError(message)
    place.mkdir(parents=True, exist_ok=True)

    def one(filename: str) -> Path:
        below = f"{routes.FILES}/{routes.segment(filename)}"
        body = data.fetch(connection, routes.below(routes.TESTS, test_id, below))
        put = shutil.move if body.movable else shutil.copyfile
        return Path(put(body.path, place / filename))

    return gather(one, list(filenames), workers=4)


def _is_leaf(filename: str) -> bool:
    plain = filename.isprintable() and not set(filename) & set('/\\:*?"<>|')
    return plain and filename.strip(". ") == filename.strip() and bool(filename.strip(". "))


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
    if faults:
        raise InvalidRecordError(f"The test cannot be made: {'; '.join(faults)}. Nothing was sent.")
    return dict(fields or {}), detail["time_series"], detail.get("steps")


def _text(moment: Any) -> Any:
    return moment.isoformat() if isinstance(moment, date) else moment


def rated_capacity(connection: Connection, spec_id: str) -> float | None:
    """Return the rated capacity of a spec in A.h, where it has one."""
    spec = ask(connection.wire, "GET", routes.one(routes.SPECS, spec_id))
    capacity: Any = (spec.get("ratings") or {}).get("capacity")
    try:
        return convert(capacity["value"], capacity["unit"], "A.h")
    except (TypeError, KeyError, UnitError):
        return None


def _files(paths: Sequence[str | PathLike[str]]) -> dict[str, FileBody]:
    if isinstance(paths, str | Path):
        paths = [paths]
    found: dict[str, FileBody] = {}
    faults: list[str] = []
    for one in paths:
        path = Path(one).expanduser()
        if not path.is_file():
            faults.append(f"{path} is no file")
        if path.name in found:
            faults.append(f"two files are called {path.name!r}")
        found[path.name] = FileBody(path)
    if not found:
        faults.append("no file was given")
    if faults:
        raise ConfigError(f"The files cannot be uploaded: {'; '.join(faults)}. Nothing was sent.")
    return found


def _awaited(
    connection: Connection, made: CellMeasurement, *, wait: bool, at_least_once: bool = False
) -> CellMeasurement:
    return settled(connection, made, at_least_once=at_least_once) if wait else made
