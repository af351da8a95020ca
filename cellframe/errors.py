"""Every exception of cellframe.

::

    CellframeError
    ├── ConfigError            nothing was sent: no key, no address
    ├── TransportError         no usable answer came back           .request
    ├── ApiError               the service said no                  .status .code .detail
    │   ├── AuthError              401, 403
    │   ├── NotFoundError          404, 410
    │   ├── ConflictError          409, 412                         .existing_id .current
    │   ├── InvalidRecordError     400, 413, 415, 422
    │   ├── RateLimitError         429                              .retry_after
    │   └── ServerError            5xx
    ├── AmbiguousNameError     a name fits several records          .matches
    ├── FrameError             a frame does not fit its schema      .failures
    ├── MeasurementError       a series is not fit to upload        .findings .failures
    ├── ProcessingError        uploaded data cannot be used         .measurement
    ├── PlanError              a frame cannot be read as records    .failures
    ├── SheetError             a file is no table, or stays as it is
    ├── IntakeError            a lab's file cannot become records   .failures
    ├── ApplyError             RefusedError, StalePlanError, PartialApplyError,
    │                          JournalLockedError                   .receipt
    ├── RunLockedError         another process is in the run of this name
    └── StoreError             OfflineMissError, CorruptStoreError, LimitExceededError

Each also derives from the builtin a reader would catch. `FrameWarning` is what `FrameError`
becomes where rows that break a rule are asked for all the same; `UnfinishedApplyWarning` tells of
an apply that waits to be finished, and is never raised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

MOST_SHOWN = 20
"""Faults that a message lists; `.failures` has all."""


def first_few(lines: Sequence[str]) -> list[str]:
    """Return the lines that a message lists, and how many more there are."""
    more = len(lines) - MOST_SHOWN
    return [*lines[:MOST_SHOWN], *([f"and {more:,} more."] if more > 0 else [])]


class CellframeError(Exception):
    """Anything cellframe refuses or cannot do."""


class ConfigError(CellframeError, ValueError):
    """Nothing was sent: the address or the key is missing or unusable."""


class TransportError(CellframeError, ConnectionError):
    """No usable answer came back.

    Attributes
    ----------
    request : str
        Method and path of the request, without credentials.
    sent : bool
        Whether the service may have seen, and carried out, the request.
    """

    def __init__(self, message: str, *, request: str = "", sent: bool = False) -> None:
        super().__init__(message)
        self.request = request
        self.sent = sent


class ApiError(CellframeError):
    """The service said no.

    Attributes
    ----------
    status : int
        HTTP status.
    code : str or None
        The service's own error code, e.g. ``NOT_FOUND``.
    detail : object
        Whatever the service added, JSON.
    request : str
        Method and path of the refused request.
    request_id : str or None
        The service's id of this exchange, for a question to its operators.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str | None = None,
        detail: Any = None,
        request: str = "",
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.detail = detail
        self.request = request
        self.request_id = request_id


class AuthError(ApiError, PermissionError):
    """The credential is missing, wrong or not enough."""


class NotFoundError(ApiError, LookupError):
    """There is no such record, or this credential cannot see it."""


class ConflictError(ApiError):
    """The record exists already, or has changed since it was read."""

    @property
    def existing_id(self) -> str | None:
        """Id of the record that has the name already, where the service tells."""
        found = self.detail.get("existing_id") if isinstance(self.detail, dict) else None
        return found if isinstance(found, str) else None

    @property
    def current(self) -> dict[str, Any] | None:
        """The record as it is now, where the service tells (412)."""
        found = self.detail.get("current") if isinstance(self.detail, dict) else None
        return found if isinstance(found, dict) else None


class InvalidRecordError(ApiError, ValueError):
    """The service does not accept these values; the message names the field."""


class RateLimitError(ApiError):
    """Too many requests.

    Attributes
    ----------
    retry_after : float or None
        Seconds to wait, where the service says so.
    """

    retry_after: float | None = None


class ServerError(ApiError):
    """The service failed. Whether it carried the request out is not known."""


class AmbiguousNameError(CellframeError, LookupError):
    """A name fits several records.

    Attributes
    ----------
    matches : list of (str, str)
        Full name (``SPEC::CELL``) and id of each.
    """

    def __init__(self, message: str, matches: list[tuple[str, str]]) -> None:
        super().__init__(message)
        self.matches = matches


