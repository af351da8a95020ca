"""What would change, who decides, and what is agreed to?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl
from markupsafe import Markup

from cellframe.desk.drafts import Draft
from cellframe.desk.pages import sheets
from cellframe.desk.pages.asked import GONE, UNFIT, page, see
from cellframe.desk.saying import trouble
from cellframe.errors import CellframeError
from cellframe.resources.sheets import write_for_reading
from cellframe.views.clean import window
from cellframe.views.voice import PAGE
from cellframe.views.words import counted, many
from cellframe.writeback.apply import Terms, refusals
from cellframe.writeback.steps import STOPS, WRITES, Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cellframe.contract.wire import Reply
    from cellframe.desk.pages.asked import Asked
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt, Refusal

MOST = 200
"""Values in conflict that one page asks about, and whole rows of them."""
_VALUE = 200
_DIGITS = 10
_LIMITS = {
    "max_updates": "Yes, change all {}",
    "max_clears": "Yes, empty all {}",
    "max_deletes": "Yes, delete {}",
}
_COUNTED = {"max_updates": "row", "max_clears": "value", "max_deletes": "record"}


@dataclass(frozen=True, slots=True)
class Conflict:
    """One value that somebody has to decide about.

    Attributes
    ----------
    number : int
        Its place among the conflicts of the plan.
    name, column : str
        Of the record, and the label.
    read, have, now : str or None
        When it was read, in the file, on the service; None is empty.
    message : str
        What is said about it.
    can_keep : bool
        Whether the visitor's own value can stand: no name that is taken, nothing that is gone.
    """

    number: int
    name: str
    column: str
    read: str | None
    have: str | None
    now: str | None
    message: str
    can_keep: bool

    @property
    def take(self) -> str:
        """What taking theirs means."""
        return "Take theirs" if self.can_keep else "Leave mine out"


@dataclass(frozen=True, slots=True)
class Limit:
    """A count that has to be meant.

    Attributes
    ----------
    name : str
        ``max_deletes`` and the like.
    count : int
        That many.
    said : str
        What a tick says yes to.
    reasons : sequence of str
        Why it is asked, without a full stop.
    """

    name: str
    count: int
    said: str
    reasons: Sequence[str]


def show(asked: Asked) -> Reply:
    """Show a plan and ask what it leaves open: ``GET /desk/plans/DRAFT``."""
    draft = asked.visit.drafts.get(asked.named["draft"])
    return gone(asked) if draft is None else plan_page(asked, draft)


def decide(asked: Asked) -> Reply:
    """Carry the decisions into a plan of its own: ``POST /desk/plans/DRAFT/decide``."""
    draft = asked.visit.drafts.get(asked.named["draft"])
    if draft is None:
        return gone(asked)
    held, _ = _held(draft.plan)
    every = asked.form.get("all", "")
    said = [every or asked.form.get(f"c{number}", "") for number in range(held.height)]
    words = [word if word in ("mine", "theirs") else None for word in said]
    if not any(words):
        return plan_page(asked, draft, ["Choose at least for one row whose values stand."])
    try:
        plan = draft.plan.resolve(
            held.with_columns(choice=pl.Series(words, dtype=pl.String)).drop_nulls("choice")
        )
    except CellframeError as fault:
        return plan_page(asked, draft, [one.message for one in trouble(fault).faults])
    return see(_at(asked.visit.drafts.add(Draft(plan, draft.spec, draft.file))))


def again(asked: Asked) -> Reply:
    """Compare a plan with what the service has now: ``POST /desk/plans/DRAFT/again``."""
    draft = asked.visit.drafts.get(asked.named["draft"])
    if draft is None:
        return gone(asked)
    try:
        plan = draft.plan.rebase()
    except CellframeError as fault:
        return plan_page(asked, draft, [trouble(fault).head])
    return see(_at(asked.visit.drafts.add(Draft(plan, draft.spec, draft.file))))


def send(asked: Asked) -> Reply:
    """Send a plan, once, under the terms of the form: ``POST /desk/plans/DRAFT/apply``."""
    draft = asked.visit.drafts.get(asked.named["draft"])
    if draft is None:
        return gone(asked)
    client, terms = asked.visit.client, _terms(asked.form)

    def way(plan: Plan) -> Receipt:
        return client.apply(
            plan,
            on_conflict=terms.on_conflict,
            invalid=terms.invalid,
            max_updates=terms.max_updates,
            max_clears=terms.max_clears,
            max_deletes=terms.max_deletes,
            note=terms.note,
            progress=lambda _done, _total: None,
        )

    try:
        receipt = draft.send(way)
    except CellframeError as fault:
        told = trouble(fault)
        return plan_page(asked, draft, [told.head, *told.more], note=terms.note or "")
    if receipt.refusals:
        refused = [_refused(one) for one in receipt.refusals]
        return plan_page(asked, draft, refused, note=terms.note or "")
    return see(f"{_at(draft)}/receipt")


def changes(asked: Asked) -> Reply:
    """Give every change of a plan as a table: ``GET /desk/plans/DRAFT/changes``."""
    draft = asked.visit.drafts.get(asked.named["draft"])
    if draft is None:
        return gone(asked)

    def write(path: Path) -> None:
        write_for_reading(draft.plan.table(), path, "changes")

    return sheets.given(asked.visit.folder, "changes", write)


def gone(asked: Asked) -> Reply:
    """Say that a plan is not here any more, and how to make it again."""
    return page(
        "faults",
        asked.visit.here(),
        status=GONE,
        title="This plan is gone",
        heading="This plan is not here any more",
        fault="Plans are kept for a while, and a new one takes the place of the oldest.",
        more=["Bring your file back, and you have it again. What you sent is in the history."],
        faults=[],
        total=0,
        what="",
        again=False,
        back="/desk",
    )


def plan_page(asked: Asked, draft: Draft, refused: Sequence[str] = (), note: str = "") -> Reply:
    """Return the page of a plan, with what kept it from being sent where something did."""
    plan = draft.plan
    held, hidden = _held(plan)
    stops = [step.action for step in plan.rows if step.action in STOPS]
    writes = sum(step.action in WRITES for step in plan.rows)
    return page(
        "plan",
        asked.visit.here("cells"),
        status=UNFIT if refused else 200,
        title="What would change",
        heading=f"What {draft.file} would change" if draft.file else "What undoing would change",
        at=_at(draft),
        sent=f"{_at(draft)}/receipt" if draft.receipt else "",
        refused=refused,
        fragment=Markup(plan.html(PAGE, closing=False)),  # noqa: S704 - what the views wrote
        sendable=bool(plan),
        conflicts=[
            _conflict(number, line) for number, line in enumerate(held.iter_rows(named=True))
        ],
        hidden=hidden,
        limits=_limits(plan),
        rows_held=len(stops),
        held_why=", ".join(one.phrase for one in counted(_tally(stops))),
        rows_sent=writes + len(plan.new_lots),
        note=note,
        origin=plan.origin,
    )


def _at(draft: Draft) -> str:
    return f"/desk/plans/{draft.name}"


def _held(plan: Plan) -> tuple[pl.DataFrame, int]:
    """Return the values that a page asks about, of whole rows, and how many wait for the next."""
    lines = pl.DataFrame(plan.conflicts())
    rows = lines.select("row", "record").unique(maintain_order=True)
    sizes = lines.group_by("row", "record", maintain_order=True).len()
    fit = sizes.filter((pl.col("len").cum_sum() <= MOST) | (pl.int_range(pl.len()) == 0))
    if fit.height == rows.height:
        return lines, 0
    shown = lines.join(fit, on=["row", "record"], nulls_equal=True, maintain_order="left").drop(
        "len"
    )
    return shown, lines.height - shown.height


def _conflict(number: int, line: Mapping[str, str | None]) -> Conflict:
    read, have, now = window(line["you_read"], line["you_have"], line["server_now"], _VALUE)
    is_taken = line["action"] == Action.EXISTS.value
    return Conflict(
        number,
        line["name"] or line["id"] or f"row {line['row']}",
        line["column"] or "",
        read,
        have,
        now,
        line["message"] or "",
        can_keep=not is_taken,
    )


def _tally(stops: Sequence[Action]) -> dict[str, int]:
    return {action.value: stops.count(action) for action in dict.fromkeys(stops)}


def _limits(plan: Plan) -> list[Limit]:
    """Return the counts that have to be meant before this plan is sent."""
    found = [
        one for one in refusals(plan, Terms("skip", "skip"), plan.limits) if one.kind == "limit"
    ]
    counts = {name: count for one in found for name, count in one.counts.items()}
    reasons, _ = plan.passes(plan.limits)
    return [
        Limit(
            name,
            count,
            f"{_LIMITS[name].format(many(count, _COUNTED[name]))}.",
            [one for one in reasons if _is_of(name, one)],
        )
        for name, count in counts.items()
    ]


def _is_of(name: str, reason: str) -> bool:
    word = {"max_updates": "updated", "max_clears": "cleared", "max_deletes": "deleted"}[name]
    return f"would be {word}" in reason


def _terms(form: Mapping[str, str]) -> Terms:
    """Return what the visitor agreed to; a count that is no number says nothing."""
    skip = "skip" in form
    updates, clears, deletes = (_count(form.get(name, "")) for name in _LIMITS)
    note = form.get("note", "").strip()[:500] or None
    return Terms(
        "skip" if skip else "fail",
        "skip" if skip else "refuse",
        max_updates=updates,
        max_clears=clears,
        max_deletes=deletes,
        note=note,
    )


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else None


def _refused(refusal: Refusal) -> str:
    after = {
        "conflict": "Decide them below, or tick that they are left out.",
        "exists": "Tick that they are left out, or give them other names in your file.",
        "invalid": "Tick that they are left out, or put them right in your file and bring it back.",
        "limit": "Tick below that this is meant.",
    }
    return f"{refusal.said} {after[refusal.kind]}"
