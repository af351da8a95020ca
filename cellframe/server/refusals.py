"""How does the service say no?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import orjson

from cellframe.contract.problems import Problem
from cellframe.contract.wire import NO_HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_SHOWN = 20
"""Faults that a message lists; its detail lists `MOST_LISTED`."""
MOST_LISTED = 1000
_LARGEST_INPUT = 2048
_LONGEST_STEP = 255


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of the service
    """A request that is answered with a problem.

    Attributes
    ----------
    problem : Problem
        Status, code, message and detail.
    headers : mapping of str to str
        Further headers of the reply.
    """

    def __init__(self, problem: Problem, headers: Mapping[str, str] = NO_HEADERS) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where, what, and the value that was sent."""

    where: tuple[str | int, ...]
    message: str
    type: str = "value_error"
    input: object = None


def refuse(
    status: int, message: str, detail: object = None, headers: Mapping[str, str] = NO_HEADERS
) -> Refusal:
    """Make a refusal of this status."""
    return Refusal(Problem(status, message, detail), headers)  # type: ignore[arg-type]


def missing(noun: str) -> Refusal:
    """Make the answer for an id that no record has."""
    return refuse(404, f"{noun[0].upper()}{noun[1:]} not found.")


def forgotten_upload() -> Refusal:
    """Make the answer for an upload that is not under way."""
    message = (
        "Upload not found: it was never begun here, a day has passed, another one took its "
        "place, or its cell is gone. Begin again."
    )
    return refuse(404, message)


def taken(message: str, existing_id: str) -> Refusal:
    """Make the answer for a name that another record has."""
    return refuse(409, message, {"existing_id": existing_id})


def invalid(faults: Sequence[Fault], part: str = "body") -> Refusal:
    """Make one refusal of all faults, with the list that web frameworks send.

    Parameters
    ----------
    faults : sequence of Fault
        At least one.
    part : {"body", "query"}
        Where in the request they lie.
    """
    lines = [_line(fault, part) for fault in faults[:MOST_SHOWN]]
    if len(faults) > MOST_SHOWN:
        lines.append(f"and {len(faults) - MOST_SHOWN} more")
    detail = [_item(fault, part) for fault in faults[:MOST_LISTED]]
    return refuse(422, "; ".join(lines), detail)


def printable(text: str) -> str:
    """Text that any JSON writer takes and any log shows: lone surrogates and controls escaped."""
    kept = text.encode("utf-8", "backslashreplace").decode()
    if not kept.isprintable():
        kept = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in kept)
    return kept if len(kept) <= _LONGEST_STEP else f"{kept[:_LONGEST_STEP]}..."


def path(steps: Iterable[str | int]) -> str:
    """Where a value lies, as people write it: ``measured_properties.cell.mass``."""
    return ".".join(printable(str(step)) for step in steps)


def _line(fault: Fault, part: str) -> str:
    return f"{path(fault.where) or part}: {lowered(fault.message)}"


def lowered(message: str) -> str:
    """Write a message's first letter small, unless the word is one such as NaN."""
    word = message.partition(" ")[0]
    return message[:1].lower() + message[1:] if word == word.capitalize() else message


def _item(fault: Fault, part: str) -> dict[str, object]:
    steps = [printable(step) if isinstance(step, str) else step for step in fault.where]
    return {
        "loc": [part, *steps],
        "msg": fault.message,
        "type": fault.type,
        "input": _shown(fault.input),
    }


def _shown(value: object) -> object:
    """Repeat a value that was sent, unless it is long or no JSON."""
    if _spent(value, _LARGEST_INPUT) < 0:
        return "(too long to repeat)"
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return None
    return value


def _spent(value: object, budget: int) -> int:
    """Take the size of a value from a budget, and stop where nothing is left."""
    budget -= len(value) if isinstance(value, str) else 8
    if isinstance(value, (dict, list)):
        parts = chain.from_iterable(value.items()) if isinstance(value, dict) else value
        for part in parts:
            if budget < 0:
                break
            budget = _spent(part, budget)
    return budget
