"""Who serves and who writes, each in a process that may be killed at any moment?

They are forked from a process that has everything loaded already: so one is there within
milliseconds, and can be killed by the hundred.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cellframe as cf
from cellframe import failpoints
from cellframe.errors import CellframeError, UnfinishedApplyWarning

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from cellframe.writeback.receipt import Receipt
    from tests.faults.edits import Edits, Families

_FROM = multiprocessing.get_context("forkserver")
_FROM.set_forkserver_preload(["tests.faults.loaded"])
PATIENCE = 600
"""Seconds to wait for a process; a test has a shorter time of its own."""
_ROUNDS = 20
PLANNED = "planned"
"""What a process tells before it applies; and what it tells when it was interrupted."""
INTERRUPTED = "interrupted"
GOOD = {"ok", "unchanged"}


@dataclass
class Running:
    """A process, and the line on which it tells something."""

    process: ForkServerProcess
    told: Connection

    def hear(self, seconds: float = PATIENCE) -> Any:
        """Wait for what it tells; None where it ends without a word."""
        try:
            return self.told.recv() if self.told.poll(seconds) else None
        except EOFError:
            return None

    def planned(self) -> None:
        """Wait until it has planned, and waits itself to be let go."""
        told = self.hear()
        assert told == PLANNED, told

    def let_go(self) -> None:
        """Let it apply what it has planned."""
        self.told.send(None)

    def end(self) -> int:
        """Wait for its end; return its exit code, negative for a signal."""
        self.process.join(PATIENCE)
        code = self.process.exitcode
        # It said why on its standard error.
        assert code not in (None, 1), self
        return code

    def signal(self, number: int) -> None:
        """Send it a signal, as Ctrl-C and a scheduler do."""
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """Kill it, and wait until it is gone."""
        self.process.kill()
        self.process.join(PATIENCE)


def started(work: Any, *arguments: Any) -> Running:
    """Start a process whose work is told what to do, and on which line to tell."""
    told, telling = _FROM.Pipe()
    process = _FROM.Process(target=work, args=(*arguments, telling), daemon=True)
    process.start()
    telling.close()
    return Running(process, told)


class Service:
    """A service that is killed and started again on one folder.

    Attributes
    ----------
    port : int
        The same after every start.
    """

    def __init__(self, folder: Path, without: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self._without = without
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, fail: str = "") -> None:
        """Serve; with `fail`, until that point."""
        self._running = started(_serve, self.folder, self.port, self._without, fail)
        self.port = int(self._running.hear().rpartition(":")[2])

    def kill(self) -> None:
        self._running.kill()

    def end(self) -> int:
        """Wait for an end that it comes to by itself."""
        return self._running.end()


def _serve(folder: Path, port: int, without: tuple[str, ...], fail: str, told: Connection) -> None:
    from cellframe.server.app import serve

    if fail:
        failpoints.arm(fail)
    serve(folder, port=port, without=without, ready=told.send)


@dataclass(frozen=True)
class Work:
    """What a client is to do.

    Attributes
    ----------
    url : str
        Of the service, or of what stands before it.
    home : Path
        Folder of its state: what was read, and its journals.
    edits : Edits or Families
        What to write.
    fail : str
        Point at which it ends.
    timeout : float
        Seconds that an answer may take.
    again : bool
        Whether it was begun before.
    room : int
        Bytes that its files may have; 0 for any number.
    """

    url: str
    home: Path
    edits: Edits | Families
    fail: str = ""
    timeout: float = 10.0
    again: bool = False
    room: int = 0

    def plan(self) -> Running:
        """Plan it in a process, which then waits."""
        running = started(_write, self)
        if not self.again:
            running.planned()
        return running

    def go(self) -> Running:
        """Do it in a process."""
        running = self.plan()
        running.let_go()
        return running

    def go_on(self) -> Running:
        """Go on with it in another process."""
        return replace(self, again=True).plan()

    def finish(self) -> dict[str, int]:
        """Go on with it until nothing is left, and return the rows by outcome."""
        for _ in range(_ROUNDS):
            counts = finished(self.go_on())
            if counts is not None:
                return counts
        raise AssertionError(self)


def finished(running: Running) -> dict[str, int] | None:
    """Wait for a process that writes; None where it left anything."""
    told = running.hear()
    running.end()
    return told if isinstance(told, dict) and set(told) <= GOOD else None


def _write(work: Work, told: Connection) -> None:
    os.environ["CELLFRAME_HOME"] = str(work.home)
    work.home.mkdir(exist_ok=True)
    kept = work.home / "edited.parquet"
    warnings.simplefilter("ignore", UnfinishedApplyWarning)
    with cf.Client(work.url, "k", timeout=work.timeout) as client:
        if not work.again:
            work.edits.edited(client).write_parquet(kept)
        try:
            told.send(_applied(client, work, kept, told).counts)
        except (KeyboardInterrupt, CellframeError) as fault:
            told.send(fault if isinstance(fault, CellframeError) else INTERRUPTED)


def _applied(client: cf.Client, work: Work, kept: Path, told: Connection) -> Receipt:
    """Apply what is meant, or what is left of it."""
    import polars as pl

    if work.again and client.unfinished is not None:
        return client.resume()
    plan = work.edits.plan(client, pl.read_parquet(kept))
    if not work.again:
        _prepare(work)
        told.send(PLANNED)
        told.recv()
    return client.apply(plan, max_updates=work.edits.updates)


def _prepare(work: Work) -> None:
    """Let happen to the apply alone what is to happen."""
    if work.fail:
        failpoints.arm(work.fail)
    if work.room:
        # A file that may grow no further is a disk that is full, for one process.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (work.room, work.room))
