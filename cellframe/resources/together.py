"""How do frames of several kinds become one plan? Parents first, and deletes last."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl

from cellframe.contract.records import CELL_BATCH, CELL_INSTANCE, CELL_MEASUREMENT, CELL_SPEC
from cellframe.errors import ConfigError, PlanError
from cellframe.resources.cell_spec import CellSpecs
from cellframe.resources.identity import Parents
from cellframe.resources.planning import make_plan
from cellframe.writeback.lots import fold
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cellframe.contract.records import RecordKind
    from cellframe.resources.connection import Connection
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.steps import Step

_ORDER = (CELL_SPEC, CELL_BATCH, CELL_INSTANCE, CELL_MEASUREMENT)


def plan_together(
    connection: Connection,
    given: Mapping[RecordKind, Mapping[str, Any]],
    parents: Mapping[RecordKind, str | None] | None = None,
) -> Plan:
    """Return one plan of several frames.

    Parameters
    ----------
    given : mapping of RecordKind to mapping
        Of each frame, what `make_plan` takes. A new record may name a parent that another of
        the frames makes.
    parents : mapping of RecordKind to str or None, optional
        Ids of the parents of new rows that name none.

    Raises
    ------
    ConfigError
        There is no frame.
    PlanError
        Some of them cannot be read as records; `.failures` has the faults of all.
    """
    plans: dict[str, Plan] = {}
    faults: dict[str, PlanError] = {}
    for kind in (kind for kind in _ORDER if kind in given):
        find = CellSpecs(connection).id_of if kind.parent == CELL_SPEC.name else None
        above = plans[kind.parent].steps if kind.parent in plans else ()
        named = Parents((parents or {}).get(kind), find, above)
        try:
            plans[kind.name] = make_plan(connection, kind, parents=named, **given[kind])
        except PlanError as fault:
            faults[kind.noun] = fault
    _refuse_all(faults)
    if not plans:
        raise ConfigError("plan() takes a frame: specs=, lots=, cells= or tests=.")
    return joined(list(plans.values()))


def _refuse_all(faults: Mapping[str, PlanError]) -> None:
    """Raise the faults of all frames at once, each beside the noun of its frame."""
    if len(faults) == 1:
        raise next(iter(faults.values()))
    if faults:
        tables = [
            one.failures.with_columns(
                pl.format("{}s: {}", pl.lit(noun), "message").alias("message")
            )
            for noun, one in faults.items()
        ]
        nouns = " and ".join(f"{noun}s" for noun in faults)
        raise PlanError(f"The frames of {nouns} cannot be read as records.", pl.concat(tables))


def joined(plans: Sequence[Plan]) -> Plan:
    """Return plans of one service as one, in the order in which they are given."""
    steps = list(_without_twice(step for plan in plans for step in plan.steps))
    last = [step for plan in reversed(plans) for step in plan.steps if step.action is Action.DELETE]
    return replace(
        plans[0],
        parts=tuple(part for plan in plans for part in plan.parts),
        steps=(*(step for step in steps if step.action is not Action.DELETE), *last),
        notices=tuple(notice for plan in plans for notice in plan.notices),
        lots={parent: known for plan in plans for parent, known in plan.lots.items()},
    )


def _without_twice(steps: Iterator[Step]) -> Iterator[Step]:
    """Leave out lots that cells name where a row makes them."""
    made: set[tuple[str | None, str]] = set()
    for step in steps:
        lot = (step.parent_id or step.new_parent, fold(str(step.name)))
        if step.kind is CELL_BATCH and step.row is not None and step.action is Action.CREATE:
            made.add(lot)
        if step.row is not None or lot not in made:
            yield step
