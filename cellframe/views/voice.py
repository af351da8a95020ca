"""How a view says what to do next: as a call in Python, or as a command in a shell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Voice:
    """The words for what a person types.

    Attributes
    ----------
    noun : str
        What was edited: a frame or a file.
    send : str
        Sends the plan.
    decided_by : mapping of str to str
        What decides about rows in conflict, invalid rows, and new rows whose name is taken.
    remedies : mapping of str to str
        The same as whole sentences.
    override : callable
        Says that counts beyond a limit are meant, by the limit's name.
    all_changes, all_results : str
        Where the rows are that a view leaves out.
    finish : str
        Finishes a plan that was partly carried out.
    repair : str
        Where the rows to repair are; empty where the caller says so itself.
    """

    noun: str
    send: str
    decided_by: Mapping[str, str]
    remedies: Mapping[str, str]
    override: Callable[[Mapping[str, int]], str]
    all_changes: str
    all_results: str
    finish: str
    repair: str = field(default="")


def _python_override(counts: Mapping[str, int]) -> str:
    named = ", ".join(f"{name}={count}" for name, count in counts.items())
    return f"client.apply(plan, {named})" if named else ""


PYTHON = Voice(
    noun="frame",
    send="client.apply(plan)",
    decided_by={
        "conflict": 'client.apply(plan, on_conflict="skip" | "mine" | "theirs")',
        "invalid": 'client.apply(plan, invalid="skip")',
        "exists": 'client.apply(plan, on_conflict="skip")',
    },
    remedies={
        "conflict": "client.apply(plan, on_conflict='skip'), 'mine' or 'theirs' decides.",
        "invalid": "client.apply(plan, invalid='skip') sends the others.",
        "exists": "client.apply(plan, on_conflict='skip') sends the others.",
    },
    override=_python_override,
    all_changes="plan.to_frame() has all",
    all_results="receipt.to_frame() has all",
    finish="client.resume()",
    repair="receipt.failed",
)


PAGE = Voice(
    noun="file",
    send="",
    decided_by={},
    remedies=dict.fromkeys(("conflict", "invalid", "exists"), ""),
    override=lambda _counts: "",
    all_changes="the list of all changes, below, has the rest",
    all_results="the workbook of the rows that were not written has the rest",
    finish="",
)
"""The words of a page that asks for itself what is to be decided, by forms."""


def shell(push: str, finish: str = "cellframe resume") -> Voice:
    """Return the words of the shell.

    Parameters
    ----------
    push : str
        The command that sends the plan: ``cellframe push cells.csv``.
    finish : str
        The one that finishes what was sent in part.
    """
    skip = f"{push} --skip-conflicts"
    aside = "writes these rows to a left-over file and sends the others."

    def override(counts: Mapping[str, int]) -> str:
        named = " ".join(f"--{name.replace('_', '-')} {count}" for name, count in counts.items())
        return f"{push} {named}" if named else ""

    kinds = ("conflict", "invalid", "exists")
    return Voice(
        noun="file",
        send=push,
        decided_by={**dict.fromkeys(kinds, skip), "invalid": f"correct them, or {skip}"},
        remedies=dict.fromkeys(kinds, f"{skip} {aside}"),
        override=override,
        all_changes="the rest is in the file of: cellframe plan FILE -o plan.json",
        all_results="the rest is in the output of --json",
        finish=finish,
    )
