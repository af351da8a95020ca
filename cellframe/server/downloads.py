"""How is the data of a test read back? As files, or its steps and cycles as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from cellframe.contract.wire import FileBody, Reply
from cellframe.server import calls, references, storage
from cellframe.server.bodies import TESTS
from cellframe.server.contents import CYCLES, FILE, SERIES, STEPS
from cellframe.server.integrity import lying
from cellframe.server.refusals import missing, printable, refuse
from cellframe.server.tables import tests

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from cellframe.server.calls import Call
    from cellframe.server.references import File

_WORDS = {SERIES: "time series", FILE: "files"}
_SEE_OTHER = 303


def series_file(call: Call) -> Reply:
    """Give the time series as parquet."""
    return _one_file(call, SERIES)


def steps_file(call: Call) -> Reply:
    """Give the steps as parquet."""
    return _one_file(call, STEPS)


def cycles_file(call: Call) -> Reply:
    """Give the cycles as parquet."""
    return _one_file(call, CYCLES)


def cycles(call: Call) -> Reply:
    """Give the cycles, column by column."""
    return calls.reply(200, _columns_of(call, CYCLES))


def steps_and_cycles(call: Call) -> Reply:
    """Give the steps and the cycles, column by column."""
    return calls.reply(200, _columns_of(call, STEPS, CYCLES))


def file_names(call: Call) -> Reply:
    """Name the files."""
    with call.database.read() as connection:
        found = _files(connection, call.ids[0], FILE)
    return calls.reply(200, {"filenames": [file.filename for file in found]})


def any_file(call: Call) -> Reply:
    """Give one file by its name."""
    test_id, name = call.ids
    with call.database.read() as connection:
        found = _files(connection, test_id, FILE)
        file = next((one for one in found if one.filename == name), None)
        if file is None:
            raise missing(f"file {printable(name)!r}")
        return _given(call, connection, test_id, file)


def _one_file(call: Call, role: str) -> Reply:
    (test_id,) = call.ids
    with call.database.read() as connection:
        (file,) = _files(connection, test_id, role)
        return _given(call, connection, test_id, file)


def _given(call: Call, connection: Connection, test_id: str, file: File) -> Reply:
    """Send a caller on to the file, or hand it over to one in this process."""
    path = lying(call, connection, test_id, file)
    headers = storage.headers_of(file)
    if call.holds(headers["etag"]):
        return calls.unchanged(headers["etag"])
    if call.in_process:
        return Reply(200, headers, FileBody(path))
    kept = {name: headers[name] for name in ("etag", "repr-digest")}
    location = storage.address(call, test_id, file)
    return Reply(_SEE_OTHER, {**kept, "location": location}, b"{}")


def _files(connection: Connection, test_id: str, role: str) -> list[File]:
    """Find the files of one role; each reason why there are none has a status of its own."""
    calls.require(connection, TESTS, test_id)
    row = connection.execute(select(tests).where(tests.c.id == test_id)).mappings().one()
    wanted = FILE if role == FILE else SERIES
    word = _WORDS.get(role, role)
    if row["measurement_type"] != wanted:
        message = f"This test is of type {row['measurement_type']!r} and has no {word}."
        raise refuse(400, message)
    found = references.of_test(connection, test_id, role)
    if not found:
        raise refuse(404, f"This test has no {word}: {_reason(row)}")
    return found


def _reason(row: Mapping[Any, Any]) -> str:
    return row["processing_error"] or "nothing was kept."


def _columns_of(call: Call, *roles: str) -> dict[str, dict[str, list[Any]]]:
    (test_id,) = call.ids
    with call.database.read() as connection:
        files = [file for role in roles for file in _files(connection, test_id, role)]
        paths = [lying(call, connection, test_id, file) for file in files]
    return {role: _columns(path) for role, path in zip(roles, paths, strict=True)}


def _columns(path: Path) -> dict[str, list[Any]]:
    import polars as pl
    from polars import selectors

    frame = pl.read_parquet(path)
    real = selectors.float()
    # JSON has no other word for a number that is none.
    finite = pl.when(real.is_finite()).then(real)
    return frame.with_columns(finite.name.keep()).to_dict(as_series=False)
