"""An answer becomes JSON, or one of our errors."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from cellframe.contract.decoding import decoded
from cellframe.contract.wire import Reply, Request, Wire
from cellframe.errors import (
    ApiError,
    AuthError,
    ConflictError,
    InvalidRecordError,
    NotFoundError,
    RateLimitError,
    ServerError,
    TransportError,
)
from cellframe.transport.waits import asked_wait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.contract.wire import Walk

_ERRORS: dict[int, type[ApiError]] = {
    400: InvalidRecordError,
    401: AuthError,
    403: AuthError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    412: ConflictError,
    413: InvalidRecordError,
    415: InvalidRecordError,
    422: InvalidRecordError,
    429: RateLimitError,
}
_FIRST_REDIRECT = 300
FIRST_REFUSAL = 400
_MOST_SAID = 2000
_FIRST_FAULT = 500


def ask(
    wire: Wire,
    method: str,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    max_age: float | None = None,
) -> Any:
    """Send one request and return the JSON of its answer; None where there is no body.

    Parameters
    ----------
    query : mapping
        Values that are None are left out; a list repeats its name.
    max_age : float, optional
        As of `Request`.

    Raises
    ------
    ApiError
        The service said no.
    TransportError
        No usable answer came back.
    """
    request = make_request(method, path, query=query, body=body, headers=headers, max_age=max_age)
    return read(request, wire.send(request), wire.origin)


def make_request(
    method: str,
    path: str,
    *,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    max_age: float | None = None,
    walk: Walk | None = None,
) -> Request:
    """Write one request down; the body becomes JSON."""
    pairs = tuple(
        (name, str(one))
        for name, value in (query or {}).items()
        if value is not None
        for one in (value if isinstance(value, list | tuple) else (value,))
    )
    about = {"content-type": "application/json"} if body is not None else {}
    content = None if body is None else encode(body)
    return Request(method, path, pairs, {**about, **(headers or {})}, content, max_age, walk)


def encode(body: Any) -> bytes:
    """JSON of a body.

    Raises
    ------
    InvalidRecordError
        A value has no JSON form: NaN, an infinity, a lone surrogate, an object of Python's own.
        Nothing was sent.
    """
    bad = _unsendable(body, "")
    if bad:
        raise InvalidRecordError(f"{bad}. Nothing was sent.")
    try:
        return orjson.dumps(body, default=_plain, option=orjson.OPT_SERIALIZE_NUMPY)
    except (TypeError, ValueError) as fault:
        raise InvalidRecordError(f"The body has no JSON form: {fault}. Nothing was sent.") from None


def _plain(value: Any) -> Any:
    """Take a number or a time out of the coat of a library."""
    if isinstance(value, date):
        return value.isoformat()
    item = getattr(value, "item", None)
    if callable(item):
        return item()
    message = f"a {type(value).__name__} has none"
    raise TypeError(message)


def _unsendable(value: Any, place: str) -> str | None:
    """Where a body holds a number that JSON cannot say; orjson would send null for it."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124
        return f"{place.lstrip('.') or 'The body'} is {value}, which no record can hold"
    if isinstance(value, dict):
        return next(filter(None, (_unsendable(v, f"{place}.{k}") for k, v in value.items())), None)
    if isinstance(value, list | tuple):
        return next(
            filter(None, (_unsendable(v, f"{place}[{n}]") for n, v in enumerate(value))), None
        )
    return None


def read(request: Request, reply: Reply, origin: str) -> Any:
    """Return the JSON of an answer; a refusal is raised."""
    content = content_of(request, reply, origin)
    if not content:
        return None
    try:
        return decoded(content)
    except ValueError as fault:
        raise _not_json(request, reply, origin, str(fault)) from None


def content_of(request: Request, reply: Reply, origin: str) -> bytes:
    """Return the bytes of an answer; a refusal is raised."""
    if reply.status >= FIRST_REFUSAL:
        raise refusal(request, reply, origin)
    if reply.status >= _FIRST_REDIRECT:
        raise _not_json(request, reply, origin)
    return reply.content


def refusal(request: Request, reply: Reply, origin: str) -> ApiError | TransportError:
    """Return the error that a refused request stands for."""
    try:
        problem = orjson.loads(reply.content)
    except orjson.JSONDecodeError:
        if reply.status < _FIRST_FAULT:
            return _not_json(request, reply, origin)
        problem = {}
    problem = problem if isinstance(problem, dict) else {"detail": problem}
    kind = _ERRORS.get(reply.status, ServerError if reply.status >= _FIRST_FAULT else ApiError)
    error = kind(
        _sentence(request, reply.status, problem, origin),
        status=reply.status,
        code=problem.get("error_code"),
        detail=problem.get("detail"),
        request=str(request),
        request_id=reply.headers.get("x-correlation-id"),
    )
    if isinstance(error, RateLimitError):
        error.retry_after = asked_wait(reply.headers.get("retry-after"))
    return error


def _sentence(request: Request, status: int, problem: dict[str, Any], origin: str) -> str:
    said = _shown(problem.get("message") or problem.get("detail") or "no reason was given")
    said = said.rstrip(".")
    if status == 401:  # noqa: PLR2004
        return (
            f"The service at {origin} does not accept this key: {said}. "
            "Check where it comes from: api_key=, CELLFRAME_API_KEY, or the variable of your profile."
        )
    existing = problem.get("detail")
    if status == 409 and isinstance(existing, dict) and existing.get("existing_id"):  # noqa: PLR2004
        # What keeps a record from being deleted is no namesake of it.
        said += f"; its id is {existing['existing_id']}" if request.method != "DELETE" else ""
    if status >= _FIRST_FAULT:
        return f"The service at {origin} failed on {request} ({status}): {said}."
    end = "" if said.endswith("?") else "."
    return f"{said}{end} ({origin} answered {request} with {status}.)"


def _shown(said: object) -> str:
    """Write what a service said without what a terminal would obey."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(said)
    )[:_MOST_SAID]


def _not_json(
    request: Request, reply: Reply, origin: str, why: str | None = None
) -> TransportError:
    kind = _shown(reply.headers.get("content-type", "no content type").split(";")[0])
    if why is not None and kind == "application/json":
        message = f"{origin} answered {request} with JSON that cannot be read: {why}."
    else:
        message = (
            f"{origin} answered {request} with {kind} (status {reply.status}), not JSON: "
            "is this the address of a cell-record service?"
        )
    return TransportError(message, request=str(request), sent=True)
