"""The door between pandas and polars: everything inside is polars.

A pandas frame has arrow's types, chosen here once:

=================  ==============================  ==========================================
holds              polars                          pandas
=================  ==============================  ==========================================
text               ``String``                      ``large_string[pyarrow]``
whole numbers      ``Int64``                       ``int64[pyarrow]``, gaps and 2**60+1 too
numbers            ``Float64``                     ``double[pyarrow]``
true or false      ``Boolean``                     ``bool[pyarrow]``
dates              ``Date``                        ``date32[day][pyarrow]``
times in UTC       ``Datetime("us")``              ``timestamp[us][pyarrow]``
times with a zone  ``Datetime("us", "UTC")``       ``timestamp[us, tz=UTC][pyarrow]``
categories         ``Categorical``, ``Enum``       ``large_string[pyarrow]``: as text
=================  ==============================  ==========================================

Other types of a series go and come as arrow has them. pandas is imported when somebody uses it,
never before.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
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
        # pandas cannot write, merge or read back arrow's dictionaries.
        plain = frame.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
        return plain.to_pandas(use_pyarrow_extension_array=True)
    message = f"backend={backend!r} is neither 'polars' nor 'pandas'."
    raise ConfigError(message)


def as_declared(frame: pl.DataFrame, dtypes: Mapping[str, Any]) -> pd.DataFrame:
    """Return a pandas frame whose columns have declared types, where those hold the same.

    Parameters
    ----------
    frame : DataFrame
        Ours.
    dtypes : mapping of str to pandas dtype
        ``float64`` for numbers, ``Int64`` for whole numbers, ``str`` or ``object`` for text and
        the like. A column whose type is of another kind stays as it is.
    """
    # A NaN in an arrow column is no gap in pandas.
    made = to_backend(frame.with_columns(pl.selectors.float().fill_nan(None)), "pandas")
    for label, dtype in dtypes.items():
        if label in frame.columns and _holds_the_same(made[label].dtype, dtype):
            try:
                made[label] = made[label].astype(dtype)
            except (TypeError, ValueError):
                continue  # A gap in whole numbers, which numpy's do not hold.
    return made


def _holds_the_same(have: Any, wanted: Any) -> bool:
    import pandas as pd

    kinds = (
        pd.api.types.is_float_dtype,
        pd.api.types.is_integer_dtype,
        pd.api.types.is_bool_dtype,
        pd.api.types.is_datetime64_any_dtype,
    )
    if any(is_kind(have) for is_kind in kinds):
        return any(is_kind(have) and is_kind(wanted) for is_kind in kinds)
    is_text = "string" in str(have)
    return is_text and (str(wanted) == "object" or pd.api.types.is_string_dtype(wanted))


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
    if kinds == {str}:
        return _texts(label, values), []
    if len(kinds) == 1 and (dtype := _OF_ONE_KIND.get(next(iter(kinds)))):
        return pl.Series(label, values, dtype=dtype), []
    if kinds <= {int, float}:
        return pl.Series(label, values, dtype=_number_type(values, kinds), strict=False), []
    if kinds <= {date, datetime} and (moments := _moments(values)) is not None:
        return moments.alias(label), []
    numbers = [n for n, value in enumerate(values) if isinstance(value, int | float)]
    return _texts(label, [_text(value) for value in values]), numbers


_OF_ONE_KIND: dict[type, Any] = {
    bool: pl.Boolean,
    date: pl.Date,
    time: pl.Time,
    timedelta: pl.Duration("us"),
    bytes: pl.Binary,
}


def _number_type(values: list[Any], kinds: set[type]) -> Any:
    if kinds != {int}:
        return pl.Float64
    least, most = (end(v for v in values if v is not None) for end in (min, max))
    if least >= -(2**63) and most < 2**63:
        return pl.Int64
    return pl.UInt64 if least >= 0 and most < 2**64 else pl.Float64


def _moments(values: list[Any]) -> pl.Series | None:
    """Return days and times as times, in UTC where they have a zone; None where some have none."""
    zoned = {one.tzinfo is not None for one in values if isinstance(one, datetime)}
    if len(zoned) > 1 or (True in zoned and any(type(one) is date for one in values)):
        return None
    full = [datetime.combine(one, time()) if type(one) is date else one for one in values]
    return pl.Series(full, dtype=pl.Datetime("us", "UTC" if True in zoned else None))


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
    """Return a value without its numpy or pandas coat; midnight without a zone is a day."""
    if value is None or isinstance(value, str | bool | int | float):
        return None if value != value else value  # noqa: PLR0124
    if isinstance(value, datetime):
        bare = getattr(value, "to_pydatetime", None)
        moment: datetime = bare(warn=False) if bare else value
        is_day = moment.tzinfo is None and moment.time() == time(0)
        return moment.date() if is_day else moment
    if isinstance(value, timedelta):
        bare = getattr(value, "to_pytimedelta", None)
        return bare() if bare else value
    item = getattr(value, "item", None)
    return _plain(item()) if callable(item) and getattr(value, "ndim", 1) == 0 else value


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
