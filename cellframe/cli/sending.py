"""How does a plan go out, with the person's consent, and what is said of it?"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellframe.cli.asking import confirmed
from cellframe.cli.codes import ExitCode
from cellframe.cli.judging import SKIP, came_of, code_of_refusals
from cellframe.cli.out import document, say, show
from cellframe.cli.telling import plan_told, receipt_told
from cellframe.views.words import many
from cellframe.writeback.apply import refusals
from cellframe.writeback.receipt import Receipt
from cellframe.writeback.steps import STOPS, WRITES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellframe.cli.following import Here
    from cellframe.client import Client
    from cellframe.views.voice import Voice
    from cellframe.writeback.apply import Terms
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Refusal


@dataclass(frozen=True)
class Sending:
    """One plan on its way out, and what the person said about it.

    Attributes
    ----------
    client : Client
        Of the service that it goes to.
    terms : Terms
        What the person agrees to.
    here : Here
        The options that name the service.
    yes, as_json : bool
        Whether not to ask, and whether a program listens.
    """

    client: Client
    terms: Terms
    here: Here
    yes: bool
    as_json: bool

    def carry_out(self, plan: Plan) -> ExitCode:
        """Show a plan, ask, send it, and say what came of it."""
        against = refusals(plan, self.terms, plan.limits)
        if against:
            return self._refused(plan, against)
        if not plan:
            return self._nothing_to_do(plan)
        self.prepare(plan)
        if any(step.action in WRITES for step in plan.rows) and not self._agreed(plan):
            say("Nothing was sent.")
            return ExitCode.BAD_INPUT
        return self.ended(plan, self._sent(plan))

    def about(self) -> dict[str, Any]:
        """Return what every document begins with."""
        return {}

    def voice(self, against: Sequence[Refusal] = ()) -> Voice:
        """Return the shell's words; the commands in them repeat what was said already."""
        raise NotImplementedError

    def prepare(self, plan: Plan) -> None:
        """Refuse what could not be done once the plan was sent."""

    def say_held(self, rows: int) -> None:
        """Say what becomes of rows that are not sent."""
        say(f"{many(rows, 'row')} in conflict {'is' if rows == 1 else 'are'} left out.")

    def say_decision(self, plan: Plan) -> None:
        """Say how rows in conflict can be decided, besides by an option."""

    def ended(self, plan: Plan, receipt: Receipt) -> ExitCode:
        """Say what came of it."""
        code = came_of(receipt)
        if self.as_json:
            return document({**self.about(), **plan_told(plan), **receipt_told(receipt)}, code)
        show(receipt.text(self.voice()))
        return code

    def options(self, against: Sequence[Refusal]) -> dict[str, object]:
        """Return the terms as they were typed, less the counts that a refusal asks for anew."""
        needed = {name for one in against for name in one.counts}
        counts = ("max_updates", "max_clears", "max_deletes")
        given = {name: getattr(self.terms, name) for name in counts if name not in needed}
        named: dict[str, object] = {f"--{name.replace('_', '-')}": n for name, n in given.items()}
        return {**named, "--note": self.terms.note}

    @property
    def skipping(self) -> list[str]:
        """The option by which rows in conflict are left out, where it was given."""
        return [SKIP] if self.terms.on_conflict == "skip" else []

    def _nothing_to_do(self, plan: Plan) -> ExitCode:
        if self.as_json:
            return document({**self.about(), **plan_told(plan)})
        show(plan.text(self.voice()))
        return ExitCode.DONE

    def _refused(self, plan: Plan, against: Sequence[Refusal]) -> ExitCode:
        """Say why nothing is sent, and the command that says that it is meant."""
        code = code_of_refusals(against)
        voice = self.voice(against)
        if self.as_json:
            meant = {name: n for one in against for name, n in one.counts.items()}
            told = {"refused": [one.said for one in against], "limits": meant}
            return document({**self.about(), **plan_told(plan), **told}, code)
        self._show(plan, voice)
        # The very sentences that an apply would answer; it would send as little.
        say(Receipt(plan, (), tuple(against)).refusal(voice))
        self.say_decision(plan)
        return code

    def _agreed(self, plan: Plan) -> bool:
        held = sum(step.action in STOPS for step in plan.rows)
        if not self.as_json or not self.yes:
            self._show(plan, self.voice())
        if held:
            self.say_held(held)
        return confirmed(f"Send this to {plan.origin}?", yes=self.yes)

    def _sent(self, plan: Plan) -> Receipt:
        """Send the plan; where that is interrupted, show how far it came."""
        terms = self.terms
        try:
            return self.client.apply(
                plan,
                on_conflict=terms.on_conflict,
                invalid=terms.invalid,
                max_updates=terms.max_updates,
                max_clears=terms.max_clears,
                max_deletes=terms.max_deletes,
                note=terms.note,
            )
        except KeyboardInterrupt:
            if self.client.last_receipt is not None:
                say(self.client.last_receipt.text(self.voice()).plain)
            raise

    def _show(self, plan: Plan, voice: Voice) -> None:
        """Show the plan where it is seen before the question: output may go into a file."""
        shown = plan.text(voice, closing=False)
        if not self.as_json and (self.yes or sys.stdout.isatty()):
            show(shown)
            show("")
        else:
            say(shown.plain)
