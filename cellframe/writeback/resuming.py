"""What is left of an apply that did not come to its end, and what became of the rest?

A row whose last outcome says that it was written, or that it cannot be, stays as it is told. All
others are planned again by whoever asks: what the service has already, as it was to be, was
carried out, and only its answer lost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import KINDS
from cellframe.errors import StalePlanError
from cellframe.writeback.lots import fold
from cellframe.writeback.receipt import RECOVERED, Outcome, Result
from cellframe.writeback.saved import opened
from cellframe.writeback.steps import Action
from cellframe.writeback.told import IN_ORDER, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cellframe.contract.records import RecordKind
    from cellframe.store.journal import Line
    from cellframe.writeback.part import Part
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.saved import Saved, SavedFrame
    from cellframe.writeback.steps import Step
    from cellframe.writeback.told import Account, Place, Told

_STOOD = {
    Action.ALREADY_THERE.value: Outcome.UNCHANGED,
    Action.CONFLICT.value: Outcome.CONFLICT,
    Action.EXISTS.value: Outcome.CONFLICT,
    Action.INVALID.value: Outcome.INVALID,
}
"""What becomes of rows that a plan does not send."""


@dataclass(frozen=True)
class Rest:
    """An apply that is gone on with.

    Attributes
    ----------
    account : Account
        What its journal tells.
    saved : Saved
        Its plan as it was reviewed.
    rows : mapping of str to sequence of int
        By kind, where each reviewed row stood in the frame that was edited.
    heights : mapping of str to int
        By kind, the rows of that frame.
    """

    account: Account
    saved: Saved
    rows: Mapping[str, Sequence[int]]
    heights: Mapping[str, int]

    def to_plan(self) -> Saved:
        """Return what is planned again."""
        frames = (frame.only(self._left(frame.kind)) for frame in self.saved.frames)
        return replace(self.saved, frames=tuple(frames))

    def _left(self, kind: RecordKind) -> list[int]:
        """Reviewed rows of one kind, by position, whose outcome is not settled."""
        settled = {result.row for result in self._settled() if result.record == kind.noun}
        return [at for at, row in enumerate(self.rows[kind.name]) if row not in settled]

    def whole(self, plan: Plan) -> Plan:
        """Return a plan of what is left as one of the whole frames.

        Each row has its place again, and with it the key by which the service knows a request
        that it has had before. Rows that nobody edited are not kept, and are empty.
        """
        parts = [self._whole(plan, frame) for frame in self.saved.frames]
        left = {kind: self._left(KINDS[kind]) for kind in self.rows}
        steps = [
            step
            if step.row is None
            else replace(step, row=self.rows[step.kind.name][left[step.kind.name][step.row]])
            for step in plan.steps
        ]
        return replace(plan, parts=tuple(parts), steps=tuple(steps))

    def _whole(self, plan: Plan, frame: SavedFrame) -> Part:
        """Return one edited frame with every row in its place."""
        kind, rows = frame.kind, self.rows[frame.kind.name]
        at = dict(zip(rows, range(len(rows)), strict=True))
        numbers = dict(zip(rows, frame.source.numbers, strict=True))
        places = range(self.heights[kind.name])
        part = next(part for part in plan.parts if part.kind is kind)
        gathered = pl.Series([at.get(row) for row in places], dtype=pl.UInt32)
        return replace(
            part,
            edited=frame.frame.select(pl.all().gather(gathered)),
            numbers=[numbers.get(row, row) for row in places],
        )

    def recovered(self, plan: Plan) -> list[Line]:
        """Return the outcomes of rows whose answer was lost, and which the service has.

        Parameters
        ----------
        plan : Plan
            Of the whole frame, made again.
        """
        there = {_place(step): step for step in plan.steps if step.action is Action.ALREADY_THERE}
        lost = {at: told for at, told in self.account.rows.items() if told.came is Outcome.UNKNOWN}
        return [
            *(self._found(told, there[at]) for at, told in lost.items() if at in there),
            *self._found_lots(lost, plan),
        ]

    def _found(self, told: Told, step: Step) -> Line:
        kept = (frame.source.kept for frame in self.saved.frames if frame.kind is step.kind)
        read = (base for bases in kept for (id_, _), base in bases.items() if id_ == step.id)
        before = next((dict(base.record) for base in read), None) if told.intent["id"] else None
        return _line(told.intent, str(step.id), before, dict(step.record))

    def _found_lots(self, lost: Mapping[Place, Told], plan: Plan) -> Iterator[Line]:
        for (_, row, parent, name), told in lost.items():
            id_ = plan.lots.get(parent, {}).get(name) if row is None else None
            if id_ is not None:
                yield _line(told.intent, id_, None, {"id": id_, "name": told.intent["name"]})

    def with_outcomes(self, lines: Sequence[Line]) -> Rest:
        """Return the same with more that is told."""
        rows = dict(self.account.rows)
        for line in lines:
            rows[place(line)] = rows[place(line)]._replace(outcome=line)
        return replace(self, account=replace(self.account, rows=rows))

    def to_send(self, plan: Plan) -> Plan:
        """Return a plan without the rows that are settled by now."""
        settled = {at for at, told in self.account.rows.items() if told.is_settled}
        return replace(plan, steps=tuple(s for s in plan.steps if _place(s) not in settled))

    def results(self, sent: Sequence[Result] = ()) -> tuple[Result, ...]:
        """Return what became of every row: as it was told, and of those that were sent now."""
        found = [*self._settled(), *sent]
        return tuple(sorted(found, key=_in_order))

    def _settled(self) -> list[Result]:
        told = [_result(told) for told in self.account.rows.values() if told.is_settled]
        sent = {(kind, row) for kind, row, _, _ in self.account.rows}
        return [
            *told,
            *(result for kind, result in self._stood() if (kind, result.row) not in sent),
        ]

    def _stood(self) -> Iterator[tuple[str, Result]]:
        """Return what became of rows that the plan did not mean to send, with their kinds."""
        first = {(one["record"], one["row"]): one for one in reversed(self.saved.changes)}
        for frame in self.saved.frames:
            kind, rows = frame.kind, self.rows[frame.kind.name]
            for row, number in zip(rows, frame.source.numbers, strict=True):
                seen = first[kind.noun, number]
                outcome = _STOOD.get(seen["action"])
                if outcome is not None and not self._was_decided(seen["action"]):
                    about = seen["name"], seen["id"], seen["action"], outcome
                    yield kind.name, Result(row, kind.noun, *about)

    def _was_decided(self, action: str) -> bool:
        """Whether the caller said whose value stands in rows like this one."""
        decided = self.account.header.get("terms", {}).get("on_conflict") in ("mine", "theirs")
        return decided and action == Action.CONFLICT.value


def rest_of(account: Account) -> Rest:
    """Return what is left of an apply.

    Raises
    ------
    StalePlanError
        Its journal does not hold its plan. Nothing was sent.
    """
    reviewed, path = account.reviewed, account.path
    if reviewed is None:
        raise StalePlanError(f"{path} does not hold its plan: {_OLDER}. {_AGAIN}")
    if reviewed["digest"] != account.header["plan"]:
        raise StalePlanError(f"{path} holds another plan than the one that was applied. {_AGAIN}")
    try:
        saved = opened(reviewed["plan"])
    except (KeyError, TypeError, ValueError, AttributeError, pl.exceptions.PolarsError) as fault:
        raise StalePlanError(f"{path} holds a plan that cannot be read. {_AGAIN}") from fault
    return Rest(account, saved, reviewed["rows"], reviewed["heights"])


_OLDER = "an older cellframe wrote it, or it was left before anything was sent"
_AGAIN = (
    "Nothing was sent. Plan the same frame or sheet again: it goes on from what the service has."
)


def _place(step: Step) -> Place:
    row = step.row
    if row is not None:
        return step.kind.name, row, "", ""
    return step.kind.name, None, str(step.parent_id), fold(str(step.name))


def _in_order(result: Result) -> tuple[int, int]:
    """Specs, lots, cells, tests; within them as they stand in the frame, lots without a row first."""
    return _NOUNS.index(result.record), -1 if result.row is None else result.row


_NOUNS = [kind.noun for kind in IN_ORDER]


def _line(intent: Line, id_: str, before: Line | None, after: Line) -> Line:
    about = {name: intent[name] for name in ("row", "action", "kind", "name", "parent")}
    more: Line = {"outcome": Outcome.OK.value, "status": None, "message": RECOVERED}
    return {**about, "type": "outcome", "id": id_, "before": before, "after": after, **more}


def _result(told: Told) -> Result:
    line: dict[str, Any] = told.outcome or told.intent
    noun = KINDS[line["kind"]].noun
    about = line["row"], noun, line["name"], line["id"], line["action"], told.came
    return Result(*about, line.get("status"), message=line.get("message") or "")
