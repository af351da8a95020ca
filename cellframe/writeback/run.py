"""A plan under way: an intent in the journal, a request, an outcome in the journal.

Lots come first, then creates and updates in the order of rows, in waves: what a wave is about
to do is on the disk before its first request is sent. Not atomic: each row is written, or not,
by itself, and the receipt says which, also of a run that was interrupted.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from cellframe.failpoints import reach
from cellframe.writeback.lots import fold
from cellframe.writeback.plan import WRITES, Action, Plan, Step
from cellframe.writeback.receipt import GOOD, Outcome, Result
from cellframe.writeback.send import Task, Way, decided, standing, unsent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cellframe.store.journals import Journal

WAVE = 100
"""Rows whose intents go to the disk together."""
_UNAUTHORIZED = 401
_PATIENCE = 60.0
"""Seconds to wait, after an interruption, for requests that are under way."""
_INTERRUPTED = "Not sent: the apply was interrupted."


class Run:
    """The steps of one plan, under way.

    Parameters
    ----------
    plan : Plan
        Checked against limits already.
    way : Way
        How to send.
    journal : Journal
        Open; gets an intent before, and an outcome after, each request.
    workers : int
        Requests under way at once.
    stop_at_errors : bool
        Whether nothing more is sent after a row failed. A refused key always stops.
    """

    def __init__(
        self, plan: Plan, way: Way, journal: Journal, *, workers: int, stop_at_errors: bool
    ) -> None:
        self._plan = plan
        self._way = way
        self._journal = journal
        self._workers = workers
        self._stop_at_errors = stop_at_errors
        self._lots = {parent: dict(known) for parent, known in plan.lots.items()}
        self._stopped = ""
        self._idle = threading.Condition()
        self._under_way = 0
        self._done: list[Result] = []

    def carry_out(self) -> None:
        """Send every step.

        Raises
        ------
        StoreError
            The journal cannot be written; nothing is sent from then on.
        """
        rows = [decided(step, self._way.on_conflict) for step in self._plan.rows]
        try:
            for phase in (_needed_lots(self._plan.new_lots, rows), rows):
                for wave in _waves(phase):
                    self._send_wave(wave)
        except BaseException:
            self._stopped = self._stopped or _INTERRUPTED
            raise

    def results(self) -> tuple[Result, ...]:
        """Return what became of every step so far, those included that were not come to."""
        rest = self._plan.steps[len(self._done) :]
        left = (
            standing(step) or unsent(step, Outcome.NOT_ATTEMPTED, self._stopped) for step in rest
        )
        return (*self._done, *left)

    def _send_wave(self, wave: Sequence[Step]) -> None:
        tasks = [Task(step, self._way, self._lots) for step in wave]
        if not self._stopped:
            reach("before_intents")
            self._journal.append([task.intent() for task in tasks if task.is_write])
            reach("after_intents")
        pool = ThreadPoolExecutor(max_workers=self._workers)
        try:
            # Records are listed in the order in which they were made: new rows keep theirs.
            jobs = [None if task.is_create else pool.submit(self._send, task) for task in tasks]
            for task, job in zip(tasks, jobs, strict=True):
                self._send(task) if job is None else job.result()
        except BaseException:
            self._stopped = self._stopped or _INTERRUPTED
            raise
        finally:
            # What waits in the pool still comes to its turn, and is not sent once it is stopped.
            pool.shutdown(wait=True)
            with self._idle:
                # A pool that was interrupted while it started a thread does not wait for it.
                self._idle.wait_for(lambda: not self._under_way, timeout=_PATIENCE)
            self._write_down(tasks)

    def _send(self, task: Task) -> None:
        with self._idle:
            if self._stopped:
                return
            self._under_way += 1
        try:
            result = task.run()
            self._stopped = self._stopped or self._reason_to_stop(result)
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()

    def _write_down(self, tasks: Sequence[Task]) -> None:
        outcomes = []
        for task in tasks:
            result = task.result or self._without_result(task)
            self._done.append(result)
            if task.is_write and task.attempts:
                outcomes.append(task.outcome(result))
            step = task.step
            if step.row is None and result.outcome in GOOD and result.id:
                self._lots[str(step.parent_id)][fold(str(step.name))] = str(result.id)
        reach("before_outcomes")
        self._journal.append(outcomes)
        reach("after_outcomes")

    def _without_result(self, task: Task) -> Result:
        if task.attempts:
            message = "The apply was interrupted while this was under way: nobody knows whether it was written."
            return unsent(task.step, Outcome.UNKNOWN, message)
        return standing(task.step) or unsent(task.step, Outcome.NOT_ATTEMPTED, self._stopped)

    def _reason_to_stop(self, result: Result) -> str:
        if result.status == _UNAUTHORIZED:
            return "Not sent: the service does not accept the key."
        # A row that was skipped on purpose is no error.
        if self._stop_at_errors and result.attempts and result.outcome not in GOOD:
            return "Not sent: an earlier row failed, and on_error='stop'."
        return ""


def _needed_lots(lots: Sequence[Step], rows: Sequence[Step]) -> list[Step]:
    """Return the new lots of rows that are sent; a row that is skipped takes its lot with it."""
    named = {
        (step.parent_id, fold(value))
        for step in rows
        for column, value in (step.writes() if step.action in WRITES else ())
        if column.field is not None and column.field.refers_to and isinstance(value, str)
    }
    skipped = "Not needed: no row that is sent names this lot."
    return [
        lot
        if (lot.parent_id, fold(str(lot.name))) in named
        else replace(lot, action=Action.UNCHANGED, message=skipped)
        for lot in lots
    ]


def _waves(steps: Iterable[Step]) -> Iterator[list[Step]]:
    rest = iter(steps)
    while wave := list(islice(rest, WAVE)):
        yield wave
