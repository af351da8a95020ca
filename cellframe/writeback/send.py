"""One step is sent: its request, what the service answered, and what became of the row.

An update is guarded by the version that the plan compared with; where the service keeps no
versions the record is read again just before. A record that moved in other fields alone is
merged anew and sent once more. A create is never sent twice by itself: when its answer is lost,
nobody knows whether it was carried out, and the row says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from cellframe.contract import routes
from cellframe.contract.records import KINDS, opaque_version
from cellframe.contract.wire import Reply, Request, Wire
from cellframe.errors import (
    ApiError,
    ConflictError,
    InvalidRecordError,
    NotFoundError,
    ServerError,
    TransportError,
)
from cellframe.failpoints import reach
from cellframe.frames.decode import value_of
from cellframe.frames.encode import body_of, displaced
from cellframe.transport.replies import make_request, read
from cellframe.writeback.diff import Class, is_same
from cellframe.writeback.lots import fold
from cellframe.writeback.plan import STOPS, WRITES, Action, Step
from cellframe.writeback.receipt import Outcome, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.writeback.plan import Change, Value

_TRIES = 3
"""How often a row that moved is compared again and sent."""
_MOVED = 412

_OUTCOMES: dict[type[ApiError], Outcome] = {
    ConflictError: Outcome.CONFLICT,
    NotFoundError: Outcome.CONFLICT,
    InvalidRecordError: Outcome.INVALID,
    ServerError: Outcome.UNKNOWN,
}
"""What a refusal makes of a row. After a fault of the server nobody knows whether it wrote."""

OnConflict = Literal["fail", "skip", "mine", "theirs"]


@dataclass(frozen=True, slots=True)
class Way:
    """How steps are sent.

    Attributes
    ----------
    wire : Wire
        To the service.
    if_match : bool
        Whether the service refuses a write whose version has passed.
    on_conflict : str
        What a conflict met on the way becomes: a row's outcome, or mine, or theirs.
    """

    wire: Wire
    if_match: bool
    on_conflict: OnConflict


class Task:
    """One step under way: its body, what the service answered, and how often it was asked."""

    def __init__(self, step: Step, way: Way, lots: Mapping[str, Mapping[str, str]]) -> None:
        self.step = step
        self.way = way
        self.lots = lots
        self.after: dict[str, Any] | None = None
        self.attempts = 0
        self.reply = Reply(0)
        self.result: Result | None = None
        self.planned = step.action
        self.is_create = step.action is Action.CREATE
        self.is_write = step.action in WRITES and self._missing_lot() is None
        self.guard = "none"

    def intent(self) -> dict[str, Any]:
        """Return the line that is on the disk before the request is sent."""
        return {
            **self._about(),
            "type": "intent",
            "version": self.step.version,
            "body": self._body(),
            "places": [column.place for column, _ in self.step.writes()],
        }

    def outcome(self, result: Result) -> dict[str, Any]:
        """Return the line that says what became of it, with the record before and after."""
        before = dict(self.step.record) or None
        more = {"before": before, "after": self.after, "message": result.message}
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
            "action": step.action.value,
            "kind": step.kind.name,
            "id": step.id,
            "name": step.name,
            "parent": step.parent_id,
        }

    def run(self) -> Result:
        """Send the step and say what became of it; a fault is a result too."""
        started = time.monotonic()
        result = self._settled() or self._attempt()
        self.result = replace(
            result,
            action=self.planned.value,
            attempts=self.attempts,
            guard=self.guard,
            seconds=time.monotonic() - started,
            request_id=self.reply.headers.get("x-correlation-id"),
        )
        return self.result

    def _settled(self) -> Result | None:
        """Return the result of a step that is not sent."""
        missing = self._missing_lot()
        return unsent(self.step, Outcome.NOT_ATTEMPTED, missing) if missing else standing(self.step)

    def _missing_lot(self) -> str | None:
        """Why a row cannot be sent whose lot could not be created."""
        for column, value in self.step.writes():
            refers = column.field is not None and column.field.refers_to
            if (
                refers
                and isinstance(value, str)
                and self._known_lots() is not None
                and self._lot(value) is None
            ):
                return f"Not sent: the lot {value!r} is not known to exist. Plan again."
        return None

    def _known_lots(self) -> Mapping[str, str] | None:
        """Ids of the spec's lots; None where the service keeps lots as text."""
        return self.lots.get(str(self.step.parent_id))

    def _lot(self, name: str) -> str | None:
        return (self._known_lots() or {}).get(fold(name))

    def _attempt(self) -> Result:
        try:
            return self._create() if self.is_create else self._update()
        except ApiError as fault:
            outcomes = (outcome for kind, outcome in _OUTCOMES.items() if isinstance(fault, kind))
            return self._refused(next(outcomes, Outcome.FAILED), fault)
        except TransportError as fault:
            return self._result(
                Outcome.UNKNOWN if fault.sent else Outcome.FAILED, message=str(fault)
            )

    def _create(self) -> Result:
        kind = self.step.kind
        path = kind.collection
        if kind.parent:
            path = routes.below(
                KINDS[kind.parent].collection, str(self.step.parent_id), kind.under_parent
            )
        try:
            self.after = self._ask(make_request("POST", path, body=self._body()))
        except ConflictError as fault:
            if fault.existing_id is None or not self._is_there(fault.existing_id):
                raise
            return self._result(Outcome.UNCHANGED, id_=fault.existing_id)
        return self._result(Outcome.OK, id_=str(self.after["id"]), message=self._echo())

    def _is_there(self, id_: str) -> bool:
        """Whether the record that has the name already is the one that was to be made."""
        found = self._ask(make_request("GET", routes.one(self.step.kind.collection, id_)))
        kind, changes = self.step.kind, self.step.changes
        return all(is_same(c.column, value_of(kind, found, c.column), c.you_have) for c in changes)

    def _update(self) -> Result:
        """Send the change, and again where the record moved in other fields alone."""
        for _ in range(_TRIES):
            if not self._renewed():
                return self._result(Outcome.CONFLICT, message=_conflict_words(self.step))
            if self.step.action is Action.ALREADY_THERE:
                return self._result(Outcome.UNCHANGED)
            try:
                self.after = self._ask(self._patch())
            except ConflictError as fault:
                if fault.status != _MOVED:
                    raise
                current = fault.current or self._ask(make_request("GET", self._path()))
                self.step = recheck(self.step, current, self.way.on_conflict)
                continue
            return self._result(Outcome.OK, message=self._echo())
        return self._result(
            Outcome.CONFLICT, message="The record kept changing while it was written. Plan again."
        )

    def _renewed(self) -> bool:
        """Compare again where no version guards the write; false where it is a conflict now."""
        if self._token() is None:
            self.guard = "compare"
            current = self._ask(make_request("GET", self._path()))
            self.step = recheck(self.step, current, self.way.on_conflict)
        else:
            self.guard = "if_match"
        return self.step.action is not Action.CONFLICT

    def _token(self) -> str | None:
        version = self.step.version or ""
        return f'"{version[1:]}"' if self.way.if_match and version.startswith("v") else None

    def _patch(self) -> Request:
        token = self._token()
        headers = {"if-match": token} if token else None
        return make_request("PATCH", self._path(), body=self._body(), headers=headers)

    def _path(self) -> str:
        return routes.one(self.step.kind.collection, str(self.step.id))

    def _body(self) -> dict[str, Any]:
        """Return the body, with the id of a lot where the service keeps lots."""
        if self.step.row is None:
            return {"name": self.step.name}
        body = body_of(self.step.writes(), self.step.record)
        for row in self.step.kind.fields:
            if row.refers_to and row.name in body and self._known_lots() is not None:
                name = body.pop(row.name)
                body[row.sent_as] = None if name is None else self._lot(name)
        return body

    def _ask(self, request: Request) -> dict[str, Any]:
        self.attempts += 1
        self.reply = Reply(0)
        reach("before_request")
        self.reply = self.way.wire.send(request)
        reach("after_answer")
        record = read(request, self.reply, self.way.wire.origin)
        if not isinstance(record, dict) or not isinstance(record.get("id"), str):
            message = f"{request} was answered with something that is no record."
            raise TransportError(message, request=str(request), sent=True)
        return record

    def _echo(self) -> str:
        """Where the service stored something else than it was sent: it may ignore a field."""
        stored = [
            (change, value_of(self.step.kind, self.after or {}, change.column))
            for change in self.step.changes
            if change.what in (Class.CHANGE, Class.CLEAR)
        ]
        lost = [
            f"{change.label!r} is {_words(value)}"
            for change, value in stored
            if not is_same(change.column, value, change.you_have)
        ]
        return f"The service stored other values: {', '.join(lost)}." if lost else ""

    def _refused(self, outcome: Outcome, fault: ApiError) -> Result:
        existing = fault.existing_id if isinstance(fault, ConflictError) else None
        if existing and self.step.row is None:
            # Somebody else has just made the lot: it is the one that was meant.
            return self._result(Outcome.UNCHANGED, id_=existing)
        taken = existing if self.is_create else None
        result = self._result(outcome, message=str(fault), id_=taken)
        return replace(result, status=fault.status, code=fault.code)

    def _result(self, outcome: Outcome, *, message: str = "", id_: str | None = None) -> Result:
        step = self.step
        return Result(
            step.row,
            step.kind.noun,
            step.name,
            id_ or step.id,
            step.action.value,
            outcome,
            self.reply.status or None,
            message=message,
        )


