"""Whether a plan may be sent, and under which terms; `run` sends it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from cellframe.errors import ConfigError, PlanError, StalePlanError
from cellframe.failpoints import reach
from cellframe.frames.faults import table
from cellframe.writeback.plan import Plan
from cellframe.writeback.receipt import Outcome, RaiseOn, Receipt, Refusal
from cellframe.writeback.run import Run
from cellframe.writeback.saved import content_of
from cellframe.writeback.standing import OnConflict, decided, standing, unsent
from cellframe.writeback.steps import STOPS, Action

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cellframe.store.journal import Journal
    from cellframe.store.journals import Journals
    from cellframe.writeback.asking import Way
    from cellframe.writeback.limits import Limits
    from cellframe.writeback.receipt import Result

WORKERS = 6
"""Requests under way at once; more where the service guards each write by a version."""
GUARDED_WORKERS = 16

_MEANT = ("max_updates", "max_clears", "max_deletes")

Invalid = Literal["refuse", "skip"]
OnError = Literal["continue", "stop"]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller of an apply agrees to.

    Attributes
    ----------
    on_conflict, invalid, on_error : str
        See `cellframe.Client.apply`.
    max_updates, max_clears, max_deletes : int or None
        Counts that are meant.
    workers : int or None
        Requests under way at once, one for each row.
    note : str or None
        Kept in history.
    """

    on_conflict: OnConflict = "fail"
    invalid: Invalid = "refuse"
    on_error: OnError = "continue"
    max_updates: int | None = None
    max_clears: int | None = None
    max_deletes: int | None = None
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
        for name, least in (*((name, 0) for name in _MEANT), ("workers", 1)):
            given = getattr(self, name)
            if given is not None and (not isinstance(given, int) or given < least):
                message = f"{name}={given!r} is no whole number from {least} up. Nothing was sent."
                raise ConfigError(message)

    def narrowed(self, way: Way) -> Way:
        """Return the way for these terms: rows that are to be told apart are sent alone."""
        alone = self.workers is not None or self.on_error == "stop"
        return replace(way, most=0) if alone else way


Told: TypeAlias = "Callable[[int, int], object]"
"""Is told how many steps are done, and how many there are."""


def _nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


def apply(
    plan: Plan,
    way: Way,
    terms: Terms,
    limits: Limits,
    journals: Journals,
    keep: Callable[[Receipt], None],
    told: Told = _nobody,
) -> Receipt:
    """Send a plan and return its receipt.

    Parameters
    ----------
    keep : callable
        Gets the receipt, also when the apply is interrupted or the journal cannot be written.
    told : callable
        Is told how many steps are done, and how many there are.

    Raises
    ------
    StoreError
        The journal cannot be written; nothing is sent from then on.
    """
    refused = refusals(plan, terms, limits)
    steps = [decided(step, terms.on_conflict) for step in plan.steps]
    if refused or all(step.action in STOPS for step in steps):
        results = [standing(step) or unsent(step, Outcome.NOT_ATTEMPTED) for step in plan.steps]
        receipt = Receipt(plan, tuple(results), refused)
        keep(receipt)
        return receipt
    with journals.open_new(header(plan, terms), reviewed(plan)) as journal:
        return carry_out(plan, way, terms, journal, keep, told=told)


def carry_out(
    plan: Plan,
    way: Way,
    terms: Terms,
    journal: Journal,
    keep: Callable[[Receipt], None],
    all_results: Callable[[Sequence[Result]], tuple[Result, ...]] = tuple,
    *,
    digest: str = "",
    told: Told = _nobody,
) -> Receipt:
    """Send a plan whose journal is open, and write its end.

    Parameters
    ----------
    keep : callable
        See `apply`.
    all_results : callable
        Adds to the results of this run what became of rows before it.
    digest : str
        Of the plan that was first sent, where it is not this one: requests keep their keys.
    told : callable
        See `apply`.

    Raises
    ------
    StoreError
        The journal cannot be written; nothing is sent from then on.
    """
    run = Run(
        plan,
        replace(terms.narrowed(way), goes_on=bool(digest)),
        journal,
        workers=terms.workers or (GUARDED_WORKERS if way.if_match else WORKERS),
        stop_at_errors=terms.on_error == "stop",
        digest=digest or plan.digest,
        told=told,
    )
    try:
        run.carry_out()
    finally:
        receipt = Receipt(plan, all_results(run.results()), journal=journal.path)
        keep(receipt)
    reach("before_end")
    journal.end(receipt.counts, left=receipt.left)
    reach("after_end")
    return receipt


def header(plan: Plan, terms: Terms) -> dict[str, Any]:
    """Return the first line of a journal: what is applied, where, why and under which terms."""
    agreed = asdict(terms)
    return {
        "plan": plan.digest,
        "base": plan.base_digest,
        "counts": plan.summary,
        "service": plan.service,
        "origin": plan.origin,
        "note": agreed.pop("note") or plan.purpose or None,
        "terms": agreed,
    }


def reviewed(plan: Plan) -> dict[str, Any]:
    """Return the line of a journal that holds the plan, and where its rows stood in the frame."""
    return {
        "type": "reviewed",
        "digest": plan.digest,
        "plan": content_of(plan),
        "rows": {
            part.kind.name: [step.row for step in plan.rows if step.kind is part.kind]
            for part in plan.parts
        },
        "heights": {part.kind.name: part.edited.height for part in plan.parts},
    }


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


def check_raise_on(raise_on: RaiseOn) -> None:
    """Refuse what is none of the choices; see ``client.apply``.

    Raises
    ------
    ConfigError
        Nothing was sent.
    """
    if raise_on not in ("any", "conflict", None):
        message = f"raise_on={raise_on!r} is none of 'any', 'conflict', None. Nothing was sent."
        raise ConfigError(message)


def refusals(plan: Plan, terms: Terms, limits: Limits) -> tuple[Refusal, ...]:
    """Why nothing is sent, every reason."""
    steps = [decided(step, terms.on_conflict) for step in plan.rows]
    found = {action: sum(step.action is action for step in steps) for action in STOPS}
    reasons: list[Refusal] = []
    if terms.invalid == "refuse" and found[Action.INVALID]:
        count = found[Action.INVALID]
        reasons.append(Refusal("invalid", f"{count} {_rows(count)} invalid."))
    taken, held = found[Action.EXISTS], found[Action.CONFLICT]
    if terms.on_conflict != "skip" and taken:
        words = (
            "new row has a name that is taken"
            if taken == 1
            else "new rows have names that are taken"
        )
        reasons.append(Refusal("exists", f"{taken} {words}."))
    if terms.on_conflict == "fail" and held:
        reasons.append(Refusal("conflict", f"{held} {_rows(held)} in conflict with the service."))
    # Conflicts decided for mine are updates and clears too.
    meant = replace(plan, steps=tuple(steps))
    passed, counts = meant.passes(limits, terms.max_updates, terms.max_clears, terms.max_deletes)
    reasons += [Refusal("limit", f"{reason}.", counts) for reason in passed]
    return tuple(reasons)


def _rows(count: int) -> str:
    return "row is" if count == 1 else "rows are"
