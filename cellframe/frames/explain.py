"""Why does a frame not fit a schema? pandera's verdict, row by row, in our words.

pandera has traps, each met here: a missing column ends a coercion with polars' own error; a value
that cannot be coerced is told without its column, and then again as a type; of the columns that
are too many only the first is told; a pattern stands for its columns in the verdict;
``strict="filter"`` and ``drop_invalid_rows`` take away in silence what they should tell.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
from pandera.errors import SchemaErrors

from cellframe.errors import ConfigError
from cellframe.frames.backend import as_declared
from cellframe.frames.bounds import holds
from cellframe.frames.faults import MISSING, NO_MATCH, Fault, cell_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNKNOWN = "column_in_schema"
_WORDS = {
    "not_nullable": "is missing",
    "field_uniqueness": "is there more than once",
    "multiple_fields_uniqueness": "is there more than once",
    MISSING: "is missing from the frame",
    _UNKNOWN: "is no column of the schema",
    NO_MATCH: "is a pattern that no column has",
}


def explain(frame: pl.DataFrame | pl.LazyFrame, schema: Any, name: str) -> list[Fault]:
    """Every fault that a schema finds in a frame, by row name, column, value and rule.

    Parameters
    ----------
    frame : DataFrame or LazyFrame
        Collected where it is not surely sound: pandera skips the values of a LazyFrame.
    schema : pandera schema
        A DataFrameSchema or a DataFrameModel, of ``pandera.polars`` or ``pandera.pandas``.
    name : str
        Label of the column that says what to call a row.

    Raises
    ------
    ConfigError
        `schema` is no schema of pandera's, or cannot be put to any frame.
    """
    rules = as_schema(schema)
    is_polars = ".polars." in type(rules).__module__
    if is_polars and holds(frame, rules):
        return []
    frame = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    rules, faults = _plain(rules, frame.columns, is_polars=is_polars)
    names = frame[name] if name in frame.columns else None
    put: Any = frame
    if is_polars:
        put, broken = _coerced(frame, rules, names)
        faults += broken
    else:
        put = as_declared(
            frame, {label: c.dtype.type for label, c in rules.columns.items() if c.dtype}
        )
    told = {(fault.row, fault.column) for fault in faults}
    found = [_fault(frame, case, names) for case in _cases(rules, put)]
    return faults + [fault for fault in found if (fault.row, fault.column) not in told]


def as_schema(schema: Any) -> Any:
    """Return a schema of pandera's, from one or from a model.

    Raises
    ------
    ConfigError
        It is neither, or pandera cannot make a schema of the model.
    """
    of_pandera = type(schema).__module__.startswith("pandera.")
    if of_pandera and hasattr(schema, "to_schema"):
        try:
            return schema.to_schema()
        except Exception as fault:  # pandera passes on whatever a model's annotations raise
            message = f"schema={schema.__name__} is no model that pandera can read: {_line(fault)}"
            raise ConfigError(message) from fault
    if of_pandera and hasattr(schema, "columns") and hasattr(schema, "validate"):
        return schema
    given = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    message = f"schema= wants a DataFrameSchema or DataFrameModel of pandera.polars or pandera.pandas, not {given}."
    raise ConfigError(message)


def _line(fault: BaseException) -> str:
    said = str(fault).splitlines()[0] if str(fault) else ""
    return f"{type(fault).__name__}: {said}" if said else type(fault).__name__


def _plain(rules: Any, labels: list[str], *, is_polars: bool) -> tuple[Any, list[Fault]]:
    """Return a schema of the columns that are there, by name, which keeps nothing back.

    Columns that are missing, too many, or of no name that a pattern asks for are faults already.
    """
    rules = copy.deepcopy(rules)
    wanted, faults = dict[str, Any](), list[Fault]()
    for name, column in rules.columns.items():
        found = _called(name, labels, is_polars=is_polars) if column.regex else [name]
        there = [label for label in found if label in labels]
        if column.required and not there:
            faults.append(_of_column(name, NO_MATCH if column.regex else MISSING))
        wanted |= {label: _named(column, label) for label in there if label not in wanted}
    if rules.strict is True:
        faults += [_of_column(label, _UNKNOWN) for label in labels if label not in wanted]
    unique = [rules.unique] if isinstance(rules.unique, str) else rules.unique
    rules.unique = unique if set(unique or []) <= set(labels) else None
    rules.columns = wanted
    rules.drop_invalid_rows = rules.add_missing_columns = rules.strict = False
    return rules, faults


def _called(pattern: str, labels: list[str], *, is_polars: bool) -> list[str]:
    # pandera asks polars for the whole name, and pandas for its beginning.
    fits = re.compile(pattern).fullmatch if is_polars else re.compile(pattern).match
    return [label for label in labels if fits(label)]


def _named(column: Any, label: str) -> Any:
    """Return the rules of one column, of a pattern's or its own."""
    if not column.regex:
        return column
    one = copy.deepcopy(column)
    one.regex = False
    return one.set_name(label)


