"""The door between pandas and polars: everything inside is polars.

pandas is imported when somebody uses it, never before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import polars as pl

from cellframe.errors import ConfigError, PlanError
from cellframe.frames.faults import Fault, cell_fault, table

if TYPE_CHECKING:
    import pandas as pd

Backend: TypeAlias = Literal["polars", "pandas"]
AnyFrame: TypeAlias = "pl.DataFrame | pl.LazyFrame | pd.DataFrame | Iterable[Mapping[str, Any]]"
_NO_FRAME = "is no frame: give a polars or pandas DataFrame, or a list of dicts."


@dataclass(frozen=True, slots=True)
class Incoming:
    """An edited frame as it came in.

    Attributes
    ----------
    frame : DataFrame
        In polars. A column of mixed values is text.
    numbers : mapping of str to list of int
        Rows of a text column whose value was a number: ``7`` may have been ``007`` once, so
        such a value is never taken for text in silence.
    backend : str
        The library it came in.
    """

    frame: pl.DataFrame
    numbers: Mapping[str, list[int]]
    backend: Backend = "polars"


def to_backend(frame: pl.DataFrame, backend: Backend) -> Any:
    """Return a frame in the library that was asked for.

    pandas columns are arrow-backed: gaps keep integers integers, dates stay dates.
    """
    if backend == "polars":
        return frame
    if backend == "pandas":
        return frame.to_pandas(use_pyarrow_extension_array=True)
    message = f"backend={backend!r} is neither 'polars' nor 'pandas'."
    raise ConfigError(message)


def to_polars(frame: AnyFrame) -> Incoming:
    """Return an edited frame in polars, from polars, pandas or a list of dicts.

    Raises
    ------
    PlanError
        It is none of these, or two columns have one name.
    """
    try:
        given: Any = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    except pl.exceptions.PolarsError as fault:
        message = f"The LazyFrame cannot be collected: {fault}"
        raise PlanError(message, table([])) from None
    if isinstance(given, pl.DataFrame):
        return Incoming(given, {})
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(given, pandas.DataFrame):
        return replace(_from_pandas(given), backend="pandas")
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping):
        rows = list(given)
        if all(isinstance(row, Mapping) for row in rows):
            return _from_rows(rows)
    raise PlanError(f"A {type(frame).__name__} {_NO_FRAME}", table([]))


def is_pandas(given: object) -> bool:
    """Whether this is a pandas DataFrame; pandas is not imported for the question."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(given, pandas.DataFrame)


def pandas_columns(frame: pd.DataFrame) -> list[tuple[str, Any]]:
    """Return the columns of a pandas frame by label, as they are and where possible in place.

    A column of numpy floats is viewed, not copied, and its NaN stay NaN; an arrow or nullable
    column has null where it is missing. A column of objects is a list. A named index is a
    column, the first ones; labels may come twice.
    """
    index = [
        (str(name), frame.index.get_level_values(level).to_series())
        for level, name in enumerate(frame.index.names)
        if name is not None and name not in frame.columns
    ]
    columns = [(str(label), frame.iloc[:, n]) for n, label in enumerate(frame.columns)]
    return [(label, _in_place(values)) for label, values in (*index, *columns)]


def _in_place(values: pd.Series) -> Any:
    if values.dtype == object:
        import pandas as pd

        return [None if _is_missing(value, pd) else value for value in values]
    try:
        return pl.from_pandas(values.reset_index(drop=True), nan_to_null=False)
    except (TypeError, ValueError, NotImplementedError, pl.exceptions.PolarsError):
        return [None if value is None else str(value) for value in values]


def _from_rows(rows: list[Mapping[str, Any]]) -> Incoming:
    labels = dict.fromkeys(str(key) for row in rows for key in row)
    return _assemble({label: [row.get(label) for row in rows] for label in labels}, len(rows))


