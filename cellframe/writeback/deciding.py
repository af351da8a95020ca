"""Whose value stands, cell by cell: a plan with its conflicts decided. Pure.

A decision is written into the frame as a left-over file says it: theirs is the service's value in
the cell, mine is ``_choice`` beside what the service had. So a plan that is saved, or made again,
holds the decision, and holds it for that value alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import polars as pl

from cellframe.errors import PlanError
from cellframe.frames.backend import AnyFrame, to_polars
from cellframe.frames.faults import Fault, table
from cellframe.views import text
from cellframe.writeback.choices import (
    CHOICE,
    MINE,
    SERVER_NOW,
    THEIRS,
    WORDS,
    Choice,
    chosen,
    server_now,
)
from cellframe.writeback.diff import Class
from cellframe.writeback.rewriting import with_cells
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cellframe.writeback.diff import Value
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.steps import Change, Step

_OPEN = (Action.CONFLICT, Action.EXISTS)
_NEEDED = ("row", "record", "column", "server_now")
_NO_DECISIONS = "resolve() cannot read these decisions."
Place: TypeAlias = "tuple[Any, Any, Any]"


@dataclass(frozen=True, slots=True)
class _Decision:
    word: str
    shown: str | None


def undecided(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of a plan that somebody has to decide about, with an empty ``choice``."""
    held = pl.col("action").is_in([action.value for action in _OPEN])
    found = lines.filter(held & (pl.col("class") == Class.CONFLICT.value))
    return found.with_columns(choice=pl.lit(None, dtype=pl.String))


def resolved(plan: Plan, decided: AnyFrame) -> Plan:
    """Return a plan with its conflicts decided; see ``Plan.resolve``.

    Raises
    ------
    PlanError
        A line says neither mine nor theirs, or is of no cell in conflict; or a row is decided in
        part. `.failures` has every fault.
    """
    decisions = _decisions(to_polars(decided).frame)
    faults = _faults(plan, decisions)
    if faults:
        raise PlanError(_NO_DECISIONS, table(faults))
    cells: dict[str, dict[str, dict[int, Value]]] = {}
    steps: list[Step] = []
    for step in plan.steps:
        said = [decisions.get(place) for place in _places(plan, step)]
        new, written = _decided(step, [one for one in said if one is not None])
        for label, value in written.items():
            column = cells.setdefault(step.kind.noun, {}).setdefault(label, {})
            column[int(step.row or 0)] = value
        steps.append(new)
    return with_cells(plan, cells, steps=tuple(steps))


def _decisions(frame: pl.DataFrame) -> dict[Place, _Decision]:
    """Return what a frame of decisions says, by row, kind and column.

    Raises
    ------
    PlanError
        It lacks a column, or says something that is no decision.
    """
    label = next((label for label in ("choice", CHOICE) if label in frame.columns), "choice")
    missing = [name for name in (*_NEEDED, label) if name not in frame.columns]
    faults = [Fault(_LACKS.format(name), column=name, rule="known column") for name in missing]
    found: dict[Place, _Decision] = {}
    for line in frame.iter_rows(named=True) if not missing else ():
        said = str(line[label] or "").strip()
        word = WORDS.get(said.casefold())
        if word is not None:
            place = line["row"], line["record"], line["column"]
            found[place] = _Decision(word, text.value(line["server_now"]))
        elif said:
            message = f"Row {line['row']}, {line['column']!r}: {said!r} is no choice. Write 'mine' or 'theirs', or leave it empty."
            faults.append(Fault(message, line["row"], None, line["column"], said, "mine or theirs"))
    if faults:
        raise PlanError(_NO_DECISIONS, table(faults))
    return found


_LACKS = (
    "It has no column {!r}. Take plan.conflicts(), fill in its 'choice' with mine or theirs, and "
    "hand it back."
)


def _faults(plan: Plan, decisions: Mapping[Place, _Decision]) -> list[Fault]:
    """Return what is decided where there is nothing to decide, and what is decided in part."""
    open_: set[Place] = set()
    faults: list[Fault] = []
    for step in plan.steps:
        places = _places(plan, step)
        open_.update(places)
        missing = [place for place in places if place not in decisions]
        if missing and len(missing) < len(places):
            row, _, column = missing[0]
            message = f"Row {row} is decided in part: {column!r} is in conflict too. Decide every cell of a row, or none."
            faults.append(Fault(message, row, step.name, column, None, "all of a row"))
    for row, record, column in decisions:
        if (row, record, column) not in open_:
            message = f"Row {row}, {column!r}: nothing of this {record} is in conflict there. Take the lines from plan.conflicts()."
            faults.append(Fault(message, row, None, column, None, "a conflict"))
    return faults


def conflicting(step: Step) -> list[Change]:
    """Return the cells of one row that somebody has to decide about."""
    if step.action not in _OPEN:
        return []
    return [change for change in step.changes if change.what is Class.CONFLICT]


def _places(plan: Plan, step: Step) -> list[Place]:
    return [
        (plan.number(step.row, step.kind.noun), step.kind.noun, change.label)
        for change in conflicting(step)
    ]


def _decided(step: Step, said: Sequence[_Decision]) -> tuple[Step, dict[str, Value]]:
    """Return one row as it was decided, and the cells of the frame that say so."""
    if not said:
        return step, {}
    held = conflicting(step)
    shown = _shown(step, held, said)
    words = {decision.word for decision in said}
    if len(words) == 1:
        return _by_row(step, Choice(words.pop(), shown))
    if shown != server_now(step):
        return _by_row(step, Choice(MINE, shown))
    theirs = {
        change.label: change.server_now
        for change, decision in zip(held, said, strict=True)
        if decision.word == THEIRS
    }
    rest = _kept(step, theirs)
    rest, written = _by_row(rest, Choice(MINE, server_now(rest)))
    return rest, {**theirs, **written}


def _by_row(step: Step, choice: Choice) -> tuple[Step, dict[str, Value]]:
    """Return a row with one decision about all that is left of it."""
    if step.row is None:
        return step, {}
    (new,) = chosen([step], {step.row: choice})
    return new, {CHOICE: choice.word, SERVER_NOW: choice.shown}


def _kept(step: Step, theirs: Mapping[str, Value]) -> Step:
    """Return a row in which some cells are as the service has them."""
    changes = tuple(
        replace(change, you_have=change.server_now, what=Class.ALREADY_THERE)
        if change.label in theirs
        else change
        for change in step.changes
    )
    return replace(step, changes=changes)


def _shown(step: Step, held: Sequence[Change], said: Sequence[_Decision]) -> str:
    """Return what the service had when the decisions were made, as `server_now` writes it."""
    values = [decision.shown for decision in said]
    if not step.record and not any(values):
        return server_now(step)
    seen = [replace(change, server_now=value) for change, value in zip(held, values, strict=True)]
    return server_now(replace(step, changes=tuple(seen), record=step.record or {"id": step.id}))
