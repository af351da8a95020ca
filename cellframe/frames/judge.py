"""Does a frame that somebody has, edited or joined, keep our rules and theirs?

Its columns say which records are in it. What is no column of any record is the caller's own, and
has one rule: a number with a unit is finite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import (
    CELL_BATCH,
    CELL_INSTANCE,
    CELL_MEASUREMENT,
    CELL_SPEC,
    RecordKind,
)
from cellframe.frames.cast import cast
from cellframe.frames.check import break_rules, find_faults
from cellframe.frames.columns import Column, parse
from cellframe.frames.faults import Fault, cell_fault
from cellframe.frames.headers import read_header

if TYPE_CHECKING:
    from cellframe.frames.backend import Incoming

_KINDS = (CELL_MEASUREMENT, CELL_INSTANCE, CELL_BATCH, CELL_SPEC)
"""The most specific first: a frame of tests and their cells has a row per test."""
_GAP = "is missing"


def judge(given: Incoming, schema: Any = None) -> list[Fault]:
    """Return every fault of a frame.

    Parameters
    ----------
    given : Incoming
        The frame, as `cellframe.frames.backend.to_polars` brings it in.
    schema : pandera schema, optional
        Rules of the caller's own.
    """
    frame = given.frame
    kinds = [kind for kind in _KINDS if {kind.key, kind.version} <= set(frame.columns)]
    columns = _columns(frame, kinds)
    name = next((kind.noun for kind in _KINDS if kind.noun in frame.columns), "")
    names: list[str | None] = [None] * frame.height
    if name:
        names = frame[name].cast(pl.String).to_list()
    typed = cast(frame, columns, names, given.numbers)
    known = typed.frame
    if name and name not in known.columns:
        known = known.with_columns(frame[name])
    found = find_faults(known, list(columns.values()), name=name, faults=typed.faults)
    own = _own_kind(frame, kinds)
    faults = [fault for fault in found if _counts(fault, own)]
    faults += _not_finite(frame, columns, names)
    whole = frame.with_columns(typed.frame)
    return faults + break_rules(whole, [] if schema is None else [schema], name)


def _columns(frame: pl.DataFrame, kinds: list[RecordKind]) -> dict[str, Column]:
    """Return what the columns of records stand for, each under the label that it has here."""
    found: dict[str, Column] = {}
    for kind in kinds:
        for label, column in read_header(kind, frame, {}).columns.items():
            found.setdefault(label, column)
    return found


def _own_kind(frame: pl.DataFrame, kinds: list[RecordKind]) -> RecordKind | None:
    """Return whose rows these are; None where a row is less than a record, such as a cycle."""
    keys = [kind for kind in _KINDS if kind.key in frame.columns]
    return kinds[0] if kinds and keys[0] is kinds[0] else None


def _counts(fault: Fault, own: RecordKind | None) -> bool:
    """Whether a fault of a read frame is one here: ids are blank in new rows, and repeat in joins."""
    if fault.rule == _GAP:
        return own is not None and fault.column == own.noun
    if fault.rule == "is there more than once":
        return own is not None and fault.column == own.key and fault.value is not None
    return True


def _not_finite(
    frame: pl.DataFrame, columns: dict[str, Column], names: list[str | None]
) -> list[Fault]:
    others = [
        label
        for label, dtype in frame.schema.items()
        if dtype.is_float() and label not in columns and parse(label)[1] is not None
    ]
    return [
        cell_fault(row, names[row], label, frame[label][row], "is not finite")
        for label in others
        for row in frame[label].is_infinite().fill_null(value=False).arg_true()
    ]