def _from_pandas(frame: pd.DataFrame) -> Incoming:
    import pandas as pd

    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    if named:
        if len(set(named)) < len(named):
            raise PlanError(f"Two levels of the index have one name: {named}.", table([]))
        frame = frame.reset_index(level=named)
    labels = [str(label) for label in frame.columns]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        faults = [
            Fault(f"{label!r} is there {labels.count(label)} times.", column=label, rule="unique")
            for label in twice
        ]
        raise PlanError("Two columns have one name.", table(faults))
    columns: dict[str, Any] = {}
    for position, label in enumerate(labels):
        values = frame.iloc[:, position]
        if values.dtype == object:
            columns[label] = [None if _is_missing(value, pd) else value for value in values]
        else:
            columns[label] = _typed(values)
    return _assemble(columns, len(frame))


def _typed(values: pd.Series) -> Any:
    """Return a pandas column of one type; NaN and NaT are gaps."""
    try:
        found = pl.from_pandas(values.reset_index(drop=True), nan_to_null=True)
    except (TypeError, ValueError, NotImplementedError, pl.exceptions.PolarsError):
        return [
            None if missing else str(value)
            for value, missing in zip(values, values.isna(), strict=True)
        ]
    return found


def _is_missing(value: Any, pandas: Any) -> bool:
    if value is None or value is pandas.NA or value is pandas.NaT:
        return True
    differs = value != value  # noqa: PLR0124
    # A cell that holds an array answers with an array, and is no gap.
    return isinstance(differs, bool) and differs if getattr(differs, "ndim", 0) else bool(differs)


def _assemble(columns: Mapping[str, Any], height: int) -> Incoming:
    series: list[pl.Series] = []
    numbers: dict[str, list[int]] = {}
    for label, values in columns.items():
        if isinstance(values, pl.Series):
            series.append(values.alias(label))
            continue
        made, mixed = _from_objects(label, values)
        series.append(made)
        if mixed:
            numbers[label] = mixed
    frame = pl.DataFrame(series)
    return Incoming(frame if series else pl.DataFrame(height=height), numbers)


def _from_objects(label: str, values: list[Any]) -> tuple[pl.Series, list[int]]:
    """Return a column of Python objects, as its one type or as text."""
    values = [_plain(value) for value in values]
    kinds = {type(value) for value in values} - {type(None)}
    if not kinds:
        return pl.Series(label, values, dtype=pl.Null), []
    dtype = {frozenset({bool}): pl.Boolean, frozenset({date}): pl.Date}
    only = frozenset(kinds)
    if kinds == {str}:
        return _texts(label, values), []
    if only in dtype:
        return pl.Series(label, values, dtype=dtype[only]), []
    if kinds <= {int, float}:
        whole = kinds == {int} and all(v is None or -(2**63) <= v < 2**63 for v in values)
        return pl.Series(label, values, dtype=pl.Int64 if whole else pl.Float64, strict=False), []
    numbers = [n for n, value in enumerate(values) if isinstance(value, int | float)]
    return _texts(label, [_text(value) for value in values]), numbers


def _texts(label: str, values: list[str | None]) -> pl.Series:
    try:
        return pl.Series(label, values, dtype=pl.String)
    except UnicodeEncodeError:
        rule = "holds half a surrogate pair, which no text does"
        faults = [
            cell_fault(row, None, label, ascii(value), rule, "Write it again.")
            for row, value in enumerate(values)
            if value is not None and any("\ud800" <= character <= "\udfff" for character in value)
        ]
        raise PlanError("The frame cannot be read as records.", table(faults)) from None


def _plain(value: Any) -> Any:
    """Return a value without its numpy or pandas coat."""
    if value is None or isinstance(value, str | bool | int | float):
        return None if value != value else value  # noqa: PLR0124
    if isinstance(value, datetime):
        is_day = value.tzinfo is None and (
            value.hour,
            value.minute,
            value.second,
            value.microsecond,
        ) == (0, 0, 0, 0)
        return date(value.year, value.month, value.day) if is_day else value.isoformat()
    item = getattr(value, "item", None)
    return _plain(item()) if callable(item) and getattr(value, "ndim", 1) == 0 else value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
