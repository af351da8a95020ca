"""How does a file go out, and where do the rows go that were not written?"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellframe.cli.codes import ExitCode
from cellframe.cli.following import typed
from cellframe.cli.judging import came_of
from cellframe.cli.leaving import LeftOver, whole_of
from cellframe.cli.out import document, say, show
from cellframe.cli.sending import Sending
from cellframe.cli.telling import plan_told, receipt_told
from cellframe.contract.records import CELL_BATCH, CELL_INSTANCE, CELL_MEASUREMENT
from cellframe.errors import SheetError
from cellframe.sheets.tables import companions_of
from cellframe.views.voice import shell
from cellframe.views.words import many
from cellframe.writeback.carrying import comments
from cellframe.writeback.choices import CHOICE, KEEP_MINE, TAKE_THEIRS
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cellframe.resources.sheets import SheetReport
    from cellframe.sheets.companion import Companion
    from cellframe.views.voice import Voice
    from cellframe.writeback.plan import Plan
    from cellframe.writeback.receipt import Receipt, Refusal

_WITH = {CELL_MEASUREMENT.name: ("--with", "tests"), CELL_BATCH.name: ("--with", "lots")}
"""What a pull is told for the sheets of a workbook besides that of cells."""
_MOST_NAMED = 5
"""Specs that a command is shown with; more are --all."""


@dataclass(frozen=True)
class Pushing(Sending):
    """One push, and what the person said about it.

    Attributes
    ----------
    file : Path
        A sheet, or a plan that was kept.
    output : Path or None
        Where rows that were not written go.
    how : mapping of str to path, str or None
        The options by which the sheet was read.
    """

    file: Path
    output: Path | None
    how: Mapping[str, str | Path | None]

    def about(self) -> dict[str, Any]:
        """Return what every document begins with."""
        return {"file": self.file}

    def voice(self, against: Sequence[Refusal] = ()) -> Voice:
        """Return the shell's words; the commands in them repeat what was said already."""
        options = {**self.how, **self.options(against), "--output": self.output}
        push = self.here.command("push", self.file, *typed(options), *self.skipping)
        return shell(push, self.here.command("resume"))

    def prepare(self, plan: Plan) -> None:
        """Refuse a file of left-over rows that could not be written."""
        self._left_over.check(plan)

    def say_held(self, rows: int) -> None:
        """Say where rows go that are not sent."""
        are = ("is", "goes", "its") if rows == 1 else ("are", "go", "their")
        say("{} of these rows {} left out, and {} into a file of {} own.".format(rows, *are))

    def say_decision(self, plan: Plan) -> None:
        """Say that a left-over file can hold the decision."""
        if (
            any(CHOICE in part.edited.columns for part in plan.parts)
            and plan.counts[Action.CONFLICT]
        ):
            words = f"{KEEP_MINE} or {TAKE_THEIRS}" if _is_book(self.file) else "mine or theirs"
            say(f"Or decide them: write {words} in the column {CHOICE} of {self.file}.")

    def ended(self, plan: Plan, receipt: Receipt) -> ExitCode:
        """Say what came of it, and how to go on."""
        code = came_of(receipt)
        if not self.as_json:
            show(receipt.text(self.voice()))
        rest = self._left(receipt)
        if self.as_json:
            told = {"left_over": rest and rest.path, **receipt_told(receipt)}
            return document({**self.about(), **plan_told(plan), **told}, code)
        if rest is not None:
            self._say_left_over(plan, rest)
        elif code is ExitCode.DONE:
            self._say_how_to_go_on(plan)
        return code

    @property
    def _left_over(self) -> LeftOver:
        return LeftOver(self.client, self.file, self.output)

    def _left(self, receipt: Receipt) -> SheetReport | None:
        """Write the rows that were not written; what was sent stays the news where that fails."""
        try:
            return self._left_over.write(receipt)
        except SheetError as fault:
            say(f"Error: the rows that were not written could not be put into a file. {fault}")
            return None

    def _say_left_over(self, plan: Plan, rest: SheetReport) -> None:
        bare = [part for part in plan.parts if part.parent_id and not part.bases]
        spec = self.how.get("--spec") or (bare[0].parent_id if bare else None)
        rows = rest.rows + sum(rest.others.values())
        them, each = ("it", "it") if rows == 1 else ("them", "each")
        say(f"Not written, and now in {rest.path}: {many(rows, 'row')}.")
        words = f"{KEEP_MINE} or {TAKE_THEIRS}" if _is_book(rest.path) else "mine or theirs"
        say(f"Correct {them}, or decide {each} by {words} in the column _choice, then:")
        say(f"  {self.here.command('push', rest.path, *typed({'--spec': spec}))}")

    def _say_how_to_go_on(self, plan: Plan) -> None:
        """Name the pull that the next edits start from: a pushed sheet has the old versions."""
        sheet = whole_of(self.file)
        made_from: list[Companion] = []
        with suppress(SheetError):  # It may have been saved as something else meanwhile.
            made_from = companions_of(sheet)
        beside = next((one for one in made_from if one.kind == CELL_INSTANCE.name), None)
        if beside is None:
            return
        stays = "stays as it is" if sheet == self.file else "is done with"
        names = sorted(set(beside.parents.values()))
        remarks = any(comments(part.edited) for part in plan.parts)
        words: list[Any] = ["pull", "-o", sheet, *(["--merge"] if remarks else [])]
        words += [word for kind in made_from for word in _WITH.get(kind.kind, ())]
        few = 0 < len(names) <= _MOST_NAMED
        pull = self.here.command(*words, names=names) if few else self.here.command(*words, "--all")
        say(f"{self.file} {stays}. To go on from what the service has now:")
        say(f"  {pull}")


def _is_book(file: Path) -> bool:
    """Whether a file offers the decisions in a list: only what stands there can be chosen."""
    return file.suffix.lower() == ".xlsx"
