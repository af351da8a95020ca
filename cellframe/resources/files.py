"""Files that are a test: they go up as they are, and come back into a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.contract.filenames import filename_fault
from cellframe.contract.wire import FileBody
from cellframe.errors import ConfigError, TransportError
from cellframe.resources import data
from cellframe.resources.creating import check_fields
from cellframe.resources.gather import gather
from cellframe.resources.uploading import initiate

if TYPE_CHECKING:
    from os import PathLike

    from cellframe.resources.connection import Connection
    from cellframe.resources.records import CellMeasurement

_AT_ONCE = 4


def create_file(
    connection: Connection,
    cell_id: str,
    name: str,
    files: Mapping[str, FileBody],
    about: Mapping[str, Any],
) -> CellMeasurement:
    """Upload files; see `CellMeasurements.create_file`."""
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


def checked_files(paths: Any, about: Mapping[str, Any]) -> dict[str, FileBody]:
    """Return files by their name. Nothing is sent.

    Raises
    ------
    ConfigError
        A file is missing or has a name that no test can keep, or two have one name.
    InvalidRecordError
        A field is none of a test of files.
    """
    given = [paths] if isinstance(paths, str | Path) or not isinstance(paths, Iterable) else paths
    found: dict[str, FileBody] = {}
    faults: list[str] = []
    for one in given:
        if not isinstance(one, str | os.PathLike):
            faults.append(f"{one!r} is no path")
            continue
        path = Path(one).expanduser()
        if not path.is_file():
            faults.append(f"{path} is no file")
        elif filename_fault(path.name):
            faults.append(f"{path.name!r} is no name that a test can keep; rename it")
        if path.name in found:
            faults.append(f"two files are called {path.name!r}")
        found[path.name] = FileBody(path)
    if not found and not faults:
        faults.append("no file was given")
    if faults:
        raise ConfigError(f"The files cannot be uploaded: {'; '.join(faults)}. Nothing was sent.")
    check_fields(about)
    return found


def download_files(connection: Connection, test_id: str, folder: str | PathLike[str]) -> list[Path]:
    """Put the files of a test into a folder, all or none; see `CellMeasurements.download_files`."""
    filenames = data.filenames(connection, test_id)
    place = Path(folder).expanduser()
    for filename in filenames:
        # The name is the service's word, and a path of ours.
        if filename_fault(filename):
            message = f"The service names a file {filename!r}, which is no plain file name. Nothing was written; read it with get_file."
            raise TransportError(message, sent=True)
    if place.exists() and not place.is_dir():
        message = f"{place} is a file. Give a folder. Nothing was written."
        raise ConfigError(message)
    taken = [name for name in filenames if os.path.lexists(place / name)]
    if taken:
        message = f"{place} has {', '.join(map(repr, taken))} already. Nothing was written: give another folder, or move them."
        raise ConfigError(message)
    place.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".cellframe-", dir=place) as draft:

        def one(filename: str) -> None:
            below = f"{routes.FILES}/{routes.segment(filename)}"
            body = data.fetch(connection, routes.below(routes.TESTS, test_id, below))
            put = shutil.move if body.movable else shutil.copyfile
            put(body.path, Path(draft, filename))

        gather(one, filenames, workers=_AT_ONCE)
        return [Path(draft, filename).rename(place / filename) for filename in filenames]
