"""A plan under way: an intent in the journal, a request, an outcome in the journal.

Parents come before their children, and what is deleted last, in waves of rows: what a wave is
about to do is on the disk before its first request is sent. Not atomic: each row is written, or
not, by itself, and the receipt says which, also of a run that was interrupted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import groupby, islice
from threading import Lock
from typing import TYPE_CHECKING

from cellframe.contract.records import CELL_BATCH
from cellframe.failpoints import reach
from cellframe.writeback.carrier import Carrier
from cellframe.writeback.crew import Crew
from cellframe.writeback.lots import fold
from cellframe.writeback.patience import Patience
from cellframe.writeback.receipt import GOOD, Outcome, Result
from cellframe.writeback.send import Task
from cellframe.writeback.standing import decided, standing, unsent
from cellframe.writeback.steps import WRITES, Action, Step
from cellframe.writeback.writes import Writes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cellframe.contract.wire import Request
    from cellframe.store.journal import Journal
    from cellframe.writeback.asking import Way
    from cellframe.writeback.patience import Answer
    from cellframe.writeback.plan import Plan

WAVE = 100
"""Rows whose intents go to the disk together."""
_UNAUTHORIZED = 401
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
    digest : str
        Of the plan that was first sent.
    told : callable
        Is told after each wave how many steps are done, and how many there are.
    """

    def __init__(
        self,
        plan: Plan,
        way: Way,
        journal: Journal,
        *,
        workers: int,
        stop_at_errors: bool,
        digest: str,
        told: Callable[[int, int], object],
    ) -> None:
        self._plan = plan
        self._way = way
        self._journal = journal
        self._stop_at_errors = stop_at_errors
        self._told = told
        self._patience = Patience()
        self._carrier = Carrier(way, self._patience)
        self._crew = Crew(workers, self._patience)
        self._writes = Writes(way, digest, plan.lots)
        self._tasks: list[Task] = []
        self._made: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._pen = Lock()

    def carry_out(self) -> None:
        """Send every step.

        Raises
        ------
        StoreError
            The journal cannot be written; nothing is sent from then on.
        """
        try:
            for _, phase in groupby(self._steps(), _phase):
                for wave in _waves(phase):
                    self._send_wave(wave)
                    self._told(len(self._tasks), len(self._plan.steps))
        except BaseException:
            self._patience.stop(_INTERRUPTED)
            raise

    def results(self) -> tuple[Result, ...]:
        """Return what became of every step so far, those included that were not come to."""
        why = self._patience.stopped
        rest = self._plan.steps[len(self._tasks) :]
        left = (standing(step) or unsent(step, Outcome.NOT_ATTEMPTED, why) for step in rest)
        return (*(task.so_far(why) for task in self._tasks), *left)

    def _steps(self) -> Iterator[Step]:
        """Return the steps as the caller decided them; a row that is skipped takes its lot along."""
        rows = [decided(step, self._way.on_conflict) for step in self._plan.rows]
        lots = iter(_needed_lots(self._plan.new_lots, rows))
        others = iter(rows)
        for step in self._plan.steps:
            yield next(lots if step.row is None else others)

    def _send_wave(self, wave: Sequence[Step]) -> None:
        tasks = [self._task(step) for step in wave]
        self._tasks += tasks
        try:
            if not self._patience.stopped:
                reach("before_intents")
                self._journal.append([task.intent() for task in tasks if task.is_write])
                reach("after_intents")
                self._carry(tasks)
        except BaseException:
            self._patience.stop(_INTERRUPTED)
            self._crew.dismiss()
            raise
        finally:
            self._write_down(tasks)

    def _task(self, step: Step) -> Task:
        """Return the task of a step, below the parent that was made for it."""
        reason = ""
        if step.new_parent is not None:
            made = self._made[step.kind.parent, step.new_parent]
            if len(made) == 1:
                step = replace(step, parent_id=made[0])
            else:
                noun = step.kind.parent_noun
                reason = f"Not sent: its {noun} {step.new_parent!r} is not there. Plan again."
        return Task(step, self._way, self._writes, self._patience, reason)

    def _carry(self, tasks: Sequence[Task]) -> None:
        if self._way.most:
            self._carry_together(tasks)
            return
        self._crew.each([task for task in tasks if not task.is_create], self._carry_alone)
        # Records are listed in the order in which they were made: new rows keep theirs.
        for task in tasks:
            if task.is_create:
                self._carry_alone(task)

    def _carry_alone(self, task: Task) -> None:
        answer: Answer | None = None
        while not (answer is None and self._patience.stopped):
            request = task.go_on(answer)
            if request is None:
                break
            self._intend([(task, request)])
            answer = self._carrier.alone(task, request)
        self._stop_for(task)

    def _carry_together(self, tasks: Sequence[Task]) -> None:
        """Carry the next request of every task, until none has another."""
        answers: dict[Task, Answer | None] = dict.fromkeys(tasks)
        while answers:
            asked = {
                task: request
                for task, answer in answers.items()
                if (request := task.go_on(answer)) is not None
            }
            self._intend(list(asked.items()))
            answers = {**self._reads(asked), **self._carrier.together(_writing(asked))}
        for task in tasks:
            self._stop_for(task)

    def _reads(self, asked: dict[Task, Request]) -> dict[Task, Answer]:
        answers: dict[Task, Answer] = {}

        def read(task: Task) -> None:
            answers[task] = self._carrier.alone(task, asked[task])

        self._crew.each([task for task, one in asked.items() if one.method == "GET"], read)
        return answers

    def _intend(self, asked: Iterable[tuple[Task, Request]]) -> None:
        """Write down what is about to be sent, where it is not what was written down before."""
        with self._pen:
            lines = [task.intent() for task, request in asked if not task.is_intended(request)]
            # Once it is stopped nothing is sent, and the journal may be closed by now.
            if lines and not self._patience.stopped:
                self._journal.append(lines)

    def _write_down(self, tasks: Sequence[Task]) -> None:
        outcomes = []
        for task in tasks:
            result = task.so_far(self._patience.stopped)
            if task.is_write and task.attempts:
                outcomes.append(task.outcome(result))
            if task.is_create and result.outcome in GOOD and result.id:
                self._note(task.step, result.id)
        if not outcomes:
            return
        reach("before_outcomes")
        with self._pen:
            self._journal.append(outcomes)
        reach("after_outcomes")

    def _note(self, step: Step, id_: str) -> None:
        """Keep the id of a record that is there now, for those that name it."""
        self._made[step.kind.name, str(step.name)].append(id_)
        if step.kind is CELL_BATCH:
            self._writes.has_made(step, id_)

    def _stop_for(self, task: Task) -> None:
        result = task.result
        if result is None:
            return
        if result.status == _UNAUTHORIZED:
            self._patience.stop("Not sent: the service does not accept the key.")
        # A row that was skipped on purpose is no error.
        if self._stop_at_errors and result.attempts and result.outcome not in GOOD:
            self._patience.stop("Not sent: an earlier row failed, and on_error='stop'.")


def _writing(asked: dict[Task, Request]) -> dict[Task, Request]:
    return {task: request for task, request in asked.items() if request.method != "GET"}


def _phase(step: Step) -> tuple[str, bool, bool]:
    """Return what is carried out at the same time: a parent is there before its children."""
    return step.kind.name, step.row is None, step.action is Action.DELETE


def _needed_lots(lots: Sequence[Step], rows: Sequence[Step]) -> list[Step]:
    """Return the new lots of rows that are sent; a row that is skipped takes its lot with it."""
    named = {
        (step.parent_id or step.new_parent, fold(value))
        for step in rows
        for column, value in (step.writes() if step.action in WRITES else ())
        if column.field is not None and column.field.refers_to and isinstance(value, str)
    }
    skipped = "Not needed: no row that is sent names this lot."
    return [
        lot
        if (lot.parent_id or lot.new_parent, fold(str(lot.name))) in named
        else replace(lot, action=Action.UNCHANGED, message=skipped)
        for lot in lots
    ]


def _waves(steps: Iterable[Step]) -> Iterator[list[Step]]:
    rest = iter(steps)
    while wave := list(islice(rest, WAVE)):
        yield wave
