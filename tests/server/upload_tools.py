"""A small series, and the three calls that make a test of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Answer, Caller

SERIES = pl.DataFrame(
    {
        "Time [s]": [0.0, 10.0, 20.0, 30.0, 40.0, 50.0],
        "Voltage [V]": [3.0, 3.2, 3.4, 3.4, 3.3, 3.1],
        "Current [A]": [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0],
        "Step count": [0, 0, 0, 1, 1, 1],
    }
)
MORE = SERIES.with_columns(pl.col("Time [s]") + 60, pl.col("Step count") + 2)


RAW = {"name": "export", "filename": "a.csv"}


def parquet(frame: pl.DataFrame = SERIES, **options: Any) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file, **options)
    return file.getvalue()


def initiate(call: Caller, cell: str, name: str = "t", **more: Any) -> dict[str, Any]:
    """Begin an upload; `cell` is the cell's path."""
    body = {"measurement": {"name": name}, **more}
    answer = call("POST", f"{cell}/cell_measurements/initiate-upload", body)
    assert answer.status == 200, answer.content
    return answer.body


def put(call: Caller, begun: dict[str, Any], content: Any = None, slot: int = 0) -> Answer:
    content = parquet() if content is None else content
    return call("PUT", begun["uploads"][slot]["signed_url"], content, x_api_key=None)


def confirm(call: Caller, cell: str, begun: dict[str, Any], name: str = "t", **more: Any) -> Answer:
    fields = {"name": name, **more.pop("fields", {})}
    body = {
        "cell_instance_id": cell.rpartition("/")[2],
        "measurement": fields,
        "measurement_type": "time_series",
        **more,
    }
    return call("POST", f"/cell_measurements/{begun['measurement_id']}/confirm-upload", body)


def upload(
    call: Caller, cell: str, name: str = "t", content: bytes | None = None, **fields: Any
) -> dict[str, Any]:
    """Make a test of a series, and return the confirm's answer."""
    begun = initiate(call, cell, name)
    assert put(call, begun, content).status == 200
    answer = confirm(call, cell, begun, name, fields=fields)
    assert answer.status == 201, answer.content
    return answer.body


def upload_files(call: Caller, cell: str, files: dict[str, bytes], name: str = "f") -> str:
    """Make a test of files, and return its path."""
    kind: dict[str, Any] = {"measurement_type": "file", "filenames": list(files)}
    begun = initiate(call, cell, name, **kind)
    for slot, content in enumerate(files.values()):
        assert put(call, begun, content, slot).status == 200
    answer = confirm(call, cell, begun, name, **kind)
    assert answer.status == 201, answer.content
    return f"/cell_measurements/{answer.body['id']}"


def initiate_raw(call: Caller, **fields: Any) -> dict[str, Any]:
    """Begin an upload of raw data."""
    answer = call("POST", "/raw_data/initiate-upload", {**RAW, **fields})
    assert answer.status == 200, answer.content
    return answer.body


def confirm_raw(call: Caller, begun: dict[str, Any], **fields: Any) -> Answer:
    path = f"/raw_data/{begun['raw_data_id']}/confirm-upload"
    return call("POST", path, {**RAW, **fields})


def upload_raw(call: Caller, content: bytes = b"raw", **fields: Any) -> dict[str, Any]:
    """Make raw data of a file, and return its record."""
    begun = initiate_raw(call, **fields)
    assert put(call, begun, content).status == 200
    answer = confirm_raw(call, begun, size_bytes=len(content), **fields)
    assert answer.status == 201, answer.content
    return answer.body


def path_of(test: dict[str, Any]) -> str:
    return f"/cell_measurements/{test['id']}"


def read_file(call: Caller, path: str) -> bytes:
    """Follow a download to its bytes."""
    answer = call("GET", path)
    if answer.status == 303:
        answer = call("GET", answer.headers["location"], x_api_key=None)
    assert answer.status == 200, answer.content
    return answer.content


def read_frame(call: Caller, path: str) -> pl.DataFrame:
    return pl.read_parquet(read_file(call, path))


def blobs(folder: Path) -> set[str]:
    """Digests of the contents on the disk."""
    return {path.name for path in (folder / "blobs").glob("*/*")}


def staged(folder: Path) -> set[str]:
    return {path.name for path in (folder / "staging").glob("*")}
