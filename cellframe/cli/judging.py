"""What would a push of a plan meet, and what came of one?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellframe.cli.codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt, Refusal

SKIP = "--skip-conflicts"
_DECIDED = {"conflict": ExitCode.CONFLICT, "exists": ExitCode.CONFLICT}
_TOO_MANY = 429


def code_of_refusals(refusals: Sequence[Refusal]) -> ExitCode:
    """Return what a refused push ends with; rows that are invalid and limits come before conflicts.

    What is wrong with the input is put right by its owner; a conflict takes two.
    """
    codes = [_DECIDED.get(one.kind, ExitCode.BAD_INPUT) for one in refusals]
    return min(codes, default=ExitCode.DONE)


def met_by_a_push(plan: Plan) -> ExitCode:
    """Return what a push of a plan would meet: invalid rows, else conflicts, else changes.

    Limits do not count here: the numbers that are meant are given when it is pushed.
    """
    from cellframe.writeback.apply import Terms, refusals

    against = [one for one in refusals(plan, Terms(), plan.limits) if one.kind != "limit"]
    if against:
        return code_of_refusals(against)
    return ExitCode.CHANGES if plan else ExitCode.DONE


def came_of(receipt: Receipt) -> ExitCode:
    """Return what a push ends with.

    Where anything was, or may have been, written and anything was not, it is partly done. Where
    nothing was written it is tried again later if the service was away, else decided first.
    """
    from cellframe.writeback.receipt import GOOD, Outcome

    bad = [result for result in receipt.results if result.outcome not in GOOD]
    outcomes = {result.outcome for result in bad}
    wrote = any(result.outcome is Outcome.OK for result in receipt.results)
    if not bad:
        return ExitCode.DONE
    if wrote or Outcome.UNKNOWN in outcomes:
        return ExitCode.PARTLY
    if any(r.outcome is Outcome.FAILED and r.status in (None, _TOO_MANY) for r in bad):
        return ExitCode.LATER
    return ExitCode.CONFLICT if Outcome.CONFLICT in outcomes else ExitCode.BAD_INPUT
