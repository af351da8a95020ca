"""A plan is carried out: an intent in the journal, a request, an outcome in the journal.

Lots come first, then creates and updates in the order of rows, in waves: what a wave is about
to do is on the disk before its first request is sent. Not atomic: each row is written, or not,
by itself, and the receipt says which.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, get_args

from cellframe.errors import ConfigError, PlanError, StalePlanError
from cellframe.frames.faults import table
from cellframe.writeback.lots import fold
from cellframe.writeback.plan import STOPS, WRITES, Action, Limits, Plan, Step, limits_passed
from cellframe.writeback.receipt import GOOD, Outcome, Receipt, Result
from cellframe.writeback.send import OnConflict, Task, Way, decided, standing, unsent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cellframe.store.journals import Journal, Journals

WAVE = 100
"""Rows whose intents go to the disk together."""
WORKERS = 6
"""Requests under way at once; more where the service guards each write by a version."""
GUARDED_WORKERS = 16
_UNAUTHORIZED = 401

Invalid = Literal["refuse", "skip"]
OnError = Literal["continue", "stop"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller of an apply agrees to.

    Attributes
    ----------
    on_conflict, invalid, on_error : str
        See `cellframe.Client.apply`.
    max_updates, max_clears : int or None
        Counts that are meant.
    workers : int or None
        Requests under way at once.
    note : str or None
        Kept in history.
    """

    on_conflict: OnConflict = "fail"
    invalid: Invalid = "refuse"
    on_error: OnError = "continue"
    max_updates: int | None = None
    max_clears: int | None = None
    workers: int | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no such term; a slip must not pass for another choice.

        Raises
        ------
        ConfigError
            Nothing was sent.
        """
        for name, choice in (
            ("on_conflict", OnConflict),
            ("invalid", Invalid),
            ("on_error", OnError),
        ):
            given, known = getattr(self, name), get_args(choice)
            if given not in known:
                words = ", ".join(map(repr, known))
                raise ConfigError(f"{name}={given!r} is none of {words}. Nothing was sent.")
        for name, least in (("max_updates", 0), ("max_clears", 0), ("workers", 1)):
            given = getattr(self, name)
            if given is not None and (not isinstance(given, int) or given < least):
                message = f"{name}={given!r} is no whole number from {least} up. Nothing was sent."
                raise ConfigError(message)


def apply(
    plan: Plan, way: Way, terms: Terms, limits: Limits, journals: Journals
) -> Iterator[Receipt]:
    """Send a plan; yield the receipt as it grows, at last the whole one.

    Raises
    ------
    StoreError
        The journal cannot be written; nothing is sent from then on.
    """
    refused = _refusal(plan, terms, limits)
    if refused or not any(
        decided(step, terms.on_conflict).action not in STOPS for step in plan.steps
    ):
        results = [standing(step) or unsent(step, Outcome.NOT_ATTEMPTED) for step in plan.steps]
        yield Receipt(plan, tuple(results), refused)
        return
    header: dict[str, Any] = {
        "plan": plan.digest,
        "service": plan.service,
        "origin": plan.origin,
        "note": terms.note,
    }
    done: list[Result] = []
    with journals.open_new({**header, "base": plan.base_digest, "counts": plan.summary}) as journal:
        for results in _waves_sent(plan, way, terms, journal):
            done += results
            left = [
                unsent(step, Outcome.NOT_ATTEMPTED, "Not sent yet.")
                for step in plan.steps[len(done) :]
            ]
            yield Receipt(plan, (*done, *left), journal=journal.path)
        journal.append([{"type": "end", "counts": Receipt(plan, tuple(done)).counts}])


def check_service(plan: Plan, service: str, origin: str) -> None:
    """Refuse what is no plan, and a plan that was made against another service.

    Raises
    ------
    PlanError, StalePlanError
        Nothing was sent.
    """
    given: Any = plan
    if not isinstance(given, Plan):
        message = f"A {type(given).__name__} is no plan. Make one first: client.cell_instance.plan(frame). Nothing was sent."
        raise PlanError(message, table([]))
    if (plan.service, plan.origin) != (service, origin):
        message = f"This plan was made for {plan.origin}, and this client speaks to {origin}. Plan again here."
        raise StalePlanError(message)


def _refusal(plan: Plan, terms: Terms, limits: Limits) -> str:
    """Why nothing is sent, every reason with its override."""
    steps = [decided(step, terms.on_conflict) for step in plan.rows]
    found = {action: sum(step.action is action for step in steps) for action in STOPS}
    reasons: list[str] = []
    if terms.invalid == "refuse" and found[Action.INVALID]:
        count = found[Action.INVALID]
        reasons.append(
            f"{count} {_rows(count)} invalid. client.apply(plan, invalid='skip') sends the others."
        )
    taken, held = found[Action.EXISTS], found[Action.CONFLICT]
    if terms.on_conflict != "skip" and taken:
        words = (
            "new row has a name that is taken"
            if taken == 1
            else "new rows have names that are taken"
        )
        reasons.append(f"{taken} {words}. client.apply(plan, on_conflict='skip') sends the others.")
    if terms.on_conflict == "fail" and held:
        reasons.append(
            f"{held} {_rows(held)} in conflict with the service. "
            "client.apply(plan, on_conflict='skip'), 'mine' or 'theirs' decides."
        )
    allowed = {"max_updates": terms.max_updates, "max_clears": terms.max_clears}
    # Conflicts decided for mine are updates and clears too.
    passed, call = limits_passed(replace(plan, steps=tuple(steps)), limits, allowed)
    reasons += [f"{reason}." for reason in passed]
    reasons += [f"{call} says that this is meant."] if call else []
    return "Nothing was sent. " + " ".join(reasons) if reasons else ""


def _rows(count: int) -> str:
    return "row is" if count == 1 else "rows are"


def _waves_sent(plan: Plan, way: Way, terms: Terms, journal: Journal) -> Iterator[list[Result]]:
    lots = {parent: dict(known) for parent, known in plan.lots.items()}
    stopped = ""
    workers = terms.workers or (GUARDED_WORKERS if way.if_match else WORKERS)
    rows = [decided(step, terms.on_conflict) for step in plan.rows]
    for phase in (_needed_lots(plan.new_lots, rows), rows):
        for wave in _waves(phase):
            if stopped:
                yield [
                    standing(step) or unsent(step, Outcome.NOT_ATTEMPTED, stopped) for step in wave
                ]
                continue
            tasks = [Task(step, way, lots) for step in wave]
            results = _sent(tasks, journal, workers, terms.on_error)
            for step, result in zip(wave, results, strict=True):
                if step.row is None and result.outcome in GOOD and result.id:
                    lots[str(step.parent_id)][fold(str(step.name))] = str(result.id)
                stopped = stopped or _reason_to_stop(result, terms.on_error)
            yield results


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


def _sent(tasks: Sequence[Task], journal: Journal, workers: int, on_error: OnError) -> list[Result]:
    stopped: list[str] = []

    def send(task: Task) -> Result:
        if stopped:
            return standing(task.step) or unsent(task.step, Outcome.NOT_ATTEMPTED, stopped[0])
        result = task.run()
        stopped.extend(filter(None, [_reason_to_stop(result, on_error)]))
        return result

    journal.append([task.intent() for task in tasks if task.is_write])
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        # Records are listed in the order in which they were made: new rows keep theirs.
        jobs = [None if task.is_create else pool.submit(send, task) for task in tasks]
        results = [
            send(task) if job is None else job.result()
            for task, job in zip(tasks, jobs, strict=True)
        ]
    journal.append(
        [task.outcome(result) for task, result in zip(tasks, results, strict=True) if task.is_write]
    )
    return results


def _reason_to_stop(result: Result, on_error: OnError) -> str:
    if result.status == _UNAUTHORIZED:
        return "Not sent: the service does not accept the key."
    # A row that was skipped on purpose is no error.
    if on_error == "stop" and result.attempts and result.outcome not in GOOD:
        return "Not sent: an earlier row failed, and on_error='stop'."
    return ""
