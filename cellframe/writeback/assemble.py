"""An edited frame, what was read and what the service has become a plan. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cellframe.writeback.choices import chosen
from cellframe.writeback.deletions import deletes
from cellframe.writeback.known_rows import updates
from cellframe.writeback.lots import new_lots
from cellframe.writeback.new_rows import creates
from cellframe.writeback.objections import step_of
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from cellframe.writeback.bases import Bases
    from cellframe.writeback.inputs import Edited, Present
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.steps import Step


def assemble(
    edited: Edited, bases: Bases, present: Present, asked: AbstractSet[str], plan: Plan
) -> Plan:
    """Return the plan of an edited frame.

    Parameters
    ----------
    edited : Edited
        The frame.
    bases : Bases
        What was read, by id, as far as it is known.
    present : Present
        What the service has.
    asked : set of str
        Ids that the service was asked about: the rows that are not as they were read, and those
        whose base is not known. The others are unchanged.
    plan : Plan
        An empty plan: whose it is and what its limits are part of.
    """
    bases.look_at(asked)
    steps = {
        step.row: step
        for step in [*updates(edited, bases, present, asked), *creates(edited, present)]
    }
    steps |= {row: _misplaced(edited, row, steps.get(row)) for row in _moved(edited)}
    ordered = [steps[row] for row in sorted(steps, key=lambda row: -1 if row is None else row)]
    rows = chosen(ordered, edited.choices)
    lots, known = new_lots(rows, present)
    last = list(deletes(edited, bases, present))
    known_ids = [step.id for step in (*rows, *last) if step.id is not None and step.id in bases]
    part = replace(plan.part, bases={id_: bases[id_] for id_ in known_ids})
    return plan.with_part(part, steps=(*lots, *rows, *last), lots=known)


def _moved(edited: Edited) -> list[int]:
    """Return rows of records that show another place than theirs."""
    return [row for row in edited.old_rows if row in edited.orphans]


def _misplaced(edited: Edited, row: int, step: Step | None) -> Step:
    """Return the row of a record that shows another place than its own as invalid."""
    step = step or step_of(edited, row, Action.INVALID)
    said = [step.message, edited.orphans[row].message]
    return replace(step, action=Action.INVALID, message=" ".join(filter(None, said)))
