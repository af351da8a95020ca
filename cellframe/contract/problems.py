"""How a refusal is written down: status, error code, message and detail.

The body of every refusal is ``{"error_code", "message", "detail"}`` with the content type
exactly ``application/json``: older clients hand back the raw response otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellframe.contract.wire import JsonValue

JSON_TYPE = "application/json"

CODES: dict[int, str] = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    408: "REQUEST_TIMEOUT",
    409: "CONFLICT",
    410: "GONE",
    412: "PRECONDITION_FAILED",
    413: "BODY_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    416: "RANGE_NOT_SATISFIABLE",
    422: "VALIDATION_ERROR",
    424: "FAILED_DEPENDENCY",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    503: "UNAVAILABLE",
    507: "INSUFFICIENT_STORAGE",
}

CORRUPT_DATA = "CORRUPT_DATA"
"""Code of a refusal (500) to hand out a file that is not what was stored."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal, on either side of the wire."""

    status: int
    message: str
    detail: JsonValue = None
    code: str | None = None

    def body(self) -> dict[str, JsonValue]:
        """Return the refusal as the object that travels."""
        code = self.code or CODES.get(self.status, "INTERNAL_ERROR")
        return {"error_code": code, "message": self.message, "detail": self.detail}
