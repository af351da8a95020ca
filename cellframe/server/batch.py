"""How are many writes carried out in one request?

One after the other, by the handlers that carry them out alone; a hundred in one change of the
database, so that one commit serves them all, or all of them where all are wanted or none. What
is refused is undone alone. An operation names the id of a record that an earlier one made as
``{"$ref": 0}``, in its path or as a field of its body.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import orjson
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError

from cellframe.contract.problems import Problem
from cellframe.contract.wire import JsonValue, Reply, Request
from cellframe.server import calls, paths
from cellframe.server.once import REPLAYED, Once, checked, fingerprint
from cellframe.server.plain import PLAIN, check_model
from cellframe.server.problems import not_stored, problem_reply, refused
from cellframe.server.refusals import Fault, Refusal, invalid, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cellframe.server.calls import Call
    from cellframe.server.database import Work
    from cellframe.server.paths import Handler, Routes

MOST_OPERATIONS = 1000
AT_ONCE = 100
"""Operations of one change: other writers wait no longer than these take."""
ENVELOPE = 3
"""Levels of a batch around the body of an operation: the whole, the list, the operation."""
_REF = "$ref"
_REFUSED = 400


class BatchOperation(BaseModel):
    """One write of a batch."""

    model_config = PLAIN

    method: Literal["POST", "PATCH", "DELETE"]
    path: str
    body: dict[str, Any] | None = None
    if_match: str | None = None
    idempotency_key: str | None = None


class Batch(BaseModel):
    """Writes to carry out in order."""

    model_config = PLAIN

    operations: list[BatchOperation]
    all_or_none: bool = False


class _NoneOfThem(Exception):  # noqa: N818 - an answer, not an error
    """An operation was refused where all were wanted or none."""


def handler(routes: Routes) -> Handler:
    """Make the handler of batches whose operations have these paths."""
    return partial(carry_out, routes)


def carry_out(routes: Routes, call: Call) -> Reply:
    """Carry out writes one after the other, in few changes or in one."""
    asked = _read(call.body())
    run = _Run(routes, call, asked.operations, all_or_none=asked.all_or_none)
    at_once = AT_ONCE
    if asked.all_or_none or call.trial:
        at_once = max(len(asked.operations), 1)
    for start in range(0, len(asked.operations), at_once):
        run.go_on(start, start + at_once)
    return run.reply()


def _read(body: dict[str, JsonValue]) -> Batch:
    asked = check_model(Batch, body, "batch")
    if len(asked.operations) > MOST_OPERATIONS:
        message = f"At most {MOST_OPERATIONS} operations, these are {len(asked.operations)}"
        raise invalid([Fault(("operations",), message)])
    return asked


@dataclass
class _Run:
    """One batch on its way."""

    routes: Routes
    call: Call
    operations: Sequence[BatchOperation]
    all_or_none: bool
    replies: list[Reply] = field(default_factory=list[Reply])

    def reply(self, start: int = 0) -> Reply:
        """Tell what came of the operations from one on."""
        results = [_result(one) for one in self.replies[start:]]
        return calls.reply(200, {"results": results})

    def go_on(self, start: int, stop: int) -> None:
        """Carry out the next operations, in one change."""
        if len(self.replies) > start:
            return  # what came before ended the batch
        once = self.call.once
        if once is not None and stop < len(self.operations):
            once = once.part(start)
        try:
            told = replace(self.call, once=once).write(lambda work: self._store(work, start, stop))
        except _NoneOfThem:
            self._give_up(start)
        except OperationalError as fault:
            if not start:
                raise
            del self.replies[start:]
            rest = len(self.operations) - start
            self.replies += [not_stored(fault, "of a batch")] * rest
        else:
            if REPLAYED in told.headers:
                self.replies += _replies(told)

    def _store(self, work: Work, start: int, stop: int) -> Reply:
        for operation in self.operations[start:stop]:
            self.replies.append(self._one(work, operation))
            if self.all_or_none and self.replies[-1].status >= _REFUSED:
                raise _NoneOfThem
        if self.call.once is None:
            return Reply(200)  # which nobody reads
        # The last part is kept under the key itself, and so as the answer to the whole.
        return self.reply(start if stop < len(self.operations) else 0)

    def _give_up(self, start: int) -> None:
        """Let one refusal stand for all, of whom nothing is kept but what was there before."""
        culprit = len(self.replies) - 1
        message = f"Nothing of this batch was kept, since operation {culprit} of it was refused."
        others = problem_reply(Problem(424, message))
        true = {culprit, *self._from_before()}
        self.replies[start:] = [
            self.replies[index] if index in true else others
            for index in range(start, len(self.operations))
        ]

    def _from_before(self) -> Iterator[int]:
        """Find the operations that only replay what was kept before this batch."""
        told = list(zip(self.operations, self.replies, strict=False))
        new = {one.idempotency_key for one, reply in told if REPLAYED not in reply.headers}
        for index, (operation, _) in enumerate(told):
            if operation.idempotency_key not in new:
                yield index

    def _one(self, work: Work, operation: BatchOperation) -> Reply:
        try:
            steps = tuple(map(self._step, paths.segments(operation.path)))
            found, ids = paths.find(self.routes, operation.method, steps)
            body = operation.body
            if body is not None:
                body = {name: self._linked(value) for name, value in body.items()}
            tagged = operation.if_match
            call = replace(
                self.call,
                request=Request(
                    operation.method,
                    operation.path,
                    headers={} if tagged is None else {"if-match": tagged},
                ),
                ids=ids,
                given=body,
                work=work,
                once=self._once(operation, steps, body),
            )
            return found(call)
        except Refusal as refusal:
            return refused(refusal)

    def _once(self, operation: BatchOperation, steps: Sequence[str], body: object) -> Once | None:
        if operation.idempotency_key is None:
            return None
        return Once.of(
            self.call,
            checked(operation.idempotency_key),
            fingerprint(operation.method, steps, body),
        )

    def _step(self, step: str) -> str:
        """Read a step of a path, which may be the JSON of a reference."""
        if not step.startswith("{"):
            return step
        try:
            return str(self._linked(orjson.loads(step)))
        except orjson.JSONDecodeError:
            return step

    def _linked(self, value: JsonValue) -> JsonValue:
        """Put the id in the place of a reference; any other value is its own."""
        if not isinstance(value, dict) or value.keys() != {_REF}:
            return value
        number = value[_REF]
        if type(number) is not int or not 0 <= number < len(self.replies):
            raise refuse(422, f"{_REF} names no earlier operation of this batch.")
        earlier = self.replies[number]
        if earlier.status >= _REFUSED:
            raise refuse(424, f"Operation {number}, whose record this one names, was refused.")
        made: dict[str, JsonValue] = orjson.loads(earlier.content or b"{}")
        if "id" not in made:
            raise refuse(422, f"Operation {number} leaves no record that could be named.")
        return made["id"]


def _result(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = {
        "status": reply.status,
        "body": orjson.Fragment(reply.content) if reply.content else None,
    }
    if "etag" in reply.headers:
        found["etag"] = reply.headers["etag"]
    if REPLAYED in reply.headers:
        found["replayed"] = True
    return found


def _replies(told: Reply) -> list[Reply]:
    """Read the replies in the kept answer to a part of a batch."""
    found: list[dict[str, Any]] = orjson.loads(told.content)["results"]
    return [
        Reply(
            one["status"],
            {"etag": one["etag"]} if "etag" in one else {},
            b"" if one["body"] is None else orjson.dumps(one["body"]),
        )
        for one in found
    ]
