"""Which page is asked for, and who answers?"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from cellframe.desk.guard import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from cellframe.contract.wire import Reply
    from cellframe.desk.pages.asked import Asked


def find(method: str, path: str) -> tuple[Callable[[Asked], Reply], dict[str, str]]:
    """Return who answers, and what the address names.

    Raises
    ------
    Refused
        There is no such page, or it is not asked for like this.
    """
    from cellframe.desk.pages.table import PAGES

    given = path.split("/")
    is_there = False
    for known, pattern, handler in PAGES:
        named = _named(pattern.split("/"), given)
        if named is None:
            continue
        is_there = True
        if known == method:
            return handler, named
    if is_there:
        raise Refused(405, "This address is not opened like this. Go to the beginning.")
    raise Refused(404, "There is no such page.")


def _named(pattern: list[str], given: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(given):
        return None
    found: dict[str, str] = {}
    for part, said in zip(pattern, given, strict=True):
        if part.startswith("{"):
            text = unquote(said)
            if not text:
                return None
            found[part[1:-1]] = text
        elif part != said:
            return None
    return found
