"""By what does a service know a request again?

The same request has the same key, also when a journal is read on another machine: a key is a
digest of the plan that was first sent, the row, and all that is asked for.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from cellframe.contract.wire import Request
    from cellframe.writeback.steps import Step

HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
"""Says that an answer is one that was given before."""


def key_of(digest: str, step: Step, request: Request) -> str:
    """Return the key of one write.

    Parameters
    ----------
    digest : str
        Of the plan that was first sent: a resume sends under the same keys.
    step : Step
        The row; two equal new rows are two requests.
    request : Request
        What is asked for, and of which version.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    row = [digest, step.kind.name, step.row, step.version]
    asked = [request.method, request.path, body_of(request).decode()]
    return hashlib.sha256(orjson.dumps([*row, *asked])).hexdigest()


def body_of(request: Request) -> bytes:
    """Return the JSON that a write sends; empty where it sends none."""
    assert request.body is None or isinstance(request.body, bytes), request
    return request.body or b""
