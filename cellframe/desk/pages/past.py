"""What came of what was sent, and how is it finished or taken back?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from cellframe.desk.drafts import Draft
from cellframe.desk.pages import sheets
from cellframe.desk.pages.asked import UNFIT, page, see
from cellframe.desk.pages.choosing import summary
from cellframe.desk.pages.planning import gone
from cellframe.desk.saying import trouble
from cellframe.errors import ApiError, CellframeError
from cellframe.views.voice import PAGE
from cellframe.views.words import counted, many
from cellframe.writeback.history import DAMAGED, UNDER_WAY, UNFINISHED
from cellframe.writeback.receipt import GOOD, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from cellframe.client import Client
    from cellframe.contract.wire import Reply
    from cellframe.desk.pages.asked import Asked
    from cellframe.desk.pages.choosing import Spec
    from cellframe.writeback.receipt import Receipt

MOST = 200
"""Applies that the page lists."""
_STATES = {
    UNFINISHED: "Interrupted before its end",
    UNDER_WAY: "Is being sent right now",
    DAMAGED: "Its record is damaged and cannot be read",
}


@dataclass(frozen=True, slots=True)
class Apply:
    """Something that was sent, as the page lists it.

    Attributes
    ----------
    when : datetime or None
        When, in UTC; None where that cannot be read.
    note, said : str
        Why, and what came of it.
    journal : str
        What addresses call it.
    can_undo, can_finish : bool
        What can be done with it.
    """

    when: datetime | None
    note: str
    said: str
    journal: str
    can_undo: bool
    can_finish: bool


def receipt(asked: Asked) -> Reply:
    """Say what came of a plan: ``GET /desk/plans/DRAFT/receipt``."""
    draft = asked.visit.drafts.get(asked.named["draft"])
    if draft is None or draft.receipt is None:
        return gone(asked)
    found, journal = draft.receipt, draft.receipt.journal
    heading, lead = _said(found)
    return page(
        "receipt",
        asked.visit.here("cells"),
        title=heading,
        heading=heading,
        lead=lead,
        refused=[],
        fragment=Markup(found.html(PAGE, closing=False)),  # noqa: S704 - what the views wrote
        left_over=len(_left(found)),
        at=f"/desk/plans/{draft.name}",
        journal=journal.stem if journal else "",
        can_finish=bool(journal and found.left),
        can_undo=bool(journal and found.counts.get(Outcome.OK.value)),
        specs=_specs(asked.visit.client, draft.spec),
    )


def left_over(asked: Asked) -> Reply:
    """Give the rows that were not written: ``GET /desk/plans/DRAFT/left-over``."""
    draft = asked.visit.drafts.get(asked.named["draft"])
    if draft is None or draft.receipt is None:
        return gone(asked)
    found, client = draft.receipt, asked.visit.client

    def write(path: Path) -> None:
        client.write_left_over(found, path)

    name = draft.file.rpartition(".")[0] or "rows"
    return sheets.given(asked.visit.folder, f"{name}.left-over", write)


def history(asked: Asked) -> Reply:
    """List what was sent: ``GET /desk/history``."""
    lines = asked.visit.client.history()
    return page(
        "history",
        asked.visit.here("history"),
        title="What you sent",
        applies=[_apply(line) for line in lines.head(MOST).iter_rows(named=True)],
        total=lines.height,
    )


def undo(asked: Asked) -> Reply:
    """Plan to take something back: ``POST /desk/history/JOURNAL/undo``."""
    try:
        plan = asked.visit.client.undo(_journal(asked))
    except CellframeError as fault:
        return _not_done(asked, "This cannot be undone", fault)
    return see(f"/desk/plans/{asked.visit.drafts.add(Draft(plan)).name}")


def finish(asked: Asked) -> Reply:
    """Send what was left: ``POST /desk/history/JOURNAL/finish``."""
    try:
        found = asked.visit.client.resume(_journal(asked))
    except CellframeError as fault:
        return _not_done(asked, "This cannot be finished now", fault)
    draft = asked.visit.drafts.add(Draft(found.plan, receipt=found))
    return see(f"/desk/plans/{draft.name}/receipt")


def _journal(asked: Asked) -> str:
    """Return the name of a journal of this visitor: no address of another file.

    Raises
    ------
    CellframeError
        There is none.
    """
    name = asked.named["journal"]
    if name not in asked.visit.client.history()["journal"]:
        raise CellframeError("You sent nothing under this name.")
    return name


def _not_done(asked: Asked, heading: str, fault: CellframeError) -> Reply:
    told = trouble(fault)
    return page(
        "faults",
        asked.visit.here("history"),
        status=UNFIT,
        title=heading,
        heading=heading,
        fault=told.head,
        more=told.more,
        faults=told.faults,
        total=told.total,
        what="",
        again=False,
        back="/desk/history",
    )


def _apply(line: Mapping[str, Any]) -> Apply:
    counts = {outcome.value: line[outcome.value] or 0 for outcome in Outcome}
    came = ", ".join(one.phrase for one in counted(counts))
    state = _STATES.get(line["state"], "")
    return Apply(
        line["when [UTC]"],
        line["note"] or "",
        ". ".join(part for part in (state, came) if part) or "Nothing was written",
        line["journal"],
        can_undo=bool(counts[Outcome.OK.value]) and line["state"] != UNDER_WAY,
        can_finish=line["state"] == UNFINISHED,
    )


def _said(found: Receipt) -> tuple[str, str]:
    ok = found.counts.get(Outcome.OK.value, 0)
    left = len(_left(found))
    if not left:
        return (
            "Sent",
            f"{many(ok, 'row')} {'was' if ok == 1 else 'were'} written. You can close this page.",
        )
    if ok:
        return (
            "Sent in part",
            f"{many(ok, 'row')} {'was' if ok == 1 else 'were'} written, {left:,} not.",
        )
    return (
        "Nothing was written",
        f"{many(left, 'row')} {'was' if left == 1 else 'were'} not written.",
    )


def _left(found: Receipt) -> list[object]:
    return [one for one in found.results if one.row is not None and one.outcome not in GOOD]


def _specs(client: Client, spec: str) -> list[Spec]:
    """Return the spec to go on with; none where it is not known, or no longer there."""
    if not spec:
        return []
    try:
        return [summary(client, client.cell_spec.get(spec))]
    except ApiError:
        return []
