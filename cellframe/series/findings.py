"""One thing found in a time series, and all of them as one error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cellframe.errors import MeasurementError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import polars as pl

    from cellframe.series.arrays import Rows

Severity: TypeAlias = Literal["error", "warning"]
_MOST_KEPT = 1000
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found in a time series.

    Attributes
    ----------
    code : str
        What it is, in a word that stays: branch on this, not on the message.
    message : str
        What is wrong, where, and what to do.
    severity : str
        ``error``: the series is not sent. ``warning``: it is, and the person is told.
    column : str or None
        Label of the column, as the person wrote it.
    rows : tuple of int
        The first thousand rows concerned, counted from 0; none for the whole series.
    values : tuple
        What stands in `column` in those rows.
    payload : mapping
        Numbers behind the message: counts, shares, tolerances.
    """

    code: str
    message: str
    severity: Severity = "error"
    column: str | None = None
    rows: tuple[int, ...] = ()
    values: tuple[Any, ...] = ()
    payload: Mapping[str, Any] = field(default_factory=dict[str, Any])


def of_rows(
    code: str,
    message: str,
    column: str,
    rows: Sequence[int] | Rows,
    values: Any,
    *,
    severity: Severity = "error",
    **payload: Any,
) -> Finding:
    """Return a finding of some rows; `values` is the whole column, ``{rows}`` names the rows.

    Parameters
    ----------
    code, message, column, severity : str
        As in `Finding`.
    rows : sequence of int
        All rows concerned, in ascending order.
    values : sequence
        The column, indexed by row.
    **payload
        As in `Finding`; the count of rows is added.
    """
    kept = tuple(int(row) for row in rows[:_MOST_KEPT])
    return Finding(
        code,
        message.replace("{rows}", name_rows(rows)),
        severity,
        column,
        rows=kept,
        values=tuple(_plain(values[row]) for row in kept),
        payload={"count": len(rows), **payload},
    )


def name_rows(rows: Sequence[int] | Rows, word: str = "row") -> str:
    """Say which rows: ``row 3``, or ``rows 3, 4, 5, 6, 7 and 12 more``."""
    shown = ", ".join(str(int(row)) for row in rows[:_MOST_NAMED])
    more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
    return f"{word}{'s' if len(rows) > 1 else ''} {shown}{more}"


SERIES_IS, STEPS_ARE = "The time series is", "The steps are"


def raise_errors(
    findings: Sequence[Finding], subject: str = SERIES_IS, *, cause: BaseException | None = None
) -> None:
    """Raise all findings if one of them is an error.

    Parameters
    ----------
    findings : sequence of Finding
        Errors and warnings.
    subject : str
        What is not fit, and the verb.
    cause : exception, optional
        What was raised by somebody else's code.

    Raises
    ------
    MeasurementError
        With every finding, errors first.
    """
    errors = sum(finding.severity == "error" for finding in findings)
    if not errors:
        return
    ordered = sorted(findings, key=lambda finding: finding.severity)
    many = "1 error" if errors == 1 else f"{errors} errors"
    message = f"{subject} not fit to upload, nothing was sent: {many}."
    raise MeasurementError(message, ordered, _table(ordered)) from cause


def _table(findings: Iterable[Finding]) -> pl.DataFrame:
    import polars as pl

    schema = {
        "code": pl.String,
        "severity": pl.String,
        "row": pl.Int64,
        "column": pl.String,
        "value": pl.String,
        "message": pl.String,
    }
    return pl.DataFrame([line for f in findings for line in _lines(f)], schema, orient="row")


def _lines(finding: Finding) -> list[tuple[Any, ...]]:
    about = (finding.code, finding.severity)
    if not finding.rows:
        return [(*about, None, finding.column, None, finding.message)]
    values = finding.values or (None,) * len(finding.rows)
    return [
        (*about, row, finding.column, None if value is None else str(value), finding.message)
        for row, value in zip(finding.rows, values, strict=True)
    ]


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    return item() if callable(item) else value
