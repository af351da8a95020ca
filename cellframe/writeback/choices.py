"""What a person decided about rows that could not be sent: ``_choice`` in a left-over file.

A decision is about what its maker was shown. Where the service has moved again since, the row
is in conflict again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cellframe.frames.faults import Fault
from cellframe.views import text
from cellframe.writeback.diff import Class
from cellframe.writeback.steps import Action

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from cellframe.writeback.steps import Step

CHOICE = "_choice"
SERVER_NOW = "_server_now"
ERROR = "_error"
MINE, THEIRS = "mine", "theirs"
KEEP_MINE, TAKE_THEIRS = "keep mine", "take theirs"

_GONE = "deleted"
WORDS = {MINE: MINE, KEEP_MINE: MINE, THEIRS: THEIRS, TAKE_THEIRS: THEIRS}
_STALE = f"{CHOICE!r} was not made for what the service has now, which is: {{}}. Decide again."
_NOT_MINE = f"{CHOICE!r} cannot give a name that is taken: theirs leaves the row out."


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision.

    Attributes
    ----------
    word : str
        ``mine`` or ``theirs``.
    shown : str
        What the service had when the decision was made, as `server_now` writes it.
    """

    word: str
    shown: str


def read_choices(
    frame: pl.DataFrame, numbers: Sequence[int]
) -> tuple[dict[int, Choice], list[Fault]]:
    """Return the decisions of a frame by row, and those that are none."""
    if CHOICE not in frame.columns:
        return {}, []
    shown = frame.get_column(SERVER_NOW, default=None)
    found: dict[int, Choice] = {}
    faults: list[Fault] = []
    for row, given in enumerate(frame[CHOICE].to_list()):
        said = str(given or "").strip()
        word = WORDS.get(said.casefold())
        if word is not None:
            found[row] = Choice(word, str((None if shown is None else shown[row]) or ""))
        elif said:
            message = f"Row {numbers[row]}, {CHOICE!r}: {said!r} is no choice. Write 'mine' or 'theirs', or leave it empty."
            faults.append(Fault(message, numbers[row], None, CHOICE, said, "mine or theirs"))
    return found, faults


def server_now(step: Step) -> str:
    """Return what the service has where a row cannot be sent; empty where nothing stands against it."""
    if step.action is Action.CONFLICT and not step.record:
        return _GONE
    if step.action not in (Action.CONFLICT, Action.EXISTS):
        return ""
    held = [change for change in step.changes if change.what is Class.CONFLICT]
    return "; ".join(f"{c.label}: {text.value(c.server_now) or ''}".strip() for c in held)


def chosen(steps: Sequence[Step], choices: Mapping[int, Choice]) -> list[Step]:
    """Return steps with the decisions that hold carried out."""
    return [_chosen(step, choices.get(-1 if step.row is None else step.row)) for step in steps]


def _chosen(step: Step, choice: Choice | None) -> Step:
    if choice is not None and step.action is Action.UPDATE:
        return _held(step) if choice.word == THEIRS and choice.shown else step
    if choice is None or step.action not in (Action.CONFLICT, Action.EXISTS):
        return step
    now = server_now(step)
    if _bare(choice.shown) != _bare(now):
        return replace(step, message=" ".join([step.message, _STALE.format(now)]).strip())
    return _theirs(step) if choice.word == THEIRS else _mine(step)


def _theirs(step: Step) -> Step:
    kept = tuple(
        replace(change, you_have=change.server_now) if change.what is Class.CONFLICT else change
        for change in step.changes
    )
    settled = replace(step, changes=kept).settled(Class.ALREADY_THERE)
    return replace(settled, message="Theirs is kept, as '_choice' says.")


def _mine(step: Step) -> Step:
    if step.action is Action.EXISTS:
        return replace(step, message=f"{step.message} {_NOT_MINE}")
    if not step.record:
        return step
    # What was shown beside the decision is what is overwritten, and nothing newer.
    seen = tuple(
        replace(change, you_read=change.server_now) if change.what is Class.CONFLICT else change
        for change in step.changes
    )
    return replace(step, changes=seen).settled(Class.CHANGE)


def _held(step: Step) -> Step:
    """Return an edit as a conflict: theirs was to be kept, and theirs is gone."""
    changes = tuple(replace(change, what=Class.CONFLICT) for change in step.changes)
    held = replace(step, action=Action.CONFLICT, changes=changes)
    return replace(held, message=_STALE.format(server_now(held)))


def _bare(shown: str) -> str:
    """Without what files do to a text: a guard against formulas, ends of lines."""
    return " ".join(shown.removeprefix("'").split())