def _coerced(
    frame: pl.DataFrame, rules: Any, names: pl.Series | None
) -> tuple[pl.DataFrame, list[Fault]]:
    """Give columns the types that a schema coerces to; what cannot be is a fault of its cell."""
    faults: list[Fault] = []
    for label, column in rules.columns.items():
        if not (rules.coerce or column.coerce) or column.dtype is None:
            continue
        wanted = column.dtype.type
        if frame.schema[label] == wanted:
            continue
        made = _cast(frame[label], wanted)
        for row in (frame[label].is_not_null() & made.is_null()).arg_true():
            called = None if names is None else names[row]
            faults.append(cell_fault(row, called, label, frame[label][row], f"is no {wanted}"))
        frame = frame.with_columns(made)
    for column in rules.columns.values():
        column.coerce = False
    rules.coerce = False
    return frame, faults


def _cast(values: pl.Series, wanted: Any) -> pl.Series:
    try:
        made = values.cast(wanted, strict=False)
    except pl.exceptions.PolarsError:
        return pl.Series(values.name, [None] * len(values), dtype=wanted)
    if values.dtype.is_float() and made.dtype.is_integer():
        # 1.5 is no 1.
        return (
            pl.select(pl.when(values == values.floor()).then(made)).to_series().alias(values.name)
        )
    return made


def _cases(rules: Any, frame: Any) -> list[dict[str, Any]]:
    """Return what pandera finds, a row per fault."""
    try:
        rules.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases: Any = errors.failure_cases
        return cases.to_dicts() if isinstance(cases, pl.DataFrame) else cases.to_dict("records")
    except Exception as fault:  # checks are other people's code, and pandera's errors its own
        message = f"The schema cannot be put to this frame: {_line(fault)}"
        raise ConfigError(message) from fault
    return []


def _fault(frame: pl.DataFrame, case: Mapping[str, Any], names: pl.Series | None) -> Fault:
    check, row, label = str(case["check"]), _row(case["index"]), str(case["column"])
    known = next((words for key, words in _WORDS.items() if check.startswith(key)), None)
    rule, said = known or check, known or f"breaks the rule {check}"
    if row is None or row >= frame.height or check.startswith("dtype"):
        return _of_frame(case, check)
    called = None if names is None else names[row]
    if label in frame.columns:
        return replace(cell_fault(row, called, label, frame[label][row], said), rule=rule)
    return replace(cell_fault(row, called, "the row", None, said), rule=rule)


def _row(index: Any) -> int | None:
    return None if index is None or index != index else int(index)  # noqa: PLR0124


def _of_column(label: str, check: str) -> Fault:
    return Fault(f"{label!r} {_WORDS[check]}.", column=label, rule=check)


def _of_frame(case: Mapping[str, Any], check: str) -> Fault:
    """Return a fault of a whole column, or of the frame where no column is named."""
    label = (
        None if case["column"] is None or case["column"] != case["column"] else str(case["column"])
    )
    who = "The frame" if label is None else repr(label)
    if check.startswith("dtype"):
        said = f"is {case['failure_case']}, not as the schema says ({check})"
    else:
        said = f"does not pass {check}: {case['failure_case']}"
    return Fault(f"{who} {said}.", column=label, rule=check)
