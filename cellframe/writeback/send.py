"""One step is sent: what is asked, what the answers mean, and what became of the row.

A `Task` is a conversation: it gives requests and is given answers, and knows nothing of how they
travel, alone or many in one. An update is guarded by the version that the plan compared with;
where the service keeps no versions the record is read again just before. A record that moved in
other fields alone is merged anew and sent once more. Of a write that was lost the service is
asked what it has: for an update the record, for a create whatever has its name. What cannot be
told so is *unknown*.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cellframe.contract import routes
from cellframe.contract.records import opaque_version
from cellframe.errors import (
    ApiError,
    CellframeError,
    ConflictError,
    InvalidRecordError,
    NotFoundError,
    TransportError,
)
from cellframe.frames.decode import value_of
from cellframe.transport.replies import make_request
from cellframe.writeback.asking import MOVED, Asking, is_final
from cellframe.writeback.diff import Class, is_same
from cellframe.writeback.keys import REPLAYED
from cellframe.writeback.receipt import RECOVERED, Outcome, Result
from cellframe.writeback.standing import (
    conflict_words,
    is_moved,
    recheck,
    standing,
    unsent,
    words,
)
from cellframe.writeback.steps import WRITES, Action, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.contract.wire import Request
    from cellframe.writeback.asking import Talk, Way
    from cellframe.writeback.patience import Answer, Patience
    from cellframe.writeback.writes import Writes

_TRIES = 8
"""How often a row that moved, or whose answer was lost, is compared again and sent."""

_CREATES = 3
"""How often a create is sent of which no trace is found, under the same key."""

_OUTCOMES: dict[type[ApiError], Outcome] = {
    ConflictError: Outcome.CONFLICT,
    NotFoundError: Outcome.CONFLICT,
    InvalidRecordError: Outcome.INVALID,
}
"""What a refusal makes of a row; any other failed."""


class Task:
    """One step under way.

    Parameters
    ----------
    step : Step
        What is to become of a row.
    way : Way
        How it is sent.
    writes : Writes
        Makes its requests.
    patience : Patience
        Of the whole apply.
    reason : str
        Why the step cannot be sent, where it cannot.

    Attributes
    ----------
    attempts : int
        Requests sent for it; whoever carries them counts.
    result : Result or None
        What became of it, once that is known.
    """

    def __init__(
        self, step: Step, way: Way, writes: Writes, patience: Patience, reason: str = ""
    ) -> None:
        self.step = step
        self.attempts = 0
        self.result: Result | None = None
        self._way = way
        self._writes = writes
        self._asking = Asking(way, patience)
        self._planned = step.action
        self._reason = reason or (writes.missing_lot(step) or "")
        self._made: tuple[Step, Request] | None = None
        self._intended = ""
        self._after: dict[str, Any] | None = None
        self._guard = "none"
        self._is_settled = False
        self._talk = self._told()

    @property
    def is_write(self) -> bool:
        """Whether anything is to be sent but reads."""
        return self._planned in WRITES and not self._reason

    @property
    def is_create(self) -> bool:
        """Whether it makes a record."""
        return self._planned is Action.CREATE

    def intent(self) -> dict[str, Any]:
        """Return the line that is on the disk before the request is sent."""
        self._intended = self._writes.key(self.step, self._write())
        return {
            **self._about(),
            "type": "intent",
            "version": self.step.version,
            "body": self._writes.body(self.step),
            "places": [column.place for column, _ in self.step.writes()],
            "key": self._intended,
        }

    def is_intended(self, request: Request) -> bool:
        """Whether a request only reads, or is the one whose intent was written down last."""
        return request.method == "GET" or self._writes.key(self.step, request) == self._intended

    def outcome(self, result: Result) -> dict[str, Any]:
        """Return the line that says what became of it, with the record before and after."""
        before = dict(self.step.record) or None
        more = {"before": before, "after": self._after, "message": result.message}
        return {
            **self._about(),
            "type": "outcome",
            "id": result.id,
            "outcome": result.outcome.value,
            "status": result.status,
            **more,
        }

    def _about(self) -> dict[str, Any]:
        step = self.step
        return {
            "row": step.row,
            "action": self._planned.value,
            "kind": step.kind.name,
            "id": step.id,
            "name": step.name,
            "parent": step.parent_id,
        }

    def go_on(self, answer: Answer | None) -> Request | None:
        """Hear an answer and return the next request; None once there is a result.

        Parameters
        ----------
        answer : Reply, TransportError or None
            To the last request; None to begin.
        """
        try:
            return next(self._talk) if answer is None else self._talk.send(answer)
        except StopIteration:
            return None

    def so_far(self, stopped: str) -> Result:
        """Return what became of it, also where nothing further is sent, for a reason."""
        if self.result is not None:
            return self.result
        if self._reason:
            return unsent(self.step, Outcome.NOT_ATTEMPTED, self._reason)
        if self.attempts:
            message = "The apply was interrupted while this was under way: nobody knows whether it was written."
            return replace(unsent(self.step, Outcome.UNKNOWN, message), attempts=self.attempts)
        return standing(self.step) or unsent(self.step, Outcome.NOT_ATTEMPTED, stopped)

    def _told(self) -> Talk[None]:
        started = time.monotonic()
        kept_back = unsent(self.step, Outcome.NOT_ATTEMPTED, self._reason)
        settled = kept_back if self._reason else standing(self.step)
        result = settled or (yield from self._attempt())
        self.result = replace(
            result,
            action=self._planned.value,
            attempts=self.attempts,
            guard=self._guard,
            seconds=time.monotonic() - started,
            request_id=self._asking.reply.headers.get("x-correlation-id"),
        )

    def _attempt(self) -> Talk[Result]:
        ways = {Action.CREATE: self._create, Action.DELETE: self._delete}
        try:
            return (yield from ways.get(self.step.action, self._update)())
        except ApiError as fault:
            return self._refused(fault)
        except TransportError as fault:
            if self._asking.was_lost:
                return self._result(Outcome.UNKNOWN, message=_open(fault))
            outcome = Outcome.FAILED if self.attempts else Outcome.NOT_ATTEMPTED
            return self._result(outcome, message=str(fault))

    def _create(self) -> Talk[Result]:
        """Make the record; once more only where the service would know the request again."""
        fault: CellframeError | None = None
        for _ in range(_CREATES if self._way.keys else 1):
            try:
                self._after = yield from self._asking.record(self._write())
            except ConflictError as taken:
                found = taken.existing_id and (yield from self._record(taken.existing_id))
                if not found or not self._is_meant(found):
                    raise
                return self._already(found)
            except (ApiError, TransportError) as met:
                if not self._asking.is_open(met):
                    raise
                fault = met
            else:
                return self._ok()
            found = yield from self._namesake()
            if found is not None:
                return self._already(found) if self._is_meant(found) else self._taken(found)
            self._give_up_if_final(fault)
        raise fault or TransportError("")

    def _taken(self, found: dict[str, Any]) -> Result:
        noun, name = self.step.kind.noun, self.step.name
        message = f"A {noun} named {name!r} is there now, with other values. Plan again."
        return self._result(Outcome.CONFLICT, message=message, id_=str(found["id"]))

    def _already(self, found: dict[str, Any]) -> Result:
        """Return the result of a create whose record is there: its own, where that was lost."""
        if not self._asking.was_lost:
            return self._result(Outcome.UNCHANGED, id_=str(found["id"]))
        self._after = found
        return self._ok(RECOVERED)

    def _namesake(self) -> Talk[dict[str, Any] | None]:
        """Find the record under the same parent that has the name; None where there is none."""
        kind, name = self.step.kind, str(self.step.name)
        path = kind.below(str(self.step.parent_id)) if kind.parent else kind.collection
        asked = f"ilike.%{name}%" if kind.unique_without_case else f"eq.{name}"
        listed = yield from self._asking.listed(make_request("GET", path, query={"name": asked}))
        wanted = kind.name_key(name)
        return next((one for one in listed if kind.name_key(str(one["name"])) == wanted), None)

    def _is_meant(self, found: Mapping[str, Any]) -> bool:
        """Whether a record is the one that was to be made."""
        kind, changes = self.step.kind, self.step.changes
        return all(is_same(c.column, value_of(kind, found, c.column), c.you_have) for c in changes)

    def _update(self) -> Talk[Result]:
        """Send the change, and again where the record moved in other fields alone."""
        fault: CellframeError | None = None
        for _ in range(_TRIES):
            self._guard = "if_match" if self._writes.token(self.step) else "compare"
            if fault or self._guard == "compare":
                found = getattr(fault, "current", None) or (yield from self._record())
                self.step = recheck(self.step, found, self._way.on_conflict)
            if self.step.action is Action.CONFLICT:
                return self._result(Outcome.CONFLICT, message=conflict_words(self.step))
            if self.step.action is Action.ALREADY_THERE:
                return self._there()
            self._give_up_if_final(fault)
            try:
                self._after = yield from self._asking.record(self._write())
            except (ApiError, TransportError) as met:
                if not self._asking.is_open(met):
                    raise
                fault = met
            else:
                return self._ok()
        raise _restless(fault)

    def _there(self) -> Result:
        """Return the result of an update that the record shows already."""
        if not self._asking.was_lost:
            return self._result(Outcome.UNCHANGED)
        self._after = dict(self.step.record)
        return self._ok(RECOVERED)

    def _give_up_if_final(self, fault: CellframeError | None) -> None:
        if fault is not None and is_final(fault):
            self._is_settled = True
            raise fault

    def _delete(self) -> Talk[Result]:
        """Delete the record as it was compared, and no other."""
        fault: CellframeError | None = None
        for _ in range(_TRIES):
            self._guard = "if_match" if self._writes.token(self.step) else "compare"
            try:
                if fault or self._guard == "compare":
                    current = yield from self._record()
                    if is_moved(self.step, current) and not self._is_mine(current):
                        return self._result(Outcome.CONFLICT, message=_EDITED)
                    self._give_up_if_final(fault)
                yield from self._asking.answer(self._write())
            except NotFoundError:
                return self._gone()
            except (ApiError, TransportError) as met:
                if self._is_settled or not self._asking.is_open(met):
                    raise
                fault = met
            else:
                return self._result(Outcome.OK)
        raise _restless(fault)

    def _gone(self) -> Result:
        if self._asking.was_lost:
            return self._result(Outcome.OK, message=RECOVERED)
        return self._result(Outcome.UNCHANGED, message="It was gone already.")

    def _is_mine(self, current: dict[str, Any]) -> bool:
        if self._way.on_conflict != "mine":
            return False
        self.step = replace(self.step, record=current, version=opaque_version(current))
        return True

    def _record(self, id_: str | None = None) -> Talk[dict[str, Any]]:
        path = routes.one(self.step.kind.collection, id_ or str(self.step.id))
        return (yield from self._asking.record(make_request("GET", path)))

    def _write(self) -> Request:
        """Return the request of the step as it stands now."""
        if self._made is None or self._made[0] is not self.step:
            self._made = self.step, self._writes.of(self.step)
        return self._made[1]

    def _ok(self, message: str = "") -> Result:
        """Return the result of a write, and say what the service made of it."""
        id_ = str((self._after or {})["id"])
        if REPLAYED in self._asking.reply.headers:
            if not self._asking.was_lost and not self._way.goes_on:
                return self._result(Outcome.UNCHANGED, message=_BEFORE, id_=id_)
            message = message or RECOVERED
        told = " ".join(filter(None, (message, self._echo())))
        return self._result(Outcome.OK, message=told, id_=id_)

    def _echo(self) -> str:
        """Where the service stored something else than it was sent: it may ignore a field."""
        stored = [
            (change, value_of(self.step.kind, self._after or {}, change.column))
            for change in self.step.changes
            if change.what in (Class.CHANGE, Class.CLEAR)
        ]
        lost = [
            f"{change.label!r} is {words(value)}"
            for change, value in stored
            if not is_same(change.column, value, change.you_have)
        ]
        return f"The service stored other values: {', '.join(lost)}." if lost else ""

    def _refused(self, fault: ApiError) -> Result:
        existing = fault.existing_id if isinstance(fault, ConflictError) else None
        if existing and self.step.row is None:
            # Somebody else has just made the lot: it is the one that was meant.
            return self._result(Outcome.UNCHANGED, id_=existing)
        outcomes = (outcome for kind, outcome in _OUTCOMES.items() if isinstance(fault, kind))
        outcome, message = next(outcomes, Outcome.FAILED), str(fault)
        if outcome is Outcome.FAILED and self._asking.was_lost and not self._is_settled:
            outcome, message = Outcome.UNKNOWN, _open(fault)
        taken = existing if self.is_create else None
        result = self._result(outcome, message=message, id_=taken)
        return replace(result, status=fault.status or None, code=fault.code)

    def _result(self, outcome: Outcome, *, message: str = "", id_: str | None = None) -> Result:
        result = unsent(self.step, outcome, message)
        return replace(result, id=id_ or self.step.id, status=self._asking.reply.status or None)


def _restless(fault: CellframeError | None) -> CellframeError:
    if fault is not None and not isinstance(fault, ConflictError):
        return fault
    message = "The record kept changing while it was written. Plan again."
    return ConflictError(message, status=MOVED)


def _open(fault: CellframeError) -> str:
    return f"{fault} Nobody knows whether it was written: client.resume() finds out."


_EDITED = "Somebody edited the record since it was compared: it was not deleted. Plan again."

_BEFORE = "An earlier apply of this plan wrote it: nothing was written now."
