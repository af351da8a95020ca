"""How do requests travel: each alone, or many in one?

Where the service takes many writes in one request, a hundred of them are one. Each is answered by
itself, with what it would have been answered alone. What the service does not take together is
sent apart, and a request that is too large for it in halves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract.wire import Reply, Request
from cellframe.errors import ApiError, TransportError
from cellframe.failpoints import reach
from cellframe.transport.replies import read
from cellframe.writeback.keys import HEADER, REPLAYED, body_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cellframe.writeback.asking import Way
    from cellframe.writeback.patience import Answer, Patience
    from cellframe.writeback.send import Task

_JSON = {"content-type": "application/json"}
LARGEST = 4 * 1024**2
"""Bytes of the bodies that travel together."""
_TOO_LARGE = 413
_NOT_TOGETHER = (400, 404, 405, 413, 415, 422, 501)
"""Answers to a whole of which no single write is to blame."""


class Carrier:
    """Carries the requests of tasks; safe to use from several threads.

    Parameters
    ----------
    way : Way
        To the service.
    patience : Patience
        Of the whole apply.
    """

    def __init__(self, way: Way, patience: Patience) -> None:
        self._way = way
        self._patience = patience

    def alone(self, task: Task, request: Request) -> Answer:
        """Carry one request."""
        return self._carry(request, [task])

    def together(self, asked: Mapping[Task, Request]) -> dict[Task, Answer]:
        """Carry writes, in their order, in as few requests as may be."""
        answers: dict[Task, Answer] = {}
        for part in _parts(asked, self._way.most):
            answers |= self._part(part)
        return answers

    def _part(self, asked: Mapping[Task, Request]) -> dict[Task, Answer]:
        body = orjson.dumps({"operations": [_operation(one) for one in asked.values()]})
        request = Request("POST", self._way.batch, headers=_JSON, body=body, once=True)
        answer = self._carry(request, list(asked))
        if isinstance(answer, Reply) and answer.status in _NOT_TOGETHER:
            return self._apart(asked, answer.status)
        found = self._results(request, answer, len(asked))
        return dict(zip(asked, found, strict=True))

    def _apart(self, asked: Mapping[Task, Request], status: int) -> dict[Task, Answer]:
        if status == _TOO_LARGE and len(asked) > 1:
            both, middle = list(asked.items()), len(asked) // 2
            return self._part(dict(both[:middle])) | self._part(dict(both[middle:]))
        return {task: self.alone(task, request) for task, request in asked.items()}

    def _results(self, request: Request, answer: Answer, count: int) -> Sequence[Answer]:
        """Return what each write was answered; where nothing was, what the whole was."""
        if isinstance(answer, TransportError):
            return [answer] * count
        try:
            results = [
                _reply(one) for one in read(request, answer, self._way.wire.origin)["results"]
            ]
        except ApiError:
            return [answer] * count
        except TransportError as fault:
            return [fault] * count
        except (TypeError, KeyError):
            results = []
        if len(results) == count:
            return results
        message = f"{request} was answered with something that is no answer to its {count} parts."
        return [TransportError(message, request=str(request), sent=True)] * count

    def _carry(self, request: Request, tasks: Sequence[Task]) -> Answer:
        def send() -> Reply:
            for task in tasks:
                task.attempts += 1
            reach("before_request")
            reply = self._way.wire.send(request)
            reach("after_answer")
            return reply

        return self._patience.carry(send)


def _parts(asked: Mapping[Task, Request], most: int) -> Iterator[dict[Task, Request]]:
    """Cut writes into parts that a service takes."""
    part: dict[Task, Request] = {}
    size = 0
    for task, request in asked.items():
        more = len(body_of(request))
        if part and (len(part) >= most or size + more > LARGEST):
            yield part
            part, size = {}, 0
        part[task] = request
        size += more
    if part:
        yield part


def _operation(request: Request) -> dict[str, Any]:
    body = orjson.Fragment(body_of(request)) if request.body else None
    found = {
        "method": request.method,
        "path": request.path,
        "body": body,
        "if_match": request.headers.get("if-match"),
        "idempotency_key": request.headers.get(HEADER),
    }
    return {name: value for name, value in found.items() if value is not None}


def _reply(result: Mapping[str, Any]) -> Reply:
    """Read one result as the answer that the write would have had alone."""
    headers = {**_JSON, REPLAYED: "true"} if result.get("replayed") else _JSON
    body = result["body"]
    return Reply(int(result["status"]), headers, b"" if body is None else orjson.dumps(body))
