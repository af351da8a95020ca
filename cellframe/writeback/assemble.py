"""An edited frame, what was read and what the service has become a plan. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cellframe.writeback.choices import chosen
from cellframe.writeback.deletions import deletes
from cellframe.writeback.known_rows import updates
from cellframe.writeback.lots import new_lots
from cellframe.writeback.new_rows import creates

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from cellframe.writeback.bases import Bases
    from cellframe.writeback.inputs import Edited, Present
    from cellframe.writeback.plan import Plan


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
    ordered = [steps[row] for row in sorted(steps, key=lambda row: -1 if row is None else row)]
    rows = chosen(ordered, edited.choices)
    lots, known = new_lots(rows, present)
    last = list(deletes(edited, bases, present))
    known_ids = [step.id for step in (*rows, *last) if step.id is not None and step.id in bases]
    part = replace(plan.part, bases={id_: bases[id_] for id_ in known_ids})
    return plan.with_part(part, steps=(*lots, *rows, *last), lots=known)
