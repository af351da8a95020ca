"""Changed cells become the body of a call.

A nested object that the service replaces whole is sent whole, merged on what the service has
now, so that a property nobody edited is never lost. Each quantity keeps the unit that its
record has.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from cellframe.contract.quantities import convert, is_convertible
from cellframe.contract.records import Type
from cellframe.frames.columns import Column, Leaf, is_quantity
from cellframe.frames.tags import split_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cellframe.contract.records import Field

Value: TypeAlias = "str | float | date | None"


def body_of(changes: Iterable[tuple[Column, Value]], record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that makes these changes.

    Parameters
    ----------
    changes : iterable of (Column, value)
        Values as the frame has them; None clears.
    record : mapping
        The record as the service has it now; empty for a create.

    Returns
    -------
    dict
        Only the fields that change, as the wire spells them.
    """
    body: dict[str, Any] = {}
    nested: dict[str, list[tuple[Column, Value]]] = {}
    for column, value in changes:
        row = column.field
        assert row is not None, column
        if column.leaf is Leaf.PLAIN and row.is_key_of_object:
            _set_key(body, row.name, _sent(row, value), record)
        elif column.leaf is Leaf.PLAIN:
            body[row.name] = _sent(row, value)
        else:
            nested.setdefault(row.name, []).append((column, value))
    for name, edits in nested.items():
        row = edits[0][0].field
        assert row is not None
        body[name] = _object(row, edits, record.get(name) or {})
    return body


def _sent(row: Field, value: Value) -> Any:
    """Return the value of a plain field as the wire spells it."""
    if row.type is Type.TAGS:
        return split_tags(str(value or ""))
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else value


def _set_key(body: dict[str, Any], name: str, value: Any, record: Mapping[str, Any]) -> None:
    """Set one key of an object that is replaced whole; an object without keys is none."""
    outer, _, key = name.partition(".")
    there = body[outer] if outer in body else record.get(outer)
    kept = {other: what for other, what in (there or {}).items() if other != key}
    body[outer] = (kept if value is None else {**kept, key: value}) or None


def displaced(column: Column, record: Mapping[str, Any]) -> str | None:
    """Return what of a record a value in this column would push out; None for nothing.

    Parameters
    ----------
    column : Column
        Of a leaf below a nested field.
    record : mapping
        The record.
    """
    value = record.get(column.field.name) if column.field is not None else None
    for key in column.path[:-1]:
        if value is None:
            return None
        if not isinstance(value, dict) or is_quantity(value):
            return _kind_of(value)
        value = value.get(key)
    if value is not None and (not isinstance(value, dict) or is_quantity(value)):
        return _kind_of(value)
    there = _kind_of(value.get(column.path[-1])) if value is not None else None
    own = "a text" if column.leaf is Leaf.TEXT else "a number"
    return None if there == own else there


def has_quantity(column: Column, record: Mapping[str, Any]) -> bool:
    """Whether a record has a quantity at the place of a column."""
    value = record.get(column.field.name) if column.field is not None else None
    for key in column.path:
        value = value.get(key) if isinstance(value, dict) else None
    return is_quantity(value)


def _kind_of(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return "a text"
    if is_quantity(value):
        return "a number"
    return "a group of properties" if isinstance(value, dict) else "a value"


def _object(
    row: Field, edits: Sequence[tuple[Column, Value]], before: Mapping[str, Any]
) -> dict[str, Any]:
    after = deepcopy(dict(before))
    # Clears come first: one place may lose its text and gain a number in one edit. A unit comes
    # after its value, in whatever order the columns are.
    order = sorted(edits, key=lambda edit: (edit[1] is not None, edit[0].leaf is Leaf.UNIT))
    for column, value in order:
        _put(after, column, value)
    if not row.merged:
        return after
    touched = {column.path[0] for column, _ in edits}
    return {key: after.get(key) for key in touched}


def _put(target: dict[str, Any], column: Column, value: Value) -> None:
    *above, last = column.path
    trail = [target]
    for key in above:
        below = trail[-1].get(key)
        if not isinstance(below, dict):
            below = trail[-1][key] = {}
        trail.append(below)
    leaf = _leaf(column, trail[-1].get(last), value)
    if leaf is not None:
        trail[-1][last] = leaf
        return
    trail[-1].pop(last, None)
    for key, holder in zip(reversed(above), reversed(trail[:-1]), strict=True):
        if not holder[key]:
            del holder[key]


def _leaf(column: Column, before: Any, value: Value) -> Any:
    """One leaf after an edit; None where nothing is left of it."""
    old = before if is_quantity(before) else None
    if column.leaf is Leaf.TEXT:
        return value if value is not None else old
    if column.leaf is Leaf.UNIT:
        return {**(old or {}), "unit": value} if value is not None else old
    if value is None:
        return before if isinstance(before, str) else None
    assert isinstance(value, int | float), value
    if column.leaf is Leaf.VALUE:
        return {**(old or {"unit": "1"}), "value": value}
    wanted = column.unit or "1"
    kept = str(old.get("unit") or wanted) if old else wanted
    if not is_convertible(wanted, kept):
        # Somebody changed what is measured, and the caller decided for the edited value.
        kept = wanted
    return {**(old or {}), "value": convert(value, wanted, kept), "unit": kept}
