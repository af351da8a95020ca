"""What a person has, as one polars frame with the contract's types.

Nothing is copied that need not be: a polars column of the right type stays the very same memory,
an arrow or numpy column is viewed. Columns that mean nothing here are not touched at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import polars as pl
import polars.selectors as cs

from cellframe.contract.series import CURRENT, FREQUENCY, SERIES, TIME, VOLTAGE
from cellframe.frames.backend import is_pandas, pandas_columns
from cellframe.series.findings import SERIES_IS, STEPS_ARE, Finding, raise_errors
from cellframe.series.labels import unfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


class ArrowTable(Protocol):
    """A pyarrow table, for whoever has one."""

    @property
    def column_names(self) -> list[str]:
        """Labels, in order."""
        ...

    @property
    def columns(self) -> list[Any]:
        """Columns, in order."""
        ...


AnySeries: TypeAlias = "pl.DataFrame | pl.LazyFrame | pd.DataFrame | ArrowTable | Mapping[str, Any]"
# A decimal that is no number, or has too many digits, ends in a panic of polars, which is no
# Exception.
_NOT_OF_ONE_TYPE = (
    TypeError,
    ValueError,
    OverflowError,
    RuntimeError,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,
)
_NO_TABLE = {SERIES_IS: "is no time series", STEPS_ARE: "is no table of steps"}
_NO_COLUMNS = {
    SERIES_IS: "The series has no columns. Give time, voltage, current and step count.",
    STEPS_ARE: "The steps have no columns. Give 'Step count' and what is known of each step, or "
    "leave the steps out: they are derived then.",
}
_LONGEST_INTEGER = 64
NEVER_NAN = (TIME, VOLTAGE, CURRENT)
"""NaN here is a fault of the data, outside of a sweep of frequencies; elsewhere it is a gap."""


def read_series(given: AnySeries) -> pl.DataFrame:
    """Read a time series of a test, with the types that the contract gives its columns.

    Parameters
    ----------
    given : polars DataFrame or LazyFrame, pandas DataFrame, arrow table, or dict of columns
        One row per sample. pandas: a named index becomes a column.

    Returns
    -------
    DataFrame, shape (n_samples, n_columns)
        The same columns in the same order. Known columns of numbers are Float64, counts are
        Int64 where all are whole; NaN is null where it can only mean a gap. What cannot be cast
        is left as it came, and `check_series` says so. Any other column is untouched.

    Raises
    ------
    MeasurementError
        It is no table: columns of unequal lengths, two columns of one name, no columns.
    """
    return _read(given, SERIES_IS)


def _read(given: AnySeries, subject: str) -> pl.DataFrame:
    frame = _table(given, subject)
    if not frame.width:
        raise_errors([Finding("no_columns", _NO_COLUMNS[subject])], subject)
    raise_errors(unfit(frame.columns), subject)
    casts = [made for label in frame.columns if (made := _cast(frame[label])) is not None]
    return _without_nan(frame.with_columns(casts) if casts else frame)


def read_steps(given: AnySeries) -> pl.DataFrame:
    """Read the steps that are sent along with a series: NaN and infinity become null.

    Parameters
    ----------
    given : as in `read_series`
        One row per step.

    Returns
    -------
    DataFrame, shape (n_steps, n_columns)
        The same columns in the same order.

    Raises
    ------
    MeasurementError
        As in `read_series`.
    """
    frame = _read(given, STEPS_ARE)
    floats = cs.float()
    return frame.with_columns(pl.when(floats.is_finite()).then(floats))


def _table(given: Any, subject: str) -> pl.DataFrame:
    if isinstance(given, pl.DataFrame):
        return given
    if isinstance(given, pl.LazyFrame):
        return _collect(given, subject)
    if is_pandas(given):
        columns = _of_pandas(given, subject)
        return _assemble(columns, subject, _made_text(given, columns))
    if isinstance(given, Mapping):
        return _assemble([(str(label), values) for label, values in given.items()], subject)
    if hasattr(given, "column_names") and hasattr(given, "columns"):
        columns = list(zip(given.column_names, given.columns, strict=True))
        return _assemble(columns, subject)
    what = (
        f"A {type(given).__name__} {_NO_TABLE[subject]}. Give a polars or pandas DataFrame, "
        "an arrow table, or a dict of columns."
    )
    raise_errors([Finding("not_a_table", what)], subject)
    raise AssertionError


def _collect(given: pl.LazyFrame, subject: str) -> pl.DataFrame:
    try:
        return given.collect()
    except (Exception, pl.exceptions.PanicException) as fault:  # it may run anybody's code
        what = f"The LazyFrame cannot be collected: {_first_line(fault)}"
        raise_errors([Finding("not_a_table", what)], subject, cause=fault)
        raise


def _first_line(fault: BaseException) -> str:
    """Say what was raised, without the plan that polars prints after it."""
    lines = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {lines[0]}" if lines else type(fault).__name__


def _of_pandas(given: pd.DataFrame, subject: str) -> list[tuple[str, Any]]:
    try:
        return pandas_columns(given)
    except pl.exceptions.PanicException as fault:
        what = f"The pandas frame cannot be read: {_first_line(fault)}"
        raise_errors([Finding("not_a_table", what)], subject, cause=fault)
        raise


def _made_text(given: pd.DataFrame, columns: Sequence[tuple[str, Any]]) -> list[Finding]:
    """Say which columns of a type that only pandas knows came as lists of text."""
    held = {str(label): str(dtype) for label, dtype in given.dtypes.items()}
    return [
        _is_text(label, held[label])
        for label, values in columns
        if isinstance(values, list) and held.get(label, "object") != "object"
    ]


def _is_text(label: str, held: str) -> Finding:
    what = (
        f"{label!r} holds {held} and is kept as text. Make it all numbers or all text before, if "
        "that is not what you want."
    )
    return Finding("column_made_text", what, "warning", label)


def _assemble(
    columns: Sequence[tuple[str, Any]], subject: str, told: Sequence[Finding] = ()
) -> pl.DataFrame:
    """Make a frame of labelled columns, or say everything that stands against it."""
    labels = [label for label, _ in columns]
    raise_errors(unfit(labels), subject)
    findings = [*told, *_named_twice(labels)]
    made: list[pl.Series] = []
    for label, values in columns:
        column, finding = _column(label, values)
        made.append(column)
        findings += [finding] if finding else []
    if not any(finding.severity == "error" for finding in findings):
        findings += _unequal(made)
    raise_errors(findings, subject)
    for finding in findings:
        # A known column that became text is an error, when it is checked.
        if finding.column not in SERIES:
            warnings.warn(finding.message, stacklevel=8)
    return pl.DataFrame(made)


def _column(label: str, values: Any) -> tuple[pl.Series, Finding | None]:
    shape = getattr(values, "shape", None)
    flat = len(shape) == 1 if shape is not None else not isinstance(values, str | bytes)
    try:
        if flat and hasattr(values, "__len__"):
            return pl.Series(label, values, strict=True), None
    except _NOT_OF_ONE_TYPE:
        return _mixed(label, values)
    what = f"{label!r} is {type(values).__name__}, not a column: give one value per row."
    return pl.Series(label, []), Finding("not_a_column", what, column=label)


def _mixed(label: str, values: Any) -> tuple[pl.Series, Finding | None]:
    """Read a column of several types: numbers where all are, else text, which is told."""
    try:
        plain = [None if value is None or value != value else value for value in values]  # noqa: PLR0124
        kinds = {type(value).__name__ for value in plain if value is not None}
        if any(isinstance(v, int) and v.bit_length() > _LONGEST_INTEGER for v in plain):
            what = f"{label!r} holds integers of more than 64 bits. Make it floats or text."
            return pl.Series(label, []), Finding("not_a_column", what, column=label)
        if all(value is None or isinstance(value, Real) for value in plain):
            numbers = [None if value is None else float(value) for value in plain]
            return pl.Series(label, numbers, dtype=pl.Float64), None
        text = pl.Series(label, [None if v is None else str(v) for v in plain], pl.String)
        return text, _is_text(label, " and ".join(sorted(kinds))) if kinds - {"str"} else None
    except (TypeError, ValueError, ArithmeticError) as fault:
        what = f"{label!r} cannot be read as a column: {fault}. Make it numbers or text."
        return pl.Series(label, []), Finding("not_a_column", what, column=label)


def _named_twice(labels: list[str]) -> list[Finding]:
    twice = sorted({label for label in labels if labels.count(label) > 1})
    return [
        Finding(
            "column_twice",
            f"{labels.count(label)} columns are named {label!r}. Keep one, or rename the others.",
            column=label,
        )
        for label in twice
    ]


def _unequal(columns: Sequence[pl.Series]) -> list[Finding]:
    lengths = {column.name: len(column) for column in columns}
    if len(set(lengths.values())) <= 1:
        return []
    usual = max(lengths.values(), key=list(lengths.values()).count)
    odd = {label: length for label, length in lengths.items() if length != usual}
    listed = ", ".join(f"{label!r} has {length}" for label, length in odd.items())
    what = (
        f"The columns are not of one length: {listed}, the others have {usual} values. "
        "Give one value of each column per row; write None where nothing was measured."
    )
    return [Finding("column_lengths_differ", what, payload={"lengths": lengths})]


def _cast(column: pl.Series) -> pl.Series | None:
    """Return a known column in its type, None where it has it or cannot have it."""
    held = SERIES.get(column.name)
    if held is None or not (column.dtype.is_numeric() or column.dtype == pl.Null):
        return None
    if held == "float":
        return column.cast(pl.Float64) if column.dtype != pl.Float64 else None
    if column.dtype == pl.Int64:
        return None
    made = column.cast(pl.Int64, strict=False)
    if column.dtype.is_integer() or column.dtype == pl.Null:
        return made if made.null_count() == column.null_count() else None
    gaps = column.is_null() | column.is_nan() if column.dtype.is_float() else column.is_null()
    is_whole = ((made.cast(pl.Float64) == column.cast(pl.Float64)) | gaps).all()
    return made if is_whole else None


def _without_nan(frame: pl.DataFrame) -> pl.DataFrame:
    """Write null for NaN where it can only mean a gap."""
    floats = [
        label for label in frame.columns if label in SERIES and frame.schema[label] == pl.Float64
    ]
    if not floats:
        return frame
    found = frame.select(pl.col(floats).is_nan().any()).row(0)
    having = [label for label, has_nan in zip(floats, found, strict=True) if has_nan]
    gaps = [pl.col(label).fill_nan(None) for label in having if label not in NEVER_NAN]
    if FREQUENCY in floats:
        in_sweep = pl.col(FREQUENCY).fill_nan(None).is_not_null()
        gaps += [
            pl.when(pl.col(label).is_nan() & in_sweep).then(None).otherwise(label).alias(label)
            for label in having
            if label in NEVER_NAN
        ]
    return frame.with_columns(gaps) if gaps else frame