class _FaultsError(CellframeError, ValueError):
    """An error that carries a frame of faults, one row each."""

    def __init__(self, message: str, failures: pl.DataFrame) -> None:
        self.failures = failures
        super().__init__(_with_faults(message, failures))


def _with_faults(message: str, failures: pl.DataFrame) -> str:
    # Of a single fault the message often is the whole of it.
    texts = [text for text in failures["message"] if text != message]
    lines = [f"  {text}" for text in texts[:MOST_SHOWN]]
    if len(texts) > MOST_SHOWN:
        lines.append(f"  and {len(texts) - MOST_SHOWN} more: see .failures")
    return "\n".join([message, *lines])


class FrameError(_FaultsError):
    """A frame does not fit its schema.

    Attributes
    ----------
    failures : DataFrame, shape (n_faults, 6)
        ``row`` (counted from 0), ``name``, ``column``, ``value``, ``rule``, ``message``.
    """


class FrameWarning(UserWarning):
    """Rows of a frame break a rule, and were asked for, or left out, all the same.

    Attributes
    ----------
    failures : DataFrame, shape (n_faults, 6)
        As of `FrameError`.
    """

    def __init__(self, message: str, failures: pl.DataFrame) -> None:
        self.failures = failures
        super().__init__(_with_faults(message, failures))


class UnfinishedApplyWarning(UserWarning):
    """An apply was begun from here and did not come to its end."""


class MeasurementError(CellframeError, ValueError):
    """A time series is not fit to upload; nothing was sent.

    Attributes
    ----------
    findings : list of Finding
        Everything that was found, warnings too: ``code``, ``message``, ``severity``,
        ``column``, ``rows``, ``values``, ``payload``.
    failures : DataFrame, shape (n_failures, 6)
        The same with a line per row that is concerned: ``code``, ``severity``, ``row``
        (counted from 0, null for the whole series), ``column``, ``value``, ``message``.
    """

    def __init__(self, message: str, findings: Sequence[Any], failures: pl.DataFrame) -> None:
        self.findings = list(findings)
        self.failures = failures
        lines = [f"  {finding.severity}: {finding.message}" for finding in findings]
        super().__init__("\n".join([message, *lines]))


class ProcessingError(CellframeError):
    """The service has the data of a test, and cannot use it.

    Attributes
    ----------
    measurement : CellMeasurement
        The test as it is kept; its ``processing_error`` says what is wrong.
    """

    def __init__(self, message: str, measurement: Any = None) -> None:
        super().__init__(message)
        self.measurement = measurement


class PlanError(_FaultsError):
    """A frame cannot be read as records: no key, duplicate keys, unknown columns.

    Attributes
    ----------
    failures : DataFrame, shape (n_faults, 6)
        ``row`` (counted from 0), ``name``, ``column``, ``value``, ``rule``, ``message``.
    """


class SheetError(CellframeError, ValueError):
    """A file cannot be read as a table, or cannot be written; the message names it."""


class IntakeError(_FaultsError):
    """A lab's own file cannot become records.

    Attributes
    ----------
    failures : DataFrame, shape (n_faults, 6)
        ``row`` (as the file counts its lines, null for the whole file), ``name``, ``column``,
        ``value``, ``rule``, ``message``.
    """


class ApplyError(CellframeError):
    """A plan was not, or not fully, carried out.

    Attributes
    ----------
    receipt : Receipt or None
        What became of each row.
    """

    def __init__(self, message: str, receipt: Any = None) -> None:
        super().__init__(message)
        self.receipt = receipt


class RefusedError(ApplyError):
    """Nothing was sent: a limit, a conflict or an invalid row stands against the plan."""


class StalePlanError(ApplyError):
    """The plan is for another service, or its records have moved."""


class PartialApplyError(ApplyError):
    """Some rows were written and some were not; the receipt says which."""


class JournalLockedError(ApplyError):
    """Another process is working on this journal."""


class RunLockedError(CellframeError):
    """Another process is in the run of this name."""


class StoreError(CellframeError, OSError):
    """A file of cellframe's own cannot be used."""


class OfflineMissError(StoreError):
    """Offline, and the answer is not kept here."""


class CorruptStoreError(StoreError):
    """A kept file is damaged."""


class LimitExceededError(StoreError):
    """A size limit would be passed."""
