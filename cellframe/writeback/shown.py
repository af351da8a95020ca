"""What of a plan do its views show?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.views.parts import PlanParts
from cellframe.views.voice import PYTHON

if TYPE_CHECKING:
    from cellframe.views.voice import Voice
    from cellframe.writeback.plan import Plan


def parts_of(plan: Plan, voice: Voice = PYTHON) -> PlanParts:
    """Return what the views of a plan are given.

    Parameters
    ----------
    voice : Voice
        The words of Python, or of the shell.
    """
    passed, meant = plan.passes(plan.limits)
    several = len(plan.parts) > 1
    return PlanParts(
        noun=plan.noun,
        origin=plan.origin,
        counts=plan.summary,
        changes=plan.table(),
        notices=plan.notices,
        sendable=bool(plan),
        passed=passed,
        override=meant,
        voice=voice,
        rows={one.kind.noun: one.edited.height for one in plan.parts} if several else {},
    )
