"""Records become rows, column by column, with an explicit type for each.

Never inferred: a frame library that guesses from the first rows drops a key that only the last
record has, and turns 1.5 after two hundred whole numbers into 1.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from cellframe.contract.quantities import UnitError, convert
from cellframe.contract.records import RecordKind, Type, opaque_version
from cellframe.frames.columns import Column, Leaf, component_leaves, is_quantity
from cellframe.frames.faults import Fault, cell_fault
from cellframe.frames.tags import join_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DTYPES: dict[Type, pl.DataType] = {
    Type.ID: pl.String(),
    Type.NAME: pl.String(),
    Type.TEXT: pl.String(),
    Type.OBJECT: pl.String(),
    Type.IDS: pl.String(),
    Type.DATE: pl.Date(),
    Type.TIME: pl.Datetime("us"),
    Type.INTEGER: pl.Int64(),
    Type.NUMBER: pl.Float64(),
    Type.BOOLEAN: pl.Boolean(),
    Type.WORD: pl.String(),
    Type.LABEL: pl.String(),
    Type.TAGS: pl.String(),
    Type.QUANTITIES: pl.Float64(),
}
"""How each type of the contract is held in a frame. Times are UTC without a zone: no
spreadsheet can hold one with."""


def dtype_of(column: Column) -> pl.DataType:
    """Return the type of a column."""
    return DTYPES[column.type]


def decode(
    kind: RecordKind,
    records: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    parents: Mapping[str, str | None],
) -> tuple[pl.DataFrame, list[Fault]]:
    """Return a frame of records.

    Parameters
    ----------
    kind : RecordKind
        What the records are.
    records : sequence of mapping
        One per row.
    columns : sequence of Column
        The columns of the frame.
    parents : mapping of str to str
        Name of each parent by its id.

    Returns
    -------
    frame : DataFrame, shape (n_records, n_columns)
        Null where a record does not have the value.
    faults : list of Fault
        Values that do not fit their column; null stands in their place.
    """
    faults: list[Fault] = []
    series: list[pl.Series] = []
    for column in columns:
        read = _reader(kind, column, parents)
        values: list[Any] = []
        for number, record in enumerate(records):
            try:
                values.append(read(record))
            except (ValueError, TypeError, OverflowError) as fault:
                rule = str(fault)
                shown = (
                    None
                    if isinstance(fault, UnitError)
                    else column.field and record.get(column.field.name)
                )
                faults.append(cell_fault(number, record.get("name"), column.label, shown, rule))
                values.append(None)
        series.append(pl.Series(column.label, values, dtype=dtype_of(column), strict=True))
    return pl.DataFrame(series), faults


def value_of(kind: RecordKind, record: Mapping[str, Any], column: Column) -> Any:
    """Return what one record has in one column; None where it has nothing that fits."""
    try:
        return _reader(kind, column, {})(record)
    except (ValueError, TypeError, OverflowError):
        return None


def _reader(
    kind: RecordKind, column: Column, parents: Mapping[str, str | None]
) -> Callable[[Mapping[str, Any]], Any]:
    if column.leaf is Leaf.VERSION:
        return lambda record: opaque_version(dict(record))
    if column.leaf is Leaf.PARENT_NAME:
        return lambda record: parents.get(str(record.get(kind.parent_field)))
    row = column.field
    assert row is not None, column
    if column.leaf is Leaf.PLAIN:
        as_type = CELLS[row.type]
        return lambda record: None if (value := row.value(record)) is None else as_type(value)
    pick = _LEAF[column.leaf]
    if row.type is Type.COMPONENT:
        return lambda record: pick(
            column, dict(component_leaves(record.get(row.name))).get(column.path)
        )
    return lambda record: pick(column, _at(record.get(row.name), column.path))


def _at(value: Any, path: Sequence[str]) -> Any:
    for key in path:
        if not isinstance(value, dict) or is_quantity(value):
            return None
        value = value.get(key)
    return value


def unit_of(column: Column, record: Mapping[str, Any]) -> str | None:
    """Return the unit that a record has a quantity in; None where it has none there."""
    if column.field is None or column.leaf is not Leaf.QUANTITY:
        return None
    return _unit(column, _at(record.get(column.field.name), column.path))


def _quantity(column: Column, value: Any) -> float | None:
    if not is_quantity(value) or value["value"] is None:
        return None
    return convert(value["value"], str(value.get("unit") or "1"), column.unit or "1")


def _value(_: Column, value: Any) -> float | None:
    return float(value["value"]) if is_quantity(value) and value["value"] is not None else None


def _unit(_: Column, value: Any) -> str | None:
    return str(value.get("unit") or "1") if is_quantity(value) else None


def _text(_: Column, value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _json(_: Column, value: Any) -> str | None:
    if value is None or isinstance(value, str) or is_quantity(value):
        return None
    if isinstance(value, dict) and "value" not in value:
        return None
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


_LEAF: dict[Leaf, Callable[[Column, Any], Any]] = {
    Leaf.QUANTITY: _quantity,
    Leaf.VALUE: _value,
    Leaf.UNIT: _unit,
    Leaf.TEXT: _text,
    Leaf.JSON: _json,
}


def _as_text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("should be text")
    return value


def _as_written(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(_as_text(value))
    except ValueError:
        raise ValueError("is no date or time") from None


def _as_moment(value: Any) -> datetime:
    moment = _as_written(value)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _as_date(value: Any) -> date:
    # The day as it is written: an offset does not move it to the day before.
    return _as_written(value).date()


def _as_integer(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("should be a whole number")
    return value


def _as_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("should be a number")
    return float(value)


def _as_truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("should be true or false")
    return value


def _as_label(value: Any) -> str:
    # Channels are numbers on some cyclers and texts such as 2-13 on others.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError("should be text or a number")
    return str(value)


def _as_tags(value: Any) -> str | None:
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise TypeError("should be a list of texts")
    return join_tags(value) or None


def _as_json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _as_list(value: Any) -> str:
    if not isinstance(value, list):
        raise TypeError("should be a list")
    return "; ".join(map(str, value))


CELLS: dict[Type, Callable[[Any], Any]] = {
    Type.ID: _as_text,
    Type.NAME: _as_text,
    Type.TEXT: _as_text,
    Type.DATE: _as_date,
    Type.TIME: _as_moment,
    Type.INTEGER: _as_integer,
    Type.NUMBER: _as_number,
    Type.BOOLEAN: _as_truth,
    Type.WORD: _as_text,
    Type.LABEL: _as_label,
    Type.TAGS: _as_tags,
    Type.OBJECT: _as_json,
    Type.IDS: _as_list,
}
