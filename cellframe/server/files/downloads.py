"""How is the data of a test read back? As files, or its steps and cycles as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import bindparam, select

from cellframe.contract.problems import Problem
from cellframe.contract.records import FILES, TIME_SERIES
from cellframe.contract.wire import FileBody, Reply
from cellframe.server import calls, conditions
from cellframe.server.files import references, storage
from cellframe.server.files.integrity import lying
from cellframe.server.files.references import CYCLES, FILE, SERIES, STEPS
from cellframe.server.refusals import Refusal, missing, printable, refuse
from cellframe.server.tables import files, tests

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from cellframe.server.calls import Call
    from cellframe.server.files.references import File

_WORDS = {SERIES: "time series", FILE: "files"}
_SEE_OTHER = 303
_THEIRS = (files.c.measurement_id == tests.c.id) & (files.c.role == bindparam("role"))
# One query and kept: a fleet asks this for every file of every test.
_TEST_AND_FILES = (
    select(
        tests.c.measurement_type,
        tests.c.processing_error,
        *(files.c[name] for name in references.File.__slots__),
    )
    .select_from(tests.outerjoin(files, _THEIRS))
    .where(tests.c.id == bindparam("id"))
    .order_by(files.c.position)
)


class _NothingKept(Refusal):
    """A test of the right type has no file of a role."""


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
    return _columns_of(call, CYCLES)


def steps_and_cycles(call: Call) -> Reply:
    """Give the steps and the cycles, column by column.

    None and no fault for a series that could not be used: public clients ask this of every test
    of a cell, and one refusal would keep them from all of it.
    """
    try:
        return _columns_of(call, STEPS, CYCLES)
    except _NothingKept:
        return calls.reply(200, {STEPS: {}, CYCLES: None})


def file_names(call: Call) -> Reply:
    """Name the files."""
    with call.database.read() as connection:
        found = _files(connection, call.ids[0], FILE)
    body = orjson.dumps({"filenames": [file.filename for file in found]})
    etag = conditions.digest(body)
    return calls.unchanged(etag) if call.holds(etag) else calls.reply(200, body, etag)


def any_file(call: Call) -> Reply:
    """Give one file by its name."""
    test_id, name = call.ids
    with call.database.read() as connection:
        found = _files(connection, test_id, FILE)
    file = next((one for one in found if one.filename == name), None)
    if file is None:
        raise missing(f"file {printable(name)!r}")
    return _given(call, test_id, file)


def _one_file(call: Call, role: str) -> Reply:
    (test_id,) = call.ids
    with call.database.read() as connection:
        (file,) = _files(connection, test_id, role)
    return _given(call, test_id, file)


def _given(call: Call, test_id: str, file: File) -> Reply:
    """Send a caller on to the file, or hand it over to one in this process."""
    path = lying(call, test_id, file)
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
    asked = {"id": test_id, "role": role}
    rows: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(_TEST_AND_FILES, asked)]
    if not rows:
        raise missing("cell measurement")
    kind, error, *_ = rows[0]
    wanted = FILES if role == FILE else TIME_SERIES
    word = _WORDS.get(role, role)
    if kind != wanted:
        raise refuse(400, f"This test is of type {kind!r} and has no {word}.")
    found = [references.File(*row[2:]) for row in rows if row[2] is not None]
    if not found:
        message = f"This test has no {word}: {error or 'nothing was kept.'}"
        raise _NothingKept(Problem(404, message))
    return found


def _columns_of(call: Call, *roles: str) -> Reply:
    (test_id,) = call.ids
    with call.database.read() as connection:
        files = [file for role in roles for file in _files(connection, test_id, role)]
    etag = conditions.digest("".join(file.digest for file in files).encode())
    if call.holds(etag):
        return calls.unchanged(etag)
    paths = [lying(call, test_id, file) for file in files]
    tables = {role: _columns(path) for role, path in zip(roles, paths, strict=True)}
    # Columns of the sender's own may hold what JSON has no word for, durations and decimals.
    return calls.reply(200, orjson.dumps(tables, default=str), etag)


def _columns(path: Path) -> dict[str, list[Any]]:
    import polars as pl
    from polars import selectors

    frame = pl.read_parquet(path)
    real = selectors.float()
    # JSON has no other word for a number that is none.
    finite = pl.when(real.is_finite()).then(real)
    return frame.with_columns(finite.name.keep()).to_dict(as_series=False)
