"""How is a refusal, or a fault of the disk, written as a reply?"""

from __future__ import annotations

import errno
import logging
from typing import TYPE_CHECKING

import orjson

from cellframe.contract.problems import JSON_TYPE, Problem
from cellframe.contract.wire import Reply
from cellframe.server.files.blobs import FULL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.exc import OperationalError

    from cellframe.server.refusals import Refusal

_FAILING = {errno.EIO, errno.EROFS, errno.ENODEV, errno.ENXIO}
_log = logging.getLogger(__name__)
_FULL = "The disk is full; nothing was stored. Free some space and send it again."


def labelled(reply: Reply, correlation: str) -> Reply:
    """Add the headers that every reply carries."""
    common = {"content-type": JSON_TYPE, "x-content-type-options": "nosniff"}
    headers = {**common, "x-correlation-id": correlation, **reply.headers}
    return Reply(reply.status, headers, reply.body)


def problem_reply(problem: Problem, headers: Mapping[str, str] | None = None) -> Reply:
    """Write a problem as the contract says."""
    return Reply(problem.status, headers or {}, orjson.dumps(problem.body()))


def refused(refusal: Refusal) -> Reply:
    """Write a refusal."""
    return problem_reply(refusal.problem, refusal.headers)


def disk_problem(fault: OSError, correlation: str) -> Problem:
    """Tell a full disk, and one that fails, from a fault of ours."""
    _log.error("Request %s met the disk: %s", correlation, fault, exc_info=True)
    if fault.errno in FULL:
        return Problem(507, _FULL)
    if fault.errno in _FAILING:
        return Problem(503, f"The disk failed ({fault.strerror}); nothing was stored. Check it.")
    return Problem(500, "The service failed; its log says more under this x-correlation-id.")


def not_stored(fault: OperationalError, correlation: str) -> Reply:
    """Tell a full disk and a busy database, which pass, from a fault of ours."""
    said = str(fault.orig)
    _log.error("Request %s was not stored: %s", correlation, said)
    if "full" in said:
        return problem_reply(Problem(507, _FULL))
    if "locked" in said or "busy" in said:
        message = "Other writers keep the database busy; nothing was stored. Send it again."
        return problem_reply(Problem(503, message), {"retry-after": "1"})
    return problem_reply(
        Problem(503, "The database cannot be used now; its service's log says why.")
    )
