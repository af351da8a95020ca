"""How does a plan go out, with the person's consent, and what is said of it?"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellframe.cli.asking import confirmed
from cellframe.cli.codes import ExitCode
from cellframe.cli.following import typed
from cellframe.cli.judging import SKIP, came_of, code_of_refusals
from cellframe.cli.leaving import LeftOver, whole_of
from cellframe.cli.out import document, say, show
from cellframe.cli.telling import plan_told, receipt_told
from cellframe.errors import SheetError
from cellframe.sheets.companion import load
from cellframe.views.voice import shell
from cellframe.views.words import many
from cellframe.writeback.apply import refusals
from cellframe.writeback.carrying import comments
from cellframe.writeback.choices import CHOICE
from cellframe.writeback.receipt import Receipt
from cellframe.writeback.steps import STOPS, WRITES, Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cellframe.cli.following import Here
    from cellframe.client import Client
    from cellframe.resources.sheets import SheetReport
    from cellframe.views.voice import Voice
    from cellframe.writeback.apply import Terms
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Refusal

_MOST_NAMED = 5
"""Specs that a command is shown with; more are --all."""


@dataclass(frozen=True)
class Pushing:
    """One push, and what the person said about it.

    Attributes
    ----------
    client : Client
        Of the service that it goes to.
    file : Path
        A sheet, or a plan that was kept.
    output : Path or None
        Where rows that were not written go.
    terms : Terms
        What the person agrees to.
    how : mapping of str to path, str or None
        The options by which the sheet was read.
    here : Here
        The options that name the service.
    yes, as_json : bool
        Whether not to ask, and whether a program listens.
    """

    client: Client
    file: Path
    output: Path | None
    terms: Terms
    how: Mapping[str, str | Path | None]
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
        left_over = LeftOver(self.client, self.file, self.output)
        left_over.check()
        if any(step.action in WRITES for step in plan.rows) and not self._agreed(plan):
            say("Nothing was sent.")
            return ExitCode.BAD_INPUT
        return self._told(plan, self._sent(plan), left_over)

    def _nothing_to_do(self, plan: Plan) -> ExitCode:
        if self.as_json:
            return document({"file": self.file, **plan_told(plan)})
        show(plan.text(self._voice()))
        return ExitCode.DONE

    def _refused(self, plan: Plan, against: Sequence[Refusal]) -> ExitCode:
        """Say why nothing is sent, and the command that says that it is meant."""
        code = code_of_refusals(against)
        voice = self._voice(against)
        if self.as_json:
            meant = {name: n for one in against for name, n in one.counts.items()}
            told = {"refused": [one.said for one in against], "limits": meant}
            return document({"file": self.file, **plan_told(plan), **told}, code)
        self._show(plan, voice)
        # The very sentences that an apply would answer; it would send as little.
        say(Receipt(plan, (), tuple(against)).refusal(voice))
        if CHOICE in plan.edited.columns and plan.counts[Action.CONFLICT]:
            say(f"Or decide them: write mine or theirs in the column {CHOICE} of {self.file}.")
        return code

    def _agreed(self, plan: Plan) -> bool:
        held = sum(step.action in STOPS for step in plan.rows)
        if not self.as_json or not self.yes:
            self._show(plan, self._voice())
        if held:
            are = ("is", "goes", "its") if held == 1 else ("are", "go", "their")
            say("{} of these rows {} left out, and {} into a file of {} own.".format(held, *are))
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
                note=terms.note,
            )
        except KeyboardInterrupt:
            if self.client.last_receipt is not None:
                say(self.client.last_receipt.text(self._voice()).plain)
            raise

    def _told(self, plan: Plan, receipt: Receipt, left_over: LeftOver) -> ExitCode:
        code = came_of(receipt)
        if not self.as_json:
            show(receipt.text(self._voice()))
        rest = self._left(receipt, left_over)
        if self.as_json:
            told = {"left_over": rest and rest.path, **receipt_told(receipt)}
            return document({"file": self.file, **plan_told(plan), **told}, code)
        if rest is not None:
            self._say_left_over(plan, rest)
        elif code is ExitCode.DONE:
            self._say_how_to_go_on(plan)
        return code

    def _left(self, receipt: Receipt, left_over: LeftOver) -> SheetReport | None:
        """Write the rows that were not written; what was sent stays the news where that fails."""
        try:
            return left_over.write(receipt)
        except SheetError as fault:
            say(f"Error: the rows that were not written could not be put into a file. {fault}")
            return None

    def _say_left_over(self, plan: Plan, rest: SheetReport) -> None:
        spec = self.how.get("--spec") or (None if plan.part.bases else plan.part.parent_id)
        them, each = ("it", "it") if rest.rows == 1 else ("them", "each")
        say(f"Not written, and now in {rest.path}: {many(rest.rows, 'row')}.")
        say(f"Correct {them}, or decide {each} by mine or theirs in the column _choice, then:")
        say(f"  {self.here.command('push', rest.path, *typed({'--spec': spec}))}")

    def _say_how_to_go_on(self, plan: Plan) -> None:
        """Name the pull that the next edits start from: a pushed sheet has the old versions."""
        sheet = whole_of(self.file)
        beside = load(sheet)
        if beside is None:
            return
        stays = "stays as it is" if sheet == self.file else "is done with"
        names = sorted(set(beside.parents.values()))
        words = ["pull", "-o", sheet, *(["--merge"] if comments(plan.edited) else [])]
        few = 0 < len(names) <= _MOST_NAMED
        pull = self.here.command(*words, names=names) if few else self.here.command(*words, "--all")
        say(f"{self.file} {stays}. To go on from what the service has now:")
        say(f"  {pull}")

    def _show(self, plan: Plan, voice: Voice) -> None:
        """Show the plan where it is seen before the question: output may go into a file."""
        shown = plan.text(voice, closing=False)
        if not self.as_json and (self.yes or sys.stdout.isatty()):
            show(shown)
            show("")
        else:
            say(shown.plain)

    def _voice(self, against: Sequence[Refusal] = ()) -> Voice:
        """Return the shell's words; the commands in them repeat what was said already."""
        needed = {name for one in against for name in one.counts}
        given = {"max_updates": self.terms.max_updates, "max_clears": self.terms.max_clears}
        options: dict[str, object] = {**self.how}
        options |= {f"--{k.replace('_', '-')}": n for k, n in given.items() if k not in needed}
        options |= {"--note": self.terms.note, "--output": self.output}
        skip = [SKIP] if self.terms.on_conflict == "skip" else []
        push = self.here.command("push", self.file, *typed(options), *skip)
        return shell(push, self.here.command("resume"))
