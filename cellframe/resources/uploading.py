"""How a test's data goes up: initiate, put, confirm.

The service makes the record at the confirm, whole or not at all. The id is known before: a
confirm whose answer was lost is settled by asking for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cellframe.contract import routes
from cellframe.contract.records import FAILED, PENDING, READY, RUNNING
from cellframe.contract.wire import FileBody
from cellframe.errors import NotFoundError, ProcessingError, StoreError, TransportError
from cellframe.resources.gather import gather
from cellframe.resources.records import CellMeasurement
from cellframe.transport.replies import FIRST_REFUSAL, ask, make_request, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    import polars as pl

    from cellframe.resources.connection import Connection

SERIES, STEPS, EXTENSION = "time_series.parquet", "steps.parquet", "time_series_extend.parquet"
"""Names of the targets that the service picks files by."""
_AT_ONCE = 4
_PATIENCE = 600.0
_FIRST_PAUSE, _PAUSE = 0.1, 2.0
_UNDER_WAY = (PENDING, RUNNING)


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload under way.

    Attributes
    ----------
    connection : Connection
        To the service.
    test_id : str
        Id of the test, which exists from the confirm on.
    targets : sequence of mapping
        Where the files go, in the order in which they were asked for.
    """

    connection: Connection
    test_id: str
    targets: Sequence[Mapping[str, Any]] = field(repr=False)

    def put(self, files: Mapping[str, FileBody]) -> None:
        """Put files to the targets of their names, a few at once."""
        gather(self._put, list(files.items()), workers=_AT_ONCE)

    def _put(self, file: tuple[str, FileBody]) -> None:
        name, body = file
        url = next((t["signed_url"] for t in self.targets if t.get("filename") == name), None)
        if not isinstance(url, str):
            message = f"{self.connection.wire.origin} named no place to put {name!r}."
            raise TransportError(message, sent=True)
        reply = self.connection.wire.put(url, body, {})
        if reply.status >= FIRST_REFUSAL:
            raise refusal(make_request("PUT", f"({name})"), reply, self.connection.wire.origin)

    def confirm(self, below: str, body: Mapping[str, Any]) -> CellMeasurement:
        """Say that the files are there; return the test as it was made, or extended.

        An answer that is lost, or late since a large series is looked at first, is settled: a
        new test has its id from the start, and the same confirm again gets the same answer.

        Raises
        ------
        ApiError
            The service refused; nothing was made.
        TransportError
            No answer came in ten minutes, or the service is gone: whether the test was made is
            not known.
        """
        path = routes.below(routes.TESTS, self.test_id, below)
        is_new = below == routes.CONFIRM_UPLOAD
        began = time.monotonic()
        while True:
            try:
                answer = ask(self.connection.wire, "POST", path, body=body)
            except TransportError as fault:
                if not fault.sent or time.monotonic() - began > _PATIENCE:
                    raise
                answer = self._made() if is_new else None
            if answer is not None:
                return CellMeasurement(answer, created=is_new)
            time.sleep(_FIRST_PAUSE)

    def _made(self) -> dict[str, Any] | None:
        try:
            return read(self.connection, self.test_id)
        except (NotFoundError, TransportError):
            return None


def initiate(connection: Connection, path: str, body: Mapping[str, Any]) -> Upload:
    """Ask where the files of a test go. Nothing is made yet."""
    answer = ask(connection.wire, "POST", path, body=dict(body))
    found = answer if isinstance(answer, dict) else {}
    test_id, targets = found.get("measurement_id"), found.get("uploads")
    if not isinstance(test_id, str) or not isinstance(targets, list):
        message = f"{connection.wire.origin} answered POST {path} without saying where files go."
        raise TransportError(message, request=f"POST {path}", sent=True)
    return Upload(connection, test_id, [one for one in targets if isinstance(one, Mapping)])


def read(connection: Connection, test_id: str) -> dict[str, Any]:
    """Read the record of a test as it is now, without its data."""
    query = {"include_steps": "false", "include_time_series": "false"}
    path = routes.one(routes.TESTS, test_id)
    return ask(connection.wire, "GET", path, query=query, max_age=0)


def settled(
    connection: Connection,
    test: CellMeasurement,
    *,
    at_least_once: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> CellMeasurement:
    """Return a test once the service has looked at its data.

    Parameters
    ----------
    at_least_once : bool
        Whether to ask again although it says ready: after an extension that failed it is ready
        with its earlier data, and says what was wrong with the new.

    Raises
    ------
    ProcessingError
        The data cannot be read, or the service did not come to it in ten minutes.
    """
    began, pause = time.monotonic(), _FIRST_PAUSE
    found = test
    while at_least_once or found.get("processing_status") in _UNDER_WAY:
        at_least_once = False
        record = read(connection, test.id)
        found = CellMeasurement({**test, **record}, created=test.created)
        if found.get("processing_status") in _UNDER_WAY:
            if time.monotonic() - began > _PATIENCE:
                message = f"The service has not looked at test {test.name!r} for {_PATIENCE:.0f} s; it may still. Ask with client.cell_measurement.get({test.id!r})."
                raise ProcessingError(message, found)
            sleep(pause)
            pause = min(2 * pause, _PAUSE)
    if found.get("processing_status") == FAILED or found.get("processing_error"):
        raise _failed(found)
    return found


def _failed(test: CellMeasurement) -> ProcessingError:
    said = str(test.get("processing_error") or "no reason was given").rstrip(".")
    if test.get("processing_status") in (READY, None):
        advice = "The test keeps the data that it had."
    else:
        advice = f"The test is kept without steps and cycles: remove it with client.cell_measurement.delete({test.id!r}), mend the series, and upload it again."
    return ProcessingError(
        f"The service cannot use the data of test {test.name!r}: {said}. {advice}", test
    )


@contextmanager
def drafts(
    connection: Connection,
    frames: Mapping[str, pl.DataFrame],
    meanwhile: Callable[[], object] = lambda: None,
) -> Generator[dict[str, FileBody]]:
    """Write frames where they can be put from; the files are gone afterwards.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        By the name of their target.
    meanwhile : callable
        Done here while they are written in a thread; what it raises ends the block.
    """
    with ExitStack() as made, ThreadPoolExecutor(1) as pool:
        files = {name: _draft(connection.drafts, made) for name in frames}

        def write() -> None:
            for name, frame in frames.items():
                _write(frame, files[name].path)

        writing = pool.submit(write)
        meanwhile()
        writing.result()
        yield files


def _draft(folder: Path, made: ExitStack) -> FileBody:
    path = folder / f"{uuid4().hex}.parquet"
    try:
        path.touch(mode=0o600)
    except OSError as fault:
        raise _unwritable(path, fault.strerror) from fault
    made.callback(path.unlink, missing_ok=True)
    return FileBody(path, movable=True)


def _write(frame: pl.DataFrame, path: Path) -> None:
    from polars.exceptions import PolarsError

    try:
        frame.write_parquet(path, compression="zstd")
    except (OSError, PolarsError) as fault:
        raise _unwritable(path, str(fault).splitlines()[0]) from fault


def _unwritable(path: Path, why: str | None) -> StoreError:
    message = f"The series cannot be written down in {path.parent} before it goes up ({why}). Nothing was sent."
    return StoreError(message)
