"""How is a path taken apart, and what answers it?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from cellframe.server.refusals import refuse
from cellframe.server.strict import text_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cellframe.contract.wire import Reply
    from cellframe.server.calls import Call

    Handler = Callable[[Call], Reply]
    Handlers = Mapping[str, Handler]
    Routes = Mapping[tuple[str | None, ...], Handlers]

ID = None
"""Stands for an id in a pattern."""


def segments(path: str) -> tuple[str, ...]:
    """Split a path, then decode: an id may hold a slash of its own."""
    first, *steps = path.split("/")
    try:
        whole = unquote(path, errors="strict")
    except UnicodeDecodeError:
        return ("",)
    if first or not steps or text_fault(whole):
        return ("",)
    return tuple(steps) if whole == path else tuple(map(unquote, steps))


def find(routes: Routes, method: str, steps: tuple[str, ...]) -> tuple[Handler, tuple[str, ...]]:
    """Find what answers a call, and the ids in its path; 404 or 405 where nothing does.

    Parameters
    ----------
    routes : mapping
        Handlers by pattern and method; where patterns overlap, the first that fits counts.
    """
    for pattern, handlers in routes.items():
        # The first steps tell most patterns apart; none begins with an id.
        if pattern[0] == steps[0] and len(pattern) == len(steps) and _fits(pattern, steps):
            ids = [step for wanted, step in zip(pattern, steps, strict=True) if wanted is ID]
            return _of(handlers, method), tuple(ids)
    raise refuse(404, "There is nothing at this path: is the service's address right?")


def _fits(pattern: tuple[str | None, ...], steps: tuple[str, ...]) -> bool:
    return all(map(_is_step, pattern, steps))


def _is_step(wanted: str | None, step: str) -> bool:
    return bool(step) if wanted is ID else step == wanted


def _of(handlers: Handlers, method: str) -> Handler:
    if method not in handlers:
        allowed = ", ".join(handlers)
        raise refuse(405, f"The path takes {allowed}.", headers={"allow": allowed})
    return handlers[method]
