"""The files behind a test: its series, steps and cycles, as frames.

A series is kept among the downloads under its digest, and scanned where it lies; in a local lab
that is the service's own file. Steps and cycles are read at once.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, TypeVar

from cellframe.contract import digests, routes
from cellframe.contract.series import CYCLES, STEPS
from cellframe.contract.wire import FileBody
from cellframe.errors import (
    CellframeError,
    ConfigError,
    ConflictError,
    CorruptStoreError,
    LimitExceededError,
    NotFoundError,
    TransportError,
)
from cellframe.transport.replies import FIRST_REFUSAL, ask, make_request, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from cellframe.contract.series import Held
    from cellframe.resources.connection import Connection
    from cellframe.resources.records import CellMeasurement

T = TypeVar("T")
Table: TypeAlias = Literal["steps", "cycles"]


TABLES: Mapping[Table, Mapping[str, Held]] = {"steps": STEPS, "cycles": CYCLES}
"""What is derived from a series, by its columns."""
_FILES: Mapping[Table, str] = {"steps": routes.STEPS_FILE, "cycles": routes.CYCLES_FILE}


def steps(connection: Connection, test_id: str) -> pl.DataFrame:
    """Read the steps of a test, checked; see `cellframe.contract.series.STEPS`."""
    return _one_table(connection, test_id, "steps")


def cycles(connection: Connection, test_id: str) -> pl.DataFrame:
    """Read the cycles of a test, checked; see `cellframe.contract.series.CYCLES`."""
    return _one_table(connection, test_id, "cycles")


def kept_or_fetched(
    connection: Connection, test: CellMeasurement, part: Table
) -> FileBody | pl.DataFrame:
    """Return the file of a table where the record names its content and that lies here, else `table`."""
    digest = test.kept.get(f"{part}_sha256")
    known = connection.downloads.sound(digest) if isinstance(digest, str) else None
    return table(connection, test.id, part) if known is None else FileBody(known)


def table(connection: Connection, test_id: str, part: Table) -> FileBody | pl.DataFrame:
    """Fetch the file of a table for `read_tables`, or read it where the service has no file.

    Raises
    ------
    ApiError, TransportError, FrameError
        The service has none to give, or what came is none.
    """
    if part == "steps" or connection.offers("cycles_download"):
        return fetch(connection, routes.below(routes.TESTS, test_id, _FILES[part]))
    answer = ask(connection.wire, "GET", routes.below(routes.TESTS, test_id, routes.CYCLES))
    return _from_json(answer, part, TABLES[part], test_id)


def read_tables(
    connection: Connection, files: Mapping[str, FileBody], part: Table, columns: Mapping[str, Held]
) -> dict[str, pl.DataFrame | CellframeError]:
    """Read the fetched tables of many tests at once, and let go of the files.

    Returns
    -------
    dict of str to DataFrame or CellframeError
        By id of the test: the checked table, or what is wrong with it.
    """
    from cellframe.frames.long import conform
    from cellframe.frames.scan import read_each

    def shape(frame: pl.DataFrame) -> pl.DataFrame:
        return conform(frame, columns, part)

    # Two tests with the same content share a file.
    paths = list(dict.fromkeys(file.path for file in files.values()))
    try:
        read = dict(zip(paths, read_each(paths, shape), strict=True))
    finally:
        for file in files.values():
            if file.movable:
                file.path.unlink(missing_ok=True)
    found = {test_id: read[file.path] for test_id, file in files.items()}
    return {
        test_id: _unreadable(connection, test_id, frame)
        if isinstance(frame, CorruptStoreError)
        else frame
        for test_id, frame in found.items()
    }


def _one_table(connection: Connection, test_id: str, part: Table) -> pl.DataFrame:
    file = table(connection, test_id, part)
    if not isinstance(file, FileBody):
        return file
    found = read_tables(connection, {test_id: file}, part, TABLES[part])[test_id]
    if isinstance(found, CellframeError):
        raise found
    return found


def filenames(connection: Connection, test_id: str) -> list[str]:
    """Read the names of the files of a test."""
    answer = ask(connection.wire, "GET", routes.below(routes.TESTS, test_id, routes.FILES))
    found = answer.get("filenames") if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        message = f"{connection.wire.origin} named the files of test {test_id} in no list of texts."
        raise TransportError(message, sent=True)
    return found


def series(
    connection: Connection,
    test: CellMeasurement,
    columns: Sequence[str] | None = None,
    row_range: tuple[int, int] | None = None,
) -> pl.DataFrame:
    """Read the series of a test, or a part of it."""
    import polars as pl

    path = series_file(connection, test)
    try:
        lazy = pl.scan_parquet(path, hive_partitioning=False, glob=False)
        wanted = lazy if columns is None else lazy.select(_known(columns, lazy))
        start, stop = _rows(row_range)
        return wanted.slice(start, None if stop is None else stop - start).collect()
    except (pl.exceptions.PolarsError, OSError) as fault:
        raise _unreadable(connection, test.id, fault) from None


def series_file(connection: Connection, test: CellMeasurement) -> Path:
    """Return the file of a test's series: where it lies already, else downloaded.

    Raises
    ------
    ApiError, TransportError
        The service has no series to give, or the download was not whole.
    """
    digest = test.kept.get("sha256")
    known = connection.downloads.sound(digest) if isinstance(digest, str) else None
    if known is not None:
        return known
    body, sent = _fetched(connection, routes.below(routes.TESTS, test.id, routes.TIME_SERIES_FILE))
    if isinstance(digest, str) and sent and sent != digest:
        using(body, lambda _: None)
        message = f"The series of test {test.name!r} was extended after its record was read. Read it again."
        raise ConflictError(message, status=409, code="CHANGED")
    if not body.movable:
        return body.path
    return connection.downloads.take(body, digest if isinstance(digest, str) else None)[1]


class SeriesFile(NamedTuple):
    """The file of a series, and its columns."""

    path: Path
    columns: pl.Schema


def checked_series_file(connection: Connection, test: CellMeasurement) -> SeriesFile:
    """Return the file of a test's series, whose columns can be read.

    Raises
    ------
    ApiError, TransportError
        As of `series_file`; or it is no series.
    """
    from cellframe.frames.scan import columns_of

    path = series_file(connection, test)
    try:
        return SeriesFile(path, columns_of(path))
    except CorruptStoreError as fault:
        raise _unreadable(connection, test.id, fault) from None


def check_series(path: Path, schemas: Sequence[Any], name: str) -> None:
    """Hold the file of a series to rules of the caller's own, in one pass over its columns.

    Raises
    ------
    FrameError
        Rows break a rule; the message has the name of the test.
    """
    if not schemas:
        return
    import polars as pl

    from cellframe.frames.check import break_rules
    from cellframe.frames.invalid import settle

    lazy = pl.scan_parquet(path, hive_partitioning=False, glob=False)
    faults = break_rules(lazy, schemas, "test")
    if faults:
        settle(pl.DataFrame(), faults, "raise", f"series of test {name!r}")


def _fetched(connection: Connection, path: str) -> tuple[FileBody, str | None]:
    """Fetch one file, and the SHA-256 that the service says it has."""
    request = make_request("GET", path)
    reply = connection.wire.fetch(request, connection.drafts)
    if reply.status >= FIRST_REFUSAL:
        raise refusal(request, reply, connection.wire.origin)
    if not isinstance(reply.body, FileBody):
        message = f"{connection.wire.origin} answered {request} with something that is no file."
        raise TransportError(message, request=str(request), sent=True)
    if not connection.wire.in_place:
        _weigh(reply.body, f"The file of {request}")
    return reply.body, digests.told(reply.headers).get(digests.WHOLE)


def _weigh(body: FileBody, what: str) -> None:
    """Let go of a file that would become too large."""
    from cellframe.frames.weight import check_weight

    try:
        check_weight(body.path, what)
    except LimitExceededError:
        using(body, lambda _: None)
        raise


def fetch(connection: Connection, path: str) -> FileBody:
    """Fetch one file of the service.

    Raises
    ------
    ApiError
        The service said no.
    TransportError
        No usable answer came back, or only a part of it.
    """
    return _fetched(connection, path)[0]


def using(body: FileBody, read: Callable[[Path], T]) -> T:
    """Return what is read from a fetched file, which is then let go of."""
    try:
        return read(body.path)
    finally:
        if body.movable:
            body.path.unlink(missing_ok=True)


def _from_json(answer: Any, name: str, columns: Mapping[str, Held], test_id: str) -> pl.DataFrame:
    import polars as pl

    from cellframe.frames.long import conform

    found = answer.get(name) if isinstance(answer, dict) else None
    if found is None:
        message = f"The service has no {name} of test {test_id}."
        raise NotFoundError(message, status=404)
    try:
        whole = pl.DataFrame(
            # A column of 0 and 0.5 is one of numbers, whichever comes first.
            [pl.Series(label, values, strict=False) for label, values in found.items()]
        )
    except (AttributeError, TypeError, pl.exceptions.PolarsError) as fault:
        message = f"The {name} of test {test_id} that the service sent are no table: {fault}"
        raise TransportError(message, sent=True) from None
    return conform(whole, columns, name)


def _known(columns: Sequence[str], lazy: pl.LazyFrame) -> list[str]:
    if isinstance(columns, str):
        message = f"columns={columns!r}: give a list of labels."
        raise ConfigError(message)
    have = lazy.collect_schema().names()
    unknown = [label for label in columns if label not in have]
    if not unknown and columns and len(set(columns)) == len(columns):
        return list(columns)
    if not unknown:
        message = f"columns={list(columns)!r}: name at least one label, and each once."
        raise ConfigError(message)
    near = [get_close_matches(str(label), have, n=1, cutoff=0.4) for label in unknown]
    guesses = [
        f"{label!r}" + (f" (did you mean {found[0]!r}?)" if found else "")
        for label, found in zip(unknown, near, strict=True)
    ]
    message = f"The series has no column {', '.join(guesses)}. It has: {', '.join(have)}."
    raise ConfigError(message)


def _rows(row_range: tuple[int, int] | None) -> tuple[int, int | None]:
    if row_range is None:
        return 0, None
    given: Any = row_range
    pair: list[Any] = list(given) if isinstance(given, tuple | list | range) else []
    whole = [one for one in pair if isinstance(one, int) and not isinstance(one, bool)]
    if len(pair) != 2 or len(whole) != 2 or not 0 <= whole[0] <= whole[1]:  # noqa: PLR2004
        message = f"row_range={row_range!r}: give (first, end), two whole numbers from 0 up; the end is not included."
        raise ConfigError(message)
    return whole[0], whole[1]


def _unreadable(connection: Connection, test_id: str, fault: Exception) -> TransportError:
    said = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
    message = f"What {connection.wire.origin} sent for test {test_id} cannot be read: {said}"
    return TransportError(message, sent=True)