def recheck(step: Step, current: Mapping[str, Any], on_conflict: OnConflict) -> Step:
    """Return a step compared again with the record as it is now.

    Returns
    -------
    Step
        With the version of `current`. A conflict where an edited cell moved to a third value,
        unless the caller decided whose value stands.
    """
    changes: list[Change] = []
    for change in step.changes:
        value = value_of(step.kind, current, change.column)
        stood = displaced(change.column, current) == displaced(change.column, step.record)
        if is_same(change.column, value, change.you_have):
            what = Class.ALREADY_THERE
        else:
            moved_on = not stood or not is_same(change.column, value, change.server_now)
            what = Class.CONFLICT if moved_on else change.what
        changes.append(replace(change, what=what, server_now=value))
    found = {change.what for change in changes}
    moved = replace(
        step, changes=tuple(changes), record=current, version=opaque_version(dict(current))
    )
    if Class.CONFLICT in found:
        return decided(replace(moved, action=Action.CONFLICT), on_conflict)
    done = found <= {Class.ALREADY_THERE}
    return replace(moved, action=Action.ALREADY_THERE if done else Action.UPDATE)


def _conflict_words(step: Step) -> str:
    cells = [
        f"{c.label!r}: you read {_words(c.you_read)}, you have {_words(c.you_have)}, server now {_words(c.server_now)}"
        for c in step.changes
        if c.what is Class.CONFLICT
    ]
    return "; ".join(cells) or "The record moved on the service."


def _words(value: Value) -> str:
    return "nothing" if value is None else repr(value) if isinstance(value, str) else str(value)


def decided(step: Step, on_conflict: OnConflict) -> Step:
    """Return a row in conflict as the caller decided it; a deleted record has nothing to decide."""
    if step.action is not Action.CONFLICT or not step.record:
        return step
    if on_conflict == "mine":
        return step.settled(Class.CHANGE)
    return step.settled(Class.ALREADY_THERE) if on_conflict == "theirs" else step


def standing(step: Step) -> Result | None:
    """Return the result of a step that has nothing to send; None where it has."""
    if step.action in WRITES:
        return None
    if step.action not in STOPS:
        return unsent(step, Outcome.UNCHANGED)
    outcome = Outcome.INVALID if step.action is Action.INVALID else Outcome.CONFLICT
    return unsent(step, outcome, step.message or _conflict_words(step))


def unsent(step: Step, outcome: Outcome, message: str = "") -> Result:
    """Return the result of a step for which no request was made."""
    return Result(
        step.row, step.kind.noun, step.name, step.id, step.action.value, outcome, message=message
    )
