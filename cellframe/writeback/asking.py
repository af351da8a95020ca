"""When may a request be sent again, and what did its answer say?

Only where that can do no harm: a read, a write that the service refused for now, or did not get,
or knows again by its key. A write that may have been carried out though nobody said so is *lost*,
and its caller looks what became of it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from cellframe.contract import routes
from cellframe.contract.wire import Reply, Request
from cellframe.errors import CellframeError, ConflictError, ServerError, TransportError
from cellframe.transport.replies import content_of, read
from cellframe.writeback.patience import PASSING, TOO_MANY, Answer, Patience, is_passing

if TYPE_CHECKING:
    from cellframe.contract.wire import Wire
    from cellframe.writeback.standing import OnConflict

_T = TypeVar("_T")
Talk: TypeAlias = Generator[Request, Answer, _T]
"""Gives requests, is given answers, and ends with what they come to."""

_REPEATS = 3
"""How often a request is sent again; where the service is at fault in general, and the request
was not carried out, as long as the whole apply has patience."""
_TIMEOUT, MOVED, _FIRST_FAULT = 408, 412, 500


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
    keys : bool
        Whether the service knows a request again by its key.
    most : int
        Writes that it takes in one request; 0 where each is sent alone.
    batch : str
        Where it takes them.
    goes_on : bool
        Whether an apply is gone on with: what was written in its name is its own.
    """

    wire: Wire
    if_match: bool
    on_conflict: OnConflict
    keys: bool = False
    most: int = 0
    batch: str = routes.BATCH
    goes_on: bool = False


class Asking:
    """What one row has asked so far.

    Parameters
    ----------
    way : Way
        To the service.
    patience : Patience
        Of the whole apply.

    Attributes
    ----------
    reply : Reply
        The last answer; of status 0 before there is one.
    was_lost : bool
        Whether a write may have been carried out though nobody said so.
    """

    def __init__(self, way: Way, patience: Patience) -> None:
        self._way = way
        self._patience = patience
        self.reply = Reply(0)
        self.was_lost = False

    def record(self, request: Request) -> Talk[dict[str, Any]]:
        """Ask for a record, or for a write that is answered with one.

        Raises
        ------
        ApiError
            The service said no.
        TransportError
            No usable answer came back.
        """
        reply = yield from self.answer(request)
        record = read(request, reply, self._way.wire.origin)
        if not isinstance(record, dict) or not isinstance(record.get("id"), str):
            message = f"{request} was answered with something that is no record."
            raise TransportError(message, request=str(request), sent=True)
        return record

    def listed(self, request: Request) -> Talk[list[dict[str, Any]]]:
        """Ask for a list; raises as `record`."""
        reply = yield from self.answer(request)
        found = read(request, reply, self._way.wire.origin)
        return found["items"] if isinstance(found, dict) else found

    def answer(self, request: Request) -> Talk[Reply]:
        """Ask, and again where that can do no harm; raises as `record`."""
        request, repeats = replace(request, once=True), 0
        while True:
            answer = yield request
            is_lost = request.method != "GET" and _may_have_arrived(answer)
            self.was_lost |= is_lost
            repeats += is_lost or not self._patience.is_general
            if repeats > _REPEATS or not self._may_repeat(request, answer):
                break
        if isinstance(answer, TransportError):
            raise answer
        self.reply = answer
        content_of(request, answer, self._way.wire.origin)
        return answer

    def _may_repeat(self, request: Request, answer: Answer) -> bool:
        if self._patience.stopped:
            return False
        is_known = request.method == "GET" or self._way.keys
        if isinstance(answer, TransportError):
            return is_known or not answer.sent
        return is_passing(answer) and (is_known or answer.status == TOO_MANY)

    def is_open(self, fault: CellframeError) -> bool:
        """Whether the record has to be looked at: a write was lost, or it moved meanwhile."""
        if isinstance(fault, ServerError) or (isinstance(fault, TransportError) and fault.sent):
            self.was_lost = True
            return True
        return isinstance(fault, ConflictError) and fault.status == MOVED


def is_final(fault: CellframeError) -> bool:
    """Whether a service that failed would do so again, and works no more on what it was asked."""
    return isinstance(fault, ServerError) and fault.status not in PASSING


def _may_have_arrived(answer: Answer) -> bool:
    if isinstance(answer, TransportError):
        return answer.sent
    return answer.status >= _FIRST_FAULT or answer.status == _TIMEOUT
