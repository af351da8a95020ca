"""The sentences that both views say, in the words of the plan."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cellframe.views.clean import cut
from cellframe.views.rows import TO_DECIDE, text_of
from cellframe.views.voice import PYTHON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cellframe.views.parts import PlanParts, ReceiptParts
    from cellframe.views.voice import Voice

SENTENCE = 2000
NOTHING_SENT = "Nothing sent yet. To send:"
NOT_ATOMIC = "Partly done: an apply is not atomic, and what is ok stays written."

_PHRASES: dict[str, tuple[str, str]] = {
    "update": ("to update", "to update"),
    "create": ("to create", "to create"),
    "delete": ("to delete", "to delete"),
    "ok": ("ok", "ok"),
    "already_there": ("already there", "already there"),
    "unchanged": ("unchanged", "unchanged"),
    "conflict": ("conflict", "conflicts"),
    "invalid": ("invalid", "invalid"),
    "exists": ("already exists", "already exist"),
    "failed": ("failed", "failed"),
    "unknown": ("unknown", "unknown"),
    "not_attempted": ("not attempted", "not attempted"),
    "lots_created": ("lot to create", "lots to create"),
    "cells_cleared": ("value to clear", "values to clear"),
}
_NOT_ROWS = ("lots_created", "cells_cleared")


@dataclass(frozen=True, slots=True)
class Count:
    """One count and how it is said.

    Attributes
    ----------
    kind : str
        What is counted; ``other`` for a key that the views do not know.
    phrase : str
        ``3 updated``.
    call : str
        The call that decides these rows; empty where there is nothing to decide.
    """

    kind: str
    phrase: str
    call: str = ""


def many(number: int, noun: str) -> str:
    """Say a number of things: ``1 cell``, ``84 cells``, ``2 batches``."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun}{'es' if noun.endswith(('s', 'x', 'ch')) else 's'}"


def planned(kind: str) -> str:
    """Say what would become of several rows of one kind: ``to update``, ``conflicts``."""
    return _PHRASES.get("lots_created" if kind == "lot" else kind, ("", "others"))[1]


def no_changes(voice: Voice) -> str:
    """Say that there is nothing to do."""
    return f"No changes: the {voice.noun} has no edits to send."


def undecided(voice: Voice) -> str:
    """Say that nothing is sent until something is decided."""
    return f"Nothing sent yet. {voice.send} sends nothing until this is decided."


def counted(counts: Mapping[str, int], voice: Voice = PYTHON) -> list[Count]:
    """Say the counts that are not 0, in their order."""
    order = [*_PHRASES, *(key for key in counts if key not in _PHRASES)]
    return [_count(key, counts[key], voice) for key in order if counts.get(key)]


def to_decide(parts: PlanParts) -> list[Count]:
    """Find the counts that someone has to decide about, each with the call that does."""
    override = parts.voice.override(parts.override)
    passed = [Count("other", cut(reason, SENTENCE), override) for reason in parts.passed]
    return [*(count for count in counted(parts.counts, parts.voice) if count.call), *passed]


def plan_title(parts: PlanParts) -> str:
    """Say ``Plan for 1 spec and 84 cells``; the service is named beside it."""
    rows = sum(number for key, number in parts.counts.items() if key not in _NOT_ROWS)
    named = parts.rows or {parts.noun: rows}
    *others, last = (many(number, cut(noun, 40)) for noun, number in named.items())
    return f"Plan for {', '.join(others)} and {last}" if others else f"Plan for {last}"


def receipt_title(parts: ReceiptParts) -> str:
    """Say whether something was sent; the service is named beside it."""
    return "Nothing sent to" if parts.refused else "Applied to"


def origin(parts: PlanParts | ReceiptParts) -> str:
    """Write the address of the service, safe to show."""
    return cut(parts.origin, 200) or "the service"


def partly_done(parts: ReceiptParts) -> bool:
    """Tell whether some rows were written and others were not."""
    held = sum(number for key, number in parts.counts.items() if key not in {"ok", "unchanged"})
    return bool(parts.counts.get("ok")) and held > 0


def guards(parts: ReceiptParts) -> str:
    """Say which guard held for how many rows that were sent: ``if_match (3), compare (1)``.

    A create has nothing to be guarded against but its name, and is not told of.
    """
    sent = parts.results.select("guard", "attempts").iter_rows()
    found = Counter(text_of(guard) for guard, attempts in sent if guard and attempts)
    del found["none"]
    return cut(", ".join(f"{guard} ({number:,})" for guard, number in found.items()), 200)


def next_steps(parts: ReceiptParts) -> list[tuple[str, str]]:
    """Say what to do now: a few words, and the call."""
    steps: list[tuple[str, str]] = []
    if parts.journal and _any(parts, "unknown", "failed", "not_attempted"):
        steps.append(("To finish:", parts.voice.finish))
    if not parts.refused and parts.voice.repair and _any(parts, "conflict", "invalid", "failed"):
        steps.append(("The rows to repair:", parts.voice.repair))
    return steps


def _any(parts: ReceiptParts, *outcomes: str) -> bool:
    return any(parts.counts.get(outcome) for outcome in outcomes)


def _count(key: str, number: int, voice: Voice) -> Count:
    one, several = _PHRASES.get(key, (cut(key.replace("_", " "), 40),) * 2)
    call = voice.decided_by.get(key, "") if key in TO_DECIDE else ""
    return Count(
        key if key in _PHRASES else "other", f"{number:,} {one if number == 1 else several}", call
    )
